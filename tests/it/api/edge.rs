//! What the edge lets in and how it says no.
use serde_json::{Value, json};

use crate::support::server::Server;

fn server() -> (tempfile::TempDir, Server) {
    let empty = tempfile::tempdir().unwrap();
    let server = Server::with_films(&[empty.path()]);
    (empty, server)
}

async fn problem(response: reqwest::Response) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["instance"], json!(id));
    assert!(!body["detail"].as_str().unwrap().is_empty());
    (body["status"].as_u64().unwrap() as u16, body["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_error_is_a_problem_with_a_code_and_the_requests_id() {
    let (_dir, server) = server();
    let large = json!({"name": "x".repeat(70_000)});
    let refused = [
        (server.get("/api/v1/nowhere").await, 404, "not_found"),
        (server.get("/api/v1/media/not-an-id").await, 404, "media_not_found"),
        (server.get("/api/v1/media?limit=many").await, 400, "invalid_query"),
        (server.get("/api/v1/rooms/ZZZZZZZZ").await, 404, "room_not_found"),
        (server.get("/api/v1/rooms/%ff%00").await, 404, "not_found"),
        (server.get("/stream/forged/direct").await, 403, "stream_forbidden"),
        (server.post("/api/v1/auth/guest", &json!({"name": ""})).await, 422, "invalid_body"),
        (server.post("/api/v1/auth/guest", &json!({})).await, 422, "invalid_body"),
        (server.post("/api/v1/auth/guest", &large).await, 413, "too_large"),
        (server.http.delete(server.url("/api/v1/rooms/ZZZZZZZZ")).send().await.unwrap(), 401, "sign_in"),
        (server.http.patch(server.url("/api/v1/rooms")).send().await.unwrap(), 405, "method_not_allowed"),
        (server.http.post(server.url("/api/v1/rooms")).body("{").send().await.unwrap(), 415, "json_expected"),
    ];
    for (response, status, code) in refused {
        assert_eq!(problem(response).await, (status, code.to_owned()));
    }
}

#[tokio::test]
async fn foreign_names_and_foreign_pages_are_refused() {
    let (_dir, server) = server();
    let ask = |name, value| server.http.get(server.url("/api/v1/server")).header(name, value).send();
    assert_eq!(problem(ask("host", "evil.example").await.unwrap()).await, (421, "unknown_host".into()));
    assert_eq!(ask("host", "localhost:1").await.unwrap().status(), 200);
    let send =
        |origin: String| server.http.post(server.url("/api/v1/rooms")).header("origin", origin).json(&json!({})).send();
    assert_eq!(problem(send("http://evil.example".into()).await.unwrap()).await, (403, "foreign_origin".into()));
    assert_eq!(send(server.url("")).await.unwrap().status(), 201);
}

#[tokio::test]
async fn pages_are_served_with_a_policy_and_unknown_ones_say_so() {
    let (_dir, server) = server();
    for (path, status) in [
        ("/", 200),
        ("/r/7K3M9QXA", 200),
        ("/m/01a1febcaa187186bdd301ea0558a8ad", 200),
        ("/r/", 404),
        ("/r/a/b", 404),
        ("/admin", 404),
        ("/login", 404),
        ("/nowhere", 404),
    ] {
        let page = server.get(path).await;
        assert_eq!(page.status(), status, "{path}");
        assert_eq!(page.headers()["x-content-type-options"], "nosniff");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert!(page.text().await.unwrap().to_lowercase().contains("<!doctype html"), "{path}");
    }
    let tag = server.get("/").await.headers()["etag"].clone();
    let again = server.http.get(server.url("/")).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
}

#[tokio::test]
async fn whoever_makes_rooms_without_end_is_told_when_to_come_back() {
    let (_dir, server) = server();
    for _ in 0..500 {
        let response = server.post("/api/v1/rooms", &json!({})).await;
        if response.status() == 429 {
            assert_eq!(response.headers()["retry-after"], "1");
            assert_eq!(problem(response).await, (429, "slow_down".into()));
            return;
        }
        assert_eq!(response.status(), 201);
    }
    panic!("five hundred rooms in a row");
}
