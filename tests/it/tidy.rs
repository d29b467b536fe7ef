//! Taste as a test: the order of the rooms, the budgets, and what may be named where.
use std::fs;
use std::path::{Path, PathBuf};

/// A room may import only rooms on later rows; rooms in one row do not import each other.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["app"],
    &["ws"],
    &["http"],
    &["hub"],
    &["activity"],
    &["library"],
    &["media"],
    &["auth", "jobs"],
    &["store", "blobs", "cluster", "discovery", "telemetry"],
    &["rooms", "protocol", "config"],
    &["model", "clock"],
];

/// Longest file. Files aim at 300 lines.
const FILE_LINES_MAX: usize = 800;
/// Longest architecture page.
const ARCHITECTURE_LINES_MAX: usize = 150;

/// What only some rooms may name, and why.
const CONFINED: &[(&str, &[&str], &str)] = &[
    ("rusqlite", &["src/store/"], "SQL lives in `store`"),
    ("ffmpeg_next", &["src/media/engine/"], "libav lives in `media/engine`"),
    ("unsafe {", &["src/media/engine/"], "unsafe lives in `media/engine`"),
    ("axum::", &["src/http/", "src/ws/", "src/app/"], "HTTP lives in `http`, `ws` and `app`"),
    ("println!", &["src/cli/"], "only the command line writes to stdout"),
];

/// Rooms that are values: no runtime, no I/O, no clock.
const PURE: &[&str] = &["src/model/", "src/rooms/", "src/protocol/"];

fn row(room: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&room))
}

struct Line {
    path: String,
    number: usize,
    code: String,
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned()
}

/// All lines of Rust below `folder`, without comments.
fn lines(folder: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for path in files(folder, "rs") {
        for (n, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = if line.trim_start().starts_with("//") { "" } else { line.split(" // ").next().unwrap() };
            lines.push(Line { path: relative(&path), number: n + 1, code: code.to_owned() });
        }
    }
    lines
}

/// Lines of `src` outside of tests: an inline test module ends its file, the declaration of one is a line like others.
fn product_lines() -> Vec<Line> {
    let mut in_tests = String::new();
    let mut announced = false;
    lines("src")
        .into_iter()
        .filter(|line| {
            if announced && !line.code.starts_with("#[") {
                announced = false;
                if line.code.ends_with('{') {
                    in_tests.clone_from(&line.path);
                }
            }
            announced |= line.code.starts_with("#[cfg(test)]");
            in_tests != line.path && !line.path.ends_with("tests.rs")
        })
        .collect()
}

fn room_of(path: &str) -> &str {
    path.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

fn report(errors: &[String]) {
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

#[test]
fn rooms_import_only_downwards() {
    let mut errors = Vec::new();
    for line in lines("src") {
        let room = room_of(&line.path);
        if room == "lib" || room == "main" {
            continue;
        }
        let Some(own_row) = row(room) else {
            errors.push(format!("{}: give `{room}` a row in LAYERS", line.path));
            continue;
        };
        if line.code.contains("crate::{") || line.code.contains("super::super") {
            errors.push(format!("{}:{}: write one plain `use crate::room::…` a line", line.path, line.number));
        }
        for tail in line.code.split("crate::").skip(1) {
            let target: String = tail.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if target != room && row(&target).is_none_or(|target_row| target_row <= own_row) {
                errors.push(format!("{}:{}: `{room}` may not import `{target}`", line.path, line.number));
            }
        }
    }
    report(&errors);
}

#[test]
fn no_file_outgrows_its_budget() {
    let mut errors = Vec::new();
    for (folder, extension) in
        [("src", "rs"), ("tests", "rs"), ("web/src", "ts"), ("web/src", "tsx"), ("web/src", "css")]
    {
        for path in files(folder, extension) {
            let count = fs::read_to_string(&path).unwrap().lines().count();
            if count > FILE_LINES_MAX && !relative(&path).ends_with("api/schema.ts") {
                errors.push(format!("{}: {count} lines: find the concept that is missing", relative(&path)));
            }
        }
    }
    report(&errors);
}

#[test]
fn every_thing_stays_in_its_room() {
    let mut errors = Vec::new();
    for line in product_lines() {
        for (needle, rooms, why) in CONFINED {
            if line.code.contains(needle) && !rooms.iter().any(|room| line.path.starts_with(room)) {
                errors.push(format!("{}:{}: {why}", line.path, line.number));
            }
        }
        let pure = PURE.iter().any(|room| line.path.starts_with(room));
        if pure
            && ["tokio", "std::fs", "std::net", "std::thread", "SystemTime", "HashMap"]
                .iter()
                .any(|n| line.code.contains(n))
        {
            errors.push(format!("{}:{}: this room is pure and ordered", line.path, line.number));
        }
    }
    report(&errors);
}

#[test]
fn every_room_has_a_front_door() {
    let mut errors = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let folder = entry.unwrap().path();
        if folder.is_dir() {
            let door = fs::read_to_string(folder.join("mod.rs")).unwrap_or_default();
            if !door.starts_with("//!") {
                errors.push(format!("{}/mod.rs: open with `//!`: what it does, what it never does", relative(&folder)));
            }
        }
    }
    report(&errors);
}

#[test]
fn tests_wait_for_facts_and_not_for_time() {
    let needle = concat!("sle", "ep(");
    let errors: Vec<String> = lines("tests")
        .into_iter()
        .filter(|line| line.code.contains(needle))
        .map(|line| format!("{}:{}: poll a fact with a deadline", line.path, line.number))
        .collect();
    report(&errors);
}

#[test]
fn the_architecture_page_names_every_room_and_no_other() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let mut errors = Vec::new();
    let count = page.lines().count();
    if count > ARCHITECTURE_LINES_MAX {
        errors.push(format!("ARCHITECTURE.md has {count} lines, at most {ARCHITECTURE_LINES_MAX}"));
    }
    for room in LAYERS.iter().copied().flatten() {
        let exists = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room).is_dir();
        // A room's own row in the table of rooms starts with its name.
        let named = page.contains(&format!("| `{room}`"));
        if exists != named {
            errors.push(format!("ARCHITECTURE.md: `{room}` exists: {exists}, has a row: {named}"));
        }
    }
    report(&errors);
}

#[test]
fn the_web_page_reaches_nothing_outside() {
    let mut errors = Vec::new();
    for extension in ["ts", "tsx", "css", "html"] {
        for path in files("web/src", extension) {
            for (n, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
                let outside = line.contains("https://") || line.contains("http://");
                let named_only = line.contains("www.w3.org") || line.trim_start().starts_with(['/', '*']);
                if outside && !named_only && !relative(&path).ends_with(".test.ts") {
                    errors.push(format!("{}:{}: works with the cable pulled out", relative(&path), n + 1));
                }
            }
        }
    }
    report(&errors);
}

#[test]
fn only_the_mediator_touches_the_video_element() {
    let touches = [".currentTime", ".playbackRate", "video.preservesPitch", "video.play(", "video.pause("];
    let mut errors = Vec::new();
    for extension in ["ts", "tsx"] {
        for path in files("web/src", extension) {
            let name = relative(&path);
            if name.ends_with("player/mediator.ts") || name.ends_with(".test.ts") || name.ends_with(".test.tsx") {
                continue;
            }
            for (n, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
                if touches.iter().any(|touch| line.contains(touch)) && !line.trim_start().starts_with(['/', '*']) {
                    errors.push(format!("{name}:{}: ask `player/mediator.ts`", n + 1));
                }
            }
        }
    }
    report(&errors);
}
