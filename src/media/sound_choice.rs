//! Which form of each sound stream a client gets, and what playlists say of it. Pure.
use crate::media::caps::ClientCaps;
use crate::media::info::{AudioInfo, StreamInfo};
use crate::media::plan::Presentation;
use crate::media::rendition::RenditionId;

const AAC_CODEC: &str = "mp4a.40.2";
/// Converted sound with its overhead.
const AAC_BIT_RATE: u64 = 192_000;
/// What files are usually made with at most, for a channel.
const COPIED_CHANNEL_BIT_RATE: u64 = 160_000;
const FLAC_CHANNEL_BIT_RATE: u64 = 900_000;

/// One rendition for each sound stream, in file order: as it is where the client plays it, else as AAC.
pub(crate) fn sound_renditions(film: &Presentation, caps: &ClientCaps) -> Vec<RenditionId> {
    let streams = film.source.info.audio().zip(&film.audio).zip(0..);
    streams
        .map(|(((stream, _), plan), nth)| {
            match (caps.audio.contains(&stream.codec) && plan.copy.is_ok(), plan.gain_db) {
                (true, _) => RenditionId::AudioCopy(nth),
                (false, 0) => RenditionId::Audio(nth),
                (false, gain_db) => RenditionId::AudioLoud { nth, gain_db },
            }
        })
        .collect()
}

/// Channels of a rendition of a stream.
pub(crate) fn channels(id: RenditionId, audio: &AudioInfo) -> u32 {
    if matches!(id, RenditionId::AudioCopy(_)) { audio.channels } else { 2 }
}

/// The codec strings of sound renditions, each once.
pub(crate) fn codecs(film: &Presentation, sound: &[&RenditionId]) -> Vec<String> {
    let streams: Vec<_> = film.source.info.audio().collect();
    let mut codecs: Vec<String> = Vec::new();
    for id in sound {
        let stream = id.sound_stream().and_then(|nth| streams.get(nth as usize));
        let codec = match (id, stream) {
            (RenditionId::AudioCopy(_), Some((stream, audio))) => copied_codec(stream, audio),
            _ => AAC_CODEC.to_owned(),
        };
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    codecs
}

/// Bits per second that the dearest of these renditions takes.
pub(crate) fn bit_rate(film: &Presentation, sound: &[&RenditionId]) -> u64 {
    let streams: Vec<_> = film.source.info.audio().collect();
    let rate = |id: &&RenditionId| match (id, id.sound_stream().and_then(|nth| streams.get(nth as usize))) {
        (RenditionId::AudioCopy(_), Some((stream, audio))) => {
            let channel = if stream.codec == "flac" { FLAC_CHANNEL_BIT_RATE } else { COPIED_CHANNEL_BIT_RATE };
            channel * u64::from(audio.channels.max(1))
        }
        _ => AAC_BIT_RATE,
    };
    sound.iter().map(rate).max().unwrap_or(0)
}

/// In the spelling of RFC 6381 and of the sample entries.
fn copied_codec(stream: &StreamInfo, audio: &AudioInfo) -> String {
    match stream.codec.as_str() {
        "opus" => "Opus".to_owned(),
        "flac" => "fLaC".to_owned(),
        _ => audio.codec_string.clone(),
    }
}

#[cfg(test)]
#[path = "sound_choice_tests.rs"]
mod tests;
