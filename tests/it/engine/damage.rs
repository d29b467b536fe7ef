use std::path::PathBuf;
use std::sync::Arc;

use watchparty::media::Source;
use watchparty::media::engine::{self, Head};
use watchparty::media::track::Preset;

use crate::support::boxes::{Fragment, fragments};
use crate::support::films::{self, limit, made, open, scratch, segment};

fn whole(name: &str) -> PathBuf {
    made(
        name,
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=320x180:r=25:d=20",
            "-f",
            "lavfi",
            "-i",
            "sine=440:r=48000:d=20",
            "-c:v",
            "libx264",
            "-g",
            "50",
            "-c:a",
            "aac",
            "-movflags",
            "+faststart",
        ],
    )
}

#[test]
fn a_film_that_was_cut_plays_as_far_as_it_goes() {
    for (name, cut) in [("whole.mp4", "cut.mp4"), ("whole.mkv", "cut.mkv"), ("whole.ts", "cut.ts")] {
        let path = scratch().join(cut);
        let content = std::fs::read(whole(name)).expect("read");
        std::fs::write(&path, &content[..content.len() * 6 / 10]).expect("write");
        let (source, index) = open(&path);
        let seconds =
            (index.end_pts - index.start_pts) as f64 * f64::from(index.time_base.0) / f64::from(index.time_base.1);
        assert!((8.0..16.0).contains(&seconds), "{cut}: {seconds} s");
        let spec = films::transcode(&source, &index, 180, Preset::Ultrafast);
        let mut head = Head::open(&source, &spec, &limit()).expect("head");
        for job in films::encode_jobs(&index) {
            segment(&mut head, &job).unwrap_or_else(|error| panic!("{cut} {job:?}: {error}"));
        }
        let spec = films::sound(&source, &index).expect("sound");
        let mut head = Head::open(&source, &spec, &limit()).expect("head");
        for job in films::sound_jobs(&index, 48_000) {
            segment(&mut head, &job).unwrap_or_else(|error| panic!("{cut} sound {job:?}: {error}"));
        }
    }
}

/// Bytes that look random and are the same each time.
fn noise(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

#[test]
fn flipped_bytes_end_in_full_segments_or_typed_errors() {
    for name in ["whole.mp4", "whole.mkv", "whole.ts"] {
        let content = std::fs::read(whole(name)).expect("read");
        for seed in 1..4 {
            let mut content = content.clone();
            let mut random = noise(seed);
            for _ in 0..300 {
                let (at, value) = (random.next().expect("endless"), random.next().expect("endless"));
                let at = at as usize % content.len();
                content[at] = value as u8;
            }
            let path = scratch().join(format!("flipped-{seed}-{name}"));
            std::fs::write(&path, &content).expect("write");
            play(&path);
            std::fs::remove_file(&path).expect("remove");
        }
    }
}

/// Everything that can be asked of a file; whatever succeeds is exact.
fn play(path: &std::path::Path) {
    let Ok((info, identity)) = engine::probe(path, &limit()) else { return };
    let source = Source { path: path.to_owned(), identity, info: Arc::new(info) };
    let Ok(index) = engine::index(&source, &limit()) else { return };
    let mut specs = Vec::new();
    if source.info.video().is_some() {
        specs.push((films::transcode(&source, &index, 90, Preset::Ultrafast), films::encode_jobs(&index)));
        specs.push((films::copy(&source, &index), films::copy_jobs(&index)));
    }
    specs.extend(films::sound(&source, &index).map(|spec| (spec, films::sound_jobs(&index, 48_000))));
    for (spec, jobs) in specs {
        let Ok(mut head) = Head::open(&source, &spec, &limit()) else { continue };
        for job in jobs.iter().take(4) {
            if let Ok((bytes, _)) = segment(&mut head, job) {
                let length: i64 = fragments(&bytes).iter().map(Fragment::duration).sum();
                assert_eq!(length, job.end - job.start, "{} {job:?}", path.display());
            }
        }
    }
}
