//! What jobs, pools and wait contexts promise.
//!
//! Modules `start_resume`, `pause`, `pool`, `wait_ctx` and `threads` go through OpenSSL's ASYNC
//! semantics point by point: one test per point, named after it. Where the reference has undefined
//! behaviour, the test pins what happens here instead. The other modules test what the reference
//! does not have.

#![allow(clippy::print_stdout, reason = "test programs may print")]

mod support;

mod pause;
mod pool;
mod start_resume;
mod threads;
mod wait_ctx;
mod wait_ctx_model;

mod cancel;
mod cancel_while_panicking;
mod foreign_stacks;
mod memory;
mod observer;
mod panics;
mod process;
