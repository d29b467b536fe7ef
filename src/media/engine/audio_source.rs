//! Decoded sound of a stream from any place: two planes of samples at content time, silence where there are none.
//!
//! Always made the same way whatever was made before: the packets from a fixed time before the start, a fresh decoder,
//! a fresh resampler at a fixed phase. What is kept are the packets that the next stretch starts with.
use std::collections::VecDeque;

use crate::media::engine::av::{Frame, Packet};
use crate::media::engine::codec::{Answer, Codec};
use crate::media::engine::demux::Reader;
use crate::media::engine::downmix::{Converter, Stereo};
use crate::media::engine::timeline::{seconds_to_pts, to_pts, to_ticks};
use crate::media::engine::{Cancel, EngineError, decode};
use crate::media::info::Source;
use crate::media::track::Origin;

/// Sound that the decoder hears before what counts: overlapping windows, bit reservoirs.
const DECODER_WARM_UP_SECONDS: f64 = 0.35;
/// Read before that and thrown away.
const SETTLE_SECONDS: f64 = 2.0;
/// Source samples around what is resampled, for the filter's length.
const RESAMPLER_MARGIN: i64 = 256;
/// Coarse container clocks round; within this a packet stands on the grid of its codec's frames.
const CLOCK_ROUNDING_SECONDS: f64 = 0.0015;
/// Jumps up to one frame of this many samples, or of the codec's own size, are clock jitter.
const JITTER_SAMPLES_MIN: i64 = 512;
/// How often a listener hears of more.
const TOLD_PER_SECOND: i64 = 4;
/// Packets kept for the next segment.
const KEPT_PACKETS_MAX: usize = 4096;

/// A sound stream of a file.
pub(super) struct Track {
    reader: Reader,
    origin: Origin,
    /// Samples per second as decoded.
    rate: u32,
    /// Presentation time of the stream's first packet and samples per packet, for clocks coarser than a sample.
    snap: Option<(i64, i64)>,
    jitter: i64,
    /// Packets in order, from somewhere to where the reader stands.
    kept: VecDeque<Packet>,
    /// Whether `kept` and the reader are in one piece.
    ended: bool,
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Who listens: told of the samples from the start of the stretch as far as they will not change any more.
pub(super) type Listener<'a> = dyn FnMut(&[f32], &[f32]) -> Result<(), EngineError> + 'a;

impl Track {
    pub(super) fn open(source: &Source, stream: u32, origin: Origin, cancel: &Cancel) -> Result<Self, EngineError> {
        let reader = Reader::open(source, stream, cancel)?;
        let parameters = reader.parameters()?;
        let rate = parameters.sample_rate.max(1) as u32;
        let frame_size = i64::from(parameters.frame_size);
        let time_base = reader.time_base();
        let coarse = i64::from(time_base.0) * i64::from(rate) > i64::from(time_base.1);
        let snap = reader.first_time().filter(|_| coarse && frame_size > 0).map(|first| (first, frame_size));
        let jitter = frame_size.max(JITTER_SAMPLES_MIN);
        Ok(Self { reader, origin, rate, snap, jitter, kept: VecDeque::new(), ended: false })
    }

    /// Stereo samples `[from, to)` at `rate`, silence where there are none. The listener hears the whole stretch so
    /// far, again and again while it grows, and once when it is complete.
    pub(super) fn sound(
        &mut self,
        (from, to): (i64, i64),
        rate: u32,
        cancel: &Cancel,
        listener: &mut Listener<'_>,
    ) -> Result<(), EngineError> {
        self.reader.set_cancel(cancel);
        if self.rate == rate {
            let mut canvas = Stereo::silence((to - from).max(0) as usize);
            // Sound before content zero belongs to nothing.
            let early = (-from).clamp(0, to - from) as usize;
            self.paint((from, to), &mut canvas, cancel, &mut |canvas, known| {
                canvas.mute(early);
                let known = (known - from).clamp(0, to - from) as usize;
                listener(&canvas.left[..known], &canvas.right[..known])
            })?;
            canvas.mute(early);
            return listener(&canvas.left, &canvas.right);
        }
        let sound = self.resampled(from, to, rate, cancel)?;
        listener(&sound.left, &sound.right)
    }

    fn resampled(&mut self, from: i64, to: i64, rate: u32, cancel: &Cancel) -> Result<Stereo, EngineError> {
        let (own, wanted) = (i64::from(self.rate), i64::from(rate));
        let divisor = gcd(own, wanted);
        let (own_step, step) = (own / divisor, wanted / divisor);
        // Whole periods of both rates: output sample 0 falls on input sample 0, always at the same phase.
        let period = (from * own / wanted - RESAMPLER_MARGIN).div_euclid(own_step);
        let low = period * own_step;
        let high = (to * own).div_euclid(wanted) + RESAMPLER_MARGIN + own_step;
        let mut canvas = Stereo::silence((high - low).max(0) as usize);
        self.paint((low, high), &mut canvas, cancel, &mut |_, _| Ok(()))?;
        let offset = from - period * step;
        let mut sound = Stereo::default();
        Converter::resampler(self.rate, rate)?.convert_all(&canvas, &mut sound)?;
        let length = (to - from) as usize;
        for plane in [&mut sound.left, &mut sound.right] {
            plane.drain(..(offset.max(0) as usize).min(plane.len()));
            plane.resize(length, 0.0);
        }
        sound.mute((-from).clamp(0, length as i64) as usize);
        Ok(sound)
    }

