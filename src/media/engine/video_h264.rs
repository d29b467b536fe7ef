//! Video segments by decoding and encoding again. Decoder and filters stay warm from segment to segment; the encoder
//! is fresh for each, and what it is fed depends on the job alone.
use std::collections::{BTreeSet, VecDeque};

use ffmpeg_next::ffi;

use crate::media::engine::av::Frame;
use crate::media::engine::codec::{Answer, Codec};
use crate::media::engine::demux::Reader;
use crate::media::engine::encode::H264Settings;
use crate::media::engine::filter::{Graph, Target};
use crate::media::engine::fragment::{Fragmenter, Sample};
use crate::media::engine::hardware::Hardware;
use crate::media::engine::head::Output;
use crate::media::engine::picture::{Encoded, PictureEncoder};
use crate::media::engine::timeline::{on_grid, seconds_to_pts, to_pts};
use crate::media::engine::{Cancel, EngineError, decode};
use crate::media::info::Source;
use crate::media::track::{FrameGrid, Origin, Preset, SegmentJob, TrackSpec};

/// Decoded pictures before a cold start that go through the filters, so that a deinterlacer knows its neighbours and a
/// hole at the start can show what came before.
const LEAD_IN: usize = 2;
/// Where pictures are deinterlaced a cold start begins at a keyframe so far before its own, or there would be none.
const LEAD_IN_SECONDS: f64 = 0.25;
/// Fragments per second.
const FRAGMENTS_PER_SECOND: i64 = 4;
/// How far before a damaged keyframe the picture is looked for that stands until the next sound one.
const HOLE_SECONDS: f64 = 15.0;
/// Packets by which pictures are stored out of order at most.
const REORDERED_MAX: usize = 32;
/// Pictures waiting behind the filters.
const QUEUE_MAX: usize = 256;

pub(super) struct EncodeHead {
    reader: Reader,
    decoder: Codec,
    target: Target,
    origin: Origin,
    settings: H264Settings,
    /// Used for streams with parameter sets in band only.
    hardware: Option<Hardware>,
    graph: Option<Graph>,
    /// Filtered pictures with their ticks, ascending.
    queue: VecDeque<(i64, Frame)>,
    /// The picture on screen: the last one taken from the queue.
    shown: Option<(i64, Frame)>,
    /// Cold start: pictures before this tick are not filtered, except the last few.
    start: i64,
    lead_in: VecDeque<Frame>,
    /// Packets before this time need no pictures that nothing refers to.
    skip_until: Option<i64>,
    skipped: bool,
    /// Something could not be decoded since the last seek.
    damaged: bool,
    last_pts: Option<i64>,
    /// Of a stream that only says in what order pictures are decoded: the times of those that are not shown yet. The
    /// next to be shown takes the earliest.
    untimed: Option<BTreeSet<i64>>,
    drained: bool,
}

impl EncodeHead {
    pub(super) fn open(source: &Source, spec: &TrackSpec, cancel: &Cancel) -> Result<Self, EngineError> {
        let TrackSpec::VideoH264 { stream, origin, grid, width, height, preset, max_bit_rate, in_band } = spec else {
            return Err(EngineError::Internal("not a video track".to_owned()));
        };
        let reader = Reader::open(source, *stream, cancel)?;
        let decoder = decode::open(reader.parameters()?, reader.time_base())?;
        // Counted streams have no other clock that theirs would have to agree with.
        let untimed = (reader.is_untimed() && !reader.is_counted()).then(BTreeSet::new);
        let video = source.info.streams.get(*stream as usize).and_then(|stream| stream.video.as_ref());
        let video = video.ok_or_else(|| EngineError::Unsupported("the stream has no picture".to_owned()))?;
        let settings = H264Settings {
            width: *width,
            height: *height,
            grid: *grid,
            preset: *preset,
            max_bit_rate: *max_bit_rate,
            span: 1,
            key_interval: None,
            in_band: *in_band,
        };
        Ok(Self {
            reader,
            decoder,
            target: Target {
                format: if *in_band { "nv12" } else { "yuv420p" },
                ..Target::film(video, *width, *height)
            },
            origin: *origin,
            settings,
            hardware: None,
            graph: None,
            queue: VecDeque::new(),
            shown: None,
            start: 0,
            lead_in: VecDeque::new(),
            skip_until: None,
            skipped: false,
            damaged: false,
            last_pts: None,
            untimed,
            drained: false,
        })
    }

    pub(super) fn set_encoder(&mut self, preset: Preset, hardware: Option<Hardware>) {
        self.settings.preset = preset;
        self.hardware = hardware;
    }

