//! What a client gets: the file as it is, a new container around the same picture, or a converted picture. Pure.
//!
//! Decided from codecs, never from whether a browser says that it plays: some play a film without its sound.
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::media::caps::ClientCaps;
use crate::media::info::{AudioInfo, DOLBY_VISION_ALONE, MediaInfo, Source, StreamInfo, VideoInfo};
use crate::media::ladder;
use crate::media::plan::{CopyRefusal, Presentation};
use crate::media::rendition::RenditionId;
use crate::media::sound_choice::sound_renditions;
use crate::media::ticks;
use crate::media::track::FrameGrid;

/// How a film reaches a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The file as it is.
    Direct,
    /// The same picture in a new container; sound may be converted.
    Remux,
    /// The picture is converted.
    Transcode,
}

/// What a client gets, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// How the film reaches the client at best.
    pub mode: Mode,
    /// One sentence for people.
    pub reason: String,
    /// The file can be played as it is; the renditions are the way out when that fails after all.
    pub direct: bool,
    /// What the master playlist offers: video first, then sound.
    pub renditions: Vec<RenditionId>,
}

impl Decision {
    /// The same with hardware making the pictures.
    #[must_use]
    pub fn in_hardware(mut self) -> Self {
        for id in &mut self.renditions {
            if let RenditionId::Video(rung) = *id {
                *id = RenditionId::Hardware(rung);
            }
        }
        self
    }

    /// What a player begins with: the first picture, and the sound that plays when nobody chooses.
    pub fn start(&self, film: &Presentation) -> Vec<RenditionId> {
        let info = &*film.source.info;
        let chosen = default_audio(info).map(|(stream, _)| stream.index);
        let nth = info.audio().position(|(stream, _)| Some(stream.index) == chosen).unwrap_or(0) as u32;
        let picture = self.renditions.iter().find(|id| !id.is_sound());
        let sound = self.renditions.iter().find(|id| id.sound_stream() == Some(nth));
        picture.into_iter().chain(sound).copied().collect()
    }
}

/// Why a file cannot be played, in one plain sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unplayable(pub String);

/// Whether a file can be played at all, from the probe alone.
pub fn playable(info: &MediaInfo) -> Result<(), Unplayable> {
    let no = |why: &str| Err(Unplayable(why.to_owned()));
    let video = info.video();
    if video.is_none() && info.audio().next().is_none() {
        return no("There is no picture and no sound in this file.");
    }
    if info.duration_ms <= 0 {
        return no("This file does not say how long it is.");
    }
    match video {
        Some((stream, _)) if stream.codec == UNKNOWN => no("The picture is in a format that cannot be decoded."),
        Some((_, video)) if video.width == 0 || video.height == 0 => no("The picture of this file has no size."),
        None if info.audio().all(|(stream, _)| stream.codec == UNKNOWN) => {
            no("The sound is in a format that cannot be decoded.")
        }
        _ => Ok(()),
    }
}

const UNKNOWN: &str = "unknown";

/// Decides for one client. `rungs` are the sizes this machine offers for this film, best first. Who gets the film's own
/// picture gets smaller ones beside it, on the same timeline; nothing is made before somebody takes it.
pub fn decide(film: &Presentation, caps: &ClientCaps, rungs: &[u32]) -> Result<Decision, Unplayable> {
    let info = &*film.source.info;
    playable(info)?;
    let sound = sound_renditions(film, caps).into_iter();
    let direct = direct_obstacle(film, caps);
    let (Some((stream, video)), Some(plan)) = (info.video(), film.video.as_ref()) else {
        let (mode, reason) = match &direct {
            None => (Mode::Direct, DIRECT.to_owned()),
            Some(obstacle) => (Mode::Remux, format!("Remuxed: {obstacle}")),
        };
        return Ok(Decision { mode, reason, direct: direct.is_none(), renditions: sound.collect() });
    };
    let conversion = conversion_cause(stream, video, caps, plan.copy.as_ref().err().copied());
    let mut pictures: Vec<RenditionId> = Vec::new();
    if conversion.is_none() {
        pictures.push(RenditionId::VideoCopy);
    }
    let offered = ladder::offered(plan.size, rungs).into_iter();
    // Beside the film's own picture only what is less: for weak viewers and links.
    let less = |rung: &u32| conversion.is_some() || ladder::is_less(plan.size, *rung, info.bit_rate);
    pictures.extend(offered.filter(less).map(RenditionId::Video));
    let (mode, reason) = match (&direct, conversion) {
        (None, _) => (Mode::Direct, DIRECT.to_owned()),
        (Some(obstacle), None) => (Mode::Remux, format!("Remuxed: {obstacle}")),
        (Some(_), Some(cause)) => (Mode::Transcode, cause),
    };
    Ok(Decision { mode, reason, direct: direct.is_none(), renditions: pictures.into_iter().chain(sound).collect() })
}

