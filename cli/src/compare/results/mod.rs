//! Results held against each other, figure by figure.

mod page;

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::FailIf;
use super::statistics::{mean, student_t, variance_of_mean};
use super::{CompareError, rounded};
use crate::formats::{Format, json};
use crate::report::numbers::{count, difference as percent};
use crate::report::table::Table;
use crate::report::{Name, ReadError, Report, Reports, Verdict, document, paragraph, printable};
use crate::scenario::figures;

/// The two that are compared.
pub struct Sides {
    /// What they are called: first the one that the other is held against.
    pub names: [String; 2],
    /// What they are.
    pub reports: [Reports; 2],
    /// Whether the second was not saved but run.
    pub was_run: bool,
    /// Whether somebody ended that run.
    pub is_aborted: bool,
}

/// Results side by side.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "pausewake compare, results")]
pub struct ResultsReport {
    /// Name and version of this format.
    #[schemars(extend("const" = FORMAT))]
    format: Name,
    /// The version of the program that wrote it.
    program: Name,
    /// The command that compares again.
    command: String,
    /// The result that the other is held against.
    baseline: String,
    /// The other.
    candidate: String,
    /// Variants that both have, or the only one of each.
    pairs: Vec<Pair>,
    /// Variants that one of them has alone.
    alone: Vec<String>,
    /// What must not be, and whether it is.
    conditions: Vec<Condition>,
    /// What is to be said against the two of them, in words: what is invalid, was ended before its time,
    /// or wrong.
    objections: Vec<String>,
    /// Whether a signal ended the run that was held against the baseline.
    aborted: bool,
    /// What intervals are, and why some are missing.
    about_intervals: Name,
    /// The worst that is to be said: of both results, and by the conditions.
    verdict: Verdict,
    /// Both results in full, as a report has them, named after their sides.
    results: Vec<Report>,
}

/// The same variant of both.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Pair {
    /// Its name; `null` if there is only one.
    variant: Option<String>,
    /// Entries of the configuration that differ, with both values.
    differing: Vec<Differing>,
    /// Figures.
    figures: Vec<Difference>,
    /// How the candidate stands to the baseline, in sentences.
    words: Vec<String>,
}

/// An entry of the configuration.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Differing {
    /// Its path.
    entry: String,
    /// In the baseline; `null` if it is not said there.
    baseline: Option<String>,
    /// In the candidate.
    candidate: Option<String>,
}

/// A figure of both.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Difference {
    /// Its name, as `[expect]` has it.
    figure: String,
    /// Of the baseline: nanoseconds, ops per second, a count or a share.
    baseline: f64,
    /// Of the candidate.
    candidate: f64,
    /// Candidate less baseline, as a part of the baseline: 0.05 is 5 %; `null` if that is zero.
    difference: Option<f64>,
    /// Half of the interval around it that holds the true one with a confidence of 95 %; `null` where
    /// none is known.
    half_width: Option<f64>,
    /// Both in words.
    shown: [String; 2],
}

/// A condition of `--fail-if`, held against a pair.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Condition {
    /// The variant.
    variant: Option<String>,
    /// As it was typed.
    fail_if: String,
    /// The relative difference of its figure; `null` where it was not measured, or is infinite.
    difference: Option<f64>,
    /// Whether it is infinite: there was nothing before, and something after.
    from_nothing: bool,
    /// Whether the comparison fails by it: if it is met, or was not measured. `null` where one of the
    /// results means nothing, or is of a part of its run: then it can be held against neither.
    fails: Option<bool>,
}

