//! How many jobs and stacks there are, so that a test can tell that none were lost.

use crate::fiber;

/// What one thread has. Taken by [`thread_stats`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadStats {
    /// Idle jobs that wait for the next start.
    pub pooled: usize,
    /// Jobs that are running or paused, of the present pool.
    pub handed_out: usize,
    /// Jobs that are running or paused, of pools that [`cleanup_thread`](crate::cleanup_thread)
    /// has ended.
    pub orphaned: usize,
    /// The limit of `pooled` and `handed_out` together; 0 is no limit.
    pub max_size: usize,
    /// Whether the thread has a pool.
    pub initialised: bool,
}

/// What the process has. Taken by [`process_stats`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessStats {
    /// Stacks that are mapped, on all threads: idle, running, paused and given up.
    pub stacks_alive: usize,
    /// Their bytes, without guard pages.
    pub stack_bytes_alive: usize,
    /// Stacks among them that will never be used or freed again, because their jobs would not
    /// be cancelled: see [`Cancelled::Refused`](crate::Cancelled::Refused).
    pub stacks_given_up: usize,
}

/// Counts the jobs of the calling thread.
#[must_use]
pub fn thread_stats() -> ThreadStats {
    fiber::thread_stats()
}

/// Counts the stacks of the process. Other threads may change the figures while they are read.
#[must_use]
pub fn process_stats() -> ProcessStats {
    fiber::process_stats()
}

/// How many stacks the process may have mapped, on all threads, by the kernel's limit on mappings
/// (`vm.max_map_count`) as it is now. Other limits may leave room for fewer.
#[must_use]
pub fn max_stacks() -> usize {
    fiber::max_stacks()
}
