//! Sound segments: stereo AAC on an absolute grid of 1024 samples.
//!
//! Every segment has a fresh encoder that warms up on real sound, and the same samples whatever was made before, so
//! that segments fit together without a seam. Encoding goes along with decoding: the first fragment does not wait for
//! the whole segment.
use crate::media::engine::audio_source::Track;
use crate::media::engine::av::Packet;
use crate::media::engine::downmix::{Stereo, amplified, gain};
use crate::media::engine::encode::AacEncoder;
use crate::media::engine::fragment::{Fragmenter, Sample};
use crate::media::engine::head::Output;
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::track::{AAC_FRAME_SAMPLES as FRAME, Origin, SegmentJob};

/// Frames that the encoder hears before and after the segment; their packets are thrown away.
const WARM_UP_FRAMES: i64 = 8;
const TAIL_FRAMES: i64 = 2;
/// Samples of one segment with its surroundings.
const SAMPLES_MAX: i64 = 48_000 * 120;
const FRAGMENTS_PER_SECOND: i64 = 2;

pub(super) struct AudioHead {
    sample_rate: u32,
    /// Factor on every sample.
    gain: f32,
    track: Option<Track>,
}

impl AudioHead {
    pub(super) fn open(
        source: &Source,
        stream: u32,
        origin: Origin,
        (sample_rate, gain_db): (u32, u32),
        cancel: &Cancel,
    ) -> Result<Self, EngineError> {
        let track = Track::open(source, stream, origin, cancel)?;
        Ok(Self { sample_rate, gain: gain(gain_db), track: Some(track) })
    }

    pub(super) fn silent(sample_rate: u32) -> Self {
        Self { sample_rate, gain: 1.0, track: None }
    }

    pub(super) fn segment(
        &mut self,
        job: &SegmentJob,
        cancel: &Cancel,
        output: &mut Output,
    ) -> Result<(), EngineError> {
        if job.start % FRAME != 0 {
            return Err(EngineError::Internal("a sound segment starts between frames".to_owned()));
        }
        let first = job.start / FRAME - WARM_UP_FRAMES;
        let last = (job.end + FRAME - 1) / FRAME + TAIL_FRAMES;
        if (last - first) * FRAME > SAMPLES_MAX {
            return Err(EngineError::Unsupported("a sound segment is too long".to_owned()));
        }
        let mut encoding = Encoding {
            encoder: AacEncoder::open(self.sample_rate)?,
            fragments: Fragmenter::new(job.index, job.start, i64::from(self.sample_rate) / FRAGMENTS_PER_SECOND),
            job: *job,
            gain: self.gain,
            first,
            heard: 0,
            next: job.start,
            output,
        };
        if let Some(track) = self.track.as_mut() {
            let listener = &mut |left: &[f32], right: &[f32]| encoding.hear(left, right, cancel);
            track.sound((first * FRAME, last * FRAME), self.sample_rate, cancel, listener)?;
        } else {
            let sound = Stereo::silence(((last - first) * FRAME) as usize);
            encoding.hear(&sound.left, &sound.right, cancel)?;
        }
        encoding.finish()
    }
}

/// One segment on its way through the encoder.
struct Encoding<'a, 'b> {
    encoder: AacEncoder,
    fragments: Fragmenter,
    job: SegmentJob,
    gain: f32,
    /// The encoder's first frame.
    first: i64,
    /// Frames encoded.
    heard: usize,
    /// Where the next packet that counts starts.
    next: i64,
    output: &'a mut Output<'b>,
}

impl Encoding<'_, '_> {
    /// Encodes the whole frames behind those that were heard already.
    fn hear(&mut self, left: &[f32], right: &[f32], cancel: &Cancel) -> Result<(), EngineError> {
        let length = FRAME as usize;
        let frames = left.chunks_exact(length).zip(right.chunks_exact(length));
        for (left, right) in frames.skip(self.heard) {
            cancel.check()?;
            let at = (self.first + self.heard as i64) * FRAME;
            let packets = self.encoder.encode(&amplified(left, self.gain), &amplified(right, self.gain), at)?;
            self.heard += 1;
            self.write(packets);
        }
        Ok(())
    }

    fn write(&mut self, packets: Vec<Packet>) {
        for packet in packets {
            if packet.pts() != Some(self.next) || self.next >= self.job.end {
                continue;
            }
            let duration = (self.job.end - self.next).min(FRAME);
            self.next += FRAME;
            self.output.stats.samples += 1;
            let data = packet.data().to_vec();
            self.output.fragment(self.fragments.push(Sample { duration: duration as u32, offset: 0, key: true, data }));
        }
    }

    fn finish(mut self) -> Result<(), EngineError> {
        let packets = self.encoder.finish()?;
        self.write(packets);
        self.output.fragment(self.fragments.finish());
        if self.next < self.job.end {
            return Err(EngineError::Internal("the sound encoder left frames out".to_owned()));
        }
        Ok(())
    }
}
