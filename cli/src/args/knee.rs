//! `pausewake knee`: the flags of a load, and those of the search.

use std::str::FromStr as _;

use clap::Args;

use super::Load;
use crate::formats::summary_format;
use crate::units::{Rate, Share, UnitError};

/// `pausewake knee`
#[derive(Debug, Args)]
#[command(
    mut_arg("clock", |arg| arg.help("Whose time; virtual if not said, and nothing is computed then")),
    mut_arg("jobs", |arg| arg.help(JOBS)),
    mut_arg("rate", |arg| arg.help("Where the search for the highest rate begins; 1k if not said")),
    mut_arg("duration", |arg| arg.help(DURATION)),
    mut_arg("ops", |arg| arg.help(OPS)),
    mut_arg("slo", |arg| arg.help(SLO)),
    mut_arg("format", |arg| arg.value_parser(summary_format())),
)]
pub struct Knee {
    /// The load, as `pausewake load` takes it.
    #[command(flatten)]
    pub load: Load,
    /// Search the fewest jobs of a closed loop instead of the highest rate of an open one.
    #[arg(long)]
    pub fewest_jobs: bool,
    /// How far the rates that hold and fail may lie apart, as a part of the rate. Finer than 0.3 % needs longer
    /// probes than those by default (--ops).
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = precision)]
    pub precision: Share,
    /// How often each probe is run; it must hold in the majority. Under virtual time each run has a
    /// seed of its own, and 1 is the default; by the wall clock it is 3.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=99))]
    pub repeat: Option<u32>,
    /// The lowest rate that is tried: 0.1 if not said, by the wall clock 10.
    #[arg(long, value_name = "PER_SECOND", value_parser = per_second, conflicts_with = "fewest_jobs")]
    pub min_rate: Option<Rate>,
    /// The highest rate that is tried.
    #[arg(long, value_name = "PER_SECOND", default_value = "10M", value_parser = per_second, conflicts_with = "fewest_jobs")]
    pub max_rate: Rate,
    /// The most jobs that are tried, with --fewest-jobs.
    #[arg(long, value_name = "N", default_value_t = 4096, requires = "fewest_jobs", value_parser = most_jobs)]
    pub max_jobs: u32,
}

impl Knee {
    /// The precision as it may be typed.
    pub fn precision_percent(&self) -> String {
        format!("{}%", (self.precision.get() * 1e6).round() / 1e4)
    }
}

/// Ops per second, where nobody writes the unit.
pub fn per_second(text: &str) -> Result<Rate, UnitError> {
    match text.trim() {
        rate if rate.ends_with("/s") => rate.parse(),
        rate => format!("{rate}/s").parse(),
    }
}

const JOBS: &str = "With --fewest-jobs, where the search begins, 1 if not said; else jobs at once at most, by \
    default as many as the rate may need";
const DURATION: &str = "How long each probe takes, behind the warm-up: 30s, 500ms; 5s if not said by the wall \
    clock, where each is run three times. Not together with --ops";
const OPS: &str = "How many ops each probe has, behind the warm-up, instead of a duration; under virtual time, \
    if not said, as many as leave the answer to chance no more than --precision does: 320k for 1%, at most 4M";
const SLO: &str = "What must hold: 'p99<2ms', and 'throughput>60k/s', which lower rates and fewer jobs fail. May be \
    given several times. No call may fail and no arrival be dropped, unless one says how many: 'errors<=100', \
    'dropped<=10'";
fn most_jobs(text: &str) -> Result<u32, String> {
    let jobs = crate::load::whole(text).and_then(|jobs| u32::try_from(jobs).ok());
    let jobs = jobs.filter(|jobs| (1..=65_536).contains(jobs));
    jobs.ok_or_else(|| "accepted: a whole number from 1 to 65536".to_owned())
}

fn precision(text: &str) -> Result<Share, String> {
    let share = Share::from_str(text).map_err(|error| error.to_string())?;
    match (0.001..=0.5).contains(&share.get()) {
        true => Ok(share),
        false => Err("accepted: from 0.1% to 50%".to_owned()),
    }
}
