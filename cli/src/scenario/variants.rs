//! `[[variant]]`: the same scenario several times, each time with something else.
//!
//! A variant says its name and what differs. That is put over the rest of the file as a `--set` is
//! put over a scenario: tables are merged, values replaced, and an empty text takes an entry out.
//! `--set`s come last; one of `variant.NAME.…` is for that variant alone.

use std::borrow::Cow;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Problem;
use super::overrides::Override;
use super::source::Span;

/// A scenario as it is written, with everything put over it.
pub struct Variant<'t> {
    /// Its name and where it stands; `None` when the file has no variants.
    pub name: Option<(String, Span)>,
    /// What the scenario says.
    pub table: DeTable<'t>,
}

/// The variants of the scenario `root`, with `overrides` put over them.
///
/// # Errors
/// What is wrong with names, shapes and the paths of overrides.
pub fn expand<'t>(
    mut root: DeTable<'t>,
    overrides: &[Override<'t>],
) -> Result<Vec<Variant<'t>>, Vec<Problem>> {
    let key = Spanned::new(0..0, Cow::Borrowed(KEY));
    let mut problems = Vec::new();
    let mut variants = match root.remove(&key) {
        None => vec![Variant {
            name: None,
            table: root,
        }],
        Some(entry) => merged(&root, entry, &mut problems),
    };
    strangers(&variants, overrides, &mut problems);
    for variant in &mut variants {
        let own = variant.name.as_ref().map(|(name, _)| name.as_str());
        for flag in overrides.iter().filter(|flag| concerns(flag, own)) {
            if let Err(problem) = flag.apply(&mut variant.table) {
                problems.push(problem);
            }
        }
    }
    if problems.is_empty() {
        Ok(variants)
    } else {
        Err(problems)
    }
}

fn merged<'t>(
    root: &DeTable<'t>,
    entry: Spanned<DeValue<'t>>,
    problems: &mut Vec<Problem>,
) -> Vec<Variant<'t>> {
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
    let mut variants: Vec<Variant<'t>> = Vec::new();
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
        let mut table = root.clone();
        overlay(&mut table, differs);
        variants.push(Variant {
            name: Some(name),
            table,
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
fn strangers(variants: &[Variant<'_>], overrides: &[Override<'_>], problems: &mut Vec<Problem>) {
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
