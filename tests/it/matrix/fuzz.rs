//! Mutated films: whatever the bytes are, the engine answers in time, with bounded memory, and lives.
//!
//! The engine works in a process of its own, so that a death has a name: the seed of the film. `FUZZ_FILES=2000` (or
//! `make fuzz`) tries as many; `FUZZ_FIRST=17 FUZZ_FILES=1` tries one again.
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use watchparty::clock::{Clock, SystemClock};
use watchparty::media::engine::{self, Cancel, EngineError, Head, ProbeError};
use watchparty::media::plan::plan;
use watchparty::media::track::Preset;
use watchparty::media::{ClientCaps, Presentation, RenditionId, Source, decide, playlist};

use crate::matrix::recipe::{encoded, film, plain};
use crate::support::films::folder;

const FILES: &str = "FUZZ_FILES";
const FIRST: &str = "FUZZ_FIRST";
const WORKER: &str = "matrix::fuzz::worker";
/// Files in each test run.
const FILES_QUICK: u64 = 60;
/// Files of one process; then its memory is looked at.
const FILES_OF_A_WORKER: u64 = 100;
/// Nobody waits longer for one answer of the engine.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// A worker that says nothing for so long hangs: a few answers on a busy machine.
const SILENCE_MAX: Duration = Duration::from_mins(1);
/// Lines of a worker that wait to be read.
const LINES_MAX: usize = 64;
const MEMORY_MAX: u64 = 1 << 30;
/// Films larger than this take longer than they teach.
const SEED_BYTES_MAX: u64 = 700_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn mutated_films_neither_kill_nor_hang_nor_bloat() {
    let (first, count) = (number(FIRST).unwrap_or(1), number(FILES).unwrap_or(FILES_QUICK));
    // Made before anybody is timed.
    let corpus = corpus();
    assert!(corpus.len() >= 4, "{corpus:?}");
    let mut failures = Vec::new();
    let (mut next, end) = (first, first + count);
    while next < end {
        let (tried, failure) = watch(next, (end - next).min(FILES_OF_A_WORKER));
        next = tried + 1;
        failures.extend(failure);
    }
    assert!(
        failures.is_empty(),
        "{count} films from seed {first}, {} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Lets one process try films; gives the last seed it tried, and what went wrong.
fn watch(first: u64, count: u64) -> (u64, Vec<String>) {
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", WORKER, "--ignored", "--nocapture", "--test-threads=1"])
        .env(FIRST, first.to_string())
        .env(FILES, count.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::sync_channel(LINES_MAX);
    let output = BufReader::new(worker.stdout.take().unwrap());
    let reader =
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let mut failures = Vec::new();
    let mut trying = (first, String::new());
    let mut done = first - 1;
    let hung = loop {
        match lines.recv_timeout(SILENCE_MAX) {
            Ok(line) => {
                let words: Vec<&str> = line.split('\t').collect();
                match *words.as_slice() {
                    ["try", seed, name] => trying = (seed.parse().unwrap(), name.to_owned()),
                    ["done", seed, verdict] => {
                        done = seed.parse().unwrap();
                        if verdict != "well" {
                            failures.push(format!("seed {done} ({}): {verdict}", trying.1));
                        }
                    }
                    _ => {}
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => break true,
            Err(mpsc::RecvTimeoutError::Disconnected) => break false,
        }
    };
    let status = end(&mut worker, hung);
    let _ = reader.join();
    if done + 1 < first + count {
        let how = if hung { format!("silent for {SILENCE_MAX:?}") } else { format!("the process ended with {status}") };
        failures.push(format!("seed {} ({}): {how}", trying.0, trying.1));
        done = trying.0.max(done + 1);
    }
    (done, failures)
}

fn end(worker: &mut Child, hung: bool) -> std::process::ExitStatus {
    if hung {
        worker.kill().unwrap();
    }
    worker.wait().unwrap()
}

#[test]
#[ignore = "the process behind mutated_films_neither_kill_nor_hang_nor_bloat"]
#[expect(clippy::print_stdout, reason = "how the two processes talk")]
fn worker() {
    let (Some(first), Some(count)) = (number(FIRST), number(FILES)) else { return };
    engine::install_log();
    let corpus = corpus();
    let scratch = tempfile::tempdir().unwrap();
    for seed in first..first + count {
        let (name, bytes) = mutated(&corpus, seed);
        println!("try\t{seed}\t{name}");
        let path = scratch.path().join(&name);
        std::fs::write(&path, bytes).unwrap();
        let verdict = match catch_unwind(AssertUnwindSafe(|| abuse(&path))) {
            Ok(None) if memory() > MEMORY_MAX => format!("{} MiB of memory", memory() >> 20),
            Ok(None) => "well".to_owned(),
            Ok(Some(late)) => late,
            Err(panic) => format!("panic: {}", panic.downcast_ref::<String>().map_or("?", |text| text)),
        };
        println!("done\t{seed}\t{}", verdict.replace(['\t', '\n'], " "));
        std::fs::remove_file(path).unwrap();
    }
}

/// The most memory this process ever had.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Films to start from, in an order that does not change.
fn corpus() -> Vec<PathBuf> {
    let mut paths = vec![
        plain().path,
        film("plain.mkv", &format!("-i {} -c copy", plain())).path,
        film("plain.ts", &format!("-i {} -c copy", plain())).path,
        film("plain.flv", &format!("-i {} -c copy", plain())).path,
        encoded("fuzz.avi", "-t 4 -c:v mpeg4 -bf 2 -c:a libmp3lame").path,
        encoded("fuzz.mpg", "-t 4 -vf fps=25 -c:v mpeg2video -c:a ac3").path,
    ];
    let real = folder().into_iter().flat_map(|folder| folder.read_dir().unwrap().flatten()).filter(|entry| {
        let text = [".md", ".sh"].iter().any(|end| entry.file_name().to_string_lossy().ends_with(end));
        !text && entry.metadata().is_ok_and(|metadata| metadata.len() <= SEED_BYTES_MAX)
    });
    let mut real: Vec<_> = real.map(|entry| entry.path()).collect();
    real.sort();
    paths.extend(real);
    paths
}

/// A film with something done to its bytes.
fn mutated(corpus: &[PathBuf], seed: u64) -> (String, Vec<u8>) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut dice = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    let path = &corpus[seed as usize % corpus.len()];
    let mut bytes = std::fs::read(path).unwrap();
    for _ in 0..=dice(4) {
        let length = bytes.len();
        // Half of the changes hit the head, where the structure is.
        let at = if dice(2) == 0 { dice(length.min(4096)) } else { dice(length) };
        let span = (1 << dice(14)).min(length - at);
        match dice(7) {
            0 => (0..=dice(400)).for_each(|_| bytes[dice(length)] = dice(256) as u8),
            1 => bytes[at..at + span].fill([0, 0xff, 0x7f, b'0'][dice(4)]),
            2 => bytes.truncate(at.max(1)),
            3 => drop(bytes.drain(at..at + span)),
            4 => bytes.extend_from_within(at..at + span),
            5 => (0..8.min(length - at)).for_each(|n| bytes[at + n] = [0, 0x80, 0xff, 1][dice(4)]),
            _ => {
                let other = std::fs::read(&corpus[dice(corpus.len())]).unwrap();
                let from = dice(other.len());
                let piece = &other[from..(from + span).min(other.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    (format!("{seed}-{}", path.file_name().unwrap().to_string_lossy()), bytes)
}

/// An answer, or the complaint that it came too late.
fn asked<T, E>(
    what: &str,
    ask: impl FnOnce(&Cancel) -> Result<T, E>,
    is_late: impl Fn(&E) -> bool,
) -> Result<Option<T>, String> {
    let began = SystemClock.now();
    let answer = ask(&Cancel::with_deadline(Arc::new(SystemClock), ANSWER_MAX));
    let took = SystemClock.now().since(began);
    match answer {
        Err(error) if is_late(&error) => Err(format!("{what}: no answer within {ANSWER_MAX:?}")),
        _ if took > ANSWER_MAX * 2 => Err(format!("{what}: took {took:?} in spite of its deadline")),
        answer => Ok(answer.ok()),
    }
}

fn engine<T>(what: &str, ask: impl FnOnce(&Cancel) -> Result<T, EngineError>) -> Result<Option<T>, String> {
    asked(what, ask, |error| matches!(error, EngineError::DeadlineExceeded))
}

/// Everything that can be asked about a film; gives a complaint.
fn abuse(path: &Path) -> Option<String> {
    let tried = || -> Result<(), String> {
        let late = |error: &ProbeError| matches!(error, ProbeError::DeadlineExceeded);
        let Some((info, identity)) = asked("probe", |cancel| engine::probe(path, cancel), late)? else { return Ok(()) };
        let source = Source { path: path.to_owned(), identity, info: Arc::new(info) };
        engine("poster", |cancel| engine::poster(&source, cancel))?;
        let Some(index) = engine("index", |cancel| engine::index(&source, cancel))? else { return Ok(()) };
        let film = plan(&source, Some(&index));
        let film = match engine("sounds", |cancel| engine::sounds(&source, &index, cancel))? {
            Some(surveys) => film.with_sound(&surveys),
            None => film,
        };
        let Ok(decision) = decide(&film, &ClientCaps::default(), &[360]) else { return Ok(()) };
        drop(playlist::master(&film, &decision));
        for id in [RenditionId::VideoCopy, RenditionId::Video(360), RenditionId::Audio(0), RenditionId::AudioCopy(0)] {
            rendition(&film, id)?;
        }
        Ok(())
    };
    tried().err()
}

/// The first, the last and a middle segment.
fn rendition(film: &Presentation, id: RenditionId) -> Result<(), String> {
    let Some(track) = film.track(id, Preset::Ultrafast) else { return Ok(()) };
    drop(playlist::rendition(film, &id));
    engine("init", |cancel| engine::init_segment(&film.source, &track.spec, cancel))?;
    let Some(mut head) = engine("head", |cancel| Head::open(&film.source, &track.spec, cancel))? else { return Ok(()) };
    for n in [0, track.segments() - 1, track.segments() / 2] {
        let Some(job) = track.job(n) else { continue };
        engine(&format!("{id} {n}"), |cancel| head.segment(&job, cancel, &mut |_| ()))?;
    }
    Ok(())
}
