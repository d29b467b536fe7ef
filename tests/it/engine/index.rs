use std::io::Write;
use std::sync::Arc;

use watchparty::media::Source;
use watchparty::media::engine::{self, EngineError};

use crate::support::films::{film, folder, limit, made, open};

#[test]
fn every_film_gets_an_index_or_a_typed_error() {
    let Some(folder) = folder() else { return };
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        let Ok((info, identity)) = engine::probe(&path, &limit()) else { continue };
        let source = Source { path: path.clone(), identity, info: Arc::new(info) };
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        match engine::index(&source, &limit()) {
            Ok(index) => {
                let seconds = |pts: i64| pts as f64 * f64::from(index.time_base.0) / f64::from(index.time_base.1);
                eprintln!(
                    "{name:40} {:9.3} .. {:9.3} ({:>8} ms) {:4} keys {:?} open {}",
                    seconds(index.start_pts),
                    seconds(index.end_pts),
                    source.info.duration_ms,
                    index.keyframes.len(),
                    index.frame_rate,
                    index.open_gop
                );
                assert!(index.end_pts > index.start_pts, "{name}");
                assert!(index.keyframes.windows(2).all(|pair| pair[0] < pair[1]), "{name}");
                assert!(index.keyframes.iter().all(|key| (index.start_pts..index.end_pts).contains(key)), "{name}");
            }
            Err(EngineError::Damaged(why)) => eprintln!("{name:40} damaged: {why}"),
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn an_index_agrees_with_a_scan_of_all_packets() {
    for (name, rate, keys) in [
        ("bbb_480p_30s_aac51.mp4", Some((24, 1)), None),
        ("bbb_full_10min_216p.mp4", Some((25, 1)), None),
        ("bipbop_60s_timecode.ts", Some((30_000, 1001)), Some(13)),
        ("vfr_count_24s.mp4", None, None),
    ] {
        let Some(path) = film(name) else { return };
        let (source, index) = open(&path);
        assert_eq!(index.frame_rate, rate, "{name}");
        if let Some(keys) = keys {
            assert_eq!(index.keyframes.len(), keys, "{name}");
        }
        let listed = std::process::Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts,flags", "-of", "csv=p=0"])
            .arg(&source.path)
            .output()
            .expect("ffprobe");
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut expected: Vec<i64> = text
            .lines()
            .filter_map(|line| line.split_once(','))
            .filter(|(_, flags)| flags.starts_with('K'))
            .filter_map(|(pts, _)| pts.parse().ok())
            .collect();
        expected.sort_unstable();
        assert_eq!(index.keyframes, expected, "{name}");
    }
}

/// Larger files are not read through at once.
const LARGE: u64 = 40 << 20;

#[test]
fn the_index_of_a_looped_film_is_taken_as_it_stands() {
    let picture = "testsrc2=s=320x180:r=24:d=11";
    let coded = ["-c:v", "libx264", "-preset", "superfast", "-g", "96", "-c:a", "aac"];
    let sound = ["-f", "lavfi", "-i", "sine=440:r=48000:d=11"];
    let part = made("to-be-looped.mkv", &[&["-f", "lavfi", "-i", picture][..], &sound, &coded].concat());
    let part = part.to_str().expect("plain name");
    let path = made("looped.mp4", &["-stream_loop", "39", "-i", part, "-c", "copy"]);
    let file = std::fs::OpenOptions::new().append(true).open(&path).expect("the film");
    // What is behind is a hole in the file and empty for everybody.
    (&file).write_all(b"\x04\x00\x00\x00free").expect("write");
    file.set_len(LARGE).expect("grow");
    let (info, identity) = engine::probe(&path, &limit()).expect("a film");
    let source = Source { path, identity, info: Arc::new(info) };
    let glanced = engine::glance(&source, &limit()).expect("an index");
    assert!(glanced.complete, "not taken");
    let mut scan = engine::Scan::begin(&source, None, &limit()).expect("a scan");
    while !scan.go_on(u64::MAX, &limit()).expect("a scan") {}
    let scanned = scan.finish().expect("an index");
    eprintln!("{} {:?} {:?}", glanced.keyframes.len(), glanced.frame_rate, scanned.frame_rate);
    assert_eq!(glanced.keyframes, scanned.keyframes);
}