/// How far from zero a film without a constant frame rate may start to be played as it is.
const START_TOLERANCE_US: i64 = 20_000;

const DIRECT: &str = "Direct: plays as it is";

/// What keeps a client from playing the file as it is, in words.
fn direct_obstacle(film: &Presentation, caps: &ClientCaps) -> Option<String> {
    let info = &*film.source.info;
    let sound = default_audio(info);
    if let Some((stream, _)) = sound
        && !caps.audio.contains(&stream.codec)
    {
        return Some(format!("{} sound converted", sound_name(&stream.codec)));
    }
    let container = Container::of(&film.source);
    if !container.plays_in(caps) {
        return Some(format!("{} container", container_name(info)));
    }
    let Some((stream, video)) = info.video() else {
        return (!container.holds_sound(sound)).then(|| format!("{} container", container_name(info)));
    };
    // Browsers play the first picture and the first sound; a file where the film's own are others needs choosing.
    let first = info.streams.iter().find(|other| other.video.is_some() && !other.attached_picture);
    let first_is_film = first.is_some_and(|first| first.index == stream.index);
    if !first_is_film {
        return Some("the film is not the first picture in its file".to_owned());
    }
    if !starts_at_zero(film) {
        return Some("starts late".to_owned());
    }
    if !(container.holds_video(stream) && container.holds_sound(sound)) {
        return Some(format!("{} container", container_name(info)));
    }
    picture_cause(stream, video, caps)
}

/// Browsers count from the file's own zero, the presentation from the first picture: both must be the same, or those
/// who play the file would be somewhere else than those who play segments.
fn starts_at_zero(film: &Presentation) -> bool {
    let half_frame_us = match film.video.as_ref().map(|video| video.grid) {
        Some(FrameGrid::Constant { timescale, frame_ticks }) => ticks::to_micros(i64::from(frame_ticks), timescale) / 2,
        _ => START_TOLERANCE_US,
    };
    let (num, den) = film.origin.time_base;
    let start_us = i128::from(film.origin.pts) * i128::from(num) * 1_000_000 / i128::from(den.max(1));
    start_us.unsigned_abs() < u128::from(half_frame_us.unsigned_abs())
}

/// The track that plays when nobody chooses: the file's choice, else the first.
pub fn default_audio(info: &MediaInfo) -> Option<(&StreamInfo, &AudioInfo)> {
    info.audio().find(|(stream, _)| stream.default).or_else(|| info.audio().next())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Mp4,
    WebM,
    Mp3,
    Flac,
    Ogg,
    Other,
}

impl Container {
    fn of(source: &Source) -> Self {
        match source.info.container.split(',').next().unwrap_or_default() {
            "mov" | "mp4" => Self::Mp4,
            // The demuxer is the same for MKV, which browsers play badly or without sound; the name tells.
            "matroska" if source.path.extension().is_some_and(|name| name.eq_ignore_ascii_case("webm")) => Self::WebM,
            "mp3" => Self::Mp3,
            "flac" => Self::Flac,
            "ogg" => Self::Ogg,
            _ => Self::Other,
        }
    }

    fn plays_in(self, caps: &ClientCaps) -> bool {
        let name = match self {
            Self::Mp4 => "mp4",
            Self::WebM => "webm",
            Self::Mp3 => "mp3",
            Self::Flac => "flac",
            Self::Ogg => "ogg",
            Self::Other => return false,
        };
        caps.containers.contains(name)
    }

    fn holds_video(self, stream: &StreamInfo) -> bool {
        match self {
            Self::Mp4 => stream.codec == "h264",
            Self::WebM => matches!(stream.codec.as_str(), "vp8" | "vp9" | "av1"),
            _ => false,
        }
    }

    fn holds_sound(self, sound: Option<(&StreamInfo, &AudioInfo)>) -> bool {
        let Some((stream, _)) = sound else { return true };
        matches!(
            (self, stream.codec.as_str()),
            (Self::Mp4, "aac" | "mp3")
                | (Self::WebM, "vorbis" | "opus")
                | (Self::Mp3, "mp3")
                | (Self::Flac, "flac")
                | (Self::Ogg, "vorbis" | "opus" | "flac")
        )
    }
}

