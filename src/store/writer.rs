//! The one thread that writes. While a commit waits for the disk further operations queue up; the next transaction takes
//! all of them, so that many small writes cost one sync. Each caller is answered after its transaction is on disk.
use std::panic::AssertUnwindSafe;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::store::StoreError;

/// Operations that may wait for the writer; callers beyond wait for a place.
const QUEUE_MAX: usize = 1024;
/// Operations in one transaction.
const GROUP_MAX: usize = 256;

/// Runs inside the transaction; returns what answers the caller once the outcome of the commit is known.
/// The flag says whether its own changes are to stay.
type Operation = Box<dyn FnOnce(&Connection) -> (bool, Answer) + Send>;
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

enum Job {
    Run(Operation),
    Close(oneshot::Sender<()>),
}

pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    pub(super) fn start(connection: Connection, threads: &TaskTracker) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let alive = threads.token();
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || {
            serve(connection, jobs);
            drop(alive);
        });
        if let Err(error) = thread {
            // The queue is closed then, and every operation answers `Closed`.
            tracing::error!(%error, "no thread for the database");
        }
        Self { queue }
    }

    pub(super) async fn run<T, F>(&self, operation: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Operation = Box::new(move |connection| {
            let outcome = operation(connection).map_err(StoreError::from);
            let keep = outcome.is_ok();
            let tell: Answer = Box::new(move |commit| {
                // The caller may have gone away; the write stands all the same.
                drop(answer.send(commit.and(outcome)));
            });
            (keep, tell)
        });
        self.queue.send(Job::Run(job)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs an operation when there is time, without an answer. A full queue drops it.
    pub(super) fn run_later<F>(&self, operation: F)
    where
        F: FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    {
        let job: Operation = Box::new(move |connection| {
            let outcome = operation(connection);
            let keep = outcome.is_ok();
            let tell: Answer = Box::new(move |commit| {
                if let Err(error) = commit.and(outcome.map_err(StoreError::from)) {
                    tracing::warn!(%error, "the database did not keep something that can be made again");
                }
            });
            (keep, tell)
        });
        if self.queue.try_send(Job::Run(job)).is_err() {
            tracing::debug!("the database has too much to do to keep something that can be made again");
        }
    }

    pub(super) async fn close(&self) {
        let (done, ended) = oneshot::channel();
        if self.queue.send(Job::Close(done)).await.is_ok() {
            drop(ended.await);
        }
    }
}

fn serve(connection: Connection, mut jobs: mpsc::Receiver<Job>) {
    let mut closing = None;
    while closing.is_none() {
        let Some(first) = jobs.blocking_recv() else { break };
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Run(operation) => group.push(operation),
                Job::Close(done) => closing = Some(done),
            }
            let full = group.len() == GROUP_MAX || closing.is_some();
            next = if full { None } else { jobs.try_recv().ok() };
        }
        commit(&connection, group);
    }
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the write-ahead log stays; the next start reads it");
    }
    drop(connection);
    if let Some(done) = closing {
        let _ = done.send(());
    }
}

fn commit(connection: &Connection, group: Vec<Operation>) {
    if group.is_empty() {
        return;
    }
    // Without a transaction the operations are dropped unrun, which answers their callers with `Closed`.
    let mut answers = Vec::with_capacity(group.len());
    let mut outcome = connection.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from);
    if outcome.is_ok() {
        answers.extend(group.into_iter().filter_map(|operation| run_apart(connection, operation)));
        outcome = connection.execute_batch("COMMIT").map_err(StoreError::from);
        if outcome.is_err() && !connection.is_autocommit() {
            drop(connection.execute_batch("ROLLBACK"));
        }
    }
    if let Err(error) = &outcome {
        tracing::error!(%error, "a transaction failed");
    }
    for answer in answers {
        answer(outcome.clone());
    }
}

/// Runs one operation so that its failure, or its panic, takes nothing of the others along.
fn run_apart(connection: &Connection, operation: Operation) -> Option<Answer> {
    connection.execute_batch("SAVEPOINT one").ok()?;
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| operation(connection)));
    let (keep, answer) = match outcome {
        Ok((keep, answer)) => (keep, Some(answer)),
        Err(_) => (false, None),
    };
    let end = if keep { "RELEASE one" } else { "ROLLBACK TO one; RELEASE one" };
    if let Err(error) = connection.execute_batch(end) {
        tracing::error!(%error, "a savepoint did not end");
    }
    answer
}
