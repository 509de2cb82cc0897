//! What a thread knows of its fibres.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::control::Control;
use super::switch::NOBODY;
use crate::event::Hears;
use crate::{JobId, JobLocal, WaitCtx};

/// Ids are handed to threads in blocks, so that a start touches no shared memory.
const ID_BLOCK: u64 = 1 << 20;

/// One per thread. Has no destructor, so that it is there as long as the thread is, also for
/// jobs that other thread-locals drop.
pub(super) struct ThreadState {
    /// The running job, or null.
    pub(super) current: Cell<*const Control>,
    /// The idle fibre that came home last, or null.
    pub(super) free: Cell<*const Control>,
    next_id: Cell<u64>,
    id_block_end: Cell<u64>,
    hears: Cell<Hears>,
    watched: Cell<Watched>,
    pub(super) initialised: Cell<bool>,
    /// The thread is so near its end that an idle fibre would never be freed.
    pub(super) exiting: Cell<bool>,
    /// Counts the thread's pools. A fibre of an earlier pool is freed when its job ends.
    pub(super) epoch: Cell<u64>,
    /// Most fibres handed out and pooled together; 0 is no limit.
    pub(super) max_size: Cell<usize>,
    /// Bytes for a new stack; 0 is the process's default.
    pub(super) stack_size_bytes: Cell<usize>,
    pub(super) handed_out: Cell<usize>,
    pub(super) pooled: Cell<usize>,
    /// Jobs of earlier pools that have not ended.
    pub(super) orphaned: Cell<usize>,
}

thread_local! {
    static STATE: ThreadState = const {
        ThreadState {
            current: Cell::new(NOBODY),
            free: Cell::new(NOBODY),
            next_id: Cell::new(0),
            id_block_end: Cell::new(0),
            hears: Cell::new(Hears::Nothing),
            watched: Cell::new(Watched(0)),
            initialised: Cell::new(false),
            exiting: Cell::new(false),
            epoch: Cell::new(0),
            max_size: Cell::new(0),
            stack_size_bytes: Cell::new(0),
            handed_out: Cell::new(0),
            pooled: Cell::new(0),
            orphaned: Cell::new(0),
        }
    };
}

/// This thread's state. A function and not a closure's argument, because what switches must be
/// inlined, and closures are not always.
#[inline(always)]
pub(super) fn state<'a>() -> &'a ThreadState {
    let state = STATE.with(ptr::from_ref);
    // SAFETY: a thread-local without a destructor lives as long as its thread, and a reference
    // to something with cells in it cannot leave that thread.
    unsafe { &*state }
}

impl ThreadState {
    /// The id of the next job.
    #[inline]
    pub(super) fn take_id(&self) -> JobId {
        if self.next_id.get() == self.id_block_end.get() {
            self.take_id_block();
        }
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        JobId::new(id)
    }

    #[cold]
    fn take_id_block(&self) {
        // 0 is nobody's id.
        static NEXT_BLOCK: AtomicU64 = AtomicU64::new(1);
        let first = NEXT_BLOCK.fetch_add(ID_BLOCK, Ordering::Relaxed);
        self.next_id.set(first);
        self.id_block_end.set(first + ID_BLOCK);
    }

    /// The running job, if there is one.
    #[inline]
    fn current(&self) -> Option<&Control> {
        // SAFETY: what runs is alive: its control block is on the stack that it runs on.
        unsafe { self.current.get().as_ref() }
    }

    /// The running job of that id, which may have another one nested in it.
    fn running(&self, id: JobId) -> Option<&Control> {
        let mut job = self.current();
        while let Some(control) = job {
            if control.id.get() == id {
                return job;
            }
            // SAFETY: a running job's outer job is switched in too, and so alive.
            job = unsafe { control.outer.get().as_ref() };
        }
        None
    }
}

/// The id of the running job.
#[inline]
pub(crate) fn current_id() -> Option<JobId> {
    state().current().map(|control| control.id.get())
}

/// The wait context of the running job, made now if it has none.
#[inline]
pub(crate) fn current_wait_ctx() -> Option<WaitCtx> {
    state().current().map(|control| control.wait_ctx().clone())
}

/// Blocks pausing in the running job, and says which one that is.
#[inline]
pub(crate) fn block() -> Option<JobId> {
    let control = state().current()?;
    control.holds.set(control.holds.get().blocked());
    Some(control.id.get())
}

/// Takes one block of that job back, if it still runs.
#[inline]
pub(crate) fn unblock(id: JobId) {
    if let Some(control) = state().running(id) {
        control.holds.set(control.holds.get().unblocked());
    }
}

/// The value in the running job's local slot; `None` outside a job.
pub(crate) fn local() -> JobLocal {
    let control = state().current()?;
    let value = control.local.take();
    control.local.set(value.clone());
    value
}

/// Fills the running job's local slot, and gives back what was in it; outside a job, gives back
/// the new value as an error.
pub(crate) fn set_local(value: JobLocal) -> Result<JobLocal, JobLocal> {
    match state().current() {
        Some(control) => Ok(control.local.replace(value)),
        None => Err(value),
    }
}

/// Why a resume is more than a switch, in one word, because every resume asks: how many wait contexts of
/// the thread have changes, one of which may be the job's, and whether the observer wants to hear of it.
#[derive(Clone, Copy)]
struct Watched(usize);

impl Watched {
    const OBSERVED: usize = 1;
    const WAIT_CTX: usize = 2;
}

/// Whether there may be more to do for a resume than to switch.
#[inline(always)]
pub(crate) fn is_switch_watched() -> bool {
    state().watched.get().0 != 0
}

/// A wait context of this thread has changes now, or has none any more.
pub(crate) fn count_changed_wait_ctx(has_changes: bool) {
    let watched = &state().watched;
    let Watched(before) = watched.get();
    watched.set(Watched(if has_changes {
        before + Watched::WAIT_CTX
    } else {
        before - Watched::WAIT_CTX
    }));
}

/// How much somebody wants to hear of this thread's jobs.
#[inline]
pub(crate) fn hears() -> Hears {
    state().hears.get()
}

pub(crate) fn set_hears(hears: Hears) {
    let state = state();
    state.hears.set(hears);
    let Watched(before) = state.watched.get();
    let observed = usize::from(hears == Hears::All) * Watched::OBSERVED;
    state
        .watched
        .set(Watched(before & !Watched::OBSERVED | observed));
}
