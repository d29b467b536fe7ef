//! What can go wrong between a request and its bytes. Cheap to clone: everyone who waits for a segment is told.
use std::io;
use std::sync::Arc;

use thiserror::Error;

use crate::media::decide::Unplayable;
use crate::media::engine::EngineError;

/// Why there is no answer.
#[derive(Clone, Debug, Error)]
pub enum MediaError {
    /// The film has no such rendition or segment.
    #[error("there is no such rendition or segment")]
    NotFound,
    /// The file cannot be played at all.
    #[error("{0}")]
    Unplayable(#[from] Unplayable),
    /// Too much is waiting already.
    #[error("the media engine has too much to do")]
    Busy,
    /// Nobody waited for it any more, or it took too long, or the server is stopping.
    #[error("the work was cancelled")]
    Cancelled,
    /// The engine panicked on this file; it lives on.
    #[error("the media engine failed on this file")]
    Crashed,
    /// The file is gone, or another one is in its place.
    #[error("the file is not there any more, or has changed")]
    Changed,
    /// The engine cannot do it with this file.
    #[error("{0}")]
    Engine(#[source] Arc<EngineError>),
    /// Threads or files of the service itself.
    #[error("the media service cannot run")]
    Io(#[source] Arc<io::Error>),
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

impl From<EngineError> for MediaError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cancelled => Self::Cancelled,
            EngineError::Changed => Self::Changed,
            EngineError::Open { ref source } if source.kind() == io::ErrorKind::NotFound => Self::Changed,
            other => Self::Engine(Arc::new(other)),
        }
    }
}
