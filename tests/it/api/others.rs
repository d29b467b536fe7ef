//! What is not for the page's own player: the stream for other players, DASH, small pictures, conditional requests; and
//! what serving costs.
use serde_json::Value;

use crate::support::boxes;
use crate::support::films::folder;
use crate::support::server::Server;
use crate::support::wait::wait_for;

/// A server with one film, and that film's playback.
async fn watching(name: &str) -> Option<(tempfile::TempDir, Server, Value)> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(folder()?.join(name), dir.path().join(name)).unwrap();
    let server = Server::with_films(&[dir.path()]);
    let titles = server.scanned(1).await;
    let path = format!("/api/v1/media/{}/playback", titles[0]["id"].as_str().unwrap());
    let playback = server.json(&path).await;
    Some((dir, server, playback))
}

fn folder_of<'a>(playback: &'a Value, which: &str) -> &'a str {
    playback[which].as_str().unwrap().rsplit_once('/').unwrap().0
}

async fn bytes(server: &Server, path: &str) -> Vec<u8> {
    let response = server.get(path).await;
    assert_eq!(response.status(), 200, "{path}");
    let length: Option<usize> =
        response.headers().get("content-length").map(|it| it.to_str().unwrap().parse().unwrap());
    let bytes = response.bytes().await.unwrap().to_vec();
    assert!(length.is_none_or(|length| length == bytes.len()), "{path}");
    bytes
}

async fn text(server: &Server, path: &str) -> String {
    String::from_utf8(bytes(server, path).await).unwrap()
}

/// Renditions of a master playlist: pictures and sound.
fn renditions(master: &str) -> (Vec<String>, Vec<String>) {
    let name = |line: &str| line.split('/').next().map(|name| name.rsplit('"').next().unwrap_or(name).to_owned());
    let sound = master.lines().filter(|line| line.starts_with("#EXT-X-MEDIA:TYPE=AUDIO")).filter_map(name).collect();
    let lines: Vec<&str> = master.lines().collect();
    let picture =
        lines.windows(2).filter(|pair| pair[0].starts_with("#EXT-X-STREAM-INF")).filter_map(|pair| name(pair[1]));
    (picture.collect(), sound)
}

/// Ticks of a second, from the header of the track's media.
fn timescale(init: &[u8]) -> i64 {
    let mdhd = boxes::find(init, &["moov", "trak", "mdia", "mdhd"]).expect("mdhd");
    let at = if mdhd[0] == 1 { 20 } else { 12 };
    i64::from(u32::from_be_bytes(mdhd[at..at + 4].try_into().unwrap()))
}

#[tokio::test]
async fn other_players_get_the_same_samples_ten_seconds_later_and_no_negative_times() {
    for (name, reordered) in [("chapters_clock_aac51.mkv", true), ("xvid_bframes_mp3.avi", false)] {
        let Some((_dir, server, playback)) = watching(name).await else { return };
        let master = text(&server, playback["compat_url"].as_str().unwrap()).await;
        let (picture, sound) = renditions(&master);
        assert_eq!((picture.len(), sound.len()), (1, 1), "{master}");
        let (compat, hls) = (folder_of(&playback, "compat_url"), folder_of(&playback, "master_url"));
        for (id, earlier_s) in [(&picture[0], i64::from(picture[0] == "vcopy")), (&sound[0], 0)] {
            let init = bytes(&server, &format!("{compat}/{id}/init.mp4")).await;
            assert_eq!(init, bytes(&server, &format!("{hls}/{id}/init.mp4")).await);
            let list = text(&server, &format!("{compat}/{id}/index.m3u8")).await;
            assert_eq!(list, text(&server, &format!("{hls}/{id}/index.m3u8")).await);
            let ticks = timescale(&init);
            let mut lowest = 0;
            for n in 0..list.matches("#EXTINF").count() {
                let ours = bytes(&server, &format!("{hls}/{id}/{n}.m4s")).await;
                let theirs = bytes(&server, &format!("{compat}/{id}/{n}.m4s")).await;
                assert_eq!(ours.len(), theirs.len());
                let (ours, theirs) = (boxes::fragments(&ours), boxes::fragments(&theirs));
                for (ours, theirs) in ours.iter().zip(&theirs) {
                    assert_eq!(theirs.tfdt.cast_signed(), ours.tfdt.cast_signed() + (10 - earlier_s) * ticks);
                    for (ours, theirs) in ours.samples.iter().zip(&theirs.samples) {
                        lowest = lowest.min(ours.offset);
                        assert!(theirs.offset >= 0, "{name}: a picture before it is decoded");
                        assert_eq!(i64::from(theirs.offset), i64::from(ours.offset) + earlier_s * ticks);
                        assert_eq!((theirs.size, theirs.duration), (ours.size, ours.duration));
                    }
                }
            }
            if id.starts_with('v') {
                assert_eq!(lowest < 0, reordered, "{name}: the test film is what it is meant to be");
            }
        }
    }
}

