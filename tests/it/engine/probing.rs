use std::sync::Arc;
use std::time::Duration;

use watchparty::clock::{Clock, SystemClock};
use watchparty::media::engine::{self, Cancel};

use crate::support::films::{ffmpeg, film, folder, limit, made, open, scratch};

#[test]
fn every_file_is_a_film_or_a_plain_sentence_within_ten_seconds() {
    let Some(folder) = folder() else { return };
    let mut films = 0;
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        let began = SystemClock.now();
        let cancel = Cancel::with_deadline(Arc::new(SystemClock), Duration::from_secs(10));
        match engine::probe(&path, &cancel) {
            Ok((info, identity)) => {
                films += 1;
                assert_eq!(info.size, identity.size);
                eprintln!(
                    "{:45} {:>9} ms {}",
                    path.file_name().expect("name").to_string_lossy(),
                    info.duration_ms,
                    summary(&info)
                );
            }
            Err(error) => {
                let sentence = error.to_string();
                assert!(sentence.ends_with('.') && sentence.len() < 80, "{sentence}");
                eprintln!("{:45} {sentence}", path.file_name().expect("name").to_string_lossy());
            }
        }
        assert!(SystemClock.now().since(began) < Duration::from_secs(10), "{}", path.display());
    }
    assert!(films > 80, "{films} films");
}

fn summary(info: &watchparty::media::MediaInfo) -> String {
    let streams: Vec<String> = info
        .streams
        .iter()
        .map(|stream| match (&stream.video, &stream.audio) {
            (Some(video), _) => format!(
                "{} {}x{} {} {}/{} r{} {}",
                stream.codec,
                video.width,
                video.height,
                video.pixel_format,
                video.fps_num,
                video.fps_den,
                video.rotation,
                video.codec_string
            ),
            (_, Some(audio)) => {
                format!("{} {} {} {}", stream.codec, audio.sample_rate, audio.layout, audio.codec_string)
            }
            _ => stream.codec.clone(),
        })
        .collect();
    format!("{} [{}]", info.container, streams.join("; "))
}

#[test]
fn what_is_not_a_film_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let probe = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("write");
        engine::probe(&path, &limit()).expect_err("not a film").to_string()
    };
    assert_eq!(probe("empty.mp4", b""), "The file is empty.");
    assert_eq!(probe("text.mkv", b"Hello, this is no film.\n"), "This is not a film: the file is plain text.");
    let playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
    assert_eq!(probe("movie.mp4", playlist), "This is not a film: the file is plain text.");
    assert_eq!(
        probe("concat.mp4", b"ffconcat version 1.0\nfile 'x.mp4'\n"),
        "This is not a film: the file is plain text."
    );
    let noise: Vec<u8> = (0..100_000_u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
    assert!(probe("noise.mp4", &noise).starts_with("This is not a film"));
    assert_eq!(engine::probe(folder.path(), &limit()).expect_err("a folder").to_string(), "This is not a file.");
    let gone = engine::probe(&folder.path().join("gone.mp4"), &limit()).expect_err("nothing there");
    assert_eq!(gone.to_string(), "The file cannot be read.");
}

#[cfg(unix)]
#[test]
fn a_pipe_and_a_link_are_refused_without_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe.mp4");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    assert_eq!(engine::probe(&pipe, &limit()).expect_err("a pipe").to_string(), "This is not a file.");
    let link = folder.path().join("link.mp4");
    std::os::unix::fs::symlink("/dev/zero", &link).expect("link");
    assert_eq!(engine::probe(&link, &limit()).expect_err("a link").to_string(), "This is not a file.");
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf8_is_no_obstacle() {
    use std::os::unix::ffi::OsStrExt;
    let Some(film) = film("vfr_count_24s.mp4") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"film \xff %s #.mp4"));
    std::fs::copy(film, &path).expect("copy");
    assert!(engine::probe(&path, &limit()).is_ok());
}

#[test]
fn a_protected_film_says_so() {
    let Some(film) = film("cenc_encrypted.mp4") else { return };
    let error = engine::probe(&film, &limit()).expect_err("protected");
    assert_eq!(error.to_string(), "This film is protected (DRM) and cannot be played.");
}

#[test]
fn a_cancelled_probe_stops() {
    let Some(film) = film("bbb_480p_30s_aac51.mp4") else { return };
    let cancel = Cancel::never();
    cancel.cancel();
    assert_eq!(
        engine::probe(&film, &cancel).expect_err("cancelled").to_string(),
        "Looking at the file was interrupted."
    );
}

fn length(path: &std::path::Path) -> i64 {
    let (info, _) = engine::probe(path, &limit()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    info.duration_ms
}

#[test]
fn a_file_that_does_not_say_how_long_it_is_is_measured() {
    if let Some(raw) = film("tears_of_steel.h264") {
        assert_eq!(length(&raw), 41_667);
    }
    let piped = scratch().join("piped.mkv");
    let picture = "testsrc=duration=5:size=320x180:rate=25";
    let output = ffmpeg(&["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-f", "matroska", "pipe:1"]);
    std::fs::write(&piped, output.stdout).expect("write");
    assert_eq!(length(&piped), 5000);
}

#[test]
fn a_film_that_was_cut_off_is_as_long_as_what_is_left_of_it() {
    if let Some(short) = film("header_1132s_cut_100kb.mkv") {
        assert!((1000..3000).contains(&length(&short)));
    }
    let picture = "testsrc2=duration=60:size=320x180:rate=25";
    let arguments = ["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-movflags", "+faststart"];
    let whole = made("minute.mp4", &arguments);
    assert_eq!(length(&whole), 60_000);
    let cut = scratch().join("half.mp4");
    let bytes = std::fs::read(&whole).expect("read");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("write");
    let left = length(&cut);
    assert!((20_000..40_000).contains(&left), "{left}");
    let (source, index) = open(&cut);
    assert_eq!(index.span_ms(), Some(source.info.duration_ms));
}

#[test]
fn a_file_without_a_picture_that_can_be_shown_says_why() {
    for (name, sentence) in [
        ("truncated_596s_header.mp4", "Only the beginning of this file is here, too little to be played."),
        ("header_231s_cut_135kb.mp4", "Only the beginning of this file is here, too little to be played."),
        ("invalid_vp9.webm", "No picture in this file can be decoded."),
        ("no_duration_theora.ogv", "This file does not say how long it is, and it cannot be measured."),
    ] {
        let Some(path) = film(name) else { return };
        let refused = engine::probe(&path, &limit()).map(|(info, _)| info.duration_ms);
        assert_eq!(refused.map_err(|error| error.to_string()), Err(sentence.to_owned()), "{name}");
    }
}
