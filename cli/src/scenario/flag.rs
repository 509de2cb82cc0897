//! Flags that stand for entries of a scenario.

use super::source::Span;

/// A flag of the command line that says an entry of a scenario.
#[derive(Debug)]
pub struct Flag {
    entry: String,
    value: String,
    shown: String,
    name_len: usize,
}

impl Flag {
    /// The flag `name`, given with the value `typed`, says that the entry at the path `entry` is
    /// `value`, which is TOML.
    pub fn new(name: &str, entry: &str, typed: &str, value: String) -> Self {
        Self {
            entry: entry.to_owned(),
            value,
            shown: format!("{name} {typed}"),
            name_len: name.len(),
        }
    }

    /// The path of its entry.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// Its name, with its dashes.
    pub fn name(&self) -> &str {
        &self.shown[..self.name_len]
    }

    /// Its value, as the user gave it.
    pub fn typed(&self) -> &str {
        &self.shown[self.name_len + 1..]
    }

    /// As errors show it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Its value, as TOML.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where name and value stand, if the flag stands at `offset`.
    pub fn spans(&self, offset: usize) -> (Span, Span) {
        let value = offset + self.name_len + 1;
        let end = offset + self.shown.len();
        (offset..offset + self.name_len, value..end)
    }
}
