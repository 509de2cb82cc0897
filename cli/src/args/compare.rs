//! `pausewake compare`: the flags of a load, and what is compared with what.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::Load;
use crate::formats::summary_format;

/// `pausewake compare`
#[derive(Debug, Args)]
#[command(
    mut_arg("clock", |arg| arg.help(CLOCK)),
    mut_arg("compute", |arg| arg.help(COMPUTE)),
    mut_arg("duration", |arg| arg.help(DURATION)),
    mut_arg("ops", |arg| arg.help(OPS)),
    mut_arg("notify", |arg| arg.help(NOTIFY)),
    mut_arg("seed", |arg| arg.help(SEED)),
    mut_arg("slo", |arg| arg.help(SLO)),
    mut_arg("format", |arg| arg.value_parser(summary_format())),
)]
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
    /// How many seeds each mode is run with, 5 if not said.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=99))]
    pub seeds: Option<u32>,
    /// Of modes: do not search from how many jobs and bytes on offload wins.
    #[arg(long)]
    pub no_break_even: bool,
    /// The load, as `pausewake load` takes it. To compare modes, the clock is the virtual one if not
    /// said, host costs are the measured ones, nothing is computed, and 10k ops are done. With several --threads,
    /// sync is left out under virtual time, where a thread that waits in place would hold the others.
    #[command(flatten)]
    pub load: Load,
}

impl Compare {
    /// With how many seeds each mode is run.
    pub fn seeds(&self) -> u32 {
        self.seeds.unwrap_or(5)
    }
}

const CLOCK: &str = "Whose time; virtual if not said, beside --baseline that of the baseline";
const COMPUTE: &str = "What computes the results; if not said none under virtual time, else and beside --baseline \
    cached if there are RSA signatures, or real";
const DURATION: &str = "How long, behind the warm-up: 30s, 500ms; 5s if not said by the wall clock, and beside a \
    --baseline of virtual time 1s. Not together with --ops";
const OPS: &str = "How many ops, behind the warm-up, instead of a duration: 20k, 1M; 10k if not said for modes \
    under virtual time";
const NOTIFY: &str = "Which offload is held against software to find where it begins to win, fd or callback, which \
    it is if not said: modes are all run. Beside --baseline, how jobs are told";
const SEED: &str = "Start of all chance; of modes the first of the --seeds";
const SLO: &str = "Beside --baseline: what must hold in the end, or the exit code is 99: 'p99<2ms', \
    'throughput>60k/s'. Modes have to hold nothing. May be given several times";