impl ResultsReport {
    /// Compares both `sides`, and holds `conditions` against what differs.
    ///
    /// # Errors
    /// They have no variant in common, or a condition names a figure that neither has.
    pub fn new(command: String, sides: Sides, conditions: &[FailIf]) -> Result<Self, CompareError> {
        let [before, after] = [&sides.reports[0], &sides.reports[1]].map(Reports::variants);
        let (pairs, alone) = pair(before, after, &sides.names);
        if pairs.is_empty() {
            return Err(CompareError::Flags {
                wrong: format!("they have no variant in common: {}", alone.join(", ")),
                accepted: "results of the same scenario, or of one run each",
            });
        }
        for condition in conditions {
            let figure = |report: &&Report| report.figure(&condition.figure).is_some();
            if !pairs.iter().any(|(a, b)| figure(a) || figure(b)) {
                let question = figures::did_you_mean_figure(&condition.figure);
                let question = question.map_or_else(String::new, |it| format!("; {it}"));
                return Err(CompareError::Flags {
                    wrong: format!(
                        "--fail-if {}: neither result has a figure `{}`{question}",
                        condition.text, condition.figure
                    ),
                    accepted: "figures as --slo and [expect] name them, which the load has: \
                               throughput, mean, p50, p99, notify.p99, errors, …",
                });
            }
        }
        let judged = pairs.iter().flat_map(|(before, after)| {
            conditions
                .iter()
                .map(|it| Condition::new(it, before, after))
        });
        let mut judged: Vec<_> = judged.collect();
        let compared = pairs
            .iter()
            .map(|(a, b)| Pair::new(a, b, conditions))
            .collect();
        let verdict = verdict(&sides, &judged);
        if is_void(verdict) {
            for condition in &mut judged {
                condition.fails = None;
            }
        }
        let objections = sides.objections();
        let [baseline, candidate] = sides.names;
        let labels = labels(&baseline, &candidate);
        Ok(Self {
            format: FORMAT.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            baseline,
            candidate,
            pairs: compared,
            alone,
            conditions: judged,
            objections,
            aborted: sides.is_aborted,
            about_intervals: ABOUT_INTERVALS.into(),
            verdict,
            results: Reports::beside(labels.into_iter().zip(sides.reports), String::new())
                .into_variants(),
            command,
        })
    }

    /// The comparison that was saved at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        document(path, FORMAT, |it: &mut Self| {
            it.results.iter_mut().try_for_each(Report::settle)
        })
    }

    /// How the program ends.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// In one of [`FORMATS`](super::FORMATS).
    pub fn to(&self, format: Format) -> String {
        match format {
            Format::Json => json(self),
            Format::Csv => self.to_csv(),
            Format::Html => self.to_html(),
            _ => self.to_text(),
        }
    }

    fn to_text(&self) -> String {
        let objections = self.objections.iter();
        let objections = objections.map(|it| paragraph(&printable(it)));
        let mut parts: Vec<_> = objections.chain([self.about().to_string()]).collect();
        for pair in &self.pairs {
            parts.push(pair.table().to_string());
            let words = pair.words().map(|it| paragraph(&printable(&it)));
            parts.push(words.collect());
        }
        if !self.conditions.is_empty() {
            let mut table = Table::of_words();
            for it in &self.conditions {
                table.row(["fail if".to_owned(), printable(&it.in_words())]);
            }
            parts.push(table.to_string());
        }
        parts.extend(self.objection().map(|it| paragraph(&it)));
        parts.push(paragraph(&self.about_intervals));
        parts.join("\n")
    }

    /// What is compared, and what differs in its configuration.
    fn about(&self) -> Table {
        let mut about = Table::of_words();
        about.row(["baseline".to_owned(), printable(&self.baseline)]);
        about.row(["candidate".to_owned(), printable(&self.candidate)]);
        for it in &self.alone {
            about.row(["alone".to_owned(), printable(it)]);
        }
        for pair in &self.pairs {
            for it in &pair.differing {
                let or = |value: &Option<String>| value.clone().unwrap_or("not said".to_owned());
                let (a, b) = (or(&it.baseline), or(&it.candidate));
                let said = of_variant(&pair.variant, &format!("{} is {a} and {b}", it.entry));
                about.row(["differs".to_owned(), printable(&said)]);
            }
        }
        about
    }

    /// Why no condition can be held against the figures, if none can.
    fn objection(&self) -> Option<String> {
        let is_void = is_void(self.verdict) && !self.conditions.is_empty();
        is_void.then(|| {
            format!(
                "{}: one of the results is, and no condition can be held against it.",
                self.verdict.name().to_uppercase()
            )
        })
    }

    /// A row for each variant and figure.
    fn to_csv(&self) -> String {
        let heads = [
            "variant",
            "figure",
            "baseline",
            "candidate",
            "difference",
            "half_width",
        ];
        let rows = self.pairs.iter().flat_map(|pair| {
            pair.figures.iter().map(|it| {
                [
                    pair.variant.clone().unwrap_or_default(),
                    it.figure.clone(),
                    rounded(Some(it.baseline)),
                    rounded(Some(it.candidate)),
                    rounded(it.difference),
                    rounded(it.half_width),
                ]
            })
        });
        crate::report::rows(&heads, rows)
    }
}

