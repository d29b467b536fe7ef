//! Who somebody is: guest sessions as signed tokens, stream addresses as signed paths, revocation at once.
//!
//! Knows no HTTP and no film. One key file holds the master key; every purpose has a key of its own derived from it.
//! Called by `http` and `ws`.
mod ended;
mod keys;
mod stream;
mod token;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::auth::ended::{ENDED_MAX, Ended};
use crate::auth::keys::Keys;
use crate::clock::SharedClock;
use crate::model::{DisplayName, RoomCode, SessionId};
use crate::store::{Store, StoreError};

pub use stream::{STREAM_LIFE_S, StreamGrant, elsewhere_life_s};
pub use token::{Claims, GUEST_LIFE_S, Issued, Role};

/// Why a credential was refused, or none could be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Not ours, changed, or of another kind.
    #[error("the token is not valid")]
    Invalid,
    /// Was ours.
    #[error("the token has expired")]
    Expired,
    /// The session was ended.
    #[error("the session has ended")]
    Revoked,
    /// The key file cannot be used.
    #[error("cannot use the key file {}: {source}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file holds something else.
    #[error("the key file {} does not hold a key; move it away to sign everybody out and start afresh", path.display())]
    BadKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoEntropy,
    /// What was ended or claimed cannot be read or written down.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Issues and checks credentials. Clones share keys and revocations.
#[derive(Clone)]
pub struct Auth {
    inner: Arc<Inner>,
}

struct Inner {
    keys: Keys,
    clock: SharedClock,
    store: Store,
    ended: Mutex<Ended>,
    /// Somebody was made host by a set-up link, now or in an earlier run.
    claimed: AtomicBool,
    /// Digest of the one-time token of the set-up link, until it is used.
    setup: Mutex<Option<[u8; 32]>>,
}

impl Auth {
    /// Reads the key file of a data folder, or makes it, and what the database remembers.
    pub async fn open(data_dir: &Path, store: Store, clock: SharedClock) -> Result<Self, AuthError> {
        let keys = Keys::open(&data_dir.join("secret.key"))?;
        let now_ms = clock.unix_ms();
        let mut ended = Ended::default();
        for (session, until_ms) in store.ended_sessions(now_ms, ENDED_MAX).await? {
            ended.insert(session, until_ms, now_ms);
        }
        let claimed = AtomicBool::new(store.is_claimed().await?);
        let inner = Inner { keys, clock, store, ended: Mutex::new(ended), claimed, setup: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A session for somebody who typed a name.
    pub fn issue_guest(&self, name: DisplayName, room: Option<RoomCode>) -> Issued {
        self.issue(name, room, Role::Guest)
    }

    /// A fresh token for a session that goes on under another name, or in another room, with the same rights.
    pub fn issue_again(&self, before: &Claims, name: DisplayName, room: Option<RoomCode>) -> Issued {
        self.sign(Claims { session: before.session, name, room, role: before.role })
    }

    /// A session nobody asked for by name; stream addresses are bound to it.
    pub fn anonymous_session(&self) -> SessionId {
        SessionId::from_uuid(uuid::Uuid::new_v4())
    }

    /// Ends a session: its tokens and stream addresses are refused from now on, also after a restart.
    pub async fn revoke(&self, session: SessionId) -> Result<(), AuthError> {
        let now_ms = self.inner.clock.unix_ms();
        let until_ms = now_ms + 1000 * GUEST_LIFE_S as i64;
        // At once, whatever the disk says.
        let floor_ms = match self.inner.ended.lock() {
            Ok(mut ended) => ended.insert(session, until_ms, now_ms),
            Err(_) => now_ms,
        };
        Ok(self.inner.store.end_session(session, until_ms, floor_ms).await?)
    }

    /// Makes the one-time token of the set-up link; an earlier one is void.
    pub fn make_setup_token(&self) -> Result<String, AuthError> {
        let secret = keys::random::<32>()?;
        if let Ok(mut setup) = self.inner.setup.lock() {
            *setup = Some(keys::digest(&secret));
        }
        Ok(keys::to_text(&secret))
    }

    /// Whether anybody ever became host of this server by a set-up link.
    pub fn is_claimed(&self) -> bool {
        self.inner.claimed.load(Ordering::Relaxed)
    }

    /// Exchanges the token of the set-up link for a host session, once.
    pub async fn claim(&self, token: &str, name: DisplayName) -> Result<Issued, AuthError> {
        self.use_up(token)?;
        self.inner.claimed.store(true, Ordering::Relaxed);
        if let Err(error) = self.inner.store.claim(self.inner.clock.unix_ms()).await {
            // The link is used up; turning its holder away now would leave nobody to be host.
            tracing::error!(%error, "that this server has a host was not written down");
        }
        Ok(self.issue(name, None, Role::Host))
    }

    fn use_up(&self, token: &str) -> Result<(), AuthError> {
        let given = keys::digest(&keys::from_text(token).ok_or(AuthError::Invalid)?);
        let mut setup = self.inner.setup.lock().map_err(|_| AuthError::Invalid)?;
        match *setup {
            Some(expected) if keys::equal(&expected, &given) => *setup = None,
            _ => return Err(AuthError::Invalid),
        }
        Ok(())
    }

    fn is_revoked(&self, session: SessionId) -> bool {
        // A poisoned map must not let anybody in.
        self.inner.ended.lock().map_or(true, |ended| ended.contains(session))
    }
}

#[cfg(test)]
mod tests;
