//! Entries of `[engine]`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::units::Duration;

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