impl Sides {
    /// What is to be said against the results.
    fn objections(&self) -> Vec<String> {
        let reports = self.reports.iter().zip(&self.names);
        let reports = reports.flat_map(|(reports, name)| {
            let variants = reports.variants().iter();
            variants.map(move |report| (report, name))
        });
        let said = reports.flat_map(|(report, name)| {
            let of = match &report.scenario.variant {
                Some(variant) => format!("{name}, {variant}"),
                None => name.clone(),
            };
            let verified = &report.verified;
            let wrong = (verified.wrong > 0).then(|| {
                let [wrong, results] = [verified.wrong, verified.results].map(count);
                format!("WRONG RESULTS: {of}: {wrong} of {results} that were looked at.")
            });
            let invalid = report.invalid.as_ref();
            let invalid = invalid.map(|why| format!("INVALID: {of}: {why}"));
            let aborted = report.aborted.as_ref().map(|aborted| {
                format!(
                    "ABORTED: {of}: ended before its time, by {}; its figures are of what ran until then.",
                    aborted.reason
                )
            });
            [wrong, invalid, aborted].into_iter().flatten()
        });
        said.collect()
    }
}

/// Whether figures mean nothing, or are of a part of a run.
fn is_void(verdict: Verdict) -> bool {
    verdict > Verdict::ExpectationFailed
}

/// What the results come to whose figures are compared, and the conditions.
fn verdict(sides: &Sides, conditions: &[Condition]) -> Verdict {
    let [before, after] = [&sides.reports[0], &sides.reports[1]].map(Reports::verdict);
    // What the baseline was to hold is its own affair, but its figures must mean something.
    let before = Some(before).filter(|it| is_void(*it));
    let after = Some(after).filter(|it| sides.was_run || is_void(*it));
    let fails = conditions.iter().any(|it| it.fails == Some(true));
    let failed = fails.then_some(Verdict::ExpectationFailed);
    let aborted = sides.is_aborted.then_some(Verdict::Aborted);
    // What a condition of its own has ended failed by that, and is told of a part of its run.
    let mut reports = sides.reports.iter().flat_map(Reports::variants);
    let ended = reports.any(|it| it.aborted.is_some());
    let ended = ended.then_some(Verdict::ExpectationFailed);
    let all = [before, after, failed, aborted, ended];
    all.into_iter().flatten().max().unwrap_or(Verdict::Holds)
}

type Pairs<'a> = Vec<(&'a Report, &'a Report)>;

/// Variants of the same name, and those that have no partner; a single one of each goes with the other,
/// whatever it is called.
fn pair<'a>(
    before: &'a [Report],
    after: &'a [Report],
    names: &[String; 2],
) -> (Pairs<'a>, Vec<String>) {
    if let ([before], [after]) = (before, after) {
        return (vec![(before, after)], Vec::new());
    }
    let find =
        |all: &'a [Report], report: &Report| all.iter().find(|it| it.label() == report.label());
    let pairs = before.iter().filter_map(|it| Some((it, find(after, it)?)));
    let alone = |ours: &'a [Report], theirs: &'a [Report], name: &str| {
        let alone = ours.iter().filter(|it| find(theirs, it).is_none());
        let name = name.to_owned();
        alone
            .map(move |it| format!("{}, in {name}", it.label()))
            .collect::<Vec<_>>()
    };
    let mut lonely = alone(before, after, &names[0]);
    lonely.extend(alone(after, before, &names[1]));
    (pairs.collect(), lonely)
}

/// What charts call them: distinct, whatever the files are.
fn labels(baseline: &str, candidate: &str) -> [String; 2] {
    match baseline == candidate {
        true => ["baseline".to_owned(), "candidate".to_owned()],
        false => [baseline.to_owned(), candidate.to_owned()],
    }
}

