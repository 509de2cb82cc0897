//! What a search has found: one model, as text, JSON and CSV.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Extent;
use crate::args::Load;
use crate::formats::{Format, json};
use crate::report::numbers::{amount, count};
use crate::report::{Name, ReadError, Unit, Verdict, document, paragraph, printable, table::Table};
use crate::scenario::Entries;
use crate::search::{Look, Range};

/// The result of a search.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "pausewake knee")]
pub struct KneeReport {
    /// Name and version of this format.
    #[schemars(extend("const" = FORMAT))]
    format: Name,
    /// The version of the program that wrote it.
    program: Name,
    /// The command that searches again.
    pub(super) command: String,
    /// What was searched.
    pub(super) searched: Searched,
    /// What must hold, beside zero loss.
    slo: Vec<String>,
    /// `virtual` or `wall`.
    pub(super) clock: Name,
    /// How closely, as a part of the rate; jobs are searched to the last one.
    precision: f64,
    /// Runs of each probe.
    pub(super) repeat: u32,
    /// What each run takes, in words: a time, or a number of ops.
    pub(super) each: String,
    /// The lowest value that may be tried.
    pub(super) lowest: f64,
    /// The highest.
    highest: f64,
    /// In the order in which they were tried.
    pub(super) probes: Vec<Probe>,
    /// What came of it.
    pub(super) answer: Answer,
    /// As a part of the answer, how far those of other seeds may lie from it, beside the precision: two
    /// standard deviations; `null` where arrivals are not random.
    pub(super) chance: Option<f64>,
    /// The answer in words.
    words: String,
    /// What all runs have in common, as `--set` takes it.
    pub(super) config: Entries,
}

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Searched {
    /// The highest rate of an open loop, in ops per second.
    Rate,
    /// The fewest jobs of a closed loop.
    Jobs,
}

/// A value that was tried.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// The value: a rate per second, or jobs.
    pub at: f64,
    /// Whether everything held in the majority of runs.
    pub holds: bool,
    /// Of how many of them.
    pub held: u32,
    /// What the majority says of the value.
    pub verdict: Look,
    /// The runs.
    pub runs: Vec<ProbeRun>,
}

/// A run of a probe.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProbeRun {
    /// Its seed.
    pub seed: u64,
    /// Calls that gave a result.
    pub ops: u64,
    /// Of them, each second.
    pub ops_per_s: Option<f64>,
    /// What the modelled device, and the limits in front of it, let through each second at most; `null`
    /// in a closed loop, and where the configuration does not say.
    pub capacity_per_s: Option<f64>,
    /// Calls that failed.
    pub errors: u64,
    /// Arrivals that were dropped.
    pub dropped: u64,
    /// Whether more arrived than was served, so that a longer run would be worse.
    pub saturated: bool,
    /// Why its figures mean nothing, if so.
    pub invalid: Option<String>,
    /// What ended it before its time, if a condition of `abort` did.
    pub aborted: Option<String>,
    /// Whether the SLO holds, nothing was lost, and the run is valid.
    pub holds: bool,
    /// What that says of the value that was tried.
    pub verdict: Look,
    /// Why it does not, in words.
    pub why_not: Option<String>,
    /// The figures of the SLO.
    pub figures: Vec<Figure>,
}

/// A figure of the SLO.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// Its name.
    pub figure: String,
    /// What is asked of it.
    pub condition: String,
    /// What was measured, in words.
    pub measured: String,
    /// The same: nanoseconds, ops per second, a count or a share.
    pub value: Option<f64>,
    /// What it is compared with, in the same unit.
    pub bound: Option<f64>,
    /// What the value is of, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Whether the condition holds.
    pub holds: bool,
    /// Whether higher values would hold, or lower ones.
    pub verdict: Look,
    /// Whether it is a percentile with fewer than ten ops beyond it: chance decides it.
    pub too_few: bool,
}

/// What a search comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// There is one.
    Found {
        /// It holds there.
        holds_at: f64,
        /// It fails there; `null` if it never failed up to the limit.
        fails_at: Option<f64>,
    },
    /// It holds nowhere, not even there.
    Never {
        /// The last value that was tried: the lowest that may be, or the highest.
        fails_at: f64,
    },
    /// Some conditions hold at higher values alone, others at lower ones, and there is none where all do.
    Contradiction {
        /// What wants more fails there.
        too_low_at: f64,
        /// What wants less fails there.
        too_high_at: f64,
    },
    /// The device was not measured: the runs that were to decide are invalid.
    Invalid {
        /// Those at this value.
        at: f64,
    },
    /// Somebody broke the search off.
    Aborted,
}

