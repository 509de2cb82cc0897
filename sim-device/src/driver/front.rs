//! The device's front: takes descriptors from rings, checks them, copies payloads; and puts
//! completions back. What happens in between, and when, is the business of the drivers.

use std::sync::Arc;

use crate::compute::{Action, WorkItem};
use crate::config::DeviceConfig;
use crate::driver::check::Checked;
use crate::driver::clock::Clock;
use crate::driver::port::{Link, Port, Ports};
use crate::driver::telling::Telling;
use crate::events::{DeviceEvent, DeviceObserver};
use crate::keys::KeyId;
use crate::model::{ModelStats, QueueId};
use crate::protocol::{
    Class, Completion, CompletionFlags, Cookie, Descriptor, OpKind, Scheme, Status,
};
use crate::ring::DeviceSide;
use crate::stats::DeviceStats;
use crate::time::Nanos;

/// A request that passed the front door. Its work, with the payload in private memory, stands in the
/// item that was offered for it.
#[derive(Clone, Copy)]
pub(crate) struct Accepted {
    pub(crate) cookie: Cookie,
    pub(crate) slot: u32,
    pub(crate) kind: OpKind,
    pub(crate) scheme: Scheme,
    /// Of the RSA key, as far as the descriptor tells; 0 if it does not.
    pub(crate) modulus_bits: u32,
    pub(crate) key: KeyId,
    /// Bytes that came out of the slot.
    pub(crate) bytes_in: u32,
    /// Bytes that will come home, as far as the descriptor tells.
    pub(crate) bytes_out: u32,
    /// When it was submitted, held to what can be.
    pub(crate) submitted_ns: Nanos,
}

/// The front of a device.
pub(crate) struct Front {
    pub(crate) ports: Ports,
    pub(crate) stats: DeviceStats,
    /// Signals that were given before the figures began; who waits for signals counts all.
    signals_before: u64,
    pub(crate) config: DeviceConfig,
    pub(crate) telling: Telling,
    /// Nothing passes the front door.
    pub(crate) down: bool,
}

impl Front {
    pub(crate) fn new(config: DeviceConfig, observer: Option<Arc<dyn DeviceObserver>>) -> Self {
        Self {
            ports: Ports::default(),
            stats: DeviceStats {
                classes: ModelStats::idle(&config.model),
                ..DeviceStats::default()
            },
            signals_before: 0,
            config,
            telling: Telling::new(observer),
            down: false,
        }
    }

    pub(crate) fn add_queue(&mut self, queue: QueueId, side: DeviceSide, link: Arc<Link>) {
        let port = Port::new(side, link, self.config.coalesce);
        self.ports.insert(queue, port);
    }

    pub(crate) fn stats(&self) -> DeviceStats {
        DeviceStats {
            queues_open: u32::try_from(self.ports.iter().count()).unwrap_or(u32::MAX),
            in_flight: self.ports.iter().map(|port| port.in_flight).sum(),
            signals: self.stats.signals - self.signals_before,
            ..self.stats.clone()
        }
    }

    /// Forgets what was counted, and counts from `from` on.
    pub(crate) fn restart_stats(&mut self, from: Nanos) {
        self.signals_before = self.stats.signals;
        self.stats = DeviceStats {
            classes: self.stats.classes.restarted(from),
            signals: self.stats.signals,
            ..DeviceStats::default()
        };
    }

    /// Looks at the tail of `queue`'s ring. `None`: nothing is there; otherwise the time, read
    /// *after* the tail was loaded: whatever this look sees was submitted before it.
    ///
    /// Takes the chance to forget a queue whose host has gone and whose ops are all done.
    pub(crate) fn look(&mut self, queue: QueueId, clock: &Clock) -> Option<Nanos> {
        let port = self.ports.get(queue)?;
        if port.link.host_gone() {
            port.forget_what_is_ahead();
            if port.is_abandoned() {
                self.ports.remove(queue);
            }
            return None;
        }
        let before = clock.now();
        (port.look(before) > 0).then(|| clock.now())
    }

    /// The next request of `queue` that passes the front door, if `room` for its class can be had; its
    /// work goes into `item`. Requests that do not pass are answered on the way.
    pub(crate) fn next(
        &mut self,
        queue: QueueId,
        now: Nanos,
        item: &mut WorkItem,
        room: impl Fn(Class) -> bool,
    ) -> Option<Accepted> {
        loop {
            let port = self.ports.get(queue)?;
            let descriptor = port.peek()?;
            if port.is_ahead(descriptor.submitted_ns, now) {
                return None;
            }
            let layout = self.config.queue;
            let checked = if self.down {
                Err(Status::DeviceDown)
            } else {
                Checked::check(&descriptor, layout.slots, layout.slot_size)
            };
            if let Ok(checked) = &checked
                && (port.in_flight >= self.config.model.in_flight_limit
                    || !room(checked.kind.class()))
            {
                return None;
            }
            port.side.submissions.consume();
            self.stats.fetched += 1;
            let accepted = checked.and_then(|checked| accept(port, &descriptor, &checked, item));
            match accepted {
                Ok(accepted) => {
                    let fetched = DeviceEvent::Fetched {
                        queue,
                        op: accepted.cookie,
                        kind: accepted.kind,
                    };
                    let submitted_ns = port.plausible(descriptor.submitted_ns, now);
                    self.telling.tell(now, &fetched);
                    return Some(Accepted {
                        submitted_ns,
                        ..accepted
                    });
                }
                Err(status) => {
                    item.wipe();
                    self.refuse(queue, &descriptor, status, now);
                }
            }
        }
    }

