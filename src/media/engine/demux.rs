//! Packets of one stream in file order, from any place in the file. Tolerates damage; never runs away.
use std::collections::VecDeque;
use std::sync::Arc;

use ffmpeg_next::ffi;

use crate::media::engine::av::{Packet, pair, timestamp};
use crate::media::engine::io::Input;
use crate::media::engine::timeline::{rescale, seconds_to_pts};
use crate::media::engine::{Cancel, EngineError, open_source};
use crate::media::info::Source;
use crate::media::map::{Access, FileMap, Stretch};

/// Consecutive read errors after which the file counts as ended.
const READ_ERRORS_MAX: u32 = 64;
/// Decoding time running back by more than this ends the film: what follows is another recording.
const BREAK_SECONDS: f64 = 2.0;
/// Running forward by more than this is a jump of the clock too, in containers whose clock may jump.
const JUMP_SECONDS: f64 = 10.0;
/// A packet whose time lies this far after that of most of those behind it has a damaged time.
const STRAY_SECONDS: f64 = 1.0;
/// Packets behind it that are asked.
const STRAY_WITNESSES: usize = 4;
/// How far other streams may run ahead of the wanted place before a silent stream counts as ended there.
const INTERLEAVE_SECONDS: f64 = 10.0;
/// Packets looked at for one that says what time it is.
const CLOCK_PACKETS: u32 = 64;
/// Pictures that a decoder holds back at most.
const HELD_BACK_MAX: i64 = 16;
/// First step back when a seek landed after the wanted place; grows fourfold.
const SEEK_BACK_SECONDS: f64 = 1.0;
/// Steps back before starting from the beginning of the file.
const SEEK_TRIES: u32 = 5;

/// Reads one stream.
pub(super) struct Reader {
    source: Source,
    input: Input,
    stream: usize,
    /// The stream that the container's index belongs to.
    reference: usize,
    pending: Option<Packet>,
    /// What `next_steady` has read ahead; after `pending`, before the file.
    ahead: VecDeque<Packet>,
    /// Time of the stream's first packet.
    first_time: Option<i64>,
    /// Nothing but `pending` was read since the file was opened.
    fresh: bool,
    last_dts: Option<i64>,
    /// Where decoding time was before it ran forward, and how many packets there were since.
    strayed: Option<(i64, usize)>,
    /// For streams without timestamps: the next packet's time and the step.
    counted: Option<(i64, i64)>,
    ended: bool,
    /// While all of the file is read for the first time: the stretches met so far.
    learned: Option<Vec<Stretch>>,
    /// A jump fell between pictures that hang together.
    torn: bool,
    /// Drops what comes before the next key packet, which has this time.
    resume_at: Option<i64>,
}

impl Reader {
    pub(super) fn open(source: &Source, stream: u32, cancel: &Cancel) -> Result<Self, EngineError> {
        let input = open_source(source, cancel)?;
        let stream = stream as usize;
        if input.stream(stream).is_none() {
            return Err(EngineError::Damaged("the stream is gone".to_owned()));
        }
        let reference = source.info.video().map_or(stream, |(video, _)| video.index as usize);
        let mut reader = Self {
            source: source.clone(),
            input,
            stream,
            reference,
            pending: None,
            ahead: VecDeque::new(),
            first_time: None,
            fresh: false,
            last_dts: None,
            strayed: None,
            counted: None,
            ended: false,
            learned: None,
            torn: false,
            resume_at: None,
        };
        reader.select();
        reader.find_clock(cancel)?;
        Ok(reader)
    }

    /// MP4 reads only the samples that are asked for; elsewhere the video stream costs nothing and serves as a clock.
    fn select(&mut self) {
        let alone = self.input.container().starts_with("mov");
        let mut streams = vec![self.stream];
        if !alone && self.reference != self.stream && self.input.stream(self.reference).is_some() {
            streams.push(self.reference);
        }
        self.input.keep_only(&streams);
        if let Some(map) = self.map().filter(|map| map.access == Access::Entries) {
            self.input.learn_places(self.reference, &map.points);
        }
    }

