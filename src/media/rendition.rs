//! Names of renditions, as they stand in URLs.
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::media::ladder;

/// One playable form of one track of a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RenditionId {
    /// `vcopy`: the film's own video.
    VideoCopy,
    /// `v720`: H.264 that fits the box of that rung of the ladder.
    Video(u32),
    /// `h720`: the same by hardware where that works, with parameter sets in band.
    Hardware(u32),
    /// `a0`: AAC of the n-th sound stream.
    Audio(u32),
    /// `a0g6`: the same, louder by so many decibels. The gain is part of the name, so that a name always means the
    /// same bytes, also when the loudness of a film becomes known while it is watched.
    AudioLoud {
        /// Which of the film's sound streams.
        nth: u32,
        /// Decibels on top, from 1.
        gain_db: u32,
    },
    /// `acopy0`: the n-th sound stream as it is.
    AudioCopy(u32),
}

/// Most decibels that converted sound is made louder.
pub const GAIN_DB_MAX: u32 = 12;

impl RenditionId {
    /// Whether frames are encoded for it, which is what costs.
    pub const fn is_converted_video(self) -> bool {
        matches!(self, Self::Video(_) | Self::Hardware(_))
    }

    /// The rung of the ladder that frames are encoded for.
    pub const fn rung(self) -> Option<u32> {
        match self {
            Self::Video(rung) | Self::Hardware(rung) => Some(rung),
            _ => None,
        }
    }

    /// Whether this is sound.
    pub const fn is_sound(self) -> bool {
        self.sound_stream().is_some()
    }

    /// Which of the film's sound streams this is.
    pub const fn sound_stream(self) -> Option<u32> {
        match self {
            Self::Audio(nth) | Self::AudioCopy(nth) | Self::AudioLoud { nth, .. } => Some(nth),
            Self::VideoCopy | Self::Video(_) | Self::Hardware(_) => None,
        }
    }
}

/// Not the name of a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the name of a rendition")]
pub struct NotARendition;

impl fmt::Display for RenditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VideoCopy => f.write_str("vcopy"),
            Self::Video(rung) => write!(f, "v{rung}"),
            Self::Hardware(rung) => write!(f, "h{rung}"),
            Self::Audio(nth) => write!(f, "a{nth}"),
            Self::AudioLoud { nth, gain_db } => write!(f, "a{nth}g{gain_db}"),
            Self::AudioCopy(nth) => write!(f, "acopy{nth}"),
        }
    }
}

impl FromStr for RenditionId {
    type Err = NotARendition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = match text {
            "vcopy" => Self::VideoCopy,
            _ if text.starts_with('v') => Self::Video(number(&text[1..])?),
            _ if text.starts_with('h') => Self::Hardware(number(&text[1..])?),
            _ if text.starts_with("acopy") => Self::AudioCopy(number(&text[5..])?),
            _ if text.starts_with('a') => audio(&text[1..])?,
            _ => return Err(NotARendition),
        };
        match id {
            Self::Video(rung) | Self::Hardware(rung) if !ladder::RUNGS.contains(&rung) => Err(NotARendition),
            id => Ok(id),
        }
    }
}

/// `0` or `0g6`.
fn audio(text: &str) -> Result<RenditionId, NotARendition> {
    let Some((nth, gain_db)) = text.split_once('g') else { return Ok(RenditionId::Audio(number(text)?)) };
    let (nth, gain_db) = (number(nth)?, number(gain_db)?);
    if (1..=GAIN_DB_MAX).contains(&gain_db) { Ok(RenditionId::AudioLoud { nth, gain_db }) } else { Err(NotARendition) }
}

/// Digits in their one canonical form, so that a rendition has one URL.
fn number(text: &str) -> Result<u32, NotARendition> {
    let number: u32 = text.parse().map_err(|_| NotARendition)?;
    if number.to_string() == text { Ok(number) } else { Err(NotARendition) }
}

#[cfg(test)]
mod tests {
    use crate::media::rendition::RenditionId;

    #[test]
    fn names_survive_the_round_trip() {
        for name in ["vcopy", "v1080", "v360", "h720", "a0", "a17", "a1g12", "acopy0", "acopy31"] {
            assert_eq!(name.parse::<RenditionId>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "v",
            "a",
            "v0",
            "v721",
            "a-1",
            "a+1",
            "a01",
            "x1",
            "a0g0",
            "a0g13",
            "a0g01",
            "ag1",
            "acopy",
            "acopy-1",
            "acopy0g1",
            "vCopy",
            "a99999999999",
            "é1",
        ] {
            assert!(name.parse::<RenditionId>().is_err(), "{name}");
        }
    }
}
