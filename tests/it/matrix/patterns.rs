//! What people do to a player: jump about, change quality at every turn, come two at once, leave in the middle.
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::join_all;
use watchparty::media::track::{Preset, SegmentJob};
use watchparty::media::{Presentation, RenditionId};

use crate::matrix::oracle::{in_time, open};
use crate::matrix::recipe::{Film, H264, film, long_base};
use crate::media::harness::Rig;
use crate::support::boxes::{Fragment, fragments};
use crate::support::server::Server;

const COPY: RenditionId = RenditionId::VideoCopy;
const CONVERTED: RenditionId = RenditionId::Video(360);
const SOUND: RenditionId = RenditionId::Audio(0);

/// Numbers that look random and are the same each time.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    }
}

fn long_film() -> Film {
    film("long.mkv", &format!("-i {} {H264} -c:a ac3 -b:a 192k", long_base()))
}

fn jobs(film: &Presentation, id: RenditionId) -> Vec<SegmentJob> {
    let track = film.track(id, Preset::Ultrafast).unwrap();
    (0..track.segments()).map(|n| track.job(n).unwrap()).collect()
}

fn is_whole(bytes: &[u8], job: &SegmentJob) -> bool {
    let fragments = fragments(bytes);
    let length: i64 = fragments.iter().map(Fragment::duration).sum();
    (fragments[0].tfdt as i64, length) == (job.start, job.end - job.start)
}

/// Asks for a segment and leaves after some of its fragments.
async fn taste(rig: &Rig, film: &Arc<Presentation>, id: RenditionId, n: u32, take: usize) {
    let body = in_time("the head of a segment", rig.media.segment(film, &id, n)).await.unwrap();
    let mut fragments = body.fragments.take(take);
    while let Some(fragment) = in_time("a fragment", fragments.next()).await {
        fragment.unwrap();
    }
}

async fn idle(rig: &Rig) {
    rig.until("no work is left", |media| media.stats().in_flight == 0 && media.stats().queued == 0).await;
}

