//! Rooms over REST.
use serde_json::{Value, json};

use crate::support::server::Server;

#[tokio::test]
async fn a_room_is_made_shown_shared_and_ended() {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    let response = server.post("/api/v1/rooms", &json!({"name": "Friday"})).await;
    assert_eq!(response.status(), 201);
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
    assert_eq!(server.json("/api/v1/rooms").await["items"].as_array().unwrap().len(), 1);
    let qr = server.get(&format!("{path}/qr.svg")).await;
    assert_eq!(qr.headers()["content-type"], "image/svg+xml");
    assert!(qr.text().await.unwrap().starts_with("<svg"));

    let guest = async |room: &str| {
        let ask = json!({"name": "Ann", "room": room});
        let session: Value = server.post("/api/v1/auth/guest", &ask).await.json().await.unwrap();
        session["access_token"].as_str().unwrap().to_owned()
    };
    let end = |token: String| server.http.delete(server.url(&path)).bearer_auth(token).send();
    assert_eq!(end(guest("ZZZZZZZZ").await).await.unwrap().status(), 403);
    assert_eq!(end(guest(code).await).await.unwrap().status(), 204);
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