impl Pair {
    fn new(before: &Report, after: &Report, conditions: &[FailIf]) -> Self {
        // Defaults may be those of other versions; files of early ones do not tell them.
        let both = |(path, _): &(&str, &str)| after.defaults.get(path).is_some();
        let defaults = before.defaults.iter().filter(both);
        let entries = before.config.iter().chain(after.config.iter());
        let entries = entries.chain(defaults);
        let mut paths: Vec<&str> = entries.map(|(path, _)| path).collect();
        paths.sort_unstable();
        paths.dedup();
        let differing = paths.into_iter().filter_map(|path| {
            let [a, b] = [before, after].map(|it| it.entry(path).map(str::to_owned));
            (a != b).then(|| Differing {
                entry: path.to_owned(),
                baseline: a,
                candidate: b,
            })
        });
        let mut names: Vec<&str> = FIGURES.to_vec();
        for condition in conditions {
            if !names.contains(&condition.figure.as_str()) {
                names.push(&condition.figure);
            }
        }
        let figures = names.into_iter();
        let figures: Vec<_> = figures
            .filter_map(|it| Difference::new(it, before, after))
            .collect();
        Self {
            variant: before.scenario.variant.clone(),
            differing: differing.collect(),
            words: figures.iter().filter_map(Difference::in_words).collect(),
            figures,
        }
    }

    /// How the candidate stands to the baseline, with the variant's name.
    fn words(&self) -> impl Iterator<Item = String> {
        self.words.iter().map(|it| of_variant(&self.variant, it))
    }

    fn table(&self) -> Table {
        let name = self.variant.as_deref().unwrap_or("");
        let mut table = Table::of_figures([name, "baseline", "candidate", "difference", "+-"]);
        for it in &self.figures {
            let half = it.half_width.map(|half| format!("{:.2} %", half * 100.0));
            let [a, b] = it.shown.clone();
            table.row([
                it.figure.clone(),
                a,
                b,
                it.difference.map_or_else(|| "n/a".to_owned(), percent),
                half.unwrap_or_default(),
            ]);
        }
        table
    }
}

impl Difference {
    /// Of a figure that both have.
    fn new(name: &str, before: &Report, after: &Report) -> Option<Self> {
        let (a, b) = (before.figure(name)?, after.figure(name)?);
        Some(Self {
            figure: name.to_owned(),
            baseline: a.value,
            candidate: b.value,
            difference: relative(a.value, b.value),
            half_width: half_width(name, before, after),
            shown: [a.to_string(), b.to_string()],
        })
    }
}

impl Difference {
    /// It as a sentence, if it is one of those that decide.
    fn in_words(&self) -> Option<String> {
        let (subject, above, below) = match self.figure.as_str() {
            "throughput" => ("The candidate is", "faster", "slower"),
            "mean" => ("Its mean latency is", "higher", "lower"),
            "p99" => ("Its p99 is", "higher", "lower"),
            _ => return None,
        };
        let difference = self.difference?;
        let known = self
            .half_width
            .map(|half| format!(" ± {:.2} %", half * 100.0));
        let known = known.unwrap_or_default();
        Some(if difference == 0.0 {
            let same = if self.figure == "throughput" {
                "as fast"
            } else {
                "the same"
            };
            format!("{subject} {same}.")
        } else if self.half_width.is_some_and(|half| difference.abs() <= half) {
            let difference = percent(difference);
            format!("{subject} not certainly {above} or {below}: {difference}{known}.")
        } else {
            let than = if difference > 0.0 { above } else { below };
            format!(
                "{subject} {than} by {:.2} %{known}.",
                difference.abs() * 100.0
            )
        })
    }
}

/// `said` of a variant, if there are several.
fn of_variant(variant: &Option<String>, said: &str) -> String {
    match variant {
        Some(name) => format!("{name}: {said}"),
        None => said.to_owned(),
    }
}

/// How far `after` is from `before`, as a part of it; two zeros do not differ.
fn relative(before: f64, after: f64) -> Option<f64> {
    if before == after {
        return Some(0.0);
    }
    (before != 0.0).then(|| after / before - 1.0)
}

