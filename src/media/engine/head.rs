//! A place in a file with everything needed to go on from there.
use bytes::Bytes;

use crate::media::engine::audio_aac::AudioHead;
use crate::media::engine::audio_copy::AudioCopyHead;
use crate::media::engine::hardware::Hardware;
use crate::media::engine::video_copy::CopyHead;
use crate::media::engine::video_h264::EncodeHead;
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::track::{Preset, SegmentJob, TrackSpec};

/// What a segment cost and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentStats {
    /// Samples written.
    pub samples: u32,
    /// Fragments emitted.
    pub fragments: u32,
    /// Bytes emitted.
    pub bytes: u64,
    /// Whether the head had to seek first.
    pub sought: bool,
    /// Whether hardware was to encode it and software had to go on.
    pub fell_back: bool,
}

/// Counts what passes to the caller.
pub(super) struct Output<'a> {
    emit: &'a mut dyn FnMut(Bytes),
    pub(super) stats: SegmentStats,
}

impl<'a> Output<'a> {
    fn new(emit: &'a mut dyn FnMut(Bytes)) -> Self {
        Self { emit, stats: SegmentStats::default() }
    }

    /// Passes a fragment on, if there is one.
    pub(super) fn fragment(&mut self, fragment: Option<Bytes>) {
        if let Some(bytes) = fragment {
            self.stats.fragments += 1;
            self.stats.bytes += bytes.len() as u64;
            (self.emit)(bytes);
        }
    }
}

enum Kind {
    Copy(Box<CopyHead>),
    Encode(Box<EncodeHead>),
    Audio(Box<AudioHead>),
    AudioCopy(Box<AudioCopyHead>),
}

/// Makes segments of one track. Keeps demuxer, decoder and filters warm between jobs that follow each other.
pub struct Head {
    kind: Kind,
    position: Option<i64>,
}

impl Head {
    /// Opens the file and what the track needs.
    pub fn open(source: &Source, spec: &TrackSpec, cancel: &Cancel) -> Result<Self, EngineError> {
        let kind = match spec {
            TrackSpec::VideoCopy { stream, origin, grid } => {
                Kind::Copy(Box::new(CopyHead::open(source, *stream, *origin, *grid, cancel)?))
            }
            TrackSpec::VideoH264 { .. } => Kind::Encode(Box::new(EncodeHead::open(source, spec, cancel)?)),
            TrackSpec::AudioAac { stream, origin, sample_rate, gain_db } => {
                Kind::Audio(Box::new(AudioHead::open(source, *stream, *origin, (*sample_rate, *gain_db), cancel)?))
            }
            TrackSpec::AudioCopy { stream, origin, grid } => {
                Kind::AudioCopy(Box::new(AudioCopyHead::open(source, *stream, *origin, *grid, cancel)?))
            }
            TrackSpec::AudioSilent { sample_rate } => Kind::Audio(Box::new(AudioHead::silent(*sample_rate))),
        };
        Ok(Self { kind, position: None })
    }

    /// The encoder's speed for the segments to come, and the hardware for a track that may use some.
    pub fn set_encoder(&mut self, preset: Preset, hardware: Option<Hardware>) {
        if let Kind::Encode(head) = &mut self.kind {
            head.set_encoder(preset, hardware);
        }
    }

    /// Where the head stands: a job that starts here needs no seek.
    pub fn position(&self) -> Option<i64> {
        self.position
    }

    /// Makes one segment. Fragments are passed on as soon as they are made; on an error what was passed on is not a
    /// whole segment.
    pub fn segment(
        &mut self,
        job: &SegmentJob,
        cancel: &Cancel,
        emit: &mut dyn FnMut(Bytes),
    ) -> Result<SegmentStats, EngineError> {
        if job.start < 0 || job.end <= job.start {
            return Err(EngineError::Internal(format!("segment {} has no length", job.index)));
        }
        let warm = self.position.take() == Some(job.start);
        let mut output = Output::new(emit);
        output.stats.sought = !warm;
        match &mut self.kind {
            Kind::Copy(head) => head.segment(job, warm, cancel, &mut output)?,
            Kind::Encode(head) => head.segment(job, warm, cancel, &mut output)?,
            Kind::Audio(head) => head.segment(job, cancel, &mut output)?,
            Kind::AudioCopy(head) => head.segment(job, warm, cancel, &mut output)?,
        }
        self.position = Some(job.end);
        Ok(output.stats)
    }
}
