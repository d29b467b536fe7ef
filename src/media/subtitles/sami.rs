//! SAMI: HTML of a kind, with a `SYNC` where the text changes.
use crate::media::subtitles::markup::Dialect;
use crate::media::subtitles::{CUES_MAX, Cues, UNTOLD_MS, cue};

pub(super) fn parse(text: &str, cues: &mut Cues<'_>) {
    let lower = text.to_ascii_lowercase();
    let mut starts: Vec<usize> = lower.match_indices("<sync").map(|(at, _)| at).take(CUES_MAX).collect();
    starts.push(lower.find("</body").unwrap_or(text.len()));
    let mut language: Option<String> = None;
    for pair in starts.windows(2) {
        if cues.full() {
            break;
        }
        let (Some(block), Some(low)) = (text.get(pair[0]..pair[1]), lower.get(pair[0]..pair[1])) else { continue };
        let Some(start_ms) = number_after(low, "start") else { continue };
        // Several languages in one file have a class each; the first one stands for the file.
        let class = word_after(low, "class");
        if language.is_none() {
            language.clone_from(&class);
        }
        if class != language {
            continue;
        }
        if let Some(last) = cues.list.last_mut().filter(|last| last.end_ms > start_ms) {
            last.end_ms = start_ms;
        }
        // Lines of the source are no lines of the text.
        let body = &block[block.find('>').map_or(0, |at| at + 1)..];
        let words = body.split_whitespace().collect::<Vec<_>>().join(" ");
        cues.list.push(cue(start_ms, start_ms + UNTOLD_MS, &words, Dialect::Html));
    }
    for cue in &mut cues.list {
        cue.text.replace('\u{a0}', " ").trim().clone_into(&mut cue.text);
    }
}

fn word_after(text: &str, name: &str) -> Option<String> {
    let rest = text[text.find(name)? + name.len()..].trim_start().strip_prefix('=')?;
    let rest = rest.trim_start().trim_start_matches(['"', '\'']);
    Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}

fn number_after(text: &str, name: &str) -> Option<i64> {
    word_after(text, name)?.parse().ok().filter(|ms| (0..1_000_000_000).contains(ms))
}
