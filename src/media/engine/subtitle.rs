//! Subtitles of a film, a span at a time: as cues, as lines of an ASS script, or as pictures.
use ffmpeg_next::ffi;

use crate::media::engine::av::Packet;
use crate::media::engine::codec::Codec;
use crate::media::engine::decode;
use crate::media::engine::subtitle_decode::Decoded;
use crate::media::engine::subtitle_packets::{Go, Packets};
use crate::media::engine::{Cancel, EngineError};
use crate::media::info::Source;
use crate::media::subtitles::ass::{self, Line};
use crate::media::subtitles::image::{Picture, Pictures};
use crate::media::subtitles::{self, CUES_MAX, Cue, UNTOLD_MS};
use crate::media::track::Origin;

/// Longest that a picture is shown whose end is never told, in ms.
const PICTURE_MAX_MS: i64 = 20_000;
/// Bytes of pictures in one answer.
const PICTURE_BYTES_MAX: usize = 24 << 20;

/// A part of a subtitle stream: which, and from when until when.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Stream index in the file.
    pub stream: u32,
    /// Content zero.
    pub origin: Origin,
    /// First moment, in content ms.
    pub from_ms: i64,
    /// Moment after the last.
    pub to_ms: i64,
}

/// The cues that are seen in a span.
pub(super) fn cues(source: &Source, span: Span, cancel: &Cancel) -> Result<Vec<Cue>, EngineError> {
    let mut packets = Packets::open(source, span.stream, span.origin, cancel)?;
    let mut words = Words::open(&packets, span.stream)?;
    let mut cues: Vec<Cue> = Vec::new();
    packets.read(span.from_ms, span.to_ms, |packets, packet| {
        let Some((start_ms, length)) = packets.times(packet) else { return Ok(Go::On) };
        // A cue without an end lasts until the next begins, which may be an empty one that only says so.
        if let Some(last) = cues.last_mut().filter(|last| last.end_ms == i64::MAX) {
            last.end_ms = start_ms.min(last.start_ms + UNTOLD_MS);
        }
        let end_ms = if length > 0 { start_ms + length } else { i64::MAX };
        cues.extend(words.cue(packet, start_ms, end_ms).filter(|cue| !cue.text.is_empty()));
        if cues.len() >= CUES_MAX {
            return Err(EngineError::Damaged("too many subtitles in one place".to_owned()));
        }
        Ok(if length > 0 { Go::On } else { Go::UntilNext })
    })?;
    for cue in cues.iter_mut().filter(|cue| cue.end_ms == i64::MAX) {
        cue.end_ms = cue.start_ms + UNTOLD_MS;
    }
    cues.retain(|cue| cue.overlaps(span.from_ms, span.to_ms));
    cues.sort_by_key(|cue| (cue.start_ms, cue.end_ms));
    cues.dedup();
    Ok(cues)
}

/// Words of packets: as they are where they are text, through a decoder where they are not.
enum Words {
    Html,
    Ass,
    MovText,
    Decoded(Codec),
}

impl Words {
    fn open(packets: &Packets, stream: u32) -> Result<Self, EngineError> {
        let parameters = packets.input().parameters(stream as usize);
        let parameters = parameters.ok_or_else(|| EngineError::Damaged("the stream is gone".to_owned()))?;
        Ok(match decode::codec_name(parameters.codec_id).as_str() {
            "subrip" | "srt" | "webvtt" | "text" | "unknown" => Self::Html,
            "ass" | "ssa" => Self::Ass,
            "mov_text" => Self::MovText,
            _ => Self::Decoded(decode::open(parameters, (1, 1000))?),
        })
    }

    fn cue(&mut self, packet: &Packet, start_ms: i64, end_ms: i64) -> Option<Cue> {
        match self {
            Self::Html => Some(subtitles::cue_of_html(start_ms, end_ms, &subtitles::decode_packet(packet.data()))),
            Self::Ass => {
                Line::of_packet(start_ms, end_ms, &String::from_utf8_lossy(packet.data())).and_then(|line| line.cue())
            }
            Self::MovText => Some(subtitles::cue_of_mov_text(start_ms, end_ms, packet.data())),
            Self::Decoded(decoder) => {
                let words = Decoded::of(decoder, packet)?.words();
                Some(subtitles::cue_of_ass(start_ms, end_ms, &words))
            }
        }
    }
}

/// The lines of an ASS stream that are seen in a span.
pub(super) fn lines(source: &Source, span: Span, cancel: &Cancel) -> Result<Vec<Line>, EngineError> {
    let mut packets = Packets::open(source, span.stream, span.origin, cancel)?;
    let mut lines = Vec::new();
    packets.read(span.from_ms, span.to_ms, |packets, packet| {
        if let Some((start_ms, length)) = packets.times(packet) {
            let end_ms = start_ms + if length > 0 { length } else { UNTOLD_MS };
            if start_ms < span.to_ms && end_ms > span.from_ms && lines.len() < CUES_MAX {
                lines.extend(Line::of_packet(start_ms, end_ms, &String::from_utf8_lossy(packet.data())));
            }
        }
        Ok(Go::On)
    })?;
    Ok(lines)
}

