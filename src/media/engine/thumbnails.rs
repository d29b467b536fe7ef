//! Small pictures of a whole film, for the bar by which one seeks: many to a sheet, from keyframes alone.
//!
//! Made a few at a time, so that the thread is soon free for what somebody waits for.
use bytes::Bytes;
use ffmpeg_next::ffi;

use crate::media::engine::av::Frame;
use crate::media::engine::codec::{Answer, Codec};
use crate::media::engine::demux::Reader;
use crate::media::engine::filter::Target;
use crate::media::engine::poster::{jpeg, scale};
use crate::media::engine::{Cancel, EngineError, decode};
use crate::media::info::{Source, VideoInfo};
use crate::media::sheets::{COLUMNS, PER_SHEET, Sheets};
use crate::media::track::Origin;

/// Packets looked at for a keyframe after a seek.
const PACKETS_MAX: usize = 400;
/// JPEG quality: 2 best, 31 worst.
const JPEG_QUALITY: i32 = 7;
const BLACK: [u8; 3] = [0, 128, 128];

/// Makes the sheets of one film, piece by piece.
pub struct Thumbnails {
    reader: Reader,
    decoder: Codec,
    video: VideoInfo,
    origin: Origin,
    sheets: Sheets,
    /// The next picture.
    next: u32,
    sheet: Option<Frame>,
    /// The keyframe that the last picture shows, and the picture.
    last: Option<(i64, Frame)>,
    /// Pictures that were really decoded.
    seen: u32,
    done: Vec<Bytes>,
}

impl Thumbnails {
    /// Opens a film with a picture.
    pub fn open(source: &Source, origin: Origin, sheets: Sheets, cancel: &Cancel) -> Result<Self, EngineError> {
        let none = || EngineError::Unsupported("there is no picture".to_owned());
        let (stream, video) = source.info.video().ok_or_else(none)?;
        let reader = Reader::open(source, stream.index, cancel)?;
        let decoder = decode::open(reader.parameters()?, reader.time_base())?;
        let video = video.clone();
        let (sheet, last, done) = (None, None, Vec::new());
        Ok(Self { reader, decoder, video, origin, sheets, next: 0, sheet, last, seen: 0, done })
    }

    /// Makes some more; gives all sheets when the last one is done.
    pub fn work(&mut self, pictures: u32, cancel: &Cancel) -> Result<Option<Vec<Bytes>>, EngineError> {
        self.reader.set_cancel(cancel);
        for _ in 0..pictures {
            cancel.check()?;
            self.picture(cancel)?;
            if self.next == self.sheets.pictures {
                let whole = if self.seen == 0 { None } else { Some(std::mem::take(&mut self.done)) };
                return whole.map(Some).ok_or_else(|| EngineError::Damaged("no picture can be decoded".to_owned()));
            }
        }
        Ok(None)
    }

    fn picture(&mut self, cancel: &Cancel) -> Result<(), EngineError> {
        let (num, den) = self.origin.time_base;
        let at_ms = self.sheets.time_ms(self.next);
        let ticks = i128::from(at_ms) * i128::from(den) / (1000 * i128::from(num.max(1)));
        self.seek(self.origin.pts.saturating_add(ticks as i64), cancel)?;
        let place = self.next % PER_SHEET;
        let (width, height) = (self.sheets.width, self.sheets.height);
        if self.sheet.is_none() {
            self.sheet = Some(blank(width * COLUMNS, height * self.sheets.rows_on(self.next))?);
        }
        if let (Some(sheet), Some((_, tile))) = (self.sheet.as_mut(), self.last.as_ref()) {
            paste(sheet, tile, (place % COLUMNS) * width, (place / COLUMNS) * height);
        }
        self.next += 1;
        let full = self.next.is_multiple_of(PER_SHEET) || self.next == self.sheets.pictures;
        if let Some(sheet) = self.sheet.take_if(|_| full) {
            self.done.push(jpeg(&sheet, JPEG_QUALITY)?);
        }
        Ok(())
    }

    /// Makes the last keyframe at or before this place the last picture, if it can be decoded.
    fn seek(&mut self, at: i64, cancel: &Cancel) -> Result<(), EngineError> {
        self.reader.seek_key(at, cancel)?;
        for _ in 0..PACKETS_MAX {
            let Some(packet) = self.reader.next(cancel)? else { return Ok(()) };
            if !packet.is_key() {
                continue;
            }
            let time = packet.pts().or(packet.dts()).unwrap_or(at);
            if self.last.as_ref().is_some_and(|(last, _)| *last == time) {
                return Ok(());
            }
            self.decoder.flush();
            let _ = self.decoder.send_packet(Some(&packet));
            // Nothing more: a decoder with several threads would wait for the next ones.
            let _ = self.decoder.send_packet(None);
            let mut frame = Frame::new()?;
            let answer = self.decoder.receive_frame(&mut frame);
            self.decoder.flush();
            if matches!(answer, Ok(Answer::Ready)) {
                let picture = scale(&frame, self.reader.time_base(), &self.target())?;
                self.seen += 1;
                self.last = Some((time, picture));
            }
            return Ok(());
        }
        Ok(())
    }

    fn target(&self) -> Target {
        Target {
            width: self.sheets.width,
            height: self.sheets.height,
            rotation: self.video.rotation,
            deinterlace: false,
            hdr: self.video.hdr,
            format: "yuvj420p",
            full_range: true,
        }
    }
}

fn blank(width: u32, height: u32) -> Result<Frame, EngineError> {
    let mut sheet = Frame::picture(ffi::AVPixelFormat::AV_PIX_FMT_YUVJ420P, width, height)?;
    for (plane, value) in BLACK.into_iter().enumerate() {
        let shift = usize::from(plane > 0);
        for y in 0..height as usize >> shift {
            sheet.row_mut(plane, y, width as usize >> shift).fill(value);
        }
    }
    Ok(sheet)
}

/// All sizes and places are even.
fn paste(sheet: &mut Frame, tile: &Frame, left: u32, top: u32) {
    let (width, height) = (tile.get().width.max(0) as usize, tile.get().height.max(0) as usize);
    let (left, top) = (left as usize, top as usize);
    for plane in 0..3 {
        let shift = usize::from(plane > 0);
        let (width, left) = (width >> shift, left >> shift);
        for y in 0..height >> shift {
            let row = sheet.row_mut(plane, (top >> shift) + y, left + width);
            row[left..].copy_from_slice(tile.row(plane, y, width));
        }
    }
}
