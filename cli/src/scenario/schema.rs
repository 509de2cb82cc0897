//! The format of scenarios as a JSON schema, made from the types that read them.
//!
//! Editors complete and check a scenario by it: with taplo, the language server of TOML, a first line
//! `#:schema schema.json` in the file does it. It says which entries there are and how their values
//! are written; what may go together only [`read`](super::read) knows.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::figures;
use super::file::File;
use super::variants;

/// The schema (draft 7, which editors read), and a line's end.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&schema()).expect("a schema is JSON");
    text.push('\n');
    text
}

fn schema() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    without_null(&mut schema);
    name_twice(&mut schema);
    let variant = variant(&schema);
    let root = schema
        .as_object_mut()
        .expect("a type's schema is an object");
    root.insert("title".to_owned(), json!("pausewake scenario"));
    let partial = partial_definitions(root);
    let definitions = entries(root, "definitions");
    definitions.extend(partial);
    definitions.insert("Variant".to_owned(), variant);
    let list = json!({
        "description": "The same scenario several times, each time with something else",
        "type": "array",
        "minItems": 1,
        "maxItems": variants::MOST,
        "items": { "$ref": "#/definitions/Variant" },
    });
    entries(root, "properties").insert("variant".to_owned(), list);
    schema
}

/// Adds the name under which reports show a figure to where it is known by the other one.
fn name_twice(schema: &mut Value) {
    let definitions = schema.get_mut("definitions").and_then(Value::as_object_mut);
    for definition in definitions.into_iter().flat_map(Map::values_mut) {
        let properties = definition.get_mut("properties");
        if let Some(properties) = properties.and_then(Value::as_object_mut)
            && let Some(figure) = properties.get(figures::KEPT).cloned()
        {
            properties.insert(figures::AS_SHOWN.to_owned(), figure);
        }
    }
}

/// A scenario of which every entry may be missing, and which has a name.
fn variant(whole: &Value) -> Value {
    let names = names_of_tables(whole);
    let mut variant = partial(whole, &names);
    let table = variant.as_object_mut().expect("made of an object");
    for key in ["definitions", "$schema", "title"] {
        table.remove(key);
    }
    let about = "A variant of the scenario: its name, and what differs. Tables are merged, values \
                 replaced; an empty text takes an entry out";
    table.insert("description".to_owned(), json!(about));
    table.insert("required".to_owned(), json!(["name"]));
    let name = json!({
        "description": "Its name, for the report, for --set and for comparisons",
        "type": "string",
        "pattern": variants::NAME_PATTERN,
    });
    entries(table, "properties").insert("name".to_owned(), name);
    variant
}

fn partial_definitions(root: &Map<String, Value>) -> Vec<(String, Value)> {
    let names = names_of_tables(&Value::Object(root.clone()));
    let definitions = root.get("definitions").and_then(Value::as_object);
    let tables = definitions.into_iter().flatten();
    tables
        .filter(|(name, _)| names.contains(*name))
        .map(|(name, schema)| (part_of(name), partial(schema, &names)))
        .collect()
}

/// Definitions of tables, and of what may be one: those of which a variant says a part.
fn names_of_tables(whole: &Value) -> BTreeSet<String> {
    let definitions = whole.get("definitions").and_then(Value::as_object);
    let definitions: Vec<(&String, &Value)> = definitions.into_iter().flatten().collect();
    let mut names = BTreeSet::new();
    loop {
        let before = names.len();
        for (name, schema) in &definitions {
            let refers = |known: &String| schema.to_string().contains(&format!("{PLACE}{known}\""));
            if schema.get("properties").is_some() || names.iter().any(refers) {
                names.insert((*name).clone());
            }
        }
        if names.len() == before {
            return names;
        }
    }
}

