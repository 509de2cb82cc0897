//! The one unit of time: nanoseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point in time or a span of it, in nanoseconds.
///
/// Points count from the start of the clock that made them: the device's first look at a wall
/// clock, or zero under virtual time. One type serves for both, as in a kernel's `ktime_t`; the
/// name of a field says which it is (`done_ns`, `service_ns`).
///
/// Sums and differences saturate, so that a forged stamp can be compared without a panic.
///
/// ```
/// use pausewake_device::Nanos;
///
/// assert_eq!(Nanos::from_micros(3) - Nanos::from_micros(5), Nanos::ZERO);
/// assert_eq!(Nanos::new(12_500).to_string(), "12.5µs");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(u64);

impl Nanos {
    /// Zero: the start of the clock, or an empty span.
    pub const ZERO: Self = Self(0);
    /// The last point that can be named; stands for 'never' where a deadline is wanted.
    pub const MAX: Self = Self(u64::MAX);

    /// `ns` nanoseconds.
    #[must_use]
    pub const fn new(ns: u64) -> Self {
        Self(ns)
    }

    /// `us` microseconds, saturating.
    #[must_use]
    pub const fn from_micros(us: u64) -> Self {
        Self(us.saturating_mul(1_000))
    }

    /// `ms` milliseconds, saturating.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// `s` seconds, saturating.
    #[must_use]
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1_000_000_000))
    }

    /// The nearest whole nanosecond to `ns`; negative and NaN give zero, too large gives [`MAX`].
    ///
    /// [`MAX`]: Self::MAX
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "float casts saturate, which is what the documentation promises"
    )]
    pub fn from_f64(ns: f64) -> Self {
        // Not `f64::round`, which is a call into libm where the CPU's own instruction is not assumed.
        let whole = ns as u64;
        let is_nearer_to_next = ns - whole as f64 >= 0.5;
        Self(whole.saturating_add(u64::from(is_nearer_to_next)))
    }

    /// The number of nanoseconds.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of nanoseconds as a float; exact below 2^53 ns (104 days).
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "stated in the documentation, and statistics do not need more"
    )]
    pub const fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// The number of seconds.
    #[must_use]
    pub const fn as_secs_f64(self) -> f64 {
        self.as_f64() / 1e9
    }

    /// The number of nanoseconds, or `u32::MAX` (4.3 s) when there are more.
    #[must_use]
    pub fn saturating_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl From<Duration> for Nanos {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(nanos: Nanos) -> Self {
        Self::from_nanos(nanos.0)
    }
}

impl Add for Nanos {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Nanos {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Nanos {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Four significant digits or less, in the largest unit that keeps the figure at or above one.
impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            0..=999 => return f.pad(&format!("{}ns", self.0)),
            1_000..=999_999 => (self.as_f64() / 1e3, "µs"),
            1_000_000..=999_999_999 => (self.as_f64() / 1e6, "ms"),
            _ => (self.as_f64() / 1e9, "s"),
        };
        let decimals = match value {
            v if v >= 100.0 => 1,
            v if v >= 10.0 => 2,
            _ => 3,
        };
        let digits = format!("{value:.decimals$}");
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        f.pad(&format!("{digits}{unit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_keeps_four_significant_digits() {
        for (ns, text) in [
            (0, "0ns"),
            (999, "999ns"),
            (1_000, "1µs"),
            (433_217, "433.2µs"),
            (1_063_000, "1.063ms"),
            (12_345_678, "12.35ms"),
            (2_000_000_000, "2s"),
        ] {
            assert_eq!(Nanos::new(ns).to_string(), text);
        }
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Nanos::MAX + Nanos::new(1), Nanos::MAX);
        assert_eq!(Nanos::ZERO - Nanos::new(1), Nanos::ZERO);
        assert_eq!(Nanos::from_f64(-1.0), Nanos::ZERO);
        assert_eq!(Nanos::from_f64(f64::NAN), Nanos::ZERO);
        assert_eq!(Nanos::new(u64::MAX).saturating_u32(), u32::MAX);
    }
}