/// Of the relative difference of throughput, or of mean latency: by the means of stretches of each run,
/// and the delta method for their ratio.
fn half_width(name: &str, before: &Report, after: &Report) -> Option<f64> {
    let of: fn(&Stretch) -> Option<f64> = match name {
        "throughput" => |it| ratio(it.ops * 1e9, it.covered_ns),
        "mean" => |it| ratio(it.latency_ns, it.ops),
        _ => return None,
    };
    let values = |report| {
        stretches(report)?
            .iter()
            .map(of)
            .collect::<Option<Vec<_>>>()
    };
    let (a, b) = (values(before)?, values(after)?);
    let relative_variance =
        |values: &[f64]| Some(variance_of_mean(values)? / mean(values)?.powi(2));
    let variance = relative_variance(&a)? + relative_variance(&b)?;
    let ratio = mean(&b)? / mean(&a)?;
    let degrees_of_freedom = a.len().min(b.len()) - 1;
    Some(student_t(degrees_of_freedom) * ratio * variance.sqrt())
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// A part of a run.
#[derive(Default)]
struct Stretch {
    ops: f64,
    latency_ns: f64,
    covered_ns: f64,
}

/// A run in stretches of equal length, if it is long enough; what is left at its ends is left out.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and sums, to a millionth"
)]
fn stretches(report: &Report) -> Option<Vec<Stretch>> {
    let timeline = &report.timeline;
    let whole: Vec<_> = timeline
        .intervals()
        .map(|(_, interval)| interval)
        .filter(|interval| interval.covered_ns >= timeline.interval_ns())
        .collect();
    let len = whole.len() / STRETCHES;
    let chunks = (len > 0).then(|| whole.chunks_exact(len))?;
    let stretches = chunks.map(|chunk| {
        chunk.iter().fold(Stretch::default(), |sum, it| Stretch {
            ops: sum.ops + it.latency.count() as f64,
            latency_ns: sum.latency_ns + it.latency.sum_ns() as f64,
            covered_ns: sum.covered_ns + it.covered_ns as f64,
        })
    });
    Some(stretches.collect())
}

impl Condition {
    /// It and what became of it.
    fn in_words(&self) -> String {
        let measured = self.measured();
        let said = format!("{}: {}, {measured}", self.fail_if, self.verdict());
        of_variant(&self.variant, &said)
    }

    fn verdict(&self) -> &'static str {
        match self.fails {
            Some(true) => "FAILS",
            Some(false) => "passes",
            None => "not judged",
        }
    }

    fn measured(&self) -> String {
        match self.difference {
            _ if self.from_nothing => "something where there was nothing".to_owned(),
            Some(difference) => percent(difference),
            None => "not measured".to_owned(),
        }
    }

    fn new(condition: &FailIf, before: &Report, after: &Report) -> Self {
        let figures = [before, after].map(|it| it.figure(&condition.figure));
        let difference = match figures {
            // From nothing to something is more than any share.
            [Some(a), Some(b)] => Some(relative(a.value, b.value).unwrap_or(f64::INFINITY)),
            _ => None,
        };
        let is_met = |it: f64| condition.comparison.holds(it, condition.bound);
        Self {
            variant: before.scenario.variant.clone(),
            fail_if: condition.text.clone(),
            fails: Some(difference.is_none_or(is_met)),
            difference: difference.filter(|it| it.is_finite()),
            from_nothing: difference.is_some_and(f64::is_infinite),
        }
    }
}

/// As `[expect]` names them.
const FIGURES: [&str; 14] = [
    "throughput",
    "mean",
    "p50",
    "p90",
    "p95",
    "p99",
    "p999",
    "max",
    "prepare.mean",
    "ring.mean",
    "service.mean",
    "notify.mean",
    "resume.mean",
    "errors",
];
/// As many as give means that are nearly normal and, of a run that is long enough, nearly independent.
const STRETCHES: usize = 16;
const ABOUT_INTERVALS: &str = "+- is a 95 % interval of the difference of throughput and mean, from 16 \
    or more stretches of each run, which are taken to be independent (batch means, Student's t). Of other \
    figures, and of short runs, none is known: it is one run each.";
/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-compare-results/2";
