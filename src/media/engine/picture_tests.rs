use ffmpeg_next::ffi;

use crate::media::engine::EngineError;
use crate::media::engine::av::{Frame, Packet};
use crate::media::engine::codec::{Answer, Codec};
use crate::media::engine::encode::{Encode, H264Encoder, H264Settings};
use crate::media::engine::nal::Samples;
use crate::media::engine::picture::PictureEncoder;
use crate::media::track::{FrameGrid, Preset};

const FRAMES: usize = 24;

/// Works like hardware, until it does not.
struct Faulty {
    encoder: H264Encoder,
    /// Pictures it holds back.
    delay: usize,
    held: Vec<Packet>,
    taken: usize,
    fails_at: usize,
}

impl Encode for Faulty {
    fn encode(&mut self, picture: &Frame) -> Result<Vec<Packet>, EngineError> {
        if self.taken == self.fails_at {
            return Err(EngineError::Internal("the driver is gone".to_owned()));
        }
        self.taken += 1;
        self.held.extend(Encode::encode(&mut self.encoder, picture)?);
        Ok(if self.held.len() > self.delay { vec![self.held.remove(0)] } else { Vec::new() })
    }

    fn finish(&mut self) -> Result<Vec<Packet>, EngineError> {
        self.held.extend(Encode::finish(&mut self.encoder)?);
        if self.delay > 0 {
            // The last picture is lost.
            self.held.pop();
        }
        Ok(std::mem::take(&mut self.held))
    }
}

fn settings() -> H264Settings {
    let grid = FrameGrid::Constant { timescale: 24_000, frame_ticks: 1000 };
    let (preset, max_bit_rate) = (Preset::Ultrafast, 1_000_000);
    H264Settings {
        width: 320,
        height: 180,
        grid,
        preset,
        max_bit_rate,
        span: 24_000,
        key_interval: None,
        in_band: true,
    }
}

/// A grey that tells which picture it is.
fn picture(n: usize) -> Frame {
    let mut frame = Frame::picture(ffi::AVPixelFormat::AV_PIX_FMT_NV12, 320, 180).unwrap();
    for y in 0..180 {
        frame.row_mut(0, y, 320).fill(16 + 8 * n as u8);
    }
    for y in 0..90 {
        frame.row_mut(1, y, 320).fill(128);
    }
    frame
}

/// The greys that a decoder sees in MP4 samples that carry their parameter sets.
fn seen(samples: &[Vec<u8>]) -> Vec<usize> {
    // SAFETY: a lookup in static tables.
    let codec = unsafe { ffi::avcodec_find_decoder(ffi::AVCodecID::AV_CODEC_ID_H264) };
    let mut decoder = Codec::new(codec).unwrap();
    decoder.open(codec, &[]).unwrap();
    let packets: Vec<Packet> = samples.iter().map(|sample| annex_b(sample)).collect();
    let mut seen = Vec::new();
    for packet in packets.iter().map(Some).chain([None]) {
        decoder.send_packet(packet).unwrap();
        loop {
            let mut frame = Frame::new().unwrap();
            match decoder.receive_frame(&mut frame) {
                Ok(Answer::Ready) => seen.push((usize::from(frame.row(0, 90, 320)[160]) + 4 - 16) / 8),
                Ok(_) => break,
                Err(code) => panic!("a picture cannot be decoded: {code}"),
            }
        }
    }
    seen
}

fn annex_b(sample: &[u8]) -> Packet {
    let mut bytes = sample.to_vec();
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        bytes[at..at + 4].copy_from_slice(&[0, 0, 0, 1]);
        at += 4 + length;
    }
    let packet = Packet::new().unwrap();
    // SAFETY: libav allocates as many bytes as are copied.
    unsafe {
        assert_eq!(ffi::av_new_packet(packet.as_ptr(), bytes.len() as i32), 0);
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), (*packet.as_ptr()).data, bytes.len());
    }
    packet
}

fn run(delay: usize, fails_at: usize) -> (Vec<Vec<u8>>, Vec<usize>, bool) {
    let settings = settings();
    let encoder = H264Encoder::open(&settings).unwrap();
    let faulty = Faulty { encoder, delay, held: Vec::new(), taken: 0, fails_at };
    let mut encoder = PictureEncoder::with(&settings, Some(Box::new(faulty)), None, Samples::of("h264", &[]));
    let mut made = Vec::new();
    for n in 0..FRAMES {
        made.extend(encoder.encode(&picture(n), n as i64 * 1000).unwrap());
    }
    made.extend(encoder.finish().unwrap());
    let keys = made.iter().enumerate().filter(|(_, encoded)| encoded.key).map(|(n, _)| n).collect();
    (made.into_iter().map(|encoded| encoded.data).collect(), keys, encoder.fell_back())
}

#[test]
fn hardware_that_works_makes_all_of_a_segment() {
    // It loses the last picture only where it holds some back.
    let (samples, keys, fell_back) = run(0, FRAMES);
    assert_eq!((samples.len(), keys, fell_back), (FRAMES, vec![0], false));
    assert_eq!(seen(&samples), (0..FRAMES).collect::<Vec<_>>());
}

#[test]
fn software_goes_on_where_hardware_fails_and_every_picture_is_there_once() {
    for (delay, fails_at) in [(0, 0), (0, 1), (0, 11), (3, 2), (3, 11), (3, FRAMES), (0, FRAMES - 1)] {
        let (samples, keys, fell_back) = run(delay, fails_at);
        assert!(fell_back, "{delay} {fails_at}");
        assert_eq!(samples.len(), FRAMES, "{delay} {fails_at}");
        assert_eq!(keys[0], 0);
        assert!(keys.len() <= 2, "{delay} {fails_at}: {keys:?}");
        assert_eq!(seen(&samples), (0..FRAMES).collect::<Vec<_>>(), "{delay} {fails_at}");
    }
}