    fn map(&self) -> Option<Arc<FileMap>> {
        self.source.info.map.clone()
    }

    /// Reads on where the clock jumps, and remembers where. For one pass from the beginning.
    pub(super) fn learn(&mut self) {
        self.learned = Some(Vec::new());
        if let Some(packet) = self.pending.take() {
            self.pending = Some(self.follow_clock(packet));
        }
    }

    /// Whether a jump fell between pictures that hang together.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    /// How many stretches were met so far.
    pub(super) fn jumps(&self) -> usize {
        self.learned.as_ref().map_or(0, Vec::len)
    }

    /// The stretches met; none when the clock never jumped.
    pub(super) fn learned(&mut self) -> Vec<Stretch> {
        self.learned.take().filter(|stretches| stretches.len() > 1).unwrap_or_default()
    }

    /// Elementary streams carry no time: their packets are counted.
    fn find_clock(&mut self, cancel: &Cancel) -> Result<(), EngineError> {
        // A stream without any packets must not make this read the whole file.
        let start = self.input.get().start_time;
        let until = timestamp(start).map(|us| seconds_to_pts(us as f64 / 1e6, self.time_base()));
        if let Some(first) = self.read(cancel, until)? {
            if first.pts().is_none() && first.dts().is_none() {
                let (num, den) = self.frame_rate().unwrap_or((25, 1));
                let step = seconds_to_pts(f64::from(den) / f64::from(num), self.time_base()).max(1);
                // The demuxer's own rate is a default; the parser reads the stream's.
                let step = Some(first.duration()).filter(|duration| *duration > 0).unwrap_or(step);
                self.counted = Some((0, step));
                self.rewind(cancel)?;
            } else {
                self.first_time = first.pts().or(first.dts());
                self.pending = Some(first);
                self.fresh = true;
            }
        }
        Ok(())
    }

    /// Another reader of the same stream.
    pub(super) fn another(&self, cancel: &Cancel) -> Result<Self, EngineError> {
        Self::open(&self.source, self.stream as u32, cancel)
    }

