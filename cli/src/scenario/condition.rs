//! Conditions as `[expect]` writes them: a comparison and a value.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::variants::is_name;
use crate::units::{Quantity, pattern};

/// How a figure is held against a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
pub enum Comparison {
    /// `<`
    #[serde(rename = "<")]
    Less,
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
    /// `>`
    #[serde(rename = ">")]
    Greater,
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
    /// `==`
    #[serde(rename = "==")]
    Equal,
    /// `~`: the figure's confidence interval contains the value.
    #[serde(rename = "~")]
    Near,
}

/// A comparison and what the figure is compared with: `< 5ms`, `> 20x software`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition<T> {
    /// The comparison.
    pub comparison: Comparison,
    /// What the figure is compared with.
    pub bound: Bound<T>,
    /// As it was written.
    pub text: String,
}

/// What a figure is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound<T> {
    /// A value.
    Value(T),
    /// So many times the same figure of another variant.
    Variant {
        /// How many times.
        factor: f64,
        /// The variant's name.
        name: String,
    },
}

impl Comparison {
    /// Whether `figure` stands so to `value`. Of `~` the caller has to know the interval.
    pub fn holds(self, figure: f64, value: f64) -> bool {
        match self {
            Self::Less => figure < value,
            Self::AtMost => figure <= value,
            Self::Greater => figure > value,
            Self::AtLeast => figure >= value,
            #[expect(
                clippy::float_cmp,
                reason = "counts and nanoseconds are exact in a float, and `==` promises it"
            )]
            Self::Equal => figure == value,
            Self::Near => false,
        }
    }
}

impl<T: FromStr<Err: fmt::Display>> FromStr for Condition<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (comparison, rest) = COMPARISONS
            .iter()
            .find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?)))
            .ok_or_else(|| {
                format!("`{text}` does not begin with a comparison; accepted: {ACCEPTED}")
            })?;
        let rest = rest.trim();
        let bound = match other_variant(rest) {
            Some((factor, name)) => Bound::Variant {
                factor,
                name: name.to_owned(),
            },
            None => rest
                .parse()
                .map(Bound::Value)
                .map_err(|error: T::Err| format!("`{rest}`: {error}"))?,
        };
        Ok(Self {
            comparison,
            bound,
            text: text.to_owned(),
        })
    }
}

/// A factor, if there is one, and the name of a variant: `software`, `20x software`.
fn other_variant(text: &str) -> Option<(f64, &str)> {
    let (factor, name) = match text.split_once(char::is_whitespace) {
        None => (1.0, text),
        Some((factor, name)) => {
            let factor: f64 = factor.strip_suffix('x')?.parse().ok()?;
            (factor, name.trim_start())
        }
    };
    (is_name(name) && factor.is_finite() && factor > 0.0).then_some((factor, name))
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Condition<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ConditionVisitor(PhantomData))
    }
}

impl<T: Quantity> JsonSchema for Condition<T> {
    fn schema_name() -> Cow<'static, str> {
        let whole = std::any::type_name::<T>();
        let name = whole.rsplit("::").next().unwrap_or(whole);
        format!("{name}Condition").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let value = pattern::<T>();
        json_schema!({
            "description": ACCEPTED,
            "type": "string",
            "pattern": format!(
                r"^\s*(<=|>=|==|<|>|~)\s*({value}|([0-9.]+x\s+)?[A-Za-z][A-Za-z0-9_-]*)\s*$"
            ),
        })
    }
}

struct ConditionVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for ConditionVisitor<T> {
    type Value = Condition<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ACCEPTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Condition<T>, E> {
        text.parse().map_err(E::custom)
    }
}

/// Longer signs before their beginnings.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("~", Comparison::Near),
];

const ACCEPTED: &str = "a condition in quotes, one of < <= > >= == and a value (as \"< 5ms\" or \"== 0\") or another variant (as \"> 20x software\")";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Duration, Large};

    #[test]
    fn longer_signs_win() {
        let condition: Condition<Large> = "<= 3".parse().unwrap();
        assert_eq!(condition.comparison, Comparison::AtMost);
        assert!(matches!(condition.bound, Bound::Value(large) if large.get() == 3));
        assert!(condition.comparison.holds(3.0, 3.0));
        assert!(!Comparison::Less.holds(3.0, 3.0));
    }

    #[test]
    fn a_variant_may_stand_for_a_value() {
        let bound = |text: &str| text.parse::<Condition<Duration>>().map(|it| it.bound);
        let variant = |factor, name: &str| {
            Ok(Bound::Variant {
                factor,
                name: name.to_owned(),
            })
        };
        assert_eq!(bound("> software"), variant(1.0, "software"));
        assert_eq!(bound("<= 0.5x by-fd"), variant(0.5, "by-fd"));
        for wrong in [
            "> 2 software",
            "> x software",
            "> 0x software",
            "> 2x 5ms",
            "> -2x a",
        ] {
            assert!(bound(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn wrong_ones_say_what_is_accepted() {
        let error = "5ms".parse::<Condition<Duration>>().unwrap_err();
        assert!(error.contains("accepted: a condition in quotes"), "{error}");
        let error = "< 5".parse::<Condition<Duration>>().unwrap_err();
        assert!(error.contains("lacks a unit"), "{error}");
    }
}
