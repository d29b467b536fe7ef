use crate::media::caps::ClientCaps;
use crate::media::decide::decide;
use crate::media::info::MediaInfo;
use crate::media::plan::{Presentation, plan};
use crate::media::playlist::{master, rendition};
use crate::media::rendition::RenditionId;
use crate::media::samples;
use crate::media::samples::{audio, audio_only, film, info, video};
use crate::media::track::VideoIndex;

fn present(info: MediaInfo, end_ms: i64, frame_rate: Option<(u32, u32)>) -> Presentation {
    let index = VideoIndex {
        time_base: (1, 1000),
        start_pts: 0,
        end_pts: end_ms,
        held_until: end_ms,
        keyframes: (0..end_ms).step_by(2002).collect(),
        complete: true,
        frame_rate,
        open_gop: false,
        ..VideoIndex::default()
    };
    let index = info.video().is_some().then_some(&index);
    plan(&samples::source(info), index)
}

fn master_of(film: &Presentation) -> String {
    master(film, &decide(film, &ClientCaps::default(), &[720]).unwrap())
}

#[test]
fn a_rendition_reads_exactly_so() {
    let film = present(film("matroska,webm", "h264", "ac3"), 6006, Some((24000, 1001)));
    assert_eq!(
        rendition(&film, &RenditionId::VideoCopy).unwrap(),
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n\
         #EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n\
         #EXTINF:2.002000,\n0.m4s\n#EXTINF:2.002000,\n1.m4s\n#EXTINF:2.002000,\n2.m4s\n#EXT-X-ENDLIST\n"
    );
    assert!(rendition(&film, &RenditionId::Audio(1)).is_none());
}

#[test]
fn a_master_reads_exactly_so() {
    let mut info = info("matroska,webm", vec![video("h264"), audio(1, "ac3"), audio(2, "aac"), audio(3, "aac")]);
    info.streams[1].language = Some("eng".to_owned());
    info.streams[1].default = false;
    info.streams[2].language = Some("ger".to_owned());
    info.streams[2].title = Some("Kom\"mentar\n".to_owned());
    info.streams[3].language = Some("und".to_owned());
    info.streams[3].title = Some("Kommentar".to_owned());
    info.streams[3].default = false;
    let film = present(info, 6006, Some((24000, 1001)));
    assert_eq!(
        master_of(&film),
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",LANGUAGE=\"en\",NAME=\"en\",DEFAULT=NO,AUTOSELECT=YES,\
         CHANNELS=\"2\",URI=\"a0/index.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",LANGUAGE=\"de\",NAME=\"Kommentar\",DEFAULT=YES,AUTOSELECT=YES,\
         CHANNELS=\"2\",URI=\"a1/index.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"Kommentar (2)\",DEFAULT=NO,AUTOSELECT=YES,\
         CHANNELS=\"2\",URI=\"a2/index.m3u8\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=8192000,CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1920x1080,\
         FRAME-RATE=23.976,AUDIO=\"sound\"\nvcopy/index.m3u8\n\
         #EXT-X-STREAM-INF:BANDWIDTH=3192000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,\
         FRAME-RATE=23.976,AUDIO=\"sound\"\nv720/index.m3u8\n"
    );
}

#[test]
fn a_converted_film_names_its_own_size_and_codec() {
    let text = master_of(&present(film("avi", "mpeg4", "mp3"), 6006, None));
    assert!(text.ends_with(
        "#EXT-X-STREAM-INF:BANDWIDTH=3192000,CODECS=\"avc1.640020,mp4a.40.2\",RESOLUTION=1280x720,AUDIO=\"sound\"\n\
         v720/index.m3u8\n"
    ));
}

#[test]
fn sound_alone_is_a_variant_and_a_silent_film_has_no_group() {
    let text = master_of(&present(audio_only("flac", "flac"), 0, None));
    assert!(text.ends_with("#EXT-X-STREAM-INF:BANDWIDTH=192000,CODECS=\"mp4a.40.2\"\na0/index.m3u8\n"), "{text}");
    let text = master_of(&present(info("avi", vec![video("mpeg4")]), 6006, None));
    assert!(!text.contains("AUDIO") && text.contains("CODECS=\"avc1.640020\""), "{text}");
}

#[test]
fn an_unknown_codec_string_leaves_codecs_out() {
    let mut info = film("matroska,webm", "h264", "aac");
    info.streams[0].video.as_mut().unwrap().codec_string.clear();
    let text = master_of(&present(info, 6006, None));
    let copied = text.lines().find(|line| line.starts_with("#EXT-X-STREAM-INF")).unwrap();
    assert!(!copied.contains("CODECS"), "{text}");
}

#[test]
fn twelve_hours_stay_below_a_megabyte() {
    let film = present(film("matroska,webm", "hevc", "ac3"), 12 * 3600 * 1000, Some((24000, 1001)));
    let text = rendition(&film, &RenditionId::Video(720)).unwrap();
    assert!(text.len() < 1_000_000, "{}", text.len());
}
