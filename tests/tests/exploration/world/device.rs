//! What the device does.

use std::collections::HashMap;

use pausewake_device::model::CoalesceConfig;
use pausewake_device::protocol::{Completion, CompletionFlags, Cookie, Status};
use pausewake_device::{DeviceConfig, Nanos, PendingId, PendingState};

use super::World;
use crate::action::{Forgery, OpName};
use crate::case::Case;
use crate::oracle::{Violation, ensure};

impl World {
    pub(super) fn finish(&mut self, op: OpName, status: Status) -> Result<(), Violation> {
        let id = self.pending_id(op)?;
        self.manual
            .finish(id, status)
            .map_err(|error| error.to_string())
    }

    pub(super) fn lose(&mut self, op: OpName) -> Result<(), Violation> {
        self.left.losses -= 1;
        let id = self.pending_id(op)?;
        self.lost.push(self.oracle.ops[&op].cookie);
        self.manual.lose(id).map_err(|error| error.to_string())
    }

    pub(super) fn publish(&mut self, op: OpName) -> Result<(), Violation> {
        let id = self.pending_id(op)?;
        let published = self.oracle.ops.get_mut(&op);
        published.expect("it is pending").published = true;
        self.unsignalled = true;
        self.manual.publish(id).map_err(|error| error.to_string())
    }

    /// Gives the signal, which is written if the owner has asked for it, and only then.
    pub(super) fn signal(&mut self) -> Result<(), Violation> {
        let before = self.device.stats();
        self.manual.signal(self.queue);
        self.unsignalled = false;
        let after = self.device.stats();
        let given = after.signals - before.signals;
        ensure!(given == 1, "{given} signals were given");
        let is_written = after.signals_written > before.signals_written;
        self.was_signalled |= is_written;
        let was_armed = std::mem::take(&mut self.is_armed);
        ensure!(
            is_written == was_armed,
            "a signal was asked for: {was_armed}; it was written: {is_written}"
        );
        Ok(())
    }

    pub(super) fn forge(&mut self, cookie: Cookie) {
        self.oracle.forged_unread += 1;
        self.unsignalled = true;
        let completion = Completion {
            cookie,
            status: Status::Ok,
            flags: CompletionFlags::default(),
            output_len: 20,
            done_ns: self.engine.now(),
            queue_ns: Nanos::ZERO,
            service_ns: Nanos::ZERO,
        };
        self.manual.forge(self.queue, completion);
    }

    pub(super) fn reset(&mut self) -> Result<(), Violation> {
        if self.manual.lost() == 0 {
            self.left.resets -= 1;
        }
        let held = self.pending();
        let lost_count = self.manual.lost();
        let lost = std::mem::take(&mut self.lost);
        let mut answered = 0;
        for op in self.oracle.ops.values_mut() {
            if lost.contains(&op.cookie) || held.contains_key(&op.cookie) {
                op.published = true;
                answered += 1;
            }
        }
        let expected = held.len() + lost_count;
        ensure!(
            answered == expected,
            "the device answers {answered} ops of {expected}"
        );
        self.unsignalled = true;
        self.manual.reset();
        Ok(())
    }

    pub(super) fn pending_id(&self, op: OpName) -> Result<PendingId, Violation> {
        let cookie = self.oracle.ops[&op].cookie;
        let pending = self.pending();
        let found = pending.get(&cookie).map(|(id, _)| *id);
        found.ok_or_else(|| format!("the device does not hold {op}"))
    }

    pub(super) fn pending(&self) -> HashMap<Cookie, (PendingId, PendingState)> {
        let pending = self.manual.pending();
        pending
            .iter()
            .map(|op| (op.op, (op.id, op.state)))
            .collect()
    }
}

pub(super) fn device_config(case: &Case) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    config.queue.slots = case.slots;
    config.queue.slot_size = 64;
    config.queue.ring_depth = case.ring_depth;
    // Doubled and forged completions need room too.
    config.queue.completion_depth = 32;
    config.model.in_flight_limit = case.in_flight_limit;
    // The signal is a step of its own.
    config.coalesce = CoalesceConfig {
        count: u32::MAX,
        time_ns: Nanos::MAX,
    };
    config
}

impl Forgery {
    /// A cookie that no engine of these gives out.
    pub(super) const fn cookie(self) -> Cookie {
        match self {
            Self::Generation => Cookie {
                slot: 0,
                generation: u32::MAX,
            },
            Self::Slot => Cookie {
                slot: u32::MAX,
                generation: 1,
            },
        }
    }
}
