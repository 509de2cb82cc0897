//! Numbers of things.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{Quantity, UnitError};

/// How many there are of something; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(u32);

/// How many there are of something, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(u32);

/// A whole number that may be large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Large(u64);

macro_rules! whole_number {
    ($name:ident, $inner:ty, $least:literal, $accepted:literal) => {
        impl $name {
            /// The number.
            pub fn get(self) -> $inner {
                self.0
            }
        }

        impl Quantity for $name {
            const ACCEPTED: &'static str = $accepted;
            const UNITS: &'static str = "";
        }

        impl FromStr for $name {
            type Err = UnitError;

            fn from_str(text: &str) -> Result<Self, UnitError> {
                let plain = text.replace('_', "");
                match plain.parse() {
                    Ok(number @ $least..) => Ok(Self(number)),
                    _ => Err(UnitError::new::<Self>(format!(
                        "`{text}` is no whole number in the range"
                    ))),
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": $accepted,
                    "type": "integer",
                    "minimum": $least,
                    "maximum": <$inner>::MAX,
                })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NumberVisitor;

                impl Visitor<'_> for NumberVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($accepted)
                    }

                    fn visit_i64<E: Error>(self, number: i64) -> Result<$name, E> {
                        self.visit_i128(i128::from(number))
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<$name, E> {
                        self.visit_i128(i128::from(number))
                    }

                    fn visit_i128<E: Error>(self, number: i128) -> Result<$name, E> {
                        number.to_string().parse().map_err(E::custom)
                    }

                    fn visit_u128<E: Error>(self, number: u128) -> Result<$name, E> {
                        number.to_string().parse().map_err(E::custom)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        let wrong = format!("`{text}` is no whole number");
                        Err(E::custom(UnitError::new::<$name>(wrong)))
                    }
                }

                deserializer.deserialize_any(NumberVisitor)
            }
        }
    };
}

whole_number!(Count, u32, 1, "a whole number from 1 to 4294967295");
whole_number!(Number, u32, 0, "a whole number from 0 to 4294967295");
whole_number!(
    Large,
    u64,
    0,
    "a whole number from 0 to 18446744073709551615"
);
