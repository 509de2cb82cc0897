//! `pausewake knee`: the highest rate, or the fewest jobs, at which an SLO holds with nothing
//! lost that it does not allow.
//!
//! [`search`] decides what is tried, `look` what is to be said of a run, and `doubt` what the answer is worth;
//! `report` has it all, `words`, `text`, `csv` and `page` show it.

mod csv;
mod doubt;
mod look;
mod page;
mod probes;
mod report;
mod text;
mod words;

use pausewake_device::Nanos;

use crate::args::{Knee, Load};
use crate::interrupt::Interrupt;
use crate::live::Live;
use crate::load::Adhoc;
use crate::probe::{self, FIRST_SEED, ProbeError};
use crate::report::Report;
use crate::report::numbers::{counted, time_in_words};
use crate::scenario::{Arrival, Entries, Limit, Pacing, Scenario};
use crate::search::{self, Best, End, Look, Range};
use look::look;
use probes::Probe;
use report::{Answer, Searched};

pub use report::KneeReport;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum KneeError {
    /// There is nothing to hold.
    #[error(
        "a knee needs an SLO that is to hold\n  accepted: --slo 'p99<2ms', and others beside it; \
         with --fewest-jobs one of throughput, as --slo 'throughput>60k/s'"
    )]
    NoSlo,
    /// Nothing that is to hold wants less.
    #[error(
        "a knee needs an upper limit, and {slo} has none: whatever load is high enough meets it\n  accepted: \
         an upper limit beside it or instead of it, as --slo 'p99<2ms'; or one of throughput, as --slo \
         'throughput>60k/s'"
    )]
    NoUpperLimit {
        /// What is to hold.
        slo: String,
    },
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
    /// An entry would replace what each probe is to have.
    #[error(
        "--set {entry} would be the same in all probes, which differ in it\n  accepted: {accepted}"
    )]
    Set {
        /// The entry.
        entry: &'static str,
        /// What says where to look.
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
    /// What is searched has no end: nothing it does takes time.
    #[error(
        "software takes no time here, and bears whatever comes: under virtual time it costs what [host] says, and \
         that is nothing for these ops\n  accepted: --set host.base=measured, or --set host.software; or --clock \
         wall --compute real"
    )]
    TakesNoTime,
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

