//! `SubRip` and `WebVTT`: a line with an arrow, and text until the next. Lenient, as hand-made files must be read.
use crate::media::subtitles::markup::Dialect;
use crate::media::subtitles::{Cue, Cues, clock_time, cue};

/// Settings of `WebVTT` that are passed on.
const SETTINGS: [&str; 4] = ["line", "position", "align", "size"];

struct Open<'a> {
    start_ms: i64,
    end_ms: i64,
    settings: String,
    lines: Vec<&'a str>,
}

/// `strict_blank`: an empty line ends a cue, as in `WebVTT`; `SubRip` has texts with empty lines in them.
pub(super) fn parse(text: &str, strict_blank: bool, cues: &mut Cues<'_>) {
    let mut open: Option<Open<'_>> = None;
    for line in text.lines() {
        if let Some((start_ms, end_ms, settings)) = timing(line) {
            if cues.full() {
                return;
            }
            if let Some(mut cue) = open.take() {
                drop_number(&mut cue.lines);
                cues.list.push(close(cue));
            }
            open = Some(Open { start_ms, end_ms, settings, lines: Vec::new() });
        } else if strict_blank && line.trim().is_empty() {
            cues.list.extend(open.take().map(close));
        } else if let Some(cue) = open.as_mut() {
            cue.lines.push(line);
        }
    }
    cues.list.extend(open.take().map(close));
}

/// The number of the cue that follows, which stands above its times.
fn drop_number(lines: &mut Vec<&str>) {
    let is_number = |line: &&str| !line.trim().is_empty() && line.trim().bytes().all(|byte| byte.is_ascii_digit());
    // A lone number is what the cue says.
    if lines.len() > 1 && lines.last().is_some_and(is_number) {
        lines.pop();
    }
}

fn close(open: Open<'_>) -> Cue {
    let mut cue = cue(open.start_ms, open.end_ms, &open.lines.join("\n"), Dialect::Html);
    if !open.settings.is_empty() {
        cue.settings = open.settings;
    }
    cue
}

fn timing(line: &str) -> Option<(i64, i64, String)> {
    let (start, rest) = line.split_once("-->")?;
    let rest = rest.trim_start();
    let (end, settings) = rest.split_at(rest.find([' ', '\t']).unwrap_or(rest.len()));
    let settings = settings.split_whitespace().filter(|setting| is_setting(setting)).collect::<Vec<_>>().join(" ");
    Some((clock_time::parse(start)?, clock_time::parse(end)?, settings))
}

fn is_setting(text: &str) -> bool {
    let Some((name, value)) = text.split_once(':') else { return false };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'%' | b',' | b'.' | b'-');
    SETTINGS.contains(&name) && !value.is_empty() && value.bytes().all(plain)
}
