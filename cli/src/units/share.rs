//! Parts of a whole.

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

deserialize_as_quantity!(Share);
