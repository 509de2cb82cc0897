//! Why there is no answer.

use crate::probe::ProbeError;

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
        "software takes no time here, and bears whatever comes, as engine.mode or as a fallback: under virtual time \
         it costs what [host] says, and that is nothing for these ops\n  accepted: --set host.base=measured, or --set host.software; or --clock \
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
