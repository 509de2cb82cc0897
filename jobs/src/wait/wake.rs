use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use super::WaitFd;

/// What wakes a job by being called. Runs on whichever thread has news for the job, with
/// nothing of this crate borrowed or locked.
///
/// It may do anything but resume the job: it has to *have it resumed* on the job's thread.
pub type Callback = Arc<dyn Fn() + Send + Sync>;

/// The one thing of a wait context that another thread may hold.
///
/// It owns what it wakes, by count: a callback cannot be freed under it, and a descriptor cannot
/// be closed and its number used for something else. A wake that comes late, when the job has
/// ended long since, hits what it was meant for, or nothing.
///
/// Made by [`WaitCtx::wake_by_fd`](crate::WaitCtx::wake_by_fd) and
/// [`WaitCtx::callback`](crate::WaitCtx::callback), on the job's thread.
///
/// # Examples
/// ```
/// use pausewake_jobs::{WaitCtx, WaitFd, WaitKey};
///
/// let wait_ctx = WaitCtx::new();
/// let fd = WaitFd::eventfd()?;
/// wait_ctx.set_wait_fd(WaitKey(1), fd.clone(), None);
/// let wake = wait_ctx.wake_by_fd(WaitKey(1)).expect("set just now");
/// std::thread::spawn(move || wake.wake()).join().unwrap()?;
/// assert_eq!(fd.drain()?, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Wake(Target);

#[derive(Clone)]
enum Target {
    Fd(WaitFd),
    Callback(Callback),
}

impl Wake {
    /// Wakes by adding to this eventfd.
    #[must_use]
    pub fn from_fd(fd: WaitFd) -> Wake {
        Wake(Target::Fd(fd))
    }

    /// Wakes by calling this.
    #[must_use]
    pub fn from_callback(callback: Callback) -> Wake {
        Wake(Target::Callback(callback))
    }

    /// Wakes. A wake that comes before the job has paused is not lost: the eventfd stays
    /// readable. A callback has to see to that itself.
    ///
    /// # Errors
    /// If the descriptor cannot be written to, because it is no eventfd. A callback has no errors.
    ///
    /// # Panics
    /// If the callback does.
    pub fn wake(&self) -> io::Result<()> {
        match &self.0 {
            Target::Fd(fd) => fd.signal(),
            Target::Callback(callback) => {
                callback();
                Ok(())
            }
        }
    }
}

/// A [`Wake`] that stays on its thread, and is counted without atomic operations there. It owns its
/// target as well.
#[derive(Clone)]
pub struct LocalWake(LocalTarget);

#[derive(Clone)]
enum LocalTarget {
    Callback(Rc<Callback>),
    Shared(Wake),
}

impl LocalWake {
    pub(super) fn from_callback(callback: Rc<Callback>) -> LocalWake {
        LocalWake(LocalTarget::Callback(callback))
    }

    /// Wakes.
    ///
    /// # Errors
    /// As [`Wake::wake`].
    ///
    /// # Panics
    /// If the callback does.
    pub fn wake(&self) -> io::Result<()> {
        match &self.0 {
            LocalTarget::Callback(callback) => {
                callback();
                Ok(())
            }
            LocalTarget::Shared(wake) => wake.wake(),
        }
    }

    /// The same, for any thread.
    #[must_use]
    pub fn to_wake(&self) -> Wake {
        match &self.0 {
            LocalTarget::Callback(callback) => Wake::from_callback(Callback::clone(callback)),
            LocalTarget::Shared(wake) => wake.clone(),
        }
    }
}

impl From<Wake> for LocalWake {
    fn from(wake: Wake) -> LocalWake {
        LocalWake(LocalTarget::Shared(wake))
    }
}

impl fmt::Debug for LocalWake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            LocalTarget::Callback(_) => f.write_str("LocalWake(callback)"),
            LocalTarget::Shared(wake) => f.debug_tuple("LocalWake").field(wake).finish(),
        }
    }
}

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Target::Fd(fd) => f.debug_tuple("Wake").field(fd).finish(),
            Target::Callback(_) => f.write_str("Wake(callback)"),
        }
    }
}
