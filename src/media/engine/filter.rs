//! Pictures into the form that is asked for: progressive, SDR, upright, square pixels, right size.
use std::ffi::c_int;
use std::ptr::{self, NonNull};

use ffi::{AVColorSpace as Space, AVColorTransferCharacteristic as Transfer};
use ffmpeg_next::ffi;

use crate::media::engine::EngineError;
use crate::media::engine::av::{Frame, c_string, check, pair};
use crate::media::engine::codec::Answer;
use crate::media::info::VideoInfo;

/// Threads of one filter graph. Slices of pictures: the result does not depend on it.
const THREADS: c_int = 2;

/// What comes out.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) rotation: i32,
    pub(super) deinterlace: bool,
    /// The stream's transfer function, when it is HDR.
    pub(super) hdr: bool,
    pub(super) format: &'static str,
    pub(super) full_range: bool,
}

impl Target {
    pub(super) fn film(video: &VideoInfo, width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            rotation: video.rotation,
            deinterlace: video.interlaced,
            hdr: video.hdr,
            format: "yuv420p",
            full_range: false,
        }
    }
}

/// What comes in; a change needs a new graph.
#[derive(Clone, PartialEq, Eq)]
struct Shape {
    width: c_int,
    height: c_int,
    format: c_int,
    space: c_int,
    range: c_int,
    transfer: c_int,
}

impl Shape {
    fn of(frame: &Frame) -> Self {
        let raw = frame.get();
        Self {
            width: raw.width,
            height: raw.height,
            format: raw.format,
            space: raw.colorspace as c_int,
            range: raw.color_range as c_int,
            transfer: raw.color_trc as c_int,
        }
    }
}

/// A configured filter graph.
pub(super) struct Graph {
    filters: NonNull<ffi::AVFilterGraph>,
    source: *mut ffi::AVFilterContext,
    sink: *mut ffi::AVFilterContext,
    shape: Shape,
    time_base: (i32, i32),
}

// SAFETY: used by one thread at a time; its worker threads are its own affair.
unsafe impl Send for Graph {}

impl Graph {
    /// For frames like this one, whose times are in `time_base`.
    pub(super) fn new(frame: &Frame, time_base: (i32, i32), target: &Target) -> Result<Self, EngineError> {
        // SAFETY: allocation only.
        let graph = NonNull::new(unsafe { ffi::avfilter_graph_alloc() })
            .ok_or_else(|| EngineError::Internal("out of memory".to_owned()))?;
        let mut this =
            Self { filters: graph, source: ptr::null_mut(), sink: ptr::null_mut(), shape: Shape::of(frame), time_base };
        this.build(frame, &chain(frame, target))?;
        Ok(this)
    }

    /// Whether the frame can go through this graph.
    pub(super) fn fits(&self, frame: &Frame) -> bool {
        self.shape == Shape::of(frame)
    }

    fn build(&mut self, frame: &Frame, chain: &str) -> Result<(), EngineError> {
        let raw = frame.get();
        let (num, den) = pair(raw.sample_aspect_ratio);
        let aspect = if num > 0 && den > 0 { format!("{num}/{den}") } else { "1/1".to_owned() };
        let arguments = format!(
            "video_size={}x{}:pix_fmt={}:time_base={}/{}:pixel_aspect={aspect}:colorspace={}:range={}",
            raw.width, raw.height, raw.format, self.time_base.0, self.time_base.1, self.shape.space, self.shape.range
        );
        // SAFETY: the graph is valid and owns the filters; names and arguments are terminated; the two endpoint
        // lists are consumed or freed below.
        unsafe {
            let graph = self.filters.as_ptr();
            (*graph).nb_threads = THREADS;
            let (buffer, sink) =
                (ffi::avfilter_get_by_name(c"buffer".as_ptr()), ffi::avfilter_get_by_name(c"buffersink".as_ptr()));
            let arguments = c_string(&arguments);
            let created = ffi::avfilter_graph_create_filter(
                &raw mut self.source,
                buffer,
                c"in".as_ptr(),
                arguments.as_ptr(),
                ptr::null_mut(),
                graph,
            );
            check(created, "filter source")?;
            let created = ffi::avfilter_graph_create_filter(
                &raw mut self.sink,
                sink,
                c"out".as_ptr(),
                ptr::null(),
                ptr::null_mut(),
                graph,
            );
            check(created, "filter sink")?;
            let mut outputs = endpoint(c"in", self.source)?;
            let mut inputs = endpoint(c"out", self.sink)?;
            let chain = c_string(chain);
            let parsed = ffi::avfilter_graph_parse_ptr(
                graph,
                chain.as_ptr(),
                &raw mut inputs,
                &raw mut outputs,
                ptr::null_mut(),
            );
            ffi::avfilter_inout_free(&raw mut inputs);
            ffi::avfilter_inout_free(&raw mut outputs);
            check(parsed, "filters")?;
            check(ffi::avfilter_graph_config(graph, ptr::null_mut()), "filters")?;
        }
        Ok(())
    }

