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
    /// The picture of a stretch of the film cannot be decoded; before and after it may be fine.
    #[error("The picture is damaged from {}; it plays to there.", clock(*from_ms))]
    PictureDamaged {
        /// Where the stretch begins, in ms of content time.
        from_ms: i64,
    },
    /// The engine cannot do it with this file.
    #[error("{0}")]
    Engine(#[source] Arc<EngineError>),
    /// Threads or files of the service itself.
    #[error("the media service cannot run")]
    Io(#[source] Arc<io::Error>),
}

impl MediaError {
    /// Whether there was not enough time.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Self::Engine(error) if matches!(**error, EngineError::DeadlineExceeded))
    }
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

/// `12:31`, or `1:02:03`.
pub(crate) fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use crate::media::error::{MediaError, clock};

    #[test]
    fn damage_is_told_in_a_sentence_with_the_time() {
        let error = MediaError::PictureDamaged { from_ms: 751_900 };
        assert_eq!(error.to_string(), "The picture is damaged from 12:31; it plays to there.");
        assert_eq!(clock(3_723_000), "1:02:03");
    }
}
