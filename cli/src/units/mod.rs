//! Quantities as people write them: a number and its unit, never a bare number.
//!
//! A bare number would leave open whether `5` are micro- or milliseconds; so a missing unit is an
//! error that names the accepted ones, as a wrong one is.

mod count;
mod duration;
mod rate;
mod share;
mod size;

pub use count::{Count, Large, Number};
pub use duration::{Duration, PerByte};
pub use rate::{Bandwidth, Rate};
pub use share::{Mean, Share};
pub use size::Size;

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// What a quantity's text must look like; the error of its `FromStr` quotes it.
pub trait Quantity: FromStr<Err = UnitError> {
    /// Accepted forms, with examples.
    const ACCEPTED: &'static str;
    /// Its units, as alternatives of a regular expression; empty for numbers without one.
    const UNITS: &'static str;
    /// What is said of one that is too large.
    const TOO_LARGE: &'static str = "too large";
}

/// A regular expression for the text of `Q`, for schemas.
pub fn pattern<Q: Quantity>() -> String {
    match Q::UNITS {
        "" => r"[0-9][0-9_]*(\.[0-9_]*)?".to_owned(),
        units => format!(r"[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9]+)?\s*({units})"),
    }
}

/// A text that is not the quantity that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; accepted: {accepted}")]
pub struct UnitError {
    /// What is wrong with it.
    wrong: String,
    /// What would be right.
    accepted: &'static str,
}

impl UnitError {
    /// What is wrong with it, without what would be right.
    pub fn wrong(&self) -> &str {
        &self.wrong
    }

    fn new<Q: Quantity>(wrong: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            accepted: Q::ACCEPTED,
        }
    }
}

/// Cuts `text` into its number and its unit, and says how much the unit is.
fn number_with_unit<Q: Quantity>(text: &str, units: &[(&str, f64)]) -> Result<f64, UnitError> {
    let text = text.trim();
    let digits = len_of_number(text);
    let (number, unit) = (text[..digits].replace('_', ""), text[digits..].trim());
    let Ok(number) = number.parse::<f64>() else {
        return Err(UnitError::new::<Q>(format!(
            "`{text}` does not begin with a number"
        )));
    };
    if unit.is_empty() {
        return Err(UnitError::new::<Q>(format!("`{text}` lacks a unit")));
    }
    if !number.is_finite() {
        return Err(UnitError::new::<Q>(Q::TOO_LARGE));
    }
    match units.iter().find(|(name, _)| *name == unit) {
        Some((_, factor)) => Ok(number * factor),
        None => Err(UnitError::new::<Q>(format!("unknown unit `{unit}`"))),
    }
}

/// How much of `text` is its number: digits, and after them an exponent, as in `1.5e3`.
pub fn len_of_number(text: &str) -> usize {
    let end = |text: &str, is_part: fn(char) -> bool| {
        let end = text.find(|c: char| !is_part(c));
        end.unwrap_or(text.len())
    };
    let digits = end(text, |c| c.is_ascii_digit() || c == '.' || c == '_');
    let exponent = text[digits..].strip_prefix(['e', 'E']).map(|rest| {
        let power = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        (end(power, |c| c.is_ascii_digit()), rest.len() - power.len())
    });
    match exponent {
        Some((power @ 1.., sign)) if digits > 0 => digits + 1 + sign + power,
        _ => digits,
    }
}

/// `value` as a whole number, if it is one (up to what the unit's factor loses in a float).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "range and sign are checked before"
)]
fn whole<Q: Quantity>(value: f64, too_fine: &str) -> Result<u64, UnitError> {
    let rounded = value.round();
    if rounded > MOST {
        return Err(UnitError::new::<Q>(Q::TOO_LARGE));
    }
    if (value - rounded).abs() > 1e-6 * value.max(1.0) {
        return Err(UnitError::new::<Q>(too_fine));
    }
    Ok(rounded as u64)
}

/// The most that is read as a whole number; what a quantity says of it must be the same.
const MOST: f64 = 9e15;

