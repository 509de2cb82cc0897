//! Floors: what the system and the coroutine crate cost without anything of ours.

use std::os::fd::OwnedFd;

use generator::{Gn, LocalGenerator};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

use crate::failure::Failure;
use crate::measure::ns_per_call;

/// One eventfd, written and read.
#[derive(Debug)]
pub struct EventfdPair(OwnedFd);

/// A bare coroutine of the crate `generator`, which yields without end.
pub struct SwitchPair(LocalGenerator<'static, (), ()>);

impl EventfdPair {
    /// Makes it.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn new() -> Result<Self, Failure> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        eventfd(0, flags).map(Self).map_err(Failure::unavailable)
    }

    /// What one write and one read take, ns.
    ///
    /// # Errors
    /// The kernel refuses one.
    pub fn pairs_ns(&self, count: u64) -> Result<f64, Failure> {
        ns_per_call(count, || {
            write(&self.0, &1_u64.to_ne_bytes()).map_err(Failure::check)?;
            read(&self.0, &mut [0_u8; 8]).map_err(Failure::check)?;
            Ok(())
        })
    }
}

impl SwitchPair {
    /// Makes it. It is never dropped: dropping an unfinished generator swaps the panic hook.
    pub fn new() -> std::mem::ManuallyDrop<Self> {
        // A first start of ours, so that the crate's signal handlers are not left in place.
        let _ = pausewake_jobs::start(None, || ());
        let mut bare = Gn::<()>::new_scoped_opt_local(STACK_WORDS, |mut scope| {
            loop {
                scope.yield_with(());
            }
        });
        bare.resume();
        std::mem::ManuallyDrop::new(Self(bare))
    }

    /// What one switch in and out takes, ns.
    ///
    /// # Errors
    /// Never.
    pub fn pairs_ns(&mut self, count: u64) -> Result<f64, Failure> {
        ns_per_call(count, || {
            self.0.resume();
            Ok(())
        })
    }
}

/// 64 KiB, as our jobs have.
const STACK_WORDS: usize = 8_192;
