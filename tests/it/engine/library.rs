//! Everything in a folder, as a library would use it: for a synthesised library in `$WATCHPARTY_MADE_LIBRARY`.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use watchparty::media::Source;
use watchparty::media::engine::{self, Head};
use watchparty::media::track::Preset;

use crate::support::boxes::{Fragment, fragments};
use crate::support::films::{self, limit, segment};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

#[test]
#[ignore = "needs a synthesised library; minutes"]
fn a_whole_library_is_playable_or_refused() {
    let Some(folder) = std::env::var_os("WATCHPARTY_MADE_LIBRARY") else { return };
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths);
    paths.sort();
    let mut failures = Vec::new();
    for path in paths {
        let verdict = play(&path);
        eprintln!("{}: {verdict:?}", path.strip_prefix(&folder).unwrap_or(&path).display());
        if let Err(why) = verdict
            && !path.to_string_lossy().contains("damaged")
        {
            failures.push(format!("{}: {why}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

fn play(path: &Path) -> Result<String, String> {
    let (info, identity) = match engine::probe(path, &limit()) {
        Ok(found) => found,
        Err(error) => return Ok(error.to_string()),
    };
    let source = Source { path: path.to_owned(), identity, info: Arc::new(info) };
    let index = engine::index(&source, &limit()).map_err(|error| format!("index: {error}"))?;
    let mut specs = Vec::new();
    if source.info.video().is_some() {
        specs.push(("transcode", films::transcode(&source, &index, 120, Preset::Ultrafast), films::encode_jobs(&index)));
        if !index.open_gop && index.keyframes.first() == Some(&index.start_pts) {
            specs.push(("copy", films::copy(&source, &index), films::copy_jobs(&index)));
        }
    }
    if let Some(spec) = films::sound(&source, &index) {
        specs.push(("sound", spec, films::sound_jobs(&index, 48_000)));
    }
    let mut report = format!("{:?} {} keys, open {}", index.frame_rate, index.keyframes.len(), index.open_gop);
    for (label, spec, jobs) in specs {
        if label == "copy" && engine::init_segment(&source, &spec, &limit()).is_err() {
            report.push_str(", no copy");
            continue;
        }
        let mut warm = Head::open(&source, &spec, &limit()).map_err(|error| format!("{label}: {error}"))?;
        let some: Vec<_> = jobs.iter().skip((jobs.len() / 2).saturating_sub(1)).take(3).collect();
        let mut made = Vec::new();
        for job in &some {
            let (bytes, _) = segment(&mut warm, job).map_err(|error| format!("{label} {job:?}: {error}"))?;
            let length: i64 = fragments(&bytes).iter().map(Fragment::duration).sum();
            if length != job.end - job.start {
                return Err(format!("{label} {job:?} lasts {length}"));
            }
            made.push(bytes);
        }
        for (job, bytes) in some.iter().zip(made).rev() {
            let mut cold = Head::open(&source, &spec, &limit()).map_err(|error| format!("{label}: {error}"))?;
            if segment(&mut cold, job).map_err(|error| format!("{label} cold: {error}"))?.0 != bytes {
                return Err(format!("{label} {job:?} depends on history"));
            }
        }
        report = format!("{report}, {label} {} ok", jobs.len());
    }
    Ok(report)
}
