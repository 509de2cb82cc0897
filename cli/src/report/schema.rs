//! The schemas of JSON formats, kept beside the sources of their readers.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::{Document, sweep};

/// A reader finds in `schemas/` what the program writes.
#[test]
fn the_schemas_in_the_repository_are_those_of_the_code() {
    check::<Document<'_>>("report.schema.json");
    check::<sweep::Document<'_>>("sweep.schema.json");
}

/// Fails unless `schemas/` has the schema of `T` as `file`; writes it there if that is asked for.
pub fn check<T: JsonSchema>(file: &str) {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    let path = format!("{}/../schemas/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("PAUSEWAKE_WRITE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).expect("schemas/ can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{path} is not what the code says; write it anew with \
         PAUSEWAKE_WRITE_SCHEMAS=1 cargo test -p pausewake schema"
    );
}
