//! The name of a device profile.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::profile;

/// The name of a profile. Whether there is one of this name was found out before, when its entries
/// were put under those of the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileName(pub String);

impl<'de> Deserialize<'de> for ProfileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for ProfileName {
    fn schema_name() -> Cow<'static, str> {
        "ProfileName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = profile::names().collect();
        json_schema!({
            "description": "A published device: see `pausewake profiles`",
            "type": "string",
            "enum": names,
        })
    }
}
