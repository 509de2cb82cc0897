//! The modelled device without its sense of time: the front, the model behind it, compute beside it.
//!
//! The thread driver turns this crank on its own thread with a wall clock, the simulated driver in
//! the caller's thread with a virtual one. One turn: collect what the workers computed, complete
//! what the model says is due, give the signals that coalescing held back, fetch what the rings hold
//! and the model has room for. Fetching comes last, because what is due makes room.

use std::sync::Arc;

use crate::compute::Finished;
use crate::config::DeviceConfig;
use crate::driver::clock::Clock;
use crate::driver::executor::Executor;
use crate::driver::front::Front;
use crate::driver::ops::{Op, Ops};
use crate::driver::port::Link;
use crate::events::DeviceObserver;
use crate::model::{Done, Model, QueueId, Request};
use crate::protocol::{Completion, CompletionFlags, Cookie, Status};
use crate::ring::DeviceSide;
use crate::stats::DeviceStats;
use crate::time::Nanos;

/// The modelled device.
pub(crate) struct Core {
    pub(crate) front: Front,
    model: Model,
    pub(crate) executor: Executor,
    ops: Ops,
    /// The queue that is looked at first: the one behind that which got something last, so that
    /// under a class limit no queue takes every place that becomes free.
    first: QueueId,
}

/// Which of the two was the last to be done with an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Model,
    Compute,
}

impl Core {
    pub(crate) fn new(
        config: DeviceConfig,
        executor: Executor,
        observer: Option<Arc<dyn DeviceObserver>>,
    ) -> Self {
        Self {
            model: Model::new(config.model.clone(), config.seed, 0),
            front: Front::new(config, observer),
            executor,
            ops: Ops::default(),
            first: QueueId(0),
        }
    }

    pub(crate) fn add_queue(&mut self, side: DeviceSide, link: Arc<Link>) -> QueueId {
        // A closed queue's place in the model is as good as new: what it remembers lies in the past.
        let vacant = self.front.ports.vacant();
        let queue = vacant.unwrap_or_else(|| self.model.add_queue());
        self.front.add_queue(queue, side, link);
        queue
    }

    pub(crate) fn stats(&self) -> DeviceStats {
        let stats = self.front.stats();
        DeviceStats {
            classes: self.model.stats(),
            lateness: stats.driver_lateness.merged(&stats.compute_lateness),
            ..stats
        }
    }

    /// Forgets what was counted, and counts from `from` on.
    pub(crate) fn restart_stats(&mut self, from: Nanos) {
        self.model.restart_stats(from);
        self.front.restart_stats(from);
    }

    /// One turn of the crank. Says whether anything happened; if so, there may be more to do at
    /// the very same time.
    pub(crate) fn turn(&mut self, clock: &Clock) -> bool {
        let collected = self.collect(clock);
        let now = clock.now();
        let completed = self.complete_due(now);
        // Before the fetch, which takes its time.
        let signalled = self.front.signal_due(now);
        let refused_before = self.front.stats.refused;
        let fetched = self.fetch(clock);
        if self.front.stats.refused > refused_before {
            self.front.signal_due(now);
        }
        collected | completed | signalled | fetched
    }

    /// When the next turn will have something to do, if nothing new comes. What never comes
    /// ([`Nanos::MAX`]: a signal that waits for its count alone) is no deadline.
    pub(crate) fn next_deadline(&self) -> Option<Nanos> {
        let front = self.front.next_deadline();
        let deadlines = front.into_iter().chain(self.model.next_deadline());
        deadlines.filter(|&deadline| deadline < Nanos::MAX).min()
    }

    /// Takes results from the workers.
    fn collect(&mut self, clock: &Clock) -> bool {
        let mut any = false;
        while let Some(finished) = self.executor.finished() {
            any = true;
            self.computed(finished, clock);
        }
        any
    }