/// Deserialises a quantity from a string.
fn deserialize<'de, Q: Quantity, D: Deserializer<'de>>(deserializer: D) -> Result<Q, D::Error> {
    deserializer.deserialize_str(QuantityVisitor(PhantomData))
}

struct QuantityVisitor<Q>(PhantomData<Q>);

impl<Q: Quantity> Visitor<'_> for QuantityVisitor<Q> {
    type Value = Q;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::ACCEPTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Q, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Q, E> {
        Err(E::custom(UnitError::new::<Q>(format!(
            "`{number}` lacks a unit"
        ))))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Q, E> {
        Err(E::custom(UnitError::new::<Q>(format!(
            "`{number}` lacks a unit"
        ))))
    }
}

macro_rules! deserialize_as_quantity {
    ($($name:ty),+) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::units::deserialize(deserializer)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": <Self as $crate::units::Quantity>::ACCEPTED,
                    "type": "string",
                    "pattern": format!(r"^\s*{}\s*$", $crate::units::pattern::<Self>()),
                })
            }
        }
    )+};
}
use deserialize_as_quantity;

#[cfg(test)]
mod tests {
    use super::*;

    fn message<Q: Quantity>(text: &str) -> String {
        match text.parse::<Q>() {
            Ok(_) => panic!("`{text}` was accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_accepted_form_reads_as_what_it_says() {
        let ns = |text: &str| text.parse::<Duration>().unwrap().0.get();
        assert_eq!(ns("433us"), 433_000);
        assert_eq!(ns("433µs"), 433_000);
        assert_eq!(ns("1.5ms"), 1_500_000);
        assert_eq!(ns("10 s"), 10_000_000_000);
        assert_eq!(ns("7ns"), 7);
        assert_eq!(ns("1.5min"), 90_000_000_000);
        assert_eq!(ns("2h"), 7_200_000_000_000);
        assert_eq!(ns("1.5e3us"), 1_500_000);
        assert_eq!(ns("2E-3 s"), 2_000_000);
        assert_eq!("0.5ns".parse::<PerByte>().unwrap().0, 0.5);
        assert_eq!("16KiB".parse::<Size>().unwrap().0, 16_384);
        assert_eq!("16K".parse::<Size>().unwrap().0, 16_384);
        assert_eq!("16KB".parse::<Size>().unwrap().0, 16_000);
        assert_eq!("1_000B".parse::<Size>().unwrap().0, 1_000);
        assert_eq!("8000/s".parse::<Rate>().unwrap().per_second(), 8_000.0);
        assert_eq!("8k/s".parse::<Rate>().unwrap().per_second(), 8_000.0);
        assert_eq!(
            "12GB/s".parse::<Bandwidth>().unwrap().bytes_per_second(),
            12_000_000_000
        );
    }

    #[test]
    fn a_missing_a_wrong_and_a_too_fine_unit_are_told_apart() {
        assert!(message::<Duration>("5").contains("lacks a unit"));
        assert!(message::<Duration>("5m").contains("unknown unit `m`"));
        assert!(message::<Duration>("5m").contains("ns, us, µs, ms, s, min, h"));
        assert!(message::<Duration>("0.5ns").contains("finer than a nanosecond"));
        assert!(message::<Duration>("soon").contains("does not begin with a number"));
        assert!(message::<Duration>("-5ms").contains("does not begin with a number"));
        assert!(message::<Duration>("99999999999999s").contains("too large"));
        assert!(message::<Duration>("1e30s").contains("at most 9000000s"));
        assert!(message::<Duration>("1e400s").contains("at most 9000000s"));
        assert!(message::<Duration>("1e").contains("unknown unit `e`"));
        assert!(message::<Rate>("1e400/s").contains("at most 1000M/s"));
        assert!(message::<Rate>("1001M/s").contains("at most 1000M/s"));
        assert!(message::<Size>("16k").contains("unknown unit `k`"));
        assert!(message::<Size>("0.3B").contains("whole bytes"));
        assert!(message::<Rate>("8000").contains("lacks a unit"));
        assert!(message::<Rate>("0/s").contains("above zero"));
        assert!(message::<Bandwidth>("12GB").contains("unknown unit `GB`"));
    }
}
