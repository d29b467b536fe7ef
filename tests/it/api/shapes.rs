//! Shapes that scripts rely on.
use serde_json::json;

use crate::support::films::folder;
use crate::support::server::Server;

#[tokio::test]
async fn a_server_without_films_answers_at_once() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    assert_eq!(server.get("/healthz").await.status(), 200);
    assert_eq!(server.get("/readyz").await.status(), 200);
    let about = server.json("/api/v1/server").await;
    assert!(about["name"].is_string() && about["version"].is_string() && about["setup_needed"] == true);
    let page = server.json("/api/v1/media").await;
    assert_eq!(page, json!({"items": [], "next": null}));
}

#[tokio::test]
async fn a_guest_needs_a_name_and_gets_a_token_and_a_cookie() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    let response = server.post("/api/v1/auth/guest", &json!({"name": " Ann "})).await;
    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("wp_session=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    let session: serde_json::Value = response.json().await.unwrap();
    assert!(session["expires_in"].as_u64().unwrap() > 3600);
    assert_eq!((&session["user"]["name"], &session["user"]["role"]), (&json!("Ann"), &json!("guest")));

    let token = session["access_token"].as_str().unwrap();
    let me = |token: String| server.http.get(server.url("/api/v1/auth/me")).bearer_auth(token).send();
    let answer: serde_json::Value = me(token.to_owned()).await.unwrap().json().await.unwrap();
    assert_eq!(answer["id"], session["user"]["id"]);
    assert_eq!(me(format!("{token}x")).await.unwrap().status(), 401);
    let logout = server.http.post(server.url("/api/v1/auth/logout")).bearer_auth(token).send().await.unwrap();
    assert_eq!(logout.status(), 204);
    assert_eq!(me(token.to_owned()).await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_set_up_link_makes_one_host_and_a_restart_knows_it() {
    let (empty, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut server = Server::on(data.path(), &[empty.path()], &[]);
    let link = server.line()["setup_url"].as_str().unwrap();
    let token = link.split_once("#setup=").unwrap().1;
    let ask = json!({"token": token});
    let claim = || server.post("/api/v1/auth/setup", &ask);
    let session: serde_json::Value = claim().await.json().await.unwrap();
    assert_eq!(session["user"]["role"], "host");
    assert_eq!(claim().await.status(), 401);
    assert_eq!(server.json("/api/v1/server").await["setup_needed"], false);
    assert_eq!(server.stop().await, Some(0));
    let server = Server::on(data.path(), &[empty.path()], &[]);
    assert_eq!(server.json("/api/v1/server").await["setup_needed"], false);
}

#[tokio::test]
async fn titles_have_details_and_pages_follow_each_other() {
    let Some(films) = folder() else { return };
    let dir = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("sintel_trailer_720p.mp4", "Sintel.2010.720p.BluRay.mp4"),
        ("chapters_clock_aac51.mkv", "Clock.mkv"),
        ("music_mp3_47s.mp3", "Music.mp3"),
    ] {
        std::fs::copy(films.join(from), dir.path().join(to)).unwrap();
    }
    let server = Server::with_films(&[dir.path()]);
    let titles = server.scanned(3).await;
    let names: Vec<_> = titles.iter().map(|title| title["title"].as_str().unwrap()).collect();
    assert_eq!(names, ["Clock", "Music", "Sintel (2010)"]);
    assert!(titles.iter().all(|title| title["playable"] == true && title["reason"].is_null()));

    let first = server.json("/api/v1/media?limit=2").await;
    let rest = server.json(&format!("/api/v1/media?limit=2&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!(first["items"].as_array().unwrap().len() + rest["items"].as_array().unwrap().len(), 3);
    assert!(rest["next"].is_null());
    assert_eq!(server.json("/api/v1/media?q=SINT").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/api/v1/media?cursor=nonsense").await.status(), 400);

    let clock = titles[0]["id"].as_str().unwrap();
    let details = server.json(&format!("/api/v1/media/{clock}")).await;
    assert_eq!(details["file_name"], "Clock.mkv");
    assert!(details["size"].as_u64().unwrap() > 0);
    assert!(!details["chapters"].as_array().unwrap().is_empty());
    assert!(details["streams"].as_array().unwrap().iter().any(|stream| stream["kind"] == "video"));

    let poster = server.get(titles[2]["poster_url"].as_str().unwrap()).await;
    assert_eq!(poster.headers()["content-type"], "image/jpeg");
    let tag = poster.headers()["etag"].clone();
    assert!(poster.bytes().await.unwrap().starts_with(&[0xff, 0xd8]));
    let again = server.http.get(server.url(titles[2]["poster_url"].as_str().unwrap()));
    assert_eq!(again.header("if-none-match", tag).send().await.unwrap().status(), 304);
    let music = titles[1]["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/api/v1/media/{music}/poster")).await.status(), 404);
}

#[tokio::test]
async fn the_document_names_every_route_and_the_committed_copy_is_current() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    let document = server.json("/api/openapi.json").await;
    for path in ["/api/v1/server", "/api/v1/media/{id}/playback", "/api/v1/rooms/{code}", "/api/v1/auth/guest"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    for name in ["ClientMessage", "ServerMessage", "State", "Problem"] {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/web/src/api/openapi.json");
    let committed: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(
        committed == document,
        "{path} is not current: `watchparty openapi > {path}`, then generate the types anew"
    );
}
