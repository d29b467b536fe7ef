//! What copied sound needs to know of its codec: configuration, how packets become samples, what silence looks like.
//! Pure.
use crate::media::engine::audio_boxes::{Entry, d_fla, d_ops, esds, flac_block, flac_sample_size, make};

/// Sampling frequencies by their index in MPEG-4.
const AAC_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];
const SAMPLE_SIZE: u16 = 16;
const AAC_LC: u32 = 2;
const SBR: u32 = 5;
/// First byte of a packet with one stereo frame of 20 ms.
const OPUS_20_MS: u8 = 0xfc;
const OPUS_20_MS_SAMPLES: u32 = 960;
const ADTS_HEADER: usize = 7;
const ADTS_HEADER_WITH_CHECKSUM: usize = 9;

/// Stream parameters as far as they matter here.
pub(super) struct Parameters<'a> {
    pub(super) codec: &'a str,
    pub(super) extradata: &'a [u8],
    pub(super) sample_rate: u32,
    pub(super) channels: u16,
    /// Samples in a packet.
    pub(super) frame: u32,
}

/// Writes bits, most significant first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, width: usize) -> &mut Self {
        for bit in (0..width).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
            }
            self.used += 1;
        }
        self
    }
}

/// Reads bits, most significant first.
struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, width: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..width {
            let byte = self.data.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

/// The sample entry, if this stream can be copied. `packet` is any packet of it.
pub(super) fn entry(stream: &Parameters<'_>, packet: &[u8]) -> Option<Entry> {
    let (kind, config) = match stream.codec {
        "aac" if stream.extradata.is_empty() => (*b"mp4a", esds(&asc_of_adts(packet, stream)?)),
        "aac" => (*b"mp4a", esds(stream.extradata)),
        "opus" => (*b"Opus", d_ops(stream.extradata)?),
        // A sample entry holds rates up to sixteen bits, and browsers compare it.
        "flac" if u16::try_from(stream.sample_rate).is_ok() => (*b"fLaC", d_fla(stream.extradata)?),
        "ac3" => (*b"ac-3", d_ac3(packet)?),
        "eac3" => (*b"ec-3", d_ec3(packet, stream.sample_rate)?),
        _ => return None,
    };
    let sample_size = if stream.codec == "flac" { flac_sample_size(stream.extradata)? } else { SAMPLE_SIZE };
    Some(Entry { kind, config, channels: stream.channels, sample_size, sample_rate: stream.sample_rate })
}

/// Frame sizes that packets of a codec can have, in samples.
pub(super) fn frames(codec: &str, extradata: &[u8]) -> Vec<u32> {
    match codec {
        // Twice as many where the high band is synthesised.
        "aac" => vec![1024, 2048],
        "opus" => vec![120, 240, 480, 960, 1920, 2880],
        "ac3" => vec![1536],
        "eac3" => vec![256, 512, 768, 1536],
        "flac" => flac_block(extradata).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// A packet without the header that MP4 has no place for.
pub(super) fn payload<'a>(codec: &str, extradata: &[u8], packet: &'a [u8]) -> &'a [u8] {
    if codec != "aac" || !extradata.is_empty() {
        return packet;
    }
    match packet {
        [0xff, second, ..] if second & 0xf6 == 0xf0 => {
            let header = if second & 1 == 0 { ADTS_HEADER_WITH_CHECKSUM } else { ADTS_HEADER };
            packet.get(header..).unwrap_or_default()
        }
        _ => packet,
    }
}

/// An `AudioSpecificConfig` for a stream of ADTS packets.
fn asc_of_adts(packet: &[u8], stream: &Parameters<'_>) -> Option<Vec<u8>> {
    let mut bits = Reader { data: packet, at: 0 };
    if bits.take(12)? != 0xfff {
        return None;
    }
    bits.take(4)?;
    let profile = bits.take(2)?;
    let rate = bits.take(4)?;
    bits.take(1)?;
    let channels = bits.take(3)?;
    bits.take(2 + 2 + 13 + 11)?;
    let one_block = bits.take(2)? == 0;
    let core = *AAC_RATES.get(rate as usize)?;
    if profile + 1 != AAC_LC || channels == 0 || !one_block {
        return None;
    }
    let mut asc = Bits::default();
    if stream.frame == 2048 {
        let full = AAC_RATES.iter().position(|known| *known == core * 2)? as u32;
        asc.put(SBR, 5).put(rate, 4).put(channels, 4).put(full, 4).put(AAC_LC, 5).put(0, 3);
    } else {
        asc.put(AAC_LC, 5).put(rate, 4).put(channels, 4).put(0, 3);
    }
    Some(asc.bytes)
}

/// A packet that sounds like nothing, where the codec has one that needs no encoder. For Opus with frames of 20 ms it
/// needs no neighbour.
pub(super) fn silence(codec: &str, channels: u16, neighbour: &[u8]) -> Option<Vec<u8>> {
    match codec {
        "aac" => silent_aac(channels),
        // The same mode and bandwidth, and nothing in it: the decoder conceals it.
        "opus" => Some(vec![neighbour.first().map_or(OPUS_20_MS, |toc| toc & 0xfc)]),
        _ => None,
    }
}

/// Whether [`silence`] always has an answer for this stream.
pub(super) fn has_silence(codec: &str, channels: u16, frames: &[u32]) -> bool {
    match codec {
        "aac" => silent_aac(channels).is_some(),
        "opus" => channels <= 2 && frames.contains(&OPUS_20_MS_SAMPLES),
        _ => false,
    }
}

/// The elements of each standard layout, all of their bands empty.
fn silent_aac(channels: u16) -> Option<Vec<u8>> {
    const SINGLE: u32 = 0;
    const PAIR: u32 = 1;
    const LOW: u32 = 3;
    const END: u32 = 7;
    let elements: &[u32] = match channels {
        1 => &[SINGLE],
        2 => &[PAIR],
        3 => &[SINGLE, PAIR],
        4 => &[SINGLE, PAIR, SINGLE],
        5 => &[SINGLE, PAIR, PAIR],
        6 => &[SINGLE, PAIR, PAIR, LOW],
        8 => &[SINGLE, PAIR, PAIR, PAIR, LOW],
        _ => return None,
    };
    let mut bits = Bits::default();
    let mut seen = [0; 4];
    for element in elements {
        let tag = seen[*element as usize];
        seen[*element as usize] += 1;
        bits.put(*element, 3).put(tag, 4);
        if *element == PAIR {
            bits.put(0, 1);
        }
        // Gain, a long window without bands, no pulses, no noise shaping, no gain control.
        for _ in 0..if *element == PAIR { 2 } else { 1 } {
            bits.put(0, 8 + 11 + 3);
        }
    }
    bits.put(END, 3);
    Some(bits.bytes)
}

/// `dac3` from a sync frame.
fn d_ac3(packet: &[u8]) -> Option<Vec<u8>> {
    let mut bits = Reader { data: packet, at: 0 };
    if bits.take(16)? != 0x0b77 {
        return None;
    }
    bits.take(16)?;
    let rate = bits.take(2)?;
    let size = bits.take(6)?;
    let stream = bits.take(5)?;
    let mode = bits.take(3)?;
    let layout = bits.take(3)?;
    if layout & 1 != 0 && layout != 1 {
        bits.take(2)?;
    }
    if layout & 4 != 0 {
        bits.take(2)?;
    }
    if layout == 2 {
        bits.take(2)?;
    }
    let low = bits.take(1)?;
    let mut out = Bits::default();
    out.put(rate, 2).put(stream, 5).put(mode, 3).put(layout, 3).put(low, 1).put(size >> 1, 5).put(0, 5);
    Some(make(*b"dac3", &[&out.bytes]))
}

/// What one frame of an E-AC-3 packet says.
struct Eac3Frame {
    kind: u32,
    bytes: usize,
    rate: u32,
    stream: u32,
    layout: u32,
    low: u32,
    samples: u32,
}

fn eac3_frame(data: &[u8]) -> Option<Eac3Frame> {
    let mut bits = Reader { data, at: 0 };
    if bits.take(16)? != 0x0b77 {
        return None;
    }
    let kind = bits.take(2)?;
    bits.take(3)?;
    let bytes = (bits.take(11)? as usize + 1) * 2;
    let rate = bits.take(2)?;
    let blocks = [1, 2, 3, 6][bits.take(2)? as usize];
    let layout = bits.take(3)?;
    let low = bits.take(1)?;
    let stream = bits.take(5)?;
    // Half rates are for nobody.
    (rate != 3).then_some(Eac3Frame { kind, bytes, rate, stream, layout, low, samples: blocks * 256 })
}

/// `dec3` from a packet: one programme, with what depends on it.
fn d_ec3(packet: &[u8], sample_rate: u32) -> Option<Vec<u8>> {
    const INDEPENDENT: u32 = 0;
    const DEPENDENT: u32 = 1;
    let main = eac3_frame(packet).filter(|frame| frame.kind == INDEPENDENT)?;
    let mut rest = packet.get(main.bytes..)?;
    let (mut dependents, mut places) = (0, 0);
    while !rest.is_empty() {
        let frame = eac3_frame(rest).filter(|frame| frame.kind == DEPENDENT)?;
        dependents += 1;
        places |= channel_places(rest)?;
        rest = rest.get(frame.bytes..)?;
    }
    let kilobits = packet.len() as u64 * 8 * u64::from(sample_rate) / u64::from(main.samples) / 1000;
    let mut out = Bits::default();
    out.put(u32::try_from(kilobits).ok()? & 0x1fff, 13).put(0, 3);
    out.put(main.rate, 2).put(main.stream, 5).put(0, 2).put(0, 3).put(main.layout, 3).put(main.low, 1).put(0, 3);
    out.put(dependents, 4);
    if dependents > 0 {
        out.put(places, 9);
    } else {
        out.put(0, 1);
    }
    Some(make(*b"dec3", &[&out.bytes]))
}

/// Where the channels of a dependent frame stand, in the bits of `dec3`. A frame without a map stands for its layout.
fn channel_places(data: &[u8]) -> Option<u32> {
    let mut bits = Reader { data, at: 16 + 2 + 3 + 11 + 2 + 2 };
    let layout = bits.take(3)?;
    bits.take(1 + 5 + 5)?;
    if bits.take(1)? == 1 {
        bits.take(8)?;
    }
    if layout == 0 {
        bits.take(5)?;
        if bits.take(1)? == 1 {
            bits.take(8)?;
        }
    }
    let map = if bits.take(1)? == 1 { bits.take(16)? } else { return Some(0) };
    // From the left centre pair on, the map counts down where the box counts up; the second low one stands apart.
    let pairs: u32 = (0..8).filter(|place| map >> (10 - place) & 1 == 1).map(|place| 1 << place).sum();
    Some(pairs | (map >> 1 & 1) << 8)
}

#[cfg(test)]
#[path = "audio_config_tests.rs"]
mod tests;
