//! TEMPORARY: only what the command line program needs to compile.

/// Names a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A job changed its state.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum JobEvent {
    /// It runs for the first time.
    Started {
        /// Which.
        job: JobId,
    },
    /// It paused.
    Paused {
        /// Which.
        job: JobId,
    },
    /// It runs again.
    Resumed {
        /// Which.
        job: JobId,
    },
    /// Its function returned.
    Finished {
        /// Which.
        job: JobId,
    },
    /// It was cancelled.
    Cancelled {
        /// Which.
        job: JobId,
    },
}
