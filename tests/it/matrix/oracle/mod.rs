//! What holds for every film, whatever it is: see [`check`].
mod playlists;
mod purity;
mod segments;
mod senses;

use std::sync::Arc;
use std::time::Duration;

use watchparty::media::{ClientCaps, Decision, Mode, Presentation, RenditionId, decide, playlist};

use crate::matrix::oracle::segments::Made;
use crate::matrix::recipe::{FRAME_S, FRAMES, Film};
use crate::media::harness::Rig;

/// Nothing may take longer than a viewer would wait; these machines run many tests at once.
const HANG: Duration = Duration::from_secs(30);
/// Sound tracks of a film that are looked at.
const SOUNDS_MAX: usize = 3;
/// A client that plays all there is.
const EVERYTHING: &str = "v=av1,h264,hevc,hevc10,vp8,vp9&a=aac,ac3,eac3,flac,mp3,opus,vorbis&c=mp4";
/// The rung that films are converted to here.
const RUNG: u32 = 360;

/// A beep may be off by a frame of sound.
pub(super) const BEEP_TOLERANCE_S: f64 = 1024.0 / 44_100.0;

/// Whether the picture may be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copy {
    Offered,
    Refused,
    /// Either is right, as long as what is offered is whole.
    Any,
}

/// What is to be seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Seen {
    /// Frame `first` of the base film at content zero, and each other at its time.
    Counting { first: u32, tolerance_s: f64 },
    /// The same with frames left out: the one before stays on.
    Holding { tolerance_s: f64 },
    /// The base film twice.
    Twice { tolerance_s: f64 },
    /// Pictures, not to be told apart.
    Pictures,
    /// No picture at all.
    Nothing,
}

/// What is to be heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Heard {
    /// The beeps of the base film, each this late, from content zero until `to` seconds, and silence elsewhere.
    Beeps { to: f64, late_s: f64, tolerance_s: f64 },
    /// Sound that no beep is expected in.
    Sounds,
    /// No sound track.
    Nothing,
}

impl Heard {
    /// Beeps to the end, to a frame of sound.
    pub(super) fn late(late_s: f64) -> Self {
        Self::Beeps { to: f64::MAX, late_s, tolerance_s: BEEP_TOLERANCE_S }
    }
}

/// What is expected of one film.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expect {
    pub(super) seconds: f64,
    pub(super) slack_s: f64,
    /// For a browser that plays H.264, AAC and MP3 in MP4 and nothing else.
    pub(super) mode: Option<Mode>,
    pub(super) copy: Copy,
    pub(super) seen: Seen,
    pub(super) heard: Heard,
    /// What is damaged in the file may be seen as damaged.
    pub(super) damaged: bool,
    /// Upright, square pixels.
    pub(super) size: (u32, u32),
}

impl Expect {
    /// The base film, whole, in a form that can be copied.
    pub(super) fn base() -> Self {
        Self {
            seconds: f64::from(FRAMES) * FRAME_S,
            slack_s: FRAME_S * 1.01,
            mode: None,
            copy: Copy::Offered,
            seen: Seen::Counting { first: 0, tolerance_s: FRAME_S * 0.55 },
            heard: Heard::late(0.0),
            damaged: false,
            size: (320, 180),
        }
    }

    /// The base film in a form that no browser plays.
    pub(super) fn converted() -> Self {
        Self { mode: Some(Mode::Transcode), copy: Copy::Any, ..Self::base() }
    }
}

/// A film that was found to be as expected, for more questions.
pub(super) struct Checked {
    pub(super) rig: Rig,
    pub(super) film: Arc<Presentation>,
    pub(super) decision: Decision,
    pub(super) master: String,
}

/// Waits for an answer that must come in time.
pub(super) async fn in_time<T>(what: &str, answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, answer).await.unwrap_or_else(|_| panic!("{what}: no answer within {HANG:?}"))
}

/// Opens a film and looks at all it offers: playlists by the rules, every segment where the plan has it to the tick,
/// a start at a keyframe, decodable alone, the same bytes in any order, the right pictures and beeps at their times.
pub(super) async fn check(film: &Film, expect: &Expect) -> Checked {
    let checked = open(film).await;
    let plan = &checked.film;
    let name = &film.name;
    let seconds = plan.duration_ms as f64 / 1000.0;
    assert!((seconds - expect.seconds).abs() <= expect.slack_s + 0.001, "{name}: {seconds} s, not {}", expect.seconds);
    assert_eq!(plan.video.is_some(), expect.seen != Seen::Nothing, "{name}: has a picture");
    assert_eq!(plan.audio.is_empty(), expect.heard == Heard::Nothing, "{name}: has no sound");
    if let Some(mode) = expect.mode {
        assert_eq!(checked.decision.mode, mode, "{name}: {}", checked.decision.reason);
    }
    let best = decide(plan, &ClientCaps::from_query(EVERYTHING), &[RUNG]).unwrap();
    if let Some(video) = &plan.video {
        assert_eq!(video.size, expect.size, "{name}: size");
        let copied = best.renditions.contains(&RenditionId::VideoCopy);
        assert!(expect.copy == Copy::Any || copied == (expect.copy == Copy::Offered), "{name}: {}", best.reason);
    }
    playlists::check_master(name, &checked.master, plan, &checked.decision);
    for id in renditions(plan, &best) {
        let made = Made::fetch(&checked.rig, plan, name, id).await;
        made.check();
        playlists::check_rate(&made, &checked.master);
        purity::check(&made);
        if matches!(id, RenditionId::VideoCopy | RenditionId::Video(_)) {
            senses::see(&made, expect);
        } else {
            senses::hear(&made, expect);
        }
    }
    checked
}

/// Opens a film for a plain browser, without looking at it.
pub(super) async fn open(film: &Film) -> Checked {
    let rig = Rig::start();
    let source = in_time(&film.name, rig.source(film.path.clone())).await;
    let first =
        in_time(&film.name, rig.media.presentation(&source)).await.unwrap_or_else(|error| panic!("{film}: {error}"));
    let plan = in_time(&film.name, rig.media.whole_presentation(&source)).await;
    let plan = plan.unwrap_or_else(|error| panic!("{film}: {error}"));
    // Those who came first and those who came after the file was read through are on one timeline.
    let timeline = |film: &Presentation| film.video.as_ref().map(|video| (video.grid, video.cuts.clone()));
    assert_eq!((first.origin, timeline(&first)), (plan.origin, timeline(&plan)), "{film}: the timeline moved");
    let decision = decide(&plan, &ClientCaps::default(), &[RUNG]).unwrap();
    let master = playlist::master(&plan, &decision);
    Checked { rig, film: plan, decision, master }
}

/// The copy if anybody gets one, one conversion, and the first sound tracks.
fn renditions(film: &Presentation, best: &Decision) -> Vec<RenditionId> {
    let copy = best.renditions.iter().copied().filter(|id| *id == RenditionId::VideoCopy);
    let conversion = film.video.as_ref().map(|_| RenditionId::Video(RUNG));
    let sounds = 0..film.audio.len().min(SOUNDS_MAX) as u32;
    let copied = best.renditions.iter().copied().filter(|id| matches!(id, RenditionId::AudioCopy(_))).take(SOUNDS_MAX);
    copy.chain(conversion).chain(sounds.map(RenditionId::Audio)).chain(copied).collect()
}
