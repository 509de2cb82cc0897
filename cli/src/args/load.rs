//! `pausewake load`: flags that stand for entries of a scenario.

use clap::{Args, ValueHint};

use super::values::{NOTIFY, Names, path_in_text};
use crate::formats::OutputArgs;
use crate::live::LiveArgs;

/// `pausewake load`
#[derive(Clone, Debug, Args)]
pub struct Load {
    /// Jobs at once, 64 if not said; with --rate, jobs at once at most, by default as many as it may
    /// need. 1k is 1,000.
    #[arg(short = 'c', long, value_name = "N", allow_hyphen_values = true)]
    pub jobs: Option<String>,
    /// How long, behind the warm-up: 30s, 500ms; 5s if not said (1s under virtual time). Not
    /// together with --ops.
    #[arg(short, long, value_name = "TIME", allow_hyphen_values = true)]
    pub duration: Option<String>,
    /// How many ops, behind the warm-up, instead of a duration: 20k, 1M.
    #[arg(short = 'n', long, value_name = "N", allow_hyphen_values = true)]
    pub ops: Option<String>,
    /// Threads (timelines under virtual time), each with an event loop and a queue pair of its own.
    #[arg(short, long, value_name = "N", allow_hyphen_values = true)]
    pub threads: Option<String>,
    /// Open loop: so many ops arrive each second, whatever the device does, and their latency
    /// counts from the time at which they were to start. 8k is 8,000. Without it the loop is
    /// closed: an op begins when another has ended.
    #[arg(
        short = 'R',
        long,
        value_name = "PER_SECOND",
        allow_hyphen_values = true
    )]
    pub rate: Option<String>,
    /// How arrivals are spaced: evenly, at random, or many at the same time.
    #[arg(long, value_parser = ["constant", "poisson", "burst"])]
    pub arrival: Option<String>,
    /// The op, rsa2048-sign if not said; with @ and the bytes of its message: aes-256-gcm-seal@1350.
    #[arg(long, value_name = "OP", value_parser = Names::of_ops(), hide_possible_values = true)]
    pub op: Option<String>,
    /// Several ops with weights: rsa2048-sign:1,aes-256-gcm-seal@1350:20.
    #[arg(long, value_name = "OP:WEIGHT,…")]
    pub mix: Option<String>,
    /// How jobs are told.
    #[arg(long, value_parser = NOTIFY)]
    pub notify: Option<String>,
    /// Who takes completions from the ring.
    #[arg(long, value_parser = ["event", "external", "heuristic", "inline", "thread"])]
    pub reap: Option<String>,
    /// The device, by the name of its profile.
    #[arg(long, value_name = "NAME", value_parser = Names::of_profiles(), hide_possible_values = true)]
    pub profile: Option<String>,
    /// What computes the results; cached if not said and there are RSA signatures, else real.
    #[arg(long, value_parser = ["real", "cached", "none"])]
    pub compute: Option<String>,
    /// Whose time; the wall clock's if not said.
    #[arg(long, value_parser = ["wall", "virtual"])]
    pub clock: Option<String>,
    /// How long the load goes on before figures are taken.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub warmup: Option<String>,
    /// Start of all chance.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// What must hold in the end, or the exit code is 99: 'p99<2ms', 'throughput>60k/s',
    /// 'errors==0', 'notify.p99<50us'. May be given several times.
    #[arg(long, value_name = "FIGURE<VALUE")]
    pub slo: Vec<String>,
    /// The private key of signatures, in a file: of the op, or of all ops of --mix that it goes with.
    /// Without them it makes the op rsa-sign or ecdsa-sign. Modelled times go by its length or curve.
    #[arg(long, value_name = "FILE", value_parser = path_in_text(), value_hint = ValueHint::FilePath)]
    pub key: Option<String>,
    /// What is signed or sealed: a file, cut into messages of the op's size, or as a whole if none
    /// is said. Without it payload is random.
    #[arg(long, value_name = "FILE", value_parser = path_in_text(), value_hint = ValueHint::FilePath)]
    pub payload: Option<String>,
    /// Any other entry of the scenario that the flags make: device.asym.slices=8. An empty value
    /// takes the entry out. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub overrides: Vec<String>,
    /// Print the scenario instead of running it: `pausewake run` does the same with it. Of a search for
    /// the knee it is the first probe, of a comparison a variant for each mode.
    #[arg(long)]
    pub print_scenario: bool,
    /// Where the report goes, and how.
    #[command(flatten)]
    pub output: OutputArgs,
    /// What one sees meanwhile.
    #[command(flatten)]
    pub live: LiveArgs,
}
