//! How far ahead a change is scheduled, so that everybody has heard of it when it happens.
use std::time::Duration;

use crate::rooms::members::Member;

/// Shortest lead with somebody to be in sync with.
pub const LEAD_MIN: Duration = Duration::from_millis(250);
/// Longest lead; who is farther away joins late on their own.
pub const LEAD_MAX: Duration = Duration::from_secs(2);
/// Lead for somebody alone: there is nobody to be in sync with, only a click to answer.
pub const LEAD_ALONE: Duration = Duration::from_millis(20);
/// A pause need not wait for the farthest: who overran steps back while paused.
pub const PAUSE_LEAD_MAX: Duration = Duration::from_millis(120);

/// Members with a longer round trip do not make the others wait.
const RTT_COUNTED_BELOW: Duration = Duration::from_millis(400);
/// A player's first start takes this long...
const COLD_START: Duration = Duration::from_millis(80);
/// ... and later ones this.
const WARM_START: Duration = Duration::from_millis(10);

/// The lead for the members who are online.
pub(crate) fn lead<'a>(online: impl Iterator<Item = &'a Member>) -> Duration {
    let (mut count, mut rtt, mut variation, mut start) = (0, Duration::ZERO, Duration::ZERO, WARM_START);
    for member in online {
        count += 1;
        if !member.started {
            start = COLD_START;
        }
        if member.stat.rtt < RTT_COUNTED_BELOW {
            rtt = rtt.max(member.stat.rtt);
            variation = variation.max(member.stat.rtt_var);
        }
    }
    if count <= 1 {
        return LEAD_ALONE;
    }
    (rtt * 2 + variation.min(LEAD_MAX) * 4 + start).clamp(LEAD_MIN, LEAD_MAX)
}
