//! Entering a fibre (start, resume, cancel) and leaving it (pause).
//!
//! What switches is inlined into the user's code all the way. A processor predicts where a `ret`
//! goes by the `call`s that it has seen, and knows nothing of stacks: each `ret` between a switch
//! and the user's loop is predicted wrongly, which costs more than the switch.

use std::any::Any;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop, MaybeUninit};
use std::ptr::{self, NonNull};
use std::thread::panicking;

use generator::LocalGenerator;

use super::control::{Control, ExitKind, Fiber, Holds, IdleFiber};
use super::thread::{self, ThreadState};
use super::{pool, root};
use crate::{CANCEL_ATTEMPTS, JobId, Pause, WaitCtx};

/// How often a cancelled job may ask to pause while nobody can tell whether it unwinds (see
/// [`pause_while_panicking`]), before it is given up.
const UNCERTAIN_CANCEL_ATTEMPTS: u32 = 1_000;

/// How a visit to a fibre ended. All but `Paused` have let go of the fibre already.
pub(crate) enum Exit<T> {
    Paused(Fiber<T>),
    Finished {
        job: JobId,
        value: T,
    },
    Panicked {
        job: JobId,
        payload: Box<dyn Any + Send>,
    },
    /// Ended by its cancellation.
    Unwound,
    /// Would not be cancelled: its stack is lost.
    GivenUp,
}

impl IdleFiber {
    /// Runs `f` as a new job until it pauses or ends.
    #[inline(always)]
    pub(crate) fn start<F, T>(self, wait_ctx: Option<&WaitCtx>, f: F) -> Exit<T>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        if let Some(wait_ctx) = wait_ctx {
            self.set_wait_ctx(wait_ctx);
        }
        let control = self.into_control();
        // The fibre moves the closure out of this frame when it is entered.
        let f = ManuallyDrop::new(f);
        {
            // SAFETY: the fibre came out of the handle, so it is alive and ours alone.
            let control = unsafe { control.as_ref() };
            control.entry.set(Some(root::run::<F, T>));
            control.closure.set((&raw const f).cast_mut().cast());
            control.exit.set(ExitKind::Paused);
        }
        // SAFETY: alive and ours as above, and what was set matches `F` and `T`.
        unsafe { visit(thread::state(), control, NOBODY) }
    }
}

impl<T> Fiber<T> {
    /// Runs the job on from its pause.
    #[inline(always)]
    pub(crate) fn resume(self) -> Exit<T> {
        // SAFETY: the handle owns a paused fibre whose job gives a `T`, and is used up.
        unsafe { visit(thread::state(), self.control, NOBODY) }
    }

    /// Runs the job on from its pause, by unwinding.
    pub(crate) fn cancel(self) -> Exit<T> {
        let state = thread::state();
        let fiber = self.control();
        fiber.holds.set(fiber.holds.get().cancelled());
        fiber.cancelled_panicking.set(panicking());
        // Unlike a start or a resume, this may come from inside a job.
        let outer = state.current.get();
        fiber.outer.set(outer);
        // SAFETY: the handle owns a paused fibre whose job gives a `T`, and is used up.
        unsafe { visit(state, self.control, outer) }
    }
}

/// Gives control back to whoever started or resumed the running job.
#[inline(always)]
pub(crate) fn pause() -> Pause {
    let state = thread::state();
    // SAFETY: what runs is alive.
    let Some(control) = (unsafe { state.current.get().as_ref() }) else {
        return Pause::NotInJob;
    };
    let here = MaybeUninit::<u8>::uninit();
    let here = here.as_ptr().addr();
    if control.holds.get() != Holds::NONE || !control.owns_address(here) || panicking() {
        return do_not_pause(control, here);
    }
    // SAFETY: the local above lies on this fibre's stack, so this fibre is the innermost;
    // and the thread is not panicking, so neither is the fibre.
    unsafe { root::switch_out(control) };
    if control.is_cancelled() {
        meet_cancellation(control);
    }
    Pause::Resumed
}

/// What becomes of a pause that something speaks against.
#[cold]
fn do_not_pause(control: &Control, here: usize) -> Pause {
    if control.holds.get().is_blocked() {
        return Pause::Blocked;
    }
    if !control.owns_address(here) {
        return Pause::ForeignGenerator;
    }
    if panicking() {
        return pause_while_panicking(control);
    }
    meet_cancellation(control)
}

