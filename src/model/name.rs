//! Names that people type and other people see.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A name people see: trimmed, 1 to [`DisplayName::MAX_CHARS`] characters, no control or bidirectional override characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, max_length = 40, example = "Ann")]
pub struct DisplayName(String);

/// Why a name was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameError {
    /// Nothing visible is left after trimming.
    #[error("a name needs at least one visible character")]
    Empty,
    /// Longer than the limit.
    #[error("a name has at most {} characters", DisplayName::MAX_CHARS)]
    TooLong,
}

impl DisplayName {
    /// Longest name, in characters.
    pub const MAX_CHARS: usize = 40;

    /// Cleans and checks a name.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let clean: String = text.chars().filter(|c| !is_trickery(*c)).collect();
        let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        match clean.chars().count() {
            0 => Err(NameError::Empty),
            n if n > Self::MAX_CHARS => Err(NameError::TooLong),
            _ => Ok(Self(clean)),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control, zero-width and bidirectional override characters: they can imitate another person's name.
fn is_trickery(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl TryFrom<String> for DisplayName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<DisplayName> for String {
    fn from(name: DisplayName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_cannot_imitate_another_name() {
        assert_eq!(DisplayName::new(" A\u{200b}n\u{202e}n \n").map(String::from), Ok("Ann".into()));
        assert_eq!(DisplayName::new("\u{200b}"), Err(NameError::Empty));
        assert_eq!(DisplayName::new(&"x".repeat(41)), Err(NameError::TooLong));
    }
}
