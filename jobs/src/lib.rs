//! To be written.
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
    CANCEL_ATTEMPTS, Current, Pause, PauseBlock, block_pause, current, current_id, job_local,
    pause, set_job_local,
};
pub use stats::{ProcessStats, ThreadStats, process_stats, thread_stats};
pub use wait::{Callback, ChangedFds, Cleanup, WaitCtx, WaitFd, WaitKey, WaitStatus, Wake};
