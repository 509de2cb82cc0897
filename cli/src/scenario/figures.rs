//! The names of figures: `[expect]`, `[abort]`, `--slo` and `--fail-if` take the same.

use std::borrow::Cow;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Problem;
use super::source::Span;

/// The name under which the figure that is called `name` is kept: `p99.9`, as reports head its column, is
/// `p999`, of stages too (`notify.p99.9`).
pub fn canonical(name: &str) -> Cow<'_, str> {
    let name = name.trim();
    match name.strip_suffix(AS_SHOWN) {
        Some(of) if of.is_empty() || of.ends_with('.') => format!("{of}{KEPT}").into(),
        _ => name.into(),
    }
}

/// Every figure that a report can tell by name, whether or not its load has it.
pub fn all() -> impl Iterator<Item = Cow<'static, str>> {
    let of = |groups: &[&str], parts: &[&str]| {
        let names = groups.iter().flat_map(|group| {
            let of_group = parts
                .iter()
                .map(move |part| format!("{group}.{part}").into());
            of_group.collect::<Vec<Cow<'static, str>>>()
        });
        names.collect::<Vec<_>>()
    };
    let plain = STATISTICS
        .iter()
        .chain(&OTHERS)
        .chain(&SPANS)
        .chain(&COUNTS);
    let plain = plain.map(|name| Cow::Borrowed(*name));
    plain
        .chain(of(&SPANS, &STATISTICS))
        .chain(of(&["uncorrected", "lateness"], &STATISTICS))
        .chain(of(&["utilisation"], &["asym", "sym"]))
        .chain(of(&["compute_late", "device_late"], &["mean", "max"]))
}

/// What to ask about `name`, which is none of `known`, if it is near to some of them.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = near(name, known);
    let quoted: Vec<_> = near.iter().map(|name| format!("`{name}`")).collect();
    (!near.is_empty()).then(|| format!("did you mean {}?", quoted.join(" or ")))
}

/// Whether reports have a figure of this name, be it measured or not.
pub fn is_known(name: &str) -> bool {
    let name = canonical(name);
    all().any(|known| known == name)
}

/// The same of a figure that nobody knows; nothing of one that may just not have been measured.
pub fn did_you_mean_figure(name: &str) -> Option<String> {
    if is_known(name) {
        return None;
    }
    let names: Vec<_> = all().collect();
    did_you_mean(&canonical(name), names.iter().map(|it| &**it))
}

/// Those of `known` that `name` may have been meant to be, the nearest first; few, or none.
fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, known);
    let mut near: Vec<_> = known
        .into_iter()
        .filter(|it| likeness(it) > ALIKE)
        .collect();
    near.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    near.truncate(MOST_NEAR);
    near
}

/// Calls figures in the tables of `scenario`, or of a variant, by the names under which they are kept.
/// `p99.9` without quotes is a table `p99` with a `9` to TOML; no other figure is a number.
///
/// # Errors
/// One is said twice, under both of its names.
pub fn rename(scenario: &mut DeTable<'_>) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    for (name, section) in scenario.iter_mut() {
        if !SECTIONS.contains(&&**name.get_ref()) {
            continue;
        }
        let DeValue::Table(section) = section.get_mut() else {
            continue;
        };
        rename_in(section, &mut problems);
        for (_, figures) in section.iter_mut() {
            if let DeValue::Table(figures) = figures.get_mut() {
                rename_in(figures, &mut problems);
            }
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems),
    }
}

fn rename_in(figures: &mut DeTable<'_>, problems: &mut Vec<Problem>) {
    let Some((place, value)) = take(figures) else {
        return;
    };
    let kept = Spanned::new(place.clone(), Cow::Borrowed(KEPT));
    if figures.contains_key(KEPT) {
        let wrong = format!("`{AS_SHOWN}` is said twice, as `{KEPT}` too");
        problems.push(Problem::at(place, wrong, "one of the two"));
        return;
    }
    figures.insert(kept, value);
}

