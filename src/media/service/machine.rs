//! How fast this machine encodes: measured once, when nothing else is to be done, and kept in the cache folder.
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Instant, processor_time};
use crate::media::engine;
use crate::media::engine::Cancel;
use crate::media::schedule::{Kind, Priority};
use crate::media::service::Service;
use crate::media::sync::lock;
use crate::media::track::Preset;
use crate::media::workers::{Job, Stop};

const FILE: &str = "watchparty-machine.json";
/// The first minutes of a server belong to its people.
const QUIET: Duration = Duration::from_secs(15);
/// Wall time that it may take on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_mins(5);
const PRESETS: [Preset; 3] = [Preset::Ultrafast, Preset::Superfast, Preset::Veryfast];

/// What is known of the machine.
pub(super) struct Machine {
    file: PathBuf,
    key: String,
    /// When to measure; nothing to measure without.
    due: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    machine: String,
    /// Seconds of processor time for the trial by preset, fastest first.
    trial_s: [f64; 3],
}

impl Machine {
    /// What was measured earlier on the same machine with the same build, or when to measure.
    pub(super) fn look(folder: &Path, threads: usize, now: Instant) -> (Self, Option<[f64; 3]>) {
        let file = folder.join(FILE);
        let key = format!("{}/{threads}/{}/{}", processor(), engine::libraries(), env!("CARGO_PKG_VERSION"));
        let kept = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        let known = kept.filter(|kept| kept.machine == key).map(|kept| kept.trial_s);
        let due = known.is_none().then_some(now + QUIET);
        (Self { file, key, due }, known)
    }

    /// Nothing is measured.
    pub(super) fn unknown() -> Self {
        Self { file: PathBuf::new(), key: String::new(), due: None }
    }

    fn keep(&self, trial_s: [f64; 3]) {
        let kept = Kept { machine: self.key.clone(), trial_s };
        let written = serde_json::to_vec_pretty(&kept).map_err(Into::into).and_then(|json| fs::write(&self.file, json));
        if let Err(error) = written {
            tracing::debug!(%error, "the speed of this machine could not be kept; it will be measured again");
        }
    }
}

impl Service {
    /// Measures the machine if that is due and nothing else is to be done.
    pub(super) fn measure(self: &Arc<Self>, now: Instant) {
        let due = lock(&self.machine).due.take_if(|due| *due <= now && self.workers.is_idle()).is_some();
        if !due {
            return;
        }
        let service = Arc::clone(self);
        let work = Box::new(move |cancel: &Cancel| {
            let Some(trial_s) = service.trials(cancel) else {
                let again = service.clock.now() + QUIET;
                lock(&service.machine).due = Some(again);
                return;
            };
            tracing::info!(?trial_s, "measured how fast this machine encodes");
            lock(&service.ladder).calibrate(trial_s);
            lock(&service.machine).keep(trial_s);
        });
        let (kind, priority, stop) = (Kind::Heavy, Priority::Prepare, Stop::After(LIMIT));
        drop(self.workers.submit(Job { kind, priority, key: None, stop, work }));
    }

    fn trials(&self, cancel: &Cancel) -> Option<[f64; 3]> {
        let (mut seconds, jobs) = ([0.0; 3], self.workers.arrivals());
        for (preset, seconds) in PRESETS.into_iter().zip(&mut seconds) {
            let (began, clock) = (processor_time(), self.clock.now());
            engine::trial(preset, cancel).ok()?;
            let took = match (began, processor_time()) {
                (Some(began), Some(ended)) => ended.saturating_sub(began),
                _ => self.clock.now().since(clock),
            };
            *seconds = took.as_secs_f64();
        }
        // Other work of ours would count as the trial's.
        (self.workers.arrivals() == jobs).then_some(seconds)
    }
}

/// The processor's name, where the system tells it.
fn processor() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    named.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::clock::{Clock, SystemClock};
    use crate::media::service::machine::Machine;

    #[test]
    fn what_was_measured_is_found_again_by_the_same_machine_only() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemClock.now();
        let (machine, known) = Machine::look(folder.path(), 2, now);
        assert!(known.is_none() && machine.due > Some(now + Duration::from_secs(1)));
        machine.keep([3.0, 2.0, 1.0]);
        let (machine, known) = Machine::look(folder.path(), 2, now);
        assert_eq!((machine.due.is_none(), known), (true, Some([3.0, 2.0, 1.0])));
        assert!(Machine::look(folder.path(), 4, now).1.is_none());
        std::fs::write(&machine.file, "no").unwrap();
        assert!(Machine::look(folder.path(), 2, now).1.is_none());
    }
}
