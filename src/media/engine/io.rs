//! Opens a file for demuxing through its own descriptor: no protocol, no second file, no device, no network.
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::ptr::{self, NonNull};

use ffmpeg_next::ffi;

use crate::media::engine::allowed;
use crate::media::engine::av::{self, Options, Packet};
use crate::media::engine::{Cancel, EngineError};

/// Bytes read at a time.
const READ_BYTES: usize = 128 * 1024;
/// Bytes looked at to find out what is in a file.
const PROBE_BYTES: i64 = 5_000_000;
/// Media time looked at to find out what is in a file.
const ANALYZE_US: i64 = 5_000_000;
/// Streams a file may have. Far more than any has: where a block belongs to a stream beyond this, the Matroska demuxer
/// takes it for damage and leaves out the rest of its cluster.
const STREAMS_MAX: c_int = 512;
/// Memory for one stream's index.
const INDEX_BYTES_MAX: u32 = 64 << 20;

/// What the callbacks see. Only shared borrows are taken while libav may call back.
struct IoState {
    file: File,
    size: u64,
    cancel: Cancel,
    empty: bool,
}

/// An opened, analysed file.
pub(super) struct Input {
    context: NonNull<ffi::AVFormatContext>,
    state: *mut IoState,
}

// SAFETY: one thread uses the context at a time; the state behind the pointer is owned by it.
unsafe impl Send for Input {}

/// Opens a regular file and nothing else; a FIFO cannot make this wait.
pub(super) fn open_regular(path: &Path) -> Result<File, EngineError> {
    let not_regular = || EngineError::Open { source: io::Error::other("not a regular file") };
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    if !std::fs::symlink_metadata(path).map_err(|source| EngineError::Open { source })?.is_file() {
        return Err(not_regular());
    }
    let file = options.open(path).map_err(|source| EngineError::Open { source })?;
    let metadata = file.metadata().map_err(|source| EngineError::Open { source })?;
    if metadata.is_file() { Ok(file) } else { Err(not_regular()) }
}

impl Input {
    /// Opens and analyses. `Err(Damaged)` when no demuxer makes sense of the content.
    pub(super) fn open(file: File, cancel: &Cancel) -> Result<Self, EngineError> {
        let size = file.metadata().map_err(|source| EngineError::Open { source })?.len();
        let state = Box::into_raw(Box::new(IoState { file, size, cancel: cancel.clone(), empty: false }));
        // SAFETY: `state` outlives the context: it is freed after it, here or in `drop`.
        let context = match unsafe { open_context(state) } {
            Ok(context) => context,
            Err(code) => {
                // SAFETY: the context is gone; nothing else points to the state.
                drop(unsafe { Box::from_raw(state) });
                cancel.check()?;
                return Err(EngineError::Damaged(av::error_text(code)));
            }
        };
        let mut input = Self { context, state };
        if input.container().split(',').any(|name| name == "avi") {
            // AVI stores no presentation times at all.
            // SAFETY: valid context.
            unsafe { input.context.as_mut().flags |= ffi::AVFMT_FLAG_GENPTS };
        }
        // SAFETY: valid context. A failure here only means that less is known.
        unsafe { ffi::avformat_find_stream_info(input.context.as_ptr(), ptr::null_mut()) };
        cancel.check()?;
        Ok(input)
    }

    /// From here on whatever is read is nothing but zeros, and the file is left alone.
    pub(super) fn leave_empty(&mut self) {
        // SAFETY: no callback runs while we hold the only handle to the context.
        unsafe { (*self.state).empty = true };
    }

    pub(super) fn set_cancel(&mut self, cancel: &Cancel) {
        // SAFETY: no callback runs while we hold the only handle to the context.
        unsafe { (*self.state).cancel = cancel.clone() };
    }

    pub(super) fn size(&self) -> u64 {
        // SAFETY: the state lives as long as `self`.
        unsafe { (*self.state).size }
    }

    pub(super) fn get(&self) -> &ffi::AVFormatContext {
        // SAFETY: valid for the life of the owner.
        unsafe { self.context.as_ref() }
    }

    /// The demuxer's name; a list for demuxers with several.
    pub(super) fn container(&self) -> String {
        // SAFETY: an opened context has a format.
        av::text(unsafe { (*self.get().iformat).name }).unwrap_or_default()
    }

    pub(super) fn streams(&self) -> usize {
        self.get().nb_streams as usize
    }

    pub(super) fn stream(&self, index: usize) -> Option<&ffi::AVStream> {
        // SAFETY: the index is checked; libav keeps the streams as long as the context.
        (index < self.streams()).then(|| unsafe { &**self.get().streams.add(index) })
    }

