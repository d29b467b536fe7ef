//! Where a film is cut: exact boundaries for every track, from the probe and the keyframe index. Pure.
//!
//! All video renditions share one set of cuts: the copied video is cut at source keyframes, the converted video at
//! those and at points between them. Everything is integer arithmetic in the track's own ticks, so that what a
//! playlist promises is what a segment holds.
use std::ops::Range;

use crate::media::cuts::{Axis, audio_cuts, copy_cuts, refine};
use crate::media::error::clock;
use crate::media::info::{DOLBY_VISION_ALONE, Source, VideoInfo};
use crate::media::rendition::RenditionId;
use crate::media::sound::{SoundCopy, SoundRefusal, SoundSurvey};
use crate::media::track::{DURATION_MAX_MS, FrameGrid, Origin, Preset, SegmentJob, TrackSpec, VideoIndex};
use crate::media::{ladder, sound, ticks};

/// Raised when the same file would be cut differently; part of every cache key.
pub const PLAN_VERSION: u32 = 4;

/// How one file is presented: the tracks it can have and where they are cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Presentation {
    /// The file.
    pub source: Source,
    /// Length, in ms, rounded up.
    pub duration_ms: i64,
    /// Content zero.
    pub origin: Origin,
    /// Set when the film has a picture.
    pub video: Option<VideoPlan>,
    /// One per sound stream, in file order.
    pub audio: Vec<AudioPlan>,
    /// Nothing more is to be learned of the file; otherwise copied video may be added later, on the same timeline.
    pub settled: bool,
}

/// How the picture is cut.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoPlan {
    /// Stream index in the file.
    pub stream: u32,
    /// Time scale, and frame length if constant.
    pub grid: FrameGrid,
    /// Size for display: upright, square pixels.
    pub size: (u32, u32),
    /// Bits per second of its busiest stretch, with sound; 0 when unknown.
    pub peak_bit_rate: u64,
    /// Cuts of the copied video, or why it cannot be copied.
    pub copy: Result<Vec<i64>, CopyRefusal>,
    /// Cuts of the converted video; contains every cut of the copied one, unless the film could be watched before the
    /// keyframes were known.
    pub cuts: Vec<i64>,
}

/// How a sound stream is cut.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioPlan {
    /// Stream index in the file.
    pub stream: u32,
    /// Samples per second of the output; also the time scale.
    pub sample_rate: u32,
    /// Cuts, all multiples of an AAC frame.
    pub cuts: Vec<i64>,
    /// Cuts of the copied sound, or why it cannot be copied.
    pub copy: Result<SoundCopy, SoundRefusal>,
    /// Decibels by which the converted sound is made louder, once its loudness is known.
    pub gain_db: u32,
}

/// Why the video of a file cannot be cut without converting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyRefusal {
    /// The container does not say where all keyframes are.
    IndexIncomplete,
    /// Keyframes are too far apart.
    KeyframesTooRare,
    /// Sound goes on for so long behind the last picture that it must be shown again.
    SoundGoesOn,
    /// The film does not begin with a keyframe.
    StartsMidGroup,
    /// Size or coding of the picture change on the way.
    PictureChanges,
    /// Pictures after a keyframe need pictures from before it.
    OpenGop,
}

/// One track of a presentation, ready to be made: what the engine is told, and the cuts.
#[derive(Clone, Debug, PartialEq)]
pub struct Track<'a> {
    /// What the engine is told.
    pub spec: TrackSpec,
    /// Boundaries in ticks: segment `n` is `cuts[n]..cuts[n + 1]`.
    pub cuts: &'a [i64],
    /// Ticks per second.
    pub timescale: u32,
}

/// Plans a file. `index` may be absent for a file without video.
pub fn plan(source: &Source, index: Option<&VideoIndex>) -> Presentation {
    let info = &*source.info;
    let origin = index.map_or(Origin { pts: 0, time_base: (1, 1000) }, |index| Origin {
        pts: index.start_pts,
        time_base: index.time_base,
    });
    let video = match (info.video(), index) {
        (Some((stream, video)), Some(index)) => Some(plan_video(stream.index, video, info.duration_ms, index)),
        _ => None,
    };
    let duration_ms = match &video {
        Some(video) => ticks::rescale_up(video.end(), video.grid.timescale(), 1000),
        None => index.and_then(VideoIndex::span_ms).unwrap_or_else(|| sane_duration_ms(info.duration_ms)),
    };
    let end = |timescale: u32| match &video {
        Some(video) => ticks::rescale_up(video.end(), video.grid.timescale(), timescale),
        None => ticks::rescale_up(duration_ms, 1000, timescale),
    };
    let audio = info
        .audio()
        .map(|(stream, audio)| {
            let sample_rate = if matches!(audio.sample_rate, 44_100 | 48_000) { audio.sample_rate } else { 48_000 };
            let cuts = audio_cuts(end(sample_rate), sample_rate);
            AudioPlan { stream: stream.index, sample_rate, cuts, copy: Err(SoundRefusal::Codec), gain_db: 0 }
        })
        .collect();
    // Whoever reads the file for this presentation must find its places as the plan does.
    let source = source.with_map(index.and_then(|index| index.map.as_ref()));
    let settled = index.is_none_or(|index| index.complete);
    Presentation { source, duration_ms, origin, video, audio, settled }
}

