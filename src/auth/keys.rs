//! The master key on disk and the keys derived from it.
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::{digest as hash, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::AuthError;

const MASTER_BYTES: usize = 32;

/// One key a purpose, so that a token of one kind can never pass for another.
pub(super) struct Keys {
    pub(super) session: [u8; 32],
    pub(super) stream: hmac::Key,
}

impl Keys {
    pub(super) fn open(path: &Path) -> Result<Self, AuthError> {
        let master = read_or_make(path)?;
        let session = derive(&master, b"watchparty session v1");
        let stream = hmac::Key::new(hmac::HMAC_SHA256, &derive(&master, b"watchparty stream v1"));
        Ok(Self { session, stream })
    }
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], AuthError> {
    let mut bytes = [0; N];
    rand::SystemRandom::new().fill(&mut bytes).map_err(|_| AuthError::NoEntropy)?;
    Ok(bytes)
}

pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hash::digest(&hash::SHA256, bytes).as_ref());
    out
}

/// Compares in a time that does not depend on where the first difference is.
pub(super) fn equal(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

pub(super) fn to_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn from_text(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn derive(master: &[u8], purpose: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, master);
    let mut out = [0; 32];
    out.copy_from_slice(hmac::sign(&key, purpose).as_ref());
    out
}

fn read_or_make(path: &Path) -> Result<[u8; MASTER_BYTES], AuthError> {
    let failed = |source| AuthError::KeyFile { path: path.to_path_buf(), source };
    match File::open(path) {
        Ok(file) => {
            let mut bytes = Vec::new();
            file.take(MASTER_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
            bytes.try_into().map_err(|_| AuthError::BadKeyFile { path: path.to_path_buf() })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let master = random::<MASTER_BYTES>()?;
            write_private(path, &master).map_err(failed)?;
            Ok(master)
        }
        Err(error) => Err(failed(error)),
    }
}

/// All of it or nothing, readable by the owner only.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
