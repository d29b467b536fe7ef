//! Rooms over REST.
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::server::Server;

/// What a browser would send from now on.
fn cookie_of(response: &Response) -> String {
    response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

/// A guest's token.
async fn guest(server: &Server, room: Option<&str>) -> String {
    let ask = json!({"name": "Ann", "room": room});
    let session: Value = server.post("/api/v1/auth/guest", &ask).await.json().await.unwrap();
    session["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_room_is_made_shown_shared_and_ended() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    let response = server.post("/api/v1/rooms", &json!({"name": "Friday"})).await;
    assert_eq!(response.status(), 201);
    let cookie = cookie_of(&response);
    let room: Value = response.json().await.unwrap();
    let code = room["code"].as_str().unwrap();
    let path = format!("/api/v1/rooms/{code}");
    assert!(room["url"].as_str().unwrap().ends_with(&format!("/r/{code}")));
    // The tests talk to 127.0.0.1; a phone could not.
    let has_network = !server.line()["lan"].as_array().unwrap().is_empty();
    assert!(!has_network || !room["url"].as_str().unwrap().contains("127.0.0.1"));

    let shown = server.json(&path).await;
    assert_eq!((&shown["name"], &shown["members"], &shown["media"]), (&json!("Friday"), &json!(0), &Value::Null));
    let spoken = format!("/api/v1/rooms/{}-{}", &code[..4].to_lowercase(), &code[4..]);
    assert_eq!(server.get(&spoken).await.status(), 200);
    let qr = server.get(&format!("{path}/qr.svg")).await;
    assert_eq!(qr.headers()["content-type"], "image/svg+xml");
    assert!(qr.text().await.unwrap().starts_with("<svg"));
    let end = server.http.delete(server.url(&path)).header("cookie", cookie).send().await.unwrap();
    assert_eq!(end.status(), 204);
    assert_eq!(server.get(&path).await.status(), 404);
}

#[tokio::test]
async fn a_room_for_a_film_that_is_not_there_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    let ask = json!({"media_id": "01a1feace86076c9bac43f4406a095d1"});
    let response = server.post("/api/v1/rooms", &ask).await;
    assert_eq!(response.status(), 404);
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "media_not_found");
}

#[tokio::test]
async fn rooms_are_listed_for_whoever_made_them_and_for_the_host() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    let made = server.post("/api/v1/rooms", &json!({})).await;
    let cookie = cookie_of(&made);
    let code = made.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned();
    server.post("/api/v1/rooms", &json!({})).await;
    let listed = async |name: &str, value: &str| {
        let answer = server.http.get(server.url("/api/v1/rooms")).header(name, value).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["items"].as_array().unwrap().clone()
    };
    let bearer = format!("Bearer {}", guest(&server, Some(&code)).await);
    assert_eq!((listed("accept", "*/*").await.len(), listed("authorization", &bearer).await.len()), (0, 0));

    // Joining with a name must not make a stranger of the maker.
    let join = server.http.post(server.url("/api/v1/auth/guest")).header("cookie", &cookie);
    let joined = join.json(&json!({"name": "Ann", "room": code})).send().await.unwrap();
    for cookie in [cookie, cookie_of(&joined)] {
        let rooms = listed("cookie", &cookie).await;
        assert_eq!((rooms.len(), &rooms[0]["code"]), (1, &json!(code)));
    }

    let token = server.line()["setup_url"].as_str().unwrap().split_once("#setup=").unwrap().1;
    let host = cookie_of(&server.post("/api/v1/auth/setup", &json!({"token": token})).await);
    let join = server.http.post(server.url("/api/v1/auth/guest")).header("cookie", &host);
    let joined = join.json(&json!({"name": "Ann", "room": code})).send().await.unwrap();
    for host in [host, cookie_of(&joined)] {
        assert_eq!(listed("cookie", &host).await.len(), 2);
    }
    assert_eq!(joined.json::<Value>().await.unwrap()["user"]["role"], "host");
}

#[tokio::test]
async fn only_the_maker_ends_a_room_and_only_the_invited_change_what_is_on() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    let room: Value = server.post("/api/v1/rooms", &json!({})).await.json().await.unwrap();
    let path = server.url(&format!("/api/v1/rooms/{}", room["code"].as_str().unwrap()));
    let invited = guest(&server, room["code"].as_str()).await;
    for (token, change) in
        [(guest(&server, None).await, 403), (guest(&server, Some("ZZZZZZZZ")).await, 403), (invited, 200)]
    {
        let end = server.http.delete(&path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(end.status(), 403);
        assert_eq!(end.json::<Value>().await.unwrap()["code"], "not_your_room");
        let put = server.http.put(&path).bearer_auth(&token).json(&json!({})).send().await.unwrap();
        assert_eq!(put.status(), change);
    }
    let token = server.line()["setup_url"].as_str().unwrap().split_once("#setup=").unwrap().1;
    let host = cookie_of(&server.post("/api/v1/auth/setup", &json!({"token": token})).await);
    let end = server.http.delete(&path).header("cookie", host).send().await.unwrap();
    assert_eq!(end.status(), 204);
}