impl Searched {
    /// A value in words.
    pub fn show(self, at: f64) -> String {
        match self {
            Self::Jobs => format!("{at} job{}", if at == 1.0 { "" } else { "s" }),
            Self::Rate if at >= 1e6 => format!("{} M/s", at / 1e6),
            Self::Rate if at >= 1e3 => format!("{} k/s", at / 1e3),
            Self::Rate => format!("{at} /s"),
        }
    }
}

impl Answer {
    /// It holds at `holds_at`, and fails at `fails_at`.
    pub fn found(holds_at: f64, fails_at: Option<f64>) -> Self {
        Self::Found { holds_at, fails_at }
    }

    /// It fails even at `fails_at`.
    pub fn never(fails_at: f64) -> Self {
        Self::Never { fails_at }
    }
}

impl Probe {
    /// Of its runs, at least one.
    pub fn new(at: f64, runs: Vec<ProbeRun>) -> Self {
        let held = runs.iter().map(|run| u32::from(run.holds)).sum();
        let holds = held as usize * 2 > runs.len();
        let count = |is: fn(Look) -> bool| runs.iter().filter(|run| is(run.verdict)).count();
        let (low, high) = (count(Look::is_too_low), count(Look::is_too_high));
        let verdict = match holds {
            true => Look::Holds,
            // What fails for both reasons does so in most runs, or in as many as for the other reason.
            false => Look::new(
                low * 2 > runs.len() || low >= high,
                high * 2 > runs.len() || high >= low,
            ),
        };
        Self {
            at,
            holds,
            held,
            verdict,
            runs,
        }
    }

    /// Whether what fails is no measurement.
    pub fn is_invalid(&self) -> bool {
        let failed = self.runs.iter().filter(|run| !run.holds);
        let invalid = failed.clone().filter(|run| run.invalid.is_some());
        !self.holds && invalid.count() * 2 > failed.count()
    }

    /// The run that stands for the probe: one that went as the majority did.
    pub(super) fn typical(&self) -> &ProbeRun {
        let like = self.runs.iter().find(|run| run.verdict == self.verdict);
        let like = like.or_else(|| self.runs.iter().find(|run| run.holds == self.holds));
        like.unwrap_or(&self.runs[0])
    }

    fn is_split(&self) -> bool {
        self.held > 0 && (self.held as usize) < self.runs.len()
    }
}

impl KneeReport {
    #[expect(clippy::too_many_arguments, reason = "its parts, made in one place")]
    pub(super) fn new(
        command: String,
        searched: Searched,
        load: &Load,
        precision: f64,
        repeat: u32,
        range: Range,
        probes: Vec<Probe>,
        answer: Answer,
        config: Entries,
        each: Extent,
    ) -> Self {
        let mut report = Self {
            format: FORMAT.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            command,
            searched,
            slo: load.slo.iter().map(|slo| spaced(slo)).collect(),
            clock: match load.is_virtual() {
                true => "virtual",
                false => "wall",
            }
            .into(),
            precision,
            repeat,
            each: each.words,
            lowest: range.lowest,
            highest: range.highest,
            probes,
            answer,
            chance: None,
            words: String::new(),
            config,
        };
        report.chance = report.chance_of(each.is_random);
        report.words = report.say().join(" ");
        report
    }

