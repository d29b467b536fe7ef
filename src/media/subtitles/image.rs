//! Subtitles that are pictures, as the page gets them.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Pictures shown together from `start_ms` until `end_ms`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// First moment.
    pub start_ms: i64,
    /// Moment after the last.
    pub end_ms: i64,
    /// What is drawn.
    pub parts: Vec<Part>,
}

/// A rectangle of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// From the left edge of the plane.
    pub x: u32,
    /// From its upper edge.
    pub y: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// PNG.
    pub png: Vec<u8>,
}

/// What a window of a track of pictures holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Size of what the pictures were drawn for.
    pub plane: (u32, u32),
    /// In order of time.
    pub pictures: Vec<Picture>,
}

#[derive(Serialize)]
struct WireWindow {
    width: u32,
    height: u32,
    cues: Vec<WireCue>,
}

#[derive(Serialize)]
struct WireCue {
    start: i64,
    end: i64,
    parts: Vec<WirePart>,
}

#[derive(Serialize)]
struct WirePart {
    x: u32,
    y: u32,
    w: u32,
    h: u32,
    png: String,
}

/// `{"width","height","cues":[{"start","end","parts":[{"x","y","w","h","png"}]}]}`, times in ms, PNG in base64.
pub fn to_json(window: &Pictures) -> serde_json::Result<Vec<u8>> {
    let part =
        |part: &Part| WirePart { x: part.x, y: part.y, w: part.width, h: part.height, png: STANDARD.encode(&part.png) };
    let cues = window.pictures.iter().map(|picture| WireCue {
        start: picture.start_ms,
        end: picture.end_ms,
        parts: picture.parts.iter().map(part).collect(),
    });
    serde_json::to_vec(&WireWindow { width: window.plane.0, height: window.plane.1, cues: cues.collect() })
}
