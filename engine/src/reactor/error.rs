//! Why a loop, or a job of it, does not run.

use std::io;

use pausewake_device::ring::CreateError;
use pausewake_jobs::StartReason;

use super::TaskHandle;
use crate::error::ErrorFamily;

/// Why a job does not run.
#[derive(thiserror::Error)]
pub enum SpawnError<F> {
    /// `jobs` has none to give; the function comes back. *Retry* or *misuse*, as the reason says.
    #[error("no job could be started: {reason}")]
    NotStarted {
        /// Why, and whether to try again ([`StartReason::is_retry`]).
        reason: StartReason,
        /// The function.
        f: F,
    },
    /// The job ran up to its first pause, and its fd could not be watched; it stays paused, and
    /// nothing will wake it. *Retry*, if the system has run out of watches: cancel it, and start it
    /// anew later. *Misuse*, if it put something into its wait context that cannot be waited for, a
    /// file for example.
    #[error(
        "a job's fd could not be watched: cancel the job; if watches ran out, raise the sysctl \
         fs.epoll.max_user_watches"
    )]
    Watch {
        /// The job, for [`Reactor::cancel`](super::Reactor::cancel).
        task: TaskHandle,
        /// What the system said.
        source: io::Error,
    },
}

impl<F> SpawnError<F> {
    /// Which family. Never the device's.
    #[must_use]
    pub fn family(&self) -> ErrorFamily {
        match self {
            Self::NotStarted { reason, .. } => ErrorFamily::retry_if(reason.is_retry()),
            Self::Watch { source, .. } => ErrorFamily::of_io(source),
        }
    }
}

impl<F> std::fmt::Debug for SpawnError<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotStarted { reason, .. } => f.debug_tuple("NotStarted").field(reason).finish(),
            Self::Watch { task, source } => {
                let mut watch = f.debug_struct("Watch");
                watch.field("task", task).field("source", source).finish()
            }
        }
    }
}

/// Why the loop cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReactorError {
    /// The system's event queue failed. *Retry*, if the system has run out of descriptors, watches
    /// or memory; else *misuse*: it does not allow what the loop needs, or a job put something into
    /// its wait context that cannot be waited for.
    #[error("the event loop's system calls failed; if descriptors ran out, raise `ulimit -n`")]
    Io(#[from] io::Error),
    /// The loop's own wake-up could not be made. *Retry*, when descriptors are free again
    /// ([`CreateError::is_retry`]).
    #[error("the event loop cannot be woken")]
    Bell(#[from] CreateError),
    /// *Misuse*: jobs are paused, and nothing under way could wake them.
    #[error(
        "{jobs} jobs are paused and nothing will wake them: no operation is in flight, or a manual \
         device holds it"
    )]
    Stalled {
        /// How many.
        jobs: usize,
    },
    /// *Misuse*: a job cannot turn the loop that resumes it.
    #[error("the event loop was turned from inside a job: turn it outside of all jobs")]
    InJob,
}

impl ReactorError {
    /// Which family. Never the device's.
    #[must_use]
    pub fn family(&self) -> ErrorFamily {
        match self {
            Self::Io(error) => ErrorFamily::of_io(error),
            Self::Bell(error) => ErrorFamily::retry_if(error.is_retry()),
            Self::Stalled { .. } | Self::InJob => ErrorFamily::Misuse,
        }
    }
}