    /// The search that was saved at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        // What is shown stands for its runs, and in charts on a scale of powers.
        let is_one = |probe: &Probe| !probe.runs.is_empty() && probe.at > 0.0;
        document(path, FORMAT, |it: &mut Self| {
            let is_right = it.probes.iter().all(is_one);
            let wrong = || "a probe has no runs, or is of nothing".to_owned();
            is_right.then_some(()).ok_or_else(wrong)
        })
    }

    /// How the program ends.
    pub fn verdict(&self) -> Verdict {
        match self.answer {
            Answer::Found { .. } => Verdict::Holds,
            Answer::Never { .. } | Answer::Contradiction { .. } => Verdict::ExpectationFailed,
            Answer::Invalid { .. } => Verdict::Invalid,
            Answer::Aborted => Verdict::Aborted,
        }
    }

    /// In one of [`FORMATS`].
    pub fn to(&self, format: Format) -> String {
        match format {
            Format::Json => json(self),
            Format::Csv => self.to_csv(),
            Format::Html => self.to_html(),
            _ => self.to_text(),
        }
    }

    fn to_text(&self) -> String {
        let mut about = self.about();
        about.row(["command".to_owned(), printable(&self.command)]);
        let answer = paragraph(&printable(&self.words));
        format!("{about}\n{}\n{answer}", self.table())
    }

    /// What is searched, and how.
    pub(super) fn about(&self) -> Table {
        let mut about = Table::of_words();
        let what = match self.searched {
            Searched::Rate => format!(
                "the highest rate, from {} to {}, to {} %",
                self.show(self.lowest),
                self.show(self.highest),
                (self.precision * 1e6).round() / 1e4
            ),
            Searched::Jobs => format!("the fewest jobs, up to {}", self.show(self.highest)),
        };
        let runs = match self.repeat {
            1 => format!("one run of {} for each probe", self.each),
            n => format!(
                "{n} runs of {} for each probe, of which most must hold",
                self.each
            ),
        };
        about.row(["knee".to_owned(), what]);
        about.row(["slo".to_owned(), self.slo_in_words()]);
        about.row(["run".to_owned(), format!("{} clock, {runs}", self.clock)]);
        about
    }

    /// The search, step by step.
    pub(super) fn table(&self) -> Table {
        let head = match self.searched {
            Searched::Rate => "rate",
            Searched::Jobs => "jobs",
        };
        let first = self.probes.first();
        let figures = first.map_or(&[][..], |probe| &probe.typical().figures);
        let shown = |figure: &&Figure| figure.figure != "throughput";
        let names = figures.iter().filter(shown);
        let names = names.map(|figure| figure.figure.as_str());
        let mut table = Table::of_figures([head, "op/s"].into_iter().chain(names).chain(["", ""]));
        for probe in &self.probes {
            let run = probe.typical();
            let rate = run.ops_per_s.map_or_else(|| "n/a".to_owned(), amount);
            let figures = run.figures.iter().filter(shown);
            let figures = figures.map(|figure| figure.measured.clone());
            let verdict = match (probe.holds, self.repeat) {
                (true, 1) => "holds".to_owned(),
                (false, 1) => "FAILS".to_owned(),
                (true, n) => format!("holds {}/{n}", probe.held),
                (false, n) => format!("FAILS {}/{n}", probe.held),
            };
            let lost = run.errors + run.dropped;
            let lost = match lost {
                _ if run.invalid.is_some() => "invalid".to_owned(),
                _ if run.aborted.is_some() => "aborted".to_owned(),
                0 if run.saturated => "saturated".to_owned(),
                0 if run.figures.iter().any(|figure| figure.too_few) => "few ops".to_owned(),
                0 => String::new(),
                lost => format!("{} lost", count(lost)),
            };
            let cells = [self.show(probe.at), rate].into_iter().chain(figures);
            table.row(cells.chain([verdict, lost]));
        }
        table
    }

    /// The answer, with what is not known of it.
    pub(super) fn say(&self) -> Vec<String> {
        let slo = self.slo_in_words();
        let show = |at| self.show(at);
        let answer = match (self.searched, self.answer) {
            (Searched::Rate, Answer::Found { holds_at, fails_at }) => match fails_at {
                Some(fails_at) => format!(
                    "The highest rate that holds {slo} is {0} (holds at {0}, fails at {1}).",
                    show(holds_at),
                    show(fails_at)
                ),
                None => format!(
                    "{slo} holds up to {}, the highest rate that was tried: the knee lies above it \
                     (--max-rate).",
                    show(holds_at)
                ),
            },
            (Searched::Jobs, Answer::Found { holds_at, fails_at }) => match fails_at {
                Some(fails_at) => format!(
                    "The fewest jobs that hold {slo} are {0} (holds with {0}, fails with {1}).",
                    show(holds_at),
                    show(fails_at)
                ),
                None => format!(
                    "{slo} holds with {} already, the fewest that there can be.",
                    show(holds_at)
                ),
            },
            (_, Answer::Never { fails_at }) => self.never(fails_at),
            (
                _,
                Answer::Contradiction {
                    too_low_at,
                    too_high_at,
                },
            ) => self.contradiction(too_low_at, too_high_at),
            (_, Answer::Invalid { at }) => self.not_measured(at),
            (_, Answer::Aborted) => "ABORTED: a signal broke the search off. What was tried until \
                then stands above."
                .to_owned(),
        };
        let mut words = vec![answer];
        if let Answer::Found {
            fails_at: Some(fails_at),
            ..
        } = self.answer
            && self.probe_at(fails_at).is_some_and(Probe::is_invalid)
        {
            words.push(
                "What fails there is the generator, not the device: the knee may lie higher."
                    .to_owned(),
            );
        }
        let notes = [
            self.by_chance(),
            self.spread(),
            self.too_few(),
            self.too_short(),
        ];
        words.extend(notes.into_iter().flatten());
        words
    }

    /// Where runs of the same probe disagree.
    fn spread(&self) -> Option<String> {
        let split: Vec<f64> = self
            .probes
            .iter()
            .filter(|probe| probe.is_split())
            .map(|probe| probe.at)
            .collect();
        let low = split.iter().copied().reduce(f64::min)?;
        let high = split.iter().copied().reduce(f64::max)?;
        let what = match &*self.clock {
            "virtual" => "Seeds",
            _ => "Runs",
        };
        Some(match low == high {
            true => format!("{what} disagree at {}.", self.show(low)),
            false => format!(
                "{what} disagree from {} to {}: some hold there, others fail.",
                self.show(low),
                self.show(high)
            ),
        })
    }

    pub(super) fn slo_in_words(&self) -> String {
        self.slo.join(" and ")
    }

    pub(super) fn show(&self, at: f64) -> String {
        self.searched.show(at)
    }

    /// A row for each run, and for each figure of the SLO.
    fn to_csv(&self) -> String {
        let heads = [
            "probe",
            "at",
            "seed",
            "figure",
            "condition",
            "value",
            "holds",
            "ops",
            "ops_per_s",
            "errors",
            "dropped",
            "run_holds",
            "probe_holds",
        ];
        let rows = self.probes.iter().enumerate().flat_map(|(index, probe)| {
            probe.runs.iter().flat_map(move |run| {
                run.figures.iter().map(move |figure| {
                    let some =
                        |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
                    [
                        (index + 1).to_string(),
                        probe.at.to_string(),
                        run.seed.to_string(),
                        figure.figure.clone(),
                        figure.condition.clone(),
                        some(figure.value),
                        figure.holds.to_string(),
                        run.ops.to_string(),
                        some(run.ops_per_s),
                        run.errors.to_string(),
                        run.dropped.to_string(),
                        run.holds.to_string(),
                        probe.holds.to_string(),
                    ]
                })
            })
        });
        crate::report::rows(&heads, rows)
    }
}

