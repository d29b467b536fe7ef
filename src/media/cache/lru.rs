//! What is kept, by last use and under a budget of bytes; some of it is pinned. Pure.
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// The beginning of a film is asked for whenever somebody opens it: it goes only when nothing else is left to go.
const HEAD_SEGMENTS: u32 = 3;

/// Segments that rooms need, by film and rendition. These never go.
#[derive(Debug, Default)]
pub(super) struct Pins(HashMap<String, Vec<(String, Range<u32>)>>);

/// How willingly something is let go of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    None,
    Head,
    Pinned,
}

impl Pins {
    /// Of one film, in place of those before.
    pub(super) fn set(&mut self, film: String, pins: Vec<(String, Range<u32>)>) {
        self.0.insert(film, pins);
    }

    /// Lets go of films for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|film, _| keep(film));
    }

    /// `path` is `film/rendition-and-more/index.extension`.
    fn hold(&self, path: &str) -> Hold {
        let mut parts = path.split('/');
        let (film, profile) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let index = parts.next().and_then(|name| name.split('.').next()).and_then(|index| index.parse::<u32>().ok());
        let rendition = profile.split('-').next().unwrap_or_default();
        let Some(index) = index else { return Hold::None };
        let pins = self.0.get(film).map(Vec::as_slice).unwrap_or_default();
        if pins.iter().any(|(id, range)| id == rendition && range.contains(&index)) {
            return Hold::Pinned;
        }
        if index < HEAD_SEGMENTS { Hold::Head } else { Hold::None }
    }
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: u64,
    used: u64,
}

/// Values by path, least recently used first to go.
#[derive(Debug)]
pub(super) struct Lru<V> {
    entries: HashMap<String, Entry<V>>,
    by_use: BTreeMap<u64, String>,
    bytes: u64,
    uses: u64,
}

impl<V> Default for Lru<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), by_use: BTreeMap::new(), bytes: 0, uses: 0 }
    }
}

impl<V> Lru<V> {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// What is there, from now on the most recently used.
    pub(super) fn touch(&mut self, path: &str) -> Option<&mut V> {
        let entry = self.entries.get_mut(path)?;
        self.uses += 1;
        if let Some(path) = self.by_use.remove(&entry.used) {
            self.by_use.insert(self.uses, path);
        }
        entry.used = self.uses;
        Some(&mut entry.value)
    }

    pub(super) fn insert(&mut self, path: String, value: V, bytes: u64) {
        self.forget(&path);
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, path.clone());
        self.entries.insert(path, Entry { value, bytes, used: self.uses });
    }

    pub(super) fn forget(&mut self, path: &str) {
        if let Some(entry) = self.entries.remove(path) {
            self.by_use.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }

    /// Takes out the least recently used until there are at most `bytes_max`, or nothing is left but what is pinned;
    /// says what went.
    pub(super) fn shrink(&mut self, bytes_max: u64, pins: &Pins) -> Vec<String> {
        let mut out = Vec::new();
        for willing in [Hold::None, Hold::Head] {
            if self.bytes <= bytes_max {
                break;
            }
            let mut excess = self.bytes - bytes_max;
            for path in self.by_use.values().filter(|path| pins.hold(path) == willing) {
                let Some(entry) = self.entries.get(path) else { continue };
                out.push(path.clone());
                excess = excess.saturating_sub(entry.bytes);
                if excess == 0 {
                    break;
                }
            }
            for path in &out {
                self.forget(path);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use crate::media::cache::lru::{Lru, Pins};

    fn path(index: u32) -> String {
        format!("film/v720-fast-1/{index}.m4s")
    }

    fn filled() -> Lru<()> {
        let mut lru = Lru::default();
        for index in 0..8 {
            lru.insert(path(index), (), 10);
        }
        lru
    }

    #[test]
    fn the_beginning_of_a_film_goes_after_the_rest() {
        let mut lru = filled();
        assert_eq!(lru.shrink(50, &Pins::default()), [path(3), path(4), path(5)]);
        lru.touch(&path(0));
        assert_eq!(lru.shrink(20, &Pins::default()), [path(6), path(7), path(1)]);
        assert_eq!(lru.bytes(), 20);
    }

    #[test]
    fn what_a_room_needs_never_goes() {
        let (mut lru, mut pins) = (filled(), Pins::default());
        pins.set("film".to_owned(), vec![("v720".to_owned(), 2..6)]);
        assert_eq!(lru.shrink(0, &pins).len(), 4);
        assert_eq!(lru.bytes(), 40);
        pins.retain(|film| film != "film");
        lru.shrink(0, &pins);
        assert_eq!(lru.bytes(), 0);
    }

    #[test]
    fn other_renditions_and_films_are_not_pinned_with_it() {
        let (mut lru, mut pins) = (filled(), Pins::default());
        pins.set("film".to_owned(), vec![("v1080".to_owned(), 0..100)]);
        pins.set("other".to_owned(), vec![("v720".to_owned(), 0..100)]);
        lru.shrink(0, &pins);
        assert_eq!(lru.bytes(), 0);
    }
}
