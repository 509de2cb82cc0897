//! Numbers of bytes.

use std::str::FromStr;

use super::{Quantity, UnitError, deserialize_as_quantity, number_with_unit, whole};

/// A number of bytes: `16KiB`, `1KB`, `64B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u32);

impl Quantity for Size {
    const ACCEPTED: &'static str = "a size in quotes, a number with one of the units B, KB, KiB or K, MB, MiB or M (as \"16KiB\")";
    const UNITS: &'static str = "B|KB|KiB|K|MB|MiB|M";
    const TOO_LARGE: &'static str = "too large: at most 4294967295B";
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let bytes = number_with_unit::<Self>(text, &UNITS)?;
        let bytes = whole::<Self>(bytes, "not in whole bytes")?;
        match u32::try_from(bytes) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(_) => Err(UnitError::new::<Self>(Self::TOO_LARGE)),
        }
    }
}

deserialize_as_quantity!(Size);

const UNITS: [(&str, f64); 7] = [
    ("B", 1.0),
    ("KB", 1e3),
    ("KiB", 1_024.0),
    ("K", 1_024.0),
    ("MB", 1e6),
    ("MiB", 1_048_576.0),
    ("M", 1_048_576.0),
];