#[tokio::test]
async fn who_has_a_part_already_is_not_sent_it_again_and_nothing_is_made_for_it() {
    let Some((_dir, server, playback)) = watching("sintel_trailer_720p.mp4").await else { return };
    let (compat, hls) = (folder_of(&playback, "compat_url"), folder_of(&playback, "master_url"));
    let mut tags = Vec::new();
    for path in [
        playback["master_url"].as_str().unwrap().to_owned(),
        playback["dash_url"].as_str().unwrap().to_owned(),
        format!("{hls}/v360/index.m3u8"),
        format!("{hls}/v360/init.mp4"),
        format!("{hls}/a0/0.m4s"),
        format!("{compat}/a0/0.m4s"),
    ] {
        let response = server.get(&path).await;
        let tag = response.headers()["etag"].clone();
        let whole = response.bytes().await.unwrap();
        assert!(!whole.is_empty());
        let again = server.http.get(server.url(&path)).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), again.headers().get("etag")), (304, Some(&tag)), "{path}");
        assert!(again.bytes().await.unwrap().is_empty());
        let other = server.http.get(server.url(&path)).header("if-none-match", "\"another\"").send().await.unwrap();
        assert_eq!(other.status(), 200);
        assert_eq!(other.bytes().await.unwrap(), whole);
        tags.push(tag);
    }
    assert_ne!(tags[4], tags[5], "moved in time they are other bytes");
}

#[tokio::test]
async fn small_pictures_are_made_when_asked_for_and_none_are_promised_of_a_song() {
    let Some((_dir, server, playback)) = watching("chapters_clock_aac51.mkv").await else { return };
    assert!(playback["chapters"].as_array().unwrap().len() > 2);
    let path = playback["thumbnails_url"].as_str().unwrap();
    let index = wait_for("the small pictures", async || {
        let response = server.get(path).await;
        assert!(matches!(response.status().as_u16(), 200 | 202), "{}", response.status());
        let ready = response.status() == 200;
        let index = response.text().await.unwrap();
        ready.then_some(index)
    })
    .await;
    assert!(index.starts_with("WEBVTT\n"));
    assert_eq!(index.matches("-->").count(), 7, "one each ten seconds:\n{index}");
    let sheet = server.get(&path.replace("index.vtt", "0.jpg")).await;
    assert_eq!(&sheet.headers()["content-type"], "image/jpeg");
    assert!(sheet.bytes().await.unwrap().starts_with(&[0xff, 0xd8]));
    for none in ["1.jpg", "x.jpg", "..%2f0.jpg", "-1.jpg"] {
        assert_eq!(server.get(&path.replace("index.vtt", none)).await.status(), 404, "{none}");
    }
    let Some((_dir, server, song)) = watching("music_mp3_47s.mp3").await else { return };
    assert!(song.get("thumbnails_url").is_none());
    let path = song["compat_url"].as_str().unwrap().replace("compat/master.m3u8", "thumbs/index.vtt");
    assert_eq!(server.get(&path).await.status(), 404);
}

/// Processor seconds that a process has used.
fn cpu_s(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// `cargo test --release -- --ignored` for a figure that means something.
#[tokio::test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "the figure is for people")]
async fn ten_viewers_of_what_is_made_cost_little_and_no_encode() {
    const VIEWERS: usize = 10;
    const BYTES: usize = 2 << 30;
    const CPU_S_PER_GB_MAX: f64 = 1.5;
    let Some((_dir, server, playback)) = watching("h264_pcm_1080p50.mov").await else { return };
    let hls = folder_of(&playback, "master_url");
    let list = text(&server, &format!("{hls}/vcopy/index.m3u8")).await;
    let count = list.matches("#EXTINF").count();
    let mut once = 0;
    for n in 0..count {
        once += bytes(&server, &format!("{hls}/vcopy/{n}.m4s")).await.len();
    }
    let rounds = BYTES / once / VIEWERS + 1;
    let before = cpu_s(server.id());
    let viewers = (0..VIEWERS).map(|_| async {
        let http = reqwest::Client::new();
        for n in (0..rounds).flat_map(|_| 0..count) {
            let url = server.url(&format!("{hls}/vcopy/{n}.m4s"));
            http.get(url).send().await.unwrap().bytes().await.unwrap();
        }
    });
    futures_util::future::join_all(viewers).await;
    let gigabytes = (once * rounds * VIEWERS) as f64 / 1e9;
    let cost = (cpu_s(server.id()) - before) / gigabytes;
    println!("{gigabytes:.2} GB in segments of {} KB: {cost:.2} CPU-s per GB", once / count / 1000);
    assert!(cost <= CPU_S_PER_GB_MAX, "{cost:.2} CPU-s per GB");
}
