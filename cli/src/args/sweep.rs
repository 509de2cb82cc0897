//! `pausewake sweep`: the flags of a load, some of them with several values.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{Load, Names};

/// `pausewake sweep`
///
/// --jobs, --rate, --threads and --notify are those of a load, with other values.
#[derive(Debug, Args)]
#[command(
    mut_arg("jobs", |arg| arg.value_name(RANGE).help(JOBS).long_help(None::<&str>)),
    mut_arg("rate", |arg| arg.value_name(RANGE)),
    mut_arg("threads", |arg| arg.value_name(RANGE)),
    mut_arg("notify", |arg| {
        arg.value_name("WAY,…")
            .help(NOTIFY)
            .value_parser(Names::of_ways())
            .hide_possible_values(true)
    }),
    mut_arg("clock", |arg| arg.help(CLOCK)),
    mut_arg("compute", |arg| arg.help(COMPUTE)),
    mut_arg("seed", |arg| arg.help("Start of all chance, the same in all points")),
    mut_arg("slo", |arg| arg.hide(true)),
    mut_arg("print_scenario", |arg| arg.hide(true)),
)]
pub struct Sweep {
    /// Sizes of messages, in bytes; 16K is 16,384. The op is aes-256-gcm-seal if neither --op nor --key
    /// says another.
    #[arg(long, value_name = RANGE)]
    pub size: Option<String>,
    /// Sweep a scenario file, over which all flags are put, instead of a load that is made of flags.
    /// The file says the clock, and what it expects is not looked at.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub scenario: Option<PathBuf>,
    /// Run only this part of the points: 3/16 is the third of sixteen. If not said, it is that of the
    /// Slurm array (SLURM_ARRAY_TASK_ID and its like) or of the Kubernetes Indexed Job
    /// (JOB_COMPLETION_INDEX of PAUSEWAKE_SHARDS) that the program runs in. `pausewake merge` joins
    /// the parts.
    #[arg(long, value_name = "N/OF")]
    pub shard: Option<String>,
    /// All other flags.
    #[command(flatten)]
    pub load: Load,
}

const RANGE: &str = "VALUES";
const JOBS: &str = "Jobs at once. VALUES are a list, 1,4,16, and ranges: 1..1024 doubles from value \
    to value, 1..1000x10 goes in steps of its factor, 10k..200k+10k adds. 64 if not said";
const NOTIFY: &str = "How jobs are told: one or several of callback, fd, poll. With several, and poll among \
    them, --reap is inline if not said, which goes with all of them";
const CLOCK: &str = "Whose time; virtual if not said, where the host's work costs what it was measured to \
    (--set host.base=free says otherwise)";
const COMPUTE: &str = "Whether results are computed; none if not said, under virtual time";
