//! A profile, read: its numbers in the order of the file, each with where it comes from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

use super::{SECTIONS, Source};

/// A profile.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is, in a few words.
    pub title: String,
    /// Which figures it follows, and what is missing.
    pub about: String,
    /// Published figures that it reproduces.
    pub headlines: Vec<Headline>,
    /// Every number of it, in the order of the file.
    pub numbers: Vec<Number>,
    /// Where the service times of RSA keys longer than 2,048 bits come from, as far as they are no numbers
    /// of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longer_rsa_keys: Option<Provenance>,
    /// What it says, as the tables `device` and `host` of a scenario.
    pub scenario: BTreeMap<String, serde_json::Value>,
}

/// A published figure.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Headline {
    /// Of what.
    pub what: String,
    /// How much.
    pub value: String,
    /// Who published it.
    pub source: String,
}

/// A number, and where it comes from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Number {
    /// Which entry of a scenario it is: `device.asym.slices`.
    pub path: String,
    /// As a scenario writes it.
    pub value: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// Where a number comes from.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "Claim", untagged)]
pub enum Provenance {
    /// It is published, or follows from what is by arithmetic alone.
    Published {
        /// Who published it.
        source: String,
        /// How it follows.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Nobody published it.
    Assumed {
        /// Why this value.
        assumed: String,
    },
}

/// Where a number comes from, as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Claim {
    source: Option<String>,
    note: Option<String>,
    assumed: Option<String>,
}

impl TryFrom<Claim> for Provenance {
    type Error = &'static str;

    fn try_from(claim: Claim) -> Result<Self, &'static str> {
        match (claim.source, claim.note, claim.assumed) {
            (Some(source), note, None) => Ok(Self::Published { source, note }),
            (None, None, Some(assumed)) => Ok(Self::Assumed { assumed }),
            _ => Err("provenance is a source, with a note or without, or else assumed"),
        }
    }
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    about: String,
    headline: Option<Vec<Headline>>,
    provenance: BTreeMap<String, Provenance>,
    device: serde_json::Value,
    host: Option<serde_json::Value>,
}

impl Profile {
    /// Reads `source`.
    ///
    /// # Panics
    /// When it is none; a test reads all that are shipped.
    pub fn read(source: &Source) -> Self {
        Self::try_read(source).unwrap_or_else(|wrong| panic!("{}: {wrong}", source.name))
    }

    fn try_read(source: &Source) -> Result<Self, String> {
        let mut file: File = toml::from_str(source.text).map_err(|error| error.to_string())?;
        let numbers = written_numbers(source.text)?
            .into_iter()
            .map(|(path, value)| {
                let provenance = file.provenance.remove(&path);
                let provenance = provenance.ok_or(format!("{path} has no provenance"))?;
                Ok(Number {
                    path,
                    value,
                    provenance,
                })
            })
            .collect::<Result<Vec<Number>, String>>()?;
        if let Some(path) = file.provenance.keys().next() {
            return Err(format!("provenance of {path}, which is no number of it"));
        }
        let sections = [("device", Some(file.device)), ("host", file.host)];
        let said = sections
            .into_iter()
            .filter_map(|(name, said)| Some((name.to_owned(), said?)));
        Ok(Self {
            name: source.name.to_owned(),
            title: file.title,
            about: file.about,
            headlines: file.headline.unwrap_or_default(),
            longer_rsa_keys: longer_rsa_keys(&numbers),
            numbers,
            scenario: said.collect(),
        })
    }

    /// How many of its numbers are published, and how many assumed.
    pub fn counts(&self) -> (usize, usize) {
        let is_published =
            |number: &&Number| matches!(number.provenance, Provenance::Published { .. });
        let published = self.numbers.iter().filter(is_published).count();
        (published, self.numbers.len() - published)
    }
}

/// Assumed, unless each of them is a number of the profile.
fn longer_rsa_keys(numbers: &[Number]) -> Option<Provenance> {
    let says = |table: &str| numbers.iter().any(|number| number.path.starts_with(table));
    let says_op = |op| says(&format!("device.asym.service_by_op.{op}."));
    let says_all = LONGER_RSA.into_iter().all(says_op);
    (says("device.asym.") && !says_all).then(|| Provenance::Assumed {
        assumed: CUBES_AND_SQUARES.to_owned(),
    })
}

const LONGER_RSA: [&str; 4] = [
    "rsa3072-sign",
    "rsa3072-verify",
    "rsa4096-sign",
    "rsa4096-verify",
];
/// See `pausewake_device::model::rsa_work`.
const CUBES_AND_SQUARES: &str = "nobody published them; a signature takes that of 2,048 bits times the cube \
    of the ratio of the lengths, a verification times its square, as in software; rates stay";

