//! How fast this machine encodes, and with what: found out once, when nothing else is to be done, and kept in the cache
//! folder.
use std::borrow::Cow;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Instant, processor_time};
use crate::media::engine;
use crate::media::engine::{Cancel, Hardware};
use crate::media::rendition::RenditionId;
use crate::media::schedule::{Kind, Priority};
use crate::media::service::Service;
use crate::media::sync::lock;
use crate::media::track::Preset;
use crate::media::workers::{Job, Stop};

/// The verb of this program that tries an encoder in hardware.
const TRY: &str = "try-encoder";
const FILE: &str = "watchparty-machine.json";
/// The first minutes of a server belong to its people.
const QUIET: Duration = Duration::from_secs(15);
/// Wall time that it may take on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_mins(5);
const PRESETS: [Preset; 3] = [Preset::Ultrafast, Preset::Superfast, Preset::Veryfast];

/// How long an encoder in hardware may take to show that it works.
const HARDWARE_LIMIT: Duration = Duration::from_secs(10);
/// What it may say about why it does not, in bytes.
const TRIAL_WORDS_MAX: u64 = 4096;
/// How often the process that tries it is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Segments in a row that hardware may leave to software before it is not used any more.
const FAILURES_MAX: u32 = 3;

/// What is known of the machine.
pub(super) struct Machine {
    hardware: Option<Hardware>,
    failures: u32,
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
    /// The encoder in hardware that works.
    hardware: Option<String>,
}

impl Machine {
    /// What was measured earlier on the same machine with the same build, or when to measure.
    pub(super) fn look(folder: &Path, threads: usize, now: Instant) -> (Self, Option<[f64; 3]>) {
        let file = folder.join(FILE);
        let build = (engine::libraries(), env!("CARGO_PKG_VERSION"));
        let key = format!("{}/{threads}/{}/{}/{}", processor(), graphics(), build.0, build.1);
        let kept = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
        let kept = kept.filter(|kept| kept.machine == key);
        let hardware = kept.as_ref().and_then(|kept| Hardware::named(kept.hardware.as_deref()?));
        let due = kept.is_none().then_some(now + QUIET);
        (Self { file, key, due, hardware, failures: 0 }, kept.map(|kept| kept.trial_s))
    }

    pub(super) fn hardware_is_known(&self) -> bool {
        self.hardware.is_some()
    }

    /// Nothing is measured.
    pub(super) fn unknown() -> Self {
        Self { file: PathBuf::new(), key: String::new(), due: None, hardware: None, failures: 0 }
    }

    /// Notes how a segment went; true when that was one failure too many.
    fn did(&mut self, well: bool) -> bool {
        self.failures = if well { 0 } else { self.failures + 1 };
        self.failures >= FAILURES_MAX && self.hardware.take().is_some()
    }

    fn keep(&self, trial_s: [f64; 3]) {
        let hardware = self.hardware.map(|kind| kind.name().to_owned());
        let kept = Kept { machine: self.key.clone(), trial_s, hardware };
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
            let hardware = find_hardware(cancel);
            tracing::info!(?trial_s, ?hardware, "measured how fast this machine encodes");
            lock(&service.ladder).calibrate(trial_s);
            lock(&service.ladder).set_hardware(hardware.is_some());
            let mut machine = lock(&service.machine);
            machine.hardware = hardware;
            machine.keep(trial_s);
        });
        let (kind, priority, stop) = (Kind::Heavy, Priority::Prepare, Stop::After(LIMIT));
        drop(self.workers.submit(Job { kind, priority, key: None, stop, work }));
    }

    /// Whether an encoder in hardware works here.
    pub(super) fn has_hardware(&self) -> bool {
        lock(&self.machine).hardware.is_some()
    }

    /// The encoder in hardware for a rendition.
    pub(super) fn hardware(&self, id: RenditionId) -> Option<Hardware> {
        matches!(id, RenditionId::Hardware(_)).then(|| lock(&self.machine).hardware).flatten()
    }

    /// Notes whether hardware did its part. What fails again and again is not asked any more until the next start.
    pub(super) fn hardware_did(&self, id: RenditionId, well: bool) {
        if !matches!(id, RenditionId::Hardware(_)) {
            return;
        }
        let given_up = lock(&self.machine).did(well);
        if given_up {
            tracing::warn!("the encoder in hardware is not used any more");
            lock(&self.ladder).set_hardware(false);
        }
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

/// The first kind of encoder in hardware that works.
fn find_hardware(cancel: &Cancel) -> Option<Hardware> {
    let there = |path: &str| Path::new(path).exists();
    let may_be_there = |kind: &Hardware| match kind {
        Hardware::VideoToolbox => cfg!(target_os = "macos"),
        Hardware::Nvenc => cfg!(windows) || there("/dev/nvidiactl"),
        Hardware::Qsv => cfg!(windows) || there("/dev/dri/renderD128"),
        Hardware::Vaapi => there("/dev/dri/renderD128"),
    };
    Hardware::ALL.into_iter().filter(may_be_there).find(|kind| works(*kind, cancel))
}

/// Tries an encoder in a process of its own: a driver that hangs or crashes takes nobody along.
fn works(kind: Hardware, cancel: &Cancel) -> bool {
    let program = std::env::current_exe().map(Command::new);
    let child = program.and_then(|mut program| {
        program.args([TRY, kind.name()]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
    });
    let Ok(mut child) = child else { return false };
    let looks = HARDWARE_LIMIT.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return true,
            Ok(Some(_)) => {
                let mut why = Vec::new();
                let said = child.stderr.take().map(|stderr| stderr.take(TRIAL_WORDS_MAX).read_to_end(&mut why));
                let why = if said.is_some() { String::from_utf8_lossy(&why) } else { Cow::default() };
                tracing::info!(encoder = kind.name(), why = why.trim(), "an encoder in hardware does not work");
                return false;
            }
            Ok(None) if cancel.check().is_ok() => std::thread::park_timeout(LOOK),
            _ => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// What the system tells of graphics hardware and its driver.
fn graphics() -> String {
    let told = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let card = "/sys/class/drm/renderD128/device";
    let parts = [told("/sys/module/nvidia/version"), told(&format!("{card}/vendor")), told(&format!("{card}/device"))];
    parts.join(" ")
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
    use crate::media::engine::Hardware;
    use crate::media::service::machine::Machine;

    #[test]
    fn hardware_that_fails_three_times_in_a_row_is_not_asked_again() {
        let mut machine = Machine { hardware: Some(Hardware::Nvenc), ..Machine::unknown() };
        for well in [false, false, true, false, false] {
            assert!(!machine.did(well));
        }
        assert!(machine.did(false) && machine.hardware.is_none());
        assert!(!machine.did(false), "said once");
    }

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
        assert!(machine.hardware.is_none());
        std::fs::write(&machine.file, "no").unwrap();
        assert!(Machine::look(folder.path(), 2, now).1.is_none());
    }
}
