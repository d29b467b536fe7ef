//! Both sides of the wire read `tests/fixtures/protocol/ws.json`: what one writes the other understands.
use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use watchparty::protocol::ws::{ClientMessage, ServerMessage};

fn fixture() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/protocol/ws.json");
    let text = std::fs::read_to_string(path).expect("the fixture is there");
    serde_json::from_str(&text).expect("the fixture is JSON")
}

/// Numbers as JavaScript sees them: 1 and 1.0 are the same.
fn as_read_by_a_browser(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64()),
        Value::Array(items) => items.into_iter().map(as_read_by_a_browser).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, as_read_by_a_browser(value))).collect(),
        other => other,
    }
}

/// Checks every example of one side; answers with the types that were seen.
fn check<M: Serialize + DeserializeOwned>(side: &str) -> BTreeSet<String> {
    let fixture = fixture();
    let examples = fixture[side].as_array().expect("a list of messages");
    for example in examples {
        let message: M = serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{error}: {example}"));
        let written = serde_json::to_value(&message).expect("plain data");
        assert_eq!(as_read_by_a_browser(written), as_read_by_a_browser(example.clone()));
    }
    examples.iter().map(|example| example["t"].as_str().expect("a type").to_owned()).collect()
}

#[test]
fn every_message_of_the_fixture_is_read_and_written_alike() {
    let client = ["chat", "cmd", "hello", "ping", "ready", "stat"];
    assert_eq!(check::<ClientMessage>("client").iter().collect::<Vec<_>>(), client.iter().collect::<Vec<_>>());
    let server = ["ack", "chat", "error", "members", "nack", "pong", "state", "welcome"];
    assert_eq!(check::<ServerMessage>("server").iter().collect::<Vec<_>>(), server.iter().collect::<Vec<_>>());
}

#[test]
fn fields_of_a_newer_client_are_ignored() {
    let message = r#"{"t":"ping","c0":1.5,"c9":"new"}"#;
    let read: ClientMessage = serde_json::from_str(message).unwrap();
    assert_eq!(read, ClientMessage::Ping { c0: 1.5 });
}
