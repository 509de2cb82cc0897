//! The exit codes, all of them.

use std::process::ExitCode;

/// How a run ended, as a shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything ran, and everything that was expected holds.
    Success,
    /// An expectation failed: in the end, or one that ended the run.
    ExpectationFailed,
    /// A result failed verification.
    VerificationFailed,
    /// The run says nothing: the load generator was its limit, times were beyond what can be
    /// measured, or it broke off.
    Invalid,
    /// A bad scenario, flag or file: nothing was run, or nothing could be written.
    BadInput,
    /// Ended by SIGINT, SIGTERM or SIGHUP before its time; what was measured until then was reported.
    Aborted,
}

impl Exit {
    /// The code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::ExpectationFailed => 99,
            Self::VerificationFailed => 100,
            Self::Invalid => 103,
            Self::BadInput => 104,
            Self::Aborted => 105,
        }
    }
}

impl Exit {
    /// What it says, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "everything that was expected holds",
            Self::ExpectationFailed => {
                "an expectation failed, calls failed, or a condition ended a run"
            }
            Self::VerificationFailed => "a result failed verification",
            Self::Invalid => "figures mean nothing",
            Self::BadInput => "a scenario, a flag or a file is wrong",
            Self::Aborted => "a signal ended it before its time",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What `--help` says about them.
pub const HELP: &str = "\
Exit codes:
    0  the run is complete, and every expectation holds
   99  an expectation failed: of the scenario, of an SLO, or one that ended the
       run; calls failed, and nothing says how many may; nothing holds (knee),
       or a --fail-if is met (compare)
  100  a result failed verification
  103  the run is invalid: its figures mean nothing, or nothing returned; or
       those that were to decide a search are (knee); or shards of a merged
       sweep are missing
  104  bad scenario, flag or file, or a report that cannot be written
  105  aborted by SIGINT, SIGTERM or SIGHUP; what was measured until then is
       reported";
