//! Parts of a whole, and means of counts.

use std::str::FromStr;

use super::{Quantity, UnitError, deserialize_as_quantity, number_with_unit};

/// A part of a whole, from 0 up: `90%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// The part; 1 is all of it.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Quantity for Share {
    const ACCEPTED: &'static str = "a share in quotes, a number with the unit % (as \"90%\")";
    const UNITS: &'static str = "%";
}

impl FromStr for Share {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        number_with_unit::<Self>(text, &[("%", 0.01)]).map(Self)
    }
}

/// A mean of counts: `28.5`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Mean(f64);

impl Mean {
    /// The mean, zero or more.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Quantity for Mean {
    const ACCEPTED: &'static str = "a number (as 28.5)";
    const UNITS: &'static str = "";
}

impl FromStr for Mean {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        match text.trim().replace('_', "").parse::<f64>() {
            Ok(mean) if mean.is_finite() && mean >= 0.0 => Ok(Self(mean)),
            _ => Err(UnitError::new::<Self>(format!(
                "`{text}` is no number of things"
            ))),
        }
    }
}

deserialize_as_quantity!(Share);
