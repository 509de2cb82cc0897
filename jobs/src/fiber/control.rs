//! The control block of a fibre, and the two kinds of handle to it.

use std::any::Any;
use std::cell::{Cell, OnceCell, UnsafeCell};
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop};
use std::ops::Deref;
use std::ptr::{self, NonNull};

use generator::Scope;

use super::{pool, thread};
use crate::{JobId, JobLocal, WaitCtx, job};

/// What the fibre switches out with; nothing travels by it.
pub(super) type FiberScope = Scope<'static, 'static, (), ()>;

/// What `run::<F, T>` is called as, once `F` and `T` are forgotten.
pub(super) type Entry = unsafe fn(&Control);

/// What keeps a job from pausing, in one word, because every pause asks: how often it is blocked, and
/// whether it was cancelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Holds(usize);

impl Holds {
    /// Nothing.
    pub(super) const NONE: Holds = Holds(0);
    const CANCELLED: usize = 1;
    const BLOCK: usize = 2;

    /// One block more.
    pub(super) fn blocked(self) -> Holds {
        Holds(self.0 + Self::BLOCK)
    }

    /// One block less, if there is any.
    pub(super) fn unblocked(self) -> Holds {
        if self.is_blocked() {
            Holds(self.0 - Self::BLOCK)
        } else {
            self
        }
    }

    pub(super) fn cancelled(self) -> Holds {
        Holds(self.0 | Self::CANCELLED)
    }

    pub(super) fn is_blocked(self) -> bool {
        self.0 >= Self::BLOCK
    }

    pub(super) fn is_cancelled(self) -> bool {
        self.0 & Self::CANCELLED != 0
    }
}

/// Why the fibre switched out. A job that has started is taken for paused until it says otherwise, so
/// that a pause need not say anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ExitKind {
    Paused,
    Finished,
    Panicked,
    Unwound,
    GivenUp,
}

/// Everything that the thread and the fibre tell each other. Lives in the frame of
/// [`root`](super::root::root), on the fibre's own stack.
pub(super) struct Control {
    /// The generator whose stack this is; null until the fibre has said that it is ready.
    pub(super) generator: Cell<*mut usize>,
    pub(super) scope: *mut FiberScope,
    /// Lowest usable address, above the guard page.
    pub(super) stack_low: Cell<usize>,
    /// Bytes between that and this block, below which all frames of a job lie.
    pub(super) job_stack_bytes: Cell<usize>,

    /// What to call when the fibre is entered and has no job; `None` has it leave its loop for good.
    pub(super) entry: Cell<Option<Entry>>,
    /// The `F` in the frame of `start`; valid until `run` has moved it.
    pub(super) closure: Cell<*mut ()>,
    /// Where the `T` goes, if it has a size; in the frame of whichever `start`, `resume` or `cancel` is running.
    pub(super) result: Cell<*mut ()>,
    pub(super) exit: Cell<ExitKind>,
    pub(super) panic: Cell<Option<Box<dyn Any + Send>>>,

    /// The job that runs around this one, while this one runs; null but for one that is being cancelled,
    /// since only cancelling nests.
    pub(super) outer: Cell<*const Control>,
    /// The next idle fibre, while this one is idle.
    pub(super) next_free: Cell<*const Control>,
    /// The pool that the fibre belongs to; see `ThreadState::epoch`.
    pub(super) epoch: Cell<u64>,

    pub(super) id: Cell<JobId>,
    pub(super) holds: Cell<Holds>,
    /// How often the job met its cancellation.
    pub(super) cancel_attempts: Cell<u32>,
    /// Whether the thread was panicking when it switched in to cancel the job.
    pub(super) cancelled_panicking: Cell<bool>,
    wait_ctx: UnsafeCell<OnceCell<WaitCtx>>,
    pub(super) local: Cell<JobLocal>,
}

impl Control {
    pub(super) fn new(scope: *mut FiberScope) -> Control {
        Control {
            generator: Cell::new(ptr::null_mut()),
            scope,
            stack_low: Cell::new(0),
            job_stack_bytes: Cell::new(0),
            entry: Cell::new(None),
            closure: Cell::new(ptr::null_mut()),
            result: Cell::new(ptr::null_mut()),
            exit: Cell::new(ExitKind::Finished),
            panic: Cell::new(None),
            outer: Cell::new(ptr::null()),
            next_free: Cell::new(ptr::null()),
            epoch: Cell::new(0),
            id: Cell::new(JobId::NONE),
            holds: Cell::new(Holds::NONE),
            cancel_attempts: Cell::new(0),
            cancelled_panicking: Cell::new(false),
            wait_ctx: UnsafeCell::new(OnceCell::new()),
            local: Cell::new(None),
        }
    }

    /// The job's wait context; made on first use if the job was started without one.
    #[inline]
    pub(super) fn wait_ctx(&self) -> &WaitCtx {
        self.wait_ctx_cell().get_or_init(WaitCtx::new)
    }

    /// The job's wait context, if it has one by now.
    #[inline]
    pub(super) fn wait_ctx_if_any(&self) -> Option<&WaitCtx> {
        self.wait_ctx_cell().get()
    }

