//! What is explored: how many jobs and calls, on what, and what may go wrong in between.

use std::fmt;

use pausewake_device::Nanos;
use pausewake_engine::{Notify, Reap};

use crate::action::Action;

/// A small world, and how often each unforced thing may happen in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) notify: Notify,
    /// [`Reap::External`]: any step at any time. Otherwise the owner of the engine is a loop that
    /// sleeps, and does its steps in their order.
    pub(crate) reap: Reap,
    pub(crate) arming: Arming,
    /// A loop that sleeps reaps while it is awake, too, as the reactor does, and not only when it was
    /// woken.
    pub(crate) reaps_awake: bool,
    pub(crate) jobs: usize,
    /// Calls that each job makes, one after the other.
    pub(crate) calls: usize,
    /// Payload slots.
    pub(crate) slots: u32,
    pub(crate) ring_depth: u32,
    /// Ops that the device takes and has not completed.
    pub(crate) in_flight_limit: u32,
    /// Jobs of the application that live and do not wait for the device.
    pub(crate) bystanders: usize,
    pub(crate) op_timeout_ns: Option<Nanos>,
    /// How every schedule begins.
    pub(crate) prelude: &'static [Action],
    pub(crate) budget: Budget,
}

/// How the owner asks for the completion signal before it sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arming {
    /// By `arm_signal`: nothing happens between the flag and the look.
    AtOnce,
    /// By `request_signal` and `is_quiet`: the device may do anything between the two.
    InHalves,
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
    /// The clock moves on by more than a call may take, or a loop sleeps.
    pub(crate) timeouts: u32,
    /// Something else wakes the sleeping owner.
    pub(crate) interrupts: u32,
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
        interrupts: 0,
    };
}

impl Case {
    /// Two jobs with one call each, room for both, and nothing goes wrong.
    pub(crate) const fn two_jobs(name: &'static str, notify: Notify) -> Self {
        Self {
            name,
            notify,
            reap: Reap::External,
            arming: Arming::AtOnce,
            reaps_awake: false,
            jobs: 2,
            calls: 1,
            slots: 2,
            ring_depth: 2,
            in_flight_limit: 32,
            bystanders: 0,
            op_timeout_ns: None,
            prelude: &[],
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

    /// How far the clock moves when time passes: whatever waits for it is due then.
    pub(crate) fn time_step_ns(&self) -> Nanos {
        let backstop_ns = match self.reap {
            Reap::Heuristic(heuristic) => heuristic.backstop_ns,
            Reap::Event | Reap::External | Reap::Inline | Reap::Thread { .. } => Nanos::ZERO,
        };
        self.op_timeout_ns.unwrap_or_default().max(backstop_ns)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (notify, reap) = (self.notify.name(), self.reap.name());
        write!(f, "{notify}/{reap}/{}", self.name)
    }
}