    /// Decodes what lies in `[low, high)` (source samples of content time) onto the canvas; tells now and then up to
    /// where it is painted.
    fn paint(
        &mut self,
        (low, high): (i64, i64),
        canvas: &mut Stereo,
        cancel: &Cancel,
        told: &mut dyn FnMut(&mut Stereo, i64) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let time_base = self.reader.time_base();
        let begin =
            to_pts(low, time_base, &self.origin, self.rate) - seconds_to_pts(DECODER_WARM_UP_SECONDS, time_base);
        let end = to_pts(high, time_base, &self.origin, self.rate);
        self.move_to((begin, end), cancel)?;
        let mut brush = Brush {
            decoder: decode::open(self.reader.parameters()?, time_base)?,
            converter: None,
            expected: None,
            low,
            dry: low,
            steady: false,
            canvas,
        };
        let told_every = i64::from(self.rate) / TOLD_PER_SECOND;
        let mut n = 0;
        loop {
            if n == self.kept.len() {
                let next = if self.ended { None } else { self.reader.next_steady(cancel, end)? };
                let Some(packet) = next else {
                    self.ended = true;
                    break;
                };
                self.kept.push_back(packet);
            }
            let packet = &self.kept[n];
            n += 1;
            let time = packet.pts().or(packet.dts());
            if time.is_some_and(|time| time < begin) {
                continue;
            }
            if time.is_some_and(|time| time > end) {
                break;
            }
            brush.stroke(self, Some(packet))?;
            if let Some(painted) = brush.expected.filter(|painted| brush.steady && *painted >= brush.dry + told_every) {
                brush.dry = painted;
                told(brush.canvas, painted)?;
            }
        }
        brush.stroke(self, None)?;
        // The next segment begins where this one ends, less the warm-ups.
        let margin = seconds_to_pts(2.0 * DECODER_WARM_UP_SECONDS, time_base);
        while self.kept.len() > KEPT_PACKETS_MAX
            || self.kept.front().and_then(Packet::pts).is_some_and(|pts| pts < end - margin - margin)
        {
            self.kept.pop_front();
        }
        Ok(())
    }

    /// Makes `kept` and the reader together cover `begin` and what follows. Where nothing is kept before `end`, there is a
    /// hole, or the reader was led astray: only a look at the file itself tells which.
    fn move_to(&mut self, (begin, end): (i64, i64), cancel: &Cancel) -> Result<(), EngineError> {
        let starts = self.kept.front().and_then(|packet| packet.pts().or(packet.dts()));
        let mut times = self.kept.iter().filter_map(|packet| packet.pts().or(packet.dts()));
        let stands = times.find(|time| *time >= begin);
        let covered = starts.is_some_and(|starts| starts <= begin) && stands.is_some_and(|stands| stands <= end);
        if covered && !self.ended {
            return Ok(());
        }
        self.kept.clear();
        self.ended = false;
        // Entered in the middle, a stream whose frames lie across its packets tells wrong times at first.
        self.reader.seek_any(begin - seconds_to_pts(SETTLE_SECONDS, self.reader.time_base()), cancel)
    }

    /// Where a decoded frame starts, in source samples of content time.
    fn place(&self, pts: i64) -> i64 {
        let time_base = self.reader.time_base();
        let raw = to_ticks(pts, time_base, &self.origin, self.rate);
        let Some((first, size)) = self.snap else { return raw };
        let base = to_ticks(first, time_base, &self.origin, self.rate);
        let frames = (2 * (raw - base) + size).div_euclid(2 * size);
        let snapped = base + frames * size;
        let tolerance = (f64::from(self.rate) * CLOCK_ROUNDING_SECONDS) as i64;
        if (snapped - raw).abs() <= tolerance { snapped } else { raw }
    }
}

/// Decodes packets and lays the samples down where they belong.
struct Brush<'a> {
    decoder: Codec,
    converter: Option<Converter>,
    expected: Option<i64>,
    low: i64,
    /// Up to here it has been told and will not change.
    dry: i64,
    /// The last frame followed on the one before: its time is not a stray one.
    steady: bool,
    canvas: &'a mut Stereo,
}

impl Brush<'_> {
    fn stroke(&mut self, track: &Track, packet: Option<&Packet>) -> Result<(), EngineError> {
        // Damaged sound is left out: silence stays where it was.
        let _ = self.decoder.send_packet(packet);
        let mut frame = Frame::new()?;
        while let Ok(Answer::Ready) = self.decoder.receive_frame(&mut frame) {
            self.lay(track, &frame)?;
        }
        Ok(())
    }

    fn lay(&mut self, track: &Track, frame: &Frame) -> Result<(), EngineError> {
        if frame.get().nb_samples <= 0 || frame.get().sample_rate <= 0 {
            return Ok(());
        }
        if self.converter.as_ref().is_none_or(|converter| !converter.fits(frame)) {
            self.converter = Some(Converter::for_frame(frame, track.rate)?);
        }
        let mut samples = Stereo::default();
        if let Some(converter) = self.converter.as_mut() {
            converter.convert(frame, &mut samples)?;
        }
        let said = frame.best_pts().map(|pts| track.place(pts));
        let at = match (said, self.expected) {
            (Some(said), Some(expected)) if (said - expected).abs() <= track.jitter => expected,
            (Some(said), _) => said,
            (None, Some(expected)) => expected,
            (None, None) => return Ok(()),
        };
        self.steady = self.expected == Some(at);
        self.expected = Some(at + samples.left.len() as i64);
        let begin = at.max(self.dry);
        let (skip, to) = ((begin - at) as usize, (begin - self.low) as usize);
        for (from, onto) in [(&samples.left, &mut self.canvas.left), (&samples.right, &mut self.canvas.right)] {
            let (Some(from), Some(onto)) = (from.get(skip..), onto.get_mut(to..)) else { continue };
            let length = from.len().min(onto.len());
            onto[..length].copy_from_slice(&from[..length]);
        }
        Ok(())
    }
}
