//! Init segments by libavformat's MP4 muxer, which knows every codec's configuration box; and plain MP4 files.
use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::ptr::{self, NonNull};

use bytes::Bytes;
use ffmpeg_next::ffi;

use crate::media::engine::av::{self, MemoryIo, Options, Packet, check, pair};
use crate::media::engine::codec::Codec;
use crate::media::engine::encode::{AacEncoder, H264Encoder, H264Settings};
use crate::media::engine::nal::Samples;
use crate::media::engine::{Cancel, EngineError, audio_copy, decode, open_source};
use crate::media::info::Source;
use crate::media::track::TrackSpec;

const WRITE_BYTES: usize = 64 * 1024;

/// How the packets of a stream become samples.
pub(super) fn sample_form(parameters: &ffi::AVCodecParameters) -> Samples {
    Samples::of(&decode::codec_name(parameters.codec_id), extradata(parameters))
}

pub(super) fn extradata(parameters: &ffi::AVCodecParameters) -> &[u8] {
    if parameters.extradata.is_null() || parameters.extradata_size <= 0 {
        return &[];
    }
    // SAFETY: libav keeps `extradata_size` bytes with the parameters.
    unsafe { std::slice::from_raw_parts(parameters.extradata, parameters.extradata_size as usize) }
}

pub(super) fn init_segment(source: &Source, spec: &TrackSpec, cancel: &Cancel) -> Result<Bytes, EngineError> {
    let mut muxer = Muxer::new()?;
    let timescale = match spec {
        TrackSpec::VideoCopy { stream, grid, .. } => {
            let input = open_source(source, cancel)?;
            muxer.add_copy(&input, *stream as usize, grid.timescale())?;
            grid.timescale()
        }
        TrackSpec::VideoH264 { width, height, grid, preset, max_bit_rate, in_band, .. } => {
            let settings = H264Settings {
                width: *width,
                height: *height,
                grid: *grid,
                preset: *preset,
                max_bit_rate: *max_bit_rate,
                span: 1,
                key_interval: None,
                in_band: false,
            };
            muxer.add_encoder(H264Encoder::open(&settings)?.codec(), grid.timescale())?;
            if *in_band {
                muxer.rename(*b"avc3");
            }
            grid.timescale()
        }
        TrackSpec::AudioCopy { stream, grid, .. } => return audio_copy::init_segment(source, *stream, *grid, cancel),
        TrackSpec::AudioAac { sample_rate, .. } | TrackSpec::AudioSilent { sample_rate } => {
            muxer.add_encoder(AacEncoder::open(*sample_rate)?.codec(), *sample_rate)?;
            *sample_rate
        }
    };
    let memory = MemoryIo::open()?;
    muxer.set_io(memory.as_ptr());
    muxer.write_header(&[
        ("movflags", "frag_custom+empty_moov+default_base_moof+frag_discont+negative_cts_offsets+skip_trailer"),
        ("use_editlist", "0"),
        ("avoid_negative_ts", "disabled"),
        ("video_track_timescale", &timescale.to_string()),
        ("fflags", "+bitexact"),
    ])?;
    muxer.set_io(ptr::null_mut());
    Ok(memory.finish())
}

/// A muxer context. Its I/O belongs to somebody else.
struct Muxer(NonNull<ffi::AVFormatContext>);

// SAFETY: used by one thread at a time.
unsafe impl Send for Muxer {}

impl Muxer {
    fn new() -> Result<Self, EngineError> {
        let mut context = ptr::null_mut();
        // SAFETY: out parameter; the name is terminated.
        let code =
            unsafe { ffi::avformat_alloc_output_context2(&raw mut context, ptr::null(), c"mp4".as_ptr(), ptr::null()) };
        check(code, "muxer")?;
        NonNull::new(context).map(Self).ok_or_else(|| EngineError::Internal("muxer".to_owned()))
    }

    fn set_io(&mut self, io: *mut ffi::AVIOContext) {
        // SAFETY: valid context; the caller keeps the I/O alive while it is set.
        unsafe { self.0.as_mut().pb = io };
    }

    fn add_stream(&mut self, timescale: u32) -> Result<&mut ffi::AVStream, EngineError> {
        // SAFETY: valid context; the stream belongs to it.
        let stream = unsafe { ffi::avformat_new_stream(self.0.as_ptr(), ptr::null()).as_mut() };
        let stream = stream.ok_or_else(|| EngineError::Internal("muxer stream".to_owned()))?;
        stream.time_base = ffi::AVRational { num: 1, den: timescale as c_int };
        Ok(stream)
    }

    fn add_encoder(&mut self, encoder: &Codec, timescale: u32) -> Result<(), EngineError> {
        let stream = self.add_stream(timescale)?;
        // SAFETY: both valid.
        check(unsafe { ffi::avcodec_parameters_from_context(stream.codecpar, encoder.as_ptr()) }, "muxer")?;
        Ok(())
    }

    /// Gives the last stream's sample entry another name.
    fn rename(&mut self, name: [u8; 4]) {
        // SAFETY: valid context; streams below their count are, and so are their parameters.
        unsafe {
            let context = self.0.as_ref();
            if let Some(last) = (context.nb_streams as usize).checked_sub(1) {
                (*(**context.streams.add(last)).codecpar).codec_tag = u32::from_le_bytes(name);
            }
        }
    }

