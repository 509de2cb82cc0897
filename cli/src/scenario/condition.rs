//! Conditions as `[expect]` writes them: a comparison and a value.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// How a figure is held against a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `~`: the figure's confidence interval contains the value.
    Near,
}

/// A comparison and a value: `< 5ms`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition<T> {
    /// The comparison.
    pub comparison: Comparison,
    /// What the figure is compared with.
    pub value: T,
    /// As it was written.
    pub text: String,
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
        let value = rest
            .trim()
            .parse()
            .map_err(|error: T::Err| format!("`{}`: {error}", rest.trim()))?;
        Ok(Self {
            comparison,
            value,
            text: text.to_owned(),
        })
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Condition<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ConditionVisitor(PhantomData))
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

const ACCEPTED: &str =
    "a condition in quotes, one of < <= > >= == and a value (as \"< 5ms\" or \"== 0\")";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Duration, Large};

    #[test]
    fn longer_signs_win() {
        let condition: Condition<Large> = "<= 3".parse().unwrap();
        assert_eq!(condition.comparison, Comparison::AtMost);
        assert_eq!(condition.value.get(), 3);
        assert!(condition.comparison.holds(3.0, 3.0));
        assert!(!Comparison::Less.holds(3.0, 3.0));
    }

    #[test]
    fn wrong_ones_say_what_is_accepted() {
        let error = "5ms".parse::<Condition<Duration>>().unwrap_err();
        assert!(error.contains("accepted: a condition in quotes"), "{error}");
        let error = "< 5".parse::<Condition<Duration>>().unwrap_err();
        assert!(error.contains("lacks a unit"), "{error}");
    }
}
