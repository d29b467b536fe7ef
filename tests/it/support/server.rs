//! Starts the executable as people do, and stops it by its id.
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::wait::wait_for;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_watchparty");

/// The executable, deaf to the environment of whoever runs the tests.
fn command() -> Command {
    let mut command = Command::new(EXECUTABLE);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WATCHPARTY_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command to its end.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs a command to its end, with a variable in its environment.
pub(crate) fn run_with(name: &str, value: &OsStr, arguments: &[&str]) -> Output {
    command().env(name, value).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// A running server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    line: Value,
    data: DataDir,
    pub(crate) http: reqwest::Client,
}

enum DataDir {
    Own(tempfile::TempDir),
    Given(PathBuf),
}

impl Server {
    /// A server with these folders of films and a data folder of its own.
    pub(crate) fn with_films(dirs: &[&Path]) -> Self {
        Self::start(command(), DataDir::Own(tempfile::tempdir().unwrap()), dirs, &[])
    }

    /// A server on a data folder that outlives it.
    pub(crate) fn on(data: &Path, dirs: &[&Path], more: &[&str]) -> Self {
        Self::start(command(), DataDir::Given(data.to_path_buf()), dirs, more)
    }

    /// A server without a folder of films, of a person with this home folder.
    pub(crate) fn at_home(data: &Path, home: &Path) -> Self {
        let mut command = command();
        command.env("HOME", home).env_remove("XDG_CONFIG_HOME");
        Self::start(command, DataDir::Given(data.to_path_buf()), &[], &[])
    }

    fn start(mut command: Command, data: DataDir, dirs: &[&Path], more: &[&str]) -> Self {
        command.args(["serve", "--port", "0", "--log-format", "json", "--data-dir"]).arg(data.path());
        for dir in dirs {
            command.arg("--dir").arg(dir);
        }
        let mut child =
            command.args(more).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut text = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut text).unwrap();
        let line: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no listening line but {text:?}"));
        assert_eq!(line["event"], "listening");
        let http = reqwest::Client::builder().timeout(Duration::from_mins(1)).build().unwrap();
        Self { child, line, data, http }
    }

    /// What it said on stdout.
    pub(crate) fn line(&self) -> &Value {
        &self.line
    }

    /// An address of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.line["url"].as_str().unwrap())
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    /// A JSON answer that must be a success.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        self.http.post(self.url(path)).json(body).send().await.unwrap()
    }

    /// Waits for the end of a scan that saw at least `seen` films; gives all titles.
    pub(crate) async fn scanned(&self, seen: u64) -> Vec<Value> {
        wait_for("the end of the scan", async || {
            let status = self.json("/api/v1/library/status").await;
            (status["running"] == false && status["seen"].as_u64().unwrap() >= seen).then_some(())
        })
        .await;
        self.json("/api/v1/media?limit=200").await["items"].as_array().unwrap().clone()
    }

    /// Asks it to stop, as a service manager does, and waits; gives its exit code.
    pub(crate) async fn stop(&mut self) -> Option<i32> {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let child = &mut self.child;
        let mut exit = None;
        wait_for("the end of the process", || {
            exit = child.try_wait().unwrap();
            std::future::ready(exit.map(drop))
        })
        .await;
        exit.and_then(|status| status.code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By handle, which is by id; it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl DataDir {
    fn path(&self) -> &Path {
        match self {
            Self::Own(dir) => dir.path(),
            Self::Given(path) => path,
        }
    }
}
