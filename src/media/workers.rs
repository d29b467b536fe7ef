//! The engine's own threads and the one queue in front of them. A panic in a job ends the job, not the thread.
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::SharedClock;
use crate::media::cache::SegmentKey;
use crate::media::engine::Cancel;
use crate::media::schedule::{Kind, Priority, Role, Ticket, give_up, pick};
use crate::media::sync::lock;

/// Jobs waiting at most.
const QUEUE_MAX: usize = 512;
/// How often an idle thread looks after things.
const TICK: Duration = Duration::from_secs(1);
/// How long a shutdown waits for jobs to notice that they are cancelled.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(3);

/// Work for an engine thread. Dropping it unrun must tell whoever waits.
pub(crate) type Work = Box<dyn FnOnce(&Cancel) + Send>;

/// When a job has to stop.
pub(crate) enum Stop {
    /// So long after it was started.
    After(Duration),
    /// When this says so.
    When(Cancel),
}

/// A job for the queue.
pub(crate) struct Job {
    pub(crate) kind: Kind,
    pub(crate) priority: Priority,
    /// Lets a queued job be found again.
    pub(crate) key: Option<SegmentKey>,
    pub(crate) stop: Stop,
    pub(crate) work: Work,
}

/// The threads and their queue.
pub(crate) struct Workers {
    shared: Arc<Shared>,
}

struct Shared {
    clock: SharedClock,
    state: Mutex<State>,
    wake: Condvar,
    /// Threads that are alive.
    alive: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    tickets: Vec<Ticket>,
    /// Parallel to `tickets`.
    jobs: Vec<Job>,
    arrivals: u64,
    running: Vec<Option<Cancel>>,
    stopping: bool,
}

impl State {
    fn remove(&mut self, at: usize) -> Job {
        self.tickets.swap_remove(at);
        self.jobs.swap_remove(at)
    }
}

impl Workers {
    /// A queue without threads yet.
    pub(crate) fn new(clock: SharedClock) -> Self {
        let shared = Shared { clock, state: Mutex::default(), wake: Condvar::new(), alive: watch::Sender::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// Starts the threads. `tick` is called about once a second and after jobs; it must not block for long.
    pub(crate) fn spawn(&self, threads: usize, tick: &Arc<dyn Fn() + Send + Sync>) -> io::Result<()> {
        for (number, role) in Role::all(threads).into_iter().enumerate() {
            lock(&self.shared.state).running.push(None);
            let (shared, tick) = (Arc::clone(&self.shared), Arc::clone(tick));
            let alive = Alive::count(&self.shared);
            thread::Builder::new().name(format!("engine-{number}")).spawn(move || {
                let _alive = alive;
                run(&shared, number, role, &*tick);
            })?;
        }
        Ok(())
    }

    /// Queues a job. A full queue gives up what is wanted less, or gives the job back.
    pub(crate) fn submit(&self, job: Job) -> Result<(), Job> {
        let mut state = lock(&self.shared.state);
        if state.stopping {
            return Err(job);
        }
        let mut given_up = None;
        if state.jobs.len() >= QUEUE_MAX {
            match give_up(job.priority, state.tickets.iter()) {
                Some(at) => given_up = Some(state.remove(at)),
                None => return Err(job),
            }
        }
        state.arrivals += 1;
        let ticket = Ticket { kind: job.kind, priority: job.priority, number: state.arrivals };
        state.tickets.push(ticket);
        state.jobs.push(job);
        drop(state);
        self.shared.wake.notify_all();
        // Its drop tells those who wait, and may lock what they hold.
        drop(given_up);
        Ok(())
    }

    /// Makes a queued segment at least this urgent.
    pub(crate) fn promote(&self, key: &SegmentKey, priority: Priority) {
        let mut state = lock(&self.shared.state);
        let found = state.jobs.iter().position(|job| job.key.as_ref() == Some(key));
        if let Some(at) = found
            && priority < state.tickets[at].priority
        {
            state.tickets[at].priority = priority;
            drop(state);
            // A thread that did not take it before may take it now.
            self.shared.wake.notify_all();
        }
    }

    /// Jobs that ever came.
    pub(crate) fn arrivals(&self) -> u64 {
        lock(&self.shared.state).arrivals
    }

    /// Whether no job runs or waits.
    pub(crate) fn is_idle(&self) -> bool {
        let state = lock(&self.shared.state);
        state.jobs.is_empty() && state.running.iter().all(Option::is_none)
    }

    /// Jobs waiting.
    pub(crate) fn queued(&self) -> usize {
        lock(&self.shared.state).jobs.len()
    }

    /// Cancels everything, without waiting.
    pub(crate) fn stop(&self) {
        let mut state = lock(&self.shared.state);
        state.stopping = true;
        state.tickets.clear();
        let dropped = std::mem::take(&mut state.jobs);
        for cancel in state.running.iter().flatten() {
            cancel.cancel();
        }
        drop(state);
        self.shared.wake.notify_all();
        drop(dropped);
    }

    /// Waits until the threads have ended; false when one did not in time.
    pub(crate) async fn ended(&self) -> bool {
        let mut alive = self.shared.alive.subscribe();
        let ended = alive.wait_for(|alive| *alive == 0);
        matches!(tokio::time::timeout(SHUTDOWN_PATIENCE, ended).await, Ok(Ok(_)))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Counts a living thread.
struct Alive(Arc<Shared>);

impl Alive {
    fn count(shared: &Arc<Shared>) -> Self {
        shared.alive.send_modify(|alive| *alive += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.send_modify(|alive| *alive -= 1);
    }
}

fn run(shared: &Shared, number: usize, role: Role, tick: &(dyn Fn() + Send + Sync)) {
    loop {
        match next(shared, number, role) {
            Next::Job(work, cancel) => {
                if catch_unwind(AssertUnwindSafe(|| work(&cancel))).is_err() {
                    tracing::error!("a media job panicked; the thread goes on");
                }
                lock(&shared.state).running[number] = None;
            }
            Next::Nothing => {}
            Next::Stop => return,
        }
        if catch_unwind(AssertUnwindSafe(tick)).is_err() {
            tracing::error!("looking after the media engine panicked");
        }
    }
}

enum Next {
    Job(Work, Cancel),
    Nothing,
    Stop,
}

fn next(shared: &Shared, number: usize, role: Role) -> Next {
    let mut state = lock(&shared.state);
    if !state.stopping && pick(role, state.tickets.iter()).is_none() {
        state = shared.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
    }
    if state.stopping {
        return Next::Stop;
    }
    let Some(at) = pick(role, state.tickets.iter()) else { return Next::Nothing };
    let job = state.remove(at);
    let cancel = match job.stop {
        Stop::After(limit) => Cancel::with_deadline(Arc::clone(&shared.clock), limit),
        Stop::When(cancel) => cancel,
    };
    state.running[number] = Some(cancel.clone());
    Next::Job(job.work, cancel)
}

#[cfg(test)]
#[path = "workers_tests.rs"]
mod tests;
