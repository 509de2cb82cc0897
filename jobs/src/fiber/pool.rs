//! A thread's idle fibres: last in, first out.

use std::mem;
use std::ptr::NonNull;

use super::control::{Control, Holds, IdleFiber};
use super::stack;
use super::switch::NOBODY;
use super::thread::{self, ThreadState};
use crate::{InitError, JobLocal, StartReason, ThreadConfig, ThreadStats, WaitCtx};

/// What an ended job held through its fibre. Dropping it may run code of the user's, so that
/// comes last, when everything of ours is in order.
pub(super) struct Leftovers {
    _wait_ctx: Option<WaitCtx>,
    _local: JobLocal,
}

/// Takes the idle fibre that came home last, or makes a new one.
#[inline]
pub(crate) fn acquire() -> Result<IdleFiber, StartReason> {
    let state = thread::state();
    // SAFETY: what runs is alive.
    if let Some(running) = unsafe { state.current.get().as_ref() } {
        return Err(nested(running));
    }
    // SAFETY: the list holds idle fibres of this thread, which are alive.
    let control = match unsafe { state.free.get().as_ref() } {
        Some(control) => {
            state.free.set(control.next_free.get());
            state.pooled.set(state.pooled.get() - 1);
            NonNull::from(control)
        }
        None => create_for_job(state)?,
    };
    state.handed_out.set(state.handed_out.get() + 1);
    let fiber = IdleFiber(control);
    let control = fiber.control();
    control.id.set(state.take_id());
    control.holds.set(Holds::NONE);
    control.cancel_attempts.set(0);
    control.outer.set(NOBODY);
    Ok(fiber)
}

/// Takes a fibre back whose job has ended: pools it, or frees it if its pool is gone.
///
/// # Safety
/// The fibre is idle, belongs to this thread, and the caller gives its only handle up.
#[inline]
#[must_use = "dropping it may run code of the user's: choose the moment"]
pub(super) unsafe fn release(state: &ThreadState, control: NonNull<Control>) -> Leftovers {
    // SAFETY: idle, hence alive.
    let fiber = unsafe { control.as_ref() };
    // SAFETY: the job has ended, so nothing that borrowed from it is left.
    let leftovers = unsafe { take_leftovers(fiber) };
    if fiber.epoch.get() == state.epoch.get() && !state.exiting.get() {
        state.handed_out.set(state.handed_out.get() - 1);
        push(state, fiber);
    } else {
        // SAFETY: the caller gave the fibre up, and it is in no list.
        unsafe { release_stray(state, control) };
    }
    leftovers
}

/// Leaves a fibre for good that cannot be used or freed any more. Its stack stays mapped.
///
/// # Safety
/// Nobody will enter the fibre again. Its control block is still intact.
#[must_use = "dropping it may run code of the user's: choose the moment"]
pub(super) unsafe fn abandon(state: &ThreadState, control: NonNull<Control>) -> Leftovers {
    // SAFETY: intact, says the caller.
    let fiber = unsafe { control.as_ref() };
    // SAFETY: what the job borrowed lasts for one call of ours, and no call is under way.
    let leftovers = unsafe { take_leftovers(fiber) };
    forget_handed_out(state, fiber);
    stack::count_given_up();
    leftovers
}

/// Makes this thread's pool, and as many idle fibres as asked for and possible.
pub(crate) fn init(config: &ThreadConfig) -> Result<(), InitError> {
    config.check()?;
    let state = thread::state();
    if state.initialised.get() {
        return Err(InitError::AlreadyInitialised);
    }
    set_up(state, config);
    for _ in 0..config.init_size {
        // Not fatal: the pool is there, and a start will say what is wrong.
        let Ok(control) = stack::create(config.stack_size_bytes_or_default()) else {
            break;
        };
        // SAFETY: new, hence alive.
        let fiber = unsafe { control.as_ref() };
        fiber.epoch.set(state.epoch.get());
        push(state, fiber);
    }
    Ok(())
}