/// Searches as `args` say. What somebody who waits should know before it begins goes to `tell`.
///
/// # Errors
/// The flags are wrong, a run came to no result, or to a wrong one. When `interrupt` is raised the search
/// ends, and what is known until then is reported.
pub fn run(
    args: &Knee,
    interrupt: &Interrupt,
    tell: impl FnOnce(&str),
) -> Result<KneeReport, KneeError> {
    let (mut search, range) = begin(args, interrupt)?;
    let each = search.each(range)?;
    let is_quiet = matches!(search.base.live.how(), Ok(Live::Off));
    if !search.base.is_virtual() && !is_quiet {
        tell(&each.announced(search.repeat));
    }
    let end = match search.searched {
        Searched::Rate => End::Highest,
        Searched::Jobs => End::Lowest,
    };
    let mut failed = None;
    let best = search::best(range, end, |at| {
        search.look(at).unwrap_or_else(|error| {
            failed = Some(error);
            None
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let answer = answer(best, range, &search.probes);
    Ok(KneeReport::new(
        args.command(),
        search.searched,
        &search.base,
        args.precision.get(),
        search.repeat,
        range,
        search.probes,
        answer,
        search.config,
        each,
    ))
}

/// The scenario that is run first, as `pausewake run` takes it.
///
/// # Errors
/// The flags are wrong.
pub fn scenario(args: &Knee) -> Result<String, KneeError> {
    let interrupt = Interrupt::default();
    let (search, range) = begin(args, &interrupt)?;
    let printed = Adhoc::new(&search.first(range)).print();
    Ok(printed.map_err(ProbeError::from)?)
}

/// Whether `slo` is a lower bound of something that is to be low, as latency: then high rates meet it. Throughput
/// ends where the device is saturated, by itself.
fn wants_more_time(slo: &str) -> bool {
    let Some(at) = slo.find(['<', '>', '=', '~']) else {
        return false;
    };
    let (figure, condition) = slo.split_at(at);
    condition.starts_with('>') && !NEVER_TOO_HIGH.contains(&figure.trim())
}

/// A search of which nothing was tried yet, and where it looks.
fn begin<'a>(args: &Knee, interrupt: &'a Interrupt) -> Result<(Search<'a>, Range), KneeError> {
    if args.load.slo.is_empty() {
        return Err(KneeError::NoSlo);
    }
    let searched = match args.fewest_jobs {
        true => Searched::Jobs,
        false => Searched::Rate,
    };
    if searched == Searched::Rate && args.load.slo.iter().all(|slo| wants_more_time(slo)) {
        let slo: Vec<String> = args.load.slo.iter().map(|slo| words::spaced(slo)).collect();
        return Err(KneeError::NoUpperLimit {
            slo: slo.join(" and "),
        });
    }
    let range = range(args, searched)?;
    let search = Search {
        base: args.base(),
        searched,
        repeat: repeat(args),
        probes: Vec::new(),
        config: Entries::default(),
        interrupt,
    };
    refuse(&search)?;
    Ok((search, range))
}

/// Entries that stand over the flags of each probe.
fn refuse(search: &Search<'_>) -> Result<(), KneeError> {
    let (searched, accepted) = match search.searched {
        Searched::Rate => (
            "load.rate",
            "--rate, where the search begins, --min-rate and --max-rate",
        ),
        Searched::Jobs => (
            "load.jobs",
            "--jobs, where the search begins, and --max-jobs",
        ),
    };
    let phases =
        "no phases: a probe has one rate, or one number of jobs, from its beginning to its end";
    let seed =
        "--seed, which is that of the first run of a probe; the others have those that follow";
    let has_seeds = search.repeat > 1 && search.base.is_virtual();
    for (entry, accepted, applies) in [
        ("load", "entries of load, one by one", true),
        (searched, accepted, true),
        ("load.phase", phases, true),
        ("expect", "--slo, once for each condition", true),
        ("seed", seed, has_seeds),
    ] {
        let is_set = match entry {
            "load" => search.base.sets_all_of(entry),
            entry => search.base.sets(entry),
        };
        if applies && is_set {
            return Err(KneeError::Set { entry, accepted });
        }
    }
    Ok(())
}

/// Whether all results were there at once: of software under virtual time, where nothing costs anything.
fn takes_no_time(report: &Report) -> bool {
    let is_software = report.config.get("engine.mode") == Some("\"software\"");
    is_software && report.ops > 0 && report.latency.max_ns == Some(0)
}

/// What the search has come to.
fn answer(best: Option<Best>, range: Range, probes: &[Probe]) -> Answer {
    let is_invalid = |at| {
        let mut probes = probes.iter();
        probes.any(|probe| probe.at == at && probe.is_invalid())
    };
    // A machine that is late lets what holds fail, and never what fails hold.
    let runs = || probes.iter().flat_map(|probe| &probe.runs);
    let is_of_the_machine =
        runs().all(|run| run.late || run.invalid.is_some()) && runs().any(|run| !run.holds);
    match best {
        None => Answer::Aborted,
        Some(_) if is_of_the_machine => Answer::Invalid {
            at: probes.last().map_or(range.lowest, |probe| probe.at),
        },
        Some(Best::Holds { at, beyond }) => Answer::found(at, beyond),
        Some(Best::AllTooHigh) if is_invalid(range.lowest) => Answer::Invalid { at: range.lowest },
        Some(Best::AllTooHigh) => Answer::never(range.lowest),
        Some(Best::AllTooLow) => Answer::never(range.highest),
        Some(Best::Nothing { high, .. }) if is_invalid(high) => Answer::Invalid { at: high },
        Some(Best::Nothing { low, high }) => Answer::Contradiction {
            too_low_at: low,
            too_high_at: high,
        },
    }
}

fn repeat(args: &Knee) -> u32 {
    let usual = match args.base().is_virtual() {
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
            let (min, max) = (args.lowest_rate(), args.max_rate.per_second());
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
    /// What all runs have in common.
    config: Entries,
    interrupt: &'a Interrupt,
}

impl Search<'_> {
    /// What is to be said of `at`; `None` if somebody broke off.
    fn look(&mut self, at: f64) -> Result<Option<Look>, KneeError> {
        let mut runs = Vec::new();
        for index in 0..self.repeat {
            let load = self.load(at, index);
            let report = probe::run(&load, self.interrupt)?;
            self.config = self.common(&report.config);
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
            if takes_no_time(&report) {
                return Err(KneeError::TakesNoTime);
            }
            runs.push(look(&report));
        }
        let probe = Probe::new(at, runs);
        let verdict = probe.verdict;
        self.probes.push(probe);
        Ok(Some(verdict))
    }

    /// The load that is run first.
    fn first(&self, range: Range) -> Load {
        self.load(range.first.clamp(range.lowest, range.highest), 0)
    }

    /// What each run is.
    fn each(&self, range: Range) -> Result<Extent, KneeError> {
        let variants = Adhoc::new(&self.first(range)).variants();
        let variants = variants.map_err(ProbeError::from)?;
        Ok(Extent::of(&variants[0].scenario))
    }

    /// `config` without what differs from run to run.
    fn common(&self, config: &Entries) -> Entries {
        let searched = match self.searched {
            Searched::Rate => "load.rate",
            Searched::Jobs => "load.jobs",
        };
        config.without(&[searched, "seed"])
    }

    /// The load of run number `index` at `at`.
    fn load(&self, at: f64, index: u32) -> Load {
        let mut load = self.base.clone();
        match self.searched {
            Searched::Rate => load.rate = Some(at.to_string()),
            Searched::Jobs => load.jobs = Some(at.to_string()),
        }
        if load.is_virtual() && !load.sets("seed") {
            let first = load.seed.unwrap_or(FIRST_SEED);
            load.seed = Some(first.wrapping_add(u64::from(index)));
        }
        load
    }
}

/// What each run is.
struct Extent {
    /// How much of the load it takes, in words.
    words: String,
    /// The same as a time, if it is one; that of the warm-up included.
    time: Option<Nanos>,
    /// Whether ops arrive at random.
    is_random: bool,
}

impl Extent {
    fn of(scenario: &Scenario) -> Self {
        let load = &scenario.load;
        let (words, time) = match load.limit {
            Limit::Ops(ops) => (counted(ops, "op"), None),
            Limit::Duration(duration) => {
                (time_in_words(duration.get()), Some(duration + load.warmup))
            }
            Limit::Passes(1) => ("one pass".to_owned(), None),
            Limit::Passes(passes) => (format!("{passes} passes"), None),
        };
        let arrival = match load.pacing {
            Pacing::Open { arrival, .. } => Some(arrival),
            Pacing::Closed { .. } => None,
        };
        Self {
            words,
            time,
            is_random: arrival == Some(Arrival::Poisson),
        }
    }

    /// What somebody who waits should know.
    fn announced(&self, repeat: u32) -> String {
        let times = match repeat {
            1 => "once".to_owned(),
            repeat => format!("{repeat} times"),
        };
        let all = match self.time {
            Some(time) => format!(", {} in all", time_in_words(time.get() * u64::from(repeat))),
            None => String::new(),
        };
        format!(
            "by the wall clock, each probe is run {times} for {}{all}",
            self.words
        )
    }
}

impl Knee {
    /// What all probes have in common: under virtual time, where nobody says how long they are, ops
    /// instead of a time. So percentiles are of as many ops at any rate.
    fn base(&self) -> Load {
        let mut load = self.load.or_virtual();
        let says_how_long = load.duration.is_some() || load.ops.is_some();
        let mut entries = ["load.duration", "load.ops", "load.passes"].into_iter();
        if load.is_virtual() && !says_how_long && !entries.any(|entry| load.sets(entry)) {
            load.ops = Some(doubt::ops_for(self.precision.get()));
        }
        load
    }

    fn lowest_rate(&self) -> f64 {
        let usual = match self.base().is_virtual() {
            true => LOWEST_RATE,
            false => LOWEST_RATE_BY_THE_WALL_CLOCK,
        };
        self.min_rate.map_or(usual, crate::units::Rate::per_second)
    }

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
                self.lowest_rate().to_string(),
                "--max-rate".to_owned(),
                self.max_rate.per_second().to_string(),
            ]),
        }
        self.base().command_of("knee", words)
    }
}

