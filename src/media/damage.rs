//! Where films were found to be damaged, as long as the process lives.
use std::collections::HashMap;
use std::sync::Mutex;

use crate::media::error::MediaError;
use crate::media::identity::FileIdentity;
use crate::media::sync::lock;

/// Damaged films remembered.
const FILMS_MAX: usize = 256;

/// The first damaged place of each film, in ms.
#[derive(Default)]
pub(crate) struct Damage {
    first: Mutex<HashMap<FileIdentity, i64>>,
}

impl Damage {
    /// Remembers a place, and says what is to be answered to those who asked for it.
    pub(crate) fn found(&self, identity: FileIdentity, from_ms: i64) -> MediaError {
        let mut films = lock(&self.first);
        if films.len() < FILMS_MAX || films.contains_key(&identity) {
            films.entry(identity).and_modify(|first| *first = from_ms.min(*first)).or_insert(from_ms);
        }
        MediaError::PictureDamaged { from_ms }
    }

    /// The sentence for who is about to watch.
    pub(crate) fn note(&self, identity: &FileIdentity) -> Option<String> {
        let from_ms = *lock(&self.first).get(identity)?;
        Some(MediaError::PictureDamaged { from_ms }.to_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::media::damage::Damage;
    use crate::media::identity::FileIdentity;

    #[test]
    fn the_earliest_place_is_told() {
        let film = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
        let damage = Damage::default();
        assert_eq!(damage.note(&film), None);
        for from_ms in [90_000, 61_000, 300_000] {
            damage.found(film, from_ms);
        }
        assert_eq!(damage.note(&film).as_deref(), Some("The picture is damaged from 1:01; it plays to there."));
    }
}
