//! Video segments without re-encoding: the source's packets in fragments of our own.
use crate::media::engine::demux::Reader;
use crate::media::engine::fragment::{Fragmenter, Sample};
use crate::media::engine::head::Output;
use crate::media::engine::mux;
use crate::media::engine::nal::Samples;
use crate::media::engine::timeline::{on_grid, to_pts};
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::track::{FrameGrid, Origin, SegmentJob};

/// Bytes of one segment: a copy holds whole picture groups in memory.
const SEGMENT_BYTES_MAX: usize = 256 << 20;

pub(super) struct CopyHead {
    reader: Reader,
    samples: Samples,
    origin: Origin,
    grid: FrameGrid,
}

struct Picture {
    tick: i64,
    key: bool,
    data: Vec<u8>,
}

impl CopyHead {
    pub(super) fn open(
        source: &Source,
        stream: u32,
        origin: Origin,
        grid: FrameGrid,
        cancel: &Cancel,
    ) -> Result<Self, EngineError> {
        let reader = Reader::open(source, stream, cancel)?;
        let samples = mux::sample_form(reader.parameters()?);
        Ok(Self { reader, samples, origin, grid })
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
            let time_base = self.reader.time_base();
            let at = to_pts(job.start, time_base, &self.origin, self.grid.timescale());
            // Half a frame of room: the file's own clock may be coarser than the grid.
            let frame = to_pts(job.start + self.frame_ticks(), time_base, &self.origin, self.grid.timescale()) - at;
            self.reader.seek_key(at + frame / 2, cancel)?;
        }
        let pictures = self.collect(job, cancel)?;
        write(job, pictures, i64::from(self.grid.timescale()) / 2, output)
    }

    fn frame_ticks(&self) -> i64 {
        match self.grid {
            FrameGrid::Constant { frame_ticks, .. } => i64::from(frame_ticks),
            FrameGrid::Variable { .. } => 0,
        }
    }

    /// All pictures of the segment in decoding order; stops at the keyframe of the next one.
    fn collect(&mut self, job: &SegmentJob, cancel: &Cancel) -> Result<Vec<Picture>, EngineError> {
        let time_base = self.reader.time_base();
        let mut pictures: Vec<Picture> = Vec::new();
        let mut bytes = 0;
        while let Some(packet) = self.reader.next(cancel)? {
            let Some(time) = packet.pts().or(packet.dts()) else { continue };
            let tick = on_grid(time, time_base, &self.origin, self.grid);
            if tick >= job.end && packet.is_key() {
                self.reader.unread(packet);
                break;
            }
            if tick < job.start || tick >= job.end || (pictures.is_empty() && !packet.is_key()) {
                continue;
            }
            bytes += packet.data().len();
            if bytes > SEGMENT_BYTES_MAX {
                return Err(EngineError::Unsupported("a picture group is too large to be copied".to_owned()));
            }
            if !self.samples.is_sound(packet.data()) {
                continue;
            }
            pictures.push(Picture { tick, key: packet.is_key(), data: self.samples.convert(packet.data()) });
        }
        if pictures.is_empty() {
            return Err(EngineError::NoPicture);
        }
        Ok(pictures)
    }
}

/// Decoding times are the sorted presentation times: the segment starts at its own start and its durations add up to
/// its length. Pictures shown before they are due get negative offsets.
fn write(job: &SegmentJob, pictures: Vec<Picture>, target: i64, output: &mut Output) -> Result<(), EngineError> {
    let mut times: Vec<i64> = pictures.iter().map(|picture| picture.tick).collect();
    times.sort_unstable();
    times[0] = job.start;
    times.push(job.end);
    let mut fragments = Fragmenter::new(job.index, job.start, target);
    for (n, picture) in pictures.into_iter().enumerate() {
        let narrow = |_| EngineError::Damaged("a picture lasts too long".to_owned());
        let duration = u32::try_from(times[n + 1] - times[n]).map_err(narrow)?;
        let offset = i32::try_from(picture.tick - times[n]).map_err(narrow)?;
        output.stats.samples += 1;
        output.fragment(fragments.push(Sample { duration, offset, key: picture.key, data: picture.data }));
    }
    output.fragment(fragments.finish());
    Ok(())
}
