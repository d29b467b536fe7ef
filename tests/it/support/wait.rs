//! Waiting for facts.
use std::future::Future;
use std::time::Duration;

/// How often a fact is looked at.
const POLL_EVERY: Duration = Duration::from_millis(20);
/// How long a fact may take to come true on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_mins(1);

/// Looks again and again until there is an answer. Panics, naming what was waited for, when patience ends.
pub(crate) async fn wait_for<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let mut pulse = tokio::time::interval(POLL_EVERY);
    let looking = async {
        loop {
            pulse.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("waited too long for {what}"))
}
