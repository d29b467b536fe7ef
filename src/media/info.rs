//! What a probe found in a file, as plain data that is stored, sent and decided on.
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::media::identity::FileIdentity;
use crate::media::map::FileMap;

/// A file that can be played: where it is, which bytes it had when probed, what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Where it is. Need not be UTF-8.
    pub path: PathBuf,
    /// Which bytes it had.
    pub identity: FileIdentity,
    /// What is in it.
    pub info: Arc<MediaInfo>,
}

/// What is in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaInfo {
    /// The demuxer's short name, such as `matroska`.
    pub container: String,
    /// Length of what is presented, in ms; 0 when the file does not say.
    pub duration_ms: i64,
    /// Bytes.
    pub size: u64,
    /// Bits per second of the whole file; 0 when unknown.
    pub bit_rate: u64,
    /// All streams, in file order; `StreamInfo::index` is the position here.
    pub streams: Vec<StreamInfo>,
    /// Chapter marks.
    pub chapters: Vec<Chapter>,
    /// The title that the file gives itself.
    pub tags_title: Option<String>,
    /// The end of what the header promises is not there.
    #[serde(default)]
    pub cut_off: bool,
    /// What reading all of the file taught; part of the plan, not of the probe.
    #[serde(skip)]
    #[schema(ignore)]
    pub map: Option<Arc<FileMap>>,
}

/// What kind of data a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreamKind {
    /// Pictures that move, or cover art.
    Video,
    /// Sound.
    Audio,
    /// Subtitles, text or bitmap.
    Subtitle,
    /// A font or another attached file.
    Attachment,
    /// Timecode, telemetry and the like.
    Other,
}

/// One stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StreamInfo {
    /// Position in the file.
    pub index: u32,
    /// What it carries.
    pub kind: StreamKind,
    /// The codec's short name, such as `h264`, `hevc`, `ac3`; `unknown` when there is none.
    pub codec: String,
    /// The codec profile in words, such as `Main 10`.
    pub profile: Option<String>,
    /// Language tag as the file has it.
    pub language: Option<String>,
    /// Title as the file has it.
    pub title: Option<String>,
    /// The file's choice among its kind.
    pub default: bool,
    /// For subtitles: only the foreign-language parts.
    pub forced: bool,
    /// Cover art, never a film.
    pub attached_picture: bool,
    /// Set for video.
    pub video: Option<VideoInfo>,
    /// Set for audio.
    pub audio: Option<AudioInfo>,
}

/// The profile of Dolby Vision whose picture means nothing to other screens: its colours are of a kind of their own.
pub const DOLBY_VISION_ALONE: u8 = 5;

/// Properties of a video stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VideoInfo {
    /// Coded width in pixels, before rotation and aspect ratio.
    pub width: u32,
    /// Coded height in pixels.
    pub height: u32,
    /// Frame rate numerator; 0 when variable or unknown.
    pub fps_num: u32,
    /// Frame rate denominator; 0 when variable or unknown.
    pub fps_den: u32,
    /// The pixel format's name, such as `yuv420p10le`.
    pub pixel_format: String,
    /// Bits per component.
    pub bit_depth: u8,
    /// Chroma subsampling, `4:2:0`, `4:2:2`, `4:4:4`, `4:1:0`, `4:1:1`, `gray` or `rgb`.
    pub chroma: String,
    /// PQ or HLG.
    pub hdr: bool,
    /// HDR of the kind that HLG is, not PQ.
    #[serde(default)]
    pub hlg: bool,
    /// Profile of Dolby Vision, if that is what it is.
    #[serde(default)]
    pub dolby_vision: Option<u8>,
    /// Clockwise degrees to turn the picture for display: 0, 90, 180 or 270.
    pub rotation: i32,
    /// Sample aspect ratio numerator; 1 for square pixels.
    pub sar_num: u32,
    /// Sample aspect ratio denominator; 1 for square pixels.
    pub sar_den: u32,
    /// The container or codec says the frames are two fields.
    pub interlaced: bool,
    /// The codec's level number; negative when unknown.
    pub level: i32,
    /// RFC 6381, such as `avc1.64001f`; empty when unknown.
    pub codec_string: String,
}

/// Properties of an audio stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AudioInfo {
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
    /// The layout's name, such as `5.1(side)`.
    pub layout: String,
    /// RFC 6381, such as `mp4a.40.2`; empty when unknown.
    pub codec_string: String,
}

/// A chapter mark, in ms of content time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Chapter {
    /// Where it starts.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// What it is called.
    pub title: String,
}

impl Source {
    /// The same for readers that shall find its places by a map.
    #[must_use]
    pub fn with_map(&self, map: Option<&Arc<FileMap>>) -> Self {
        let mut source = self.clone();
        if source.info.map.as_ref() != map {
            Arc::make_mut(&mut source.info).map = map.cloned();
        }
        source
    }
}

impl MediaInfo {
    /// The stream with the film's picture: no cover art; the default one first, then the largest.
    pub fn video(&self) -> Option<(&StreamInfo, &VideoInfo)> {
        self.streams
            .iter()
            .filter(|stream| !stream.attached_picture)
            .filter_map(|stream| stream.video.as_ref().map(|video| (stream, video)))
            .max_by_key(|(stream, video)| {
                (stream.default, u64::from(video.width) * u64::from(video.height), std::cmp::Reverse(stream.index))
            })
    }

    /// All sound tracks, in file order.
    pub fn audio(&self) -> impl Iterator<Item = (&StreamInfo, &AudioInfo)> {
        self.streams.iter().filter_map(|stream| stream.audio.as_ref().map(|audio| (stream, audio)))
    }
}
