//! Batches: ops that are gathered and served together.
//!
//! Software that signs eight messages in the lanes of a vector unit needs eight of them: it gathers
//! until the batch is full, or until the first of them has waited for the flush timeout. A slice
//! serves a batch in one turn, which takes as long as the longest of its ops; all of them are done
//! then. So a batch of one costs a slice as much as a full one, which is what makes a synchronous
//! caller slower by far than without batches.
//!
//! Lanes work in step, so a batch is of one kind of op, and of one curve if it is ECDSA's, or one
//! length of key if it is RSA's. Ops of
//! all queues gather in the same batches.

use super::gate::Held;
use super::modulus::RSA_BITS;
use super::op::Request;
use crate::protocol::{OpKind, Scheme};
use crate::time::Nanos;

/// How ops are gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchConfig {
    /// Ops of a full batch; at least 1.
    pub size: u32,
    /// How long the first one waits for others at most. With none, a batch is what is there at one
    /// moment: what a doorbell shows.
    pub flush_ns: Nanos,
}

/// What ops must have in common to share a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    kind: OpKind,
    curve: Scheme,
    modulus_bits: u32,
}

impl Lane {
    pub(super) fn of(request: &Request) -> Self {
        let (curve, modulus_bits) = match request.kind {
            OpKind::EcdsaSign | OpKind::EcdsaVerify => (request.scheme, 0),
            // How a message is padded is decided before the lanes.
            OpKind::RsaSign | OpKind::RsaVerify => {
                (Scheme::None, request.modulus_bits.max(RSA_BITS))
            }
            _ => (Scheme::None, 0),
        };
        Self {
            kind: request.kind,
            curve,
            modulus_bits,
        }
    }
}

/// The batches of a class that are open, one for each lane.
#[derive(Debug)]
pub(super) struct Batches {
    size: usize,
    flush_ns: Nanos,
    open: Vec<Open>,
}

/// A batch that gathers; with no ops, none does.
#[derive(Debug)]
struct Open {
    lane: Lane,
    /// When the last of its ops was there. After a late look ops may come out of order.
    last_ns: Nanos,
    flush_ns: Nanos,
    ops: Vec<Held>,
}

impl Batches {
    pub(super) fn new(config: BatchConfig) -> Self {
        Self {
            size: usize::try_from(config.size.max(1)).unwrap_or(usize::MAX),
            flush_ns: config.flush_ns,
            open: Vec::new(),
        }
    }

    /// Ops that wait for others.
    pub(super) fn gathered(&self) -> usize {
        self.open.iter().map(|open| open.ops.len()).sum()
    }

    /// An op is there at `ready`, which must not be after [`next_flush`](Self::next_flush); gives
    /// its batch to `serve` if that is full now.
    pub(super) fn join(&mut self, ready: Nanos, op: Held, serve: impl FnOnce(Nanos, &[Held])) {
        let place = self.open.iter().position(|open| open.lane == op.lane);
        let place = place.unwrap_or_else(|| {
            self.open.push(Open {
                lane: op.lane,
                last_ns: Nanos::ZERO,
                flush_ns: Nanos::MAX,
                ops: Vec::new(),
            });
            self.open.len() - 1
        });
        let open = &mut self.open[place];
        open.last_ns = open.last_ns.max(ready);
        open.flush_ns = open.flush_ns.min(ready + self.flush_ns).max(open.last_ns);
        open.ops.push(op);
        if open.ops.len() >= self.size {
            open.close(open.last_ns, serve);
        }
    }

    /// When the next batch is served that has not become full by then.
    pub(super) fn next_flush(&self) -> Option<Nanos> {
        self.waiting().map(|open| open.flush_ns).min()
    }

    /// Gives the batch to `serve` whose time is up at `at`.
    pub(super) fn flush(&mut self, at: Nanos, serve: impl FnOnce(Nanos, &[Held])) {
        let mut waiting = self.open.iter_mut().filter(|open| !open.ops.is_empty());
        if let Some(due) = waiting.find(|open| open.flush_ns <= at) {
            due.close(at, serve);
        }
    }

    fn waiting(&self) -> impl Iterator<Item = &Open> {
        self.open.iter().filter(|open| !open.ops.is_empty())
    }
}

impl Open {
    fn close(&mut self, at: Nanos, serve: impl FnOnce(Nanos, &[Held])) {
        serve(at, &self.ops);
        self.ops.clear();
        self.last_ns = Nanos::ZERO;
        self.flush_ns = Nanos::MAX;
    }
}