    /// Time of the stream's first packet.
    pub(super) fn first_time(&self) -> Option<i64> {
        self.first_time
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// From here on packets have no content, only times, and nothing of the file is read any more.
    pub(super) fn leave_empty(&mut self) {
        self.input.leave_empty();
    }

    pub(super) fn set_cancel(&mut self, cancel: &Cancel) {
        self.input.set_cancel(cancel);
    }

    pub(super) fn parameters(&self) -> Result<&ffi::AVCodecParameters, EngineError> {
        self.input.parameters(self.stream).ok_or_else(|| EngineError::Damaged("the stream is gone".to_owned()))
    }

    pub(super) fn time_base(&self) -> (i32, i32) {
        self.input.stream(self.stream).map_or((1, 1000), |stream| pair(stream.time_base))
    }

    pub(super) fn is_counted(&self) -> bool {
        self.counted.is_some()
    }

    /// Whether nobody but a decoder can tell when pictures are shown: AVI says in what order they are decoded and no more.
    pub(super) fn is_untimed(&self) -> bool {
        let reordering = [ffi::AVCodecID::AV_CODEC_ID_H264, ffi::AVCodecID::AV_CODEC_ID_HEVC];
        let reorders = || self.parameters().is_ok_and(|parameters| reordering.contains(&parameters.codec_id));
        self.is_counted() || (self.input.container() == "avi" && reorders())
    }

    fn frame_rate(&self) -> Option<(i32, i32)> {
        let stream = self.input.stream(self.stream)?;
        [stream.avg_frame_rate, stream.r_frame_rate].map(pair).into_iter().find(|(num, den)| *num > 0 && *den > 0)
    }

    /// Puts a packet back; the next read returns it.
    pub(super) fn unread(&mut self, packet: Packet) {
        self.pending = Some(packet);
    }

    /// The next packet of the stream; `None` at the end of what can be read.
    pub(super) fn next(&mut self, cancel: &Cancel) -> Result<Option<Packet>, EngineError> {
        self.next_until(cancel, None)
    }

    /// Like `next`, and `None` as well once the reference stream is far past `until` (in this stream's time).
    pub(super) fn next_until(&mut self, cancel: &Cancel, until: Option<i64>) -> Result<Option<Packet>, EngineError> {
        self.fresh = false;
        match self.pending.take() {
            Some(packet) => Ok(Some(packet)),
            None => self.read(cancel, until),
        }
    }

    /// Like `next_until`, without packets whose time is damaged. Which those are depends on the file alone, not on where
    /// reading began.
    pub(super) fn next_steady(&mut self, cancel: &Cancel, until: i64) -> Result<Option<Packet>, EngineError> {
        let far = seconds_to_pts(STRAY_SECONDS, self.time_base());
        loop {
            while self.ahead.len() <= STRAY_WITNESSES {
                let Some(packet) = self.next_until(cancel, Some(until))? else { break };
                self.ahead.push_back(packet);
            }
            let Some(packet) = self.ahead.pop_front() else { return Ok(None) };
            let time = |packet: &Packet| packet.pts().or(packet.dts());
            let behind = self.ahead.iter().take(STRAY_WITNESSES).filter_map(time);
            if !time(&packet).is_some_and(|time| is_stray(time, behind, far)) {
                return Ok(Some(packet));
            }
        }
    }

    /// Puts a packet back; the next steady read returns it.
    pub(super) fn unread_steady(&mut self, packet: Packet) {
        self.ahead.push_front(packet);
    }

    fn read(&mut self, cancel: &Cancel, until: Option<i64>) -> Result<Option<Packet>, EngineError> {
        let mut errors = 0;
        while !self.ended {
            cancel.check()?;
            match self.input.read()? {
                Ok(packet) if packet.stream() == self.stream => {
                    if self.resume_at.is_some() && !packet.is_key() {
                        continue;
                    }
                    let packet = self.stamp(packet);
                    if self.breaks(&packet) {
                        break;
                    }
                    return Ok(Some(packet));
                }
                Ok(packet) => {
                    let packet = self.on_axis(packet);
                    if until.is_some_and(|until| self.is_past(&packet, until)) {
                        return Ok(None);
                    }
                }
                Err(ffi::AVERROR_EOF) => break,
                Err(_) => {
                    cancel.check()?;
                    errors += 1;
                    if errors > READ_ERRORS_MAX {
                        break;
                    }
                }
            }
        }
        self.ended = true;
        Ok(None)
    }

    fn stamp(&mut self, mut packet: Packet) -> Packet {
        if let Some((next, step)) = self.counted.as_mut() {
            if let Some(time) = self.resume_at.take() {
                *next = time;
            }
            packet.set_times(None, *next);
            *next += *step;
            return packet;
        }
        if let (true, Some(time)) = (self.is_untimed(), packet.dts()) {
            // What libav makes up here is in the wrong order.
            packet.set_times(None, time);
        }
        if self.learned.is_some() { self.follow_clock(packet) } else { self.on_axis(packet) }
    }

    /// Lays a packet onto the axis without jumps.
    fn on_axis(&self, mut packet: Packet) -> Packet {
        let map = self.source.info.map.as_ref().filter(|map| !map.stretches.is_empty());
        if let (Some(map), Some(time), Some(pos)) = (map, packet.dts().or(packet.pts()), packet.pos()) {
            packet.shift(map.shift(pos, time));
        }
        packet
    }

    /// Notices a jump of the clock and goes on behind it as if there were none.
    fn follow_clock(&mut self, mut packet: Packet) -> Packet {
        let jumps = self.input.may_jump();
        let (back, ahead) =
            (seconds_to_pts(BREAK_SECONDS, self.time_base()), seconds_to_pts(JUMP_SECONDS, self.time_base()));
        let Some(stretches) = self.learned.as_mut().filter(|_| jumps) else { return packet };
        let Some(time) = packet.dts().or(packet.pts()) else { return packet };
        let duration = packet.duration();
        match stretches.last_mut() {
            Some(own) if time >= own.last - back && time <= own.last + ahead => own.last = own.last.max(time),
            Some(before) => {
                let shift = before.last + before.shift + duration.max(1) - time;
                let pos = packet.pos().unwrap_or(before.pos + 1).max(before.pos + 1);
                self.torn |= !packet.is_key();
                stretches.push(Stretch { pos, first: time, last: time, shift });
            }
            None => stretches.push(Stretch { pos: 0, first: time, last: time, shift: 0 }),
        }
        packet.shift(stretches.last().map_or(0, |own| own.shift));
        packet
    }

    fn breaks(&mut self, packet: &Packet) -> bool {
        let Some(dts) = packet.dts() else { return false };
        // Where the jumps are known nothing runs back by more than strayed packets do.
        if self.source.info.map.as_ref().is_some_and(|map| !map.stretches.is_empty()) {
            return false;
        }
        let back = seconds_to_pts(BREAK_SECONDS, self.time_base());
        let last = self.last_dts.unwrap_or(dts);
        self.strayed =
            self.strayed.map(|(from, since)| (from, since + 1)).filter(|(_, since)| *since <= STRAY_WITNESSES);
        if dts.saturating_add(back) < last {
            // One damaged time is no other recording: it goes on where it was before.
            let near = |from: i64| (from.saturating_sub(back)..=from.saturating_add(back)).contains(&dts);
            if self.strayed.take().is_some_and(|(from, _)| near(from)) {
                self.last_dts = Some(dts);
                return false;
            }
            return true;
        }
        if dts > last.saturating_add(back) {
            self.strayed.get_or_insert((last, 0));
        }
        self.last_dts = Some(dts.max(last));
        false
    }

    fn is_past(&self, packet: &Packet, until: i64) -> bool {
        let (Some(dts), Some(other)) = (packet.dts(), self.input.stream(packet.stream())) else { return false };
        let (num, den) = pair(other.time_base);
        let seconds = dts as f64 * f64::from(num) / f64::from(den.max(1));
        let (own_num, own_den) = self.time_base();
        seconds > until as f64 * f64::from(own_num) / f64::from(own_den.max(1)) + INTERLEAVE_SECONDS
    }

    /// What the clock shows near a byte, decoding time first. Leaves the reader anywhere.
    pub(super) fn clock_at(&mut self, pos: i64, cancel: &Cancel) -> Result<Option<i64>, EngineError> {
        self.reset();
        if !self.input.seek_byte(pos) {
            return Ok(None);
        }
        for _ in 0..CLOCK_PACKETS {
            match self.read(cancel, None)?.map(|packet| packet.dts().or(packet.pts())) {
                Some(None) => {}
                Some(time) => return Ok(time),
                None => break,
            }
        }
        Ok(None)
    }

    /// Moves to an entry of this stream's own index. What comes next is for the caller to check.
    pub(super) fn jump(&mut self, entry: i64) {
        self.reset();
        self.input.seek(self.stream, entry);
    }

    /// Moves so that the next packet is a key packet at or before `at` (or the first of the file).
    pub(super) fn seek_key(&mut self, at: i64, cancel: &Cancel) -> Result<(), EngineError> {
        self.seek_where(at, cancel, Packet::is_key)
    }

    /// Moves so that the next packet is at or before `at` (or the first of the file).
    pub(super) fn seek_any(&mut self, at: i64, cancel: &Cancel) -> Result<(), EngineError> {
        self.seek_where(at, cancel, |_| true)
    }

    fn seek_where(&mut self, at: i64, cancel: &Cancel, wanted: fn(&Packet) -> bool) -> Result<(), EngineError> {
        if self.counted.is_some() {
            return self.seek_counted(at, cancel);
        }
        let near = at.saturating_sub(seconds_to_pts(SEEK_BACK_SECONDS, self.time_base()));
        let at_start = self.first_time.is_some_and(|first| (near..=at).contains(&first));
        if self.fresh && at_start && self.pending.as_ref().is_some_and(wanted) {
            return Ok(());
        }
        let mut back = 0.0;
        for _ in 0..SEEK_TRIES {
            let target = at.saturating_sub(seconds_to_pts(back, self.time_base()));
            if !self.seek_raw(target) {
                break;
            }
            if self.skip_to(at, cancel, wanted)? {
                return Ok(());
            }
            if self.first_time.is_some_and(|first| target <= first) {
                break;
            }
            back = if back == 0.0 { SEEK_BACK_SECONDS } else { back * 4.0 };
        }
        self.rewind(cancel)
    }

    /// A stream without times can be entered at keyframes whose place is known.
    fn seek_counted(&mut self, at: i64, cancel: &Cancel) -> Result<(), EngineError> {
        // Decoders show counted packets late by as many as they hold back.
        let held_back = self.counted.map_or(0, |(_, step)| step.saturating_mul(HELD_BACK_MAX));
        let map = self.map().filter(|map| map.access == Access::Bytes);
        let point = map.and_then(|map| map.point_before(at.saturating_sub(held_back)));
        if let Some((time, pos)) = point.filter(|(time, _)| *time > 0) {
            self.reset();
            if self.input.seek_byte(pos) {
                self.resume_at = Some(time);
                return Ok(());
            }
        }
        self.rewind(cancel)
    }

    fn seek_raw(&mut self, target: i64) -> bool {
        self.reset();
        let own = self.time_base();
        let map = self.map().filter(|map| map.access == Access::Bytes && self.input.may_jump());
        if let Some(map) = map
            && let Some(reference) = self.input.stream(self.reference).map(|stream| pair(stream.time_base))
        {
            let point = map.point_before(rescale(target, own, reference));
            return point.is_some_and(|(_, pos)| self.input.seek_byte(pos));
        }
        let reference = if self.reference == self.stream { None } else { self.input.stream(self.reference) };
        match reference.map(|stream| pair(stream.time_base)) {
            Some((num, den)) if !self.input.container().starts_with("mov") => {
                let scaled = i128::from(target) * i128::from(own.0) * i128::from(den)
                    / (i128::from(own.1.max(1)) * i128::from(num.max(1)));
                self.input.seek(self.reference, i64::try_from(scaled).unwrap_or(0))
            }
            _ => self.input.seek(self.stream, target),
        }
    }

    /// Reads up to the first wanted packet; true when it is not after `at`.
    fn skip_to(&mut self, at: i64, cancel: &Cancel, wanted: fn(&Packet) -> bool) -> Result<bool, EngineError> {
        while let Some(packet) = self.read(cancel, Some(at))? {
            if wanted(&packet) {
                let fits = packet.pts().or(packet.dts()).is_some_and(|time| time <= at);
                self.pending = Some(packet);
                return Ok(fits);
            }
        }
        Ok(false)
    }

    /// From the first packet of the file, with a fresh demuxer: the one way that always works.
    fn rewind(&mut self, cancel: &Cancel) -> Result<(), EngineError> {
        self.input = open_source(&self.source, cancel)?;
        self.select();
        self.reset();
        Ok(())
    }

    fn reset(&mut self) {
        self.pending = None;
        self.ahead.clear();
        self.fresh = false;
        self.last_dts = None;
        self.strayed = None;
        self.ended = false;
        self.resume_at = None;
        if let Some((next, _)) = self.counted.as_mut() {
            *next = 0;
        }
    }
}

/// Whether most of those behind a packet are far before it in time.
fn is_stray(time: i64, behind: impl Iterator<Item = i64>, far: i64) -> bool {
    behind.filter(|later| later.saturating_add(far) < time).count() * 2 > STRAY_WITNESSES
}

#[cfg(test)]
mod tests {
    use crate::media::engine::demux::is_stray;

    #[test]
    fn a_time_is_damaged_when_most_of_those_behind_it_are_long_before() {
        let stray = |time: i64, behind: [i64; 4]| is_stray(time, behind.into_iter(), 1000);
        assert!(stray(30_000, [20, 40, 60, 80]) && stray(30_000, [20, 30_000, 60, 80]));
        assert!(!stray(0, [20, 40, 60, 80]), "the order of time");
        assert!(!stray(60_000, [20, 60_040, 60_060, 60_080]), "the one behind it is damaged");
        assert!(!is_stray(30_000, [20, 40].into_iter(), 1000), "nobody can tell");
    }
}
