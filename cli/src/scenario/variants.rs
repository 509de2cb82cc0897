//! `[[variant]]`: the same scenario several times, each time with something else.
//!
//! A variant says its name and what differs. That is put over the rest of the file as a `--set` is
//! put over a scenario: tables are merged, values replaced, and an empty text takes an entry out.
//! `--set`s come last; one of `variant.NAME.…` is for that variant alone. If all of that names a
//! profile of a device, it lies under the whole.

use std::borrow::Cow;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Problem;
use super::figures;
use super::overrides::Override;
use super::profiles::Profiles;
use super::source::{Sources, Span};

/// A scenario as it is written, with everything put over it.
pub struct Variant<'t> {
    /// Its name and where it stands; `None` when the file has no variants.
    pub name: Option<(String, Span)>,
    /// What the scenario says.
    pub table: DeTable<'t>,
}

/// The variants of the scenario `root`, with their profiles under them and `overrides` over them.
/// The texts of the profiles go to `sources`.
///
/// # Errors
/// What is wrong with names, shapes and the paths of overrides.
pub fn expand<'t>(
    mut root: DeTable<'t>,
    overrides: &[Override<'t>],
    sources: &mut Sources,
) -> Result<Vec<Variant<'t>>, Vec<Problem>> {
    let key = Spanned::new(0..0, Cow::Borrowed(KEY));
    let mut problems = Vec::new();
    let differences = match root.remove(&key) {
        None => vec![Differs {
            name: None,
            table: DeTable::new(),
        }],
        Some(entry) => differences(entry, &mut problems),
    };
    strangers(&differences, overrides, &mut problems);
    let mut profiles = Profiles::default();
    let mut variants = Vec::with_capacity(differences.len());
    for differs in differences {
        let mut layers = Layers {
            root: &root,
            differs: &differs.table,
            flags: Vec::new(),
        };
        let own = differs.name.as_ref().map(|(name, _)| name.as_str());
        layers.flags = overrides.iter().filter(|it| concerns(it, own)).collect();
        match layers.with_profile(&mut profiles, sources) {
            Ok(table) => variants.push(Variant {
                name: differs.name,
                table,
            }),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if problems.is_empty() {
        Ok(variants)
    } else {
        Err(problems)
    }
}

/// A variant's name, and what it says.
struct Differs<'t> {
    name: Option<(String, Span)>,
    table: DeTable<'t>,
}

/// What a variant is made of, each over the one before.
struct Layers<'a, 't> {
    root: &'a DeTable<'t>,
    differs: &'a DeTable<'t>,
    flags: Vec<&'a Override<'t>>,
}

impl<'t> Layers<'_, 't> {
    /// All of them over the profile that they name, if they name one.
    fn with_profile(
        &self,
        profiles: &mut Profiles,
        sources: &mut Sources,
    ) -> Result<DeTable<'t>, Vec<Problem>> {
        let table = self.over(self.root.clone())?;
        let under = profiles.under(&table, sources);
        match under.map_err(|problem| vec![problem])? {
            None => Ok(table),
            // From the beginning: what is taken out is taken out of the profile, too.
            Some(mut under) => {
                overlay(&mut under, self.root.clone());
                self.over(under)
            }
        }
    }

    fn over(&self, mut table: DeTable<'t>) -> Result<DeTable<'t>, Vec<Problem>> {
        figures::rename(&mut table)?;
        let mut differs = self.differs.clone();
        figures::rename(&mut differs)?;
        overlay(&mut table, differs);
        let applied = self.flags.iter().map(|flag| flag.apply(&mut table));
        let problems: Vec<Problem> = applied.filter_map(Result::err).collect();
        match problems.is_empty() {
            true => figures::rename(&mut table).map(|()| table),
            false => Err(problems),
        }
    }
}