    pub(super) fn parameters(&self, index: usize) -> Option<&ffi::AVCodecParameters> {
        // SAFETY: every stream has parameters.
        self.stream(index).map(|stream| unsafe { &*stream.codecpar })
    }

    /// The stream's index entries as (timestamp, is key, end of its bytes).
    pub(super) fn index_entries(&self, stream: usize) -> Vec<(i64, bool, i64)> {
        let Some(stream) = self.stream(stream) else { return Vec::new() };
        let stream = ptr::from_ref(stream).cast_mut();
        // SAFETY: entries are read one by one below their count, and copied.
        unsafe {
            (0..ffi::avformat_index_get_entries_count(stream))
                .filter_map(|n| ffi::avformat_index_get_entry(stream, n).as_ref())
                .filter(|entry| entry.flags() & ffi::AVINDEX_DISCARD_FRAME == 0)
                .map(|entry| {
                    (entry.timestamp, entry.flags() & ffi::AVINDEX_KEYFRAME != 0, entry.pos + i64::from(entry.size()))
                })
                .collect()
        }
    }

    /// The stream's key entries as (timestamp, first byte of what has to be read for it).
    pub(super) fn key_places(&self, stream: usize) -> Vec<(i64, i64)> {
        let Some(stream) = self.stream(stream) else { return Vec::new() };
        let stream = ptr::from_ref(stream).cast_mut();
        // SAFETY: entries are read one by one below their count, and copied.
        unsafe {
            (0..ffi::avformat_index_get_entries_count(stream))
                .filter_map(|n| ffi::avformat_index_get_entry(stream, n).as_ref())
                .filter(|entry| entry.flags() & ffi::AVINDEX_KEYFRAME != 0)
                .map(|entry| (entry.timestamp, entry.pos))
                .collect()
        }
    }

    /// Tells the demuxer where keyframes of a stream are.
    pub(super) fn learn_places(&mut self, stream: usize, places: &[(i64, i64)]) {
        let Some(stream) = self.stream(stream) else { return };
        let stream = ptr::from_ref(stream).cast_mut();
        for (time, pos) in places {
            // SAFETY: valid stream, and the borrow of its owner is unique. Failing for want of memory does no harm.
            unsafe { ffi::av_add_index_entry(stream, *pos, *time, 0, 0, ffi::AVINDEX_KEYFRAME as c_int) };
        }
    }

    /// Whether the clock of this kind of file may jump, and any byte is a place to enter it.
    pub(super) fn may_jump(&self) -> bool {
        // SAFETY: an opened context has a format.
        let flags = unsafe { (*self.get().iformat).flags };
        flags & ffi::AVFMT_TS_DISCONT != 0 && matches!(self.container().as_str(), "mpegts" | "mpeg")
    }

    /// Moves to a byte; false when the demuxer cannot.
    pub(super) fn seek_byte(&mut self, pos: i64) -> bool {
        // SAFETY: valid context.
        unsafe { ffi::av_seek_frame(self.context.as_ptr(), -1, pos, ffi::AVSEEK_FLAG_BYTE) >= 0 }
    }

    /// Reads packets of the named streams only.
    pub(super) fn keep_only(&mut self, streams: &[usize]) {
        for index in 0..self.streams() {
            let keep = streams.contains(&index);
            // SAFETY: the index is in range and the borrow unique.
            unsafe {
                (**self.context.as_ref().streams.add(index)).discard =
                    if keep { ffi::AVDiscard::AVDISCARD_DEFAULT } else { ffi::AVDiscard::AVDISCARD_ALL };
            }
        }
    }

    /// The next packet; libav's code at the end or on damage.
    pub(super) fn read(&mut self) -> Result<Result<Packet, c_int>, EngineError> {
        let packet = Packet::new()?;
        // SAFETY: valid context and packet.
        let code = unsafe { ffi::av_read_frame(self.context.as_ptr(), packet.as_ptr()) };
        Ok(if code < 0 { Err(code) } else { Ok(packet) })
    }

    /// Moves to a key packet at or before `at`; false when the demuxer cannot.
    pub(super) fn seek(&mut self, stream: usize, at: i64) -> bool {
        // SAFETY: valid context.
        unsafe { ffi::av_seek_frame(self.context.as_ptr(), stream as c_int, at, ffi::AVSEEK_FLAG_BACKWARD) >= 0 }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // SAFETY: context, its I/O buffer and the state are owned here and freed in this order.
        unsafe {
            let mut io = self.context.as_ref().pb;
            let mut context = self.context.as_ptr();
            ffi::avformat_close_input(&raw mut context);
            free_io(&raw mut io);
            drop(Box::from_raw(self.state));
        }
    }
}