/// Frees this thread's idle fibres, and forgets the pool.
pub(crate) fn cleanup() {
    let state = thread::state();
    if !state.initialised.replace(false) {
        return;
    }
    state.epoch.set(state.epoch.get() + 1);
    state
        .orphaned
        .set(state.orphaned.get() + state.handed_out.replace(0));
    state.max_size.set(0);
    state.stack_size_bytes.set(0);
    state.pooled.set(0);
    let mut next = state.free.replace(NOBODY);
    while let Some(control) = NonNull::new(next.cast_mut()) {
        // SAFETY: the list holds idle fibres of this thread, which are alive.
        next = unsafe { control.as_ref() }.next_free.get();
        // SAFETY: idle, and now in no list.
        unsafe { stack::destroy(control) };
    }
}

/// What this thread has.
pub(crate) fn thread_stats() -> ThreadStats {
    let state = thread::state();
    ThreadStats {
        pooled: state.pooled.get(),
        handed_out: state.handed_out.get(),
        orphaned: state.orphaned.get(),
        max_size: state.max_size.get(),
        initialised: state.initialised.get(),
    }
}

fn push(state: &ThreadState, fiber: &Control) {
    fiber.next_free.set(state.free.get());
    state.free.set(fiber);
    state.pooled.set(state.pooled.get() + 1);
}

/// # Safety
/// Nothing that was borrowed from the fibre's wait context is alive.
#[inline]
unsafe fn take_leftovers(fiber: &Control) -> Leftovers {
    Leftovers {
        // SAFETY: as the caller guarantees.
        _wait_ctx: unsafe { fiber.take_wait_ctx() },
        _local: fiber.local.take(),
    }
}

#[cold]
fn nested(running: &Control) -> StartReason {
    StartReason::Nested {
        running: running.id.get(),
    }
}

#[cold]
fn create_for_job(state: &ThreadState) -> Result<NonNull<Control>, StartReason> {
    if !state.initialised.get() {
        set_up(state, &ThreadConfig::new());
    }
    let max_size = state.max_size.get();
    if max_size != 0 && state.handed_out.get() >= max_size {
        return Err(StartReason::NoJobs { max_size });
    }
    let size_bytes = match state.stack_size_bytes.get() {
        0 => stack::default_stack_size_bytes(),
        bytes => bytes,
    };
    let control = stack::create(size_bytes)?;
    // SAFETY: new, hence alive.
    unsafe { control.as_ref() }.epoch.set(state.epoch.get());
    Ok(control)
}

fn set_up(state: &ThreadState, config: &ThreadConfig) {
    state.initialised.set(true);
    state.max_size.set(config.max_size);
    state
        .stack_size_bytes
        .set(config.stack_size_bytes.unwrap_or(0));
    if AT_EXIT.try_with(|_| ()).is_err() {
        // It has run already: some other thread-local's destructor starts a job.
        state.exiting.set(true);
    }
}

/// # Safety
/// The fibre is idle, in no list, and nobody uses it after this.
#[cold]
unsafe fn release_stray(state: &ThreadState, control: NonNull<Control>) {
    // SAFETY: idle, hence alive.
    forget_handed_out(state, unsafe { control.as_ref() });
    // SAFETY: as the caller guarantees.
    unsafe { stack::destroy(control) };
}

fn forget_handed_out(state: &ThreadState, fiber: &Control) {
    let count = if fiber.epoch.get() == state.epoch.get() {
        &state.handed_out
    } else {
        &state.orphaned
    };
    count.set(count.get() - 1);
}

/// Frees the pool when its thread ends.
struct AtExit;

impl Drop for AtExit {
    fn drop(&mut self) {
        cleanup();
    }
}

thread_local! {
    static AT_EXIT: AtExit = const { AtExit };
}

// A drop that did nothing would leave the leftovers' order to chance.
const _: () = assert!(mem::needs_drop::<Leftovers>());