    #[inline]
    fn wait_ctx_cell(&self) -> &OnceCell<WaitCtx> {
        // SAFETY: the only exclusive access is in `take_wait_ctx`, whose caller has no job left
        // that could have lent this reference out.
        unsafe { &*self.wait_ctx.get() }
    }

    /// Ends the job's hold on its wait context.
    ///
    /// # Safety
    /// No reference from [`wait_ctx`](Self::wait_ctx) or its siblings is alive. It is so once
    /// the job has ended: those references borrow the job's handle, or live for one call.
    #[inline]
    pub(super) unsafe fn take_wait_ctx(&self) -> Option<WaitCtx> {
        // SAFETY: the caller guarantees that nobody else refers to the cell's content.
        let cell = unsafe { &mut *self.wait_ctx.get() };
        cell.take()
    }

    /// Whether the code that asks, and has a local variable at this address, runs on this fibre's stack,
    /// and not on another one that it switched to by means that we do not know of.
    #[inline(always)]
    pub(super) fn owns_address(&self, address: usize) -> bool {
        // What lies above this block, or on another stack, is farther away than the stack is deep.
        ptr::from_ref(self).addr().wrapping_sub(address) <= self.job_stack_bytes.get()
    }

    /// Whether the job was cancelled.
    #[inline(always)]
    pub(super) fn is_cancelled(&self) -> bool {
        self.holds.get().is_cancelled()
    }
}

/// A fibre that was taken from the pool and has no job yet. Dropping it gives it back.
pub(crate) struct IdleFiber(pub(super) NonNull<Control>);

impl IdleFiber {
    /// The id of the job that this fibre is going to run.
    #[inline]
    pub(crate) fn id(&self) -> JobId {
        self.control().id.get()
    }

    #[inline]
    pub(super) fn control(&self) -> &Control {
        // SAFETY: `Control` lives until the fibre is destroyed, which only its owner does, and
        // the owner of a fibre outside the pool is this handle.
        unsafe { self.0.as_ref() }
    }

    /// The fibre as the holder of a paused job that will give a `T`.
    #[inline]
    pub(super) fn into_control(self) -> NonNull<Control> {
        let control = self.0;
        mem::forget(self);
        control
    }

    /// Gives the new job its wait context.
    #[inline]
    pub(super) fn set_wait_ctx(&self, wait_ctx: &WaitCtx) {
        let set = self.control().wait_ctx_cell().set(wait_ctx.clone());
        debug_assert!(set.is_ok(), "an idle fibre has no wait context");
    }
}

impl Drop for IdleFiber {
    fn drop(&mut self) {
        // SAFETY: the handle owns the fibre, which runs no job, and is not used again.
        let leftovers = unsafe { pool::release(thread::state(), self.0) };
        drop(leftovers);
    }
}

/// A paused fibre that is cancelled when it is dropped.
pub(crate) struct HeldFiber<T>(ManuallyDrop<Fiber<T>>);

impl<T> HeldFiber<T> {
    #[inline]
    pub(crate) fn new(fiber: Fiber<T>) -> HeldFiber<T> {
        HeldFiber(ManuallyDrop::new(fiber))
    }

    /// The fibre, which is not cancelled now.
    #[inline]
    pub(crate) fn into_fiber(self) -> Fiber<T> {
        let mut held = ManuallyDrop::new(self);
        // SAFETY: the one who held it is not used again, nor dropped.
        unsafe { ManuallyDrop::take(&mut held.0) }
    }
}

impl<T> Deref for HeldFiber<T> {
    type Target = Fiber<T>;

    #[inline]
    fn deref(&self) -> &Fiber<T> {
        &self.0
    }
}

impl<T> Drop for HeldFiber<T> {
    fn drop(&mut self) {
        // SAFETY: dropped once, and not used again.
        let fiber = unsafe { ManuallyDrop::take(&mut self.0) };
        drop(job::cancel(fiber));
    }
}

/// A fibre with a paused job on it, whose result will be a `T`.
///
/// Has no `Drop`: whoever takes it says how it ends. Neither `Send` nor `Sync`, because
/// of the pointer.
pub(crate) struct Fiber<T> {
    pub(super) control: NonNull<Control>,
    pub(super) result: PhantomData<fn() -> T>,
}

impl<T> Fiber<T> {
    /// The id of the paused job.
    #[inline]
    pub(crate) fn id(&self) -> JobId {
        self.control().id.get()
    }

    /// The wait context of the paused job.
    #[inline]
    pub(crate) fn wait_ctx(&self) -> &WaitCtx {
        self.control().wait_ctx()
    }

    /// Forgets which fds were added and deleted: what each resume begins with.
    #[inline]
    pub(crate) fn reset_wait_changes(&self) {
        if let Some(wait_ctx) = self.control().wait_ctx_if_any() {
            wait_ctx.reset_changes();
        }
    }

    #[inline]
    pub(super) fn control(&self) -> &Control {
        // SAFETY: `Control` lives until the fibre is destroyed, which only its owner does, and
        // the owner of a paused fibre is this handle.
        unsafe { self.control.as_ref() }
    }
}
