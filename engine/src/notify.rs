//! How a job is told, and how it takes note.

use pausewake_jobs::{JobId, LocalWake, WaitCtx, WaitFd, WaitKey, Wake};
use rustix::event::{EventfdFlags, eventfd};

use crate::config::Notify;
use crate::error::{Error, Misuse, Retry};
use crate::events::NotifiedBy;

/// Whom a completion tells, and how.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    /// What wakes the job, if something does and has not yet. It owns its target, so that it can come
    /// late.
    wake: Option<LocalWake>,
    by: NotifiedBy,
}

impl Waiter {
    /// The caller looks for itself.
    pub(crate) const IN_PLACE: Self = Self {
        wake: None,
        by: NotifiedBy::InPlace,
    };
    /// A job that nobody tells: it is resumed now and then, and looks.
    const LOOKS: Self = Self {
        wake: None,
        by: NotifiedBy::Nobody,
    };

    /// A job, by what its wait context offers.
    fn job(wake: LocalWake, by: NotifiedBy) -> Self {
        Self {
            wake: Some(wake),
            by,
        }
    }

    pub(crate) fn by(&self) -> NotifiedBy {
        self.by
    }

    /// Whether there is a job to tell, or there was.
    pub(crate) fn is_job(&self) -> bool {
        matches!(self.by, NotifiedBy::Callback | NotifiedBy::Fd)
    }

    /// Takes it, to tell once; what stays behind tells nobody any more.
    #[inline]
    pub(crate) fn take_to_tell(&mut self) -> Self {
        Self {
            wake: self.wake.take(),
            by: self.by,
        }
    }

    /// What wakes the job, if something does.
    pub(crate) fn wake(&self) -> Option<&LocalWake> {
        self.wake.as_ref()
    }

    /// Tells. To be called with nothing borrowed: a callback may call the engine.
    #[inline]
    pub(crate) fn tell(&self) {
        if let Some(wake) = &self.wake {
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
        /// The eventfd, where notification is by fd: its count is to be taken after a wake.
        fd: Option<WaitFd>,
    },
    /// No job: the call waits in place.
    Thread,
}

impl Caller {
    /// Looks who calls, prepares the wait context of a job for `notify`, and says whom to tell.
    ///
    /// # Errors
    /// The wait context cannot notify in this way, or there is no descriptor for it.
    pub(crate) fn here(notify: Notify, key: WaitKey) -> Result<(Self, Waiter), Error> {
        let Some(current) = pausewake_jobs::current() else {
            return Ok((Self::Thread, Waiter::IN_PLACE));
        };
        let (id, wait_ctx) = current.into_parts();
        let (waiter, fd) = match notify {
            Notify::Callback => (by_callback(&wait_ctx)?, None),
            Notify::Fd => by_fd(&wait_ctx, key)?,
            Notify::Poll => (Waiter::LOOKS, None),
        };
        Ok((Self::Job { id, wait_ctx, fd }, waiter))
    }

    pub(crate) fn job(&self) -> Option<JobId> {
        match self {
            Self::Job { id, .. } => Some(*id),
            Self::Thread => None,
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

fn by_callback(wait_ctx: &WaitCtx) -> Result<Waiter, Misuse> {
    let wake = wait_ctx.local_callback().ok_or(Misuse::NoCallback)?;
    Ok(Waiter::job(wake, NotifiedBy::Callback))
}

/// One eventfd per wait context, made at the first operation and used by all later ones.
fn by_fd(wait_ctx: &WaitCtx, key: WaitKey) -> Result<(Waiter, Option<WaitFd>), Retry> {
    let fd = match wait_ctx.fd(key) {
        Some(fd) => fd,
        None => {
            let fd = new_wait_fd()?;
            wait_ctx.set_wait_fd(key, fd.clone(), None);
            fd
        }
    };
    let wake = Wake::from_fd(fd.clone()).into();
    Ok((Waiter::job(wake, NotifiedBy::Fd), Some(fd)))
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
