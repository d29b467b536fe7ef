//! HLS playlists (RFC 8216) of a presentation. Pure: text from integers, complete before any segment exists.
//!
//! All addresses are relative; whoever serves them decides what stands in front.
use std::fmt::Write as _;

use crate::media::decide::{Decision, default_audio};
use crate::media::engine::encoded_codec_string;
use crate::media::info::{StreamInfo, VideoInfo};
use crate::media::ladder;
use crate::media::plan::Presentation;
use crate::media::rendition::RenditionId;
use crate::media::sound_choice;
use crate::media::ticks;
use crate::media::track::{FrameGrid, Preset};

/// The first version with an init segment (`EXT-X-MAP`) outside I-frame playlists.
const VERSION: u32 = 7;
/// Peaks of a copied video over the average of its file, where the index does not tell how large its parts are.
const PEAK_OVER_AVERAGE: u64 = 2;
/// Boxes of a fragment and of its samples.
const BOXES_BIT_RATE: u64 = 20_000;
/// Assumed when a file does not say its rate.
const BIT_RATE_UNKNOWN: u64 = 8_000_000;
const AUDIO_GROUP: &str = "sound";

/// The master playlist: every video rendition of the decision with the one group of sound tracks.
pub fn master(film: &Presentation, decision: &Decision) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    let (sound, picture): (Vec<_>, Vec<_>) = decision.renditions.iter().partition(|id| id.is_sound());
    // A lone sound track of a film without picture is the variant itself and needs no group.
    let grouped = !sound.is_empty() && (!picture.is_empty() || sound.len() > 1);
    if grouped {
        audio_group(&mut text, film, &sound);
    }
    for id in picture.iter().chain(sound.first().filter(|_| picture.is_empty())) {
        variant(&mut text, film, **id, &sound, grouped);
    }
    text
}

fn audio_group(text: &mut String, film: &Presentation, sound: &[&RenditionId]) {
    let chosen = default_audio(&film.source.info).map(|(stream, _)| stream.index);
    let mut names: Vec<String> = Vec::new();
    for id in sound {
        let Some(nth) = id.sound_stream() else { continue };
        let Some((stream, audio)) = film.source.info.audio().nth(nth as usize) else { continue };
        let channels = sound_choice::channels(**id, audio);
        let name = unique(track_name(stream, nth), &names);
        let language = stream.language.as_deref().and_then(language_tag);
        let language = language.map(|tag| format!(",LANGUAGE=\"{tag}\"")).unwrap_or_default();
        let default = if chosen == Some(stream.index) { "YES" } else { "NO" };
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{AUDIO_GROUP}\"{language},NAME=\"{name}\",DEFAULT={default},\
             AUTOSELECT=YES,CHANNELS=\"{channels}\",URI=\"{id}/index.m3u8\""
        );
        names.push(name);
    }
}

fn variant(text: &mut String, film: &Presentation, id: RenditionId, sound: &[&RenditionId], grouped: bool) {
    let source = if film.source.info.bit_rate == 0 { BIT_RATE_UNKNOWN } else { film.source.info.bit_rate };
    let sound_codecs = sound_choice::codecs(film, sound);
    let mut sound_rate = sound_choice::bit_rate(film, sound);
    let converted: Vec<_> = sound.iter().copied().filter(|id| !matches!(id, RenditionId::AudioCopy(_))).collect();
    let stream = film.source.info.video();
    let (rate, codec, size) = match (id, &film.video, stream) {
        (RenditionId::VideoCopy, Some(plan), Some((stream, video))) => {
            // The stretches of the file that were looked at have its sound in them.
            if plan.peak_bit_rate > 0 {
                sound_rate = sound_choice::bit_rate(film, &converted);
            }
            (copied_peak(plan.peak_bit_rate, source), copied_codec(stream, video), Some(plan.size))
        }
        (RenditionId::Video(rung) | RenditionId::Hardware(rung), Some(plan), _) => (
            u64::from(ladder::max_bit_rate(rung, film.source.info.bit_rate)),
            film.track(id, Preset::Ultrafast).and_then(|track| encoded_codec_string(&track.spec)),
            ladder::fit(plan.size, rung),
        ),
        _ => (0, None, None),
    };
    let known = size.is_none() || codec.is_some();
    let codecs: Vec<_> = codec.into_iter().chain(sound_codecs).collect();
    let _ = write!(text, "#EXT-X-STREAM-INF:BANDWIDTH={}", rate + sound_rate);
    // An unknown codec of copied video must not be left out of a list that names the others.
    if !codecs.is_empty() && known {
        let _ = write!(text, ",CODECS=\"{}\"", codecs.join(","));
    }
    if let (Some((width, height)), Some(plan)) = (size, &film.video) {
        let _ = write!(text, ",RESOLUTION={width}x{height}");
        if let FrameGrid::Constant { timescale, frame_ticks } = plan.grid {
            let milli = ticks::div_round(i128::from(timescale) * 1000, frame_ticks.into());
            let _ = write!(text, ",FRAME-RATE={}.{:03}", milli / 1000, milli % 1000);
        }
    }
    if let Some((_, video)) = stream.filter(|(_, video)| video.hdr && id == RenditionId::VideoCopy) {
        let _ = write!(text, ",VIDEO-RANGE={}", if video.hlg { "HLG" } else { "PQ" });
    }
    if grouped {
        let _ = write!(text, ",AUDIO=\"{AUDIO_GROUP}\"");
    }
    let _ = writeln!(text, "\n{id}/index.m3u8");
}

