//! The engine's own threads and the one queue in front of them. A panic in a job ends the job, not the thread.
//!
//! A job that looks at its [`Cancel`] lets more urgent ones pass: when no thread is free for a job that somebody waits
//! for, the thread of a less urgent one does it at once, in the middle of the other, and then goes on. Nothing that was
//! half done is lost. Only a higher priority passes, so that jobs are at most as deep in each other as there are such.
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::SharedClock;
use crate::media::cache::SegmentKey;
use crate::media::engine::{Cancel, StandStill};
use crate::media::schedule::{Kind, Priority, Role, Ticket, give_up, overtaking, pick};
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
    /// When this says so, or so long after it was started.
    When(Cancel, Duration),
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
    /// For each thread: the last one runs, those before it stand still.
    running: Vec<Vec<Running>>,
    /// Threads with nothing to do.
    idle: Vec<Role>,
    stopping: bool,
}

struct Running {
    kind: Kind,
    priority: Priority,
    key: Option<SegmentKey>,
    cancel: Cancel,
}

impl State {
    fn remove(&mut self, at: usize) -> (Ticket, Job) {
        (self.tickets.swap_remove(at), self.jobs.swap_remove(at))
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
            lock(&self.shared.state).running.push(Vec::new());
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
    pub(crate) fn submit(&self, job: Job) -> Result<(), Box<Job>> {
        let mut state = lock(&self.shared.state);
        if state.stopping {
            return Err(Box::new(job));
        }
        let mut given_up = None;
        if state.jobs.len() >= QUEUE_MAX {
            match give_up(job.priority, state.tickets.iter()) {
                Some(at) => given_up = Some(state.remove(at).1),
                None => return Err(Box::new(job)),
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

    /// Makes a queued or running segment at least this urgent.
    pub(crate) fn promote(&self, key: &SegmentKey, priority: Priority) {
        let mut state = lock(&self.shared.state);
        if let Some(running) = state.running.iter_mut().flatten().find(|running| running.key.as_ref() == Some(key)) {
            running.priority = running.priority.min(priority);
            return;
        }
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
        state.jobs.is_empty() && state.running.iter().all(Vec::is_empty)
    }

    /// Conversions that have a thread now.
    pub(crate) fn converting(&self) -> usize {
        let state = lock(&self.shared.state);
        let last = state.running.iter().filter_map(|running| running.last());
        last.filter(|running| running.kind == Kind::Heavy).count()
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
        for running in state.running.iter().flatten() {
            running.cancel.cancel();
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

fn run(shared: &Arc<Shared>, number: usize, role: Role, tick: &(dyn Fn() + Send + Sync)) {
    loop {
        match next(shared, number, role) {
            Next::Job(work, cancel) => execute(shared, number, work, &cancel),
            Next::Nothing => {}
            Next::Stop => return,
        }
        if catch_unwind(AssertUnwindSafe(tick)).is_err() {
            tracing::error!("looking after the media engine panicked");
        }
    }
}

fn execute(shared: &Shared, number: usize, work: Work, cancel: &Cancel) {
    if catch_unwind(AssertUnwindSafe(|| work(cancel))).is_err() {
        tracing::error!("a media job panicked; the thread goes on");
    }
    lock(&shared.state).running[number].pop();
}

enum Next {
    Job(Work, Cancel),
    Nothing,
    Stop,
}

fn next(shared: &Arc<Shared>, number: usize, role: Role) -> Next {
    let mut state = lock(&shared.state);
    if !state.stopping && pick(role, state.tickets.iter()).is_none() {
        state.idle.push(role);
        state = shared.wake.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
        let idle = state.idle.iter().position(|idle| *idle == role);
        idle.map(|at| state.idle.swap_remove(at));
    }
    if state.stopping {
        return Next::Stop;
    }
    let Some(at) = pick(role, state.tickets.iter()) else { return Next::Nothing };
    let (work, cancel) = begin(shared, &mut state, number, role, at);
    Next::Job(work, cancel)
}

/// Takes a job off the queue for a thread.
fn begin(shared: &Arc<Shared>, state: &mut State, number: usize, role: Role, at: usize) -> (Work, Cancel) {
    let (Ticket { kind, priority, .. }, Job { key, stop, work, .. }) = state.remove(at);
    let cancel = match stop {
        Stop::After(limit) => Cancel::with_deadline(Arc::clone(&shared.clock), limit),
        Stop::When(cancel, limit) => cancel.within(Arc::clone(&shared.clock), limit),
    };
    let weak = Arc::downgrade(shared);
    let stand_still: StandStill =
        Arc::new(move || weak.upgrade().map_or(Duration::ZERO, |shared| let_pass(&shared, number, role)));
    let cancel = cancel.with_stand_still(stand_still);
    state.running[number].push(Running { kind, priority, key, cancel: cancel.clone() });
    (work, cancel)
}

/// On the thread of a running job: does what is more urgent and finds no other thread.
fn let_pass(shared: &Arc<Shared>, number: usize, role: Role) -> Duration {
    let mut began = None;
    loop {
        let (work, cancel) = {
            let mut state = lock(&shared.state);
            let running = state.running[number].last().map(|running| (running.kind, running.priority));
            let urgent = running.and_then(|own| overtaking(role, own, &state.idle, state.tickets.iter()));
            let Some(at) = urgent.filter(|_| !state.stopping) else { break };
            begin(shared, &mut state, number, role, at)
        };
        began.get_or_insert_with(|| shared.clock.now());
        execute(shared, number, work, &cancel);
    }
    began.map_or(Duration::ZERO, |began| shared.clock.now().since(began))
}

#[cfg(test)]
#[path = "workers_tests.rs"]
mod tests;
