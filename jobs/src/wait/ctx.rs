use std::cell::{Cell, RefCell};
use std::fmt;
use std::os::fd::{AsRawFd, RawFd};
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::thread;

use super::entries::{Cleanup, Clearance, Entries, Entry, WaitKey};
use super::{Callback, LocalWake, WaitFd, Wake};
use crate::fiber;

/// What a job waits for, and how it wants to be woken: OpenSSL's `ASYNC_WAIT_CTX`.
///
/// It connects two parties that do not know each other. The *engine*, inside the job, puts a
/// descriptor in before it pauses. The *application*, outside, finds it there and waits for it to
/// become readable before it resumes. Or the application puts a callback in before it starts the
/// job, and the engine has that called.
///
/// Cloning counts; all clones are the same context. A job holds one until it ends. The context
/// may serve any number of jobs, one after the other, or even at a time.
///
/// # Change lists
/// An application that keeps its descriptors registered somewhere (epoll) asks only for changes:
/// what was added and what was deleted. The lists begin anew when a paused job that holds the
/// context is *resumed*, and at no other time: not when they are read, not when a job starts or
/// finishes. So after each pause they say what changed since the pause before.
///
/// # Threads
/// A context stays on its thread. What another thread may have is a [`Wake`].
/// ```compile_fail,E0277
/// fn needs_send<T: Send>() {}
/// needs_send::<pausewake_jobs::WaitCtx>();
/// ```
///
/// # Examples
/// ```
/// use pausewake_jobs::{Outcome, WaitCtx, WaitFd, WaitKey, current, pause, start};
///
/// let wait_ctx = WaitCtx::new();
/// let outcome = start(Some(&wait_ctx), || {
///     let mine = current().expect("this is a job").wait_ctx();
///     mine.set_wait_fd(WaitKey(1), WaitFd::eventfd().expect("an eventfd"), None);
///     let _ = pause();
///     mine.clear_fd(WaitKey(1));
/// });
/// let Ok(Outcome::Paused(job)) = outcome else { panic!("it pauses") };
/// assert_eq!(wait_ctx.changed_fds().added, wait_ctx.all_fds());
/// assert_eq!(wait_ctx.changed_counts(), (1, 0));
///
/// assert!(job.resume().is_ok());
/// assert_eq!(wait_ctx.fd_count(), 0);
/// assert_eq!(wait_ctx.changed_counts(), (0, 1));
/// ```
#[derive(Clone, Default)]
pub struct WaitCtx(Rc<Inner>);

#[derive(Default)]
struct Inner {
    entries: RefCell<Entries>,
    /// Counted by the thread, so that no resume looks here for changes while no context has any.
    has_changes: Cell<bool>,
    /// Counted on this thread, so that taking it along costs no atomic operation.
    callback: RefCell<Option<Rc<Callback>>>,
    status: Cell<WaitStatus>,
}

impl WaitCtx {
    /// An empty context.
    #[must_use]
    pub fn new() -> WaitCtx {
        WaitCtx::default()
    }

    /// Puts `fd` in. One that is there under the same key stays, hidden behind the new one.
    ///
    /// `cleanup` is called when the context ends, if `fd` is still in it then.
    pub fn set_wait_fd(&self, key: WaitKey, fd: WaitFd, cleanup: Option<Cleanup>) {
        self.0.entries.borrow_mut().push(key, fd, cleanup);
        self.0.set_has_changes(true);
    }

    /// The newest descriptor of that key.
    #[must_use]
    pub fn fd(&self, key: WaitKey) -> Option<WaitFd> {
        self.0
            .entries
            .borrow()
            .find(key)
            .map(|entry| entry.fd.clone())
    }

    /// All descriptors, newest first.
    #[must_use]
    pub fn all_fds(&self) -> Vec<WaitFd> {
        let mut fds = Vec::new();
        self.all_fds_into(&mut fds);
        fds
    }

    /// Appends all descriptors to `fds`, newest first.
    pub fn all_fds_into(&self, fds: &mut Vec<WaitFd>) {
        fds.extend(
            self.0
                .entries
                .borrow()
                .in_force()
                .map(|entry| entry.fd.clone()),
        );
    }

    /// Appends the numbers of all descriptors to `fds`, newest first: what OpenSSL's
    /// `ASYNC_WAIT_CTX_get_all_fds` gives, for a set to poll. A number means the descriptor for as long
    /// as that is in the context, or otherwise held.
    pub fn raw_fds_into(&self, fds: &mut Vec<RawFd>) {
        let entries = self.0.entries.borrow();
        fds.extend(entries.in_force().map(|entry| entry.fd.as_raw_fd()));
    }

    /// How many [`all_fds`](Self::all_fds) gives.
    #[must_use]
    pub fn fd_count(&self) -> usize {
        self.0.entries.borrow().in_force_count()
    }

    /// What was added and what was deleted since a job was last resumed. Each newest first.
    /// Reading does not reset it.
    ///
    /// A deleted descriptor is held open until the lists begin anew, so that it can be taken
    /// out of an epoll set.
    #[must_use]
    pub fn changed_fds(&self) -> ChangedFds {
        let mut changed = ChangedFds::default();
        self.changed_fds_into(&mut changed);
        changed
    }

