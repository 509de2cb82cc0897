//! Functions that pause in the middle, and go on later: OpenSSL's `ASYNC_JOB` pattern.
//!
//! # The pattern
//! Code that looks synchronous calls down through many layers, and at the very bottom something
//! has to wait: a crypto engine has handed an operation to a device. Instead of waiting, it calls
//! [`pause`]. The whole stack stays as it is, and the thread is free for other work. When the
//! device is done, somebody calls [`Job::resume`], and `pause` returns as if nothing had happened.
//! None of the layers in between knows.
//!
//! ```text
//!    application                                   job, on a stack of its own
//!    ───────────                                   ──────────────────────────
//!    start(Some(&wait_ctx), f) ──────────────────► f()
//!                                                   └─ layers ─► engine: submit,
//!                                                                say in the wait context
//!                                                                what to wait for
//!    Outcome::Paused(job)     ◄────────────────────────────────  pause()
//!
//!    run other jobs, wait for the descriptors
//!    or callbacks of their wait contexts   ◄─── Wake, from any thread
//!
//!    job.resume()             ────────────────────────────────►  take the result
//!    Outcome::Finished(value) ◄──────────────────── return value
//! ```
//!
//! Three parties, who do not know each other: the *application* starts and resumes jobs; the
//! *engine* pauses, and leaves word in the [`WaitCtx`]; whoever completes the operation, on any
//! thread, holds a [`Wake`] and nothing else.
//!
//! # Example
//! Two jobs of one thread wait for a device at the same time. It answers in its own order.
//! ```
//! use std::sync::mpsc::{self, Sender};
//! use std::thread;
//!
//! use pausewake_jobs::{Outcome, WaitCtx, WaitFd, WaitKey, Wake, current, pause, start};
//! use rustix::event::{PollFd, PollFlags, poll};
//!
//! /// What the device is asked: a number to square, where to, and how to wake.
//! type Request = (u64, Sender<u64>, Wake);
//!
//! /// The engine. Looks synchronous, and pauses until the device has answered.
//! fn square(number: u64, device: &Sender<Request>) -> u64 {
//!     const KEY: WaitKey = WaitKey(1);
//!     let wait_ctx = current().expect("called in a job").wait_ctx();
//!     wait_ctx.set_wait_fd(KEY, WaitFd::eventfd().expect("an eventfd"), None);
//!     let wake = wait_ctx.wake_by_fd(KEY).expect("set just now");
//!     let (reply, answer) = mpsc::channel();
//!     device.send((number, reply, wake)).expect("the device is there");
//!     loop {
//!         // A resume does not say why it comes, so look.
//!         if let Ok(squared) = answer.try_recv() {
//!             wait_ctx.clear_fd(KEY);
//!             return squared;
//!         }
//!         if !pause().is_resumed() {
//!             // It cannot pause here: wait in place.
//!             return answer.recv().expect("an answer");
//!         }
//!     }
//! }
//!
//! // The device: answers two requests, the second first.
//! let (device, requests) = mpsc::channel::<Request>();
//! let device_thread = thread::spawn(move || {
//!     let pair = [(); 2].map(|()| requests.recv().expect("two requests"));
//!     for (number, reply, wake) in pair.into_iter().rev() {
//!         reply.send(number * number).expect("the job waits");
//!         wake.wake().expect("an eventfd");
//!     }
//! });
//!
//! // The application: starts two jobs, and resumes each when its descriptor is readable.
//! let (mut jobs, mut results) = (Vec::new(), Vec::new());
//! for number in [3, 4] {
//!     let device = device.clone();
//!     let f = move || square(number, &device) + 1;
//!     match start(Some(&WaitCtx::new()), f)? {
//!         // The device can be faster than the pause: it answers the second request at once.
//!         Outcome::Finished(result) => results.push(result),
//!         Outcome::Paused(job) => jobs.push(job),
//!     }
//! }
//! while let Some(job) = jobs.pop() {
//!     let fds = job.wait_ctx().all_fds();
//!     poll(&mut [PollFd::new(&fds[0], PollFlags::IN)], None)?;
//!     match job.resume()? {
//!         Outcome::Finished(result) => results.push(result),
//!         Outcome::Paused(job) => jobs.push(job),
//!     }
//! }
//! assert_eq!(results, [17, 10]);
//! device_thread.join().expect("no panic");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//! | to | see |
//! |---|---|
//! | run jobs | [`start`], [`Job::resume`], [`Job::cancel`], dropping a [`Job`] |
//! | pause in one | [`pause`], [`block_pause`], [`current`], [`set_job_local`] |
//! | wait and wake | [`WaitCtx`], [`WaitFd`], [`Wake`], [`LocalWake`] |
//! | limit how many | [`init_thread`], [`ThreadConfig`], [`cleanup_thread`] |
//! | watch them | [`set_observer`], [`thread_stats`], [`process_stats`] |
//!
//! # What differs from OpenSSL
//! The semantics are those of OpenSSL's ASYNC functions, except where those are undefined or known
//! to hurt:
//! * a paused job can be cancelled, and dropping it does that; OpenSSL leaks it;
//! * a job stays on its thread, and a finished one cannot be resumed, by types; OpenSSL crashes;
//! * starting or resuming a job in a job is an error, and harms nobody; OpenSSL crashes;
//! * blocking belongs to the job, not to the thread, and so does not leak into the next one;
//! * a job may be started without a wait context;
//! * stacks have a guard page, and 64 KiB instead of 32; a stack that runs out ends the program by
//!   SIGSEGV instead of damaging memory;
//! * a second [`init_thread`] is an error, and what [`cleanup_thread`] leaves behind is freed later;
//! * what another thread may hold of a wait context cannot outlive its target.
//!
//! What belongs to the thread is not switched with the job, as in OpenSSL: `errno`, the rounding mode
//! and other floating-point controls, the signal mask. What a job changes there, its caller sees,
//! and the other way round. A first start does not touch them. There is no default library context
//! and no error queue here; a library that has something of the kind keeps it in the job's local
//! slot ([`set_job_local`]), which OpenSSL's new jobs would inherit from their callers and ours do
//! not.
//!
//! # Errors
//! An error that gives its value back and may go away when others have ended says so:
//! [`StartReason::is_retry`]. All others are misuse, and say what to change.
//!
//! # What it does to the process
//! * The first start of a process makes a helper thread for a moment. Signal handlers and the
//!   panic hook are the same afterwards as before; but a hook that another thread sets in that
//!   very moment is lost. A program that cares starts a job before it starts threads.
//! * Each stack takes two of the mappings that the kernel allows a process (`vm.max_map_count`),
//!   about 8 kB of memory, and 68 KiB of address space. Before the limit is reached, [`start`]
//!   refuses with an error; the rest of the process always keeps some thousands of mappings.
//! * A thread that has used jobs leaves some 300 bytes behind when it ends.
//!
//! # What to keep in mind inside a job
//! * Thread-locals are the thread's: other jobs run in between. No borrow of one, and no lock, should
//!   be held over a pause.
//! * Rust code probes each page of the stack in order and so cannot miss the guard page. C code
//!   with large frames has to be compiled with `-fstack-clash-protection` for that.
//! * Cancelling unwinds. It needs `panic = "unwind"`; with `panic = "abort"` every cancelled job is
//!   given up ([`Cancelled::Refused`]).
//! * A coroutine scheduler that moves a running job's thread to another one (as `may` can) must
//!   not do so.
#![deny(unsafe_code)]

mod config;
mod error;
mod event;
mod fiber;
mod id;
mod job;
mod pause;
mod stats;
mod wait;

pub use config::{
    ThreadConfig, cleanup_thread, default_stack_size_bytes, init_thread, is_capable,
    set_default_stack_size_bytes,
};
pub use error::{
    InitError, ResumeError, ResumeReason, StackAllocationCause, StackAllocationError,
    StackSizeError, StartError, StartReason,
};
pub use event::{CancelHow, JobEvent, JobObserver, set_observer};
pub use id::JobId;
pub use job::{Cancelled, Job, Outcome, start};
pub use pause::{
    CANCEL_ATTEMPTS, Current, JobLocal, Pause, PauseBlock, block_pause, current, current_id,
    job_local, pause, set_job_local,
};
pub use stats::{ProcessStats, ThreadStats, max_stacks, process_stats, thread_stats};
pub use wait::{
    Callback, ChangedFds, Cleanup, LocalWake, WaitCtx, WaitFd, WaitKey, WaitStatus, Wake,
};
