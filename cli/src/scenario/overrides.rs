//! `--set path=value`: an entry of the scenario, given on the command line.

use std::borrow::Cow;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Problem;
use super::flag::Flag;
use super::source::{OriginKind, Sources, Span};

/// One override: an entry of the scenario, or of one of its variants.
#[derive(Debug)]
pub struct Override<'t> {
    keys: Vec<Key<'t>>,
    /// `None` takes the entry out.
    value: Option<Spanned<DeValue<'t>>>,
}

/// What `flags` and then `overrides` say, in order, and shown in `sources`.
///
/// # Errors
/// What is wrong with them; what is said twice is, unless by two overrides, of which the later counts.
pub fn of<'t>(
    flags: &'t [Flag],
    overrides: &'t [String],
    sources: &mut Sources,
) -> Result<Vec<Override<'t>>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut all: Vec<Override<'t>> = Vec::new();
    let mut said_by: Vec<&Flag> = Vec::new();
    let twice = |twin: &Flag, place| {
        let wrong = format!("this is said twice, `{}` too", twin.shown());
        Problem::at(place, wrong, "one of the two")
    };
    for flag in flags {
        let offset = sources.push(OriginKind::Flag, flag.shown().to_owned());
        match Override::of_flag(flag, offset) {
            Ok(said) => {
                let twin = all.iter().position(|other| said.is_beside(other));
                problems.extend(twin.map(|twin| twice(said_by[twin], flag.spans(offset).1)));
                all.push(said);
                said_by.push(flag);
            }
            Err(problem) => problems.push(problem),
        }
    }
    for flag in overrides {
        let shown = format!("{SET}{flag}");
        let offset = sources.push(OriginKind::Flag, shown) + SET.len();
        match Override::parse(flag, offset) {
            Ok(said) => {
                let mut flags = all.iter().zip(&said_by);
                let twin = flags.find(|(other, _)| said.replaces(other));
                let place = offset..offset + flag.len();
                problems.extend(twin.map(|(_, twin)| twice(twin, place)));
                all.push(said);
            }
            Err(problem) => problems.push(problem),
        }
    }
    match problems.is_empty() {
        true => Ok(all),
        false => Err(problems),
    }
}

impl<'t> Override<'t> {
    /// Reads one override.
    ///
    /// `text` is what the user gave (`device.asym.slices=8`), `offset` where it stands in the
    /// sources. The value is read as TOML, and as a bare string if it is none; an empty value takes
    /// the entry out of the scenario.
    ///
    /// # Errors
    /// When `text` has no `=`, or its path is not made of keys.
    pub fn parse(text: &'t str, offset: usize) -> Result<Self, Problem> {
        let whole = offset..offset + text.len();
        let Some((path, value)) = text.split_once('=') else {
            return Err(Problem::at(whole, "a `--set` without a `=`", ACCEPTED));
        };
        let keys = keys(path, offset).ok_or_else(|| {
            let span = offset..offset + path.len();
            Problem::at(span, format!("`{path}` is not a path of keys"), ACCEPTED)
        })?;
        let value_offset = offset + path.len() + 1;
        let value = (!value.trim().is_empty()).then(|| read_value(value, value_offset));
        Ok(Self { keys, value })
    }

    /// What `flag`, which stands at `offset`, says.
    ///
    /// # Errors
    /// When its entry is not a path of keys.
    pub fn of_flag(flag: &'t Flag, offset: usize) -> Result<Self, Problem> {
        let (name, place) = flag.spans(offset);
        let found = keys(flag.entry(), 0).filter(|keys| !keys.is_empty());
        let keys = found.ok_or_else(|| {
            let wrong = format!("`{}` names no figure", flag.typed());
            Problem::at(place.clone(), wrong, SLOS)
        })?;
        let keys = keys.into_iter().map(|(key, _)| (key, name.clone()));
        let value = read_value(flag.value(), 0).into_inner();
        Ok(Self {
            keys: keys.collect(),
            value: Some(Spanned::new(place, value)),
        })
    }

