//! The encoder of one video segment: hardware if there is some, and software that goes on where hardware fails.
use std::collections::VecDeque;

use crate::media::engine::EngineError;
use crate::media::engine::av::{Frame, Packet};
use crate::media::engine::encode::{Encode, H264Encoder, H264Settings};
use crate::media::engine::hardware::{Hardware, HardwareEncoder};
use crate::media::engine::nal::Samples;

/// Pictures that an encoder may hold back. One that holds more does not work.
const PENDING_MAX: usize = 32;

/// A picture as a sample of a fragment.
pub(super) struct Encoded {
    pub(super) key: bool,
    pub(super) data: Vec<u8>,
}

/// One segment's encoder.
pub(super) struct PictureEncoder {
    settings: H264Settings,
    hardware: Option<Box<dyn Encode>>,
    software: Option<Box<dyn Encode>>,
    samples: Samples,
    /// Pictures whose packet has not come yet: software makes them again.
    pending: VecDeque<Frame>,
    fell_back: bool,
}

impl PictureEncoder {
    pub(super) fn open(settings: &H264Settings, hardware: Option<Hardware>) -> Result<Self, EngineError> {
        if !settings.in_band {
            let encoder = H264Encoder::open(settings)?;
            let samples = encoder.samples();
            return Ok(Self::with(settings, None, Some(Box::new(encoder)), samples));
        }
        // Parameter sets stay where they are.
        let samples = Samples::of("h264", &[]);
        let opened = hardware.map(|kind| HardwareEncoder::open(kind, settings));
        Ok(match opened {
            Some(Ok(encoder)) => Self::with(settings, Some(Box::new(encoder)), None, samples),
            None => Self::with(settings, None, Some(Box::new(H264Encoder::open(settings)?)), samples),
            Some(Err(error)) => {
                let mut this = Self::with(settings, None, None, samples);
                this.fall_back(&error)?;
                this
            }
        })
    }

    fn with(
        settings: &H264Settings,
        hardware: Option<Box<dyn Encode>>,
        software: Option<Box<dyn Encode>>,
        samples: Samples,
    ) -> Self {
        Self { settings: settings.clone(), hardware, software, samples, pending: VecDeque::new(), fell_back: false }
    }

    /// Whether hardware was to make this segment and did not make all of it.
    pub(super) fn fell_back(&self) -> bool {
        self.fell_back
    }

    /// Encodes one picture, shown at `pts`. What comes out are pictures in the order in which they went in.
    pub(super) fn encode(&mut self, picture: &Frame, pts: i64) -> Result<Vec<Encoded>, EngineError> {
        let picture = plain(picture, pts)?;
        let Some(hardware) = self.hardware.as_mut() else {
            let software = self.software.as_mut().ok_or_else(no_encoder)?;
            return Ok(self.samples.all(&software.encode(&picture)?));
        };
        let outcome = hardware.encode(&picture);
        self.pending.push_back(picture);
        self.settle(outcome)
    }

    /// Ends the stream and returns what was held back.
    pub(super) fn finish(&mut self) -> Result<Vec<Encoded>, EngineError> {
        let mut rest = Vec::new();
        if let Some(hardware) = self.hardware.as_mut() {
            let outcome = hardware.finish();
            rest.extend(self.settle(outcome)?);
            if !self.pending.is_empty() {
                rest.extend(self.fall_back(&EngineError::Internal("pictures are missing".to_owned()))?);
            }
        }
        if let Some(software) = self.software.as_mut() {
            rest.extend(self.samples.all(&software.finish()?));
        }
        Ok(rest)
    }

    fn settle(&mut self, outcome: Result<Vec<Packet>, EngineError>) -> Result<Vec<Encoded>, EngineError> {
        let packets = match outcome {
            Ok(packets) if packets.len() <= self.pending.len() && self.pending.len() <= PENDING_MAX => packets,
            Ok(_) => return self.fall_back(&EngineError::Internal("packets do not match pictures".to_owned())),
            Err(error) => return self.fall_back(&error),
        };
        self.pending.drain(..packets.len());
        Ok(self.samples.all(&packets))
    }

    /// Goes on in software, from the first picture that has not come out. Its stream begins with a keyframe and its own
    /// parameter sets, so a decoder goes on, too.
    fn fall_back(&mut self, error: &EngineError) -> Result<Vec<Encoded>, EngineError> {
        tracing::warn!(%error, "a hardware encoder failed; software goes on");
        self.fell_back = true;
        self.hardware = None;
        let mut software: Box<dyn Encode> = Box::new(H264Encoder::open(&self.settings)?);
        let mut made = Vec::new();
        for picture in std::mem::take(&mut self.pending) {
            made.extend(self.samples.all(&software.encode(&picture)?));
        }
        self.software = Some(software);
        Ok(made)
    }
}

fn no_encoder() -> EngineError {
    EngineError::Internal("no encoder is open".to_owned())
}

/// The picture without what its source knew of it: that must not reach the encoder.
fn plain(picture: &Frame, pts: i64) -> Result<Frame, EngineError> {
    let mut picture = picture.share()?;
    picture.forget_source(pts);
    Ok(picture)
}

impl Samples {
    fn all(&self, packets: &[Packet]) -> Vec<Encoded> {
        packets.iter().map(|packet| Encoded { key: packet.is_key(), data: self.convert(packet.data()) }).collect()
    }
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
