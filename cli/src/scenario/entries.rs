//! Entries that are a word or something else.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{Error as ValueError, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use super::condition::Condition;
use super::file::{MixSection, Op, ServiceSection, SoftwareCostSection, StageSection};
use crate::units::{Count, Duration, Quantity};

/// What is asked of the engine, and of how many bytes if that is said: `aes-256-gcm-seal@1350`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpName {
    /// The op.
    pub op: Op,
    /// Bytes of its message.
    pub size: Option<u32>,
}

/// Several ops, each with a weight.
#[derive(Debug)]
pub enum Mix {
    /// `"rsa2048-sign:1,aes-256-gcm-seal@1350:20"`
    Names(Vec<(OpName, Count)>),
    /// An array of tables.
    Tables(Vec<MixSection>),
}

/// How long a job thinks.
#[derive(Debug)]
pub enum Think {
    /// Always so long.
    Always(Duration),
    /// By chance.
    Drawn(Box<ServiceSection>),
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

/// When software computes what the device could not: `"never"`, or a list of occasions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fallback {
    /// There is no room.
    pub on_full: bool,
    /// The device failed the op, or did not answer in time.
    pub on_device_error: bool,
}

/// When the engine says that nobody polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watchdog {
    /// Never.
    Never,
    /// When completions were unread for so long.
    After(Duration),
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

impl FromStr for OpName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (name, size) = match text.split_once('@') {
            None => (text, None),
            Some((name, size)) => (name, Some(size)),
        };
        let size = size.map(|size| {
            let bytes = size.strip_suffix('B').unwrap_or(size).parse();
            bytes
                .map_err(|_| ValueError::custom(format!("`{size}` is no number of bytes; {SIZES}")))
        });
        Ok(Self {
            op: Op::deserialize(name.into_deserializer())?,
            size: size.transpose()?,
        })
    }
}

impl<'de> Deserialize<'de> for OpName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for OpName {
    fn schema_name() -> Cow<'static, str> {
        "OpName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What is asked of the engine; with @ and the bytes of its message, if \
                            they are said: aes-256-gcm-seal@1350",
            "anyOf": [
                generator.subschema_for::<Op>(),
                { "type": "string", "pattern": "^[a-z0-9-]+@[0-9]+B?$" },
            ],
        })
    }
}

impl Mix {
    fn of_names(text: &str) -> Result<Self, String> {
        let entry = |entry: &str| -> Result<(OpName, Count), String> {
            let entry = entry.trim();
            let (name, weight) = entry.split_once(':').unwrap_or((entry, "1"));
            let name: OpName = name
                .parse()
                .map_err(|error: ValueError| error.to_string())?;
            let weight = weight.trim().parse::<Count>();
            Ok((name, weight.map_err(|error| error.to_string())?))
        };
        let entries: Result<_, _> = text.split(',').map(entry).collect();
        entries.map(Self::Names)
    }
}

impl<'de> Deserialize<'de> for Mix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MixVisitor)
    }
}

struct MixVisitor;

impl<'de> Visitor<'de> for MixVisitor {
    type Value = Mix;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MIXES)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Mix, E> {
        Mix::of_names(text).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<Mix, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(entries)).map(Mix::Tables)
    }
}

impl JsonSchema for Mix {
    fn schema_name() -> Cow<'static, str> {
        "Mix".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        const ENTRY: &str = r"\s*[a-z0-9-]+(@[0-9]+B?)?(\s*:\s*[0-9_]+)?\s*";
        json_schema!({
            "description": "Several ops, each with a weight",
            "anyOf": [
                {
                    "type": "string",
                    "pattern": format!("^{ENTRY}(,{ENTRY})*$"),
                    "examples": ["rsa2048-sign:1,aes-256-gcm-seal@1350:20"],
                },
                {
                    "type": "array",
                    "minItems": 1,
                    "items": generator.subschema_for::<MixSection>(),
                },
            ],
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

impl JsonSchema for Fallback {
    fn schema_name() -> Cow<'static, str> {
        "Fallback".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "When software computes what the device could not",
            "anyOf": [
                { "const": "never" },
                { "type": "array", "items": { "enum": ["on_full", "on_device_error"] } },
            ],
        })
    }
}

impl JsonSchema for Watchdog {
    fn schema_name() -> Cow<'static, str> {
        "Watchdog".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "After how long of unread completions the engine says so",
            "anyOf": [{ "const": "never" }, generator.subschema_for::<Duration>()],
        })
    }
}

impl<'de> Deserialize<'de> for Fallback {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FallbackVisitor)
    }
}

struct FallbackVisitor;

impl<'de> Visitor<'de> for FallbackVisitor {
    type Value = Fallback;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FALLBACKS)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Fallback, E> {
        match text {
            "never" => Ok(Fallback::default()),
            other => Err(unknown(other)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut occasions: A) -> Result<Fallback, A::Error> {
        let mut fallback = Fallback::default();
        while let Some(occasion) = occasions.next_element::<String>()? {
            match occasion.as_str() {
                "on_full" => fallback.on_full = true,
                "on_device_error" => fallback.on_device_error = true,
                other => return Err(unknown(other)),
            }
        }
        Ok(fallback)
    }
}

fn unknown<E: Error>(word: &str) -> E {
    E::custom(format!(
        "`{word}` is no occasion for software; accepted: {FALLBACKS}"
    ))
}

impl<'de> Deserialize<'de> for Watchdog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WatchdogVisitor)
    }
}

struct WatchdogVisitor;

impl Visitor<'_> for WatchdogVisitor {
    type Value = Watchdog;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WATCHDOGS)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Watchdog, E> {
        if text == "never" {
            return Ok(Watchdog::Never);
        }
        text.parse().map(Watchdog::After).map_err(E::custom)
    }
}

const FALLBACKS: &str = "\"never\", or an array of \"on_full\" and \"on_device_error\"";
const WATCHDOGS: &str = "\"never\", or a duration in quotes (as \"1s\")";
const SIZES: &str = "accepted: a name, @ and bytes (as \"aes-256-gcm-seal@1350\")";
const MIXES: &str = "ops with weights in quotes (as \"rsa2048-sign:1,aes-256-gcm-seal@1350:20\"), or an array of tables with op, weight, message_size, scheme, key, cipher";
const THINKS: &str = "a duration in quotes (as \"5ms\"), or a table (as { distribution = \"exponential\", base = \"5ms\" })";
const VERIFIES: &str = "\"all\", \"none\", or a sample (as \"1/64\")";
const STAGES: &str = "a condition for the mean in quotes (as \"< 5us\"), or a table of mean, p50, p90, p99, p999, max";
const MEASURED: &str = "measured";
const SOFTWARE_COSTS: &str = "\"measured\", or a table (as { per_op = \"760us\" } or { per_op = \"130ns\", per_byte = \"0.23ns\" })";
