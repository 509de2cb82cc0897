//! What is written of a scenario: the file with its variant and all `--set`s put over it, entry by
//! entry, as a `--set` could say it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

/// Every entry of a scenario by its path, with its value as TOML has it: `load.jobs` is `64`,
/// `device.asym.service.base` is `"435us"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Entries(BTreeMap<String, String>);

impl Entries {
    /// What stands in the table of a scenario, which has no variants any more.
    pub fn of(table: &DeTable<'_>) -> Self {
        let mut entries = Self::default();
        entries.add("", table);
        entries
    }

    /// Says `value` at `path`, whatever stood there.
    pub fn set(&mut self, path: &str, value: String) {
        self.0.insert(path.to_owned(), value);
    }

    /// Paths and values, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let entries = self.0.iter();
        entries.map(|(path, value)| (path.as_str(), value.as_str()))
    }

    /// The value at `path`.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The same without what stands at `paths`.
    pub fn without(&self, paths: &[&str]) -> Self {
        let mut rest = self.0.clone();
        rest.retain(|path, _| !paths.contains(&path.as_str()));
        Self(rest)
    }

    fn add(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(table) => self.add(&format!("{path}."), table),
                value => self.set(&path, text(value)),
            }
        }
    }
}

/// `value` as TOML, on one line.
fn text(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()).to_string(),
        DeValue::Integer(integer) => integer.to_string(),
        DeValue::Float(float) => float.to_string(),
        DeValue::Boolean(boolean) => boolean.to_string(),
        DeValue::Datetime(datetime) => datetime.to_string(),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| text(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) => {
            let pairs = table.iter().map(|(key, value)| {
                let key = toml::Value::String(key.get_ref().to_string());
                format!("{key} = {}", text(value.get_ref()))
            });
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_toml_and_say_the_same_as_the_file() {
        let file = "about = 'say \"it\"'\nseed = 7\n[device.asym]\nslices = 2\n\
                    service = { distribution = \"constant\", base = \"1us\" }\n\
                    [engine]\nfallback = [\"on_full\"]\nverify_signatures = true\n";
        let (table, errors) = DeTable::parse_recoverable(file);
        assert!(errors.is_empty(), "{errors:?}");
        let entries = Entries::of(table.get_ref());
        assert_eq!(entries.get("device.asym.service.base"), Some("\"1us\""));
        assert_eq!(entries.get("engine.fallback"), Some("[\"on_full\"]"));
        let written: String = entries
            .iter()
            .map(|(path, value)| format!("{path} = {value}\n"))
            .collect();
        let read = |text: &str| text.parse::<toml::Table>().expect("TOML");
        assert_eq!(read(&written), read(file));
    }
}