    pub(super) fn segment(
        &mut self,
        job: &SegmentJob,
        warm: bool,
        cancel: &Cancel,
        output: &mut Output,
    ) -> Result<(), EngineError> {
        self.reader.set_cancel(cancel);
        if !warm {
            self.enter(job.start, cancel)?;
        }
        self.advance(job.start, cancel)?;
        if !self.has_own_picture(job) && self.has_packets(job, cancel)? {
            return Err(EngineError::NoPicture);
        }
        self.settings.span = job.end - job.start;
        let mut encoder = PictureEncoder::open(&self.settings, self.hardware)?;
        let timescale = i64::from(self.settings.grid.timescale());
        let mut fragments = Fragmenter::new(job.index, job.start, timescale / FRAGMENTS_PER_SECOND);
        let mut durations = VecDeque::new();
        let mut tick = job.start;
        while tick < job.end {
            cancel.check()?;
            self.advance(tick, cancel)?;
            let next = self.next_tick(tick, cancel)?.min(job.end);
            let Some(picture) = self.shown.as_ref().or(self.queue.front()) else {
                return Err(EngineError::Damaged(format!("no picture can be decoded in segment {}", job.index)));
            };
            durations.push_back(next - tick);
            for encoded in encoder.encode(&picture.1, tick - job.start)? {
                push(&mut fragments, encoded, &mut durations, output)?;
            }
            tick = next;
        }
        for encoded in encoder.finish()? {
            push(&mut fragments, encoded, &mut durations, output)?;
        }
        output.stats.fell_back = encoder.fell_back();
        output.fragment(fragments.finish());
        Ok(())
    }

    /// A cold start: as if everything before had been made.
    fn enter(&mut self, start: i64, cancel: &Cancel) -> Result<(), EngineError> {
        let deinterlace = self.target.deinterlace;
        self.seek(start, if deinterlace { LEAD_IN_SECONDS } else { 0.0 }, !deinterlace, cancel)?;
        self.advance(start, cancel)?;
        // The picture before a hole may have been one of those left out, and damage is mended from what came before it,
        // whatever that was.
        if self.skipped && (self.damaged || self.shown.as_ref().is_none_or(|(tick, _)| *tick != start)) {
            self.seek(start, 0.0, false, cancel)?;
            self.advance(start, cancel)?;
        }
        // Or it hangs on a keyframe before the damaged one.
        if self.shown.is_none() && start > 0 {
            self.seek(start, HOLE_SECONDS, false, cancel)?;
        }
        Ok(())
    }

    /// Whether a picture begins within the job; known once the head has advanced to its start.
    fn has_own_picture(&self, job: &SegmentJob) -> bool {
        let own = |tick: i64| (job.start..job.end).contains(&tick);
        self.shown.as_ref().is_some_and(|(tick, _)| own(*tick)) || self.next_due().is_some_and(own)
    }

    /// Whether the file has a picture within the job, sound or not; a film may stand still for long.
    fn has_packets(&self, job: &SegmentJob, cancel: &Cancel) -> Result<bool, EngineError> {
        let mut reader = self.reader.another(cancel)?;
        let time_base = reader.time_base();
        reader.seek_any(to_pts(job.start, time_base, &self.origin, self.settings.grid.timescale()), cancel)?;
        let mut after = 0;
        while let Some(packet) = reader.next(cancel)? {
            let Some(time) = packet.pts().or(packet.dts()) else { continue };
            let tick = on_grid(time, time_base, &self.origin, self.settings.grid);
            if (job.start..job.end).contains(&tick) {
                return Ok(true);
            }
            // Pictures are stored out of order, but not by much.
            after += usize::from(tick >= job.end);
            if after > REORDERED_MAX {
                break;
            }
        }
        Ok(false)
    }

    /// Where the picture after the one at `tick` is due.
    fn next_tick(&mut self, tick: i64, cancel: &Cancel) -> Result<i64, EngineError> {
        match self.settings.grid {
            FrameGrid::Constant { frame_ticks, .. } => Ok(tick + i64::from(frame_ticks.max(1))),
            FrameGrid::Variable { .. } => Ok(loop {
                match self.next_due() {
                    Some(next) if next > tick => break next,
                    Some(_) => self.show_front(),
                    None if !self.fill(cancel)? => break i64::MAX,
                    None => {}
                }
            }),
        }
    }

    /// Shows the latest picture due at `tick`.
    fn advance(&mut self, tick: i64, cancel: &Cancel) -> Result<(), EngineError> {
        loop {
            match self.next_due() {
                Some(next) if next <= tick => self.show_front(),
                Some(_) => return Ok(()),
                None if self.shown.as_ref().is_some_and(|(shown, _)| *shown >= tick) => return Ok(()),
                None if !self.fill(cancel)? => return Ok(()),
                None => {}
            }
        }
    }

    fn next_due(&self) -> Option<i64> {
        self.queue.front().map(|(tick, _)| *tick)
    }

    fn show_front(&mut self) {
        self.shown = self.queue.pop_front();
    }

    /// To the keyframe for `start`, or to one so many seconds before it.
    fn seek(&mut self, start: i64, back: f64, skip: bool, cancel: &Cancel) -> Result<(), EngineError> {
        let time_base = self.reader.time_base();
        let timescale = self.settings.grid.timescale();
        let at = to_pts(start, time_base, &self.origin, timescale);
        let half_frame = match self.settings.grid {
            FrameGrid::Constant { frame_ticks, .. } => {
                (to_pts(start + i64::from(frame_ticks), time_base, &self.origin, timescale) - at) / 2
            }
            FrameGrid::Variable { .. } => 0,
        };
        self.reader.seek_key(at + half_frame - seconds_to_pts(back, time_base), cancel)?;
        self.decoder.flush();
        self.graph = None;
        self.queue.clear();
        self.lead_in.clear();
        self.shown = None;
        self.start = start;
        self.skip_until = skip.then_some(at - half_frame);
        self.skipped = false;
        self.damaged = false;
        self.last_pts = None;
        if let Some(untimed) = &mut self.untimed {
            untimed.clear();
        }
        self.drained = false;
        Ok(())
    }

