//! Ops by name, and mixes of them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{Error as ValueError, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, SeqAccess, Visitor};

use crate::scenario::file::{MixSection, Op};
use crate::units::{Count, Size, pattern};

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

impl FromStr for OpName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (name, size) = match text.split_once('@') {
            None => (text, None),
            Some((name, size)) => (name, Some(size)),
        };
        let size = size.map(|size| {
            bytes(size).ok_or_else(|| {
                ValueError::custom(format!("`{size}` is no number of bytes; {SIZES}"))
            })
        });
        Ok(Self {
            op: Op::deserialize(name.into_deserializer())?,
            size: size.transpose()?,
        })
    }
}

/// Bytes with a unit, or without one.
fn bytes(size: &str) -> Option<u32> {
    let bare = size.parse().ok();
    let whole = || u32::try_from(crate::load::whole_times(size, 1)?).ok();
    let bare = bare.or_else(whole);
    bare.or_else(|| Some(size.parse::<Size>().ok()?.0))
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
                { "type": "string", "pattern": format!("^[a-z0-9-]+@{}$", size_pattern()) },
            ],
        })
    }
}

/// A regular expression for what [`bytes`] reads.
fn size_pattern() -> String {
    format!("([0-9]+|{})", pattern::<Size>())
}

impl Mix {
    fn of_names(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err(format!("a mix of 0 ops; accepted: {MIXES}"));
        }
        let entry = |entry: &str| -> Result<(OpName, Count), String> {
            let entry = entry.trim();
            let (name, weight) = entry.split_once(':').unwrap_or((entry, "1"));
            if name.trim().is_empty() {
                return Err(format!("an op of the mix has no name; accepted: {MIXES}"));
            }
            let name: OpName = name
                .trim()
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
        let size = size_pattern();
        let entry = format!(r"\s*[a-z0-9-]+(@{size})?(\s*:\s*[0-9_]+)?\s*");
        json_schema!({
            "description": "Several ops, each with a weight",
            "anyOf": [
                {
                    "type": "string",
                    "pattern": format!("^{entry}(,{entry})*$"),
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

const SIZES: &str = "accepted: a name, @ and bytes (as \"aes-256-gcm-seal@1350\" or @16K)";
const MIXES: &str = "ops with weights in quotes (as \"rsa2048-sign:1,aes-256-gcm-seal@1350:20\"), or an array of tables with op, weight, message_size, scheme, key, cipher";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_may_have_a_unit() {
        for (text, size) in [
            ("aes-256-gcm-seal", None),
            ("aes-256-gcm-seal@1350", Some(1_350)),
            ("aes-256-gcm-seal@1350B", Some(1_350)),
            ("aes-256-gcm-seal@16K", Some(16_384)),
            ("aes-256-gcm-seal@1MiB", Some(1_048_576)),
        ] {
            let name: OpName = text.parse().unwrap();
            assert_eq!((name.op, name.size), (Op::Aes256GcmSeal, size), "{text}");
        }
        let error = "rsa2048-sign@16Q".parse::<OpName>().unwrap_err();
        assert!(error.to_string().contains("`16Q` is no number of bytes"));
    }
}
