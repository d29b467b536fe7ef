//! The command line: exit codes, sentences, signals.
use std::net::TcpListener;
use std::process::Output;
use std::time::Duration;

use crate::support::films::folder;
use crate::support::server::{Server, run, run_with};

/// Exit code and the one sentence on stderr.
fn refusal(output: &Output) -> (i32, String) {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!text.contains("panicked") && !text.contains("backtrace"), "{text}");
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code().unwrap(), text)
}

#[test]
fn a_missing_folder_is_named() {
    let (code, text) = refusal(&run(&["--dir", "/no/such/folder"]));
    assert_eq!((code, text.lines().count()), (2, 1), "{text}");
    assert!(text.contains("/no/such/folder"), "{text}");
}

#[test]
fn a_key_that_means_nothing_is_named() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("config.toml"), "prot = 8420\n").unwrap();
    let (code, text) = refusal(&run(&["serve", "--data-dir", data.path().to_str().unwrap()]));
    assert_eq!((code, text.lines().count()), (2, 1), "{text}");
    assert!(text.contains("\"prot\""), "{text}");
}

#[test]
fn a_port_that_is_taken_is_named_when_it_was_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let dir = data.path().to_str().unwrap();
    let (code, text) = refusal(&run(&["--port", &port, "--data-dir", dir, "--dir", dir]));
    assert_eq!((code, text.lines().count()), (2, 1), "{text}");
    assert!(text.contains(&port) && text.contains("in use"), "{text}");
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused_and_told_where_the_first_is() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::on(data.path(), &[data.path()], &[]);
    let dir = data.path().to_str().unwrap();
    let (code, text) = refusal(&run(&["--port", "0", "--data-dir", dir, "--dir", dir]));
    assert_eq!((code, text.lines().count()), (2, 1), "{text}");
    assert!(text.contains(dir) && text.contains(&server.url("")), "{text}");
    assert_eq!(server.get("/readyz").await.status(), 200);
}

#[test]
fn a_damaged_database_is_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("watchparty.db");
    std::fs::write(&file, b"rubbish ".repeat(1000)).unwrap();
    let dir = data.path().to_str().unwrap();
    let (code, text) = refusal(&run(&["--port", "0", "--data-dir", dir, "--dir", dir]));
    assert_eq!((code, text.lines().count()), (1, 1), "{text}");
    assert!(text.contains("damaged") && text.contains(file.to_str().unwrap()), "{text}");
    assert_eq!(std::fs::read(&file).unwrap(), b"rubbish ".repeat(1000));
}

#[test]
fn wrong_flags_are_a_wrong_use() {
    assert_eq!(run(&["--prot", "1"]).status.code(), Some(2));
    assert_eq!(run(&["--port", "many"]).status.code(), Some(2));
    assert_eq!(run(&["--public-url", "party.example", "--dir", "/"]).status.code(), Some(2));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_ends_in_time_with_success() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::on(data.path(), &[data.path()], &[]);
    // Kept open and silent: it must not hold up the end.
    let address = server.url("").replace("http://", "");
    let _silent = tokio::net::TcpStream::connect(&address).await.unwrap();
    assert_eq!(server.get("/healthz").await.status(), 200);
    let stopped = tokio::time::timeout(Duration::from_secs(5), server.stop()).await;
    assert_eq!(stopped.expect("it took more than five seconds"), Some(0));
    let health = run(&["health", "--data-dir", data.path().to_str().unwrap(), "--port", "9"]);
    assert_eq!(health.status.code(), Some(1));
}

#[tokio::test]
async fn health_asks_the_server_that_uses_the_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let _server = Server::on(data.path(), &[data.path()], &[]);
    let health = run(&["health", "--data-dir", data.path().to_str().unwrap()]);
    assert_eq!(health.status.code(), Some(0), "{health:?}");
}

#[test]
fn version_paths_and_the_document_are_printed() {
    let text = |arguments: &[&str]| String::from_utf8(run(arguments).stdout).unwrap();
    assert!(text(&["version"]).starts_with("watchparty "));
    let verbose = text(&["version", "--verbose"]);
    assert!(verbose.contains("FFmpeg") && verbose.contains("licence"), "{verbose}");
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("config.toml");
    assert!(text(&["paths", "--data-dir", data.path().to_str().unwrap()]).contains(config.to_str().unwrap()));
    assert!(text(&["openapi"]).contains("\"openapi\""));
}

#[test]
fn probe_says_what_a_file_is_and_why_another_is_none() {
    let Some(films) = folder() else { return };
    let film = films.join("sintel_trailer_720p.mp4");
    let probed = run(&["probe".as_ref(), film.as_os_str(), "--json".as_ref()]);
    let report: serde_json::Value = serde_json::from_slice(&probed.stdout).unwrap();
    assert_eq!(report["playback"]["mode"], "direct");
    assert!(report["info"]["streams"].as_array().unwrap().len() >= 2);
    let clients = report["clients"].as_array().unwrap();
    assert!(clients.iter().all(|row| row["reason"].is_string() && row["renditions"][0] == "vcopy"), "{report:#}");
    let table = String::from_utf8(run(&["probe".as_ref(), film.as_os_str()]).stdout).unwrap();
    for client in ["Chromium", "Firefox", "Safari", "VLC, mpv, TV"] {
        assert!(table.contains(client), "{table}");
    }
    let (code, text) = refusal(&run(&["probe", "/no/such/film.mp4"]));
    assert_eq!((code, text.lines().count()), (1, 1), "{text}");
}

#[test]
fn scan_does_not_touch_the_cache_of_the_server() {
    let (data, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("text.mp4"), b"not a film").unwrap();
    // What a server of another version keeps; a server of this version would remove it.
    let kept = data.path().join("cache/watchparty-segments/made-by-00000000000000000000000000000000");
    std::fs::create_dir_all(&kept).unwrap();
    let (data, dir) = (data.path().to_str().unwrap(), dir.path().to_str().unwrap());
    let scanned = run(&["scan", "--data-dir", data, "--dir", dir]);
    assert!(scanned.status.success() && String::from_utf8(scanned.stdout).unwrap().contains("text"));
    assert!(kept.is_dir());
}

#[test]
fn flags_have_twins_in_the_environment_and_win_over_them() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let both = std::env::join_paths([one.path(), two.path()]).unwrap();
    let text = |arguments: &[&str]| String::from_utf8(run_with("WATCHPARTY_DIR", &both, arguments).stdout).unwrap();
    let from_env = text(&["paths"]);
    assert!([&one, &two].iter().all(|dir| from_env.contains(dir.path().to_str().unwrap())), "{from_env}");
    let from_flag = text(&["paths", "--dir", one.path().to_str().unwrap()]);
    assert!(!from_flag.contains(two.path().to_str().unwrap()), "{from_flag}");
    let port = run_with("WATCHPARTY_PORT", "many".as_ref(), &["paths"]);
    assert_eq!(port.status.code(), Some(2));
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    for name in ["PORT", "BIND", "DIR", "DATA_DIR", "CACHE_MB", "PUBLIC_URL", "OPEN", "LOG_FORMAT", "DEMO"] {
        for arguments in [&["paths"][..], &["--help"]] {
            let output = run_with(&format!("WATCHPARTY_{name}"), "".as_ref(), arguments);
            assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
        }
    }
}

#[test]
fn a_word_that_is_neither_a_verb_nor_a_folder_is_called_that() {
    let (code, text) = refusal(&run(&["user"]));
    assert_eq!((code, text.lines().count()), (2, 1), "{text}");
    assert!(text.contains("\"user\"") && text.contains("neither a verb nor a folder"), "{text}");
}
