//! The completion half of a queue pair: what a reaper thread takes.

use std::os::fd::BorrowedFd;
use std::sync::Arc;

use crate::device::Inner;
use crate::protocol::Completion;
use crate::ring::{CompletionConsumer, Ringer, Sleeper};
use crate::time::Nanos;

/// The completion ring and its signal. Part of a [`QueuePair`](crate::QueuePair) until somebody
/// takes it out, to reap on another thread.
#[derive(Debug)]
pub struct CompletionSide {
    completions: CompletionConsumer,
    signal: Sleeper,
    waker: Ringer,
    device: Arc<Inner>,
}

impl CompletionSide {
    pub(crate) fn new(
        completions: CompletionConsumer,
        signal: Sleeper,
        waker: Ringer,
        device: Arc<Inner>,
    ) -> Self {
        Self {
            completions,
            signal,
            waker,
            device,
        }
    }

    /// The device's time.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.device.clock.now()
    }

    /// Takes the next completion. It may name any slot: compare its generation before use.
    pub fn reap(&mut self) -> Option<Completion> {
        self.completions.pop()
    }

    /// Whether a completion lies in the ring.
    pub fn has_completion(&mut self) -> bool {
        !self.completions.is_empty()
    }

    /// Asks for the completion signal. `true`: nothing is there to reap, and the signal will come;
    /// `false`: there is something after all, and no signal was asked for.
    pub fn arm_signal(&mut self) -> bool {
        let Self {
            completions,
            signal,
            ..
        } = self;
        signal.arm_unless(|| !completions.is_empty())
    }

    /// The first half of [`arm_signal`](Self::arm_signal): asks, and does not look. Whoever sleeps
    /// without a [look](Self::has_completion) after it may sleep for ever.
    pub fn request_signal(&mut self) {
        self.signal.arm();
    }

    /// Takes the request for a signal back; a signal that was given in the meantime stays until it
    /// is drained.
    pub fn disarm_signal(&mut self) {
        self.signal.disarm();
    }

    /// Forgets the signals that were given. Call it *before* reaping.
    pub fn drain_signal(&mut self) {
        self.signal.drain();
    }

    /// The completion signal's eventfd, for an event loop.
    #[must_use]
    pub fn signal_fd(&self) -> BorrowedFd<'_> {
        self.signal.fd()
    }

    /// Sleeps until the completion signal or the timeout. `true`: signalled.
    #[must_use = "a timeout and a signal are different things"]
    pub fn wait_signal(&self, timeout: Option<Nanos>) -> bool {
        self.signal.wait(timeout)
    }

    /// Wakes whoever sleeps on the signal, from any thread; for shutting a reaper down.
    #[must_use]
    pub fn waker(&self) -> Ringer {
        self.waker.clone()
    }
}
