//! What runs on a fibre's own stack, from its first entry to its end.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use generator::Scope;

use super::control::{Control, ExitKind};

/// What a cancelled job unwinds with. Private, so that nobody else can raise it.
struct Cancellation;

/// The life of a fibre: publishes its control block, then takes one function after the other.
///
/// # Safety
/// `born` points to a cell that lives until the first switch out.
pub(super) unsafe fn root(mut scope: Scope<'_, '_, (), ()>, born: *const Cell<*const Control>) {
    let control = Control::new((&raw mut scope).cast());
    // SAFETY: the caller keeps the cell until the first switch out, which comes below.
    unsafe { (*born).set(&raw const control) };
    loop {
        // SAFETY: this is the fibre's own stack, outside any unwinding.
        unsafe { switch_out(&control) };
        let Some(entry) = control.entry.get() else {
            return;
        };
        // SAFETY: `start` has set entry, closure and result together before this switch.
        unsafe { entry(&control) };
    }
}

/// Switches back to the thread that entered this fibre; returns when somebody enters it again.
///
/// # Safety
/// Runs on the stack of the fibre that `control` belongs to, while that fibre is the innermost
/// one of its thread, and is not unwinding.
#[inline(always)]
pub(super) unsafe fn switch_out(control: &Control) {
    // SAFETY: `scope` lives in the frame of `root`, as long as the fibre, and only this function
    // uses it, never twice at a time.
    let scope = unsafe { &mut *control.scope };
    scope.yield_with(());
}

/// Runs one job: moves the closure here, runs it caught, and leaves its result where
/// the thread that entered wants it.
///
/// # Safety
/// `control.closure` points to an `F` that nobody else will use or drop. `control.result` points
/// to room for a `T` whenever this fibre is entered, unless a `T` needs none.
pub(super) unsafe fn run<F: FnOnce() -> T, T>(control: &Control) {
    let closure = control.closure.get().cast::<F>();
    // SAFETY: the caller guarantees an initialised `F` whose ownership goes to this read.
    let f = unsafe { closure.read() };
    match panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => {
            let result = if size_of::<T>() > 0 {
                control.result.get().cast::<T>()
            } else {
                ptr::dangling_mut()
            };
            // SAFETY: the caller guarantees room for a `T` in the frame that entered us last; what has no
            // size needs none.
            unsafe { result.write(value) };
            control.exit.set(ExitKind::Finished);
        }
        Err(payload) => caught(control, payload),
    }
}

/// Raises the cancellation: unwinds the job up to [`run`], past no panic hook.
#[cold]
pub(super) fn raise_cancellation() -> ! {
    panic::resume_unwind(Box::new(Cancellation))
}

#[cold]
fn caught(control: &Control, payload: Box<dyn Any + Send>) {
    // Somebody may have caught a cancellation in one job and raised it in another.
    if control.is_cancelled() && payload.is::<Cancellation>() {
        control.exit.set(ExitKind::Unwound);
    } else {
        control.panic.set(Some(payload));
        control.exit.set(ExitKind::Panicked);
    }
}
