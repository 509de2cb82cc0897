//! The rings in the shared mapping: against a model, and against a peer that forges the indices.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use proptest::collection::vec;
use proptest::prelude::*;

use super::layout::{self, CONTROL_BYTES};
use super::mapping::Mapping;
use super::shared::SharedRing;
use super::spsc::{Consumer, Producer};

type Ring = SharedRing<2>;

#[derive(Clone, Debug)]
enum Op {
    Push(u64),
    Amend(u64),
    Publish,
    Free,
    Available,
    Peek,
    Consume,
    Pop,
}

/// What a peer may write over an index: anything, or something close to what would be right.
#[derive(Clone, Copy, Debug)]
enum Forgery {
    Head(u32),
    Tail(u32),
    HeadBy(i32),
    TailBy(i32),
}

proptest! {
    #[test]
    fn an_honest_ring_behaves_as_a_queue(
        depth_log in 0_u32..4,
        start: u32,
        ops in vec(op(), 1..200),
    ) {
        let (ring, mut producer, mut consumer) = guarded_ring(1 << depth_log, start);
        let mut model = Model::new(1 << depth_log);
        for op in ops {
            model.step(&op, &mut producer, &mut consumer)?;
        }
        prop_assert_eq!(producer.forged() + consumer.forged(), 0);
        check_guards(&ring)?;
    }

    /// Whatever stands in the indices: counts stay within the depth, nothing panics, and nothing
    /// outside the ring is written.
    #[test]
    fn forged_indices_are_harmless(
        depth_log in 0_u32..4,
        start: u32,
        steps in vec((op(), proptest::option::weighted(0.4, forgery())), 1..200),
    ) {
        let depth = 1 << depth_log;
        let (ring, mut producer, mut consumer) = guarded_ring(depth, start);
        for (op, forgery) in steps {
            if let Some(forgery) = forgery {
                forgery.commit(&ring);
            }
            match op {
                Op::Push(value) => drop(producer.push([value; 2])),
                Op::Amend(value) => producer.amend_unpublished(1, value),
                Op::Publish => prop_assert!(producer.publish() <= depth),
                Op::Free => prop_assert!(producer.free() <= depth),
                Op::Available => prop_assert!(consumer.available() <= depth),
                Op::Peek => drop(consumer.peek()),
                Op::Consume => consumer.consume(),
                Op::Pop => drop(consumer.pop()),
            }
            prop_assert!(producer.unpublished() <= depth);
            check_guards(&ring)?;
        }
    }

    /// An index that cannot be is as if it had not changed: what is true again later is believed.
    #[test]
    fn a_forgery_that_passes_loses_nothing(
        depth_log in 0_u32..4,
        start: u32,
        steps in vec((op(), proptest::option::weighted(0.4, any::<u32>())), 1..200),
    ) {
        let depth = 1 << depth_log;
        let (ring, mut producer, mut consumer) = guarded_ring(depth, start);
        let mut model = Model::new(depth);
        for (op, forgery) in steps {
            // Farther away than any depth here: never a value that could be honest.
            if let Some(forgery) = forgery.map(|any| (any % (u32::MAX - 64)) + 32) {
                let control = ring.mapping.control();
                for index in [ring.head, ring.tail] {
                    let honest = control[index].load(Relaxed);
                    control[index].store(honest.wrapping_add(forgery), Relaxed);
                    let before = (producer.forged(), consumer.forged());
                    producer.free();
                    consumer.available();
                    prop_assert_ne!(before, (producer.forged(), consumer.forged()));
                    control[index].store(honest, Relaxed);
                }
                model.look();
            }
            model.step(&op, &mut producer, &mut consumer)?;
        }
        check_guards(&ring)?;
    }
}

/// The queue that the ring should be: unpublished, published and what each side has seen.
struct Model {
    depth: usize,
    unpublished: VecDeque<[u64; 2]>,
    published: VecDeque<[u64; 2]>,
    /// How many of the published ones the consumer knows of.
    seen: usize,
}

impl Model {
    fn new(depth: u32) -> Self {
        Self {
            depth: depth as usize,
            unpublished: VecDeque::new(),
            published: VecDeque::new(),
            seen: 0,
        }
    }

    fn free(&self) -> usize {
        self.depth - self.unpublished.len() - self.published.len()
    }

    fn look(&mut self) {
        self.seen = self.published.len();
    }

