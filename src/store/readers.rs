//! The threads that read, each with its own connection that cannot write.
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::store::StoreError;

/// Reading threads.
const READERS: usize = 2;
/// Queries that may wait for a reader; callers beyond wait for a place.
const QUEUE_MAX: usize = 256;

type Query = Box<dyn FnOnce(&Connection) + Send>;
type Prepared<T> = (mpsc::Sender<Query>, oneshot::Receiver<rusqlite::Result<T>>, Query);

pub(super) struct Readers {
    queue: Mutex<Option<mpsc::Sender<Query>>>,
}

impl Readers {
    pub(super) fn start(
        connect: impl Fn() -> Result<Connection, StoreError>,
        threads: &TaskTracker,
    ) -> Result<Self, StoreError> {
        let (queue, queries) = mpsc::channel(QUEUE_MAX);
        let queries = Arc::new(Mutex::new(queries));
        for n in 0..READERS {
            let connection = connect()?;
            let queries = Arc::clone(&queries);
            let alive = threads.token();
            let thread = std::thread::Builder::new().name(format!("store-reader-{n}")).spawn(move || {
                serve(&connection, &queries);
                drop((connection, alive));
            });
            if let Err(error) = thread {
                tracing::error!(%error, "no thread for reading the database");
            }
        }
        Ok(Self { queue: Mutex::new(Some(queue)) })
    }

    pub(super) async fn run<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (queue, answered, job) = self.prepare(query)?;
        queue.send(job).await.map_err(|_| StoreError::Closed)?;
        Ok(answered.await.map_err(|_| StoreError::Closed)??)
    }

    /// The same for threads outside of the runtime, which may wait.
    pub(super) fn run_blocking<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (queue, answered, job) = self.prepare(query)?;
        queue.blocking_send(job).map_err(|_| StoreError::Closed)?;
        Ok(answered.blocking_recv().map_err(|_| StoreError::Closed)??)
    }

    fn prepare<T, F>(&self, query: F) -> Result<Prepared<T>, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let queue = self.queue.lock().ok().and_then(|queue| queue.clone()).ok_or(StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let job: Query = Box::new(move |connection| drop(answer.send(query(connection))));
        Ok((queue, answered, job))
    }

    /// Lets the threads end once the waiting queries are answered.
    pub(super) fn close(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.take();
        }
    }
}

fn serve(connection: &Connection, queries: &Mutex<mpsc::Receiver<Query>>) {
    loop {
        // Whoever holds the lock waits for the next query; the others wait for the lock.
        let Ok(next) = queries.lock().map(|mut queries| queries.blocking_recv()) else { return };
        let Some(query) = next else { return };
        if std::panic::catch_unwind(AssertUnwindSafe(|| query(connection))).is_err() {
            tracing::error!("a database query panicked");
        }
    }
}
