//! The stacks, and the switch between them: the only module that knows the coroutine crate
//! (`generator`), and the only one with `unsafe` in it.
//!
//! # One fibre, many jobs
//! A *fibre* is a stack with a function that runs for as long as the stack lives: [`root`]. It
//! takes a function, runs it caught, switches out, and waits for the next one. A *job* is one
//! such function. So a pooled start costs two switches, and allocates nothing.
//!
//! # What lives where
//! ```text
//!            mapping of one fibre                     │  the thread that runs it
//!  high ┌───────────────────────────────────┐         │
//!       │ generator's header and context    │◄──┐     │  thread::ThreadState (thread-local)
//!       │   (saved registers, parent link)  │   │     │    current ──► Control of the running job
//!       │ generator's boxed entry closure   │   │     │    free ─────► Control of the last fibre
//!       ├───────────────────────────────────┤   │     │                that came home, and so on
//!       │ frames of generator's entry       │   │     │                by Control::next_free
//!       │ frame of root::root               │   │     │
//!       │   Control ────── .generator ──────┼───┘     │  frame of start::<F, T>
//!       │     entry, exit, id, holds,       │         │    f: F ◄────────── Control::closure
//!       │     wait context, job-local slot  │         │    result: T ◄───── Control::result
//!       ├───────────────────────────────────┤         │
//!       │ frame of root::run::<F, T>        │         │  after a pause that frame is gone, and
//!       │   f: F, moved here at the entry   │         │  frame of resume::<T>
//!       │ frames of the user's function     │         │    result: T ◄───── Control::result
//!       │   … pause() … switched out        │         │
//!       │                                   │         │
//!       │ (free)                            │         │
//!       │ generator's mark, eight words     │         │
//!  low  ├───────────────────────────────────┤         │
//!       │ guard page, PROT_NONE             │         │
//!       └───────────────────────────────────┘         │
//! ```
//! `Control` sits on the page that every switch touches anyway. Nothing outside the fibre points
//! to anything below `Control`.
//!
//! # Rules that keep `generator` a good neighbour
//! * An unfinished generator is never dropped: `generator` would swap the process's panic hook
//!   and unwind by force. A job is cancelled by our own unwinding from our own pause; an idle
//!   fibre ends because `root` finds no [`entry`](control::Control::entry) and returns.
//! * Nothing unwinds into `generator`: `run` catches everything, so its own catching,
//!   which reports through a logger and re-raises from `resume`, has nothing to do.
//! * Its mapping code panics when memory is short. [`stack`] finds that out first.
//! * Its first entry installs signal handlers and a panic hook. [`warm_up`] undoes that.
//! * The first switch of a thread leaks one small context (about 300 bytes) inside `generator`.
//!
//! # Panics and the thread's panic count
//! The standard library counts panics per *thread* and knows nothing of fibres. A fibre that
//! switched out in the middle of an unwinding would leave its count with the thread. So no fibre
//! ever does: at each switch its own share of the count is zero. What `panicking()` says inside
//! a fibre is then exact if the thread was not panicking when the fibre was entered; if it was,
//! the answer is 'yes' throughout, and [`pause`](switch::pause) treats it as such.

#![allow(
    unsafe_code,
    reason = "switching stacks, and passing values between them by pointer"
)]

mod control;
mod pool;
mod root;
mod stack;
mod switch;
mod thread;
mod warm_up;

pub(crate) use control::{Fiber, HeldFiber};
pub(crate) use pool::{acquire, cleanup, init, thread_stats};
pub(crate) use stack::{
    MAX_STACK_SIZE_BYTES, MIN_STACK_SIZE_BYTES, default_stack_size_bytes, max_stacks,
    process_stats, set_default_stack_size_bytes,
};
pub(crate) use switch::{Exit, pause};
pub(crate) use thread::{
    block, count_changed_wait_ctx, current_id, current_wait_ctx, hears, is_switch_watched, local,
    set_hears, set_local, unblock,
};
