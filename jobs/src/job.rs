//! Starting, resuming and cancelling.

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic;

use crate::event::{self, CancelHow, JobEvent};
use crate::fiber::{self, Exit, Fiber, HeldFiber};
use crate::{JobId, ResumeError, ResumeReason, StartError, WaitCtx};

/// How far a job has come, when [`start`] or [`Job::resume`] returns.
#[derive(Debug)]
#[must_use = "dropping a paused job cancels it"]
pub enum Outcome<T> {
    /// The function has returned this.
    Finished(T),
    /// The function has called [`pause`](crate::pause).
    Paused(Job<T>),
}

impl<T> Outcome<T> {
    /// The result, if the job has finished.
    pub fn finished(self) -> Option<T> {
        match self {
            Outcome::Finished(value) => Some(value),
            Outcome::Paused(_) => None,
        }
    }

    /// The job, if it has paused.
    pub fn paused(self) -> Option<Job<T>> {
        match self {
            Outcome::Finished(_) => None,
            Outcome::Paused(job) => Some(job),
        }
    }
}

/// Calls `f` as a job, on a stack of its own, until it returns or pauses. OpenSSL's
/// `ASYNC_start_job` with a new job.
///
/// The job holds on to `wait_ctx` until it ends. A job without one gets one when somebody asks
/// for it.
///
/// # Errors
/// The error holds `f`, which was not called:
/// * [`NoJobs`](crate::StartReason::NoJobs): this thread's pool is used up;
/// * [`StackAllocation`](crate::StartReason::StackAllocation): the system has no room for a stack;
/// * [`Nested`](crate::StartReason::Nested): the caller is itself a job.
///
/// # Panics
/// If `f` panics, its panic comes out of this call. The stack serves the next job.
///
/// # Examples
/// ```
/// use pausewake_jobs::{Outcome, pause, start};
///
/// let mut outcome = start(None, || {
///     for _ in 0..3 {
///         let _ = pause();
///     }
///     "done"
/// })?;
/// let mut resumes = 0;
/// let said = loop {
///     match outcome {
///         Outcome::Finished(said) => break said,
///         Outcome::Paused(job) => outcome = job.resume()?,
///     }
///     resumes += 1;
/// };
/// assert_eq!((said, resumes), ("done", 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[inline(always)]
pub fn start<T, F>(wait_ctx: Option<&WaitCtx>, f: F) -> Result<Outcome<T>, StartError<F>>
where
    T: 'static,
    F: FnOnce() -> T + 'static,
{
    let fiber = match fiber::acquire() {
        Ok(fiber) => fiber,
        Err(reason) => return Err(StartError::new(reason, f)),
    };
    event::emit(|| JobEvent::Started { job: fiber.id() });
    Ok(Outcome::after(fiber.start(wait_ctx, f)))
}

/// A paused job.
///
/// # Dropping
/// Dropping it cancels it: its stack unwinds, so that the destructors of everything on it run,
/// and the stack goes back to the pool. That works inside other jobs, and while the thread
/// panics. A panic on the way is not passed on, except to the panic hook; use
/// [`cancel`](Job::cancel) to hear of it. A job whose handle is leaked (`mem::forget`) stays
/// paused for ever, with its stack. One in a thread-local is cancelled when its thread ends. A panic
/// hook must not drop a job: the standard library allows no unwinding there.
///
/// # Threads
/// A job stays on the thread that started it: what is on its stack need not be `Send`.
/// ```compile_fail,E0277
/// fn needs_send<T: Send>() {}
/// needs_send::<pausewake_jobs::Job<()>>();
/// ```
/// ```compile_fail,E0277
/// fn needs_sync<T: Sync>() {}
/// needs_sync::<pausewake_jobs::Job<()>>();
/// ```
/// The same tests, of something that is:
/// ```
/// fn needs_send_and_sync<T: Send + Sync>() {}
/// needs_send_and_sync::<pausewake_jobs::Wake>();
/// ```
/// After a fork(2), the child has copies of its thread's paused jobs, and can resume them.
///
/// # Finished jobs
/// Resuming takes the handle, and only a pause gives one back. So a finished job cannot be
/// resumed:
/// ```compile_fail,E0382
/// use pausewake_jobs::{Outcome, pause, start};
///
/// let Ok(Outcome::Paused(job)) = start(None, pause) else { return };
/// let _ = job.resume();
/// let _ = job.resume();
/// ```
#[must_use = "dropping a paused job cancels it"]
pub struct Job<T> {
    fiber: HeldFiber<T>,
}

