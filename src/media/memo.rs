//! A bounded memory of results that are made once, however many ask at the same time.
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

use tokio::sync::oneshot;

use crate::media::error::MediaError;
use crate::media::sync::lock;

type Answer<V> = Result<V, MediaError>;

/// Remembers up to a number of results, forgetting the least recently used. Failures are told, not remembered.
pub(crate) struct Memo<K, V> {
    capacity: usize,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    ready: HashMap<K, (V, u64)>,
    pending: HashMap<K, Vec<oneshot::Sender<Answer<V>>>>,
    uses: u64,
}

/// Where a result stands for one who asks.
pub(crate) enum Asked<V> {
    /// Here it is.
    Ready(V),
    /// Being made; wait.
    Pending(oneshot::Receiver<Answer<V>>),
    /// The asker must see to it that it is made and handed to [`Memo::settle`].
    Yours(oneshot::Receiver<Answer<V>>),
}

impl<K: Clone + Eq + Hash, V: Clone> Memo<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { ready: HashMap::new(), pending: HashMap::new(), uses: 0 };
        Self { capacity, state: Mutex::new(state) }
    }

    /// What is remembered.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut state = lock(&self.state);
        state.uses += 1;
        let uses = state.uses;
        state.ready.get_mut(key).map(|(value, used)| {
            *used = uses;
            value.clone()
        })
    }

    /// Asks for a result.
    pub(crate) fn ask(&self, key: &K) -> Asked<V> {
        if let Some(value) = self.get(key) {
            return Asked::Ready(value);
        }
        let (sender, receiver) = oneshot::channel();
        let mut state = lock(&self.state);
        if let Some((value, _)) = state.ready.get(key) {
            return Asked::Ready(value.clone());
        }
        if let Some(askers) = state.pending.get_mut(key) {
            askers.push(sender);
            return Asked::Pending(receiver);
        }
        state.pending.insert(key.clone(), vec![sender]);
        Asked::Yours(receiver)
    }

    /// Hands the result to everyone who asked, and remembers a good one.
    pub(crate) fn settle(&self, key: &K, answer: &Answer<V>) {
        let mut state = lock(&self.state);
        let askers = state.pending.remove(key).unwrap_or_default();
        if let Ok(value) = answer {
            state.uses += 1;
            let used = state.uses;
            state.ready.insert(key.clone(), (value.clone(), used));
            if state.ready.len() > self.capacity {
                let oldest = state.ready.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
                oldest.map(|key| state.ready.remove(&key));
            }
        }
        drop(state);
        for asker in askers {
            let _ = asker.send(answer.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::media::error::MediaError;
    use crate::media::memo::{Asked, Memo};

    #[tokio::test]
    async fn many_ask_one_makes_all_get_it() {
        let memo: Memo<u8, u8> = Memo::new(2);
        let Asked::Yours(first) = memo.ask(&1) else { panic!("the first asker makes it") };
        let Asked::Pending(second) = memo.ask(&1) else { panic!("the second one waits") };
        memo.settle(&1, &Ok(7));
        assert_eq!((first.await.unwrap().unwrap(), second.await.unwrap().unwrap()), (7, 7));
        assert!(matches!(memo.ask(&1), Asked::Ready(7)));
    }

    #[tokio::test]
    async fn a_failure_is_told_but_not_remembered() {
        let memo: Memo<u8, u8> = Memo::new(2);
        let Asked::Yours(asker) = memo.ask(&1) else { panic!("the first asker makes it") };
        memo.settle(&1, &Err(MediaError::Busy));
        assert!(matches!(asker.await.unwrap(), Err(MediaError::Busy)));
        assert!(matches!(memo.ask(&1), Asked::Yours(_)));
    }

    #[test]
    fn the_least_recently_used_is_forgotten() {
        let memo: Memo<u8, u8> = Memo::new(2);
        for key in [1, 2] {
            memo.settle(&key, &Ok(key));
        }
        memo.get(&1);
        memo.settle(&3, &Ok(3));
        assert_eq!((memo.get(&1), memo.get(&2), memo.get(&3)), (Some(1), None, Some(3)));
    }
}
