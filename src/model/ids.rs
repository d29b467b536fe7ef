//! Identifiers as types, so that a room code can never be passed where a member is meant.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a text is not an id of the asked kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a valid {kind}")]
pub struct ParseIdError {
    kind: &'static str,
}

/// Crockford's base 32: no I, L, O, U, so a code survives being read aloud.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The share code of a room: 8 characters of Crockford base 32, 40 bits, upper case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "7K3M9QXA")]
pub struct RoomCode(String);

impl RoomCode {
    /// Characters in a code.
    pub const LEN: usize = 8;

    /// Makes a code from 5 random bytes (40 bits, 5 bits a character).
    pub fn from_entropy(bytes: [u8; 5]) -> Self {
        let bits = bytes.iter().fold(0u64, |acc, byte| (acc << 8) | u64::from(*byte));
        let code = (0..Self::LEN).rev().map(|i| CROCKFORD[((bits >> (i * 5)) & 31) as usize] as char).collect();
        Self(code)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoomCode {
    type Err = ParseIdError;

    /// Accepts lower case, dashes and the letters people confuse (O as 0, I and L as 1).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut code = String::with_capacity(Self::LEN);
        for c in text.chars().filter(|c| *c != '-' && *c != ' ') {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if code.len() == Self::LEN || !u8::try_from(c).is_ok_and(|b| CROCKFORD.contains(&b)) {
                return Err(ParseIdError { kind: "room code" });
            }
            code.push(c);
        }
        if code.len() == Self::LEN { Ok(Self(code)) } else { Err(ParseIdError { kind: "room code" }) }
    }
}

impl TryFrom<String> for RoomCode {
    type Error = ParseIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RoomCode> for String {
    fn from(code: RoomCode) -> Self {
        code.0
    }
}

impl fmt::Display for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomCode({})", self.0)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(#[serde(with = "uuid::serde::simple")] uuid::Uuid);

        impl $name {
            /// Wraps a UUID.
            pub const fn from_uuid(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid::Uuid::parse_str(text).map(Self).map_err(|_| ParseIdError { kind: $kind })
            }
        }
    };
}

uuid_id!(
    /// A title in the library; stays the same as long as the database remembers the path.
    MediaId, "media id"
);
uuid_id!(
    /// One signed-in person or guest on one device; what stream URLs and sockets are bound to.
    SessionId, "session id"
);

/// A member of one room; small, unique within the room's life, never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct MemberId(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_code_survives_being_read_aloud() {
        let code = RoomCode::from_entropy([0, 68, 50, 20, 199]);
        let spoken = format!("{}-{}", &code.as_str()[..4], code.as_str()[4..].to_lowercase()).replace('0', "o");
        assert_eq!(spoken.parse(), Ok(code));
    }

    #[test]
    fn codes_of_the_wrong_length_or_alphabet_are_refused() {
        for text in ["", "ABC", "ABCDEFGHJ", "ABCDEFG!", "ÄBCDEFGH"] {
            assert!(text.parse::<RoomCode>().is_err(), "{text}");
        }
    }
}
