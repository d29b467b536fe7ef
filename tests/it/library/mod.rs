//! The library against folders that real people have.
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::Value;

use crate::support::films::folder;
use crate::support::server::Server;
use crate::support::wait::wait_for;

/// Bytes of a name that has everything a name should not have.
const ODD_NAMES: &[&[u8]] = &[
    b"two  spaces.mp4",
    b"quote'\".mp4",
    b"hash#100%.mp4",
    b"new\nline.mp4",
    b"caf\xe9.mp4",
    b"-rf *.mp4",
    b"?a=b&c.mp4",
];

fn find<'a>(titles: &'a [Value], title: &str) -> &'a Value {
    titles.iter().find(|item| item["title"] == title).unwrap_or_else(|| panic!("{title} is not in {titles:#?}"))
}

#[tokio::test]
async fn a_hostile_folder_is_listed_to_the_end_with_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    std::fs::write(root.join("empty.mp4"), b"").unwrap();
    std::fs::write(root.join("text.mp4"), b"this is not a film\n".repeat(50)).unwrap();
    std::fs::write(root.join("playlist.mp4"), b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n").unwrap();
    std::fs::write(root.join("noise.mkv"), (0..4096u32).map(|n| (n * 31 % 251) as u8).collect::<Vec<_>>()).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe.mp4"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    std::os::unix::fs::symlink(root, root.join("loop")).unwrap();
    std::os::unix::fs::symlink("nowhere.mp4", root.join("dangling.mp4")).unwrap();
    let server = Server::with_films(&[root]);
    let titles = server.scanned(4).await;
    assert_eq!(titles.len(), 4, "{titles:#?}");
    for title in &titles {
        assert_eq!(title["playable"], false);
        let reason = title["reason"].as_str().unwrap();
        assert!(reason.ends_with('.') && reason.len() > 10 && !reason.contains('\n'), "{reason}");
    }
    let id = find(&titles, "text")["id"].as_str().unwrap();
    let refused = server.get(&format!("/api/v1/media/{id}/playback")).await;
    assert_eq!(refused.status(), 422);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "not_playable");
}

#[tokio::test]
async fn films_with_odd_names_are_listed_and_play() {
    let Some(films) = folder() else { return };
    let dir = tempfile::tempdir().unwrap();
    for name in ODD_NAMES {
        std::fs::copy(films.join("sintel_trailer_720p.mp4"), dir.path().join(OsStr::from_bytes(name))).unwrap();
    }
    let server = Server::with_films(&[dir.path()]);
    let titles = server.scanned(ODD_NAMES.len() as u64).await;
    assert_eq!(titles.len(), ODD_NAMES.len());
    for title in &titles {
        assert_eq!(title["playable"], true, "{title}");
        assert!(!title["title"].as_str().unwrap().contains(char::is_control), "{title}");
        let playback = server.json(&format!("/api/v1/media/{}/playback", title["id"].as_str().unwrap())).await;
        let url = server.url(playback["direct_url"].as_str().unwrap());
        let first = server.http.get(url).header("range", "bytes=4-7").send().await.unwrap();
        assert_eq!(first.bytes().await.unwrap(), "ftyp", "{title}");
    }
}