impl<T> Job<T> {
    /// Runs the job on from its pause until it returns or pauses again. OpenSSL's
    /// `ASYNC_start_job` with a job.
    ///
    /// # Errors
    /// If the caller is itself a job. The error holds this job, still paused.
    ///
    /// # Panics
    /// If the job panics, its panic comes out of this call.
    #[inline(always)]
    pub fn resume(self) -> Result<Outcome<T>, ResumeError<T>> {
        if let Some(running) = fiber::current_id() {
            return Err(ResumeError::new(ResumeReason::Nested { running }, self));
        }
        if fiber::is_switch_watched() {
            self.prepare_resume();
        }
        Ok(Outcome::after(self.fiber.into_fiber().resume()))
    }

    /// What a resume begins with, where there is anything to do.
    #[cold]
    fn prepare_resume(&self) {
        self.fiber.reset_wait_changes();
        event::emit_switch(|| JobEvent::Resumed { job: self.id() });
    }

    /// Ends the job by unwinding its stack, and says how that went. Works inside other jobs,
    /// and while the thread panics.
    ///
    /// # Examples
    /// ```
    /// use pausewake_jobs::{Cancelled, Outcome, pause, start};
    ///
    /// let Ok(Outcome::Paused(job)) = start(None, pause) else { panic!("it pauses") };
    /// assert!(matches!(job.cancel(), Cancelled::Unwound));
    /// ```
    pub fn cancel(self) -> Cancelled {
        cancel(self.fiber.into_fiber())
    }

    /// Its id.
    #[must_use]
    #[inline]
    pub fn id(&self) -> JobId {
        self.fiber.id()
    }

    /// Its wait context: the one that it was started with, or else one of its own, made now.
    #[must_use]
    #[inline]
    pub fn wait_ctx(&self) -> &WaitCtx {
        self.fiber.wait_ctx()
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// How a cancelled job ended.
#[derive(Debug)]
pub enum Cancelled {
    /// Its stack was unwound, and all destructors ran.
    Unwound,
    /// It caught the cancellation, and returned. What it returned was dropped.
    Finished,
    /// It caught the cancellation, and then panicked. This is what `std::panic::catch_unwind` would
    /// have given. (A destructor that panics during the unwinding itself ends the program, as
    /// during any unwinding.)
    Panicked(Box<dyn Any + Send>),
    /// It caught the cancellation and paused again, [`CANCEL_ATTEMPTS`](crate::CANCEL_ATTEMPTS)
    /// times. It was left where it was: what is on its stack is leaked, and the stack with it.
    /// Its place in the pool is free again.
    Refused,
}

impl Cancelled {
    /// The same, without what it carries.
    #[must_use]
    pub fn how(&self) -> CancelHow {
        match self {
            Cancelled::Unwound => CancelHow::Unwound,
            Cancelled::Finished => CancelHow::Finished,
            Cancelled::Panicked(_) => CancelHow::Panicked,
            Cancelled::Refused => CancelHow::Refused,
        }
    }
}

impl<T> Outcome<T> {
    /// What a visit to a job comes to for the caller.
    #[inline(always)]
    fn after(exit: Exit<T>) -> Outcome<T> {
        match exit {
            Exit::Paused(fiber) => {
                // First the handle: if the observer panics, it cancels the job.
                let paused = Job {
                    fiber: HeldFiber::new(fiber),
                };
                event::emit_switch(|| JobEvent::Paused { job: paused.id() });
                Outcome::Paused(paused)
            }
            Exit::Finished { job, value } => {
                event::emit(|| JobEvent::Finished { job });
                Outcome::Finished(value)
            }
            Exit::Panicked { job, payload } => rethrow(job, payload),
            Exit::Unwound | Exit::GivenUp => unreachable!("only a cancelled job ends so"),
        }
    }
}

#[cold]
fn rethrow(job: JobId, payload: Box<dyn Any + Send>) -> ! {
    event::emit(|| JobEvent::Panicked { job });
    panic::resume_unwind(payload)
}

/// Ends the job of a fibre by unwinding its stack.
pub(crate) fn cancel<T>(fiber: Fiber<T>) -> Cancelled {
    let job = fiber.id();
    let (cancelled, returned) = match fiber.cancel() {
        Exit::Finished { value, .. } => (Cancelled::Finished, Some(value)),
        Exit::Panicked { payload, .. } => (Cancelled::Panicked(payload), None),
        Exit::Unwound => (Cancelled::Unwound, None),
        Exit::GivenUp => (Cancelled::Refused, None),
        Exit::Paused(_) => unreachable!("a cancelled job does not pause"),
    };
    event::emit(|| JobEvent::Cancelled {
        job,
        how: cancelled.how(),
    });
    drop(returned);
    cancelled
}

// An `Option` around the handle must not cost a word.
const _: () = assert!(mem::size_of::<Option<Job<u64>>>() == mem::size_of::<usize>());