    /// If it is for one variant alone: that one's name, and where it stands.
    pub fn variant(&self) -> Option<&Key<'t>> {
        match self.keys.as_slice() {
            [(VARIANT, _), name, ..] => Some(name),
            [(VARIANT, _)] => self.keys.first(),
            _ => None,
        }
    }

    /// Whether it says the same entry as `other`.
    fn is_beside(&self, other: &Self) -> bool {
        self.names().eq(other.names())
    }

    /// Whether nothing is left of what `other` says: it says the same entry, or a table that has it.
    fn replaces(&self, other: &Self) -> bool {
        let mut theirs = other.names();
        self.names().all(|ours| theirs.next() == Some(ours))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(name, _)| *name)
    }

    /// Puts it into `root`: the whole scenario, or the variant that it is for.
    ///
    /// # Errors
    /// When its path leads through something that is no table.
    pub fn apply(&self, root: &mut DeTable<'t>) -> Result<(), Problem> {
        let keys = match self.variant() {
            Some(_) => self.keys.get(2..).unwrap_or_default(),
            None => &self.keys,
        };
        set(root, keys, self.value.clone())
    }
}

/// One key of a path, and where it stands.
pub type Key<'a> = (&'a str, Span);

fn keys(path: &str, offset: usize) -> Option<Vec<Key<'_>>> {
    // In quotes or without, the one name that has a dot in it.
    let shown = ["p99.9", "\"p99.9\"", "'p99.9'"];
    let is_shown = |name: &&&str| {
        path.strip_suffix(**name)
            .is_some_and(|it| it.ends_with('.'))
    };
    let (path, last) = match shown.iter().find(is_shown) {
        Some(name) => (&path[..path.len() - name.len() - 1], Some(name.len())),
        None => (path, None),
    };
    if path.split('.').count() > DEEPEST {
        return None;
    }
    let mut start = offset;
    let keys: Option<Vec<_>> = path
        .split('.')
        .map(|key| {
            let span = start..start + key.len();
            start = span.end + 1;
            let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            (!key.is_empty() && key.chars().all(bare)).then_some((key, span))
        })
        .collect();
    let mut keys = keys?;
    keys.extend(last.map(|len| ("p999", start..start + len)));
    Some(keys)
}

fn read_value<'t>(text: &'t str, offset: usize) -> Spanned<DeValue<'t>> {
    match DeValue::parse(text) {
        Ok(value) => shift(value, offset),
        Err(_) => Spanned::new(
            offset..offset + text.len(),
            DeValue::String(Cow::Borrowed(text.trim())),
        ),
    }
}

/// The same value with every span `offset` further on.
pub fn shift<'t>(value: Spanned<DeValue<'t>>, offset: usize) -> Spanned<DeValue<'t>> {
    let moved = |span: Span| span.start + offset..span.end + offset;
    let span = moved(value.span());
    let value = match value.into_inner() {
        DeValue::Array(items) => {
            DeValue::Array(items.into_iter().map(|item| shift(item, offset)).collect())
        }
        DeValue::Table(entries) => DeValue::Table(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key_span = moved(key.span());
                    (
                        Spanned::new(key_span, key.into_inner()),
                        shift(value, offset),
                    )
                })
                .collect(),
        ),
        simple => simple,
    };
    Spanned::new(span, value)
}

fn set<'t>(
    table: &mut DeTable<'t>,
    keys: &[Key<'t>],
    value: Option<Spanned<DeValue<'t>>>,
) -> Result<(), Problem> {
    let Some(((name, span), deeper)) = keys.split_first() else {
        return Ok(());
    };
    let key = Spanned::new(span.clone(), Cow::Borrowed(*name));
    if deeper.is_empty() {
        // Taken out first: an insert alone would keep the old key, and its place with it.
        table.remove(&key);
        if let Some(value) = value {
            table.insert(key, value);
        }
        return Ok(());
    }
    let entry = table
        .entry(key)
        .or_insert_with(|| Spanned::new(span.clone(), DeValue::Table(DeTable::new())));
    match entry.get_mut() {
        DeValue::Table(inner) => set(inner, deeper, value),
        other => Err(Problem::at(
            span.clone(),
            format!("`{name}` is no table but a value ({})", other.type_str()),
            "a path to an entry, table by table",
        )),
    }
}

const SET: &str = "--set ";
/// Before the name of a variant.
const VARIANT: &str = "variant";
/// No entry lies deeper, and no stack must be as deep as a flag is long.
const DEEPEST: usize = 8;
const SLOS: &str = "a figure, a comparison and a value, as --slo 'p99<2ms'";
const ACCEPTED: &str = "path=value with the scenario's own names, as --set device.asym.slices=8";
