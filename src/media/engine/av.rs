//! Owners for libav's objects. Each frees what it owns exactly once and hands out borrows only.
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{self, NonNull};

use bytes::Bytes;
use ffmpeg_next::ffi;

use crate::media::engine::EngineError;

/// libav's text for an error code.
pub(super) fn error_text(code: c_int) -> String {
    let mut text = [0 as c_char; 128];
    // SAFETY: the buffer is as long as said and libav terminates it.
    unsafe {
        ffi::av_strerror(code, text.as_mut_ptr(), text.len());
        CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned()
    }
}

/// Turns a libav return code into a result.
pub(super) fn check(code: c_int, doing: &'static str) -> Result<c_int, EngineError> {
    if code >= 0 { Ok(code) } else { Err(EngineError::Internal(format!("{doing}: {}", error_text(code)))) }
}

/// A C string; an inner NUL ends it.
pub(super) fn c_string(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// Copies a C string that may be null.
pub(super) fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: libav's strings are terminated; null is checked.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

/// `None` for libav's "no timestamp".
pub(super) fn timestamp(value: i64) -> Option<i64> {
    (value != ffi::AV_NOPTS_VALUE).then_some(value)
}

/// Numerator and denominator.
pub(super) fn pair(rational: ffi::AVRational) -> (i32, i32) {
    (rational.num, rational.den)
}

pub(super) fn out_of_memory() -> EngineError {
    EngineError::Internal("out of memory".to_owned())
}

/// An option dictionary.
pub(super) struct Options(pub(super) *mut ffi::AVDictionary);

impl Options {
    pub(super) fn new(entries: &[(&str, &str)]) -> Self {
        let mut options = Self(ptr::null_mut());
        for (key, value) in entries {
            // SAFETY: both strings are terminated and copied by libav.
            unsafe { ffi::av_dict_set(&raw mut options.0, c_string(key).as_ptr(), c_string(value).as_ptr(), 0) };
        }
        options
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: the dictionary is owned here.
        unsafe { ffi::av_dict_free(&raw mut self.0) };
    }
}

/// A compressed packet.
pub(super) struct Packet(NonNull<ffi::AVPacket>);

// SAFETY: reference counts inside libav's buffers are atomic; the owner is unique.
unsafe impl Send for Packet {}

impl Packet {
    pub(super) fn new() -> Result<Self, EngineError> {
        // SAFETY: allocation only.
        NonNull::new(unsafe { ffi::av_packet_alloc() }).map(Self).ok_or_else(out_of_memory)
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::AVPacket {
        self.0.as_ptr()
    }

    fn get(&self) -> &ffi::AVPacket {
        // SAFETY: valid for the life of the owner.
        unsafe { self.0.as_ref() }
    }

    fn get_mut(&mut self) -> &mut ffi::AVPacket {
        // SAFETY: valid and uniquely borrowed.
        unsafe { self.0.as_mut() }
    }

    pub(super) fn stream(&self) -> usize {
        self.get().stream_index as usize
    }

    pub(super) fn pts(&self) -> Option<i64> {
        timestamp(self.get().pts)
    }

    pub(super) fn dts(&self) -> Option<i64> {
        timestamp(self.get().dts)
    }

    pub(super) fn duration(&self) -> i64 {
        self.get().duration.max(0)
    }

    /// Where it begins in the file, if the demuxer knows.
    pub(super) fn pos(&self) -> Option<i64> {
        Some(self.get().pos).filter(|pos| *pos >= 0)
    }

    /// Adds to both times.
    pub(super) fn shift(&mut self, by: i64) {
        let packet = self.get_mut();
        for time in [&mut packet.pts, &mut packet.dts] {
            if *time != ffi::AV_NOPTS_VALUE {
                *time = time.saturating_add(by);
            }
        }
    }

    /// Whether the container says that from here on the picture is coded in another way.
    pub(super) fn changes_coding(&self) -> bool {
        let packet = self.get();
        // SAFETY: the list belongs to the packet and is as long as it says.
        !unsafe {
            ffi::av_packet_side_data_get(
                packet.side_data,
                packet.side_data_elems,
                ffi::AVPacketSideDataType::AV_PKT_DATA_NEW_EXTRADATA,
            )
        }
        .is_null()
    }

    pub(super) fn set_times(&mut self, pts: Option<i64>, dts: i64) {
        let packet = self.get_mut();
        packet.pts = pts.unwrap_or(ffi::AV_NOPTS_VALUE);
        packet.dts = dts;
    }

    pub(super) fn is_key(&self) -> bool {
        self.get().flags & ffi::AV_PKT_FLAG_KEY != 0
    }

    /// Needed for decoding, not for showing (edit lists).
    pub(super) fn is_hidden(&self) -> bool {
        self.get().flags & ffi::AV_PKT_FLAG_DISCARD != 0
    }

    pub(super) fn data(&self) -> &[u8] {
        let packet = self.get();
        if packet.data.is_null() || packet.size <= 0 {
            return &[];
        }
        // SAFETY: libav keeps `size` bytes alive as long as the packet.
        unsafe { std::slice::from_raw_parts(packet.data, packet.size as usize) }
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        let mut pointer = self.as_ptr();
        // SAFETY: owned here.
        unsafe { ffi::av_packet_free(&raw mut pointer) };
    }
}

/// A decoded picture or a run of decoded samples.
pub(super) struct Frame(NonNull<ffi::AVFrame>);

// SAFETY: as for packets.
unsafe impl Send for Frame {}

impl Frame {
    pub(super) fn new() -> Result<Self, EngineError> {
        // SAFETY: allocation only.
        NonNull::new(unsafe { ffi::av_frame_alloc() }).map(Self).ok_or_else(out_of_memory)
    }

    /// An empty picture of our own to draw into.
    pub(super) fn picture(format: ffi::AVPixelFormat, width: u32, height: u32) -> Result<Self, EngineError> {
        let mut frame = Self::new()?;
        let raw = frame.get_mut();
        raw.format = format as c_int;
        raw.width = width as c_int;
        raw.height = height as c_int;
        // SAFETY: format and size are set.
        check(unsafe { ffi::av_frame_get_buffer(frame.as_ptr(), 0) }, "picture buffer")?;
        Ok(frame)
    }

    /// Another reference to the same data.
    pub(super) fn share(&self) -> Result<Self, EngineError> {
        // SAFETY: the source is valid.
        NonNull::new(unsafe { ffi::av_frame_clone(self.as_ptr()) }).map(Self).ok_or_else(out_of_memory)
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::AVFrame {
        self.0.as_ptr()
    }

    pub(super) fn get(&self) -> &ffi::AVFrame {
        // SAFETY: valid for the life of the owner.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn get_mut(&mut self) -> &mut ffi::AVFrame {
        // SAFETY: valid and uniquely borrowed.
        unsafe { self.0.as_mut() }
    }

    /// Stamps the picture. The source's choice of picture types must not reach an encoder.
    pub(super) fn forget_source(&mut self, pts: i64) {
        let raw = self.get_mut();
        raw.pts = pts;
        raw.pict_type = ffi::AVPictureType::AV_PICTURE_TYPE_NONE;
        raw.flags &= !(ffi::AV_FRAME_FLAG_KEY | ffi::AV_FRAME_FLAG_INTERLACED | ffi::AV_FRAME_FLAG_TOP_FIELD_FIRST);
    }

    pub(super) fn best_pts(&self) -> Option<i64> {
        timestamp(self.get().best_effort_timestamp).or(timestamp(self.get().pts))
    }

    /// One row of an 8-bit plane.
    pub(super) fn row(&self, plane: usize, y: usize, bytes: usize) -> &[u8] {
        let frame = self.get();
        assert!(y < frame.height as usize && bytes <= frame.linesize[plane].unsigned_abs() as usize);
        // SAFETY: the row lies inside the plane.
        unsafe {
            std::slice::from_raw_parts(frame.data[plane].offset(y as isize * frame.linesize[plane] as isize), bytes)
        }
    }

    /// One row of an 8-bit plane, to write. The frame must own its buffer.
    pub(super) fn row_mut(&mut self, plane: usize, y: usize, bytes: usize) -> &mut [u8] {
        let frame = self.get_mut();
        assert!(y < frame.height as usize && bytes <= frame.linesize[plane].unsigned_abs() as usize);
        // SAFETY: the row lies inside the plane and the borrow is unique.
        unsafe {
            std::slice::from_raw_parts_mut(frame.data[plane].offset(y as isize * frame.linesize[plane] as isize), bytes)
        }
    }

    /// Makes the buffer our own again after an encoder kept a reference.
    pub(super) fn make_writable(&mut self) -> Result<(), EngineError> {
        // SAFETY: valid frame.
        check(unsafe { ffi::av_frame_make_writable(self.as_ptr()) }, "picture copy").map(|_| ())
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        let mut pointer = self.as_ptr();
        // SAFETY: owned here.
        unsafe { ffi::av_frame_free(&raw mut pointer) };
    }
}

/// Collects what a muxer writes.
pub(super) struct MemoryIo(*mut ffi::AVIOContext);

impl MemoryIo {
    pub(super) fn open() -> Result<Self, EngineError> {
        let mut io = ptr::null_mut();
        // SAFETY: out parameter.
        check(unsafe { ffi::avio_open_dyn_buf(&raw mut io) }, "memory output")?;
        Ok(Self(io))
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::AVIOContext {
        self.0
    }

    pub(super) fn finish(mut self) -> Bytes {
        self.close()
    }

    fn close(&mut self) -> Bytes {
        if self.0.is_null() {
            return Bytes::new();
        }
        let mut data = ptr::null_mut();
        // SAFETY: the context is closed once; libav hands over `length` bytes that are copied and freed.
        unsafe {
            let length = ffi::avio_close_dyn_buf(self.0, &raw mut data);
            self.0 = ptr::null_mut();
            let bytes = if data.is_null() || length <= 0 {
                Bytes::new()
            } else {
                Bytes::copy_from_slice(std::slice::from_raw_parts(data, length as usize))
            };
            ffi::av_free(data.cast());
            bytes
        }
    }
}

impl Drop for MemoryIo {
    fn drop(&mut self) {
        self.close();
    }
}
