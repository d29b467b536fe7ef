//! Probe results that tests of several files use.
use std::path::PathBuf;
use std::sync::Arc;

use crate::media::identity::FileIdentity;
use crate::media::info::{AudioInfo, MediaInfo, Source, StreamInfo, StreamKind, VideoInfo};

pub(crate) fn info(container: &str, streams: Vec<StreamInfo>) -> MediaInfo {
    MediaInfo {
        container: container.to_owned(),
        duration_ms: 10_000,
        size: 5_000_000,
        bit_rate: 4_000_000,
        streams,
        chapters: Vec::new(),
        tags_title: None,
        ..MediaInfo::default()
    }
}

pub(crate) fn video(codec: &str) -> StreamInfo {
    let video = VideoInfo {
        width: 1920,
        height: 1080,
        fps_num: 24000,
        fps_den: 1001,
        pixel_format: "yuv420p".to_owned(),
        bit_depth: 8,
        chroma: "4:2:0".to_owned(),
        hdr: false,
        hlg: false,
        dolby_vision: None,
        rotation: 0,
        sar_num: 1,
        sar_den: 1,
        interlaced: false,
        level: 40,
        codec_string: match codec {
            "h264" => "avc1.640028".to_owned(),
            "hevc" => "hev1.1.6.L120.90".to_owned(),
            _ => String::new(),
        },
    };
    StreamInfo { kind: StreamKind::Video, video: Some(video), audio: None, ..stream(0, codec) }
}

pub(crate) fn audio(index: u32, codec: &str) -> StreamInfo {
    let audio =
        AudioInfo { sample_rate: 48_000, channels: 6, layout: "5.1(side)".to_owned(), codec_string: String::new() };
    StreamInfo { kind: StreamKind::Audio, video: None, audio: Some(audio), ..stream(index, codec) }
}

fn stream(index: u32, codec: &str) -> StreamInfo {
    StreamInfo {
        index,
        kind: StreamKind::Other,
        codec: codec.to_owned(),
        profile: None,
        language: None,
        title: None,
        default: true,
        forced: false,
        attached_picture: false,
        video: None,
        audio: None,
    }
}

pub(crate) fn film(container: &str, video_codec: &str, audio_codec: &str) -> MediaInfo {
    info(container, vec![video(video_codec), audio(1, audio_codec)])
}

pub(crate) fn mkv_h264_ac3() -> MediaInfo {
    film("matroska,webm", "h264", "ac3")
}

pub(crate) fn audio_only(container: &str, codec: &str) -> MediaInfo {
    info(container, vec![audio(0, codec)])
}

pub(crate) fn source(info: MediaInfo) -> Source {
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    Source { path: PathBuf::from("film"), identity, info: Arc::new(info) }
}
