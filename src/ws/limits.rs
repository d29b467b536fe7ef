//! Every number that bounds a socket.
use std::time::Duration;

/// How long a socket may say nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// From the upgrade to a valid `hello`.
    pub hello_within: Duration,
    /// Silence after which a member is shown offline; clients send a clock probe at least every 5 s.
    pub quiet_after: Duration,
    /// Silence after which the socket is closed.
    pub silent_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            hello_within: Duration::from_secs(5),
            quiet_after: Duration::from_secs(12),
            silent_max: Duration::from_secs(30),
        }
    }
}

/// One batch of messages must be taken by the kernel within this time.
pub(crate) const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// For the closing handshake.
pub(crate) const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// For finding the title of a `load`.
pub(crate) const FIND_WITHIN: Duration = Duration::from_secs(5);
/// Messages that are none, or come too fast, before the socket is closed.
pub(crate) const ERRORS_MAX: u32 = 20;
/// All messages together, at once...
pub(crate) const MESSAGES_BURST: u32 = 60;
/// ... and every second. A burst of clock probes is 10 messages.
pub(crate) const MESSAGES_PER_SECOND: u32 = 40;
/// Buffer per socket for reading; the largest of the costs of an idle viewer.
pub(crate) const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Written at once when there is this much; a flush writes the rest.
pub(crate) const WRITE_BUFFER_BYTES: usize = 8 * 1024;
/// Unwritten bytes per socket.
pub(crate) const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;
