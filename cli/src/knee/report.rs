//! What a search has found: the model of which `words`, `text`, `csv` and `page` are views.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extent::Extent;
use super::probes::Probe;
use super::words::spaced;
use crate::args::Load;
use crate::formats::{Render, json};
use crate::report::{Name, ReadError, Verdict, document};
use crate::scenario::Entries;
use crate::search::Range;

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
    /// What must hold; and nothing may be lost of which it says nothing.
    slo: Vec<String>,
    /// `virtual` or `wall`.
    pub(super) clock: Name,
    /// How closely, as a part of the rate; jobs are searched to the last one.
    pub(super) precision: f64,
    /// Runs of each probe.
    pub(super) repeat: u32,
    /// What each run takes, in words: a time, or a number of ops.
    pub(super) each: String,
    /// The lowest value that may be tried.
    pub(super) lowest: f64,
    /// The highest.
    pub(super) highest: f64,
    /// In the order in which they were tried.
    pub(super) probes: Vec<Probe>,
    /// What came of it.
    pub(super) answer: Answer,
    /// As a part of the answer, how far those of other seeds may lie from it, beside the precision: two
    /// standard deviations; `null` where arrivals are not random.
    pub(super) chance: Option<f64>,
    /// The answer in words.
    pub(super) words: String,
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
            Answer::Found { .. } if self.is_open_above() => Verdict::Invalid,
            Answer::Found { .. } => Verdict::Holds,
            Answer::Never { .. } | Answer::Contradiction { .. } => Verdict::ExpectationFailed,
            Answer::Invalid { .. } => Verdict::Invalid,
            Answer::Aborted => Verdict::Aborted,
        }
    }

    /// Whether what fails beyond the answer is no measurement: the device was not searched to its end.
    pub(super) fn is_open_above(&self) -> bool {
        let Answer::Found { fails_at, .. } = self.answer else {
            return false;
        };
        let probe = fails_at.and_then(|at| self.probe_at(at));
        probe.is_some_and(Probe::is_invalid)
    }

    pub(super) fn slo_in_words(&self) -> String {
        self.slo.join(" and ")
    }

    pub(super) fn show(&self, at: f64) -> String {
        self.searched.show(at)
    }
}

impl Render for KneeReport {
    fn to_text(&self) -> String {
        self.text()
    }

    fn to_json(&self) -> String {
        json(self)
    }

    fn to_csv(&self) -> String {
        self.csv()
    }

    fn to_html(&self) -> String {
        self.page()
    }
}

/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-knee/1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Look;

    /// It holds at 10, and of the runs at 20 the generator was the bottleneck, or the device was.
    fn report(generator: bool) -> KneeReport {
        let run = |verdict| super::super::probes::tests::run(verdict);
        let mut above = run(Look::TooHigh);
        if !generator {
            above.invalid = None;
            above.errors = 1;
        }
        KneeReport {
            format: FORMAT.into(),
            program: "0".into(),
            command: String::new(),
            searched: Searched::Rate,
            slo: vec!["p99 < 2ms".to_owned()],
            clock: "wall".into(),
            precision: 0.01,
            repeat: 3,
            each: "5s".to_owned(),
            lowest: 10.0,
            highest: 20.0,
            probes: vec![
                Probe::new(10.0, vec![run(Look::Holds)]),
                Probe::new(20.0, vec![above]),
            ],
            answer: Answer::found(10.0, Some(20.0)),
            chance: None,
            words: String::new(),
            config: Entries::default(),
        }
    }

    #[test]
    fn an_answer_that_the_generator_ends_is_invalid() {
        let of_the_generator = report(true);
        assert_eq!(of_the_generator.verdict(), Verdict::Invalid);
        let words = of_the_generator.say().join(" ");
        assert!(
            words.contains("is 10 /s (holds at 10 /s, fails at 20 /s)"),
            "{words}"
        );
        assert!(
            words.contains("INVALID: what fails there is the generator"),
            "{words}"
        );
        assert!(
            of_the_generator
                .to_html()
                .contains("Not searched to its end")
        );
        let of_the_device = report(false);
        assert_eq!(of_the_device.verdict(), Verdict::Holds);
        assert!(!of_the_device.say().join(" ").contains("INVALID"));
    }

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_code() {
        crate::report::schema::check::<KneeReport>("knee.schema.json");
    }
}
