//! Entries that are a word or something else.

mod engine;
mod ops;
mod profile;

pub use engine::{Fallback, Watchdog};
pub use ops::{Mix, OpName};
pub use profile::ProfileName;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::condition::Condition;
use super::file::{RateSection, ServiceSection, SoftwareCostSection, StageSection};
use crate::units::{Duration, Quantity, Rate};

/// How long a job thinks.
#[derive(Debug)]
pub enum Think {
    /// Always so long.
    Always(Duration),
    /// By chance.
    Drawn(Box<ServiceSection>),
}

/// How many ops pass per second.
#[derive(Debug)]
pub enum RateEntry {
    /// So many, evenly spaced.
    Even(Rate),
    /// So many, and some at once after a pause.
    Bursts(Box<RateSection>),
}

/// Which results are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// Every one.
    All,
    /// None.
    None,
    /// One of so many.
    OneOf(u32),
}

/// What is expected of a stage.
#[derive(Debug)]
pub enum StageConditions {
    /// Of its mean.
    Mean(Condition<Duration>),
    /// Of several figures.
    Figures(Box<StageSection>),
}

/// A cost: `"measured"`, or a quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cost<T> {
    /// As the project measured it.
    Measured,
    /// So much.
    Is(T),
}

/// What an op costs in software.
#[derive(Debug)]
pub enum SoftwareCostEntry {
    /// As the project measured it.
    Measured(MeasuredWord),
    /// So much.
    Is(Box<SoftwareCostSection>),
}

/// `"measured"`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasuredWord;

impl FromStr for MeasuredWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            MEASURED => Ok(Self),
            _ => Err(format!("`{text}` is no cost; accepted: {SOFTWARE_COSTS}")),
        }
    }
}

impl JsonSchema for MeasuredWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "MeasuredWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": MEASURED })
    }
}

impl<'de, T: Quantity> Deserialize<'de> for Cost<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        match &*text {
            MEASURED => Ok(Self::Measured),
            cost => cost.parse().map(Self::Is).map_err(D::Error::custom),
        }
    }
}

impl<T: Quantity + JsonSchema> JsonSchema for Cost<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Cost", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A cost, or the one that the project measured",
            "anyOf": [{ "const": MEASURED }, generator.subschema_for::<T>()],
        })
    }
}

/// A text in quotes, or a table.
macro_rules! text_or_table {
    ($name:ident, $text:ident($inner:ty), $table:ident($section:ty), $accepted:ident, $about:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct EitherVisitor;

                impl<'de> Visitor<'de> for EitherVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($accepted)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map($name::$text).map_err(E::custom)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<$name, A::Error> {
                        let table = MapAccessDeserializer::new(entries);
                        <$section>::deserialize(table).map(|it| $name::$table(Box::new(it)))
                    }
                }

                deserializer.deserialize_any(EitherVisitor)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "description": $about,
                    "anyOf": [
                        generator.subschema_for::<$inner>(),
                        generator.subschema_for::<$section>(),
                    ],
                })
            }
        }
    };
}

text_or_table!(
    Think,
    Always(Duration),
    Drawn(ServiceSection),
    THINKS,
    "How long a job thinks: always so long, or by chance"
);
text_or_table!(
    StageConditions,
    Mean(Condition<Duration>),
    Figures(StageSection),
    STAGES,
    "A condition for the mean, or a table of figures"
);

text_or_table!(
    RateEntry,
    Even(Rate),
    Bursts(RateSection),
    RATES,
    "How many ops pass per second at most: evenly spaced, or with bursts"
);

text_or_table!(
    SoftwareCostEntry,
    Measured(MeasuredWord),
    Is(SoftwareCostSection),
    SOFTWARE_COSTS,
    "What an op costs in software, or what the project measured"
);

impl<'de> Deserialize<'de> for Verify {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        match &*text {
            "all" => return Ok(Self::All),
            "none" => return Ok(Self::None),
            _ => {}
        }
        match text.strip_prefix("1/").map(str::parse) {
            Some(Ok(1)) => Ok(Self::All),
            Some(Ok(part @ 2..)) => Ok(Self::OneOf(part)),
            _ => Err(D::Error::custom(format!(
                "`{text}` does not say which results are verified; accepted: {VERIFIES}"
            ))),
        }
    }
}

impl JsonSchema for Verify {
    fn schema_name() -> Cow<'static, str> {
        "Verify".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Which results are verified",
            "type": "string",
            "pattern": "^(all|none|1/[1-9][0-9]*)$",
            "examples": ["all", "none", "1/64"],
        })
    }
}

const THINKS: &str = "a duration in quotes (as \"5ms\"), or a table (as { distribution = \"exponential\", base = \"5ms\" })";
const RATES: &str =
    "a rate in quotes (as \"8000/s\"), or a table (as { limit = \"200/s\", burst = 2000 })";
const VERIFIES: &str = "\"all\", \"none\", or a sample (as \"1/64\")";
const STAGES: &str = "a condition for the mean in quotes (as \"< 5us\"), or a table of mean, p50, p90, p95, p99, p999, max";
const MEASURED: &str = "measured";
const SOFTWARE_COSTS: &str = "\"measured\", or a table (as { per_op = \"760us\" } or { per_op = \"130ns\", per_byte = \"0.23ns\" })";
