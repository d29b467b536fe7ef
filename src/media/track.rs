//! What the engine is asked to make: one track of a rendition, and one segment of it. Plain data.
//!
//! All times are integers in the track's own output time scale, counted from content time zero, which is the first
//! presented video frame (or the first audio sample of a file without video).
use std::sync::Arc;

use crate::media::map::FileMap;

use crate::media::sound::SoundGrid;

/// A longer duration is a damaged header.
pub const DURATION_MAX_MS: i64 = 48 * 3600 * 1000;

/// Samples in an AAC frame; audio segments start and end on multiples of it.
pub const AAC_FRAME_SAMPLES: i64 = 1024;

/// Where content time zero lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Presentation time of the first presented frame, in `time_base` units of the stream it was read from.
    pub pts: i64,
    /// That stream's time base, as numerator and denominator of seconds.
    pub time_base: (i32, i32),
}

/// How frames of a video track lie on its time scale (ticks per second).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameGrid {
    /// Frame `n` is at `n * frame_ticks`; source times are rounded to the grid, which undoes coarse container clocks.
    Constant {
        /// Ticks per second: the frame rate's numerator (times whatever keeps it >= 1000).
        timescale: u32,
        /// Ticks per frame.
        frame_ticks: u32,
    },
    /// Frames are where the file says.
    Variable {
        /// Ticks per second, 90000.
        timescale: u32,
    },
}

impl FrameGrid {
    /// Ticks per second.
    pub const fn timescale(self) -> u32 {
        match self {
            Self::Constant { timescale, .. } | Self::Variable { timescale } => timescale,
        }
    }
}

/// Speed presets of the H.264 encoder. All give the same init segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Fastest.
    Ultrafast,
    /// Faster than it looks.
    Superfast,
    /// Best of the three.
    Veryfast,
}

impl Preset {
    /// The encoder's own name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ultrafast => "ultrafast",
            Self::Superfast => "superfast",
            Self::Veryfast => "veryfast",
        }
    }
}

/// One track of a rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackSpec {
    /// The source's own video, new container.
    VideoCopy {
        /// Stream index in the file.
        stream: u32,
        /// Content zero.
        origin: Origin,
        /// Output grid.
        grid: FrameGrid,
    },
    /// Video decoded and encoded as 8-bit 4:2:0 H.264, upright, square pixels, progressive, SDR.
    VideoH264 {
        /// Stream index in the file.
        stream: u32,
        /// Content zero.
        origin: Origin,
        /// Output grid.
        grid: FrameGrid,
        /// Output width, even.
        width: u32,
        /// Output height, even.
        height: u32,
        /// Encoder speed.
        preset: Preset,
        /// Rate limit in bits per second.
        max_bit_rate: u32,
        /// Parameter sets come with every keyframe, so that encoders may change from one segment to the next and within
        /// one: hardware may make it.
        in_band: bool,
    },
    /// Sound as stereo AAC-LC. Present from content zero to the end, silence where the file has none.
    AudioAac {
        /// Stream index in the file.
        stream: u32,
        /// Content zero.
        origin: Origin,
        /// Output samples per second, 44100 or 48000; also the time scale.
        sample_rate: u32,
        /// Decibels by which it is made louder.
        gain_db: u32,
    },
    /// The source's own sound, new container.
    AudioCopy {
        /// Stream index in the file.
        stream: u32,
        /// Content zero.
        origin: Origin,
        /// Where the packets lie; its sample rate is the time scale.
        grid: SoundGrid,
    },
    /// Silence as stereo AAC-LC, for a film without sound.
    AudioSilent {
        /// Output samples per second.
        sample_rate: u32,
    },
}

/// One segment: all frames with `start <= time < end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentJob {
    /// Position in the playlist; becomes the fragment sequence number's base.
    pub index: u32,
    /// First tick.
    pub start: i64,
    /// Tick after the last.
    pub end: i64,
}

/// Where the frames of the video stream are, as far as the container tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four findings that do not depend on each other")]
pub struct VideoIndex {
    /// Unit of all values here, as numerator and denominator of seconds.
    pub time_base: (i32, i32),
    /// Presentation time of the first presented frame.
    pub start_pts: i64,
    /// Presentation time of the last frame plus its duration.
    pub end_pts: i64,
    /// Until when the last picture stands, because sound goes on: `end_pts` or later.
    pub held_until: i64,
    /// Presentation times of the frames at which decoding can start, ascending, deduplicated.
    pub keyframes: Vec<i64>,
    /// Whether `keyframes` covers the whole file; false for a container that has no (dense) index.
    pub complete: bool,
    /// Constant frame rate as (numerator, denominator), if the stream really keeps to it.
    pub frame_rate: Option<(u32, u32)>,
    /// Whether pictures follow a keyframe in decoding order that come before it in presentation order and need the
    /// picture group before it (open GOP): such a stream cannot be cut at keyframes by copying.
    pub open_gop: bool,
    /// Whether size or coding of the picture change on the way.
    pub changes: bool,
    /// Whether converted video is cut evenly, without regard to keyframes: such a film could be watched before they were
    /// known, and knowing them must not move its cuts.
    pub even: bool,
    /// Bits per second of the busiest stretch of about a segment, all streams of the file together; 0 when unknown.
    pub peak_bit_rate: u64,
    /// What reading all of the file taught, where the container does not tell enough.
    pub map: Option<Arc<FileMap>>,
}

impl VideoIndex {
    /// Length of what is presented, in ms, rounded up; `None` when it makes no sense.
    pub fn span_ms(&self) -> Option<i64> {
        let span = i128::from(self.held_until.max(self.end_pts)) - i128::from(self.start_pts);
        let (num, den) = (i128::from(self.time_base.0.max(1)), i128::from(self.time_base.1.max(1)));
        let ms = (span * num * 1000 + den - 1).div_euclid(den);
        i64::try_from(ms).ok().filter(|ms| (1..=DURATION_MAX_MS).contains(ms))
    }
}
