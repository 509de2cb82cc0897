//! What belongs to the whole process.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Descriptors, stacks and limits are the process's: of the tests that hold this, one runs at a time.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Descriptors that this process has open.
///
/// # Panics
/// Without a mounted `/proc`.
#[must_use]
pub fn open_fds() -> usize {
    std::fs::read_dir("/proc/self/fd")
        .expect("/proc is mounted")
        .count()
}