    /// Appends to both lists what [`changed_fds`](Self::changed_fds) gives.
    pub fn changed_fds_into(&self, changed: &mut ChangedFds) {
        let entries = self.0.entries.borrow();
        changed
            .added
            .extend(entries.added().map(|entry| entry.fd.clone()));
        changed
            .deleted
            .extend(entries.deleted().map(|entry| entry.fd.clone()));
    }

    /// How many were added, and how many deleted.
    #[must_use]
    #[inline]
    pub fn changed_counts(&self) -> (usize, usize) {
        if !self.0.has_changes.get() {
            return (0, 0);
        }
        let entries = self.0.entries.borrow();
        (entries.added_count(), entries.deleted_count())
    }

    /// Takes the newest descriptor of that key out, and says whether there was one.
    ///
    /// If it was added since a job was last resumed, it vanishes without a trace. Otherwise
    /// it is reported as deleted. Its cleanup is not called in either case: the caller cleans up.
    pub fn clear_fd(&self, key: WaitKey) -> bool {
        let clearance = self.0.entries.borrow_mut().clear(key);
        match clearance {
            Clearance::Missing => false,
            // Dropped here, after the borrow: a cleanup that is not called is still dropped, and
            // what it captured may run code.
            Clearance::Vanished(_) => true,
            Clearance::Deleted => {
                self.0.set_has_changes(true);
                true
            }
        }
    }

    /// Sets what wakes the jobs of this context, for engines that can use it. With one set, they
    /// put no descriptor in. This crate never calls it.
    pub fn set_callback(&self, callback: Option<Callback>) {
        let before = self.0.callback.replace(callback.map(Rc::new));
        drop(before);
    }

    /// The callback, as something that another thread may hold.
    #[must_use]
    pub fn callback(&self) -> Option<Wake> {
        let callback = self.0.callback.borrow();
        callback.as_deref().cloned().map(Wake::from_callback)
    }

    /// The callback, to be called from this thread: cheaper to count than a [`Wake`].
    #[must_use]
    pub fn local_callback(&self) -> Option<LocalWake> {
        self.0
            .callback
            .borrow()
            .clone()
            .map(LocalWake::from_callback)
    }

    /// The newest descriptor of that key, as something that another thread may hold.
    #[must_use]
    pub fn wake_by_fd(&self, key: WaitKey) -> Option<Wake> {
        self.fd(key).map(Wake::from_fd)
    }

    /// What the engine last said of how it went.
    #[must_use]
    pub fn status(&self) -> WaitStatus {
        self.0.status.get()
    }

    /// Says how it went. Jobs that start and end do not change it.
    pub fn set_status(&self, status: WaitStatus) {
        self.0.status.set(status);
    }

    /// Begins the change lists anew.
    pub(crate) fn reset_changes(&self) {
        if self.0.has_changes.get() {
            self.0.reset_changes();
        }
    }
}

impl Inner {
    fn reset_changes(&self) {
        // One at a time, each dropped after the borrow: that may run code of the user's.
        loop {
            let deleted = self.entries.borrow_mut().take_deleted();
            if deleted.is_none() {
                break;
            }
        }
        let mut entries = self.entries.borrow_mut();
        entries.forget_added();
        self.set_has_changes(entries.has_changes());
    }

    fn set_has_changes(&self, has_changes: bool) {
        if self.has_changes.replace(has_changes) != has_changes {
            fiber::count_changed_wait_ctx(has_changes);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.set_has_changes(false);
        let entries = self.entries.get_mut();
        let mut first_panic = None;
        while let Some(entry) = entries.pop() {
            let cleaned = panic::catch_unwind(AssertUnwindSafe(|| clean_up(entry)));
            if let Err(payload) = cleaned {
                first_panic.get_or_insert(payload);
            }
        }
        match first_panic {
            Some(payload) if !thread::panicking() => panic::resume_unwind(payload),
            _ => {}
        }
    }
}

impl fmt::Debug for WaitCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (added, deleted) = self.changed_counts();
        f.debug_struct("WaitCtx")
            .field("fd_count", &self.fd_count())
            .field("added", &added)
            .field("deleted", &deleted)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

/// What changed in a wait context: see [`WaitCtx::changed_fds`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangedFds {
    /// In it now, and not before.
    pub added: Vec<WaitFd>,
    /// In it before, and not now.
    pub deleted: Vec<WaitFd>,
}

/// How it went, as the engine says: any number, with four meanings that OpenSSL has named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WaitStatus(pub i32);

impl WaitStatus {
    /// Nobody has said anything yet, or the engine cannot. `ASYNC_STATUS_UNSUPPORTED`.
    pub const UNSUPPORTED: WaitStatus = WaitStatus(0);
    /// The operation failed. `ASYNC_STATUS_ERR`.
    pub const ERR: WaitStatus = WaitStatus(1);
    /// The operation was submitted. `ASYNC_STATUS_OK`.
    pub const OK: WaitStatus = WaitStatus(2);
    /// The operation could not be submitted yet: resume the job to try again.
    /// `ASYNC_STATUS_EAGAIN`.
    pub const EAGAIN: WaitStatus = WaitStatus(3);
}

fn clean_up(entry: Entry) {
    if !entry.is_in_force() {
        return;
    }
    if let Some(cleanup) = entry.cleanup {
        cleanup(entry.key, entry.fd);
    }
}