    fn add_copy(&mut self, input: &super::io::Input, index: usize, timescale: u32) -> Result<(), EngineError> {
        let gone = || EngineError::Damaged("the stream is gone".to_owned());
        let (from, parameters) = (input.stream(index).ok_or_else(gone)?, input.parameters(index).ok_or_else(gone)?);
        let aspect = from.sample_aspect_ratio;
        let stream = self.add_stream(timescale)?;
        // SAFETY: both valid; the parameters are copied.
        let copied = unsafe { ffi::avcodec_parameters_copy(stream.codecpar, parameters) };
        check(copied, "muxer")?;
        stream.sample_aspect_ratio = aspect;
        // SAFETY: valid, owned by the stream.
        let own = unsafe { &mut *stream.codecpar };
        if pair(aspect).0 > 0 {
            own.sample_aspect_ratio = aspect;
        }
        // Apple plays HEVC only under this name; other codecs have one name.
        own.codec_tag = if own.codec_id == ffi::AVCodecID::AV_CODEC_ID_HEVC { u32::from_le_bytes(*b"hvc1") } else { 0 };
        Ok(())
    }

    fn write_header(&mut self, options: &[(&str, &str)]) -> Result<(), EngineError> {
        let mut options = Options::new(options);
        // SAFETY: valid context with streams and I/O.
        let code = unsafe { ffi::avformat_write_header(self.0.as_ptr(), &raw mut options.0) };
        if code < 0 {
            return Err(EngineError::Unsupported(format!("no MP4 form for this stream: {}", av::error_text(code))));
        }
        Ok(())
    }
}

impl Drop for Muxer {
    fn drop(&mut self) {
        // SAFETY: owned here; the I/O is not freed by this.
        unsafe { ffi::avformat_free_context(self.0.as_ptr()) };
    }
}

/// Writes a plain MP4 file with its index in front.
pub(super) struct FileMuxer {
    muxer: Muxer,
    io: *mut ffi::AVIOContext,
    file: *mut File,
}

impl FileMuxer {
    /// Streams in the order of the encoders, each with its time scale. `index_bytes` are kept free for the index.
    pub(super) fn create(file: File, encoders: &[(&Codec, u32)], index_bytes: u64) -> Result<Self, EngineError> {
        let mut muxer = Muxer::new()?;
        for (encoder, timescale) in encoders {
            muxer.add_encoder(encoder, *timescale)?;
        }
        let file = Box::into_raw(Box::new(file));
        // SAFETY: buffer and file are owned by the value that is returned, which frees them.
        let io = unsafe {
            let buffer = ffi::av_malloc(WRITE_BYTES).cast::<u8>();
            ffi::avio_alloc_context(
                buffer,
                WRITE_BYTES as c_int,
                1,
                file.cast(),
                None,
                Some(write_file),
                Some(seek_file),
            )
        };
        let mut this = Self { muxer, io, file };
        if io.is_null() {
            return Err(EngineError::Internal("out of memory".to_owned()));
        }
        this.muxer.set_io(io);
        let options = [("moov_size", &*index_bytes.to_string()), ("fflags", "+bitexact")];
        this.muxer.write_header(&options)?;
        Ok(this)
    }

    /// Adds a packet whose times are in `timescale` units.
    pub(super) fn write(
        &mut self,
        stream: usize,
        packet: &Packet,
        timescale: u32,
        duration: i64,
    ) -> Result<(), EngineError> {
        // SAFETY: the packet is valid; the muxer takes its reference.
        let code = unsafe {
            let raw = packet.as_ptr();
            (*raw).stream_index = stream as c_int;
            (*raw).duration = duration;
            let to = (**self.muxer.0.as_ref().streams.add(stream)).time_base;
            ffi::av_packet_rescale_ts(raw, ffi::AVRational { num: 1, den: timescale as c_int }, to);
            ffi::av_interleaved_write_frame(self.muxer.0.as_ptr(), raw)
        };
        check(code, "write").map(|_| ())
    }

    /// Writes the index and flushes.
    pub(super) fn finish(self) -> Result<(), EngineError> {
        // SAFETY: header was written.
        check(unsafe { ffi::av_write_trailer(self.muxer.0.as_ptr()) }, "write").map(|_| ())
    }
}

impl Drop for FileMuxer {
    fn drop(&mut self) {
        // SAFETY: all three are owned here; the muxer is told before its I/O goes.
        unsafe {
            if !self.io.is_null() {
                ffi::avio_flush(self.io);
                self.muxer.set_io(ptr::null_mut());
                ffi::av_freep((&raw mut (*self.io).buffer).cast());
                ffi::avio_context_free(&raw mut self.io);
            }
            drop(Box::from_raw(self.file));
        }
    }
}

unsafe extern "C" fn write_file(opaque: *mut c_void, data: *const u8, length: c_int) -> c_int {
    // SAFETY: `opaque` is the file that outlives the I/O; libav passes `length` bytes.
    let (mut file, data) =
        unsafe { (&*opaque.cast::<File>(), std::slice::from_raw_parts(data, length.max(0) as usize)) };
    match file.write_all(data) {
        Ok(()) => length,
        Err(error) => ffi::AVERROR(error.raw_os_error().unwrap_or(ffi::EIO)),
    }
}

unsafe extern "C" fn seek_file(opaque: *mut c_void, offset: i64, whence: c_int) -> i64 {
    // SAFETY: as above.
    let mut file = unsafe { &*opaque.cast::<File>() };
    if whence & ffi::AVSEEK_SIZE != 0 {
        return file.metadata().map_or(-1, |metadata| metadata.len() as i64);
    }
    let position = match whence & 3 {
        0 => SeekFrom::Start(offset.max(0) as u64),
        1 => SeekFrom::Current(offset),
        _ => SeekFrom::End(offset),
    };
    file.seek(position).map_or(i64::from(ffi::AVERROR(ffi::EIO)), |position| position as i64)
}
