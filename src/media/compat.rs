//! The stream for players that are no browsers (VLC, mpv, television apps): the same segments, moved in time. Pure.
//!
//! Our segments begin at their own start and let pictures that wait for others have negative offsets, which browsers
//! show exactly where they belong and libav shows late by the depth of the reordering. Here decoding starts earlier
//! instead, and as no time may be negative, all times are ten seconds later, sound and picture alike.
use bytes::{Bytes, BytesMut};
use thiserror::Error;

use crate::media::caps::ClientCaps;
use crate::media::decide::{Decision, Unplayable, decide};
use crate::media::plan::Presentation;
use crate::media::rendition::RenditionId;
use crate::media::track::Preset;

/// What these players have in common. They take no file as it is: for that there is the direct address.
const CAPS: &str = "v=h264,hevc,hevc10,hdr&a=aac,ac3,eac3&c=mp4&mse=0";
/// How much later than content time everything is.
const OFFSET_S: i64 = 10;
/// How much earlier than it is due a copied picture is decoded: more than 16 frames, the deepest reordering that
/// H.264 and HEVC know, of any usual frame rate.
const DECODE_EARLIER_S: i64 = 1;
/// Largest `moof` that is held to be changed.
const MOOF_BYTES_MAX: u64 = 4 << 20;

/// What players other than browsers can play.
pub fn caps() -> ClientCaps {
    ClientCaps::from_query(CAPS)
}

/// What they get: one picture only, because some of them begin by loading every variant there is.
pub fn decision(film: &Presentation, rungs: &[u32]) -> Result<Decision, Unplayable> {
    let mut decision = decide(film, &caps(), rungs)?;
    let mut pictures = 0;
    decision.renditions.retain(|id| {
        pictures += usize::from(!id.is_sound());
        id.is_sound() || pictures == 1
    });
    Ok(decision)
}

/// Not a segment as we write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is not a segment that can be moved in time")]
pub struct NotMovable;

/// Moves the fragments of one segment in time as they pass. No byte is added or taken away.
#[derive(Debug)]
pub struct Mover {
    shift: Shift,
    /// The head of a box, or a whole `moof`, until all of it is there.
    held: BytesMut,
    /// Bytes of a box that pass unchanged.
    passing: u64,
}

const HEADER: usize = 8;

impl Mover {
    /// For the segments of a rendition; `None` when the film does not have it.
    pub fn new(film: &Presentation, id: RenditionId) -> Option<Self> {
        // Speed presets do not move time scales, so any will do here.
        let timescale = i64::from(film.track(id, Preset::Ultrafast)?.timescale);
        // What we encode is never reordered.
        let earlier = if id == RenditionId::VideoCopy { DECODE_EARLIER_S * timescale } else { 0 };
        let shift = Shift { later: OFFSET_S * timescale, earlier };
        Some(Self { shift, held: BytesMut::new(), passing: 0 })
    }

    /// Takes the next bytes of the segment, cut anywhere; gives those that are ready.
    pub fn push(&mut self, mut chunk: Bytes) -> Result<Vec<Bytes>, NotMovable> {
        let mut ready = Vec::new();
        while !chunk.is_empty() {
            if self.passing > 0 {
                let pass = usize::try_from(self.passing).unwrap_or(usize::MAX).min(chunk.len());
                ready.push(chunk.split_to(pass));
                self.passing -= pass as u64;
                continue;
            }
            let wanted = self.wanted()?;
            let take = wanted.saturating_sub(self.held.len()).min(chunk.len());
            self.held.extend_from_slice(&chunk.split_to(take));
            if self.held.len() == self.wanted()? {
                ready.push(self.release()?);
            }
        }
        Ok(ready)
    }

    /// How many bytes must be held before something can be done with them.
    fn wanted(&self) -> Result<usize, NotMovable> {
        let Some((size, kind)) = header(&self.held) else { return Ok(HEADER) };
        match kind {
            b"moof" if u64::from(size) > MOOF_BYTES_MAX || (size as usize) < HEADER => Err(NotMovable),
            b"moof" => Ok(size as usize),
            _ if (size as usize) < HEADER => Err(NotMovable),
            _ => Ok(HEADER),
        }
    }