fn container_name(info: &MediaInfo) -> String {
    match info.container.split(',').next().unwrap_or_default() {
        "matroska" => "MKV".to_owned(),
        "mov" | "mp4" => "MP4".to_owned(),
        "mpegts" => "MPEG-TS".to_owned(),
        "mpeg" => "MPEG-PS".to_owned(),
        "asf" => "Windows Media".to_owned(),
        other => other.to_uppercase(),
    }
}

/// Why the picture must be converted for HLS; `None` when it can be copied.
fn conversion_cause(
    stream: &StreamInfo,
    video: &VideoInfo,
    caps: &ClientCaps,
    refusal: Option<CopyRefusal>,
) -> Option<String> {
    if let Some(cause) = picture_cause(stream, video, caps) {
        return Some(cause);
    }
    let in_mp4 = match stream.codec.as_str() {
        "h264" | "hevc" => true,
        // Without its configuration nobody can be told what they get.
        "av1" | "vp9" => caps.mse && !video.codec_string.is_empty(),
        _ => false,
    };
    if !in_mp4 {
        return Some(format!("Converted from {}", video_name(stream, video)));
    }
    // Segments do not carry the turn to all players; the file as it is does.
    if video.rotation.rem_euclid(360) != 0 {
        return Some("Converted: rotated picture".to_owned());
    }
    let refusal = match refusal? {
        CopyRefusal::IndexIncomplete => "the file has no complete index",
        CopyRefusal::KeyframesTooRare => "keyframes are too far apart",
        CopyRefusal::SoundGoesOn => "the sound goes on long after the picture",
        CopyRefusal::StartsMidGroup => "the film does not begin with a keyframe",
        CopyRefusal::PictureChanges => "the picture changes its format on the way",
        CopyRefusal::OpenGop => "the film cannot be cut at its keyframes",
    };
    Some(format!("Converted: {refusal}"))
}

/// Why a client cannot show these pictures, in whatever container.
fn picture_cause(stream: &StreamInfo, video: &VideoInfo, caps: &ClientCaps) -> Option<String> {
    let name = video_name(stream, video);
    if video.interlaced {
        return Some(format!("Converted: interlaced {name}"));
    }
    let ten_bit_hevc = stream.codec == "hevc" && video.bit_depth == 10;
    let known = if ten_bit_hevc { caps.video.contains("hevc10") } else { caps.video.contains(&stream.codec) };
    let depth_max = if ten_bit_hevc || matches!(stream.codec.as_str(), "av1" | "vp9") { 10 } else { 8 };
    if video.dolby_vision == Some(DOLBY_VISION_ALONE) {
        return Some("Converted: Dolby Vision alone".to_owned());
    }
    if video.hdr && !caps.video.contains("hdr") {
        return Some("Converted: HDR to SDR".to_owned());
    }
    let shown = known && video.bit_depth <= depth_max && video.chroma == "4:2:0";
    (!shown).then(|| format!("Converted from {name}"))
}

fn video_name(stream: &StreamInfo, video: &VideoInfo) -> String {
    let mut name = match stream.codec.as_str() {
        "h264" => "H.264".to_owned(),
        "hevc" => "HEVC".to_owned(),
        "mpeg1video" => "MPEG-1".to_owned(),
        "mpeg2video" => "MPEG-2".to_owned(),
        "mpeg4" => "MPEG-4".to_owned(),
        "msmpeg4v1" | "msmpeg4v2" | "msmpeg4v3" => "MS MPEG-4".to_owned(),
        "prores" => "ProRes".to_owned(),
        "theora" => "Theora".to_owned(),
        other => other.to_uppercase(),
    };
    if video.bit_depth > 8 {
        name = format!("{name} {}-bit", video.bit_depth);
    }
    if matches!(video.chroma.as_str(), "4:2:2" | "4:4:4") && matches!(stream.codec.as_str(), "h264" | "hevc") {
        name = format!("{name} {}", video.chroma);
    }
    name
}

fn sound_name(codec: &str) -> String {
    match codec {
        "ac3" => "AC-3".to_owned(),
        "eac3" => "E-AC-3".to_owned(),
        "truehd" => "TrueHD".to_owned(),
        "vorbis" => "Vorbis".to_owned(),
        "opus" => "Opus".to_owned(),
        pcm if pcm.starts_with("pcm_") => "PCM".to_owned(),
        other => other.to_uppercase(),
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