/// Files below a folder that are not finished.
fn parts(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(parts(&entry.path()));
        } else if entry.path().extension().is_some_and(|extension| extension == "tmp" || extension == "part") {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

/// Every segment is there and whole, whatever happened before.
async fn check_all(rig: &Rig, film: &Arc<Presentation>, ids: &[RenditionId]) {
    for id in ids {
        for job in jobs(film, *id) {
            let bytes = in_time("a segment", rig.fetch(film, *id, job.index)).await.unwrap();
            assert!(is_whole(&bytes, &job), "{id} {job:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_seeks_leaves_no_work_behind_and_every_segment_whole() {
    let checked = open(&long_film()).await;
    let (rig, film) = (&checked.rig, &checked.film);
    let ids = [COPY, CONVERTED, SOUND];
    let counts = ids.map(|id| jobs(film, id).len() as u64);
    let mut dice = dice(1);
    for _ in 0..40 {
        let which = dice(3) as usize;
        taste(rig, film, ids[which], dice(counts[which]) as u32, dice(4) as usize).await;
    }
    idle(rig).await;
    assert_eq!(rig.media.stats().segments_failed, 0);
    assert_eq!(parts(rig.folder()), Vec::<String>::new());
    check_all(rig, film, &ids).await;
    assert_eq!(parts(rig.folder()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_after_any_fragment_keeps_a_segment_whole_or_not_at_all() {
    let checked = open(&long_film()).await;
    let film = &checked.film;
    for id in [COPY, CONVERTED, SOUND] {
        let job = jobs(film, id)[1];
        let whole = fragments(&checked.rig.fetch(film, id, 1).await.unwrap()).len();
        for take in 0..=whole {
            let rig = Rig::start();
            let film = rig.film(film.source.path.clone()).await;
            taste(&rig, &film, id, 1, take).await;
            idle(&rig).await;
            let before = rig.media.stats();
            assert!(before.segments_made + before.segments_cancelled <= 1, "{id} after {take}: {before:?}");
            assert_eq!(before.cache_bytes > 0, before.segments_made == 1, "{id} after {take}: {before:?}");
            assert_eq!(parts(rig.folder()), Vec::<String>::new());
            let again = in_time("the segment", rig.fetch(&film, id, 1)).await.unwrap();
            assert!(is_whole(&again, &job), "{id} after {take}");
            assert_eq!(rig.media.stats().cache_hits, before.segments_made, "{id} after {take}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_quality_at_every_turn_joins_to_the_tick() {
    let checked = open(&long_film()).await;
    let (rig, film) = (&checked.rig, &checked.film);
    let sides = [jobs(film, COPY), jobs(film, CONVERTED)];
    let end = sides[0].last().unwrap().end;
    let (mut at, mut turn) = (0, 0);
    let mut taken = BTreeSet::new();
    while at < end {
        // Copied segments are longer: where none starts, the other side goes on.
        let side = if sides[turn % 2].iter().any(|job| job.start == at) { turn % 2 } else { 1 };
        let job = sides[side].iter().find(|job| job.start == at).unwrap_or_else(|| panic!("no segment starts at {at}"));
        let bytes = in_time("a segment", rig.fetch(film, [COPY, CONVERTED][side], job.index)).await.unwrap();
        assert!(is_whole(&bytes, job), "{side} {job:?}");
        taken.insert(side);
        (at, turn) = (job.end, turn + 1);
    }
    assert_eq!((at, taken.len()), (end, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_clients_at_once_cost_one_of_each_segment() {
    let checked = open(&long_film()).await;
    let (rig, film) = (&checked.rig, &checked.film);
    let count = jobs(film, CONVERTED).len() as u32;
    let clients = (0..10_u32).map(|client| async move {
        let mut bytes = Vec::new();
        for n in 0..count {
            // Half of them come from the other end.
            let n = if client % 2 == 0 { n } else { count - 1 - n };
            bytes.push((n, in_time("a segment", rig.fetch(film, CONVERTED, n)).await.unwrap()));
        }
        bytes.sort_unstable_by_key(|(n, _)| *n);
        bytes
    });
    let all = join_all(clients).await;
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "everybody got the same bytes");
    assert_eq!(rig.media.stats().segments_made, u64::from(count));
}

/// Bytes of memory that a process has in use.
fn memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Seeks before memory is measured for the first time, and after that.
const WARM_UP: u64 = 150;
const SEEKS: u64 = 500;
/// What memory may grow by over those; a frame leaked at each seek would be four times as much.
const GROWTH_MAX: u64 = 24 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat_over_five_hundred_seeks() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(&long_film().path, dir.path().join("Film.mkv")).unwrap();
    let data = tempfile::tempdir().unwrap();
    // Nothing is kept, so that every seek is work.
    let server = Server::on(data.path(), &[dir.path()], &["--cache-mb", "0"]);
    let titles = server.scanned(1).await;
    let playback = server.json(&format!("/api/v1/media/{}/playback", titles[0]["id"].as_str().unwrap())).await;
    let master = playback["master_url"].as_str().unwrap();
    let folder = server.url(&master[..master.rfind('/').unwrap()]);
    let mut dice = dice(7);
    let mut seek = async || {
        let (rendition, count) = [("vcopy", 7), ("v360", 7), ("a0", 4)][dice(3) as usize];
        let response = server.http.get(format!("{folder}/{rendition}/{}.m4s", dice(count))).send().await.unwrap();
        assert_eq!(response.status(), 200, "{rendition}");
        let mut body = response.bytes_stream();
        // Most leave at once, some stay.
        for _ in 0..[1, 1, 1, 100][dice(4) as usize] {
            if in_time("a fragment", body.next()).await.is_none_or(|part| part.is_err()) {
                break;
            }
        }
    };
    for _ in 0..WARM_UP {
        seek().await;
    }
    let before = memory(server.id());
    for _ in 0..SEEKS {
        seek().await;
    }
    let after = memory(server.id());
    assert!(after < before + GROWTH_MAX, "{} MiB before, {} MiB after", before >> 20, after >> 20);
}