/// `p99<2ms` as `p99 < 2ms`; `<2ms` as `< 2ms`.
pub(super) fn spaced(slo: &str) -> String {
    let signs = ['<', '>', '=', '~'];
    let Some(at) = slo.find(signs) else {
        return slo.to_owned();
    };
    let (figure, rest) = slo.split_at(at);
    let end = rest.find(|c| !signs.contains(&c)).unwrap_or(rest.len());
    let (sign, value) = rest.split_at(end);
    let spaced = format!("{} {sign} {}", figure.trim(), value.trim());
    spaced.trim_start().to_owned()
}

/// What a search can be written as.
pub const FORMATS: [Format; 4] = [Format::Text, Format::Json, Format::Csv, Format::Html];
/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-knee/1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_code() {
        crate::report::schema::check::<KneeReport>("knee.schema.json");
    }

    #[test]
    fn the_majority_says_in_which_direction_a_probe_fails() {
        use Look::{Holds, Neither, TooHigh, TooLow};
        let run = |verdict| ProbeRun {
            seed: 1,
            ops: 1,
            ops_per_s: None,
            capacity_per_s: None,
            errors: 0,
            dropped: 0,
            saturated: false,
            invalid: (verdict == TooHigh).then(|| "slow".to_owned()),
            aborted: None,
            holds: verdict == Holds,
            verdict,
            why_not: None,
            figures: Vec::new(),
        };
        for (runs, verdict, is_invalid) in [
            (&[Holds][..], Holds, false),
            (&[Holds, Holds, TooHigh], Holds, false),
            (&[TooLow, Holds, TooLow], TooLow, false),
            (&[Holds, TooHigh], TooHigh, true),
            (&[TooLow, TooHigh], Neither, false),
            (&[TooLow, Neither, TooHigh], Neither, false),
            (&[Holds, Holds, TooHigh, TooHigh, TooLow], TooHigh, true),
            (&[TooHigh, TooHigh, TooHigh], TooHigh, true),
        ] {
            let probe = Probe::new(1.0, runs.iter().copied().map(run).collect());
            assert_eq!(
                (probe.verdict, probe.is_invalid()),
                (verdict, is_invalid),
                "{runs:?}"
            );
            assert_eq!(probe.holds, verdict == Holds);
            assert_eq!(probe.typical().holds, probe.holds);
        }
    }

    #[test]
    fn conditions_have_room() {
        assert_eq!(spaced("p99<2ms"), "p99 < 2ms");
        assert_eq!(spaced("throughput >= 60k/s"), "throughput >= 60k/s");
        assert_eq!(spaced("<2ms"), "< 2ms");
    }
}
