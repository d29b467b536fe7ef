//! ASS scripts: the head of one, its lines, and its words alone for where nothing can draw it.
use std::fmt::Write as _;

use crate::media::subtitles::markup::Dialect;
use crate::media::subtitles::{Cue, Cues, clock_time, cue};

/// Bytes of a script's head that are kept; more is a font somebody put into it.
const HEAD_BYTES_MAX: usize = 4 << 20;
/// Columns of a line that are looked at; a script has ten.
const COLUMNS_MAX: usize = 64;
const FORMAT: &str = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text";
/// For a stream that says nothing of itself.
const PLAIN_HEAD: &str = "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\
    Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
    StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n\
    Style: Default,Arial,16,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\n";

/// A line of an ASS stream: what a container stores of a `Dialogue:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// First moment.
    pub start_ms: i64,
    /// Moment after the last.
    pub end_ms: i64,
    /// `ReadOrder`: the place in the script, which decides what lies above what.
    pub order: i64,
    /// `Layer`.
    pub layer: String,
    /// `Style` and everything behind it, as it was.
    pub rest: String,
}

impl Line {
    /// From a container's packet: `ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text`.
    pub fn of_packet(start_ms: i64, end_ms: i64, packet: &str) -> Option<Self> {
        let mut fields = packet.trim_end_matches(['\0', '\n', '\r']).splitn(3, ',');
        let order = fields.next()?.trim().parse().ok()?;
        let layer = fields.next()?.trim().to_owned();
        let rest = fields.next()?.replace(['\n', '\r'], "\\N");
        let layer = if layer.parse::<i32>().is_ok() { layer } else { "0".to_owned() };
        Some(Self { start_ms, end_ms, order, layer, rest })
    }

    /// Its words as a cue.
    pub fn cue(&self) -> Option<Cue> {
        let text = self.rest.splitn(7, ',').nth(6)?;
        Some(cue(self.start_ms, self.end_ms, text, Dialect::Ass))
    }
}

/// The head of a script, up to where its lines begin, ready for lines as [`lines`] writes them.
pub fn head(script: &str) -> String {
    let end = script.find("[Events]").unwrap_or(script.len()).min(HEAD_BYTES_MAX);
    let kept = script.get(..end).unwrap_or_default();
    let kept = if kept.trim().is_empty() { PLAIN_HEAD } else { kept };
    format!("{}\n\n[Events]\n{FORMAT}\n", kept.replace("\r\n", "\n").trim_end_matches(['\n', '\0']))
}

/// Lines in the order of their script.
pub fn lines(lines: &[Line]) -> String {
    let mut sorted: Vec<&Line> = lines.iter().collect();
    sorted.sort_by_key(|line| line.order);
    sorted.iter().fold(String::new(), |mut out, line| {
        let (start, end) = (hundredths(line.start_ms), hundredths(line.end_ms));
        let _ = writeln!(out, "Dialogue: {},{start},{end},{}", line.layer, line.rest);
        out
    })
}

/// `H:MM:SS.cc`. Rounded, so that two lines that touch go on touching.
fn hundredths(ms: i64) -> String {
    let cs = (ms.max(0) + 5) / 10;
    format!("{}:{:02}:{:02}.{:02}", cs / 360_000, cs / 6000 % 60, cs / 100 % 60, cs % 100)
}

/// Which fields of a line say what.
struct Columns {
    count: usize,
    start: usize,
    end: usize,
    text: usize,
}

impl Columns {
    fn of(format: &str) -> Option<Self> {
        let names: Vec<String> = format.split(',').take(COLUMNS_MAX).map(|name| name.trim().to_lowercase()).collect();
        let place = |name: &str| names.iter().position(|column| column == name);
        Some(Self { count: names.len(), start: place("start")?, end: place("end")?, text: place("text")? })
    }
}

/// The words of a whole script.
pub(super) fn cues(script: &str, cues: &mut Cues<'_>) {
    let mut columns = Columns::of(&FORMAT["Format:".len()..]);
    let mut in_events = false;
    for line in script.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            in_events = line.eq_ignore_ascii_case("[events]");
        } else if !in_events {
        } else if let Some(format) = line.strip_prefix("Format:") {
            columns = Columns::of(format);
        } else if let Some((event, columns)) = line.strip_prefix("Dialogue:").zip(columns.as_ref()) {
            if cues.full() {
                return;
            }
            cues.list.extend(dialogue(event, columns));
        }
    }
}

fn dialogue(event: &str, columns: &Columns) -> Option<Cue> {
    let fields: Vec<&str> = event.splitn(columns.count, ',').collect();
    let field = |at: usize| fields.get(at).copied();
    let (start_ms, end_ms) = (clock_time::parse(field(columns.start)?)?, clock_time::parse(field(columns.end)?)?);
    Some(cue(start_ms, end_ms, field(columns.text)?, Dialect::Ass))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_becomes_a_line_of_a_script_again() {
        let late = Line::of_packet(61_500, 63_000, "7,1,Sign,,0,0,0,,{\\pos(1,2)}Hello, you").unwrap();
        let early = Line::of_packet(1_000, 2_004, "3,0,Default,,0,0,0,,First").unwrap();
        assert_eq!(
            lines(&[late.clone(), early]),
            "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,First\n\
             Dialogue: 1,0:01:01.50,0:01:03.00,Sign,,0,0,0,,{\\pos(1,2)}Hello, you\n"
        );
        assert_eq!(late.cue().unwrap().text, "Hello, you");
        assert_eq!(Line::of_packet(0, 1, "no line"), None);
    }

    #[test]
    fn a_line_cannot_bring_a_second_line_along() {
        let line = Line::of_packet(0, 1, "0,0,Default,,0,0,0,,a\n[Fonts]\nDialogue: x").unwrap();
        assert_eq!(lines(&[line]).lines().count(), 1);
    }

    #[test]
    fn a_head_ends_where_lines_begin() {
        let script = "[Script Info]\r\nPlayResX: 640\r\n[Events]\r\nFormat: Start, Text\r\nDialogue: 1,x\r\n";
        let head = head(script);
        assert!(head.starts_with("[Script Info]\nPlayResX: 640"));
        assert!(head.ends_with(&format!("[Events]\n{FORMAT}\n")));
        assert!(super::head("").contains("Style: Default"));
    }
}
