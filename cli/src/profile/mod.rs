//! Device profiles: published devices that a scenario can begin with, with the source of each number.
//!
//! They are data, in `cli/profiles/`; this module finds, reads and shows them. How one comes to lie
//! under a scenario is `scenario/profiles`.

mod read;
mod show;

pub use show::{list, one};

use std::fmt;

/// A profile as it is shipped.
#[derive(Debug)]
pub struct Source {
    /// Its name.
    pub name: &'static str,
    /// TOML.
    pub text: &'static str,
}

/// The tables of a profile that are tables of a scenario.
pub const SECTIONS: [&str; 2] = ["device", "host"];

/// The names of the profiles.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|profile| profile.name)
}

/// The profile of this name.
pub fn find(name: &str) -> Option<&'static Source> {
    ALL.iter().find(|profile| profile.name == name)
}

/// A name that no profile has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    name: String,
}

impl Unknown {
    /// There is no profile of this name.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    /// What would be one, the most similar name first if one is similar.
    pub fn accepted(&self) -> String {
        let all = names().collect::<Vec<_>>().join(", ");
        let similarity = |name: &&str| strsim::jaro_winkler(&self.name.to_lowercase(), name);
        let likely = names()
            .filter(|name| similarity(name) > SIMILAR)
            .max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
        match likely {
            Some(likely) => format!("one of {all}; did you mean {likely}?"),
            None => format!("one of {all}"),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name: String = self.name.chars().flat_map(char::escape_debug).collect();
        write!(f, "there is no profile `{name}`")
    }
}

/// Jaro and Winkler's measure from which on a name is taken for a slip of the pen. Names are short:
/// `tmp` for `tpm` has 0.6.
const SIMILAR: f64 = 0.55;

macro_rules! profiles {
    ($($name:literal),+ $(,)?) => {
        [$(Source {
            name: $name,
            text: include_str!(concat!("../../profiles/", $name, ".toml")),
        }),+]
    };
}

const ALL: [Source; 8] = profiles![
    "qat-c62x",
    "qat-4xxx",
    "dh895xcc",
    "kunpeng-kae",
    "network-hsm",
    "tpm",
    "software-batching",
    "ideal",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_answered_with_the_name() {
        for (slip, name) in [
            ("qat-c62", "qat-c62x"),
            ("QAT-4XXX", "qat-4xxx"),
            ("tmp", "tpm"),
            ("kunpeng", "kunpeng-kae"),
            ("software", "software-batching"),
        ] {
            let accepted = Unknown::new(slip).accepted();
            assert!(
                accepted.ends_with(&format!("did you mean {name}?")),
                "{accepted}"
            );
        }
        let accepted = Unknown::new("zzz").accepted();
        assert!(accepted.ends_with("ideal"), "{accepted}");
    }

    /// What lies in the folder is shipped, and nothing else is.
    #[test]
    fn every_file_of_the_folder_is_a_profile() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles");
        let entries = std::fs::read_dir(folder).expect("the folder can be read");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let tomls = paths.filter(|path| path.extension().is_some_and(|it| it == "toml"));
        let mut found: Vec<String> = tomls
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        let mut shipped: Vec<&str> = names().collect();
        found.sort();
        shipped.sort();
        assert_eq!(found, shipped);
    }
}
