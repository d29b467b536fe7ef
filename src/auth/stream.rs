//! Stream tokens: part of the path of every stream address, good for one title and one session.
use aws_lc_rs::hmac;

use crate::auth::keys;
use crate::auth::{Auth, AuthError};
use crate::model::{MediaId, SessionId};

/// Longest life of a stream address, in seconds.
pub const STREAM_LIFE_S: u64 = 2 * 60 * 60;

/// Expiry is rounded down to this, so that a reload within it gets the same addresses and the browser's cache helps.
const EXPIRY_STEP_MS: i64 = 10 * 60 * 1000;
const VERSION: u8 = 1;
const BODY_BYTES: usize = 1 + 16 + 16 + 8;
/// Half of SHA-256's output: 128 bits.
const TAG_BYTES: usize = 16;

/// What a stream token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamGrant {
    /// Whose it is.
    pub session: SessionId,
    /// What it opens.
    pub media: MediaId,
    /// Until when, in ms since the Unix epoch.
    pub expires_at_ms: i64,
}

impl Auth {
    /// A token for the path of stream addresses.
    pub fn sign_stream(&self, session: SessionId, media: MediaId) -> String {
        let latest_ms = self.inner.clock.unix_ms() + 1000 * STREAM_LIFE_S as i64;
        let expires_at_ms = latest_ms - latest_ms.rem_euclid(EXPIRY_STEP_MS);
        let mut bytes = Vec::with_capacity(BODY_BYTES + TAG_BYTES);
        bytes.push(VERSION);
        bytes.extend(session.to_bytes());
        bytes.extend(media.to_bytes());
        bytes.extend(expires_at_ms.to_be_bytes());
        let tag = hmac::sign(&self.inner.keys.stream, &bytes);
        bytes.extend(&tag.as_ref()[..TAG_BYTES]);
        keys::to_text(&bytes)
    }

    /// Checks the token of a stream address.
    pub fn verify_stream(&self, token: &str) -> Result<StreamGrant, AuthError> {
        let bytes = keys::from_text(token).ok_or(AuthError::Invalid)?;
        let (body, tag) = bytes.split_at_checked(BODY_BYTES).ok_or(AuthError::Invalid)?;
        let expected = hmac::sign(&self.inner.keys.stream, body);
        if !keys::equal(&expected.as_ref()[..TAG_BYTES], tag) || body[0] != VERSION {
            return Err(AuthError::Invalid);
        }
        let grant = StreamGrant {
            session: SessionId::from_bytes(array(&body[1..17])?),
            media: MediaId::from_bytes(array(&body[17..33])?),
            expires_at_ms: i64::from_be_bytes(array(&body[33..41])?),
        };
        if self.inner.clock.unix_ms() >= grant.expires_at_ms {
            return Err(AuthError::Expired);
        }
        if self.is_revoked(grant.session) {
            return Err(AuthError::Revoked);
        }
        Ok(grant)
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], AuthError> {
    bytes.try_into().map_err(|_| AuthError::Invalid)
}
