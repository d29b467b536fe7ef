//! The only place that touches libav: probe, index, init segments, media segments, posters, the demo film.
//!
//! Every function blocks and takes a [`Cancel`]; callers run them on their own named threads. A segment is a pure
//! function of (file, track, job): a warm [`Head`] only saves work, it never changes a byte. libav demuxes, decodes,
//! filters and encodes; fragments are written by our own code. Never spawns threads of its own (libav does inside
//! codecs), never reads a clock other than through `Cancel`, never opens anything but the regular file it is given.
//!
//! The boundary is made of messages: what goes in is plain data (`Source`, `TrackSpec`, `SegmentJob`, the choice of a
//! `Preset` and of `Hardware`), what comes out are `Bytes` in order, numbers ([`SegmentStats`]) or an error as a value;
//! [`Cancel`] is the one word that goes in while work is under way. Nothing of libav and no borrow crosses it, so the
//! engine can move into a process of its own, as it has already for trying encoders in hardware ([`try_hardware`]).
#![expect(unsafe_code, reason = "libav is a C library; the wrappers in `av` and `io` own what it hands out")]
mod about;
mod allowed;
mod attachment;
mod audio_aac;
mod audio_boxes;
mod audio_config;
mod audio_copy;
mod audio_source;
mod av;
mod cancel;
mod clip;
mod codec;
mod codec_string;
mod decode;
mod demux;
mod downmix;
mod encode;
mod filter;
mod fragment;
mod frame_rate;
mod hardware;
mod head;
mod held;
mod index;
mod io;
mod log;
mod loudness;
mod memory;
mod mux;
mod nal;
mod picture;
mod poster;
mod probe;
mod rate;
mod scan;
mod sound_survey;
mod subtitle;
mod subtitle_decode;
mod subtitle_packets;
mod survey;
mod thumbnails;
mod timeline;
mod trial;
mod video_copy;
mod video_h264;
mod vobsub;

use std::path::Path;

use bytes::Bytes;

use crate::media::identity::FileIdentity;
use crate::media::info::{MediaInfo, Source};
use crate::media::sound::{SoundRefusal, SoundSurvey};
use crate::media::subtitles::Cue;
use crate::media::subtitles::ass::Line;
use crate::media::subtitles::idx::IdxStream;
use crate::media::subtitles::image::Pictures;
use crate::media::track::{Preset, TrackSpec, VideoIndex};

pub use about::about;
pub use cancel::{Cancel, StandStill};
pub use codec_string::encoded_codec_string;
pub use hardware::Hardware;
pub use head::{Head, SegmentStats};
pub use log::install_log;
pub(in crate::media) use loudness::Ear;
pub use memory::{release_memory, tame_memory};
pub use scan::Scan;
pub use subtitle::Span;
pub use thumbnails::Thumbnails;

pub(in crate::media) use clip::{ClipFormat, Picture, write_clip};

/// Why the engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file cannot be opened or read.
    #[error("the file cannot be opened")]
    Open {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is not the one that was probed.
    #[error("the file has changed since it was looked at")]
    Changed,
    /// The content is sound but nothing here can handle it.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The content is encrypted.
    #[error("the file is protected (DRM)")]
    Protected,
    /// The content makes no sense here.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// The data of a whole segment are there, and no picture comes out of them.
    #[error("no picture can be decoded here")]
    NoPicture,
    /// The caller said stop.
    #[error("cancelled")]
    Cancelled,
    /// The caller's deadline passed.
    #[error("the deadline passed")]
    DeadlineExceeded,
    /// A fault of our own or of the machine.
    #[error("engine failure: {0}")]
    Internal(String),
}

