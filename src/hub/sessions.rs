//! Which connections belong to one session: to end them with it, and to bound how many there are.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::hub::outbox::{Closing, Outbox};
use crate::model::SessionId;

/// Connections of one session, in all rooms; a browser's windows share a session. One more ends the oldest.
pub const CONNECTIONS_PER_SESSION_MAX: usize = 5;

#[derive(Default)]
pub(crate) struct Sessions {
    open: Mutex<BTreeMap<SessionId, VecDeque<Arc<Outbox>>>>,
}

impl Sessions {
    /// A poisoned lock is taken all the same: every change under it is a single step.
    fn open(&self) -> MutexGuard<'_, BTreeMap<SessionId, VecDeque<Arc<Outbox>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection until its pass is dropped.
    pub(crate) fn enter(self: &Arc<Self>, session: SessionId, outbox: &Arc<Outbox>) -> Pass {
        let mut open = self.open();
        let connections = open.entry(session).or_default();
        connections.push_back(Arc::clone(outbox));
        // One that is on its way out already takes no place.
        let mut staying = connections.iter().filter(|outbox| !outbox.is_closing());
        if staying.clone().count() > CONNECTIONS_PER_SESSION_MAX
            && let Some(oldest) = staying.next()
        {
            oldest.close(Closing::Replaced);
        }
        Pass { sessions: Arc::clone(self), session, outbox: Arc::clone(outbox) }
    }

    /// Ends all connections of a session.
    pub(crate) fn end(&self, session: SessionId) {
        for outbox in self.open().get(&session).into_iter().flatten() {
            outbox.close(Closing::SignedOut);
        }
    }
}

/// One counted connection.
pub(crate) struct Pass {
    sessions: Arc<Sessions>,
    session: SessionId,
    outbox: Arc<Outbox>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut open = self.sessions.open();
        if let Some(connections) = open.get_mut(&self.session) {
            connections.retain(|outbox| !Arc::ptr_eq(outbox, &self.outbox));
            if connections.is_empty() {
                open.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_of_connections_that_ended() {
        let sessions = Arc::new(Sessions::default());
        let session = SessionId::from_bytes([1; 16]);
        let passes: Vec<_> = (0..3).map(|_| sessions.enter(session, &Arc::default())).collect();
        assert_eq!(sessions.open()[&session].len(), 3);
        drop(passes);
        assert!(sessions.open().is_empty());
    }
}