fn differences<'t>(entry: Spanned<DeValue<'t>>, problems: &mut Vec<Problem>) -> Vec<Differs<'t>> {
    let span = entry.span();
    let DeValue::Array(items) = entry.into_inner() else {
        let wrong = "`variant` must be a list of tables";
        problems.push(Problem::at(span, wrong, ACCEPTED));
        return Vec::new();
    };
    if items.is_empty() || items.len() > MOST {
        let wrong = format!("{} variants", items.len());
        problems.push(Problem::at(span, wrong, format!("1 to {MOST} of them")));
    }
    let mut variants: Vec<Differs<'t>> = Vec::new();
    for item in items {
        let span = item.span();
        let DeValue::Table(mut differs) = item.into_inner() else {
            let wrong = "a variant must be a table";
            problems.push(Problem::at(span, wrong, ACCEPTED));
            continue;
        };
        let name = match name_of(&mut differs, span) {
            Ok(name) => name,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let twin = variants
            .iter()
            .filter_map(|variant| variant.name.as_ref())
            .find(|(other, _)| *other == name.0);
        if let Some((_, first)) = twin {
            let wrong = format!("a second variant of the name `{}`", name.0);
            let problem = Problem::at(name.1.clone(), wrong, "a name of its own");
            problems.push(problem.related(first.clone(), "the first one"));
        }
        variants.push(Differs {
            name: Some(name),
            table: differs,
        });
    }
    variants
}

/// Takes the name out of what a variant says.
fn name_of(differs: &mut DeTable<'_>, span: Span) -> Result<(String, Span), Problem> {
    let key = Spanned::new(0..0, Cow::Borrowed("name"));
    let Some(value) = differs.remove(&key) else {
        return Err(Problem::at(span, "a variant without a name", NAMES));
    };
    let span = value.span();
    match value.into_inner() {
        DeValue::String(name) if is_name(&name) => Ok((name.into_owned(), span)),
        _ => Err(Problem::at(span, "this is no name for a variant", NAMES)),
    }
}

/// Whether `text` can be the name of a variant: a word that no figure begins like.
pub fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.len() <= LONGEST_NAME
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(word)
}

/// Puts what `differs` over `table`.
fn overlay<'t>(table: &mut DeTable<'t>, differs: DeTable<'t>) {
    for (key, value) in differs {
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) if text.is_empty() => {
                table.remove(&key);
            }
            DeValue::Table(inner) => {
                let mut under = match table.remove(&key).map(Spanned::into_inner) {
                    Some(DeValue::Table(under)) => under,
                    _ => DeTable::new(),
                };
                overlay(&mut under, inner);
                table.insert(key, Spanned::new(span, DeValue::Table(under)));
            }
            value => {
                // Taken out first: an insert alone would keep the old key, and its place with it.
                table.remove(&key);
                table.insert(key, Spanned::new(span, value));
            }
        }
    }
}

/// Overrides for variants that there are not.
fn strangers(variants: &[Differs<'_>], overrides: &[Override<'_>], problems: &mut Vec<Problem>) {
    let names: Vec<&str> = variants
        .iter()
        .filter_map(|variant| Some(variant.name.as_ref()?.0.as_str()))
        .collect();
    for (name, span) in overrides.iter().filter_map(Override::variant) {
        if !names.contains(name) {
            let wrong = format!("the scenario has no variant `{name}`");
            let accepted = match names.is_empty() {
                true => "a path without variant, as --set load.jobs=8".to_owned(),
                false => format!("variant.NAME.path=value with one of {}", names.join(", ")),
            };
            problems.push(Problem::at(span.clone(), wrong, accepted));
        }
    }
}

/// Whether `flag` is for the variant of this name.
fn concerns(flag: &Override<'_>, own: Option<&str>) -> bool {
    flag.variant().is_none_or(|(name, _)| own == Some(*name))
}

const KEY: &str = "variant";
/// More than fit beside each other, and few enough to run one after the other.
pub const MOST: usize = 16;
const LONGEST_NAME: usize = 16;
/// [`is_name`] as a regular expression.
pub const NAME_PATTERN: &str = "^[A-Za-z][A-Za-z0-9_-]{0,15}$";
const ACCEPTED: &str = "tables [[variant]], each with a name and what differs";
const NAMES: &str =
    "name = \"fd\", for example: up to 16 letters, digits, - and _, beginning with a letter";
