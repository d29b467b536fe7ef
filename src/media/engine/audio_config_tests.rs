use crate::media::engine::audio_boxes::{flac_sample_size, init};
use crate::media::engine::audio_config::{Parameters, entry, frames, payload, silence};

fn stream<'a>(codec: &'a str, extradata: &'a [u8], frame: u32) -> Parameters<'a> {
    Parameters { codec, extradata, sample_rate: 48_000, channels: 2, frame }
}

/// ADTS without a checksum: low complexity, index 3 (48 kHz), two channels, 9 bytes.
const ADTS: [u8; 9] = [0xff, 0xf1, 0x4c, 0x80, 0x01, 0x3f, 0xfc, 0xaa, 0xbb];

fn config(stream: &Parameters<'_>, packet: &[u8]) -> Vec<u8> {
    entry(stream, packet).unwrap().config
}

#[test]
fn adts_packets_lose_their_header_and_tell_the_configuration() {
    assert_eq!(payload("aac", &[], &ADTS), [0xaa, 0xbb]);
    assert_eq!(payload("aac", &[0x11, 0x90], &ADTS), ADTS);
    assert!(config(&stream("aac", &[], 1024), &ADTS).windows(4).any(|bytes| bytes == [5, 0x80, 0x80, 0x80]));
    // Low complexity, index 3, two channels: 00010 0011 0010 000.
    assert!(config(&stream("aac", &[], 1024), &ADTS).windows(2).any(|bytes| bytes == [0x11, 0x90]));
}

#[test]
fn a_synthesised_high_band_is_said_in_the_configuration() {
    // Index 6 (24 kHz), twice that in the end: 00101 0110 0010 0011 00010 000.
    let mut half = ADTS;
    half[2] = 0x58;
    assert!(config(&stream("aac", &[], 2048), &half).windows(3).any(|bytes| bytes == [0x2b, 0x11, 0x88]));
    // 96 kHz has no double.
    let mut high = ADTS;
    high[2] = 0x40;
    assert!(entry(&stream("aac", &[], 2048), &high).is_none());
}

#[test]
fn damaged_and_foreign_headers_have_no_entry() {
    for length in 0..7 {
        assert!(entry(&stream("aac", &[], 1024), &ADTS[..length]).is_none(), "{length}");
    }
    for codec in ["ac3", "eac3", "opus", "flac", "mp3", "dts"] {
        for data in [&[][..], &[0x0b], &[0x0b, 0x77, 0, 0], &[0xff; 30]] {
            assert!(entry(&stream(codec, data, 1536), data).is_none(), "{codec} {data:?}");
        }
    }
}

#[test]
fn an_opus_head_is_turned_round() {
    let head = [b"OpusHead", &[1, 2, 0x38, 0x01, 0x44, 0xac, 0, 0, 0, 0, 0][..]].concat();
    let config = config(&stream("opus", &head, 960), &[]);
    assert_eq!(config, [&[0, 0, 0, 19][..], b"dOps", &[0, 2, 0x01, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0]].concat());
    assert_eq!(silence("opus", 2, &[0x7b, 1, 2]), Some(vec![0x78]));
}

#[test]
fn only_flac_in_even_blocks_has_a_frame_size() {
    let mut info = [0; 34];
    info[..4].copy_from_slice(&[0x10, 0, 0x10, 0]);
    assert_eq!(frames("flac", &info), [4096]);
    // 24 bits: one less is 10111, the first of them in the byte before.
    (info[12], info[13]) = (0x03, 0x70);
    assert_eq!(flac_sample_size(&info), Some(24));
    info[2] = 0x12;
    assert!(frames("flac", &info).is_empty() && frames("flac", &[1]).is_empty() && frames("dts", &[]).is_empty());
}

#[test]
fn ac3_headers_become_their_boxes() {
    // 48 kHz, 448 kbit/s, bsid 8, 3/2 with the low channel: as a DVD has it.
    let ac3 = [0x0b, 0x77, 0, 0, 0x1e, 0x40, 0xe1, 0x00];
    assert_eq!(config(&stream("ac3", &[], 1536), &ac3)[8..], [0x10, 0x3d, 0xe0]);
    // Independent, 768 bytes, 48 kHz, six blocks, 3/2 with the low channel, bsid 16.
    let mut eac3 = vec![0x0b, 0x77, 0x01, 0x7f, 0x3f, 0x80];
    eac3.resize(768, 0);
    let config = config(&stream("eac3", &[], 1536), &eac3);
    assert_eq!(&config[4..8], b"dec3");
    // 192 kbit/s, one programme; 48 kHz, bsid 16, main, 3/2 with the low channel, nothing dependent.
    assert_eq!(config[8..], [0x06, 0x00, 0x20, 0x0f, 0x00]);
}

#[test]
fn silent_aac_exists_for_every_standard_layout() {
    for channels in [1, 2, 3, 4, 5, 6, 8] {
        assert!(silence("aac", channels, &[]).is_some_and(|packet| !packet.is_empty()), "{channels}");
    }
    assert_eq!((silence("aac", 7, &[]), silence("ac3", 2, &[1])), (None, None));
}

#[test]
fn init_segments_are_boxes_within_boxes() {
    let bytes = init(&entry(&stream("aac", &[0x11, 0x90], 1024), &[]).unwrap());
    let sizes = |data: &[u8]| {
        let (mut at, mut kinds) = (0, Vec::new());
        while at < data.len() {
            let size = u32::from_be_bytes(data[at..at + 4].try_into().unwrap()) as usize;
            kinds.push(String::from_utf8_lossy(&data[at + 4..at + 8]).into_owned());
            at += size;
        }
        assert_eq!(at, data.len());
        kinds
    };
    assert_eq!(sizes(&bytes), ["ftyp", "moov"]);
    let ftyp = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
    assert_eq!(sizes(&bytes[ftyp + 8..]), ["mvhd", "trak", "mvex"]);
}
