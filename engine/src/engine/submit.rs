//! From the granted slot to the device's sight.

use pausewake_device::protocol::{Class, Descriptor};
use pausewake_device::{Nanos, QueuePair};

use super::{EngineState, Inner};
use crate::config::Reap;
use crate::error::Misuse;
use crate::events::Event;
use crate::notify::Waiter;
use crate::slots::About;
use crate::stats::EngineStats;

impl Inner {
    /// Writes the payload and pushes the descriptor of a granted slot.
    ///
    /// # Errors
    /// The payload does not fit into a slot; the slot stays granted.
    pub(crate) fn submit(
        &self,
        descriptor: &Descriptor,
        payload: [&[u8]; 2],
        about: About,
        waiter: Waiter,
        deadline_ns: Option<Nanos>,
    ) -> Result<(), Misuse> {
        let cookie = descriptor.cookie;
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let mut offset = 0;
        for part in payload.into_iter().filter(|part| !part.is_empty()) {
            state
                .queue
                .write_payload(cookie.slot, offset, part)
                .map_err(|_| Misuse::TooLarge {
                    needed: payload.iter().map(|part| part.len()).sum(),
                    slot_size: self.slot_size,
                })?;
            offset += part.len();
        }
        if let (Some(reaper), Some(wake)) = (&state.reaper, waiter.wake()) {
            reaper.expect(cookie, wake.to_wake(), waiter.by());
        }
        let pushed = state.queue.push(*descriptor);
        assert!(pushed.is_ok(), "a granted slot has its place in the ring");
        state.granted -= 1;
        state.pushed.push(cookie);
        state.stats.submitted += 1;
        state.stats.in_flight += 1;
        *in_flight_of(&mut state.stats, about.kind.class()) += 1;
        let slot = state.slots.get(cookie).expect("a granted slot is in use");
        slot.begin(about, waiter);
        if let Some(deadline_ns) = deadline_ns {
            state.deadlines.push(deadline_ns, cookie, &mut state.slots);
        }
        Ok(())
    }

    /// Shows the device what was pushed since the last time.
    pub(crate) fn ring_doorbell(&self) {
        if !matches!(self.config.reap, Reap::Thread { .. }) {
            // Every loop comes by here, also one that has forgotten to poll.
            self.watch();
        }
        let mut state = self.state.borrow_mut();
        if state.pushed.is_empty() {
            return;
        }
        state.queue.charge(self.costs.doorbell_ns);
        let doorbell = state.queue.publish();
        let EngineState {
            slots,
            pushed,
            stats,
            ..
        } = &mut *state;
        for op in pushed.drain(..) {
            if let Some(slot) = slots.get(op) {
                slot.op.seen.doorbell_ns = doorbell.at_ns;
            }
        }
        stats.doorbells += 1;
        stats.doorbells_woke += u64::from(doorbell.woke);
        drop(state);
        // The device looks after the event, so that the log has them in this order, and even if an
        // observer panics.
        let look = DeviceLook(self);
        self.tell(
            || doorbell.at_ns,
            || Event::Doorbell {
                entries: doorbell.entries,
                woke: doorbell.woke,
            },
        );
        drop(look);
        // What the device has fetched left room in the ring.
        self.serve_line();
    }
}

/// Dropped, it lets a device without a thread look at its rings.
struct DeviceLook<'a>(&'a Inner);

impl Drop for DeviceLook<'_> {
    fn drop(&mut self) {
        self.0.with_queue(QueuePair::let_device_look);
    }
}

/// The count of operations in flight of one class.
pub(super) fn in_flight_of(stats: &mut EngineStats, class: Class) -> &mut u64 {
    match class {
        Class::Asymmetric => &mut stats.in_flight_asymmetric,
        Class::Symmetric => &mut stats.in_flight_symmetric,
    }
}
