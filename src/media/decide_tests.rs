use crate::media::caps::ClientCaps;
use crate::media::decide::{Decision, Mode, decide, playable};
use crate::media::info::{MediaInfo, VideoInfo};
use crate::media::plan::{Presentation, plan};
use crate::media::rendition::RenditionId;
use crate::media::samples;
use crate::media::samples::{audio, audio_only, film, info, video};
use crate::media::track::VideoIndex;

fn present(info: MediaInfo) -> Presentation {
    let index = VideoIndex {
        time_base: (1, 1000),
        start_pts: 0,
        end_pts: 10_000,
        held_until: 10_000,
        keyframes: vec![0, 2000, 5000, 8000],
        complete: true,
        frame_rate: None,
        open_gop: false,
        ..VideoIndex::default()
    };
    let index = info.video().is_some().then_some(&index);
    plan(&samples::source(info), index)
}

fn plain(info: MediaInfo) -> Decision {
    decide(&present(info), &ClientCaps::default(), &[1080, 480]).unwrap()
}

fn names(decision: &Decision) -> String {
    decision.renditions.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn expect(info: MediaInfo, caps: &str, mode: Mode, reason: &str, renditions: &str) {
    let decision = decide(&present(info), &ClientCaps::from_query(caps), &[1080, 480]).unwrap();
    assert_eq!((decision.mode, decision.reason.as_str(), names(&decision).as_str()), (mode, reason, renditions));
    assert_eq!(decision.direct, mode == Mode::Direct);
}

fn with(codec: &str, change: impl FnOnce(&mut VideoInfo)) -> MediaInfo {
    let mut film = film("mov,mp4,m4a,3gp,3g2,mj2", codec, "aac");
    change(film.streams[0].video.as_mut().unwrap());
    film
}

const MP4: &str = "mov,mp4,m4a,3gp,3g2,mj2";
const MKV: &str = "matroska,webm";

#[test]
fn a_plain_mp4_plays_as_it_is_and_has_renditions_to_fall_back_to() {
    expect(film(MP4, "h264", "aac"), "", Mode::Direct, "Direct: plays as it is", "vcopy,v480,a0");
    expect(info(MP4, vec![video("h264")]), "", Mode::Direct, "Direct: plays as it is", "vcopy,v480");
    let turned = with("h264", |video| video.rotation = 90);
    expect(turned, "", Mode::Direct, "Direct: plays as it is", "v1080,v480,a0");
}

#[test]
fn sound_or_container_alone_is_a_remux() {
    expect(film(MP4, "h264", "ac3"), "", Mode::Remux, "Remuxed: AC-3 sound converted", "vcopy,v480,a0");
    expect(film(MKV, "h264", "aac"), "", Mode::Remux, "Remuxed: MKV container", "vcopy,v480,a0");
    expect(film("mpegts", "h264", "aac"), "", Mode::Remux, "Remuxed: MPEG-TS container", "vcopy,v480,a0");
    expect(film(MKV, "h264", "aac"), "c=mp4,webm&a=aac,opus", Mode::Remux, "Remuxed: MKV container", "vcopy,v480,a0");
}

#[test]
fn webm_needs_a_client_that_says_so_and_mkv_is_never_direct() {
    let caps = "v=h264,vp9&a=aac,opus&c=mp4,webm";
    expect(film(MKV, "vp9", "opus"), caps, Mode::Transcode, "Converted from VP9", "v1080,v480,a0");
    expect(film(MKV, "vp9", "opus"), "", Mode::Transcode, "Converted from VP9", "v1080,v480,a0");
    let mut webm = present(film(MKV, "vp9", "opus"));
    webm.source.path = "film.WebM".into();
    assert!(decide(&webm, &ClientCaps::from_query(caps), &[720]).unwrap().direct);
    assert!(!decide(&webm, &ClientCaps::default(), &[720]).unwrap().direct);
}

#[test]
fn a_file_whose_first_picture_is_not_the_film_is_a_remux() {
    let mut info = info(MP4, vec![video("h264"), video("h264"), audio(2, "aac")]);
    info.streams[0].default = false;
    info.streams[1].index = 1;
    let reason = "Remuxed: the film is not the first picture in its file";
    expect(info, "", Mode::Remux, reason, "vcopy,v480,a0");
}

#[test]
fn pictures_that_a_client_cannot_show_are_converted_and_the_cause_is_named() {
    let converted = |info, reason| expect(info, "", Mode::Transcode, reason, "v1080,v480,a0");
    converted(with("hevc", |video| video.bit_depth = 10), "Converted from HEVC 10-bit");
    converted(with("h264", |video| video.bit_depth = 10), "Converted from H.264 10-bit");
    converted(with("h264", |video| video.chroma = "4:4:4".to_owned()), "Converted from H.264 4:4:4");
    converted(with("mpeg2video", |video| video.interlaced = true), "Converted: interlaced MPEG-2");
    converted(
        with("hevc", |video| {
            video.bit_depth = 10;
            video.hdr = true;
        }),
        "Converted: HDR to SDR",
    );
}

#[test]
fn hevc_is_copied_for_clients_that_have_it() {
    let ten_bit = || with("hevc", |video| video.bit_depth = 10);
    expect(film(MKV, "hevc", "aac"), "v=h264,hevc", Mode::Remux, "Remuxed: MKV container", "vcopy,v480,a0");
    expect(ten_bit(), "v=h264,hevc", Mode::Transcode, "Converted from HEVC 10-bit", "v1080,v480,a0");
    expect(ten_bit(), "v=h264,hevc,hevc10", Mode::Remux, "Remuxed: MP4 container", "vcopy,v480,a0");
}

#[test]
fn a_film_is_not_enlarged() {
    let small = with("mpeg4", |video| (video.width, video.height) = (640, 272));
    assert_eq!(names(&plain(small)), "v360,a0");
}

#[test]
fn without_a_full_index_the_picture_is_converted() {
    let film = film(MKV, "h264", "ac3");
    let none = VideoIndex {
        time_base: (1, 1000),
        start_pts: 0,
        end_pts: 10_000,
        held_until: 10_000,
        keyframes: vec![],
        complete: false,
        frame_rate: None,
        open_gop: false,
        ..VideoIndex::default()
    };
    let film = plan(&samples::source(film), Some(&none));
    let decision = decide(&film, &ClientCaps::default(), &[480]).unwrap();
    assert_eq!(decision.reason, "Converted: the file has no complete index");
    assert_eq!(names(&decision), "v480,a0");
}

#[test]
fn sound_alone_is_direct_or_hls() {
    expect(audio_only("mp3", "mp3"), "", Mode::Direct, "Direct: plays as it is", "a0");
    expect(audio_only("flac", "flac"), "", Mode::Remux, "Remuxed: FLAC sound converted", "a0");
    expect(audio_only("flac", "flac"), "a=flac&c=flac", Mode::Direct, "Direct: plays as it is", "a0");
}

#[test]
fn the_default_sound_decides_and_every_track_is_offered() {
    let mut film = info(MP4, vec![video("h264"), audio(1, "aac"), audio(2, "dts")]);
    film.streams[1].default = false;
    expect(film, "", Mode::Remux, "Remuxed: DTS sound converted", "vcopy,v480,a0,a1");
}

#[test]
fn what_cannot_be_played_is_said_in_a_sentence() {
    let sentence = |info: &MediaInfo| playable(info).unwrap_err().to_string();
    assert_eq!(sentence(&info(MP4, vec![])), "There is no picture and no sound in this file.");
    let endless = MediaInfo { duration_ms: 0, ..film(MP4, "h264", "aac") };
    assert_eq!(sentence(&endless), "This file does not say how long it is.");
    assert_eq!(sentence(&film(MP4, "unknown", "aac")), "The picture is in a format that cannot be decoded.");
    let mut cover = info("mp3", vec![video("mjpeg")]);
    cover.streams[0].attached_picture = true;
    assert!(playable(&cover).is_err());
}

#[test]
fn a_file_whose_picture_does_not_start_at_its_own_zero_is_not_played_as_it_is() {
    for (start, direct) in [(10_000, false), (40, false), (-40, false), (10, true), (-10, true), (0, true)] {
        let mut film = present(film(MP4, "h264", "aac"));
        film.origin.pts = start;
        let decision = decide(&film, &ClientCaps::default(), &[720]).unwrap();
        assert_eq!(decision.direct, direct, "{start} ms");
        let reason = if direct { "Direct: plays as it is" } else { "Remuxed: starts late" };
        assert_eq!(decision.reason, reason, "{start} ms");
    }
}

#[test]
fn av1_and_vp9_are_copied_for_those_who_play_them_in_segments() {
    for (codec, name, string) in [("av1", "AV1", "av01.0.08M.08"), ("vp9", "VP9", "vp09.00.40.08")] {
        let mut film = film(MKV, codec, "opus");
        film.streams[0].video.as_mut().unwrap().codec_string = string.to_owned();
        let caps = format!("v={codec}");
        expect(film.clone(), &caps, Mode::Remux, "Remuxed: Opus sound converted", "vcopy,v480,a0");
        expect(film.clone(), "", Mode::Transcode, &format!("Converted from {name}"), "v1080,v480,a0");
        let native = format!("{caps}&mse=0");
        expect(film.clone(), &native, Mode::Transcode, &format!("Converted from {name}"), "v1080,v480,a0");
        let decision = decide(&present(film), &ClientCaps::from_query(&caps), &[720]).unwrap();
        assert_eq!(decision.renditions[0], RenditionId::VideoCopy);
    }
}

#[test]
fn hdr_is_copied_for_those_who_show_it_and_dolby_vision_alone_for_nobody() {
    let hdr = |change: fn(&mut VideoInfo)| {
        let mut film = film(MKV, "hevc", "ac3");
        let video = film.streams[0].video.as_mut().unwrap();
        (video.bit_depth, video.hdr) = (10, true);
        change(video);
        film
    };
    expect(hdr(|_| {}), "v=hevc10", Mode::Transcode, "Converted: HDR to SDR", "v1080,v480,a0");
    expect(hdr(|_| {}), "v=hevc10,hdr", Mode::Remux, "Remuxed: AC-3 sound converted", "vcopy,v480,a0");
    let alone = hdr(|video| video.dolby_vision = Some(5));
    expect(alone.clone(), "v=hevc10,hdr", Mode::Transcode, "Converted: Dolby Vision alone", "v1080,v480,a0");
    assert_eq!(present(alone).notes().len(), 1);
    let with_base = hdr(|video| video.dolby_vision = Some(8));
    expect(with_base, "v=hevc10,hdr", Mode::Remux, "Remuxed: AC-3 sound converted", "vcopy,v480,a0");
}

#[test]
fn beside_the_films_own_picture_only_what_is_less_is_offered() {
    let offered = |width, height, bit_rate, rungs: &[u32]| {
        let mut film = with("h264", |video| (video.width, video.height) = (width, height));
        film.bit_rate = bit_rate;
        names(&decide(&present(film), &ClientCaps::default(), rungs).unwrap())
    };
    assert_eq!(offered(1920, 1080, 4_000_000, &[1080, 480]), "vcopy,v480,a0");
    assert_eq!(offered(1920, 1080, 20_000_000, &[1080, 480]), "vcopy,v1080,v480,a0");
    assert_eq!(offered(1920, 1080, 20_000_000, &[720, 480]), "vcopy,v720,v480,a0");
    assert_eq!(offered(640, 360, 500_000, &[720, 480]), "vcopy,a0");
}

#[test]
fn a_player_begins_with_the_first_picture_and_the_default_sound() {
    let mut info = info(MKV, vec![video("h264"), audio(1, "aac"), audio(2, "dts")]);
    info.streams[1].default = false;
    let film = present(info);
    let decision = decide(&film, &ClientCaps::default(), &[720]).unwrap();
    assert_eq!(decision.start(&film), [RenditionId::VideoCopy, RenditionId::Audio(1)]);
}
