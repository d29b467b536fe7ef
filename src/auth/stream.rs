//! Stream tokens: part of the path of every stream address, good for one title and one session.
use aws_lc_rs::hmac;

use crate::auth::keys;
use crate::auth::token::GUEST_LIFE_S;
use crate::auth::{Auth, AuthError};
use crate::model::{MediaId, MediaTime, SessionId};

/// Longest life of a stream address, in seconds.
pub const STREAM_LIFE_S: u64 = 2 * 60 * 60;
/// Other players cannot renew an address: theirs lasts at least this long, an evening with breaks, in seconds.
const ELSEWHERE_LIFE_MIN_S: u64 = 12 * 60 * 60;
/// And longer than the title, whose viewer pauses, by this factor.
const ELSEWHERE_LENGTHS: u64 = 3;
/// And never longer than an ended session is remembered as ended, or its addresses would come back to life; in seconds.
const ELSEWHERE_LIFE_MAX_S: u64 = GUEST_LIFE_S;

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

/// How long the addresses last that are handed to other players, in seconds.
pub fn elsewhere_life_s(duration: MediaTime) -> u64 {
    let lengths = u64::try_from(duration.as_ms()).unwrap_or(0).saturating_mul(ELSEWHERE_LENGTHS) / 1000;
    lengths.clamp(ELSEWHERE_LIFE_MIN_S, ELSEWHERE_LIFE_MAX_S)
}

impl Auth {
    /// A token for the path of stream addresses that the page renews.
    pub fn sign_stream(&self, session: SessionId, media: MediaId) -> String {
        self.sign_stream_for(session, media, STREAM_LIFE_S)
    }

    /// A token that lasts so many seconds at most. It ends with its session all the same.
    pub fn sign_stream_for(&self, session: SessionId, media: MediaId, life_s: u64) -> String {
        let latest_ms = self.inner.clock.unix_ms() + 1000 * life_s as i64;
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