/// Takes out what is said of `p99.9`.
fn take<'t>(figures: &mut DeTable<'t>) -> Option<(Span, Spanned<DeValue<'t>>)> {
    let quoted = Spanned::new(0..0, Cow::Borrowed(AS_SHOWN));
    if let Some((key, value)) = figures.remove_entry(&quoted) {
        return Some((key.span(), value));
    }
    let (whole, part) = ("p99", "9");
    let DeValue::Table(inner) = figures.get(whole)?.get_ref() else {
        return None;
    };
    if inner.len() != 1 || !inner.contains_key(part) {
        return None;
    }
    let (key, value) = figures.remove_entry(&Spanned::new(0..0, Cow::Borrowed(whole)))?;
    let DeValue::Table(inner) = value.into_inner() else {
        return None;
    };
    let (_, value) = inner.into_iter().next()?;
    Some((key.span(), value))
}

/// As reports show it.
pub const AS_SHOWN: &str = "p99.9";
/// As it is kept.
pub const KEPT: &str = "p999";
/// Tables in which figures are named.
const SECTIONS: [&str; 2] = ["expect", "abort"];
/// Of latency, and of each group of times.
const STATISTICS: [&str; 7] = ["p50", "p90", "p95", "p99", "p999", "max", "mean"];
/// Of which the name alone is the mean.
const SPANS: [&str; 6] = [
    "prepare",
    "ring",
    "service",
    "notify",
    "resume",
    "full_wait",
];
const OTHERS: [&str; 5] = [
    "throughput",
    "mean_wait",
    "in_flight",
    "verified",
    "compute_bound",
];
const COUNTS: [&str; 30] = [
    "ops",
    "device_ops",
    "late",
    "late_by_generator",
    "late_for_a_job",
    "dropped",
    "errors",
    "misuse",
    "device_errors",
    "retries",
    "not_authentic",
    "timed_out",
    "jobs",
    "cancelled",
    "max_jobs",
    "wakes",
    "wakes_by_callback",
    "wakes_by_fd",
    "waits_in_place",
    "looks",
    "spurious",
    "full_waits",
    "doorbells",
    "device_wakes",
    "orphans",
    "abandoned",
    "signals",
    "host_wakes",
    "coalesced",
    "software",
];
/// Of 1, which is the same.
const ALIKE: f64 = 0.8;
const MOST_NEAR: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn one_percentile_has_two_names() {
        for (name, kept) in [
            ("p99.9", "p999"),
            (" notify.p99.9 ", "notify.p999"),
            ("p99", "p99"),
            ("xp99.9", "xp99.9"),
        ] {
            assert_eq!(canonical(name), kept);
        }
    }

    #[test]
    fn what_was_meant_is_near() {
        let names: Vec<_> = all().collect();
        let near = |name| near(name, names.iter().map(|it| &**it));
        assert_eq!(near("thruput")[0], "throughput");
        assert_eq!(near("error")[0], "errors");
        assert_eq!(near("notfy.p99")[0], "notify.p99");
        assert!(near("p98").contains(&"p99"));
        assert_eq!(near("zzz"), [""; 0]);
    }

    /// What the tables of a scenario take is what is known here, and the other way round; but for what
    /// only the wall clock has, of which nothing can be expected.
    #[test]
    fn expectations_know_the_same_names() {
        let schema: serde_json::Value =
            serde_json::from_str(&crate::scenario::schema::text()).expect("JSON");
        let properties = &schema["definitions"]["ExpectSection"]["properties"];
        let taken = properties.as_object().expect("entries").keys();
        let taken: BTreeSet<_> = taken.filter(|name| *name != AS_SHOWN).collect();
        let known: BTreeSet<String> = all()
            .map(|name| name.split('.').next().unwrap_or_default().to_owned())
            .filter(|name| !["compute_bound", "compute_late", "device_late"].contains(&&**name))
            .collect();
        assert_eq!(taken, known.iter().collect());
        let figures = &schema["definitions"]["StageSection"]["properties"];
        let taken: BTreeSet<_> = figures.as_object().expect("entries").keys().collect();
        let known = STATISTICS.map(str::to_owned);
        let known = [&known[..], &[AS_SHOWN.to_owned()]].concat();
        assert_eq!(taken, known.iter().collect());
    }
}
