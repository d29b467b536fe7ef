//! From a title to its bytes, with signed addresses only.
use serde_json::Value;

use crate::support::films::folder;
use crate::support::server::Server;

/// A server with one film, and that film's playback.
async fn watching(name: &str) -> Option<(tempfile::TempDir, Server, Value)> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(folder()?.join(name), dir.path().join("Film.mp4")).unwrap();
    let server = Server::with_films(&[dir.path()]);
    let titles = server.scanned(1).await;
    let path = format!("/api/v1/media/{}/playback", titles[0]["id"].as_str().unwrap());
    let playback = server.json(&path).await;
    Some((dir, server, playback))
}

fn address<'a>(playback: &'a Value, which: &str) -> &'a str {
    playback[which].as_str().unwrap()
}

#[tokio::test]
async fn the_file_itself_comes_whole_or_in_ranges() {
    let Some((dir, server, playback)) = watching("sintel_trailer_720p.mp4").await else { return };
    assert_eq!(playback["mode"], "direct");
    let file = std::fs::read(dir.path().join("Film.mp4")).unwrap();
    let url = server.url(address(&playback, "direct_url"));
    let whole = server.http.get(&url).send().await.unwrap();
    assert_eq!((whole.status().as_u16(), &whole.headers()["content-type"]), (200, &"video/mp4".parse().unwrap()));
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    assert!(whole.bytes().await.unwrap() == file);

    let ask =
        |range: &str, if_range: &str| server.http.get(&url).header("range", range).header("if-range", if_range).send();
    let part = ask("bytes=100-199", &tag).await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 100-199/{}", file.len()));
    assert_eq!(part.bytes().await.unwrap(), file[100..200]);
    assert_eq!(ask("bytes=-7", &tag).await.unwrap().bytes().await.unwrap(), file[file.len() - 7..]);
    assert_eq!(ask("bytes=100-199", "\"another\"").await.unwrap().status(), 200);
    let beyond = ask(&format!("bytes={}-", file.len()), &tag).await.unwrap();
    assert_eq!(beyond.status(), 416);
    assert_eq!(beyond.headers()["content-range"], format!("bytes */{}", file.len()));
    let head = server.http.head(&url).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], file.len().to_string());
}

#[tokio::test]
async fn what_a_client_can_play_is_said_in_the_query_or_in_a_header() {
    let Some((_dir, server, _)) = watching("sintel_trailer_720p.mp4").await else { return };
    let titles = server.json("/api/v1/media").await;
    let path = format!("/api/v1/media/{}/playback", titles["items"][0]["id"].as_str().unwrap());
    let ask = |query: &str, caps: &str| {
        server.http.get(server.url(&format!("{path}{query}"))).header("X-Watchparty-Capabilities", caps).send()
    };
    let caps = r#"{"video":["hevc"],"audio":["opus"],"containers":["webm"]}"#;
    for (query, expected) in [("", "master.h264-hevc.aac-opus.mp4-webm.m3u8"), ("?v=vp9", "master.h264-vp9.aac-mp3.")] {
        let playback: Value = ask(query, caps).await.unwrap().json().await.unwrap();
        assert!(address(&playback, "master_url").contains(expected), "{playback}");
    }
    let refused = ask("", "hevc").await.unwrap();
    assert_eq!(refused.status(), 400);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "invalid_capabilities");
}

#[tokio::test]
async fn playlists_lead_to_segments() {
    let Some((_dir, server, playback)) = watching("sintel_trailer_720p.mp4").await else { return };
    let master_path = address(&playback, "master_url");
    let folder = &master_path[..master_path.rfind('/').unwrap()];
    let master = server.get(master_path).await;
    assert_eq!(master.headers()["content-type"], "application/vnd.apple.mpegurl");
    let master = master.text().await.unwrap();
    let rendition = master.lines().find(|line| line.ends_with("/index.m3u8") && !line.starts_with('#')).unwrap();
    let media = server.get(&format!("{folder}/{rendition}")).await.text().await.unwrap();
    let name = rendition.strip_suffix("/index.m3u8").unwrap();
    let first = media.lines().find(|line| line.rsplit('.').next() == Some("m4s")).unwrap();
    for file in ["init.mp4", first] {
        let response = server.get(&format!("{folder}/{name}/{file}")).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"video/mp4".parse().unwrap())
        );
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        let bytes = response.bytes().await.unwrap();
        assert!(bytes[4..8] == *b"ftyp" || bytes[4..8] == *b"moof" || bytes[4..8] == *b"styp", "{file}");
    }
    for file in ["v720/99999.m4s", "v721/0.m4s", "vcopy/..%2f..%2fwatchparty.db", "master.x.m3u8"] {
        let url = server.url(&format!("{folder}/{file}"));
        assert_eq!(server.http.get(&url).send().await.unwrap().status(), 404, "{file}");
        assert_eq!(server.http.head(&url).send().await.unwrap().status(), 404, "{file}");
    }
    let head = server.http.head(server.url(&format!("{folder}/{name}/{first}"))).send().await.unwrap();
    assert_eq!(head.status(), 200);
}

#[tokio::test]
async fn an_address_that_was_not_made_here_opens_nothing() {
    let Some((_dir, server, playback)) = watching("sintel_trailer_720p.mp4").await else { return };
    let url = address(&playback, "direct_url");
    let token = url.split('/').nth(2).unwrap();
    let flipped = if token.as_bytes()[30] == b'A' { "B" } else { "A" };
    let forged = format!("{}{flipped}{}", &token[..30], &token[31..]);
    for file in ["direct", "hls/vcopy/init.mp4", "hls/vcopy/0.m4s", "hls/master.h264.aac.mp4.m3u8"] {
        let response = server.get(&format!("/stream/{forged}/{file}")).await;
        assert_eq!(response.status(), 403, "{file}");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "stream_forbidden");
    }
}

#[tokio::test]
async fn a_film_deleted_while_it_plays_is_said_to_be_gone() {
    let Some((dir, server, playback)) = watching("sintel_trailer_720p.mp4").await else { return };
    std::fs::remove_file(dir.path().join("Film.mp4")).unwrap();
    for which in ["direct_url", "master_url"] {
        let response = server.get(address(&playback, which)).await;
        assert_eq!(response.status(), 410);
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "media_gone");
        assert!(problem["detail"].as_str().unwrap().contains("gone"));
    }
    assert_eq!(server.get("/readyz").await.status(), 200);
}

#[tokio::test]
async fn a_guest_who_signed_out_gets_no_more_bytes() {
    let Some((_dir, server, _)) = watching("sintel_trailer_720p.mp4").await else { return };
    let ask = serde_json::json!({"name": "Ann"});
    let session: Value = server.post("/api/v1/auth/guest", &ask).await.json().await.unwrap();
    let token = session["access_token"].as_str().unwrap();
    let titles = server.json("/api/v1/media").await;
    let path = format!("/api/v1/media/{}/playback", titles["items"][0]["id"].as_str().unwrap());
    let playback = server.http.get(server.url(&path)).bearer_auth(token).send().await.unwrap();
    let playback: Value = playback.json().await.unwrap();
    assert_eq!(server.get(address(&playback, "direct_url")).await.status(), 200);
    server.http.post(server.url("/api/v1/auth/logout")).bearer_auth(token).send().await.unwrap();
    assert_eq!(server.get(address(&playback, "direct_url")).await.status(), 403);
}
