//! Position and duration in a film, in whole milliseconds of content time.
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Content time in milliseconds. Zero is the first presented frame of the film, for every rendition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct MediaTime(i64);

impl MediaTime {
    /// The start of the film.
    pub const ZERO: Self = Self(0);

    /// From milliseconds.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// In milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Between `ZERO` and `end`, both included.
    #[must_use]
    pub fn clamp_to(self, end: Self) -> Self {
        Self(self.0.clamp(0, end.0.max(0)))
    }
}

impl Add for MediaTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for MediaTime {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
