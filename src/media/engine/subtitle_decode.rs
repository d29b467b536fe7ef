//! Owner of libav's decoded subtitles: words or pictures.
use std::ffi::c_int;

use ffmpeg_next::ffi;

use crate::media::engine::EngineError;
use crate::media::engine::av::{Frame, Packet, text};
use crate::media::engine::codec::Codec;
use crate::media::subtitles::image::Part;

/// Longest side of a picture.
const SIDE_MAX: c_int = 8192;
/// Rectangles of one picture; Blu-rays have two.
const PARTS_MAX: usize = 64;
/// Entries of a palette.
const COLOURS: usize = 256;

/// A decoded subtitle.
pub(super) struct Decoded(ffi::AVSubtitle);

impl Decoded {
    /// What a packet holds; nothing when it is only a part, or damaged.
    pub(super) fn of(decoder: &mut Codec, packet: &Packet) -> Option<Self> {
        // SAFETY: an all-zero subtitle is an empty one.
        let mut subtitle = Self(unsafe { std::mem::zeroed() });
        let mut got: c_int = 0;
        // SAFETY: the decoder is open, the packet valid; what is allocated is owned by `subtitle`.
        let code = unsafe {
            ffi::avcodec_decode_subtitle2(decoder.as_ptr(), &raw mut subtitle.0, &raw mut got, packet.as_ptr())
        };
        (code >= 0 && got != 0).then_some(subtitle)
    }

    /// Ms from the packet's time to the first moment.
    pub(super) fn delay_ms(&self) -> i64 {
        i64::from(self.0.start_display_time)
    }

    /// Ms from the packet's time to the end; nothing when what comes next ends it.
    pub(super) fn end_ms(&self) -> Option<i64> {
        let end = self.0.end_display_time;
        (end != u32::MAX && end > self.0.start_display_time).then_some(i64::from(end))
    }

    fn rects(&self) -> impl Iterator<Item = &ffi::AVSubtitleRect> {
        let count = if self.0.rects.is_null() { 0 } else { self.0.num_rects as usize };
        // SAFETY: libav keeps `num_rects` valid pointers.
        (0..count).filter_map(|n| unsafe { (*self.0.rects.add(n)).as_ref() })
    }

    /// The last field of each ASS event, or the plain text.
    pub(super) fn words(&self) -> String {
        let words = self.rects().filter_map(|rect| match text(rect.ass) {
            Some(event) => event.splitn(9, ',').nth(8).map(str::to_owned),
            None => text(rect.text),
        });
        words.collect::<Vec<_>>().join("\\N")
    }

    /// The pictures, as PNG.
    pub(super) fn parts(&self) -> Result<Vec<Part>, EngineError> {
        self.rects().filter(|rect| is_drawn(rect)).take(PARTS_MAX).map(part).collect()
    }
}

impl Drop for Decoded {
    fn drop(&mut self) {
        // SAFETY: owned here.
        unsafe { ffi::avsubtitle_free(&raw mut self.0) };
    }
}

fn is_drawn(rect: &ffi::AVSubtitleRect) -> bool {
    let side = |length: c_int| (1..=SIDE_MAX).contains(&length);
    rect.type_ == ffi::AVSubtitleType::SUBTITLE_BITMAP
        && side(rect.w)
        && side(rect.h)
        && rect.x >= 0
        && rect.y >= 0
        && rect.linesize[0] >= rect.w
        && !rect.data[0].is_null()
        && !rect.data[1].is_null()
}

fn part(rect: &ffi::AVSubtitleRect) -> Result<Part, EngineError> {
    let (width, height) = (rect.w as u32, rect.h as u32);
    let mut frame = Frame::picture(ffi::AVPixelFormat::AV_PIX_FMT_PAL8, width, height)?;
    for y in 0..height as usize {
        // SAFETY: `is_drawn` has seen that the rows are there and long enough.
        let row =
            unsafe { std::slice::from_raw_parts(rect.data[0].add(y * rect.linesize[0] as usize), width as usize) };
        frame.row_mut(0, y, width as usize).copy_from_slice(row);
    }
    let palette = frame.get().data[1];
    if palette.is_null() {
        return Err(EngineError::Internal("no palette".to_owned()));
    }
    // SAFETY: a picture of this format has 256 colours of four bytes; libav's decoders allocate as many for a rectangle.
    unsafe { std::ptr::copy_nonoverlapping(rect.data[1], palette, 4 * COLOURS) };
    Ok(Part { x: rect.x as u32, y: rect.y as u32, width, height, png: png(&frame)? })
}

fn png(picture: &Frame) -> Result<Vec<u8>, EngineError> {
    // SAFETY: a lookup in static tables.
    let encoder = unsafe { ffi::avcodec_find_encoder(ffi::AVCodecID::AV_CODEC_ID_PNG) };
    if encoder.is_null() {
        return Err(EngineError::Internal("no PNG encoder".to_owned()));
    }
    let mut codec = Codec::new(encoder)?;
    let context = codec.get_mut();
    context.width = picture.get().width;
    context.height = picture.get().height;
    context.pix_fmt = ffi::AVPixelFormat::AV_PIX_FMT_PAL8;
    context.time_base = ffi::AVRational { num: 1, den: 1 };
    context.thread_count = 1;
    codec.open(encoder, &[])?;
    codec.send_frame(Some(picture))?;
    codec.send_frame(None)?;
    let packet = codec.receive_packet()?.ok_or_else(|| EngineError::Internal("no PNG came out".to_owned()))?;
    Ok(packet.data().to_vec())
}
