//! Making and freeing fibres, within what the system has.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use generator::{Gn, LocalGenerator};

use super::control::Control;
use super::switch::NOBODY;
use super::{root, warm_up};
use crate::{ProcessStats, StackAllocationCause, StackAllocationError};

mod budget;
mod probe;

/// The smallest stack that [`set_default_stack_size_bytes`](crate::set_default_stack_size_bytes)
/// and [`ThreadConfig`](crate::ThreadConfig) take: enough for the fibre itself and a function
/// that does not do much.
pub(crate) const MIN_STACK_SIZE_BYTES: usize = 16 * 1024;

/// The largest: far beyond sense, and far below where sums of sizes overflow.
pub(crate) const MAX_STACK_SIZE_BYTES: usize = 1 << 30;

/// Signing with a 2,048 bit RSA key takes 13 kB, and a panic that prints a backtrace 21 kB.
static DEFAULT_STACK_SIZE_BYTES: AtomicUsize = AtomicUsize::new(64 * 1024);

static ALIVE: AtomicUsize = AtomicUsize::new(0);
static ALIVE_BYTES: AtomicUsize = AtomicUsize::new(0);
static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);

/// What `generator` marks the lowest words of a stack with. Where it finds them overwritten, its
/// `Drop` panics.
const LOWEST_WORD_MARK: usize = usize::from_ne_bytes([0xEE; size_of::<usize>()]);

/// Makes a fibre, and lets it run until it waits for its first job.
pub(super) fn create(size_bytes: usize) -> Result<NonNull<Control>, StackAllocationError> {
    let page_bytes = rustix::param::page_size();
    let usable_bytes = size_bytes.next_multiple_of(page_bytes);
    let shortage = |cause| StackAllocationError {
        stack_size_bytes: usable_bytes,
        stacks_alive: ALIVE.load(Ordering::Relaxed),
        cause,
    };
    let _one_at_a_time = lock();
    probe::fits_stack_limit(usable_bytes + page_bytes).map_err(shortage)?;
    budget::fits(ALIVE.load(Ordering::Relaxed)).map_err(shortage)?;
    probe::fits_address_space(usable_bytes + page_bytes).map_err(shortage)?;
    warm_up::once().map_err(shortage)?;
    let control = map(usable_bytes).ok_or_else(|| shortage(StackAllocationCause::Panicked))?;
    ALIVE.fetch_add(1, Ordering::Relaxed);
    ALIVE_BYTES.fetch_add(usable_bytes, Ordering::Relaxed);
    Ok(control)
}

/// Ends a fibre and gives its stack back to the system.
///
/// # Safety
/// The fibre is idle, belongs to this thread, is in no list, and nobody uses it after this.
pub(super) unsafe fn destroy(control: NonNull<Control>) {
    let (raw, stack_low) = {
        // SAFETY: idle, hence alive until it is entered below.
        let fiber = unsafe { control.as_ref() };
        fiber.entry.set(None);
        (fiber.generator.get(), fiber.stack_low.get())
    };
    // SAFETY: from `into_raw`, and owned by the caller, who does not use it again.
    let mut generator = unsafe { LocalGenerator::<'static, (), ()>::from_raw(raw) };
    generator.resume();
    let (size_words, used_words) = generator.stack_usage();
    if used_words >= size_words {
        // A job went down to the last word and not below, or the guard page would have said so.
        let lowest = ptr::with_exposed_provenance_mut::<usize>(stack_low);
        // SAFETY: still mapped, aligned to a page, and the fibre that used it has ended.
        unsafe { lowest.write(LOWEST_WORD_MARK) };
    }
    drop(generator);
    ALIVE.fetch_sub(1, Ordering::Relaxed);
    ALIVE_BYTES.fetch_sub(size_words * size_of::<usize>(), Ordering::Relaxed);
}

/// Counts a stack that stays mapped for ever.
pub(super) fn count_given_up() {
    GIVEN_UP.fetch_add(1, Ordering::Relaxed);
}

/// What the process has.
pub(crate) fn process_stats() -> ProcessStats {
    ProcessStats {
        stacks_alive: ALIVE.load(Ordering::Relaxed),
        stack_bytes_alive: ALIVE_BYTES.load(Ordering::Relaxed),
        stacks_given_up: GIVEN_UP.load(Ordering::Relaxed),
    }
}

/// How many stacks the kernel's limit on mappings allows.
pub(crate) fn max_stacks() -> usize {
    budget::most()
}

/// Bytes of a new stack where the thread did not say otherwise.
pub(crate) fn default_stack_size_bytes() -> usize {
    DEFAULT_STACK_SIZE_BYTES.load(Ordering::Relaxed)
}

/// Changes it, and says what it was. The caller has checked the bounds.
pub(crate) fn set_default_stack_size_bytes(size_bytes: usize) -> usize {
    DEFAULT_STACK_SIZE_BYTES.swap(size_bytes, Ordering::Relaxed)
}

/// Between looking for room and taking it, no other thread of ours may take it.
fn lock() -> MutexGuard<'static, ()> {
    static CREATING: Mutex<()> = Mutex::new(());
    CREATING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Maps the stack and starts the fibre; `None` if `generator` panicked over it, because some
/// other part of the process took the room that was there just before.
fn map(usable_bytes: usize) -> Option<NonNull<Control>> {
    // Whole pages make an even number of words; an odd one would make `generator` fill the
    // stack with a pattern.
    let size_words = usable_bytes / size_of::<usize>();
    let born = Cell::new(NOBODY);
    let born_at = &raw const born;
    let mut generator = panic::catch_unwind(AssertUnwindSafe(|| {
        Gn::<()>::new_scoped_opt_local(size_words, move |scope| {
            // SAFETY: `born` outlives the first switch, which is the `resume` below.
            unsafe { root::root(scope, born_at) };
        })
    }))
    .ok()?;
    generator.resume();
    let control = NonNull::new(born.get().cast_mut())?;
    let raw = generator.into_raw();
    // `generator` keeps its own context in the stack's highest page.
    let stack_high = (raw.addr() + 1).next_multiple_of(rustix::param::page_size());
    let stack_low = stack_high - usable_bytes;
    // The provenance of the lowest word, for `destroy`.
    raw.expose_provenance();
    // SAFETY: the fibre waits for its first job, so its control block is alive.
    let fiber = unsafe { control.as_ref() };
    fiber.generator.set(raw);
    fiber.stack_low.set(stack_low);
    fiber.job_stack_bytes.set(control.addr().get() - stack_low);
    Some(control)
}
