use crate::media::caps::ClientCaps;
use crate::media::dash::{attribute, manifest};
use crate::media::decide::decide;
use crate::media::info::MediaInfo;
use crate::media::plan::{Presentation, plan};
use crate::media::samples;
use crate::media::samples::{audio, audio_only, info, video};
use crate::media::track::VideoIndex;

fn present(info: MediaInfo) -> Presentation {
    let index = VideoIndex {
        time_base: (1, 1000),
        start_pts: 0,
        end_pts: 6006,
        held_until: 6006,
        keyframes: vec![0, 2002, 4004],
        complete: true,
        frame_rate: Some((24000, 1001)),
        ..VideoIndex::default()
    };
    let index = info.video().is_some().then_some(&index);
    plan(&samples::source(info), index)
}

fn manifest_of(film: &Presentation) -> String {
    manifest(film, &decide(film, &ClientCaps::default(), &[720]).unwrap())
}

#[test]
fn a_film_with_two_languages_reads_exactly_so() {
    let mut info = info("matroska,webm", vec![video("h264"), audio(1, "ac3"), audio(2, "ac3")]);
    info.streams[1].language = Some("eng".to_owned());
    info.streams[2].title = Some("Tom & <Jerry>, \"1\"".to_owned());
    info.streams[2].default = false;
    let text = manifest_of(&present(info));
    let expected = "<AdaptationSet contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\" \
        startWithSAP=\"1\">\n<Representation id=\"vcopy\" codecs=\"avc1.640028\" bandwidth=\"8192000\" width=\"1920\" \
        height=\"1080\" frameRate=\"24000/1001\">\n<SegmentTemplate timescale=\"24000\" startNumber=\"0\" \
        initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/$Number$.m4s\">\n<SegmentTimeline>\n\
        <S t=\"0\" d=\"48048\" r=\"2\"/>\n</SegmentTimeline>\n</SegmentTemplate>\n</Representation>\n</AdaptationSet>\n";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("mediaPresentationDuration=\"PT6.006S\""), "{text}");
    assert!(text.contains("<BaseURL>../hls/</BaseURL>"), "{text}");
    assert!(text.contains("startWithSAP=\"1\" lang=\"en\">\n<Role "), "{text}");
    assert!(text.contains("<Label>Tom &amp; &lt;Jerry&gt;, 1</Label>\n<Representation id=\"a1\""), "{text}");
    assert_eq!(text.matches("<AdaptationSet").count(), 4, "the copy, what is encoded, two languages");
}

#[test]
fn the_lengths_of_a_timeline_add_up_to_the_plan() {
    let film = present(info("matroska,webm", vec![video("hevc"), audio(1, "ac3")]));
    let text = manifest_of(&film);
    assert!(text.contains("<Representation id=\"v720\""), "{text}");
    let sound = &text[text.find("id=\"a0\"").unwrap()..];
    let number = |line: &str, name: &str| -> Option<i64> {
        let at = line.find(&format!("{name}=\""))? + name.len() + 2;
        line[at..].split('"').next()?.parse().ok()
    };
    let sum: i64 = sound
        .lines()
        .filter(|line| line.starts_with("<S ") || line.starts_with("<S t"))
        .map(|line| number(line, " d").unwrap() * (1 + number(line, " r").unwrap_or(0)))
        .sum();
    assert_eq!(Some(sum), film.audio[0].cuts.last().copied());
}

#[test]
fn a_song_has_sound_alone_and_only_once() {
    let text = manifest_of(&present(audio_only("mp3", "mp3")));
    assert_eq!(text.matches("<AdaptationSet").count(), 1);
    assert_eq!(text.matches("<Representation id=\"a0\"").count(), 1);
}

#[test]
fn attributes_are_read_as_the_rfc_has_them() {
    let list = "BANDWIDTH=5,NAME=\"a,b=c\",CODECS=\"avc1.1,mp4a\",LAST=x";
    for (name, value) in [("BANDWIDTH", "5"), ("NAME", "a,b=c"), ("CODECS", "avc1.1,mp4a"), ("LAST", "x")] {
        assert_eq!(attribute(list, name).as_deref(), Some(value));
    }
    assert_eq!(attribute(list, "b"), None);
    assert_eq!(attribute("A=\"open", "B"), None);
}
