//! A thread's pool, and the size of stacks.

use crate::{InitError, StackSizeError, fiber};

/// How a thread's pool of jobs is to be: what [`init_thread`] takes, and the size of its stacks.
///
/// ```
/// pausewake_jobs::ThreadConfig::new()
///     .max_size(64)
///     .init_size(8)
///     .stack_size_bytes(128 * 1024)
///     .init()?;
/// # Ok::<(), pausewake_jobs::InitError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use = "call init()"]
pub struct ThreadConfig {
    pub(crate) max_size: usize,
    pub(crate) init_size: usize,
    pub(crate) stack_size_bytes: Option<usize>,
}

impl ThreadConfig {
    /// No limit, no jobs in advance, stacks of the process's default size: what a thread gets
    /// that starts a job without any of this.
    pub fn new() -> ThreadConfig {
        ThreadConfig::default()
    }

    /// How many jobs may be alive at a time, paused and idle ones together. 0 is no limit.
    pub fn max_size(mut self, jobs: usize) -> ThreadConfig {
        self.max_size = jobs;
        self
    }

    /// How many jobs to make in advance. At most `max_size`, also if that is 0.
    pub fn init_size(mut self, jobs: usize) -> ThreadConfig {
        self.init_size = jobs;
        self
    }

    /// Bytes of each stack, rounded up to whole pages, without the guard page.
    pub fn stack_size_bytes(mut self, bytes: usize) -> ThreadConfig {
        self.stack_size_bytes = Some(bytes);
        self
    }

    /// Makes this thread's pool. If the system has not enough memory for all the jobs that
    /// were to be made in advance, there are fewer: see [`thread_stats`](crate::thread_stats).
    ///
    /// # Errors
    /// * [`InitError::InvalidPoolSize`], if `init_size` is greater than `max_size`;
    /// * [`InitError::StackSize`], if stacks of that size cannot be;
    /// * [`InitError::AlreadyInitialised`], if the thread has a pool.
    pub fn init(self) -> Result<(), InitError> {
        fiber::init(&self)
    }

    /// The size of stacks that this pool makes; the process's default where none was set.
    pub(crate) fn stack_size_bytes_or_default(&self) -> usize {
        self.stack_size_bytes
            .unwrap_or_else(fiber::default_stack_size_bytes)
    }

    pub(crate) fn check(&self) -> Result<(), InitError> {
        let (max_size, init_size) = (self.max_size, self.init_size);
        if init_size > max_size {
            return Err(InitError::InvalidPoolSize {
                max_size,
                init_size,
            });
        }
        self.stack_size_bytes.map_or(Ok(()), check_stack_size)?;
        Ok(())
    }
}

/// Makes this thread's pool of jobs: at most `max_size` alive at a time (0 is no limit), and
/// `init_size` of them made in advance. OpenSSL's `ASYNC_init_thread`.
///
/// Calling it is optional: the first [`start`](crate::start) on a thread makes a pool without a
/// limit.
///
/// # Errors
/// See [`ThreadConfig::init`].
///
/// # Examples
/// ```
/// use pausewake_jobs::{InitError, init_thread};
///
/// assert_eq!(init_thread(0, 1), Err(InitError::InvalidPoolSize { max_size: 0, init_size: 1 }));
/// assert_eq!(init_thread(2, 1), Ok(()));
/// assert_eq!(init_thread(2, 1), Err(InitError::AlreadyInitialised));
/// ```
pub fn init_thread(max_size: usize, init_size: usize) -> Result<(), InitError> {
    ThreadConfig::new()
        .max_size(max_size)
        .init_size(init_size)
        .init()
}

/// Frees this thread's idle jobs, and forgets its pool, with its limits. OpenSSL's
/// `ASYNC_cleanup_thread`.
///
/// Jobs that are paused stay valid; the stack of each is freed when it ends. A later
/// [`start`](crate::start) makes a new pool. May be called at any time and any number of times,
/// also inside a job. Runs by itself when the thread ends.
pub fn cleanup_thread() {
    fiber::cleanup();
}

/// Whether jobs work on this platform: on Linux, on x86-64 and aarch64.
#[must_use]
pub fn is_capable() -> bool {
    cfg!(all(
        target_os = "linux",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ))
}

/// Bytes of a new stack on threads that did not say otherwise in their [`ThreadConfig`]: 65,536
/// at first. Without the guard page.
#[must_use]
pub fn default_stack_size_bytes() -> usize {
    fiber::default_stack_size_bytes()
}

/// Changes the size of new stacks for the whole process, and returns what it was. Stacks that
/// are there keep theirs.
///
/// Too small a stack ends in the guard page, and so the program. Signing with ring's RSA-2048
/// takes 13 kB of stack, a panic that prints a backtrace 21 kB.
///
/// # Errors
/// If the size is below 16 KiB or above 1 GiB.
pub fn set_default_stack_size_bytes(size_bytes: usize) -> Result<usize, StackSizeError> {
    check_stack_size(size_bytes)?;
    Ok(fiber::set_default_stack_size_bytes(size_bytes))
}

fn check_stack_size(size_bytes: usize) -> Result<(), StackSizeError> {
    let (min_bytes, max_bytes) = (fiber::MIN_STACK_SIZE_BYTES, fiber::MAX_STACK_SIZE_BYTES);
    if (min_bytes..=max_bytes).contains(&size_bytes) {
        Ok(())
    } else {
        Err(StackSizeError {
            size_bytes,
            min_bytes,
            max_bytes,
        })
    }
}