/// What a copied segment takes at most, with the boxes around it.
fn copied_peak(peak: u64, average: u64) -> u64 {
    if peak == 0 { average.saturating_mul(PEAK_OVER_AVERAGE) } else { peak.saturating_add(peak / 50 + BOXES_BIT_RATE) }
}

/// The playlist of one rendition, or nothing when this film does not have it.
pub fn rendition(film: &Presentation, id: &RenditionId) -> Option<String> {
    // Speed presets do not move cuts, so any will do here.
    let track = film.track(*id, Preset::Ultrafast)?;
    let micros = |cut: &i64| ticks::to_micros(*cut, track.timescale);
    // From rounded boundaries, so that the sum of all is the rounded end, however many segments there are.
    let lengths = track.cuts.windows(2).map(|pair| micros(&pair[1]) - micros(&pair[0]));
    let target = lengths.clone().max().unwrap_or(0).unsigned_abs().div_ceil(1_000_000).max(1);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n"
    );
    for (n, length) in lengths.enumerate() {
        let _ = writeln!(text, "#EXTINF:{}.{:06},\n{n}.m4s", length / 1_000_000, length % 1_000_000);
    }
    text.push_str("#EXT-X-ENDLIST\n");
    Some(text)
}

/// The codec of a sound rendition.
pub(crate) fn sound_codec(film: &Presentation, id: RenditionId) -> Option<String> {
    sound_choice::codecs(film, &[&id]).into_iter().next()
}

/// Segments always carry parameter sets out of band, so the sample entry is `hvc1` and `avc1` whatever the file had.
fn copied_codec(stream: &StreamInfo, video: &VideoInfo) -> Option<String> {
    let (_, rest) = video.codec_string.split_once('.')?;
    match stream.codec.as_str() {
        "h264" => Some(format!("avc1.{rest}")),
        "hevc" => Some(format!("hvc1.{rest}")),
        "av1" | "vp9" => Some(video.codec_string.clone()),
        _ => None,
    }
}

fn track_name(stream: &StreamInfo, nth: u32) -> String {
    let title = stream.title.as_deref().map(quotable).filter(|title| !title.is_empty());
    let language = || stream.language.as_deref().and_then(language_tag).map(str::to_owned);
    title.or_else(language).unwrap_or_else(|| format!("Track {}", nth + 1))
}

/// A quoted attribute has no quotes and no line breaks in it.
fn quotable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && *c != '"').collect::<String>().trim().to_owned()
}

fn unique(name: String, taken: &[String]) -> String {
    if !taken.contains(&name) {
        return name;
    }
    // One of as many numbers as there are names, and one more, is free.
    (2..taken.len() + 3).map(|n| format!("{name} ({n})")).find(|name| !taken.contains(name)).unwrap_or(name)
}

/// Three-letter codes of files as the two-letter tags of RFC 5646; other well-formed tags as they are.
fn language_tag(language: &str) -> Option<&str> {
    const SHORT: [(&str, &str); 30] = [
        ("ara", "ar"),
        ("chi", "zh"),
        ("zho", "zh"),
        ("cze", "cs"),
        ("ces", "cs"),
        ("dan", "da"),
        ("dut", "nl"),
        ("nld", "nl"),
        ("eng", "en"),
        ("fin", "fi"),
        ("fre", "fr"),
        ("fra", "fr"),
        ("ger", "de"),
        ("deu", "de"),
        ("gre", "el"),
        ("ell", "el"),
        ("heb", "he"),
        ("hin", "hi"),
        ("hun", "hu"),
        ("ita", "it"),
        ("jpn", "ja"),
        ("kor", "ko"),
        ("nor", "no"),
        ("pol", "pl"),
        ("por", "pt"),
        ("rus", "ru"),
        ("spa", "es"),
        ("swe", "sv"),
        ("tur", "tr"),
        ("ukr", "uk"),
    ];
    if let Some((_, short)) = SHORT.iter().find(|(long, _)| *long == language) {
        return Some(short);
    }
    let well_formed = (2..=35).contains(&language.len())
        && language
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    (well_formed && language != "und").then_some(language)
}

#[cfg(test)]
#[path = "playlist_tests.rs"]
mod tests;
