//! Things per second.

use std::str::FromStr;

use super::{Quantity, UnitError, deserialize_as_quantity, number_with_unit, whole};

/// Ops per second: `8000/s`, `8k/s`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// Bytes per second: `12GB/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bandwidth(u64);

impl Rate {
    /// How many each second; above zero.
    pub fn per_second(self) -> f64 {
        self.0
    }
}

impl Bandwidth {
    /// How many bytes each second; above zero.
    pub fn bytes_per_second(self) -> u64 {
        self.0
    }
}

impl Quantity for Rate {
    const ACCEPTED: &'static str =
        "a rate above zero in quotes, a number with one of the units /s, k/s, M/s (as \"8000/s\")";
    const UNITS: &'static str = "/s|k/s|M/s";
    const TOO_LARGE: &'static str = "too large: at most 1000M/s, one each nanosecond";
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let rate = number_with_unit::<Self>(text, &UNITS)?;
        match rate {
            ..=0.0 => Err(UnitError::new::<Self>("a rate must be above zero")),
            ..=HIGHEST => Ok(Self(rate)),
            _ => Err(UnitError::new::<Self>(Self::TOO_LARGE)),
        }
    }
}

/// A thousand is `K` to some.
const UNITS: [(&str, f64); 4] = [("/s", 1.0), ("k/s", 1e3), ("K/s", 1e3), ("M/s", 1e6)];

impl Quantity for Bandwidth {
    const ACCEPTED: &'static str = "a bandwidth above zero in quotes, a number with one of the units B/s, KB/s, MB/s, GB/s, Gbit/s (as \"12GB/s\")";
    const UNITS: &'static str = "B/s|KB/s|MB/s|GB/s|Gbit/s";
    const TOO_LARGE: &'static str = "too large: at most 9000000GB/s";
}

impl FromStr for Bandwidth {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let units = [
            ("B/s", 1.0),
            ("KB/s", 1e3),
            ("MB/s", 1e6),
            ("GB/s", 1e9),
            ("Gbit/s", 125e6),
        ];
        let bytes = number_with_unit::<Self>(text, &units)?;
        match whole::<Self>(bytes, "not in whole bytes")? {
            0 => Err(UnitError::new::<Self>("a bandwidth must be above zero")),
            bytes => Ok(Self(bytes)),
        }
    }
}

deserialize_as_quantity!(Rate, Bandwidth);

/// Times are whole nanoseconds.
const HIGHEST: f64 = 1e9;