#[tokio::test]
async fn titles_survive_a_restart_and_files_that_come_and_go_are_noticed() {
    let Some(films) = folder() else { return };
    let (data, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let copy = |to: &str| std::fs::copy(films.join("music_mp3_47s.mp3"), dir.path().join(to)).unwrap();
    copy("One.mp3");
    copy("Two.mp3");
    let mut server = Server::on(data.path(), &[dir.path()], &[]);
    let before = server.scanned(2).await;
    assert_eq!(server.stop().await, Some(0));

    std::fs::remove_file(dir.path().join("One.mp3")).unwrap();
    let server = Server::on(data.path(), &[dir.path()], &[]);
    assert_eq!(server.scanned(1).await, [find(&before, "Two").clone()]);
    let status = server.json("/api/v1/library/status").await;
    assert_eq!(status["probed"], 0, "a file that did not change was looked into again");

    copy("Three.mp3");
    let asked = server.http.post(server.url("/api/v1/library/scan")).send().await.unwrap();
    assert_eq!(asked.status(), 202);
    let names = titles_once(&server, 2).await;
    assert_eq!(names, ["Three", "Two"]);
}

#[tokio::test]
async fn an_unplugged_folder_forgets_nothing() {
    let Some(films) = folder() else { return };
    let (data, parent) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk = parent.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    std::fs::copy(films.join("music_mp3_47s.mp3"), disk.join("Kept.mp3")).unwrap();
    let server = Server::on(data.path(), &[&disk], &[]);
    let before = server.scanned(1).await;
    // Unmounted: the folder is there, and empty.
    std::fs::rename(disk.join("Kept.mp3"), parent.path().join("Kept.mp3")).unwrap();
    server.http.post(server.url("/api/v1/library/scan")).send().await.unwrap();
    wait_for("the scan that finds nothing", async || {
        let status = server.json("/api/v1/library/status").await;
        (status["running"] == false && status["offline"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    assert_eq!(server.scanned(0).await, before);
}

#[tokio::test]
async fn films_stay_when_another_folder_around_or_within_the_first_is_served() {
    let (data, parent) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let inner = parent.path().join("scifi");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(parent.path().join("Outer.mp4"), b"not a film").unwrap();
    std::fs::write(inner.join("Inner.mp4"), b"not a film either").unwrap();
    for (dir, expected) in [(parent.path(), 2), (&inner, 1), (parent.path(), 2)] {
        let mut server = Server::on(data.path(), &[dir], &[]);
        let titles = server.scanned(expected).await;
        assert_eq!(titles.len() as u64, expected, "{}: {titles:#?}", dir.display());
        find(&titles, "Inner");
        assert_eq!(server.stop().await, Some(0));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_not_gone_also_when_something_new_is_found_after_it() {
    let (data, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let film = dir.path().join("Kept.mp4");
    std::fs::write(&film, b"not a film").unwrap();
    let mut server = Server::on(data.path(), &[dir.path()], &[]);
    server.scanned(1).await;
    assert_eq!(server.stop().await, Some(0));

    // Unreadable for everybody, whatever rights the tests run with.
    std::fs::remove_file(&film).unwrap();
    std::os::unix::fs::symlink("Kept.mp4", &film).unwrap();
    std::fs::write(dir.path().join("New.mp4"), b"not a film either").unwrap();
    let server = Server::on(data.path(), &[dir.path()], &[]);
    let titles = server.scanned(1).await;
    assert_eq!(titles.len(), 2, "{titles:#?}");
    find(&titles, "Kept");
}

#[tokio::test]
async fn without_a_folder_the_built_in_film_plays_and_nothing_of_the_home_folder_is_shown() {
    let (data, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(home.path().join("Videos")).unwrap();
    std::fs::create_dir_all(home.path().join(".config")).unwrap();
    std::fs::write(home.path().join(".config/user-dirs.dirs"), "XDG_VIDEOS_DIR=\"$HOME/Videos\"\n").unwrap();
    std::fs::write(home.path().join("Videos/Private.mp4"), b"nobody else's business").unwrap();
    let server = Server::at_home(data.path(), home.path());
    let names = titles_once(&server, 1).await;
    assert_eq!(names, ["Demo: counter and beep"]);
    let titles = server.scanned(1).await;
    let playback = server.json(&format!("/api/v1/media/{}/playback", titles[0]["id"].as_str().unwrap())).await;
    assert_eq!(playback["mode"], "direct");
    assert!(Path::new(server.data()).join("demo").is_dir() && server.id() > 0);
}

#[tokio::test]
async fn a_built_in_film_that_is_not_ready_at_the_end_leaves_nothing_behind() {
    let data = tempfile::tempdir().unwrap();
    let demo = data.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    std::fs::write(demo.join("Demo: counter and beep.mp4.1.part"), b"of a start that was killed").unwrap();
    let mut server = Server::on(data.path(), &[data.path()], &["--demo"]);
    let own = format!("Demo: counter and beep.mp4.{}.part", server.id());
    wait_for("the film in the making", async || demo.join(&own).exists().then_some(())).await;
    assert_eq!(server.stop().await, Some(0));
    let left: Vec<_> = std::fs::read_dir(&demo).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The names of all titles once there are so many.
async fn titles_once(server: &Server, count: usize) -> Vec<String> {
    wait_for("the titles", async || {
        let page = server.json("/api/v1/media").await;
        let items = page["items"].as_array().unwrap();
        let names = items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect();
        (items.len() == count).then_some(names)
    })
    .await
}
