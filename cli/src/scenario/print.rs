//! A scenario as a file.

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

/// `table` as TOML.
pub fn table(table: &DeTable<'_>) -> String {
    toml::to_string(&plain_table(table)).expect("what was TOML is TOML")
}

fn plain_table(table: &DeTable<'_>) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        (key.to_string(), plain(value))
    };
    table.iter().map(entry).collect()
}

/// What cannot be said by a number of this program's is said as it was written, and refused for it.
fn plain(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            parsed.map_or_else(|_| Value::String(number.to_string()), Value::Integer)
        }
        DeValue::Float(number) => {
            let parsed = number.as_str().parse();
            parsed.map_or_else(|_| Value::String(number.to_string()), Value::Float)
        }
        DeValue::Boolean(is) => Value::Boolean(*is),
        DeValue::Datetime(at) => Value::Datetime(*at),
        DeValue::Array(items) => Value::Array(items.iter().map(plain).collect()),
        DeValue::Table(inner) => Value::Table(plain_table(inner)),
    }
}