    /// A frame in; `None` ends the stream. The frame's `pts` is in the time base given at the start.
    pub(super) fn send(&mut self, frame: Option<&Frame>) -> Result<(), EngineError> {
        let frame = frame.map_or(ptr::null_mut(), Frame::as_ptr);
        // SAFETY: valid graph; KEEP_REF leaves the caller's frame alone.
        let code =
            unsafe { ffi::av_buffersrc_add_frame_flags(self.source, frame, ffi::AV_BUFFERSRC_FLAG_KEEP_REF as c_int) };
        check(code, "filter").map(|_| ())
    }

    /// A frame out, its `pts` in the time base given at the start.
    pub(super) fn receive(&mut self) -> Result<(Answer, Frame), EngineError> {
        let mut frame = Frame::new()?;
        // SAFETY: valid graph and frame.
        let code = unsafe { ffi::av_buffersink_get_frame(self.sink, frame.as_ptr()) };
        if code == ffi::AVERROR(ffi::EAGAIN) {
            return Ok((Answer::Hungry, frame));
        }
        if code == ffi::AVERROR_EOF {
            return Ok((Answer::End, frame));
        }
        check(code, "filter")?;
        // SAFETY: pure arithmetic.
        unsafe {
            let from = ffi::av_buffersink_get_time_base(self.sink);
            let to = ffi::AVRational { num: self.time_base.0, den: self.time_base.1 };
            let raw = frame.get_mut();
            raw.pts = ffi::av_rescale_q(raw.pts, from, to);
        }
        Ok((Answer::Ready, frame))
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        let mut graph = self.filters.as_ptr();
        // SAFETY: owned here; frees its filters too.
        unsafe { ffi::avfilter_graph_free(&raw mut graph) };
    }
}

unsafe fn endpoint(
    name: &std::ffi::CStr,
    filter: *mut ffi::AVFilterContext,
) -> Result<*mut ffi::AVFilterInOut, EngineError> {
    // SAFETY: the allocation is checked; the name is copied into libav's memory.
    unsafe {
        let end = ffi::avfilter_inout_alloc();
        if end.is_null() {
            return Err(EngineError::Internal("out of memory".to_owned()));
        }
        (*end).name = ffi::av_strdup(name.as_ptr());
        (*end).filter_ctx = filter;
        (*end).pad_idx = 0;
        (*end).next = ptr::null_mut();
        Ok(end)
    }
}

/// The filters, in order.
fn chain(frame: &Frame, target: &Target) -> String {
    let raw = frame.get();
    let turned = target.rotation % 180 != 0;
    let (width, height) = if turned { (target.height, target.width) } else { (target.width, target.height) };
    let mut filters = Vec::new();
    if target.deinterlace {
        filters.push("bwdif=mode=send_frame:parity=auto:deint=interlaced".to_owned());
    }
    if target.hdr {
        let transfer = match raw.color_trc {
            Transfer::AVCOL_TRC_ARIB_STD_B67 => "arib-std-b67",
            _ => "smpte2084",
        };
        // Scaled first: tone mapping costs by the pixel. Streams often leave some of the tags out.
        filters.push(format!("scale={width}:{height}:flags=bicubic"));
        filters.push(format!(
            "setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc,zscale=transfer=linear:matrix=gbr:npl=100,\
             format=gbrpf32le,zscale=primaries=bt709,tonemap=hable:desat=0,\
             zscale=transfer=bt709:matrix=bt709:range=limited"
        ));
    } else {
        let range = if target.full_range { "pc" } else { "tv" };
        let matrix = if target.full_range { "bt601" } else { "bt709" };
        filters.push(format!(
            "scale={width}:{height}:flags=bicubic:in_color_matrix={}:out_color_matrix={matrix}:out_range={range}",
            matrix_of(raw)
        ));
    }
    match target.rotation {
        90 => filters.push("transpose=clock".to_owned()),
        180 => filters.push("hflip,vflip".to_owned()),
        270 => filters.push("transpose=cclock".to_owned()),
        _ => {}
    }
    filters.push(format!("format={},setsar=1", target.format));
    filters.join(",")
}

/// The matrix of the source; a guess by size where the source does not say.
fn matrix_of(raw: &ffi::AVFrame) -> &'static str {
    match raw.colorspace {
        Space::AVCOL_SPC_BT709 => "bt709",
        Space::AVCOL_SPC_BT470BG | Space::AVCOL_SPC_SMPTE170M => "bt601",
        Space::AVCOL_SPC_FCC => "fcc",
        Space::AVCOL_SPC_SMPTE240M => "smpte240m",
        Space::AVCOL_SPC_BT2020_NCL | Space::AVCOL_SPC_BT2020_CL => "bt2020",
        _ if raw.height <= 576 && raw.width <= 1024 => "bt601",
        _ => "bt709",
    }
}
