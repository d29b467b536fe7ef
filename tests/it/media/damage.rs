//! Films with holes: what is sound plays, what is not is named with its time.
use std::path::{Path, PathBuf};
use std::process::Command;

use watchparty::media::engine::Head;
use watchparty::media::track::{Preset, TrackSpec};
use watchparty::media::{MediaError, RenditionId};

use crate::media::harness::Rig;
use crate::support::boxes::{Fragment, fragments};
use crate::support::films::{limit, made, scratch, segment};

const PICTURE: &str = "testsrc2=s=640x360:r=25:d=10";
/// A rate that no picture here needs.
const UNLIMITED: u32 = 400_000_000;

fn film(name: &str, group: &str) -> PathBuf {
    let coded = ["-c:v", "libx264", "-preset", "veryfast", "-g", group, "-sc_threshold", "0"];
    made(name, &[&["-f", "lavfi", "-i", PICTURE][..], &coded[..]].concat())
}

/// The film with zeros in place of its pictures between two times.
fn with_hole(whole: &Path, name: &str, from: f64, to: f64) -> PathBuf {
    let listed = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,pos,size", "-of", "csv=p=0"])
        .arg(whole)
        .output()
        .unwrap();
    let mut bytes = std::fs::read(whole).unwrap();
    for line in String::from_utf8(listed.stdout).unwrap().lines() {
        let fields: Vec<f64> = line.split(',').filter_map(|field| field.parse().ok()).collect();
        let (time, size, at) = (fields[0], fields[1] as usize, fields[2] as usize);
        if (from..to).contains(&time) {
            bytes[at..at + size].fill(0);
        }
    }
    let path = scratch().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_of_which_nothing_is_left_is_named_with_its_time_and_the_film_goes_on_behind_it() {
    let path = with_hole(&film("sound.mp4", "50"), "hole.mp4", 3.99, 7.99);
    let rig = Rig::start();
    let film = rig.film(path).await;
    for id in [RenditionId::VideoCopy, RenditionId::Video(360)] {
        let track = film.track(id, Preset::Ultrafast).unwrap();
        for n in 0..track.segments() {
            let job = track.job(n).unwrap();
            let ms = |tick: i64| tick * 1000 / i64::from(track.timescale);
            let lost = ms(job.start) >= 4000 && ms(job.end) <= 8000;
            match (lost, rig.fetch(&film, id, n).await) {
                (true, Err(MediaError::PictureDamaged { from_ms })) => assert_eq!(from_ms, ms(job.start), "{id}"),
                (false, Ok(bytes)) => {
                    let length: i64 = fragments(&bytes).iter().map(Fragment::duration).sum();
                    assert_eq!(length, job.end - job.start, "{id} {n}");
                }
                (_, other) => panic!("{id} segment {n}: {:?}", other.map(|bytes| bytes.len())),
            }
        }
    }
    assert_eq!(rig.media.notes(&film), ["The picture is damaged from 0:04; it plays to there."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_hole_in_a_long_group_of_pictures_the_bytes_do_not_depend_on_history() {
    let path = with_hole(&film("group.mp4", "250"), "group-hole.mp4", 2.7, 3.3);
    let rig = Rig::start();
    let film = rig.film(path).await;
    let mut track = film.track(RenditionId::Video(360), Preset::Ultrafast).unwrap();
    if let TrackSpec::VideoH264 { max_bit_rate, .. } = &mut track.spec {
        *max_bit_rate = UNLIMITED;
    }
    let open = || Head::open(&film.source, &track.spec, &limit()).unwrap();
    let mut warm = open();
    let forwards: Vec<_> = (0..track.segments()).map(|n| segment(&mut warm, &track.job(n).unwrap())).collect();
    for n in (0..track.segments()).rev() {
        let cold = segment(&mut open(), &track.job(n).unwrap());
        match (cold, &forwards[n as usize]) {
            (Ok((cold, _)), Ok((warm, _))) => assert!(cold == *warm, "segment {n}"),
            (cold, warm) => panic!("segment {n}: {:?} {:?}", cold.map(|made| made.1), warm.as_ref().map(|made| made.1)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_programs_the_one_with_the_better_picture_is_the_film() {
    let small = "testsrc2=s=320x180:r=25:d=4";
    let inputs = ["-f", "lavfi", "-i", small, "-f", "lavfi", "-i", "sine=440:d=4", "-f", "lavfi", "-i", PICTURE];
    let rest = ["-f", "lavfi", "-i", "sine=880:d=4", "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-t", "4"];
    let programs = ["-program", "title=A:st=0:st=1", "-program", "title=B:st=2:st=3"];
    let coded = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"];
    let path = made("programs.ts", &[&inputs[..], &rest[..], &programs[..], &coded[..]].concat());
    let rig = Rig::start();
    let film = rig.film(path).await;
    let info = &film.source.info;
    assert_eq!((info.video().unwrap().1.width, info.audio().count()), (640, 1));
    assert_eq!(info.audio().next().unwrap().0.index, info.video().unwrap().0.index + 1);
    assert_eq!(info.streams.len(), 4, "the others are still listed");
}