/// `schema` without entries that must be there; any may be an empty text.
fn partial(schema: &Value, names: &BTreeSet<String>) -> Value {
    match schema {
        Value::Object(object) => {
            let parts = object.iter().filter(|(key, _)| *key != "required");
            let parts = parts.map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("$ref", Value::String(place)) => json!(place_of_part(place, names)),
                    ("properties", Value::Object(properties)) => {
                        let removable = |(name, value): (&String, &Value)| {
                            (name.clone(), removable(partial(value, names)))
                        };
                        Value::Object(properties.iter().map(removable).collect())
                    }
                    (_, value) => partial(value, names),
                };
                (key.clone(), value)
            });
            Value::Object(parts.collect())
        }
        Value::Array(items) => items.iter().map(|item| partial(item, names)).collect(),
        value => value.clone(),
    }
}

/// `schema`, or an empty text, which takes the entry out.
fn removable(mut schema: Value) -> Value {
    let about = schema
        .as_object_mut()
        .and_then(|object| object.remove("description"));
    let mut either = json!({ "anyOf": [schema, { "const": "" }] });
    if let (Some(about), Some(object)) = (about, either.as_object_mut()) {
        object.insert("description".to_owned(), about);
    }
    either
}

fn place_of_part(place: &str, names: &BTreeSet<String>) -> String {
    match place.strip_prefix(PLACE) {
        Some(name) if names.contains(name) => format!("{PLACE}{}", part_of(name)),
        _ => place.to_owned(),
    }
}

fn part_of(name: &str) -> String {
    format!("PartOf{name}")
}

/// TOML has no null, so an entry that may be absent has none either.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("default");
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice != &json!({ "type": "null" }));
                if choices.len() == 1 {
                    let only = object.remove("anyOf").expect("it is there");
                    object.insert("allOf".to_owned(), only);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn entries<'a>(object: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let entry = object
        .entry(key)
        .or_insert_with(|| Value::Object(Map::new()));
    entry.as_object_mut().expect("schemas have objects there")
}

const PLACE: &str = "#/definitions/";

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn scenarios() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
    }

    fn complaints(toml: &str) -> Vec<String> {
        let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
        let table: toml::Table = toml.parse().expect("TOML");
        let value = serde_json::to_value(table).expect("JSON can say it");
        validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    /// An editor finds beside the scenarios what the program reads.
    #[test]
    fn the_schema_beside_the_scenarios_is_that_of_the_code() {
        let path = scenarios().join("schema.json");
        if std::env::var_os("PAUSEWAKE_WRITE_SCHEMAS").is_some() {
            std::fs::write(&path, text()).expect("scenarios/ can be written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text(),
            "scenarios/schema.json is not what the code says; write it anew with \
             PAUSEWAKE_WRITE_SCHEMAS=1 cargo test -p pausewake schema"
        );
    }

    #[test]
    fn every_shipped_scenario_is_what_the_schema_wants() {
        let mut count = 0;
        for entry in std::fs::read_dir(scenarios()).expect("scenarios/ can be read") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let text = std::fs::read_to_string(&path).expect("a scenario");
                assert_eq!(complaints(&text), [""; 0], "{}", path.display());
                assert!(
                    text.starts_with("#:schema schema.json\n"),
                    "{} does not name its schema",
                    path.display()
                );
                count += 1;
            }
        }
        assert!(count >= 10, "{count} scenarios");
    }

    #[test]
    fn what_is_no_scenario_is_not_what_the_schema_wants() {
        let good = include_str!("../../../scenarios/sync-vs-async.toml");
        for (from, to) in [
            ("clock = \"virtual\"", ""),
            ("clock = \"virtual\"", "clock = \"sundial\""),
            ("slices = 29", "slicez = 29"),
            ("slices = 29", "slices = 0"),
            ("base = \"433us\"", "base = 433"),
            ("base = \"433us\"", "base = \"433\""),
            ("per_op = \"760us\"", "per_op = \"760B\""),
            ("name = \"sync\"", "name = \"1st\""),
            ("name = \"sync\"", ""),
            ("engine.mode = \"sync\"", "engine.mod = \"sync\""),
            ("\"> 1.7x software\"", "\"more than software\""),
            ("op = \"rsa2048-sign\"", "op = \"rsa2048-sing\""),
            ("jobs = 72", "jobs = \"many\""),
            ("verified = \"all\"", "verified = \"some\""),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from} is not in it");
            assert!(!complaints(&bad).is_empty(), "{to} was accepted for {from}");
        }
    }
}
