//! Subtitles as values: whatever a file or a text beside it holds becomes cues, and cues become `WebVTT`. Pure.
//!
//! Knows no file and no libav; `engine` hands in what it read from a film, `service` what lies beside it.
pub mod ass;
mod charset;
mod clock_time;
mod frames;
pub mod idx;
pub mod image;
mod markup;
mod mov_text;
mod sami;
mod timed;
pub mod track;
mod ttml;
pub mod vtt;

pub use charset::{decode, decode_packet};
pub use track::{TextFormat, TrackKind};

/// Cues kept of one text; the longest films have a few thousand.
pub const CUES_MAX: usize = 20_000;
/// Characters kept of one cue.
const CUE_CHARS_MAX: usize = 2_000;
/// Length of a cue whose end nobody says, in ms.
pub const UNTOLD_MS: i64 = 5_000;

/// Something to be read from `start_ms` until `end_ms`, on the content's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// First moment.
    pub start_ms: i64,
    /// Moment after the last.
    pub end_ms: i64,
    /// Text as `WebVTT` has it: `<i>`, `<b>` and `<u>` only, everything else escaped.
    pub text: String,
    /// `WebVTT` cue settings; empty for the usual place.
    pub settings: String,
}

impl Cue {
    /// Whether any of it is seen in `from_ms..to_ms`.
    pub fn overlaps(&self, from_ms: i64, to_ms: i64) -> bool {
        self.start_ms < to_ms && self.end_ms > from_ms
    }
}

/// The cues of a whole text, in order of time. `fps` is the film's, for formats that count frames.
pub fn parse(format: TextFormat, text: &str, fps: f64) -> Vec<Cue> {
    parse_until(format, text, fps, &|| false)
}

/// The same, ending early where `stop` says so; it is asked before each cue.
pub fn parse_until(format: TextFormat, text: &str, fps: f64, stop: &dyn Fn() -> bool) -> Vec<Cue> {
    let mut cues = Cues { list: Vec::new(), stop };
    match format {
        TextFormat::Srt => timed::parse(text, false, &mut cues),
        TextFormat::Vtt => timed::parse(text, true, &mut cues),
        TextFormat::Ass => ass::cues(text, &mut cues),
        TextFormat::Frames => frames::parse(text, fps, &mut cues),
        TextFormat::Sami => sami::parse(text, &mut cues),
        TextFormat::Ttml => ttml::parse(text, &mut cues),
    }
    let mut cues = cues.list;
    cues.retain(|cue| cue.end_ms > cue.start_ms && !cue.text.trim().is_empty());
    cues.truncate(CUES_MAX);
    cues.sort_by_key(|cue| (cue.start_ms, cue.end_ms));
    cues
}

/// What a parser fills.
struct Cues<'a> {
    list: Vec<Cue>,
    stop: &'a dyn Fn() -> bool,
}

impl Cues<'_> {
    /// Whether nothing more is wanted.
    fn full(&self) -> bool {
        self.list.len() >= CUES_MAX || (self.stop)()
    }
}

/// Text with a file's tags as a cue.
fn cue(start_ms: i64, end_ms: i64, raw: &str, dialect: markup::Dialect) -> Cue {
    let marked = markup::convert(raw, dialect);
    Cue { start_ms, end_ms, text: marked.text, settings: marked.settings }
}

/// What libav made of a text packet: the last field of an ASS event.
pub fn cue_of_ass(start_ms: i64, end_ms: i64, text: &str) -> Cue {
    cue(start_ms, end_ms, text, markup::Dialect::Ass)
}

/// A sample of MP4's timed text.
pub fn cue_of_mov_text(start_ms: i64, end_ms: i64, sample: &[u8]) -> Cue {
    mov_text::cue_of(start_ms, end_ms, sample)
}

/// A text packet with the tags of `SubRip` or `WebVTT`.
pub fn cue_of_html(start_ms: i64, end_ms: i64, text: &str) -> Cue {
    cue(start_ms, end_ms, text, markup::Dialect::Html)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
