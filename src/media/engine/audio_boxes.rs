//! Init segments of copied sound: `ftyp` and `moov` with the codec's own configuration box. Pure.
//!
//! Written here because libavformat wants to see packets of AC-3 before it writes its header, and ADTS streams carry
//! their configuration in every packet.
use bytes::Bytes;

/// What a sample entry says about the sound.
pub(super) struct Entry {
    /// The sample entry's name, such as `mp4a`.
    pub(super) kind: [u8; 4],
    /// The codec's own box with its header.
    pub(super) config: Vec<u8>,
    pub(super) channels: u16,
    /// Bits: 16 but for FLAC, whose own must stand here.
    pub(super) sample_size: u16,
    pub(super) sample_rate: u32,
}

const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
/// "und", five bits a letter.
const LANGUAGE_UNKNOWN: u32 = 0x55c4_0000;
const MOVIE_TIMESCALE: u32 = 1000;
const IN_MOVIE_ENABLED: u32 = 7;
const SELF_CONTAINED: u32 = 1;
/// What Opus decodes to.
const OPUS_RATE: u32 = 48_000;
const STREAM_INFO_BYTES: usize = 34;

/// The `STREAMINFO` block of FLAC extradata, with or without what stands before it in a file.
fn stream_info(extradata: &[u8]) -> Option<&[u8]> {
    let plain = extradata.strip_prefix(b"fLaC").map_or(Some(extradata), |blocks| blocks.get(4..))?;
    plain.get(..STREAM_INFO_BYTES)
}

/// Bits in a sample of FLAC: five bits behind rate and channels, less one.
pub(super) fn flac_sample_size(extradata: &[u8]) -> Option<u16> {
    let info = stream_info(extradata)?;
    Some((u16::from(info[12] & 1) << 4 | u16::from(info[13] >> 4)) + 1)
}

/// The block size of FLAC whose blocks are all of one size.
pub(super) fn flac_block(extradata: &[u8]) -> Option<u32> {
    let info = stream_info(extradata)?;
    let (low, high) = (u16::from_be_bytes([info[0], info[1]]), u16::from_be_bytes([info[2], info[3]]));
    (low == high && low >= 16).then_some(u32::from(low))
}

/// A box of these parts.
pub(super) fn make(kind: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = 8 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(&(length as u32).to_be_bytes());
    out.extend_from_slice(&kind);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// The whole init segment; the sample rate is the time scale.
pub(super) fn init(entry: &Entry) -> Bytes {
    let ftyp = make(*b"ftyp", &[b"iso5", &words(&[0x200]), b"iso5", b"iso6", b"mp41"]);
    let movie = [&[0, 0, 0, MOVIE_TIMESCALE, 0, 0x1_0000, 0x0100_0000, 0, 0][..], &MATRIX, &[0, 0, 0, 0, 0, 0, 2]];
    let movie = make(*b"mvhd", &[&words(&movie.concat())]);
    let track_header = [&[IN_MOVIE_ENABLED, 0, 0, 1, 0, 0, 0, 0, 0, 0x0100_0000][..], &MATRIX, &[0, 0]];
    let track_header = make(*b"tkhd", &[&words(&track_header.concat())]);
    let media_header = make(*b"mdhd", &[&words(&[0, 0, 0, entry.sample_rate, 0, LANGUAGE_UNKNOWN])]);
    let handler = make(*b"hdlr", &[&words(&[0, 0]), b"soun", &words(&[0, 0, 0]), b"SoundHandler\0"]);
    let own = make(*b"url ", &[&words(&[SELF_CONTAINED])]);
    let references = make(*b"dref", &[&words(&[0, 1]), &own]);
    let places = make(*b"dinf", &[&references]);
    let sound_header = make(*b"smhd", &[&words(&[0, 0])]);
    let description = make(*b"minf", &[&sound_header, &places, &tables(entry)]);
    let media = make(*b"mdia", &[&media_header, &handler, &description]);
    let track = make(*b"trak", &[&track_header, &media]);
    let defaults = make(*b"trex", &[&words(&[0, 1, 1, 0, 0, 0])]);
    let extends = make(*b"mvex", &[&defaults]);
    let moov = make(*b"moov", &[&movie, &track, &extends]);
    Bytes::from([ftyp, moov].concat())
}

/// The sample entry and the empty tables of a fragmented file.
fn tables(entry: &Entry) -> Vec<u8> {
    let rate = u16::try_from(entry.sample_rate).map_or(0, |rate| u32::from(rate) << 16);
    let channels = u32::from(entry.channels) << 16 | u32::from(entry.sample_size);
    let sound = words(&[0, 1, 0, 0, channels, 0, rate]);
    let entry = make(entry.kind, &[&sound, &entry.config]);
    let entries = make(*b"stsd", &[&words(&[0, 1]), &entry]);
    let empty = |kind| make(kind, &[&words(&[0, 0])]);
    let sizes = make(*b"stsz", &[&words(&[0, 0, 0])]);
    make(*b"stbl", &[&entries, &empty(*b"stts"), &empty(*b"stsc"), &sizes, &empty(*b"stco")])
}

/// `esds` around an `AudioSpecificConfig`.
pub(super) fn esds(asc: &[u8]) -> Vec<u8> {
    const AAC: u8 = 0x40;
    const AUDIO_STREAM: u8 = 0x15;
    let specific = descriptor(5, asc);
    let decoder = descriptor(4, &[&[AAC, AUDIO_STREAM, 0, 0, 0], &words(&[0, 0])[..], &specific].concat());
    let sync = descriptor(6, &[2]);
    make(*b"esds", &[&words(&[0]), &descriptor(3, &[&[0, 0, 0], &decoder[..], &sync].concat())])
}

/// An MPEG-4 descriptor with a length of four bytes.
fn descriptor(tag: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let septet = |shift: u32| (length >> shift & 0x7f) as u8;
    [&[tag, septet(21) | 0x80, septet(14) | 0x80, septet(7) | 0x80, septet(0)], payload].concat()
}

/// `dOps` from an `OpusHead`, whose numbers lie the other way round. The rate before encoding is left out: browsers
/// refuse one that is not the sample entry's.
pub(super) fn d_ops(head: &[u8]) -> Option<Vec<u8>> {
    let head = head.strip_prefix(b"OpusHead")?;
    let [_, channels, skip_low, skip_high, _, _, _, _, gain_low, gain_high, family, rest @ ..] = head else {
        return None;
    };
    let [r0, r1, r2, r3] = OPUS_RATE.to_be_bytes();
    let fixed = [0, *channels, *skip_high, *skip_low, r0, r1, r2, r3, *gain_high, *gain_low, *family];
    let mapping = if *family == 0 { &[][..] } else { rest.get(..2 + usize::from(*channels))? };
    Some(make(*b"dOps", &[&fixed, mapping]))
}

/// `dfLa` from the `STREAMINFO` block.
pub(super) fn d_fla(extradata: &[u8]) -> Option<Vec<u8>> {
    const LAST_BLOCK: u8 = 0x80;
    let info = stream_info(extradata)?;
    Some(make(*b"dfLa", &[&words(&[0]), &[LAST_BLOCK, 0, 0, STREAM_INFO_BYTES as u8], info]))
}
