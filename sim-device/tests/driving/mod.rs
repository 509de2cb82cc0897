//! Two drivers for the properties, each with a ring per queue: one that is always there, as a
//! virtual clock is, and one that looks now and then, as a device thread does.

pub(crate) mod strategies;

use std::collections::VecDeque;

use pausewake_device::Nanos;
use pausewake_device::keys::KeyId;
use pausewake_device::model::{Done, Model, ModelConfig, QueueId, Request};
use pausewake_device::protocol::{Class, OpKind, Scheme};
use pausewake_device::random::Seed;

/// The device of a run.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) config: ModelConfig,
    pub(crate) queues: u32,
}

impl Device {
    /// The same with room for everything.
    pub(crate) fn without_limits(mut self) -> Self {
        self.config.in_flight_limit = u32::MAX;
        self.config.asymmetric.queue_depth = None;
        self.config.symmetric.queue_depth = None;
        self
    }
}

/// One op of the load; its index is its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) submitted_ns: Nanos,
    /// Taken modulo the device's queues.
    pub(crate) queue: usize,
    pub(crate) kind: OpKind,
    pub(crate) key: KeyId,
    pub(crate) bytes_in: u32,
    pub(crate) bytes_out: u32,
}

/// What became of an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: OpKind,
    pub(crate) key: KeyId,
    pub(crate) submitted_ns: Nanos,
    /// The how manieth op the model accepted.
    pub(crate) accepted_as: usize,
    pub(crate) done: Done,
}

impl Record {
    pub(crate) fn class(&self) -> Class {
        self.kind.class()
    }

    pub(crate) fn moments(&self) -> [Nanos; 5] {
        let done = &self.done;
        [
            self.submitted_ns,
            done.fetched_ns,
            done.started_ns,
            done.done_ns,
            done.visible_ns,
        ]
    }
}

/// Looks at every arrival and every deadline, in that very moment.
pub(crate) fn drive_exactly(device: &Device, ops: &[Op]) -> Vec<Record> {
    let mut host = Host::new(device, ops);
    while let Some(now) = host.next_event() {
        host.advance(now);
        host.arrive(now);
        host.submit_what_has_room(now);
    }
    host.records()
}

/// Looks every `period` ns, and takes everything as of then.
pub(crate) fn look_now_and_then(device: &Device, ops: &[Op], period: u64) -> Vec<Record> {
    let mut host = Host::new(device, ops);
    while let Some(now) = host.next_look(period) {
        host.arrive(now);
        host.advance(now);
        while host.submit_what_has_room(now) {
            host.advance(now);
        }
    }
    host.records()
}

struct Host<'a> {
    model: Model,
    ops: &'a [Op],
    arrived: usize,
    rings: Vec<VecDeque<usize>>,
    accepted: Vec<usize>,
    handed_out: Vec<Done>,
    last_look: Nanos,
}

impl<'a> Host<'a> {
    fn new(device: &Device, ops: &'a [Op]) -> Self {
        Self {
            model: Model::new(device.config.clone(), Seed(7), device.queues),
            ops,
            arrived: 0,
            rings: vec![VecDeque::new(); device.queues as usize],
            accepted: Vec::new(),
            handed_out: Vec::new(),
            last_look: Nanos::ZERO,
        }
    }

    /// The next arrival or deadline.
    fn next_event(&self) -> Option<Nanos> {
        let arrival = self.ops.get(self.arrived).map(|op| op.submitted_ns);
        arrival.into_iter().chain(self.model.next_deadline()).min()
    }

    /// One period on, or more if nothing would happen before.
    fn next_look(&mut self, period: u64) -> Option<Nanos> {
        let event = self.next_event()?;
        let next = (self.last_look + Nanos::new(period)).get();
        let periods = event.get().max(next).div_ceil(period);
        self.last_look = Nanos::new(periods * period);
        Some(self.last_look)
    }

    fn advance(&mut self, now: Nanos) {
        let handed_out = &mut self.handed_out;
        self.model.advance(now, &mut |done| handed_out.push(done));
    }

    /// What was submitted by `now` is in its ring.
    fn arrive(&mut self, now: Nanos) {
        while let Some(op) = self.ops.get(self.arrived)
            && op.submitted_ns <= now
        {
            let ring = op.queue % self.rings.len();
            self.rings[ring].push_back(self.arrived);
            self.arrived += 1;
        }
    }

    /// Ring after ring, each in order until its head has no room; whether any was accepted.
    fn submit_what_has_room(&mut self, now: Nanos) -> bool {
        let before = self.accepted.len();
        for (queue, ring) in (0_u32..).map(QueueId).zip(&mut self.rings) {
            while let Some(&index) = ring.front() {
                let op = &self.ops[index];
                let request = Request {
                    kind: op.kind,
                    scheme: Scheme::None,
                    modulus_bits: 0,
                    key: op.key,
                    bytes_in: op.bytes_in,
                    bytes_out: op.bytes_out,
                    submitted_ns: op.submitted_ns,
                    token: u32::try_from(index).expect("runs are short"),
                };
                let expected = self.model.room(queue, op.kind.class());
                let result = self.model.submit(now, queue, request);
                if let Err(limit) = result {
                    assert_eq!(Some(limit), expected, "`room` and `submit` agree");
                    break;
                }
                self.accepted.push(index);
                ring.pop_front();
            }
        }
        self.accepted.len() > before
    }

    /// What became of each op, in order of submission.
    fn records(self) -> Vec<Record> {
        assert_eq!(self.handed_out.len(), self.ops.len(), "each op comes out");
        let accepted = self.accepted.iter().enumerate();
        let mut records: Vec<_> = accepted
            .map(|(accepted_as, &index)| {
                let mut of_op = self.handed_out.iter().filter(|d| d.token as usize == index);
                let (done, more) = (of_op.next(), of_op.next());
                assert_eq!(more, None, "op {index} comes out once");
                let record = Record {
                    kind: self.ops[index].kind,
                    key: self.ops[index].key,
                    submitted_ns: self.ops[index].submitted_ns,
                    accepted_as,
                    done: *done.expect("op comes out"),
                };
                (index, record)
            })
            .collect();
        records.sort_by_key(|(index, _)| *index);
        records.into_iter().map(|(_, record)| record).collect()
    }
}
