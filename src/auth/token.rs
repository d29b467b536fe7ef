//! Session tokens: JWT, HS256, every claim required.
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::auth::{Auth, AuthError};
use crate::model::{DisplayName, RoomCode, SessionId};

/// How long a guest stays signed in, in seconds.
pub const GUEST_LIFE_S: u64 = 24 * 60 * 60;

const AUDIENCE: &str = "watchparty";
const KIND: &str = "session";
/// Longest token that is looked at, in bytes.
const TOKEN_BYTES_MAX: usize = 2048;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Came by link.
    Guest,
    /// Opened the set-up link.
    Host,
}

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The session.
    pub session: SessionId,
    /// What others see.
    pub name: DisplayName,
    /// The only room it is good for, if it is bound to one.
    pub room: Option<RoomCode>,
    /// What the person may do.
    pub role: Role,
}

/// A new session.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in_s: u64,
    /// What it says.
    pub claims: Claims,
}

/// The claims as they are in the token. Numbers are numbers: a text where a time belongs does not pass.
#[derive(Serialize, Deserialize)]
struct Wire {
    aud: String,
    typ: String,
    sid: SessionId,
    exp: u64,
    name: DisplayName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<RoomCode>,
    role: Role,
}

impl Auth {
    pub(super) fn issue(&self, name: DisplayName, room: Option<RoomCode>, role: Role) -> Issued {
        self.sign(Claims { session: self.anonymous_session(), name, room, role })
    }

    pub(super) fn sign(&self, claims: Claims) -> Issued {
        let now_s = (self.inner.clock.unix_ms() / 1000).max(0) as u64;
        let wire = Wire {
            aud: AUDIENCE.into(),
            typ: KIND.into(),
            sid: claims.session,
            exp: now_s + GUEST_LIFE_S,
            name: claims.name.clone(),
            room: claims.room.clone(),
            role: claims.role,
        };
        let key = EncodingKey::from_secret(&self.inner.keys.session);
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &wire, &key)
            .expect("HMAC over plain claims cannot fail");
        Issued { token, expires_in_s: GUEST_LIFE_S, claims }
    }

    /// Checks a session token.
    pub fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::Invalid);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud"]);
        // Expiry is checked below, against the clock that the server runs on.
        validation.validate_exp = false;
        let key = DecodingKey::from_secret(&self.inner.keys.session);
        let wire = jsonwebtoken::decode::<Wire>(token, &key, &validation).map_err(|_| AuthError::Invalid)?.claims;
        if wire.typ != KIND {
            return Err(AuthError::Invalid);
        }
        if self.inner.clock.unix_ms() / 1000 >= wire.exp as i64 {
            return Err(AuthError::Expired);
        }
        if self.is_revoked(wire.sid) {
            return Err(AuthError::Revoked);
        }
        Ok(Claims { session: wire.sid, name: wire.name, room: wire.room, role: wire.role })
    }
}
