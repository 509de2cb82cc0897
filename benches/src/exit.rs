//! The exit codes: those of `pausewake`, as far as they can occur here.

use std::process::ExitCode;

/// How a run ended, as a shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything ran. A target that was missed is no error.
    Success,
    /// A check failed: a wrong count, a lost op, an early completion.
    CheckFailed,
    /// A child process could not measure what it was asked for.
    Invalid,
    /// A bad flag or file: nothing was run, or nothing could be written.
    BadInput,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::CheckFailed => 100,
            Exit::Invalid => 103,
            Exit::BadInput => 104,
        })
    }
}

/// What `--help` says about them.
pub const HELP: &str = "\
Exit codes:
    0  everything ran; a target that was missed is no error
  100  a check failed: a wrong count, a lost op, an early completion
  104  bad flag or file";
