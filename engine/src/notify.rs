//! How a job is told, and how it takes note.

use pausewake_jobs::{Current, JobId, WaitCtx, WaitFd, WaitKey, Wake};
use rustix::event::{EventfdFlags, eventfd};

use crate::config::Notify;
use crate::error::{Error, Misuse, Retry};
use crate::events::NotifiedBy;

/// Whom a completion tells.
#[derive(Clone, Debug)]
pub(crate) enum Waiter {
    /// A job, by what its wait context offers. The wake owns its target, so that it can come late.
    Job { wake: Wake, by: NotifiedBy },
    /// A job that nobody tells: it is resumed now and then, and looks.
    Looks,
    /// The caller looks for itself.
    InPlace,
}

impl Waiter {
    pub(crate) fn by(&self) -> NotifiedBy {
        match self {
            Self::Job { by, .. } => *by,
            Self::Looks => NotifiedBy::Nobody,
            Self::InPlace => NotifiedBy::InPlace,
        }
    }

    /// Whether there is a job to tell.
    pub(crate) fn is_job(&self) -> bool {
        matches!(self, Self::Job { .. })
    }

    /// What wakes the job, if something does.
    pub(crate) fn wake(&self) -> Option<&Wake> {
        match self {
            Self::Job { wake, .. } => Some(wake),
            Self::Looks | Self::InPlace => None,
        }
    }

    /// Tells. To be called with nothing borrowed: a callback may call the engine.
    pub(crate) fn tell(&self) {
        if let Some(wake) = self.wake() {
            // A full eventfd says what there is to say; nothing else can fail on one that we own.
            let _ = wake.wake();
        }
    }
}

/// Who makes a crypto call.
pub(crate) enum Caller {
    /// A job that can be told.
    Job {
        id: JobId,
        wait_ctx: WaitCtx,
        waiter: Waiter,
        /// The eventfd, where notification is by fd: its count is to be taken after a wake.
        fd: Option<WaitFd>,
    },
    /// No job: the call waits in place.
    Thread,
}

impl Caller {
    /// Looks who calls, and prepares the wait context of a job for `notify`.
    ///
    /// # Errors
    /// The wait context cannot notify in this way, or there is no descriptor for it.
    pub(crate) fn here(notify: Notify, key: WaitKey) -> Result<Self, Error> {
        let Some(current) = pausewake_jobs::current() else {
            return Ok(Self::Thread);
        };
        match notify {
            Notify::Callback => Ok(Self::by_callback(&current)?),
            Notify::Fd => Ok(Self::by_fd(&current, key)?),
            Notify::Poll => Ok(Self::Job {
                id: current.id(),
                wait_ctx: current.wait_ctx(),
                waiter: Waiter::Looks,
                fd: None,
            }),
        }
    }

    fn by_callback(current: &Current) -> Result<Self, Misuse> {
        let wait_ctx = current.wait_ctx();
        let wake = wait_ctx.callback().ok_or(Misuse::NoCallback)?;
        Ok(Self::Job {
            id: current.id(),
            wait_ctx,
            waiter: Waiter::Job {
                wake,
                by: NotifiedBy::Callback,
            },
            fd: None,
        })
    }

    /// One eventfd per wait context, made at the first operation and used by all later ones.
    fn by_fd(current: &Current, key: WaitKey) -> Result<Self, Retry> {
        let wait_ctx = current.wait_ctx();
        if wait_ctx.fd(key).is_none() {
            wait_ctx.set_wait_fd(key, new_wait_fd()?, None);
        }
        let fd = wait_ctx.fd(key);
        let wake = wait_ctx.wake_by_fd(key).ok_or(Retry::NoDescriptor)?;
        Ok(Self::Job {
            id: current.id(),
            wait_ctx,
            waiter: Waiter::Job {
                wake,
                by: NotifiedBy::Fd,
            },
            fd,
        })
    }

    pub(crate) fn job(&self) -> Option<JobId> {
        match self {
            Self::Job { id, .. } => Some(*id),
            Self::Thread => None,
        }
    }

    pub(crate) fn waiter(&self) -> Waiter {
        match self {
            Self::Job { waiter, .. } => waiter.clone(),
            Self::Thread => Waiter::InPlace,
        }
    }

    /// Takes note of one wake. With an eventfd that is a read: it counts wakes like a semaphore, so
    /// that one job's note does not swallow another's. Somebody else may have read it already, an
    /// event loop that drains what it sees; then there is nothing to take, and nothing is lost.
    pub(crate) fn consume_wake(&self) {
        if let Self::Job { fd: Some(fd), .. } = self {
            let mut count = [0; 8];
            // Interrupted before it began is the only error that leaves something to read.
            while rustix::io::read(fd, &mut count) == Err(rustix::io::Errno::INTR) {}
        }
    }
}

fn new_wait_fd() -> Result<WaitFd, Retry> {
    let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC | EventfdFlags::SEMAPHORE;
    let fd = eventfd(0, flags).map_err(|_| Retry::NoDescriptor)?;
    Ok(WaitFd::from(fd))
}

/// What engines' eventfds are called in wait contexts: one for all engines, so that a wait context
/// has one eventfd however many engines come and go. It counts wakes like a semaphore, so they do not
/// take each other's.
pub(crate) const WAIT_KEY: WaitKey = WaitKey(usize::from_be_bytes(*b"pausewak"));
