//! `pausewake knee`: the highest rate, or the fewest jobs, at which an SLO holds with zero loss.
//!
//! [`search`] decides what is tried, `report` shows it.

mod report;

use crate::args::{Knee, Load};
use crate::interrupt::Interrupt;
use crate::probe::{self, FIRST_SEED, ProbeError};
use crate::report::{Report, Verdict};
use crate::search::{self, Edge, Range};
use report::{Answer, Figure, KneeReport, Probe, ProbeRun, Searched};

pub use report::FORMATS;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum KneeError {
    /// There is nothing to hold.
    #[error(
        "a knee needs an SLO that is to hold\n  accepted: --slo 'p99<2ms', and others beside it; \
         with --fewest-jobs one of throughput, as --slo 'throughput>60k/s'"
    )]
    NoSlo,
    /// Limits are the wrong way round.
    #[error("--min-rate {min} is above --max-rate {max}\n  accepted: the lower one first")]
    Limits {
        /// The lower limit.
        min: f64,
        /// The upper one.
        max: f64,
    },
    /// A flag contradicts the search.
    #[error("--{flag} says what is searched, which is {searched}\n  accepted: {accepted}")]
    Contradiction {
        /// The flag.
        flag: &'static str,
        /// What is searched.
        searched: &'static str,
        /// What would go.
        accepted: &'static str,
    },
    /// What is typed is no number.
    #[error("--{flag} {typed}: {wrong}")]
    Number {
        /// The flag.
        flag: &'static str,
        /// What was typed.
        typed: String,
        /// Why not.
        wrong: String,
    },
    /// A run came to no result.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// A result was wrong: there is no point in going on.
    #[error("{wrong} of {results} results are WRONG, in the run of\n  {command}")]
    WrongResult {
        /// How many.
        wrong: u64,
        /// Of how many that were looked at.
        results: u64,
        /// The run.
        command: String,
    },
}

/// Searches as `args` say.
///
/// # Errors
/// The flags are wrong, a run came to no result, or to a wrong one. When `interrupt` is raised the search
/// ends, and what is known until then is reported.
pub fn run(args: &Knee, interrupt: &Interrupt) -> Result<KneeReport, KneeError> {
    if args.load.slo.is_empty() {
        return Err(KneeError::NoSlo);
    }
    let searched = match args.fewest_jobs {
        true => Searched::Jobs,
        false => Searched::Rate,
    };
    let range = range(args, searched)?;
    let mut search = Search {
        base: args.load.or_virtual(),
        searched,
        repeat: repeat(args),
        probes: Vec::new(),
        interrupt,
    };
    let mut failed = None;
    let edge = search::edge(range, |at| match search.holds(at) {
        // Few jobs fail, low rates hold: what lies below the edge.
        Ok(holds) => holds.map(|holds| holds == (searched == Searched::Rate)),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let answer = answer(searched, edge, range);
    Ok(KneeReport::new(
        args.command(),
        searched,
        &search.base,
        args.precision.get(),
        search.repeat,
        range,
        search.probes,
        answer,
    ))
}

/// What the edge means for what is searched.
fn answer(searched: Searched, edge: Option<Edge>, range: Range) -> Answer {
    match (searched, edge) {
        (_, None) => Answer::Aborted,
        (Searched::Rate, Some(Edge::Between { low, high })) => Answer::found(low, Some(high)),
        (Searched::Jobs, Some(Edge::Between { low, high })) => Answer::found(high, Some(low)),
        (Searched::Rate, Some(Edge::AboveAll)) => Answer::found(range.highest, None),
        (Searched::Jobs, Some(Edge::BelowAll)) => Answer::found(range.lowest, None),
        (Searched::Rate, Some(Edge::BelowAll)) => Answer::never(range.lowest),
        (Searched::Jobs, Some(Edge::AboveAll)) => Answer::never(range.highest),
    }
}

fn repeat(args: &Knee) -> u32 {
    let usual = match args.load.or_virtual().is_virtual() {
        true => 1,
        false => 3,
    };
    args.repeat.unwrap_or(usual)
}

/// Where to look.
fn range(args: &Knee, searched: Searched) -> Result<Range, KneeError> {
    let load = &args.load;
    let number = |flag, typed: &str, wrong: &dyn std::fmt::Display| KneeError::Number {
        flag,
        typed: typed.to_owned(),
        wrong: wrong.to_string(),
    };
    match searched {
        Searched::Rate => {
            let [min, max] = [args.min_rate, args.max_rate].map(crate::units::Rate::per_second);
            if min > max {
                return Err(KneeError::Limits { min, max });
            }
            let first = match &load.rate {
                None => FIRST_RATE,
                Some(typed) => crate::args::per_second(typed)
                    .map_err(|error| number("rate", typed, &error))?
                    .per_second(),
            };
            Ok(Range {
                lowest: min,
                highest: max,
                first,
                precision: args.precision.get(),
                is_whole: false,
            })
        }
        Searched::Jobs => {
            if load.rate.is_some() || load.sets("load.rate") {
                return Err(KneeError::Contradiction {
                    flag: "fewest-jobs",
                    searched: "a closed loop's number of jobs",
                    accepted: "no --rate beside it, or --rate without it",
                });
            }
            let whole = |flag, typed: &Option<String>| match typed {
                None => Ok(1),
                Some(typed) => crate::load::whole(typed)
                    .and_then(|number| u32::try_from(number).ok())
                    .filter(|number| *number > 0)
                    .ok_or_else(|| number(flag, typed, &"it is no whole number from 1 on")),
            };
            // Each thread has a job at least.
            let lowest = whole("threads", &load.threads)?;
            Ok(Range {
                lowest: f64::from(lowest),
                highest: f64::from(args.max_jobs.max(lowest)),
                first: f64::from(whole("jobs", &load.jobs)?),
                precision: 0.0,
                is_whole: true,
            })
        }
    }
}

/// A search under way.
struct Search<'a> {
    base: Load,
    searched: Searched,
    repeat: u32,
    probes: Vec<Probe>,
    interrupt: &'a Interrupt,
}

impl Search<'_> {
    /// Whether the SLO holds at `at`, in the majority of runs; `None` if somebody broke off.
    fn holds(&mut self, at: f64) -> Result<Option<bool>, KneeError> {
        let mut runs = Vec::new();
        for index in 0..self.repeat {
            let load = self.load(at, index);
            let report = probe::run(&load, self.interrupt)?;
            if self.interrupt.is_raised() {
                return Ok(None);
            }
            if report.verified.wrong > 0 {
                return Err(KneeError::WrongResult {
                    wrong: report.verified.wrong,
                    results: report.verified.results,
                    command: report.scenario.command.unwrap_or_default(),
                });
            }
            runs.push(look(&report));
        }
        let probe = Probe::new(at, runs);
        let holds = probe.holds;
        self.probes.push(probe);
        Ok(Some(holds))
    }

    /// The load of run number `index` at `at`.
    fn load(&self, at: f64, index: u32) -> Load {
        let mut load = self.base.clone();
        match self.searched {
            Searched::Rate => load.rate = Some(at.to_string()),
            Searched::Jobs => load.jobs = Some(at.to_string()),
        }
        if load.is_virtual() {
            let first = load.seed.unwrap_or(FIRST_SEED);
            load.seed = Some(first.wrapping_add(u64::from(index)));
        }
        load
    }
}

