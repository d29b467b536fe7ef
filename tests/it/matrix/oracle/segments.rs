//! Segments against the plan, by their boxes.
use std::sync::Arc;

use watchparty::media::track::{Preset, SegmentJob, TrackSpec};
use watchparty::media::{Presentation, RenditionId};

use crate::matrix::oracle::{in_time, playlists};
use crate::media::harness::Rig;
use crate::support::boxes;

/// A whole rendition.
pub(super) struct Made<'a> {
    pub(super) film: &'a Arc<Presentation>,
    pub(super) label: String,
    pub(super) id: RenditionId,
    pub(super) spec: TrackSpec,
    pub(super) timescale: u32,
    pub(super) jobs: Vec<SegmentJob>,
    pub(super) init: Vec<u8>,
    pub(super) segments: Vec<Vec<u8>>,
}

impl<'a> Made<'a> {
    pub(super) async fn fetch(rig: &Rig, film: &'a Arc<Presentation>, name: &str, id: RenditionId) -> Made<'a> {
        let label = format!("{name} {id}");
        let track = film.track(id, Preset::Ultrafast).unwrap_or_else(|| panic!("{label} is not there"));
        let jobs: Vec<SegmentJob> = (0..track.segments()).map(|n| track.job(n).unwrap()).collect();
        playlists::check_rendition(&label, film, id, &jobs, track.timescale);
        let init = in_time(&label, rig.media.init(film, &id)).await;
        let init = init.unwrap_or_else(|error| panic!("{label} init: {error}")).to_vec();
        let mut segments = Vec::new();
        for job in &jobs {
            let bytes = in_time(&format!("{label} {job:?}"), rig.fetch(film, id, job.index)).await;
            segments.push(bytes.unwrap_or_else(|error| panic!("{label} {job:?}: {error}")).to_vec());
        }
        Self { film, label, id, spec: track.spec.clone(), timescale: track.timescale, jobs, init, segments }
    }

    pub(super) fn seconds(&self, ticks: i64) -> f64 {
        ticks as f64 / f64::from(self.timescale)
    }

    /// Times on the axis, and what a segment starts with.
    pub(super) fn check(&self) {
        assert_eq!(boxes::timescale(&self.init), self.timescale, "{}", self.label);
        assert!(boxes::find(&self.init, &["moov", "trak", "edts"]).is_none(), "{}: an edit list", self.label);
        for (job, segment) in self.jobs.iter().zip(&self.segments) {
            let fragments = boxes::fragments(segment);
            let mut at = job.start;
            for fragment in &fragments {
                assert_eq!(fragment.tfdt as i64, at, "{} {job:?}: a fragment does not join", self.label);
                at += fragment.duration();
            }
            assert_eq!(at, job.end, "{} {job:?}: does not end where the next one starts", self.label);
            assert!(fragments[0].samples[0].sync, "{} {job:?}: does not start afresh", self.label);
            let outside = Self::shown(segment, job).into_iter().find(|shown| !(job.start..job.end).contains(shown));
            assert_eq!(outside, None, "{} {job:?}: shown outside of its segment", self.label);
            self.check_entry(job, boxes::first_sample(segment));
        }
        assert!(self.jobs.windows(2).all(|pair| pair[0].end == pair[1].start), "{}", self.label);
    }

    /// When the samples of a segment are shown, in order.
    pub(super) fn shown(segment: &[u8], job: &SegmentJob) -> Vec<i64> {
        let mut time = job.start;
        let mut shown = Vec::new();
        for sample in boxes::fragments(segment).iter().flat_map(|fragment| &fragment.samples) {
            shown.push(time + i64::from(sample.offset));
            time += i64::from(sample.duration);
        }
        shown.sort_unstable();
        shown
    }

    /// The first picture needs nothing from before it.
    fn check_entry(&self, job: &SegmentJob, sample: &[u8]) {
        let fresh: fn(u8) -> bool = match boxes::sample_entry(&self.init).as_str() {
            // IDR only: what a recovery point leads to is not whole.
            "avc1" | "avc3" => |header| header & 0x1f == 5,
            // IDR, and what comes after a BLA or CRA once its leading pictures are not there.
            "hvc1" | "hev1" => |header| (16..=21).contains(&(header >> 1 & 0x3f)),
            _ => return,
        };
        let mut at = 0;
        let mut kinds = Vec::new();
        while at + 4 < sample.len() {
            let length = u32::from_be_bytes(sample[at..at + 4].try_into().unwrap()) as usize;
            kinds.push(sample[at + 4]);
            at += 4 + length;
        }
        assert_eq!(at, sample.len(), "{} {job:?}: parts of a picture that do not add up", self.label);
        assert!(kinds.iter().any(|header| fresh(*header)), "{} {job:?}: starts with {kinds:02x?}", self.label);
    }
}
