//! Real time, for those who look on: nothing of it is in any result.

use std::time::Duration;

pub use std::time::Instant;

/// Measures real time.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

/// This moment.
pub fn now() -> Instant {
    Instant::now()
}

impl Stopwatch {
    /// From now on.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since then.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// Time since then, at `moment`.
    pub fn at(self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.0)
    }
}
