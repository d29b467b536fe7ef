//! What one connection still has to be told. Filled by a room task that never waits, emptied by the socket loop.
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// Answers to this member's own messages; more of them unread means it does not read.
const ANSWERS_MAX: usize = 64;
/// Chat lines; likewise.
const CHAT_MAX: usize = 64;
/// Bytes of answers and chat together; likewise.
const QUEUED_BYTES_MAX: usize = 256 * 1024;
/// Messages handed out at once, so that a probe can be answered between two batches.
const BATCH_MAX: usize = 16;

/// Why a connection is let go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// It did not read fast enough.
    Slow,
    /// The same member connected again, or the same session too often.
    Replaced,
    /// The session was ended.
    SignedOut,
    /// The room ended.
    RoomClosed,
    /// The server goes down.
    GoingAway,
}

/// Where a message waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lane {
    /// Before everything else, in order.
    Answer,
    /// Only the latest counts.
    State,
    /// Only the latest counts.
    Members,
    /// In order, after everything else.
    Chat,
}

#[derive(Default)]
struct Slots {
    answers: VecDeque<Bytes>,
    state: Option<Bytes>,
    members: Option<Bytes>,
    chat: VecDeque<Bytes>,
    queued_bytes: usize,
    closing: Option<Closing>,
}

impl Slots {
    fn pop(&mut self) -> Option<Bytes> {
        if let Some(latest) = self.answers.pop_front() {
            self.queued_bytes -= latest.len();
            return Some(latest);
        }
        if let Some(latest) = self.state.take().or_else(|| self.members.take()) {
            return Some(latest);
        }
        let line = self.chat.pop_front()?;
        self.queued_bytes -= line.len();
        Some(line)
    }
}

/// The outbox of one connection: bounded queues for answers and chat, slots for what only the latest of counts.
#[derive(Default)]
pub struct Outbox {
    slots: Mutex<Slots>,
    changed: Notify,
}

impl Outbox {
    /// A poisoned lock is taken all the same: whatever was half done, the connection can only lose a message.
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, lane: Lane, message: Bytes) {
        {
            let mut slots = self.slots();
            if slots.closing.is_some() {
                return;
            }
            match lane {
                Lane::State => slots.state = Some(message),
                Lane::Members => slots.members = Some(message),
                Lane::Answer | Lane::Chat => {
                    slots.queued_bytes += message.len();
                    let queue = if lane == Lane::Answer { &mut slots.answers } else { &mut slots.chat };
                    queue.push_back(message);
                    let full = slots.answers.len() > ANSWERS_MAX
                        || slots.chat.len() > CHAT_MAX
                        || slots.queued_bytes > QUEUED_BYTES_MAX;
                    if full {
                        *slots = Slots { closing: Some(Closing::Slow), ..Slots::default() };
                    }
                }
            }
        }
        self.changed.notify_one();
    }

    /// Lets the connection go; the first reason stays.
    pub(crate) fn close(&self, why: Closing) {
        self.slots().closing.get_or_insert(why);
        self.changed.notify_one();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.slots().closing.is_some()
    }

    fn take(&self) -> Result<Vec<Bytes>, Closing> {
        let mut slots = self.slots();
        if let Some(why) = slots.closing {
            return Err(why);
        }
        Ok(std::iter::from_fn(|| slots.pop()).take(BATCH_MAX).collect())
    }

    /// Waits for something to tell. For one task only. Nothing is lost when the wait is abandoned.
    pub async fn next(&self) -> Result<Vec<Bytes>, Closing> {
        loop {
            let batch = self.take()?;
            if !batch.is_empty() {
                return Ok(batch);
            }
            self.changed.notified().await;
        }
    }

    /// Waits for the end. For the task that also calls [`Self::next`].
    pub async fn closed(&self) -> Closing {
        loop {
            let closing = self.slots().closing;
            if let Some(why) = closing {
                return why;
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(batch: Result<Vec<Bytes>, Closing>) -> Vec<String> {
        batch.unwrap().iter().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).collect()
    }

    #[test]
    fn only_the_latest_state_is_told_and_answers_come_first() {
        let outbox = Outbox::default();
        for (lane, message) in [
            (Lane::Chat, "hi"),
            (Lane::State, "old"),
            (Lane::State, "new"),
            (Lane::Members, "m"),
            (Lane::Answer, "ack"),
        ] {
            outbox.push(lane, Bytes::from_static(message.as_bytes()));
        }
        assert_eq!(text(outbox.take()), ["ack", "new", "m", "hi"]);
        assert_eq!(text(outbox.take()), Vec::<String>::new());
    }

    #[test]
    fn a_reader_that_does_not_keep_up_is_let_go() {
        let outbox = Outbox::default();
        for _ in 0..=CHAT_MAX {
            outbox.push(Lane::Chat, Bytes::from_static(b"hi"));
        }
        assert_eq!(outbox.take(), Err(Closing::Slow));
        outbox.close(Closing::Replaced);
        assert_eq!(outbox.take(), Err(Closing::Slow));
    }

    #[test]
    fn states_never_pile_up_however_slow_the_reader() {
        let outbox = Outbox::default();
        for _ in 0..10_000 {
            outbox.push(Lane::State, Bytes::from_static(b"state"));
        }
        assert_eq!(text(outbox.take()), ["state"]);
    }
}