unsafe fn free_io(io: *mut *mut ffi::AVIOContext) {
    // SAFETY: the caller passes a context made by `avio_alloc_context`, or null.
    unsafe {
        if !(*io).is_null() {
            ffi::av_freep((&raw mut (**io).buffer).cast());
            ffi::avio_context_free(io);
        }
    }
}

unsafe fn open_context(state: *mut IoState) -> Result<NonNull<ffi::AVFormatContext>, c_int> {
    let no_memory = ffi::AVERROR(ffi::ENOMEM);
    // SAFETY: every pointer is checked; on failure `avformat_open_input` frees the context but not our I/O.
    unsafe {
        let buffer = ffi::av_malloc(READ_BYTES).cast::<u8>();
        let mut io =
            ffi::avio_alloc_context(buffer, READ_BYTES as c_int, 0, state.cast(), Some(read), None, Some(seek));
        let mut context = ffi::avformat_alloc_context();
        if buffer.is_null() || io.is_null() || context.is_null() {
            return Err(no_memory);
        }
        (*context).pb = io;
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        (*context).io_open = Some(refuse_open);
        (*context).interrupt_callback = ffi::AVIOInterruptCB { callback: Some(interrupt), opaque: state.cast() };
        (*context).probesize = PROBE_BYTES;
        (*context).max_analyze_duration = ANALYZE_US;
        (*context).max_streams = STREAMS_MAX;
        (*context).max_index_size = INDEX_BYTES_MAX;
        let mut options = Options::new(&[
            ("format_whitelist", allowed::DEMUXERS),
            ("codec_whitelist", allowed::DECODERS),
            ("protocol_whitelist", ""),
        ]);
        let code = ffi::avformat_open_input(&raw mut context, ptr::null(), ptr::null(), &raw mut options.0);
        match NonNull::new(context) {
            Some(context) if code >= 0 => Ok(context),
            _ => {
                free_io(&raw mut io);
                Err(if code < 0 { code } else { no_memory })
            }
        }
    }
}

unsafe extern "C" fn refuse_open(
    _: *mut ffi::AVFormatContext,
    _: *mut *mut ffi::AVIOContext,
    _: *const c_char,
    _: c_int,
    _: *mut *mut ffi::AVDictionary,
) -> c_int {
    ffi::AVERROR(ffi::EACCES)
}

unsafe extern "C" fn interrupt(opaque: *mut c_void) -> c_int {
    // SAFETY: `opaque` is the `IoState` that outlives the context.
    c_int::from(unsafe { &*opaque.cast::<IoState>() }.cancel.is_cancelled())
}

unsafe extern "C" fn read(opaque: *mut c_void, buffer: *mut u8, length: c_int) -> c_int {
    // SAFETY: as above; libav passes a buffer of `length` bytes.
    let (state, buffer) =
        unsafe { (&*opaque.cast::<IoState>(), std::slice::from_raw_parts_mut(buffer, length.max(0) as usize)) };
    if state.cancel.is_cancelled() {
        return ffi::AVERROR_EXIT;
    }
    if state.empty {
        buffer.fill(0);
        return buffer.len() as c_int;
    }
    loop {
        return match (&state.file).read(buffer) {
            Ok(0) => ffi::AVERROR_EOF,
            Ok(read) => read as c_int,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => ffi::AVERROR(error.raw_os_error().unwrap_or(ffi::EIO)),
        };
    }
}

unsafe extern "C" fn seek(opaque: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: as above.
    let state = unsafe { &*opaque.cast::<IoState>() };
    if whence & ffi::AVSEEK_SIZE != 0 {
        return state.size as i64;
    }
    let position = match whence & 3 {
        0 => u64::try_from(offset).map(SeekFrom::Start).ok(),
        1 => Some(SeekFrom::Current(offset)),
        2 => Some(SeekFrom::End(offset)),
        _ => None,
    };
    match position.map(|position| (&state.file).seek(position)) {
        Some(Ok(position)) => position as i64,
        _ => i64::from(ffi::AVERROR(ffi::EINVAL)),
    }
}

/// The value of a metadata key.
pub(super) fn tag(dictionary: *const ffi::AVDictionary, key: &CStr) -> Option<String> {
    // SAFETY: a null dictionary is an empty one; entries are terminated strings.
    unsafe {
        let entry = ffi::av_dict_get(dictionary, key.as_ptr(), ptr::null(), 0);
        entry.as_ref().and_then(|entry| av::text(entry.value)).map(|value| value.trim().to_owned())
    }
    .filter(|value| !value.is_empty())
}
