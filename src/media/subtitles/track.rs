//! Which subtitles there are to choose from, and how they are named in addresses.
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::media::info::{MediaInfo, StreamInfo, StreamKind};

/// Length of a window of an embedded track, in ms. What is on the way is asked for in such pieces.
pub const WINDOW_MS: i64 = 60_000;

/// Names a subtitle track of a film: `s0` the first embedded one, `e0` the first beside the film.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrackId {
    /// The n-th subtitle stream.
    Stream(u32),
    /// The n-th text beside the film.
    Beside(u32),
}

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(n) => write!(f, "s{n}"),
            Self::Beside(n) => write!(f, "e{n}"),
        }
    }
}

/// The text names no track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such subtitle track")]
pub struct NoTrack;

impl FromStr for TrackId {
    type Err = NoTrack;

    fn from_str(text: &str) -> Result<Self, NoTrack> {
        let number = |rest: &str| rest.parse::<u32>().ok().filter(|n| n.to_string() == rest).ok_or(NoTrack);
        match text.split_at_checked(1) {
            Some(("s", rest)) => number(rest).map(Self::Stream),
            Some(("e", rest)) => number(rest).map(Self::Beside),
            _ => Err(NoTrack),
        }
    }
}

/// How a track is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrackKind {
    /// As text of the page, from `WebVTT`.
    Text,
    /// By an ASS renderer; as text where there is none.
    Ass,
    /// As pictures.
    Bitmap,
}

/// How a text beside a film is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextFormat {
    /// `SubRip`.
    Srt,
    /// `WebVTT`.
    Vtt,
    /// Advanced `SubStation` Alpha, and its elder.
    Ass,
    /// `MicroDVD` and MPL2: times as frames or tenths of seconds in brackets.
    Frames,
    /// SAMI.
    Sami,
    /// TTML, EBU-TT-D and other XML.
    Ttml,
}

impl TextFormat {
    /// By the extension of a file's name, lower case.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "srt" => Self::Srt,
            "vtt" | "webvtt" => Self::Vtt,
            "ass" | "ssa" => Self::Ass,
            "sub" | "mpl" => Self::Frames,
            "smi" | "sami" => Self::Sami,
            "ttml" | "dfxp" | "xml" => Self::Ttml,
            _ => return None,
        })
    }

    /// How it is drawn.
    pub fn kind(self) -> TrackKind {
        if self == Self::Ass { TrackKind::Ass } else { TrackKind::Text }
    }
}

/// A text beside a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// Where it is. For `VobSub` the `.idx`.
    pub path: PathBuf,
    /// What it is.
    pub form: SidecarForm,
    /// Language code of two letters, or as the name has it.
    pub language: Option<String>,
    /// What its name says besides.
    pub title: Option<String>,
    /// Only the foreign-language parts.
    pub forced: bool,
    /// To be shown unless somebody chooses otherwise.
    pub default: bool,
}

/// What lies beside a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SidecarForm {
    /// Text.
    Text(TextFormat),
    /// Pictures in a `.sub`, and one of the streams that its `.idx` tells of.
    VobSub {
        /// The `.sub`.
        pictures: PathBuf,
        /// Which of its streams.
        stream: u8,
    },
}

impl Sidecar {
    /// How it is drawn.
    pub fn kind(&self) -> TrackKind {
        match self.form {
            SidecarForm::Text(format) => format.kind(),
            SidecarForm::VobSub { .. } => TrackKind::Bitmap,
        }
    }
}

/// How a stream's subtitles are drawn; nothing for those that cannot be.
fn kind_of(info: &MediaInfo, stream: &StreamInfo) -> Option<TrackKind> {
    match stream.codec.as_str() {
        // `WebVTT` as muxers other than libav's write it into Matroska goes by a name that libav does not know.
        "unknown" if info.container.contains("matroska") => Some(TrackKind::Text),
        "ass" | "ssa" => Some(TrackKind::Ass),
        "subrip" | "srt" | "webvtt" | "mov_text" | "text" | "microdvd" | "sami" => Some(TrackKind::Text),
        "hdmv_pgs_subtitle" | "dvd_subtitle" | "dvb_subtitle" => Some(TrackKind::Bitmap),
        _ => None,
    }
}

/// The film's own subtitle streams, numbered, those that can be drawn.
pub fn embedded(info: &MediaInfo) -> impl Iterator<Item = (u32, &StreamInfo, TrackKind)> {
    info.streams
        .iter()
        .filter(|stream| stream.kind == StreamKind::Subtitle)
        .zip(0..)
        .filter_map(|(stream, n)| kind_of(info, stream).map(|kind| (n, stream, kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_has_one_name_and_no_other() {
        for (name, id) in [("s0", TrackId::Stream(0)), ("e12", TrackId::Beside(12))] {
            assert_eq!(name.parse(), Ok(id));
            assert_eq!(id.to_string(), name);
        }
        for wrong in ["", "s", "s01", "s+1", "x1", "s-1", "ß1", "e4294967296"] {
            assert_eq!(wrong.parse::<TrackId>(), Err(NoTrack), "{wrong}");
        }
    }
}