    fn step(
        &mut self,
        op: &Op,
        producer: &mut Producer<Ring>,
        consumer: &mut Consumer<Ring>,
    ) -> Result<(), TestCaseError> {
        match *op {
            Op::Push(value) => {
                let entry = [value, !value];
                let outcome = producer.push(entry);
                if self.free() > 0 {
                    prop_assert_eq!(outcome, Ok(()));
                    self.unpublished.push_back(entry);
                } else {
                    prop_assert_eq!(outcome, Err(entry));
                }
            }
            Op::Amend(value) => {
                producer.amend_unpublished(1, value);
                self.unpublished
                    .iter_mut()
                    .for_each(|entry| entry[1] = value);
            }
            Op::Publish => {
                prop_assert_eq!(producer.publish() as usize, self.unpublished.len());
                self.published.append(&mut self.unpublished);
            }
            Op::Free => prop_assert_eq!(producer.free() as usize, self.free()),
            Op::Available => {
                self.look();
                prop_assert_eq!(consumer.available() as usize, self.seen);
            }
            Op::Peek => {
                let next = self.published.front().filter(|_| self.seen > 0);
                prop_assert_eq!(consumer.peek(), next.copied());
            }
            Op::Consume => {
                consumer.consume();
                if self.seen > 0 {
                    self.published.pop_front();
                    self.seen -= 1;
                }
            }
            Op::Pop => {
                if self.seen == 0 {
                    self.look();
                }
                prop_assert_eq!(consumer.pop(), self.published.pop_front());
                self.seen = self.seen.saturating_sub(1);
            }
        }
        prop_assert_eq!(producer.unpublished() as usize, self.unpublished.len());
        Ok(())
    }
}

impl Forgery {
    fn commit(self, ring: &Ring) {
        let control = ring.mapping.control();
        let (index, value) = match self {
            Self::Head(value) => (ring.head, value),
            Self::Tail(value) => (ring.tail, value),
            Self::HeadBy(by) => {
                let honest = control[ring.head].load(Relaxed);
                (ring.head, honest.wrapping_add_signed(by))
            }
            Self::TailBy(by) => {
                let honest = control[ring.tail].load(Relaxed);
                (ring.tail, honest.wrapping_add_signed(by))
            }
        };
        control[index].store(value, Relaxed);
    }
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => any::<u64>().prop_map(Op::Push),
        1 => any::<u64>().prop_map(Op::Amend),
        2 => Just(Op::Publish),
        1 => Just(Op::Free),
        1 => Just(Op::Available),
        1 => Just(Op::Peek),
        1 => Just(Op::Consume),
        3 => Just(Op::Pop),
    ]
}

fn forgery() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        any::<u32>().prop_map(Forgery::Head),
        any::<u32>().prop_map(Forgery::Tail),
        (-20..20).prop_map(Forgery::HeadBy),
        (-20..20).prop_map(Forgery::TailBy),
    ]
}

/// A ring with words before and behind it that it must not touch.
fn guarded_ring(depth: u32, start: u32) -> (Ring, Producer<Ring>, Consumer<Ring>) {
    let words = 2 * GUARD_WORDS + 2 * depth as usize;
    let mapping = Arc::new(Mapping::new(CONTROL_BYTES + 8 * words).expect("a page of memory"));
    for word in mapping.data() {
        word.store(GUARD, Relaxed);
    }
    for index in [layout::SUBMISSION_HEAD, layout::SUBMISSION_TAIL] {
        mapping.control()[index].store(start, Relaxed);
    }
    let ring = Ring {
        mapping,
        head: layout::SUBMISSION_HEAD,
        tail: layout::SUBMISSION_TAIL,
        entries: GUARD_WORDS,
        depth,
    };
    let producer = Producer::new(ring.clone(), start);
    let consumer = Consumer::new(ring.clone(), start);
    (ring, producer, consumer)
}

fn check_guards(ring: &Ring) -> Result<(), TestCaseError> {
    let data = ring.mapping.data();
    let before = &data[..GUARD_WORDS];
    let behind = &data[GUARD_WORDS + 2 * ring.depth as usize..];
    prop_assert_eq!(behind.len(), GUARD_WORDS);
    for word in before.iter().chain(behind) {
        prop_assert_eq!(word.load(Relaxed), GUARD);
    }
    Ok(())
}

const GUARD_WORDS: usize = 32;
const GUARD: u64 = 0x6775_6172_6467_7561;
