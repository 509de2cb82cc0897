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
use crate::driver::front::{Accepted, Front};
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
    ops: OpTable,
    /// The queue that is looked at first: the one behind that which got something last, so that
    /// under a class limit no queue takes every place that becomes free.
    first: QueueId,
    /// Kept between turns, so that a turn allocates nothing.
    due: Vec<Done>,
}

/// An op between fetch and completion. It is answered when both model and compute are done with it,
/// in either order: a slice is free again at its modelled time, whatever the CPU does.
struct OpInDevice {
    cookie: Cookie,
    slot: u32,
    computed: Option<Finished>,
    modelled: Option<Done>,
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
            ops: OpTable::default(),
            first: QueueId(0),
            due: Vec::new(),
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
        DeviceStats {
            classes: self.model.stats(),
            ..self.front.stats()
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
            self.computed(finished, || clock.now());
        }
        any
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
            while let Some(accepted) = self
                .front
                .next(queue, now, |class| self.model.room(queue, class).is_none())
            {
                self.start(accepted, now);
                self.first = QueueId(queue.0.wrapping_add(1));
            }
            self.front.signal_room(queue, fetched_before);
        }
        self.front.stats.fetched > fetched_before_all
    }

    /// Hands the op to the model and to compute.
    fn start(&mut self, accepted: Accepted, now: Nanos) {
        let token = self.ops.insert(OpInDevice {
            cookie: accepted.descriptor.cookie,
            slot: accepted.descriptor.slot,
            computed: None,
            modelled: None,
        });
        let request = Request {
            kind: accepted.checked.kind,
            bytes_in: accepted.checked.bytes_in,
            bytes_out: accepted.checked.bytes_out,
            submitted_ns: accepted.submitted_ns,
            token,
        };
        self.model
            .submit(now, accepted.queue, request)
            .expect("the front asked for room before it let the op in");
        let mut item = accepted.item;
        item.token = u64::from(token);
        if let Some(finished) = self.executor.start(item) {
            self.computed(finished, || now);
        }
    }

    /// Compute is done with an op. If the model is too, the answer is late.
    fn computed(&mut self, finished: Finished, now: impl FnOnce() -> Nanos) {
        let token = u32::try_from(finished.item.token).expect("tokens of items are ours");
        let op = self.ops.get(token);
        op.computed = Some(finished);
        if op.modelled.is_some() {
            self.answer(now(), token, Bound::Compute);
        }
    }

    /// Completes what the model says is visible by `now`.
    fn complete_due(&mut self, now: Nanos) -> bool {
        let mut due = std::mem::take(&mut self.due);
        self.model.advance(now, &mut |done| due.push(done));
        let any = !due.is_empty();
        for done in due.drain(..) {
            let op = self.ops.get(done.token);
            op.modelled = Some(done);
            if op.computed.is_some() {
                self.answer(now, done.token, Bound::Model);
            }
        }
        self.due = due;
        any
    }

    /// Both are done with the op.
    fn answer(&mut self, now: Nanos, token: u32, bound: Bound) {
        let op = self.ops.remove(token);
        let (Some(done), Some(finished)) = (op.modelled, op.computed) else {
            unreachable!("an op is answered when both model and compute are done with it");
        };
        let late = now - done.visible_ns;
        self.front.stats.lateness.record(late);
        match bound {
            Bound::Model => self.front.stats.driver_lateness.record(late),
            Bound::Compute => {
                self.front.stats.compute_bound += 1;
                self.front.stats.compute_lateness.record(late);
            }
        }
        let completion = completion(op.cookie, &done, finished.result, late, bound);
        self.front
            .answer(done.queue, op.slot, completion, finished.item, now);
    }
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
        queue_ns: (done.started_ns - done.fetched_ns).saturating_u32(),
        service_ns: (done_ns - done.started_ns).saturating_u32(),
    }
}

/// Ops by token; a token is used again when its op is gone.
#[derive(Default)]
struct OpTable {
    by_token: Vec<Option<OpInDevice>>,
    free: Vec<u32>,
}

impl OpTable {
    fn insert(&mut self, op: OpInDevice) -> u32 {
        let token = self.free.pop().unwrap_or_else(|| {
            self.by_token.push(None);
            u32::try_from(self.by_token.len() - 1).expect("in-flight limits bound the table")
        });
        self.by_token[token as usize] = Some(op);
        token
    }

    fn get(&mut self, token: u32) -> &mut OpInDevice {
        self.by_token[token as usize]
            .as_mut()
            .expect("a token names an op until it is answered")
    }

    fn remove(&mut self, token: u32) -> OpInDevice {
        self.free.push(token);
        self.by_token[token as usize]
            .take()
            .expect("a token names an op until it is answered")
    }
}