    fn release(&mut self) -> Result<Bytes, NotMovable> {
        let (size, kind) = header(&self.held).ok_or(NotMovable)?;
        if kind == b"moof" {
            self.shift.moof(&mut self.held[HEADER..])?;
        } else {
            self.passing = u64::from(size) - HEADER as u64;
        }
        Ok(self.held.split().freeze())
    }
}

/// In ticks of a track.
#[derive(Clone, Copy, Debug)]
struct Shift {
    /// All times.
    later: i64,
    /// Of decoding alone.
    earlier: i64,
}

/// The version byte in front of the flags.
const VERSION_1: u32 = 1 << 24;
/// Flags of a `trun` that say what is in it.
const DATA_OFFSET: u32 = 0x01;
const FIRST_FLAGS: u32 = 0x04;
const PER_SAMPLE: [u32; 4] = [0x100, 0x200, 0x400, 0x800];
const COMPOSITION: u32 = 0x800;

impl Shift {
    fn moof(self, content: &mut [u8]) -> Result<(), NotMovable> {
        each_box(content, |kind, content| match kind {
            b"traf" => each_box(content, |kind, content| match kind {
                b"tfdt" => self.tfdt(content),
                b"trun" if self.earlier != 0 => self.trun(content),
                _ => Ok(()),
            }),
            _ => Ok(()),
        })
    }

    fn tfdt(self, content: &mut [u8]) -> Result<(), NotMovable> {
        if read(content, 0)? & VERSION_1 == 0 {
            return Err(NotMovable);
        }
        let time = (u64::from(read(content, 4)?) << 32) | u64::from(read(content, 8)?);
        let time = time.checked_add_signed(self.later - self.earlier).ok_or(NotMovable)?;
        write(content, 4, (time >> 32) as u32)?;
        write(content, 8, time as u32)
    }

    fn trun(self, content: &mut [u8]) -> Result<(), NotMovable> {
        let flags = read(content, 0)?;
        let samples = read(content, 4)? as usize;
        if flags & COMPOSITION == 0 {
            return Err(NotMovable);
        }
        let words = |set: &[u32]| set.iter().filter(|flag| flags & **flag != 0).count();
        let stride = 4 * words(&PER_SAMPLE);
        // Composition comes last in a sample.
        let first = 8 + 4 * words(&[DATA_OFFSET, FIRST_FLAGS]) + stride - 4;
        let mut signed = false;
        for at in (first..).step_by(stride).take(samples) {
            let offset = i64::from(read(content, at)?.cast_signed()) + self.earlier;
            signed |= offset < 0;
            write(content, at, i32::try_from(offset).map_err(|_| NotMovable)?.cast_unsigned())?;
        }
        // The older form without signs, which every player knows, whenever there is nothing that needs one.
        write(content, 0, if signed { flags | VERSION_1 } else { flags & !VERSION_1 })
    }
}

/// Size and kind of the box that begins here, once its header is there.
fn header(bytes: &[u8]) -> Option<(u32, &[u8; 4])> {
    let (size, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*size), rest.first_chunk()?))
}

fn each_box(
    mut level: &mut [u8],
    mut visit: impl FnMut(&[u8; 4], &mut [u8]) -> Result<(), NotMovable>,
) -> Result<(), NotMovable> {
    while !level.is_empty() {
        let (size, kind) = header(level).ok_or(NotMovable)?;
        let kind = *kind;
        let (this, rest) = level.split_at_mut_checked(size as usize).ok_or(NotMovable)?;
        visit(&kind, this.get_mut(HEADER..).ok_or(NotMovable)?)?;
        level = rest;
    }
    Ok(())
}

fn read(bytes: &[u8], at: usize) -> Result<u32, NotMovable> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|word| u32::from_be_bytes(*word)).ok_or(NotMovable)
}

fn write(bytes: &mut [u8], at: usize, word: u32) -> Result<(), NotMovable> {
    let place = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()).ok_or(NotMovable)?;
    *place = word.to_be_bytes();
    Ok(())
}

#[cfg(test)]
#[path = "compat_tests.rs"]
mod tests;
