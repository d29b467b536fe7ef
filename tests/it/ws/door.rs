//! Getting in, and not getting in.
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use watchparty::hub::CONNECTIONS_PER_SESSION_MAX;

use crate::ws::party::{PUBLIC_URL, Party, session_of};

#[tokio::test]
async fn hello_is_answered_by_welcome_and_the_state() {
    let party = Party::start().await;
    let mut ann = party.connect().await;
    ann.send(json!({"t": "hello", "v": 1, "token": "Ann"})).await;
    let welcome = ann.hear_that(|_| true).await;
    assert_eq!(welcome["t"], "welcome");
    assert_eq!(welcome["room"]["code"], party.room.as_str());
    let state = ann.hear_that(|_| true).await;
    assert_eq!((&state["t"], &state["media"]["title"]), (&json!("state"), &json!("A film")));
    let members = ann.hear("members").await;
    assert_eq!((&members["members"][0]["name"], &members["members"][0]["host"]), (&json!("Ann"), &json!(true)));
}

#[tokio::test]
async fn a_code_is_understood_as_people_type_it() {
    let party = Party::start().await;
    let mut ann = party.connect_to(&party.room.as_str().to_lowercase()).await;
    ann.send(json!({"t": "hello", "v": 1, "token": "Ann"})).await;
    ann.hear("welcome").await;
}

#[tokio::test]
async fn an_unknown_room_is_said_with_a_close_code_and_with_404_to_others() {
    let party = Party::start().await;
    for code in ["00000000", "nonsense!"] {
        assert_eq!(party.connect_to(code).await.hear_the_end().await, Some(4404));
        let answer = reqwest::get(party.url(code).replace("ws://", "http://")).await.unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "room_not_found");
    }
    let answer = reqwest::get(party.url(party.room.as_str()).replace("ws://", "http://")).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["upgrade"]), (426, &"websocket".parse().unwrap()));
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "upgrade_required");
}

#[tokio::test]
async fn a_wrong_token_or_one_for_another_room_is_refused() {
    let party = Party::start().await;
    for token in ["nobody", "Ann@00000000"] {
        let mut stranger = party.connect().await;
        stranger.send(json!({"t": "hello", "v": 1, "token": token})).await;
        assert_eq!(stranger.hear("error").await["code"], "unauthorized");
        assert_eq!(stranger.hear_the_end().await, Some(4401));
    }
    party.join(&format!("Ann@{}", party.room)).await;
}

#[tokio::test]
async fn a_client_of_another_version_is_told_to_reload() {
    let party = Party::start().await;
    let mut old = party.connect().await;
    old.send(json!({"t": "hello", "v": 99, "token": "Ann"})).await;
    assert_eq!(old.hear("error").await["code"], "unsupported_version");
    assert_eq!(old.hear_the_end().await, Some(4401));
}

#[tokio::test]
async fn whoever_does_not_say_hello_first_is_told_to() {
    let party = Party::start().await;
    let mut ann = party.connect().await;
    ann.send(json!({"t": "ping", "c0": 1})).await;
    assert_eq!(ann.hear("error").await["code"], "hello_first");
    ann.send(json!({"t": "hello", "v": 1, "token": "Ann"})).await;
    ann.hear("welcome").await;
}

#[tokio::test]
async fn a_page_of_another_site_may_not_open_a_socket() {
    let party = Party::start().await;
    let knock = |origin: String| {
        let mut request = party.url(party.room.as_str()).into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        connect_async(request)
    };
    for origin in ["http://evil.example".to_owned(), "null".into(), format!("http://{}.evil.example", party.address)] {
        let refused = knock(origin).await.unwrap_err();
        assert!(refused.to_string().contains("403"), "{refused}");
    }
    for origin in [format!("http://{}", party.address), PUBLIC_URL.into()] {
        knock(origin).await.unwrap();
    }
}

#[tokio::test]
async fn coming_back_gives_the_same_place_and_ends_the_earlier_connection() {
    let party = Party::start().await;
    let mut ann = party.join("Ann").await;
    let resume = json!({"member": ann.you, "key": ann.key, "last_chat": 1});
    let again = party.join_with(json!({"t": "hello", "v": 1, "token": "Ann", "resume": resume})).await;
    assert_eq!((again.you, &again.key), (ann.you, &ann.key));
    assert_eq!(ann.hear_the_end().await, Some(4409));
    assert_eq!(party.hub.room(&party.room).unwrap().summary().await.members, 1);
}

#[tokio::test]
async fn coming_back_with_a_secret_that_is_none_makes_somebody_new() {
    let party = Party::start().await;
    let ann = party.join("Ann").await;
    for key in ["", "00", "zz000000000000000000000000000000", "+0000000000000000000000000000000"] {
        let resume = json!({"member": ann.you, "key": key});
        let other = party.join_with(json!({"t": "hello", "v": 1, "token": "Eve", "resume": resume})).await;
        assert_ne!(other.you, ann.you);
    }
}

#[tokio::test]
async fn one_session_has_so_many_sockets_and_the_oldest_makes_place() {
    let party = Party::start().await;
    let mut first = party.join("Ann").await;
    let mut others = Vec::new();
    for _ in 1..CONNECTIONS_PER_SESSION_MAX {
        others.push(party.join("Ann").await);
    }
    let bob = party.join("Bob").await;
    others.push(party.join("Ann").await);
    assert_eq!(first.hear_the_end().await, Some(4409));
    for mut still in others.into_iter().chain([bob]) {
        still.send(json!({"t": "ping", "c0": 1})).await;
        still.hear("pong").await;
    }
}

#[tokio::test]
async fn signing_out_ends_the_sockets_of_that_session_alone() {
    let party = Party::start().await;
    let (mut ann, mut again, mut bob) = (party.join("Ann").await, party.join("Ann").await, party.join("Bob").await);
    party.hub.end_session(session_of("Ann"));
    assert_eq!((ann.hear_the_end().await, again.hear_the_end().await), (Some(4401), Some(4401)));
    bob.send(json!({"t": "ping", "c0": 1})).await;
    bob.hear("pong").await;
}
