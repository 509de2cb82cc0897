//! Spans of time.

use std::str::FromStr;

use pausewake_device::Nanos;

use super::{Quantity, UnitError, deserialize_as_quantity, number_with_unit, whole};

/// A span of time in whole nanoseconds: `433us`, `1.5ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub Nanos);

/// Time for each byte, in nanoseconds and parts of them: `0.5ns`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct PerByte(pub f64);

impl Quantity for Duration {
    const ACCEPTED: &'static str = "a duration in quotes, a number with one of the units ns, us, µs, ms, s, min, h (as \"433us\")";
    const UNITS: &'static str = "ns|us|µs|μs|ms|s|min|h";
    const TOO_LARGE: &'static str = "too large: at most 9000000s";
}

impl FromStr for Duration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let ns = number_with_unit::<Self>(text, &UNITS)?;
        let ns = whole::<Self>(ns, "finer than a nanosecond")?;
        Ok(Self(Nanos::new(ns)))
    }
}

impl Quantity for PerByte {
    const ACCEPTED: &'static str = "a duration per byte in quotes, a number with one of the units ns, us, µs, ms, s, min, h (as \"0.5ns\")";
    const UNITS: &'static str = "ns|us|µs|μs|ms|s|min|h";
}

impl FromStr for PerByte {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        number_with_unit::<Self>(text, &UNITS).map(Self)
    }
}

deserialize_as_quantity!(Duration, PerByte);

/// No `m`: to some it is a minute, and to those who leave out the `s` a thousandth of a second.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3), // the Greek letter, which some keyboards give for the micro sign
    ("ms", 1e6),
    ("s", 1e9),
    ("min", 60e9),
    ("h", 3_600e9),
];
