//! Which bytes a file has, cheaply: size, modification time and a hash of both ends.
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

/// Bytes hashed at each end of the file.
const EDGE_BYTES: u64 = 64 * 1024;

/// Names the content of a file. Everything made from the file (plan, segments, poster) is keyed by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Bytes.
    pub size: u64,
    /// Modification time, in ms since the Unix epoch.
    pub mtime_ms: i64,
    /// First half of the SHA-256 of the first and last 64 KiB.
    pub edges: [u8; 16],
}

impl FileIdentity {
    /// Reads the identity of an open file; leaves the position at the start.
    pub fn of(file: &mut File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let size = metadata.len();
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut edge = Vec::with_capacity(EDGE_BYTES as usize);
        for start in [0, size.saturating_sub(EDGE_BYTES)] {
            edge.clear();
            file.seek(SeekFrom::Start(start))?;
            file.take(EDGE_BYTES).read_to_end(&mut edge)?;
            hash.update(&edge);
        }
        file.rewind()?;
        let mut edges = [0; 16];
        edges.copy_from_slice(&hash.finish().as_ref()[..16]);
        Ok(Self { size, mtime_ms: mtime_ms(&metadata), edges })
    }

    /// Size and modification time alone, as they are in an identity; reads no content.
    pub fn quick(metadata: &std::fs::Metadata) -> (u64, i64) {
        (metadata.len(), mtime_ms(metadata))
    }

    /// Whether size and modification time still match; reads no content.
    pub fn looks_unchanged(&self, metadata: &std::fs::Metadata) -> bool {
        metadata.len() == self.size && mtime_ms(metadata) == self.mtime_ms
    }
}

fn mtime_ms(metadata: &std::fs::Metadata) -> i64 {
    metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_millis() as i64)
}

impl fmt::Display for FileIdentity {
    /// 32 hex digits that cover all three parts; used in cache keys and URLs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(&self.size.to_be_bytes());
        hash.update(&self.mtime_ms.to_be_bytes());
        hash.update(&self.edges);
        hash.finish().as_ref()[..16].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileIdentity({self})")
    }
}
