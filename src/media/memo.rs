//! A bounded memory of results that are made once, however many ask at the same time.
//!
//! It is bounded by their number, and by their bytes where they differ in size.
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
    budget: Option<Budget<V>>,
    state: Mutex<State<K, V>>,
}

struct Budget<V> {
    bytes_max: usize,
    bytes: fn(&V) -> usize,
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
        Self { capacity, budget: None, state: Mutex::new(state) }
    }

    /// One that holds `bytes_max` at most; what is larger by itself is not remembered at all.
    pub(crate) fn with_budget(capacity: usize, bytes_max: usize, bytes: fn(&V) -> usize) -> Self {
        Self { budget: Some(Budget { bytes_max, bytes }), ..Self::new(capacity) }
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
        if let Ok(value) = answer {
            let mut state = lock(&self.state);
            state.uses += 1;
            let used = state.uses;
            state.ready.insert(key.clone(), (value.clone(), used));
            while state.ready.len() > self.capacity || self.is_over_budget(&state) {
                let oldest = state.ready.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
                let Some(oldest) = oldest else { break };
                state.ready.remove(&oldest);
            }
        }
        self.tell(key, answer);
    }

    /// Hands the result to everyone who asked, without remembering it.
    pub(crate) fn tell(&self, key: &K, answer: &Answer<V>) {
        let askers = lock(&self.state).pending.remove(key).unwrap_or_default();
        for asker in askers {
            let _ = asker.send(answer.clone());
        }
    }

    fn is_over_budget(&self, state: &State<K, V>) -> bool {
        let Some(budget) = &self.budget else { return false };
        state.ready.values().map(|(value, _)| (budget.bytes)(value)).sum::<usize>() > budget.bytes_max
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
    fn a_budget_of_bytes_is_kept_whatever_their_number() {
        let memo: Memo<u8, Vec<u8>> = Memo::with_budget(100, 10, Vec::len);
        for key in [1, 2, 3] {
            memo.settle(&key, &Ok(vec![key; 4]));
        }
        assert_eq!([1, 2, 3].map(|key| memo.get(&key).is_some()), [false, true, true]);
        memo.settle(&4, &Ok(vec![4; 11]));
        assert_eq!(memo.get(&4), None, "larger than everything");
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
