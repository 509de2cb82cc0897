//! Why a job was not started or resumed, or a pool not made.

use std::error::Error;
use std::fmt;

use thiserror::Error;

use crate::{Job, JobId};

/// Why [`start`](crate::start) did not start a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartReason {
    /// *Retry*: as many jobs are alive on this thread as its pool allows. OpenSSL's
    /// `ASYNC_NO_JOBS`.
    #[error(
        "no job is free: all {max_size} that this thread's pool allows are in use; resume or \
         cancel one first, or allow more in init_thread"
    )]
    NoJobs {
        /// What [`init_thread`](crate::init_thread) was told.
        max_size: usize,
    },
    /// *Retry*: the system has no room for another stack.
    #[error(transparent)]
    StackAllocation(#[from] StackAllocationError),
    /// *Misuse*: the caller runs inside a job, and a job cannot run another one.
    #[error("job {running} is running: start jobs from outside of jobs")]
    Nested {
        /// The job that is running, and goes on unharmed.
        running: JobId,
    },
}

impl StartReason {
    /// Whether the same call may succeed later, when other jobs have ended. If not, the caller
    /// has to change something.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        match self {
            StartReason::NoJobs { .. } | StartReason::StackAllocation(_) => true,
            StartReason::Nested { .. } => false,
        }
    }
}

/// The system has no room for another stack. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "no room for a stack of {stack_size_bytes} bytes beside the {stacks_alive} that are alive: \
     {cause}; {}", .cause.hint()
)]
pub struct StackAllocationError {
    /// What was asked for, without the guard page.
    pub stack_size_bytes: usize,
    /// How many stacks of jobs the process has, idle ones included.
    pub stacks_alive: usize,
    /// What stood against it.
    pub cause: StackAllocationCause,
}

/// What stood against another stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StackAllocationCause {
    /// Stacks would take mappings that the rest of the process needs. The kernel limits the
    /// mappings of a process; each stack takes two, and where they run out, ordinary memory
    /// allocation fails as well.
    MapCount {
        /// The limit, `vm.max_map_count`.
        max_map_count: usize,
        /// How many stacks that leaves room for.
        stacks_max: usize,
    },
    /// The kernel refused to map so much.
    Mapping {
        /// Its error number, as of mmap(2).
        errno: i32,
    },
    /// The stack is larger than the hard limit on stacks allows.
    StackLimit {
        /// `RLIMIT_STACK`, as it was at the first job.
        limit_bytes: usize,
    },
    /// The first job of a process needs a helper thread for a moment, and there was none.
    WarmUp {
        /// The error number, as of `pthread_create(3)`.
        errno: Option<i32>,
    },
    /// Another part of the process took the room at the very moment.
    Panicked,
}

impl StackAllocationCause {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::MapCount { .. } => {
                "run fewer jobs at a time (init_thread sets a limit), or raise the sysctl \
                 vm.max_map_count"
            }
            Self::Mapping { .. } => {
                "raise the limit on address space (ulimit -v) or of the container, or choose \
                 smaller stacks or fewer jobs"
            }
            Self::StackLimit { .. } => {
                "choose smaller stacks, or raise the hard limit (ulimit -Hs) before the program \
                 starts"
            }
            Self::WarmUp { .. } => {
                "raise the limit on threads (ulimit -u) or address space (ulimit -v)"
            }
            Self::Panicked => "free memory, and try again",
        }
    }
}

impl fmt::Display for StackAllocationCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MapCount {
                max_map_count,
                stacks_max,
            } => write!(
                f,
                "vm.max_map_count = {max_map_count} leaves room for {stacks_max} stacks"
            ),
            Self::Mapping { errno } => {
                write!(
                    f,
                    "mmap failed: {}",
                    std::io::Error::from_raw_os_error(*errno)
                )
            }
            Self::StackLimit { limit_bytes } => {
                write!(f, "the hard RLIMIT_STACK is {limit_bytes} bytes")
            }
            Self::WarmUp { errno: Some(errno) } => write!(
                f,
                "the first job's helper thread could not be made: {}",
                std::io::Error::from_raw_os_error(*errno)
            ),
            Self::WarmUp { errno: None } => {
                write!(f, "the first job's helper thread could not be made")
            }
            Self::Panicked => write!(f, "memory ran out while the stack was being mapped"),
        }
    }
}

/// A job was not started. Holds the function, so that the caller can start it later, or call it.
pub struct StartError<F> {
    reason: StartReason,
    f: F,
}

impl<F> StartError<F> {
    #[cold]
    pub(crate) fn new(reason: StartReason, f: F) -> StartError<F> {
        StartError { reason, f }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> StartReason {
        self.reason
    }

    /// The function that was not called.
    #[must_use]
    pub fn into_inner(self) -> F {
        self.f
    }

    /// Both.
    #[must_use]
    pub fn into_parts(self) -> (StartReason, F) {
        (self.reason, self.f)
    }
}

impl<F> fmt::Debug for StartError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartError")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Display for StartError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl<F> Error for StartError<F> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The text is the reason's own, so its source is ours.
        self.reason.source()
    }
}

/// Why [`Job::resume`] did not resume the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ResumeReason {
    /// *Misuse*: the caller runs inside a job, and a job cannot run another one.
    #[error("job {running} is running: resume jobs from outside of jobs")]
    Nested {
        /// The job that is running, and goes on unharmed.
        running: JobId,
    },
}

/// A job was not resumed. Holds the job, still paused.
pub struct ResumeError<T> {
    reason: ResumeReason,
    job: Job<T>,
}

impl<T> ResumeError<T> {
    #[cold]
    pub(crate) fn new(reason: ResumeReason, job: Job<T>) -> ResumeError<T> {
        ResumeError { reason, job }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> ResumeReason {
        self.reason
    }

    /// The job, still paused.
    pub fn into_job(self) -> Job<T> {
        self.job
    }
}

impl<T> fmt::Debug for ResumeError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResumeError")
            .field("reason", &self.reason)
            .field("job", &self.job)
            .finish()
    }
}

impl<T> fmt::Display for ResumeError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl<T> Error for ResumeError<T> {}

/// Why [`init_thread`](crate::init_thread) made no pool. All of them *misuse*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InitError {
    /// The thread has a pool, made by an earlier call or by its first job.
    #[error(
        "this thread has a pool already, from an earlier init_thread or its first job; call \
         cleanup_thread first"
    )]
    AlreadyInitialised,
    /// More jobs to begin with than there may ever be. OpenSSL's `INVALID_POOL_SIZE`, which
    /// takes the 0 for 'no limit' as a number here, and so do we.
    #[error(
        "init_size {init_size} is greater than max_size {max_size}; with no limit (0) no jobs can \
         be made in advance"
    )]
    InvalidPoolSize {
        /// The limit that was asked for.
        max_size: usize,
        /// The number that was to be made in advance.
        init_size: usize,
    },
    /// See [`StackSizeError`].
    #[error(transparent)]
    StackSize(#[from] StackSizeError),
}

/// A stack of this size cannot be. *Misuse*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a stack of {size_bytes} bytes is not possible: choose between {min_bytes} and {max_bytes}"
)]
pub struct StackSizeError {
    /// What was asked for.
    pub size_bytes: usize,
    /// The smallest size.
    pub min_bytes: usize,
    /// The largest size.
    pub max_bytes: usize,
}
