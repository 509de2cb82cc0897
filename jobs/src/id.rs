use std::fmt;

/// Names a job, for as long as the process lives: no two jobs of a process have the same id,
/// also not on different threads, and not after a job has ended.
///
/// Ids grow with each start on one thread. In a program whose jobs all run on one thread the
/// first is 1, the second 2, and so on, which makes logs comparable between runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(u64);

impl JobId {
    /// The id of no job.
    pub(crate) const NONE: JobId = JobId(0);

    #[inline]
    pub(crate) fn new(id: u64) -> JobId {
        JobId(id)
    }

    /// The id as a number, never 0.
    #[must_use]
    #[inline]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobId({})", self.0)
    }
}