/// Enters a fibre, and takes what it left.
///
/// # Safety
/// The caller owns the fibre, and gives that up. Either the fibre has a job paused that gives a
/// `T`, or entry and closure are set for a `T`. The job that runs now is `outer`, and the fibre knows
/// that.
#[inline(always)]
unsafe fn visit<T>(
    state: &ThreadState,
    control: NonNull<Control>,
    outer: *const Control,
) -> Exit<T> {
    // SAFETY: the caller owns the fibre, so its control block is alive.
    let fiber = unsafe { control.as_ref() };
    let mut result = MaybeUninit::<T>::uninit();
    if size_of::<T>() > 0 {
        fiber.result.set(result.as_mut_ptr().cast());
    }
    // SAFETY: the caller owns the fibre, and has prepared it.
    unsafe { enter(state, fiber, outer) };
    match fiber.exit.get() {
        ExitKind::Paused => Exit::Paused(Fiber {
            control,
            result: PhantomData,
        }),
        ExitKind::Finished => {
            // SAFETY: `run` has written the result before it said so.
            let value = unsafe { result.assume_init() };
            let job = fiber.id.get();
            // SAFETY: the job has ended, and the caller gave the fibre up.
            let leftovers = unsafe { pool::release(state, control) };
            drop(leftovers);
            Exit::Finished { job, value }
        }
        // SAFETY: the job has ended or was given up, and the caller gave the fibre up.
        kind => unsafe { conclude_badly(state, control, kind) },
    }
}

/// The ends of a job that are rare enough to live out of the way.
///
/// # Safety
/// The fibre has just switched out with `kind`, and its owner gives it up.
#[cold]
unsafe fn conclude_badly<T>(
    state: &ThreadState,
    control: NonNull<Control>,
    kind: ExitKind,
) -> Exit<T> {
    if kind == ExitKind::GivenUp {
        // SAFETY: nobody will enter the fibre again.
        let leftovers = unsafe { pool::abandon(state, control) };
        drop(leftovers);
        return Exit::GivenUp;
    }
    let (job, payload) = {
        // SAFETY: alive until it is released, below.
        let fiber = unsafe { control.as_ref() };
        (fiber.id.get(), fiber.panic.take())
    };
    // SAFETY: the job has ended, and the caller gave the fibre up.
    let leftovers = unsafe { pool::release(state, control) };
    drop(leftovers);
    match payload {
        Some(payload) => Exit::Panicked { job, payload },
        None => Exit::Unwound,
    }
}

/// Switches to a fibre, and keeps the thread's notion of the running job in step.
///
/// # Safety
/// The caller owns the fibre, and has prepared it for a visit.
#[inline(always)]
unsafe fn enter(state: &ThreadState, fiber: &Control, outer: *const Control) {
    debug_assert!(ptr::eq(state.current.get(), outer) && ptr::eq(fiber.outer.get(), outer));
    state.current.set(fiber);
    let derailed = Derailed { state, fiber };
    // SAFETY: the pointer came from `into_raw`, and the fibre, which it belongs to, is alive.
    let generator = unsafe { LocalGenerator::<'static, (), ()>::from_raw(fiber.generator.get()) };
    let mut generator = ManuallyDrop::new(generator);
    generator.resume();
    mem::forget(derailed);
    state.current.set(outer);
}

/// Says where a job ends up whose switch was left by unwinding. `generator` does that if it
/// finds a stack overflow while its own signal handler is installed, as it is in a process that
/// used `generator` before us. The stack is not fit for use then.
struct Derailed<'a> {
    state: &'a ThreadState,
    fiber: &'a Control,
}

impl Drop for Derailed<'_> {
    #[cold]
    fn drop(&mut self) {
        self.state.current.set(self.fiber.outer.get());
        // SAFETY: the fibre's owner gave it to the call that unwinds here, and nobody enters it
        // again.
        let leftovers = unsafe { pool::abandon(self.state, NonNull::from(self.fiber)) };
        drop(leftovers);
    }
}

/// A cancelled job is at a pause: unwinds it, or leaves it behind if that was tried often enough.
#[cold]
fn meet_cancellation(control: &Control) -> ! {
    let attempts = control.cancel_attempts.get() + 1;
    control.cancel_attempts.set(attempts);
    if attempts > CANCEL_ATTEMPTS || cfg!(not(panic = "unwind")) {
        give_up(control);
    }
    root::raise_cancellation()
}

/// A pause while the thread panics. Either the fibre itself unwinds, and must not switch, or
/// the thread was panicking before it entered, and nobody can tell. Both look the same from
/// here, and so both stay.
#[cold]
fn pause_while_panicking(control: &Control) -> Pause {
    if control.is_cancelled() && control.cancelled_panicking.get() {
        let attempts = control.cancel_attempts.get() + 1;
        control.cancel_attempts.set(attempts);
        if attempts > UNCERTAIN_CANCEL_ATTEMPTS {
            give_up(control);
        }
    }
    Pause::Unwinding
}

/// Leaves the fibre for good.
fn give_up(control: &Control) -> ! {
    loop {
        control.exit.set(ExitKind::GivenUp);
        // SAFETY: callers are `pause`'s helpers, so this is the innermost fibre on its own stack.
        // It is not unwinding, or has called pause so often from one destructor that its share
        // of the panic count is worth less than the thread.
        unsafe { root::switch_out(control) };
    }
}

/// The control block of nobody.
pub(super) const NOBODY: *const Control = ptr::null();
