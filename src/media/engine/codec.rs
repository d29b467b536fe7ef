//! Owner of a decoder or an encoder: packets in, frames out, or the other way round.
use std::ffi::c_int;
use std::ptr::{self, NonNull};

use ffmpeg_next::ffi;

use crate::media::engine::EngineError;
use crate::media::engine::av::{Frame, Options, Packet, check, out_of_memory};

/// A decoder or an encoder.
pub(super) struct Codec(NonNull<ffi::AVCodecContext>);

// SAFETY: the context is used by one thread at a time; its worker threads are its own affair.
unsafe impl Send for Codec {}

/// What a codec answered.
pub(super) enum Answer {
    Ready,
    Hungry,
    End,
}

impl Codec {
    pub(super) fn new(codec: *const ffi::AVCodec) -> Result<Self, EngineError> {
        // SAFETY: allocation only.
        NonNull::new(unsafe { ffi::avcodec_alloc_context3(codec) }).map(Self).ok_or_else(out_of_memory)
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::AVCodecContext {
        self.0.as_ptr()
    }

    pub(super) fn get(&self) -> &ffi::AVCodecContext {
        // SAFETY: valid for the life of the owner.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn get_mut(&mut self) -> &mut ffi::AVCodecContext {
        // SAFETY: valid and uniquely borrowed.
        unsafe { self.0.as_mut() }
    }

    pub(super) fn open(&mut self, codec: *const ffi::AVCodec, options: &[(&str, &str)]) -> Result<(), EngineError> {
        let mut options = Options::new(options);
        // SAFETY: context and codec are valid; the dictionary is owned.
        check(unsafe { ffi::avcodec_open2(self.as_ptr(), codec, &raw mut options.0) }, "codec").map(|_| ())
    }

    /// Decoder in: `None` ends the stream. Damaged data is reported as `Err`, which callers may ignore.
    pub(super) fn send_packet(&mut self, packet: Option<&Packet>) -> Result<(), c_int> {
        let packet = packet.map_or(ptr::null(), |packet| packet.as_ptr().cast_const());
        // SAFETY: valid context and packet.
        let code = unsafe { ffi::avcodec_send_packet(self.as_ptr(), packet) };
        if code < 0 { Err(code) } else { Ok(()) }
    }

    /// Decoder out.
    pub(super) fn receive_frame(&mut self, frame: &mut Frame) -> Result<Answer, c_int> {
        // SAFETY: valid context and frame.
        answer(unsafe { ffi::avcodec_receive_frame(self.as_ptr(), frame.as_ptr()) })
    }

    /// Encoder in: `None` ends the stream.
    pub(super) fn send_frame(&mut self, frame: Option<&Frame>) -> Result<(), EngineError> {
        let frame = frame.map_or(ptr::null(), |frame| frame.as_ptr().cast_const());
        // SAFETY: valid context and frame.
        check(unsafe { ffi::avcodec_send_frame(self.as_ptr(), frame) }, "encode").map(|_| ())
    }

    /// Encoder out.
    pub(super) fn receive_packet(&mut self) -> Result<Option<Packet>, EngineError> {
        let packet = Packet::new()?;
        // SAFETY: valid context and packet.
        match answer(unsafe { ffi::avcodec_receive_packet(self.as_ptr(), packet.as_ptr()) }) {
            Ok(Answer::Ready) => Ok(Some(packet)),
            Ok(_) => Ok(None),
            Err(code) => check(code, "encode").map(|_| None),
        }
    }

    pub(super) fn flush(&mut self) {
        // SAFETY: valid, opened context.
        unsafe { ffi::avcodec_flush_buffers(self.as_ptr()) };
    }
}

fn answer(code: c_int) -> Result<Answer, c_int> {
    match code {
        0.. => Ok(Answer::Ready),
        code if code == ffi::AVERROR(ffi::EAGAIN) => Ok(Answer::Hungry),
        ffi::AVERROR_EOF => Ok(Answer::End),
        code => Err(code),
    }
}

impl Drop for Codec {
    fn drop(&mut self) {
        let mut pointer = self.as_ptr();
        // SAFETY: owned here.
        unsafe { ffi::avcodec_free_context(&raw mut pointer) };
    }
}
