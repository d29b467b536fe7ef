//! What was said: cleaned, numbered, the last lines kept.
use std::collections::VecDeque;

use crate::model::MemberId;
use crate::rooms::limits::{CHAT_CHARS_MAX, HISTORY_BYTES_MAX};

/// Something that was said, or a notice by the room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChatLine {
    /// Rises by one a line.
    pub id: u64,
    /// Who; absent for a notice.
    pub from: Option<MemberId>,
    /// Their name at the time; empty for a notice.
    pub name: String,
    /// What was said.
    pub text: String,
    /// When, in ms since the Unix epoch.
    pub at_ms: i64,
}

/// The last lines of a room.
#[derive(Debug)]
pub(crate) struct History {
    lines: VecDeque<ChatLine>,
    last_id: u64,
    lines_max: usize,
    bytes: usize,
}

impl History {
    pub(crate) fn new(lines_max: usize) -> Self {
        Self { lines: VecDeque::new(), last_id: 0, lines_max, bytes: 0 }
    }

    pub(crate) fn add(&mut self, from: Option<MemberId>, name: String, text: String, at_ms: i64) -> ChatLine {
        self.last_id += 1;
        let line = ChatLine { id: self.last_id, from, name, text, at_ms };
        self.lines.push_back(line.clone());
        self.bytes += line.text.len();
        while self.lines.len() > self.lines_max || self.bytes > HISTORY_BYTES_MAX {
            self.bytes -= self.lines.pop_front().map_or(0, |oldest| oldest.text.len());
        }
        line
    }

    /// Lines after `id`, oldest first.
    pub(crate) fn after(&self, id: u64) -> Vec<ChatLine> {
        self.lines.iter().filter(|line| line.id > id).cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }
}

/// The text as it may be shown: no control characters but line breaks, no blank ends. Nothing when that leaves nothing,
/// or too much.
pub(crate) fn clean(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= CHAT_CHARS_MAX;
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_nothing_or_too_much_is_no_message() {
        assert_eq!(clean(" \u{7}\n "), None);
        assert_eq!(clean(&"x".repeat(CHAT_CHARS_MAX + 1)), None);
        assert_eq!(clean(" hi\u{1b}\nthere "), Some("hi\nthere".into()));
    }

    #[test]
    fn a_history_of_long_lines_still_fits_into_one_message() {
        let mut history = History::new(200);
        for _ in 0..200 {
            history.add(None, String::new(), "\u{1f37f}".repeat(CHAT_CHARS_MAX), 0);
        }
        let kept: usize = history.after(0).iter().map(|line| line.text.len()).sum();
        assert!((1..=HISTORY_BYTES_MAX).contains(&kept), "{kept}");
    }

    #[test]
    fn only_the_last_lines_are_kept_and_ids_go_on() {
        let mut history = History::new(2);
        for text in ["a", "b", "c"] {
            history.add(None, String::new(), text.into(), 0);
        }
        assert_eq!(history.after(0).iter().map(|line| line.id).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(history.after(2).len(), 1);
    }
}
