//! What a function can do while it runs as a job.

use std::any::Any;
use std::marker::PhantomData;
use std::rc::Rc;

use crate::{JobId, WaitCtx, fiber};

/// What came of a [`pause`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "all but Resumed mean that the job did not pause, and has to wait in place"]
pub enum Pause {
    /// The job paused, and has been resumed. That says nothing about *why*: whoever waits for
    /// something looks whether it has come, and pauses again if not.
    Resumed,
    /// The caller runs in no job. Nothing happened.
    NotInJob,
    /// The job holds a [`PauseBlock`]. Nothing happened.
    Blocked,
    /// The caller runs on another stack than the job's: inside a generator or coroutine of
    /// somebody else's that runs in the job, or on a stack that was borrowed to recurse deeper.
    /// Pausing would suspend the wrong one. Nothing happened.
    ForeignGenerator,
    /// The thread is panicking: the caller is a destructor that runs because its job unwinds,
    /// or the job was started, resumed or cancelled by such a destructor. Nothing happened.
    Unwinding,
}

impl Pause {
    /// Whether the job paused. If not, the caller has to wait in place.
    #[must_use]
    #[inline]
    pub fn is_resumed(self) -> bool {
        self == Pause::Resumed
    }
}

/// How often a cancelled job is unwound. A job that catches that and pauses once more is given
/// up: see [`Cancelled::Refused`](crate::Cancelled::Refused).
pub const CANCEL_ATTEMPTS: u32 = 4;

/// Pauses the running job: the [`start`](crate::start) or [`resume`](crate::Job::resume) that
/// runs it returns, and this call returns when the job is resumed. OpenSSL's `ASYNC_pause_job`.
///
/// Where it cannot pause it returns at once, and says why. Before that, the caller should have
/// seen to it that somebody will resume the job: see [`Wake`](crate::Wake).
///
/// # Cancellation
/// When the job is cancelled, this call does not return: it unwinds, as a panic does, but past
/// no panic hook. Destructors run. It can be caught like a panic; then the job may clean up and
/// return. If it pauses instead, it unwinds again, [`CANCEL_ATTEMPTS`] times in all; at the next
/// pause it is left there for good.
///
/// From a destructor that runs during unwinding, this call neither pauses nor unwinds. That is
/// why a destructor that has to wait for something must be able to wait in place. If a job is
/// entered while its thread is panicking, nobody can tell whether its own destructors
/// run, and so it cannot pause at all.
///
/// Every frame between the job's function and this call must allow unwinding. A cancellation
/// that meets an `extern "C"` function ends the program.
///
/// # Examples
/// ```
/// use pausewake_jobs::{Outcome, Pause, pause, start};
///
/// assert_eq!(pause(), Pause::NotInJob);
/// let Ok(Outcome::Paused(job)) = start(None, pause) else { panic!("it pauses") };
/// let Ok(Outcome::Finished(said)) = job.resume() else { panic!("it ends") };
/// assert_eq!(said, Pause::Resumed);
/// ```
#[inline(always)]
pub fn pause() -> Pause {
    fiber::pause()
}

/// Keeps the running job from pausing until the guard is dropped: [`pause`] returns
/// [`Pause::Blocked`] at once. OpenSSL's `ASYNC_block_pause` and `ASYNC_unblock_pause`.
///
/// Guards nest. Each belongs to the job that it was made in: it does nothing for other jobs,
/// ends with that job at the latest, and outside a job it does nothing at all. A job that is
/// being cancelled is not unwound at a blocked pause either.
///
/// ```
/// use pausewake_jobs::{Outcome, Pause, block_pause, pause, start};
///
/// let outcome = start(None, || {
///     let _block = block_pause();
///     pause()
/// });
/// assert!(matches!(outcome, Ok(Outcome::Finished(Pause::Blocked))));
/// ```
#[must_use = "pausing is allowed again as soon as the guard is dropped"]
pub fn block_pause() -> PauseBlock {
    PauseBlock {
        job: fiber::block(),
        not_send: PhantomData,
    }
}

/// While it lives, the job that it was made in does not pause. Made by [`block_pause`].
#[derive(Debug)]
pub struct PauseBlock {
    job: Option<JobId>,
    not_send: PhantomData<*mut ()>,
}

impl Drop for PauseBlock {
    fn drop(&mut self) {
        if let Some(job) = self.job {
            fiber::unblock(job);
        }
    }
}

/// The running job, as seen from inside. Made by [`current`].
#[derive(Debug, Clone)]
pub struct Current {
    id: JobId,
    wait_ctx: WaitCtx,
}

impl Current {
    /// The job's id.
    #[must_use]
    #[inline]
    pub fn id(&self) -> JobId {
        self.id
    }

    /// The job's wait context; one more count on it.
    #[must_use]
    #[inline]
    pub fn wait_ctx(&self) -> WaitCtx {
        self.wait_ctx.clone()
    }

    /// Both, without another count on the wait context.
    #[must_use]
    #[inline]
    pub fn into_parts(self) -> (JobId, WaitCtx) {
        (self.id, self.wait_ctx)
    }
}

/// The job that is running on this thread, if one is. OpenSSL's `ASYNC_get_current_job`. A job
/// that was started without a wait context gets one by this.
#[must_use]
#[inline]
pub fn current() -> Option<Current> {
    let id = fiber::current_id()?;
    let wait_ctx = fiber::current_wait_ctx()?;
    Some(Current { id, wait_ctx })
}

/// The id of the job that is running on this thread, if one is. Cheaper than [`current`].
#[must_use]
#[inline]
pub fn current_id() -> Option<JobId> {
    fiber::current_id()
}

/// What a job keeps for itself: see [`set_job_local`].
pub type JobLocal = Option<Rc<dyn Any>>;

/// The value that the running job keeps for itself; `None` if it keeps none, or outside a job.
#[must_use]
pub fn job_local() -> JobLocal {
    fiber::local()
}

/// Gives the running job a value of its own, and returns the one it had.
///
/// Each job has one slot for such a value. It is empty when the job starts, stays through
/// pauses, is seen by nobody outside the job, and is emptied when the job ends. It is for what
/// libraries keep per thread, and must not mix up between jobs: OpenSSL switches its default
/// library context along with jobs, for example.
///
/// # Errors
/// Outside a job there is no slot: gives `value` back.
///
/// # Examples
/// ```
/// use std::rc::Rc;
/// use pausewake_jobs::{job_local, set_job_local, start};
///
/// let _ = start(None, || {
///     set_job_local(Some(Rc::new("mine"))).expect("this is a job");
///     let local = job_local().and_then(|value| value.downcast::<&str>().ok());
///     assert_eq!(local.as_deref(), Some(&"mine"));
/// });
/// assert!(job_local().is_none());
/// ```
pub fn set_job_local(value: JobLocal) -> Result<JobLocal, JobLocal> {
    fiber::set_local(value)
}