/// The head of an ASS stream's script: its styles.
pub(super) fn head(source: &Source, span: Span, cancel: &Cancel) -> Result<String, EngineError> {
    let packets = Packets::open(source, span.stream, span.origin, cancel)?;
    let parameters = packets.input().parameters(span.stream as usize);
    Ok(ass::head(&subtitles::decode_packet(parameters.map(extradata).unwrap_or_default())))
}

/// What the container says to a codec ahead of all packets.
pub(super) fn extradata(parameters: &ffi::AVCodecParameters) -> &[u8] {
    if parameters.extradata.is_null() || parameters.extradata_size <= 0 {
        return &[];
    }
    // SAFETY: libav keeps so many bytes alive as long as the parameters.
    unsafe { std::slice::from_raw_parts(parameters.extradata, parameters.extradata_size as usize) }
}

/// The pictures that are seen in a span.
pub(super) fn pictures(source: &Source, span: Span, cancel: &Cancel) -> Result<Pictures, EngineError> {
    let mut packets = Packets::open(source, span.stream, span.origin, cancel)?;
    let parameters = packets.input().parameters(span.stream as usize);
    let parameters = parameters.ok_or_else(|| EngineError::Damaged("the stream is gone".to_owned()))?;
    let mut album = Album::new(decode::open(parameters, (1, 1000))?, span);
    packets.read(span.from_ms, span.to_ms, |packets, packet| {
        let Some((start_ms, length)) = packets.times(packet) else { return Ok(Go::On) };
        album.add(packet, start_ms, length)
    })?;
    let film = source.info.video().map_or((0, 0), |(_, video)| (video.width, video.height));
    Ok(album.finish(film))
}

/// Decodes pictures in the order of the file and finds out when each one ends.
pub(super) struct Album {
    decoder: Codec,
    span: Span,
    done: Vec<Picture>,
    open: Option<Picture>,
    bytes: usize,
}

impl Album {
    pub(super) fn new(decoder: Codec, span: Span) -> Self {
        Self { decoder, span, done: Vec::new(), open: None, bytes: 0 }
    }

    /// A packet that begins at `start_ms` and says that it lasts `length` ms, or 0.
    pub(super) fn add(&mut self, packet: &Packet, start_ms: i64, length: i64) -> Result<Go, EngineError> {
        let Some(decoded) = Decoded::of(&mut self.decoder, packet) else { return Ok(self.go()) };
        let start_ms = start_ms + decoded.delay_ms();
        self.end_at(start_ms);
        let told = decoded.end_ms().map(|end| start_ms - decoded.delay_ms() + end);
        let end_ms = told.or((length > 0).then_some(start_ms + length)).unwrap_or(start_ms + PICTURE_MAX_MS);
        let picture = Picture { start_ms, end_ms, parts: Vec::new() };
        // What is over before the span is decoded for what builds on it, but not drawn.
        if start_ms < self.span.to_ms && end_ms > self.span.from_ms && self.bytes < PICTURE_BYTES_MAX {
            let parts = decoded.parts()?;
            self.bytes += parts.iter().map(|part| part.png.len()).sum::<usize>();
            self.open = Some(Picture { parts, ..picture }).filter(|picture| !picture.parts.is_empty());
        }
        Ok(self.go())
    }

    fn go(&self) -> Go {
        if self.open.is_some() { Go::UntilNext } else { Go::On }
    }

    fn end_at(&mut self, ms: i64) {
        if let Some(mut picture) = self.open.take() {
            picture.end_ms = picture.end_ms.min(ms);
            if picture.end_ms > picture.start_ms && picture.end_ms > self.span.from_ms {
                self.done.push(picture);
            }
        }
    }

    /// `film`: size of the picture of the film, for streams that do not say what they are drawn for.
    pub(super) fn finish(mut self, film: (u32, u32)) -> Pictures {
        self.end_at(i64::MAX);
        let (width, height) = (self.decoder.get().width, self.decoder.get().height);
        let plane = if width > 0 && height > 0 { (width as u32, height as u32) } else { film };
        // A picture that reaches beyond its plane was drawn for a larger one.
        let reach = |length: u32, of: fn(&subtitles::image::Part) -> u32| {
            self.done.iter().flat_map(|picture| &picture.parts).map(of).max().unwrap_or(0).max(length)
        };
        let plane = (reach(plane.0, |part| part.x + part.width), reach(plane.1, |part| part.y + part.height));
        Pictures { plane, pictures: self.done }
    }
}
