//! Takes the process-wide effects of `generator`'s first entry, once, on a helper thread, and
//! undoes them there.
//!
//! The first time that any generator of the process is entered, `generator` installs handlers
//! for SIGSEGV and SIGBUS, and a panic hook that wraps the one before. A library must not do
//! either. On a thread of its own, because a panic hook cannot be changed by a thread that is
//! panicking, as one may be that starts its first job in a destructor.
//!
//! While that thread is at it, for some tens of microseconds once in a process, a panic in
//! another thread is reported by the default hook, and a hook that another thread sets is lost.

use std::mem::MaybeUninit;
use std::panic::{self, PanicHookInfo};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use generator::Gn;
use libc::{SIGBUS, SIGSEGV, c_int, sigaction};

use crate::StackAllocationCause;

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync + 'static>;

/// Room for what the helper thread does inside its generator: `generator`'s own set-up.
const STACK_SIZE_WORDS: usize = 64 * 1024 / size_of::<usize>();

/// Makes sure that it has happened. The caller holds the lock under which fibres are made, and
/// has found room for a stack.
pub(super) fn once() -> Result<(), StackAllocationCause> {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.load(Ordering::Relaxed) {
        return Ok(());
    }
    let helper = thread::Builder::new()
        .name("pausewake-warm-up".to_owned())
        .spawn(warm_up)
        .map_err(|error| StackAllocationCause::WarmUp {
            errno: error.raw_os_error(),
        })?;
    helper.join().map_err(|_| StackAllocationCause::Panicked)?;
    DONE.store(true, Ordering::Relaxed);
    Ok(())
}

fn warm_up() {
    // Dropped in reverse order; whatever happens in between.
    let _handlers = RestoreHandlers([SIGSEGV, SIGBUS].map(|signal| (signal, handler_of(signal))));
    let _hook = RestoreHook(Some(panic::take_hook()));
    let mut generator = Gn::<()>::new_scoped_opt_local(STACK_SIZE_WORDS, |_scope| ());
    generator.resume();
}

/// Puts the very hook back that was taken.
struct RestoreHook(Option<Hook>);

impl Drop for RestoreHook {
    fn drop(&mut self) {
        if thread::panicking() {
            // Setting a hook would panic. A panic here means that memory ran out right after
            // the probe; the default hook stays, which is the state of most processes.
            return;
        }
        if let Some(hook) = self.0.take() {
            // `generator`'s wrapper, around the default hook.
            drop(panic::take_hook());
            panic::set_hook(hook);
        }
    }
}

struct RestoreHandlers([(c_int, MaybeUninit<sigaction>); 2]);

impl Drop for RestoreHandlers {
    fn drop(&mut self) {
        for (signal, handler) in &self.0 {
            // SAFETY: `handler_of` had the kernel fill this in, for the same signal.
            unsafe { libc::sigaction(*signal, handler.as_ptr(), ptr::null_mut()) };
        }
    }
}

fn handler_of(signal: c_int) -> MaybeUninit<sigaction> {
    let mut handler = MaybeUninit::<sigaction>::zeroed();
    // SAFETY: asks only, and there is room for the answer. For these two signals it cannot fail.
    unsafe { libc::sigaction(signal, ptr::null(), handler.as_mut_ptr()) };
    handler
}
