//! Fonts that come with a film.
use bytes::Bytes;

use crate::media::engine::subtitle::extradata;
use crate::media::engine::{Cancel, EngineError, open_source};
use crate::media::info::Source;

/// Largest font that is handed out; the largest of the world's scripts have 20 MB.
const FONT_BYTES_MAX: usize = 32 << 20;
/// Fonts of one film are handed out as long as they have this together.
const FONTS_BYTES_MAX: usize = 256 << 20;
/// How fonts begin: TrueType, OpenType, collections, Apple's, and the two of the web.
const MAGICS: [&[u8; 4]; 6] = [b"\0\x01\0\0", b"OTTO", b"ttcf", b"true", b"wOFF", b"wOF2"];

/// A stream's attached file, if it is a font whatever it is called.
pub(super) fn font(source: &Source, index: u32, cancel: &Cancel) -> Result<Bytes, EngineError> {
    let input = open_source(source, cancel)?;
    let bytes = input.parameters(index as usize).map(extradata).unwrap_or_default();
    let is_font = MAGICS.iter().any(|magic| bytes.starts_with(*magic));
    let before: usize =
        (0..index as usize).filter_map(|nth| input.parameters(nth)).map(|other| extradata(other).len()).sum();
    if before + bytes.len() > FONTS_BYTES_MAX {
        return Err(EngineError::Unsupported("the film has too many fonts".to_owned()));
    }
    if !is_font || bytes.len() > FONT_BYTES_MAX {
        return Err(EngineError::Unsupported("this attachment is no font".to_owned()));
    }
    Ok(Bytes::copy_from_slice(bytes))
}