/// Path and text of each number in the sections, in the order of the file: what is a number in TOML,
/// and texts with a digit in front, which are numbers with a unit.
fn written_numbers(text: &str) -> Result<Vec<(String, String)>, String> {
    let root = DeTable::parse(text).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for section in SECTIONS {
        if let Some(value) = root.get_ref().get(section) {
            collect(value.get_ref(), value.span().start, section, &mut found);
        }
    }
    found.sort();
    Ok(found
        .into_iter()
        .map(|(_, path, value)| (path, value))
        .collect())
}

fn collect(value: &DeValue<'_>, at: usize, path: &str, found: &mut Vec<(usize, String, String)>) {
    match value {
        DeValue::Table(table) => {
            for (key, value) in table {
                let path = format!("{path}.{}", key.get_ref());
                collect(value.get_ref(), value.span().start, &path, found);
            }
        }
        DeValue::Integer(number) => found.push((at, path.to_owned(), number.to_string())),
        DeValue::Float(number) => found.push((at, path.to_owned(), number.to_string())),
        DeValue::String(text) if text.starts_with(|c: char| c.is_ascii_digit()) => {
            found.push((at, path.to_owned(), text.to_string()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ALL;

    /// Each number of each profile has its provenance, and nothing else is claimed.
    #[test]
    fn every_number_of_every_profile_has_its_provenance() {
        for source in &ALL {
            let profile = Profile::read(source);
            assert!(!profile.numbers.is_empty(), "{}", profile.name);
            for number in &profile.numbers {
                let said = match &number.provenance {
                    Provenance::Published { source, .. } => source,
                    Provenance::Assumed { assumed } => assumed,
                };
                assert!(!said.trim().is_empty(), "{}: {}", profile.name, number.path);
            }
            // What looks like no number is a word that the format knows, and no claim.
            let digits = |text: &str| text.contains(|c: char| c.is_ascii_digit());
            let mut words = Vec::new();
            for said in profile.scenario.values() {
                texts(said, &mut words);
            }
            let values: Vec<&str> = profile.numbers.iter().map(|it| it.value.as_str()).collect();
            for word in words {
                assert!(values.contains(&word.as_str()) || !digits(&word), "{word}");
            }
        }
    }

    fn texts(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(entries) => {
                entries.values().for_each(|value| texts(value, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
            serde_json::Value::String(text) => found.push(text.clone()),
            number => found.push(number.to_string()),
        }
    }

    #[test]
    fn a_number_without_provenance_and_provenance_without_a_number_are_found() {
        let good = "title = \"t\"\nabout = \"a\"\n[device.asym]\nslices = 2\n[provenance]\n";
        for (provenance, wrong) in [
            ("\"device.asym.slices\" = { source = \"s\" }", None),
            ("", Some("device.asym.slices has no provenance")),
            (
                "\"device.asym.slices\" = { source = \"s\" }\n\"device.sym.slices\" = { assumed = \"w\" }",
                Some("provenance of device.sym.slices, which is no number of it"),
            ),
            (
                "\"device.asym.slices\" = { source = \"s\", assumed = \"w\" }",
                Some("provenance"),
            ),
            (
                "\"device.asym.slices\" = { guessed = \"w\" }",
                Some("guessed"),
            ),
        ] {
            let text = format!("{good}{provenance}").leak();
            let read = Profile::try_read(&Source { name: "t", text });
            match (read, wrong) {
                (Ok(profile), None) => assert_eq!(profile.counts(), (1, 0)),
                (Err(said), Some(wrong)) => assert!(said.contains(wrong), "{said}"),
                (read, _) => panic!("{provenance}: {read:?}"),
            }
        }
    }

    #[test]
    fn longer_rsa_keys_are_assumed_until_the_last_of_them_is_said() {
        let assumed = |numbers: &[Number]| longer_rsa_keys(numbers).is_some();
        let number = |path: String| Number {
            path,
            value: "1ms".to_owned(),
            provenance: Provenance::Published {
                source: "s".to_owned(),
                note: None,
            },
        };
        let sym = number("device.sym.slices".to_owned());
        assert!(!assumed(&[sym]));
        let mut numbers = vec![number("device.asym.slices".to_owned())];
        for op in LONGER_RSA {
            assert!(assumed(&numbers), "{op}");
            numbers.push(number(format!("device.asym.service_by_op.{op}.base")));
        }
        assert!(!assumed(&numbers));
    }

    #[test]
    fn numbers_come_in_the_order_of_the_file() {
        let profile = Profile::read(&ALL[0]);
        let paths: Vec<&str> = profile.numbers.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(
            paths[..3],
            [
                "device.ring_depth",
                "device.in_flight_limit",
                "device.asym.slices"
            ]
        );
    }
}
