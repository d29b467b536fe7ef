//! Cues as `WebVTT`.
use std::fmt::Write as _;

use crate::media::subtitles::{Cue, clock_time};

/// A whole file.
pub fn write(cues: &[Cue]) -> String {
    let mut out = String::from("WEBVTT\n");
    for cue in cues {
        let (start, end) = (clock_time::write(cue.start_ms), clock_time::write(cue.end_ms));
        let space = if cue.settings.is_empty() { "" } else { " " };
        let _ = write!(out, "\n{start} --> {end}{space}{}\n{}\n", cue.settings, cue.text);
    }
    out
}