fn plan_video(stream: u32, video: &VideoInfo, duration_ms: i64, index: &VideoIndex) -> VideoPlan {
    let axis = Axis::new(index);
    let mut end = axis.ticks(index.held_until.max(index.end_pts));
    let limit = ticks::from_ms(DURATION_MAX_MS, axis.grid.timescale());
    if end <= 0 || end > limit {
        end = axis.snap(ticks::from_ms(sane_duration_ms(duration_ms), axis.grid.timescale()));
    }
    let end = end.max(axis.frame());
    let copy = copy_cuts(index, &axis, end);
    let cuts = refine(copy.as_deref().ok().filter(|_| !index.even).unwrap_or(&[0, end]), &axis);
    VideoPlan { stream, grid: axis.grid, size: display_size(video), peak_bit_rate: index.peak_bit_rate, copy, cuts }
}

fn sane_duration_ms(duration_ms: i64) -> i64 {
    duration_ms.clamp(1, DURATION_MAX_MS)
}

/// Size for display: turned upright, pixels made square by widening.
pub(crate) fn display_size(video: &VideoInfo) -> (u32, u32) {
    let (num, den) = (u64::from(video.sar_num.max(1)), u64::from(video.sar_den.max(1)));
    let width = u32::try_from((u64::from(video.width) * num + den / 2) / den).unwrap_or(video.width).max(1);
    let height = video.height.max(1);
    if video.rotation.rem_euclid(180) == 90 { (height, width) } else { (width, height) }
}

impl VideoPlan {
    /// Tick after the last frame.
    pub fn end(&self) -> i64 {
        self.cuts.last().copied().unwrap_or(0)
    }
}

impl Presentation {
    /// Adds what was seen of the sound streams, in file order: those that lie on a grid can be copied.
    #[must_use]
    pub fn with_sound(mut self, surveys: &[Result<SoundSurvey, SoundRefusal>]) -> Self {
        let end = match &self.video {
            Some(video) => (video.end(), video.grid.timescale()),
            None => (self.duration_ms, 1000),
        };
        for (audio, survey) in self.audio.iter_mut().zip(surveys) {
            audio.copy = survey.as_ref().map_err(|refusal| *refusal).and_then(|survey| sound::cut(survey, end));
        }
        self
    }

    /// The track behind a rendition, or nothing when this film does not have it.
    pub fn track(&self, id: RenditionId, preset: Preset) -> Option<Track<'_>> {
        match id {
            RenditionId::VideoCopy => {
                let video = self.video.as_ref()?;
                let spec = TrackSpec::VideoCopy { stream: video.stream, origin: self.origin, grid: video.grid };
                Some(Track { spec, cuts: video.copy.as_deref().ok()?, timescale: video.grid.timescale() })
            }
            RenditionId::Video(rung) | RenditionId::Hardware(rung) => {
                let video = self.video.as_ref()?;
                let (width, height) = ladder::fit(video.size, rung)?;
                let spec = TrackSpec::VideoH264 {
                    stream: video.stream,
                    origin: self.origin,
                    grid: video.grid,
                    width,
                    height,
                    preset,
                    max_bit_rate: ladder::max_bit_rate(rung, self.source.info.bit_rate),
                    in_band: matches!(id, RenditionId::Hardware(_)),
                };
                Some(Track { spec, cuts: &video.cuts, timescale: video.grid.timescale() })
            }
            RenditionId::Audio(nth) => self.converted_sound(nth, 0),
            RenditionId::AudioLoud { nth, gain_db } => self.converted_sound(nth, gain_db),
            RenditionId::AudioCopy(nth) => {
                let audio = self.audio.get(nth as usize)?;
                let SoundCopy { grid, cuts } = audio.copy.as_ref().ok()?;
                let spec = TrackSpec::AudioCopy { stream: audio.stream, origin: self.origin, grid: *grid };
                Some(Track { spec, cuts, timescale: grid.sample_rate })
            }
        }
    }

    /// What a viewer should know beforehand, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let info = &self.source.info;
        let cut =
            info.cut_off.then(|| format!("The end of this film is missing; it plays to {}.", clock(self.duration_ms)));
        let colours = info
            .video()
            .filter(|(_, video)| video.dolby_vision == Some(DOLBY_VISION_ALONE))
            .map(|_| "This film is made for Dolby Vision screens alone; its colours are wrong on others.".to_owned());
        cut.into_iter().chain(colours).collect()
    }

    fn converted_sound(&self, nth: u32, gain_db: u32) -> Option<Track<'_>> {
        let audio = self.audio.get(nth as usize)?;
        let (stream, sample_rate) = (audio.stream, audio.sample_rate);
        let spec = TrackSpec::AudioAac { stream, origin: self.origin, sample_rate, gain_db };
        Some(Track { spec, cuts: &audio.cuts, timescale: sample_rate })
    }

    /// Whether there is such a segment; cheap, nothing is made.
    pub fn has_segment(&self, id: RenditionId, index: u32) -> bool {
        self.track(id, Preset::Ultrafast).is_some_and(|track| track.job(index).is_some())
    }
}

impl Track<'_> {
    /// Number of segments.
    pub fn segments(&self) -> u32 {
        u32::try_from(self.cuts.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Segment `index`, if there is one.
    pub fn job(&self, index: u32) -> Option<SegmentJob> {
        let at = index as usize;
        Some(SegmentJob { index, start: *self.cuts.get(at)?, end: *self.cuts.get(at + 1)? })
    }

    /// The segments that hold any of `from_ms..to_ms`.
    pub fn covering(&self, from_ms: i64, to_ms: i64) -> Range<u32> {
        let (from, to) = (ticks::from_ms(from_ms.max(0), self.timescale), ticks::from_ms(to_ms.max(0), self.timescale));
        let first = self.cuts.partition_point(|&cut| cut <= from).saturating_sub(1) as u32;
        let last = self.cuts.partition_point(|&cut| cut < to) as u32;
        first.min(self.segments())..last.min(self.segments())
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