/// Figures that a higher load does not raise without end.
const NEVER_TOO_HIGH: [&str; 4] = ["throughput", "utilisation.asym", "utilisation.sym", "ops"];
/// Where the search begins if nobody says it.
const FIRST_RATE: f64 = 1_000.0;
/// The lowest one that is tried if nobody says it: what a slow device can do, as a TPM.
const LOWEST_RATE: f64 = 0.1;
/// The same where an arrival takes as long as it says.
const LOWEST_RATE_BY_THE_WALL_CLOCK: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;
    use probes::ProbeRun;
    use probes::tests::run;

    /// Where all of them were late and some failed, the machine was searched; if nothing fails, the device
    /// would not have failed either.
    #[test]
    fn probes_of_a_late_machine_are_no_answer() {
        let range = Range {
            lowest: 1.0,
            highest: 64.0,
            first: 1.0,
            precision: 0.0,
            is_whole: true,
        };
        let probe = |at, verdict, late| {
            let run = ProbeRun {
                late,
                ..run(verdict)
            };
            Probe::new(at, vec![run])
        };
        let found = |low_is_late, high_is_late, low| {
            let probes = [
                probe(16.0, low, low_is_late),
                probe(32.0, Look::Holds, high_is_late),
            ];
            let best = Best::Holds {
                at: 32.0,
                beyond: Some(16.0),
            };
            answer(Some(best), range, &probes)
        };
        let is_found = Answer::found(32.0, Some(16.0));
        assert_eq!(found(false, false, Look::TooLow), is_found);
        assert_eq!(found(true, false, Look::TooLow), is_found);
        assert_eq!(
            found(true, true, Look::TooLow),
            Answer::Invalid { at: 32.0 }
        );
        assert_eq!(found(true, true, Look::Holds), is_found);
    }
}
