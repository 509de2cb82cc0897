//! What is explored: how many jobs and calls, on what, and what may go wrong in between.

use std::fmt;

use pausewake_device::Nanos;
use pausewake_engine::Notify;

/// A small world, and how often each unforced thing may happen in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) notify: Notify,
    pub(crate) jobs: usize,
    /// Calls that each job makes, one after the other.
    pub(crate) calls: usize,
    /// Payload slots.
    pub(crate) slots: u32,
    pub(crate) ring_depth: u32,
    pub(crate) op_timeout_ns: Option<Nanos>,
    pub(crate) budget: Budget,
}

/// How often each thing may happen that need not happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// A job is resumed without a wake.
    pub(crate) spurious: u32,
    /// A job is cancelled, or its handle is dropped.
    pub(crate) cancels: u32,
    /// The application lets go of a wait context.
    pub(crate) contexts: u32,
    /// A completion comes once more, however late.
    pub(crate) doubles: u32,
    /// A completion comes that nobody has asked for.
    pub(crate) forgeries: u32,
    /// The device fails an op.
    pub(crate) failures: u32,
    /// The device loses an op, which only a reset answers.
    pub(crate) losses: u32,
    /// The device is reset, beyond the reset that a loss needs.
    pub(crate) resets: u32,
    /// The clock moves on by more than a call may take.
    pub(crate) timeouts: u32,
}

impl Budget {
    /// Only what must happen happens.
    pub(crate) const NOTHING: Self = Self {
        spurious: 0,
        cancels: 0,
        contexts: 0,
        doubles: 0,
        forgeries: 0,
        failures: 0,
        losses: 0,
        resets: 0,
        timeouts: 0,
    };
}

impl Case {
    /// Two jobs with one call each, room for both, and nothing goes wrong.
    pub(crate) const fn two_jobs(name: &'static str, notify: Notify) -> Self {
        Self {
            name,
            notify,
            jobs: 2,
            calls: 1,
            slots: 2,
            ring_depth: 2,
            op_timeout_ns: None,
            budget: Budget::NOTHING,
        }
    }

    /// One job with two calls.
    pub(crate) const fn two_calls(name: &'static str, notify: Notify) -> Self {
        Self {
            jobs: 1,
            calls: 2,
            ..Self::two_jobs(name, notify)
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.notify.name(), self.name)
    }
}
