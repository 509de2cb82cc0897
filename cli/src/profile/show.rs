//! Profiles, shown: the list of all, and one with its numbers.

use schemars::JsonSchema;
use serde::Serialize;
use textwrap::Options;

use super::read::{Number, Profile, Provenance};
use super::{ALL, Source};
use crate::formats::json;
use crate::report::table::{Table, WIDTH};

/// The profiles, a line for each.
pub fn list() -> Shown {
    Shown(ALL.iter().map(Profile::read).collect(), What::List)
}

/// One profile, number by number.
pub fn one(source: &Source) -> Shown {
    Shown(vec![Profile::read(source)], What::One)
}

/// Profiles that are ready to be shown.
#[derive(Debug)]
pub struct Shown(Vec<Profile>, What);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    List,
    One,
}

/// What programs read.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pausewake profiles")]
struct Document<'a> {
    /// Name and version of the format.
    #[schemars(extend("const" = FORMAT))]
    format: &'static str,
    /// The profiles: all, or the one that was asked for.
    profiles: &'a [Profile],
}

impl Shown {
    /// For programs: one object with `format` and `profiles`.
    pub fn to_json(&self) -> String {
        let document = Document {
            format: FORMAT,
            profiles: &self.0,
        };
        json(&document)
    }

    /// For humans, 80 columns wide.
    pub fn to_text(&self) -> String {
        match self.1 {
            What::List => list_text(&self.0),
            What::One => self.0.iter().map(profile_text).collect(),
        }
    }
}

fn list_text(profiles: &[Profile]) -> String {
    let mut table = Table::of_words();
    let heads = ["profile", "what it is", "numbers"];
    table.row(heads.map(str::to_owned));
    for profile in profiles {
        let (published, assumed) = profile.counts();
        table.row([
            profile.name.clone(),
            profile.title.clone(),
            format!("{published} published, {assumed} assumed"),
        ]);
    }
    format!("{table}\n{HINT}")
}

fn profile_text(profile: &Profile) -> String {
    let mut text = format!("{}: {}\n", profile.name, profile.title);
    for paragraph in profile.about.trim().split("\n\n") {
        text.push('\n');
        text.push_str(&match paragraph.starts_with(' ') {
            // An example, as it is written.
            true => format!("{}\n", paragraph.trim_end()),
            false => filled(paragraph.trim(), ""),
        });
    }
    if !profile.headlines.is_empty() {
        text.push_str("\nReproduces\n");
    }
    for headline in &profile.headlines {
        let said = format!(
            "{}: {} ({})",
            headline.what, headline.value, headline.source
        );
        text.push_str(&filled(&said, "    "));
    }
    text.push_str("\nNumbers\n");
    for number in &profile.numbers {
        text.push_str(&format!("    {} = {}\n", number.path, written(number)));
        text.push_str(&filled(&from(&number.provenance), "        "));
    }
    if let Some(provenance) = &profile.longer_rsa_keys {
        text.push_str("    RSA keys of 3,072 and 4,096 bits\n");
        text.push_str(&filled(&from(provenance), "        "));
    }
    format!("{text}\n{}", filled(REST, ""))
}

/// The value as TOML has it.
fn written(number: &Number) -> String {
    let is_bare = number.value.parse::<f64>().is_ok();
    match is_bare {
        true => number.value.clone(),
        false => format!("\"{}\"", number.value),
    }
}

fn from(provenance: &Provenance) -> String {
    match provenance {
        Provenance::Published { source, note } => match note {
            Some(note) => format!("{source}: {note}"),
            None => source.clone(),
        },
        Provenance::Assumed { assumed } => format!("assumed: {assumed}"),
    }
}

/// `text` in lines that all begin with `indent`.
fn filled(text: &str, indent: &str) -> String {
    let options = Options::new(usize::from(WIDTH))
        .initial_indent(indent)
        .subsequent_indent(indent);
    format!("{}\n", textwrap::fill(text, options))
}

/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-profiles/1";
/// So that nobody takes silence for a source.
const REST: &str = "What is not listed is as in a scenario that does not say it, and assumed: links that take \
    no time, and signals that are not held back, for two.";
const HINT: &str = "\
`pausewake profiles NAME` shows one, number by number, with the sources.
`device.profile = \"NAME\"` in a scenario begins with one; `--set` changes it.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_code() {
        crate::report::schema::check::<Document<'_>>("profiles.schema.json");
    }

    #[test]
    fn everything_fits_into_80_columns() {
        let all = ALL.iter().map(one).chain([list()]);
        for text in all.map(|shown| shown.to_text()) {
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }
}
