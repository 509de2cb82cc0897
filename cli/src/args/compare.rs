//! `pausewake compare`: the flags of a load, and what is compared with what.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::Load;
use crate::formats::summary_format;

/// `pausewake compare`
#[derive(Debug, Args)]
#[command(mut_arg("format", |arg| arg.value_parser(summary_format())))]
pub struct Compare {
    /// Two saved results, or two sweeps, the second held against the first; of those that are invalid or
    /// aborted the exit code tells. Without any, and without --baseline, the
    /// load is run in software, and offloaded synchronously, by fd and by callback.
    #[arg(value_name = "FILE", num_args = 0..=2, value_hint = ValueHint::FilePath)]
    pub results: Vec<PathBuf>,
    /// A saved result to hold another one against: the FILE that is named, or, if none is, that of the
    /// load, which is run as `pausewake load` would.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub baseline: Option<PathBuf>,
    /// What must not be, or the exit code is 99: 'throughput<-5%', 'p99>+10%': figures as --slo names
    /// them, and how far they are from the baseline. May be given several times.
    #[arg(long, value_name = "FIGURE<PERCENT", allow_hyphen_values = true)]
    pub fail_if: Vec<String>,
    /// How many seeds each mode is run with.
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub seeds: u32,
    /// Do not search from how many jobs and bytes on offload wins.
    #[arg(long)]
    pub no_break_even: bool,
    /// The load, as `pausewake load` takes it. To compare modes, the clock is the virtual one if not
    /// said, host costs are the measured ones, nothing is computed, and 10k ops are done. --notify says
    /// which offload is held against software to find where it begins to win. With several --threads,
    /// sync is left out under virtual time, where a thread that waits in place would hold the others.
    #[command(flatten)]
    pub load: Load,
}