    /// Brings at least one more picture into the queue; false at the end.
    fn fill(&mut self, cancel: &Cancel) -> Result<bool, EngineError> {
        let had = self.queue.len();
        while self.queue.len() == had {
            cancel.check()?;
            if self.drained || self.queue.len() > QUEUE_MAX {
                return Ok(false);
            }
            let mut frame = Frame::new()?;
            match self.decoder.receive_frame(&mut frame) {
                Ok(Answer::Ready) => self.take(frame)?,
                Ok(Answer::End) => {
                    self.flush_lead_in()?;
                    self.end_graph()?;
                    self.drained = true;
                }
                Ok(Answer::Hungry) => self.feed(cancel)?,
                // After a damaged picture the next one may be fine.
                Err(_) => {
                    self.damaged = true;
                    self.feed(cancel)?;
                }
            }
        }
        Ok(true)
    }

    fn feed(&mut self, cancel: &Cancel) -> Result<(), EngineError> {
        let packet = self.reader.next(cancel)?;
        if let Some(packet) = &packet {
            let skip = matches!((self.skip_until, packet.pts()), (Some(until), Some(pts)) if pts < until);
            self.skipped |= skip;
            if let (Some(untimed), Some(time)) = (&mut self.untimed, packet.dts()) {
                untimed.insert(time);
            }
            self.decoder.get_mut().skip_frame =
                if skip { ffi::AVDiscard::AVDISCARD_NONREF } else { ffi::AVDiscard::AVDISCARD_DEFAULT };
        }
        // Damaged data is the decoder's to report and ours to survive.
        self.damaged |= self.decoder.send_packet(packet.as_ref()).is_err();
        Ok(())
    }

    /// A decoded picture: stamped, then filtered or, before a cold start, kept aside.
    fn take(&mut self, mut frame: Frame) -> Result<(), EngineError> {
        self.damaged |= frame.get().decode_error_flags != 0 || frame.get().flags & ffi::AV_FRAME_FLAG_CORRUPT != 0;
        let step = frame.get().duration.max(1);
        let earliest = self.untimed.as_mut().and_then(BTreeSet::pop_first);
        let pts = earliest.or(frame.best_pts()).or(self.last_pts.map(|last| last + step)).unwrap_or(self.origin.pts);
        if self.last_pts.is_some_and(|last| pts <= last) {
            return Ok(());
        }
        self.last_pts = Some(pts);
        frame.get_mut().pts = pts;
        let tick = on_grid(pts, self.reader.time_base(), &self.origin, self.settings.grid);
        if tick < self.start {
            self.lead_in.push_back(frame);
            if self.lead_in.len() > LEAD_IN {
                self.lead_in.pop_front();
            }
            return Ok(());
        }
        self.flush_lead_in()?;
        self.filter(&frame)
    }

    fn flush_lead_in(&mut self) -> Result<(), EngineError> {
        while let Some(frame) = self.lead_in.pop_front() {
            self.filter(&frame)?;
        }
        Ok(())
    }

    fn filter(&mut self, frame: &Frame) -> Result<(), EngineError> {
        if self.graph.as_ref().is_some_and(|graph| !graph.fits(frame)) {
            self.end_graph()?;
        }
        if self.graph.is_none() {
            self.graph = Some(Graph::new(frame, self.reader.time_base(), &self.target)?);
        }
        if let Some(graph) = self.graph.as_mut() {
            graph.send(Some(frame))?;
        }
        self.collect()
    }

    fn end_graph(&mut self) -> Result<(), EngineError> {
        if let Some(graph) = self.graph.as_mut() {
            graph.send(None)?;
            self.collect()?;
        }
        self.graph = None;
        Ok(())
    }

    fn collect(&mut self) -> Result<(), EngineError> {
        let time_base = self.reader.time_base();
        while let Some(graph) = self.graph.as_mut() {
            let (Answer::Ready, frame) = graph.receive()? else { break };
            let tick = on_grid(frame.get().pts, time_base, &self.origin, self.settings.grid);
            self.queue.push_back((tick, frame));
        }
        Ok(())
    }
}

fn push(
    fragments: &mut Fragmenter,
    encoded: Encoded,
    durations: &mut VecDeque<i64>,
    output: &mut Output,
) -> Result<(), EngineError> {
    let duration = durations.pop_front().and_then(|duration| u32::try_from(duration).ok());
    let duration = duration.ok_or_else(|| EngineError::Internal("a picture without a place".to_owned()))?;
    output.stats.samples += 1;
    output.fragment(fragments.push(Sample { duration, offset: 0, key: encoded.key, data: encoded.data }));
    Ok(())
}
