//! `MicroDVD` (`{frame}{frame}text`) and MPL2 (`[tenths][tenths]text`).
use crate::media::subtitles::markup::Dialect;
use crate::media::subtitles::{CUES_MAX, Cues, UNTOLD_MS, cue};

/// Rate of films whose own is not known.
const FPS_DEFAULT: f64 = 23.976;
const FPS: std::ops::RangeInclusive<f64> = 5.0..=300.0;

pub(super) fn parse(text: &str, fps: f64, cues: &mut Cues<'_>) {
    let mut rate = if FPS.contains(&fps) { fps } else { FPS_DEFAULT };
    for line in text.lines().take(CUES_MAX) {
        let Some((first, last, words, tenths)) = split(line.trim()) else { continue };
        if cues.full() {
            return;
        }
        // The first line may say how many frames a second has.
        if let Some(told) = (cues.list.is_empty() && first <= 1).then(|| words.trim().parse().ok()).flatten()
            && FPS.contains(&told)
        {
            rate = told;
            continue;
        }
        let ms = |count: i64| if tenths { count * 100 } else { (count as f64 * 1000.0 / rate) as i64 };
        let start_ms = ms(first);
        let end_ms = last.map_or(start_ms + UNTOLD_MS, ms);
        cues.list.push(cue(start_ms, end_ms, words, Dialect::Frames));
    }
}

fn split(line: &str) -> Option<(i64, Option<i64>, &str, bool)> {
    let (open, close) = match line.chars().next()? {
        '{' => ('{', '}'),
        '[' => ('[', ']'),
        _ => return None,
    };
    let (first, rest) = line[1..].split_once(close)?;
    let (last, words) = rest.strip_prefix(open)?.split_once(close)?;
    let number = |text: &str| text.trim().parse::<i64>().ok().filter(|n| (0..100_000_000).contains(n));
    Some((number(first)?, number(last), words, open == '['))
}