    /// A worker is done with an op. If the model is too, the answer is late.
    fn computed(&mut self, finished: Finished, clock: &Clock) {
        let token = u32::try_from(finished.item.token).expect("tokens of items are ours");
        let op = self.ops.get(token);
        op.item = Some(finished.item);
        op.computed = Some(finished.result);
        if let Some(done) = op.modelled.take() {
            answer(&mut self.front, op, &done, clock.now(), Bound::Compute);
            self.ops.release(token);
        }
    }

    /// Takes from every ring what it holds, as far as there is room. Says whether anything was
    /// taken, be it accepted or refused.
    fn fetch(&mut self, clock: &Clock) -> bool {
        let fetched_before_all = self.front.stats.fetched;
        for queue in self.front.ports.ids_from(self.first) {
            let Some(now) = self.front.look(queue, clock) else {
                continue;
            };
            let fetched_before = self.front.stats.fetched;
            while self.fetch_one(queue, now) {
                self.first = QueueId(queue.0.wrapping_add(1));
            }
            self.front.signal_room(queue, fetched_before);
        }
        self.front.stats.fetched > fetched_before_all
    }

    /// Takes the next op of a queue, if there is one and room for it, and hands it to the model and
    /// to compute.
    fn fetch_one(&mut self, queue: QueueId, now: Nanos) -> bool {
        let Self {
            front, model, ops, ..
        } = self;
        let (token, op) = ops.vacant();
        let item = op.item.get_or_insert_default();
        let room = |class| model.room(queue, class).is_none();
        let Some(accepted) = front.next(queue, now, item, room) else {
            return false;
        };
        item.token = u64::from(token);
        op.cookie = accepted.cookie;
        op.slot = accepted.slot;
        let request = Request {
            kind: accepted.kind,
            scheme: accepted.scheme,
            modulus_bits: accepted.modulus_bits,
            key: accepted.key,
            bytes_in: accepted.bytes_in,
            bytes_out: accepted.bytes_out,
            submitted_ns: accepted.submitted_ns,
            token,
        };
        model
            .submit(now, queue, request)
            .expect("the front asked for room before it let the op in");
        op.computed = self.executor.start(&mut op.item);
        ops.claim();
        true
    }

    /// Completes what the model says is visible by `now`.
    fn complete_due(&mut self, now: Nanos) -> bool {
        let Self {
            front, model, ops, ..
        } = self;
        let mut any = false;
        model.advance(now, &mut |done| {
            any = true;
            let op = ops.get(done.token);
            if op.computed.is_some() {
                answer(front, op, &done, now, Bound::Model);
                ops.release(done.token);
            } else {
                op.modelled = Some(done);
            }
        });
        any
    }
}

/// Both are done with the op.
fn answer(front: &mut Front, op: &mut Op, done: &Done, now: Nanos, bound: Bound) {
    let (Some(result), Some(item)) = (op.computed.take(), &mut op.item) else {
        unreachable!("an op is answered when both model and compute are done with it");
    };
    let late = now - done.visible_ns;
    match bound {
        Bound::Model => front.stats.driver_lateness.record(late),
        Bound::Compute => {
            front.stats.compute_bound += 1;
            front.stats.compute_lateness.record(late);
        }
    }
    let completion = completion(op.cookie, done, result, late, bound);
    front.answer(done.queue, op.slot, completion, item, now);
}

/// The completion of an op. Where compute was the slower one, its lateness is charged to the
/// service: that is where a real device would have spent it.
fn completion(
    cookie: Cookie,
    done: &Done,
    result: Result<usize, Status>,
    late: Nanos,
    bound: Bound,
) -> Completion {
    let (flags, done_ns) = match bound {
        Bound::Model => (CompletionFlags::default(), done.done_ns),
        Bound::Compute => (CompletionFlags::COMPUTE_BOUND, done.done_ns + late),
    };
    let (status, output_len) = match result {
        Ok(len) => (Status::Ok, u32::try_from(len).unwrap_or(u32::MAX)),
        Err(status) => (status, 0),
    };
    Completion {
        cookie,
        status,
        flags,
        output_len,
        done_ns,
        queue_ns: done.started_ns - done.fetched_ns,
        service_ns: done_ns - done.started_ns,
    }
}
