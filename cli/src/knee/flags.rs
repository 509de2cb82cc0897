//! What the flags say: what is searched, where, and with which load.

use super::doubt;
use super::error::KneeError;
use super::report::Searched;
use super::trials::Search;
use super::words;
use crate::args::{Knee, Load};
use crate::interrupt::Interrupt;
use crate::room::most_by_fd;
use crate::scenario::Entries;
use crate::search::Range;

/// A search of which nothing was tried yet, and where it looks.
///
/// # Errors
/// The flags are wrong.
pub fn begin<'a>(args: &Knee, interrupt: &'a Interrupt) -> Result<(Search<'a>, Range), KneeError> {
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

/// Whether `slo` is a lower bound of something that is to be low, as latency: then high rates meet it. Throughput
/// ends where the device is saturated, by itself.
fn wants_more_time(slo: &str) -> bool {
    let Some(at) = slo.find(['<', '>', '=', '~']) else {
        return false;
    };
    let (figure, condition) = slo.split_at(at);
    condition.starts_with('>') && !NEVER_TOO_HIGH.contains(&figure.trim())
}

/// Runs of each probe.
pub fn repeat(args: &Knee) -> u32 {
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
            let most = match load.is_told_by_fd() {
                true => u32::try_from(most_by_fd()).unwrap_or(u32::MAX),
                false => u32::MAX,
            };
            Ok(Range {
                lowest: f64::from(lowest),
                highest: f64::from(args.max_jobs.min(most).max(lowest)),
                first: f64::from(whole("jobs", &load.jobs)?),
                precision: 0.0,
                is_whole: true,
            })
        }
    }
}

impl Knee {
    /// What all probes have in common: under virtual time, where nobody says how long they are, ops
    /// instead of a time. So percentiles are of as many ops at any rate.
    fn base(&self) -> Load {
        let mut load = self.load.or_virtual();
        load.or_measured_host();
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
