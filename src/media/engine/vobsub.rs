//! Pictures of a `VobSub` pair beside a film. Read by ourselves: libav would have to open the second file by its name.
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ptr;

use ffmpeg_next::ffi;

use crate::media::engine::av::{Packet, check, out_of_memory};
use crate::media::engine::codec::Codec;
use crate::media::engine::subtitle::{Album, Span};
use crate::media::engine::{Cancel, EngineError, decode};
use crate::media::subtitles::idx::IdxStream;
use crate::media::subtitles::image::Pictures;
use crate::media::track::Origin;

/// Bytes read for one picture; the format's own lengths end at 64 KiB.
const PICTURE_BYTES_MAX: u64 = 256 << 10;
/// What begins this long before a span may still be seen in it.
const LEAD_MS: i64 = 20_000;
/// Size of what DVDs are drawn for.
const PLANE: (u32, u32) = (720, 576);

/// What is seen of a stream in `from_ms..to_ms`.
pub(super) fn pictures(
    mut file: File,
    head: &str,
    stream: &IdxStream,
    (from_ms, to_ms): (i64, i64),
    cancel: &Cancel,
) -> Result<Pictures, EngineError> {
    let span = Span { stream: 0, origin: Origin { pts: 0, time_base: (1, 1000) }, from_ms, to_ms };
    let mut album = Album::new(decoder(head)?, span);
    let first = stream.pictures.partition_point(|(ms, _)| *ms < from_ms - LEAD_MS);
    for (ms, place) in &stream.pictures[first..] {
        cancel.check()?;
        if *ms >= to_ms {
            break;
        }
        if let Some(bytes) = picture(&mut file, *place, stream.index)? {
            album.add(&packet(&bytes)?, *ms, 0)?;
        }
    }
    Ok(album.finish(PLANE))
}

fn decoder(head: &str) -> Result<Codec, EngineError> {
    let padding = ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
    // SAFETY: the parameters are allocated, filled with a copy of our bytes that they own, and freed; the decoder copies.
    unsafe {
        let mut parameters = ffi::avcodec_parameters_alloc();
        let extradata = ffi::av_mallocz(head.len() + padding).cast::<u8>();
        if parameters.is_null() || extradata.is_null() {
            ffi::avcodec_parameters_free(&raw mut parameters);
            ffi::av_free(extradata.cast());
            return Err(out_of_memory());
        }
        ptr::copy_nonoverlapping(head.as_ptr(), extradata, head.len());
        (*parameters).codec_type = ffi::AVMediaType::AVMEDIA_TYPE_SUBTITLE;
        (*parameters).codec_id = ffi::AVCodecID::AV_CODEC_ID_DVD_SUBTITLE;
        (*parameters).extradata = extradata;
        (*parameters).extradata_size = head.len() as i32;
        let decoder = decode::open(&*parameters, (1, 1000));
        ffi::avcodec_parameters_free(&raw mut parameters);
        decoder
    }
}

fn packet(bytes: &[u8]) -> Result<Packet, EngineError> {
    let packet = Packet::new()?;
    // SAFETY: the packet is empty and gets a buffer of this length.
    unsafe {
        check(ffi::av_new_packet(packet.as_ptr(), bytes.len() as i32), "subtitle packet")?;
        ptr::copy_nonoverlapping(bytes.as_ptr(), (*packet.as_ptr()).data, bytes.len());
    }
    Ok(packet)
}

/// The picture that begins at a place of the `.sub`, put together from its packs; nothing when it is cut off.
fn picture(file: &mut File, place: u64, stream: u8) -> Result<Option<Vec<u8>>, EngineError> {
    let unreadable = |source| EngineError::Open { source };
    file.seek(SeekFrom::Start(place)).map_err(unreadable)?;
    let mut packs = Vec::new();
    file.take(PICTURE_BYTES_MAX).read_to_end(&mut packs).map_err(unreadable)?;
    Ok(assemble(&packs, stream))
}

/// MPEG program stream: packs, and in them packets of a private stream whose first byte says of which subtitles.
fn assemble(mut bytes: &[u8], stream: u8) -> Option<Vec<u8>> {
    let mut whole: Vec<u8> = Vec::new();
    loop {
        let code = bytes.strip_prefix(b"\0\0\x01")?;
        let length = match code.first()? {
            0xba if code.get(1)? & 0xc0 == 0x40 => 14 + usize::from(bytes.get(13)? & 7),
            0xba => 12,
            0xb9 => return None,
            _ => 6 + usize::from(u16::from_be_bytes([*bytes.get(4)?, *bytes.get(5)?])),
        };
        let (unit, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        if code.first() != Some(&0xbd) {
            continue;
        }
        let body = unit.get(9 + usize::from(*unit.get(8)?)..)?;
        if body.first() != Some(&(0x20 | stream)) {
            continue;
        }
        whole.extend(&body[1..]);
        let wanted = whole.first_chunk::<2>().map_or(usize::MAX, |size| usize::from(u16::from_be_bytes(*size)));
        if whole.len() >= wanted.max(4) {
            whole.truncate(wanted.max(4));
            return Some(whole);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(stream: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xf8];
        let length = (3 + 1 + payload.len()) as u16;
        bytes.extend([0, 0, 1, 0xbd]);
        bytes.extend(length.to_be_bytes());
        bytes.extend([0x81, 0, 0, 0x20 | stream]);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn a_picture_is_put_together_from_the_packs_of_its_stream() {
        let mut bytes = pack(1, &[0, 6, 1]);
        bytes.extend(pack(0, &[0, 4, 9, 9]));
        bytes.extend(pack(1, &[2, 3, 4, 5]));
        assert_eq!(assemble(&bytes, 1), Some(vec![0, 6, 1, 2, 3, 4]));
        assert_eq!(assemble(&bytes, 0), Some(vec![0, 4, 9, 9]));
        assert_eq!(assemble(&bytes, 2), None);
        for cut in 0..bytes.len() - 2 {
            assert_eq!(assemble(&bytes[..cut], 1), None, "{cut}");
        }
    }
}