/// Why a file is not a film we can show. `Display` is one plain sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// A folder, device, pipe or link.
    #[error("This is not a file.")]
    NotAFile,
    /// The system did not let us read it.
    #[error("The file cannot be read.")]
    Open {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No bytes.
    #[error("The file is empty.")]
    Empty,
    /// No demuxer knows it.
    #[error("This is not a film: the file is of another kind or damaged.")]
    NotAFilm,
    /// It reads like text.
    #[error("This is not a film: the file is plain text.")]
    Text,
    /// A container without anything to see or hear.
    #[error("There is no picture and no sound in this file.")]
    NothingToPlay,
    /// The header promises more than there is.
    #[error("Only the beginning of this file is here, too little to be played.")]
    CutOff,
    /// Neither said nor to be measured.
    #[error("This file does not say how long it is, and it cannot be measured.")]
    NoLength,
    /// The picture is damaged from end to end.
    #[error("No picture in this file can be decoded.")]
    NoPicture,
    /// No decoder.
    #[error("The picture is in a format that cannot be decoded.")]
    UnknownPicture,
    /// Encrypted.
    #[error("This film is protected (DRM) and cannot be played.")]
    Protected,
    /// Larger than any film.
    #[error("The picture is too large to be played.")]
    TooLarge,
    /// The caller said stop.
    #[error("Looking at the file was interrupted.")]
    Cancelled,
    /// The caller's deadline passed.
    #[error("Looking at the file took too long.")]
    DeadlineExceeded,
    /// A fault of our own.
    #[error("The file could not be examined.")]
    Internal(#[source] EngineError),
}

/// What is in a file, and which bytes it has.
pub fn probe(path: &Path, cancel: &Cancel) -> Result<(MediaInfo, FileIdentity), ProbeError> {
    probe::probe(path, cancel)
}

/// Where the frames of the film's video stream are. For a file without video: the span of its first sound track,
/// without keyframes.
///
/// `keyframes[0] > start_pts` means that the first pictures hang on one that is hidden by an edit list: they can be
/// transcoded, not copied. A stream without times of presentation of its own is reported with `open_gop`, for the same
/// reason.
pub fn index(source: &Source, cancel: &Cancel) -> Result<VideoIndex, EngineError> {
    index::index(source, cancel)
}

/// The same as far as it can be told at once: of a large file whose container does not tell where its keyframes are it
/// is not `complete`. A [`Scan`] completes it.
pub fn glance(source: &Source, cancel: &Cancel) -> Result<VideoIndex, EngineError> {
    index::glance(source, cancel)
}

/// What is seen of the packets of every sound stream, in file order; `index` is the film's.
pub fn sounds(
    source: &Source,
    index: &VideoIndex,
    cancel: &Cancel,
) -> Result<Vec<Result<SoundSurvey, SoundRefusal>>, EngineError> {
    sound_survey::survey(source, index, cancel)
}

/// `ftyp` and `moov` of a track: the same bytes whoever makes them, whenever. No film data is decoded or encoded.
pub fn init_segment(source: &Source, spec: &TrackSpec, cancel: &Cancel) -> Result<Bytes, EngineError> {
    mux::init_segment(source, spec, cancel)
}

/// A picture that stands for the film: JPEG, at most 640 pixels wide, upright, square pixels, not black if possible.
pub fn poster(source: &Source, cancel: &Cancel) -> Result<Bytes, EngineError> {
    poster::poster(source, cancel)
}

/// Subtitles that are seen in a span, as cues.
pub fn subtitle_cues(source: &Source, span: Span, cancel: &Cancel) -> Result<Vec<Cue>, EngineError> {
    subtitle::cues(source, span, cancel)
}

/// The lines of an ASS stream that are seen in a span.
pub fn subtitle_lines(source: &Source, span: Span, cancel: &Cancel) -> Result<Vec<Line>, EngineError> {
    subtitle::lines(source, span, cancel)
}

/// The head of an ASS stream: its styles.
pub fn subtitle_head(source: &Source, span: Span, cancel: &Cancel) -> Result<String, EngineError> {
    subtitle::head(source, span, cancel)
}

/// Subtitles that are pictures and seen in a span.
pub fn subtitle_pictures(source: &Source, span: Span, cancel: &Cancel) -> Result<Pictures, EngineError> {
    subtitle::pictures(source, span, cancel)
}

/// Pictures of a `VobSub` pair beside a film that are seen in `from_ms..to_ms`.
pub fn vobsub_pictures(
    pictures: &Path,
    head: &str,
    stream: &IdxStream,
    (from_ms, to_ms): (i64, i64),
    cancel: &Cancel,
) -> Result<Pictures, EngineError> {
    vobsub::pictures(io::open_regular(pictures)?, head, stream, (from_ms, to_ms), cancel)
}

/// A font that is attached to the film as stream `index`.
pub fn font(source: &Source, index: u32, cancel: &Cancel) -> Result<Bytes, EngineError> {
    attachment::font(source, index, cancel)
}

/// Opens a text beside a film, if it is a regular file.
pub(in crate::media) fn open_text(path: &Path) -> Result<std::fs::File, EngineError> {
    io::open_regular(path)
}

/// Encodes some made-up pictures of 1080p and says how many; how long that takes is for the caller to see.
pub fn trial(preset: Preset, cancel: &Cancel) -> Result<u32, EngineError> {
    trial::encode(preset, cancel)
}

/// Tries an encoder with a few pictures. A driver may hang or crash in here: not for a process that has other work.
pub fn try_hardware(kind: Hardware, cancel: &Cancel) -> Result<(), EngineError> {
    hardware::works(kind, cancel)
}

/// Versions of the libraries behind the engine; what they make may differ between two of them.
pub fn libraries() -> String {
    format!("{:x}-{:x}", ffmpeg_next::codec::version(), ffmpeg_next::filter::version())
}

/// Opens the probed file again for reading; refuses another file in its place.
fn open_source(source: &Source, cancel: &Cancel) -> Result<io::Input, EngineError> {
    let file = io::open_regular(&source.path)?;
    let metadata = file.metadata().map_err(|source| EngineError::Open { source })?;
    if !source.identity.looks_unchanged(&metadata) {
        return Err(EngineError::Changed);
    }
    io::Input::open(file, cancel)
}
