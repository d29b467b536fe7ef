//! The only place where time is read. Everything else is handed a [`Clock`] or a `now`.
//!
//! Server time is monotonic, counts the time a laptop sleeps, and starts at an arbitrary zero.
use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A moment on the server's monotonic clock, in microseconds since an arbitrary zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// From microseconds.
    pub const fn from_micros(us: u64) -> Self {
        Self(us)
    }

    /// In microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// From milliseconds, as the wire carries server time.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1000)
    }

    /// In whole milliseconds, rounded down.
    pub const fn as_ms(self) -> u64 {
        self.0 / 1000
    }

    /// In milliseconds with the fraction, as clock probes carry it.
    pub fn as_ms_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Time since `earlier`; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Where time comes from.
pub trait Clock: Send + Sync + 'static {
    /// Monotonic server time.
    fn now(&self) -> Instant;
    /// Wall clock, in milliseconds since the Unix epoch; for display and token expiry, never for playback.
    fn unix_ms(&self) -> i64;
}

/// Processor time that this process has used so far, on all its threads; nothing where the system does not tell.
pub fn processor_time() -> Option<Duration> {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
    }
    #[cfg(not(unix))]
    None
}

/// A clock that services share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn now(&self) -> Instant {
        // CLOCK_BOOTTIME goes on while the machine sleeps; CLOCK_MONOTONIC does not.
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Instant(time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Instant {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        let start = *START.get_or_init(std::time::Instant::now);
        Instant(start.elapsed().as_micros() as u64)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn unix_ms(&self) -> i64 {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
    }
}

/// A clock that moves only when told to. For tests and simulation.
#[derive(Debug, Default)]
pub struct ManualClock {
    now_us: AtomicU64,
}

impl ManualClock {
    /// Starts at `now`.
    pub fn starting_at(now: Instant) -> Self {
        Self { now_us: AtomicU64::new(now.as_micros()) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.now_us.fetch_add(by.as_micros() as u64, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant(self.now_us.load(Ordering::SeqCst))
    }

    fn unix_ms(&self) -> i64 {
        (self.now_us.load(Ordering::SeqCst) / 1000) as i64
    }
}