    /// Signals for room in the ring of `queue`, if descriptors were consumed since as many had been
    /// fetched as `fetched_before`: its host may wait for that. A look that found no way to take any
    /// signals nothing, or a host that waits for room would be woken by every look.
    pub(crate) fn signal_room(&mut self, queue: QueueId, fetched_before: u64) {
        if self.stats.fetched > fetched_before
            && let Some(port) = self.ports.get(queue)
        {
            port.side.room_signal.ring();
        }
    }

    /// Answers a descriptor that never got in.
    fn refuse(&mut self, queue: QueueId, descriptor: &Descriptor, status: Status, now: Nanos) {
        self.stats.refused += 1;
        if status == Status::DeviceDown && descriptor.opcode == OpKind::Task.code() {
            // Nobody else may run the closure of an op that has been answered.
            let task = self.ports.get(queue);
            drop(task.and_then(|port| port.link.take_task(descriptor.slot)));
        }
        let op = descriptor.cookie;
        self.telling
            .tell(now, &DeviceEvent::Refused { queue, op, status });
        let completion = Completion {
            cookie: op,
            status,
            flags: CompletionFlags::default(),
            output_len: 0,
            done_ns: now,
            queue_ns: Nanos::ZERO,
            service_ns: Nanos::ZERO,
        };
        self.publish(queue, completion, now);
    }

    /// Answers an op that was accepted: output to its slot, completion to its ring.
    pub(crate) fn answer(
        &mut self,
        queue: QueueId,
        slot: u32,
        completion: Completion,
        item: &mut WorkItem,
        now: Nanos,
    ) {
        let port = self.ports.get(queue);
        let Some(port) = port.filter(|port| !port.link.host_gone()) else {
            item.wipe();
            self.answer_nobody(queue, completion, now);
            return;
        };
        port.in_flight -= 1;
        let written = port.side.slab.write(slot, 0, item.output());
        debug_assert!(
            written.is_ok(),
            "slot and capacity were checked at the front door"
        );
        item.wipe();
        self.telling.tell(now, &done(queue, &completion));
        let published = port.complete(now, completion, &mut self.stats);
        self.telling.tell_published(now, queue, published);
    }

    /// The host has gone in the meantime.
    #[cold]
    fn answer_nobody(&mut self, queue: QueueId, completion: Completion, now: Nanos) {
        if let Some(port) = self.ports.get(queue) {
            port.in_flight -= 1;
        }
        self.telling.tell(now, &done(queue, &completion));
        self.publish(queue, completion, now);
    }

    /// Puts a completion into the ring of `queue`, as it is. Its signal comes with
    /// [`signal_due`](Self::signal_due).
    pub(crate) fn publish(&mut self, queue: QueueId, completion: Completion, now: Nanos) {
        if let Some(port) = self.ports.get(queue) {
            let published = port.complete(now, completion, &mut self.stats);
            self.telling.tell_published(now, queue, published);
        }
    }

    /// Gives the signal of `queue`, whatever coalescing says.
    pub(crate) fn signal(&mut self, queue: QueueId, now: Nanos) {
        if let Some(port) = self.ports.get(queue) {
            let published = port.signal_now(&mut self.stats);
            self.telling.tell_published(now, queue, published);
        }
    }

    /// Gives the signals of what was completed, unless coalescing holds them back, and those that it held
    /// back until now.
    pub(crate) fn signal_due(&mut self, now: Nanos) -> bool {
        let mut any = false;
        for (queue, port) in self.ports.iter_mut() {
            if let Some(published) = port.signal_if_due(now, &mut self.stats) {
                any = true;
                self.telling.tell_published(now, queue, published);
            }
        }
        any
    }

    /// When the next held-back signal is due, or the next descriptor is shown.
    pub(crate) fn next_deadline(&self) -> Option<Nanos> {
        self.ports.iter().map(Port::deadline).min()
    }
}

fn done(queue: QueueId, completion: &Completion) -> DeviceEvent {
    DeviceEvent::Done {
        queue,
        op: completion.cookie,
        status: completion.status,
        queue_ns: completion.queue_ns,
        service_ns: completion.service_ns,
        done_ns: completion.done_ns,
    }
}

/// Copies what the device will need of a request that was checked.
fn accept(
    port: &mut Port,
    descriptor: &Descriptor,
    checked: &Checked,
    item: &mut WorkItem,
) -> Result<Accepted, Status> {
    let private = item.lay_out(
        descriptor.input_len as usize,
        descriptor.extra_len as usize,
        descriptor.output_capacity as usize,
    );
    // Another process may write on in the slot, so nothing looks at it after this copy.
    port.side
        .slab
        .read(descriptor.slot, 0, private)
        .map_err(|_| Status::BadRequest)?;
    item.action = action(port, descriptor, checked)?;
    port.in_flight += 1;
    Ok(Accepted {
        cookie: descriptor.cookie,
        slot: descriptor.slot,
        kind: checked.kind,
        scheme: checked.scheme,
        modulus_bits: checked.modulus_bits,
        key: descriptor.key,
        bytes_in: checked.bytes_in,
        bytes_out: checked.bytes_out,
        submitted_ns: descriptor.submitted_ns,
    })
}

fn action(port: &Port, descriptor: &Descriptor, checked: &Checked) -> Result<Action, Status> {
    if checked.kind == OpKind::Task {
        let task = port.link.take_task(descriptor.slot);
        return task.map(Action::Task).ok_or(Status::BadRequest);
    }
    Ok(Action::Crypto {
        key: descriptor.key,
        kind: checked.kind,
        scheme: checked.scheme,
        input_is: checked.input,
        nonce: descriptor.nonce,
    })
}