/// What is to be said of a run, and whether it holds.
fn look(report: &Report) -> ProbeRun {
    let dropped = report.open_loop.as_ref().map_or(0, |open| open.dropped);
    let figures: Vec<_> = report
        .expected
        .iter()
        .map(|expected| Figure {
            figure: expected.figure.clone(),
            condition: expected.condition.clone(),
            measured: expected.measured.clone(),
            value: report.figure(&expected.figure).map(|figure| figure.value),
            holds: !expected.fails(),
        })
        .collect();
    let mut why = Vec::new();
    if let Some(invalid) = &report.invalid {
        why.push(format!("invalid: {invalid}"));
    }
    if report.errors.total > 0 {
        why.push(format!("{} failed", report.errors.total));
    }
    if dropped > 0 {
        why.push(format!("{dropped} dropped"));
    }
    let broken = figures.iter().filter(|figure| !figure.holds);
    why.extend(broken.map(|figure| format!("{} {}", figure.figure, figure.measured)));
    ProbeRun {
        seed: report.scenario.seed,
        ops: report.ops,
        ops_per_s: report.ops_per_s,
        errors: report.errors.total,
        dropped,
        holds: why.is_empty() && Verdict::of(report) == Verdict::Holds,
        why_not: (!why.is_empty()).then(|| why.join("; ")),
        figures,
    }
}

impl Knee {
    /// The command that searches again, for a shell.
    pub fn command(&self) -> String {
        let mut words = vec!["--precision".to_owned(), self.precision_percent()];
        words.extend(["--repeat".to_owned(), repeat(self).to_string()]);
        match self.fewest_jobs {
            true => words.extend([
                "--fewest-jobs".to_owned(),
                "--max-jobs".to_owned(),
                self.max_jobs.to_string(),
            ]),
            false => words.extend([
                "--min-rate".to_owned(),
                self.min_rate.per_second().to_string(),
                "--max-rate".to_owned(),
                self.max_rate.per_second().to_string(),
            ]),
        }
        self.load.or_virtual().command_of("knee", words)
    }
}

/// Where the search begins if nobody says it.
const FIRST_RATE: f64 = 1_000.0;
