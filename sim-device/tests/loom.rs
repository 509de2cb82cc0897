//! The production rings and wake-up handshakes under loom, which explores every interleaving of
//! small programs, and every value that the memory model lets a load return.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p pausewake-device --release --test loom
//! ```
//!
//! The algorithms are the crate's own; what this file brings is memory made of loom's types. Entries
//! are loom cells without any synchronisation of their own, so that a read that is not ordered behind
//! its write is found, too. The eventfd is a loom mutex and condition variable; a lost wake-up shows
//! as a deadlock. Models are small (two or three threads, few entries) and explored completely, but
//! for those in which a sleeper sleeps more than once or has two ringers: these are explored up to a
//! number of preemptions (switches away from a thread that could go on), given with each, because
//! their whole space takes many minutes.
//!
//! The last tests take a piece of the ordering out, through the memory, and expect loom to find what
//! breaks: without that, passing would not mean much.

#![cfg(loom)]

use std::sync::atomic::Ordering;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use pausewake_device::ring::algorithm::{
    Consumer, Event, Producer, RingMemory, RingerFlag, SharedWord, SleeperFlag, WakeMemory,
};

/// Indices begin here, so that each model wraps them around.
const START: u32 = u32::MAX;

#[test]
fn entries_arrive_in_order_through_a_ring_of_two_that_is_full_and_empty() {
    loom::model(|| pass_through(&Ring::new(2), 3));
}

#[test]
fn entries_arrive_in_order_through_a_ring_of_one() {
    loom::model(|| pass_through(&Ring::new(1), 3));
}

/// Whoever publishes several entries at once stamps them first.
#[test]
fn a_batch_is_seen_whole_and_with_its_stamps() {
    loom::model(|| {
        let ring = Ring::new(2);
        let mut producer = Producer::new(ring.clone(), START);
        let mut consumer = Consumer::new(ring, START);
        let host = thread::spawn(move || {
            producer.push([10, 0]).expect("room for two");
            producer.push([11, 0]).expect("room for two");
            producer.amend_unpublished(1, 77);
            assert_eq!(producer.publish(), 2);
        });
        match consumer.available() {
            0 => assert_eq!(consumer.peek(), None),
            2 => {
                assert_eq!(consumer.pop(), Some([10, 77]));
                assert_eq!(consumer.pop(), Some([11, 77]));
            }
            other => panic!("{other} of a batch of two"),
        }
        host.join().unwrap();
    });
}

/// The submitter publishes and rings; the device arms, looks again, and sleeps.
#[test]
fn the_doorbell_is_never_lost() {
    explore_up_to(6, || one_way(&Bell::new(), 2, false));
}

/// A wake-up that is drained before the look stands for an entry which that look sees.
#[test]
fn draining_before_the_look_loses_no_doorbell() {
    explore_up_to(6, || one_way(&Bell::new(), 2, true));
}

/// Both handshakes at once: the device sleeps on its doorbell, the host on the completion signal.
#[test]
fn a_round_trip_with_both_sides_asleep_loses_nothing() {
    loom::model(|| {
        let (submissions, completions) = (Ring::new(1), Ring::new(1));
        let (doorbell, signal) = (Bell::new(), Bell::new());
        let device = {
            let mut submissions = Consumer::new(submissions.clone(), START);
            let mut completions = Producer::new(completions.clone(), START);
            let (doorbell, signal) = (doorbell.clone(), signal.clone());
            thread::spawn(move || {
                let [value, _] = doorbell.pop_or_sleep(&mut submissions);
                publish(&mut completions, value + 1);
                signal.ring();
            })
        };
        let mut submissions = Producer::new(submissions, START);
        let mut completions = Consumer::new(completions, START);
        publish(&mut submissions, 5);
        doorbell.ring();
        assert_eq!(signal.pop_or_sleep(&mut completions), [6, 0]);
        device.join().unwrap();
    });
}

/// Two sources wake one sleeper: one may find the flag cleared by the other. Plain words stand for
/// the rings, to keep three threads explorable.
#[test]
fn two_ringers_of_one_sleeper_lose_nothing() {
    explore_up_to(4, || {
        let bell = Bell::new();
        let news = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
        let ringers = news.clone().map(|news| {
            let bell = bell.clone();
            thread::spawn(move || {
                news.store(1, Ordering::Relaxed);
                bell.ring();
            })
        });
        let all_here = || news.iter().all(|news| news.load(Ordering::Relaxed) == 1);
        let mut sleeper = SleeperFlag::new(bell.flag.clone());
        while sleeper.arm_unless(all_here) {
            bell.event.wait_and_drain();
            sleeper.disarm();
        }
        for ringer in ringers {
            ringer.join().unwrap();
        }
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_the_fence_loom_finds_the_lost_wake_up() {
    loom::model(|| one_way(&Bell::without_fence(), 1, false));
}

#[test]
#[should_panic(expected = "Causality violation")]
fn with_relaxed_indices_loom_finds_the_unordered_read() {
    loom::model(|| pass_through(&Ring::with_relaxed_indices(1), 1));
}

/// Explores all executions with at most `preemptions` preemptions.
fn explore_up_to(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Sends `count` entries through `ring`; both ends spin where they can go no further.
fn pass_through(ring: &Ring, count: u64) {
    let mut producer = Producer::new(ring.clone(), START);
    let mut consumer = Consumer::new(ring.clone(), START);
    let host = thread::spawn(move || {
        for value in 0..count {
            while producer.push([value, !value]).is_err() {
                thread::yield_now();
            }
            producer.publish();
        }
        assert_eq!(producer.forged(), 0);
    });
    for value in 0..count {
        let entry = loop {
            match consumer.pop() {
                Some(entry) => break entry,
                None => thread::yield_now(),
            }
        };
        assert_eq!(entry, [value, !value]);
    }
    assert!(consumer.is_empty());
    assert_eq!(consumer.forged(), 0);
    host.join().unwrap();
}

/// Sends `count` entries through a ring that has room for all; the receiver sleeps where there is
/// none.
fn one_way(bell: &Bell, count: u64, drain_first: bool) {
    let ring = Ring::new(2);
    let mut producer = Producer::new(ring.clone(), START);
    let mut consumer = Consumer::new(ring, START);
    let host = {
        let bell = bell.clone();
        thread::spawn(move || {
            for value in 0..count {
                publish(&mut producer, value);
                bell.ring();
            }
        })
    };
    for value in 0..count {
        if drain_first {
            bell.event.drain();
        }
        assert_eq!(bell.pop_or_sleep(&mut consumer), [value, 0]);
    }
    host.join().unwrap();
}

fn publish(producer: &mut Producer<Ring>, value: u64) {
    producer.push([value, 0]).expect("the models leave room");
    producer.publish();
}

/// A ring in loom's memory.
#[derive(Clone)]
struct Ring(Arc<RingState>);

struct RingState {
    head: Index,
    tail: Index,
    entries: Vec<UnsafeCell<[u64; 2]>>,
}

// SAFETY:
// - loom checks every access to the cells and fails the test if two are not ordered: that they may
//   be shared is what these tests are about. Loom runs one thread at a time, so that nothing races
//   before it is found.
unsafe impl Sync for RingState {}

impl Ring {
    fn new(depth: usize) -> Self {
        Self::with_indices(depth, false)
    }

    fn with_relaxed_indices(depth: usize) -> Self {
        Self::with_indices(depth, true)
    }

    fn with_indices(depth: usize, relaxed: bool) -> Self {
        let index = || Index {
            word: AtomicU32::new(START),
            relaxed,
        };
        Self(Arc::new(RingState {
            head: index(),
            tail: index(),
            entries: (0..depth).map(|_| UnsafeCell::new([0; 2])).collect(),
        }))
    }

    fn with_entry<T>(&self, position: u32, change: impl FnOnce(&mut [u64; 2]) -> T) -> T {
        self.0.entries[position as usize].with_mut(|entry| {
            // SAFETY:
            // - loom has just checked that no other access overlaps this one.
            change(unsafe { &mut *entry })
        })
    }
}

impl RingMemory for Ring {
    type Word = Index;
    type Entry = [u64; 2];

    fn depth(&self) -> u32 {
        u32::try_from(self.0.entries.len()).unwrap()
    }

    fn head(&self) -> &Index {
        &self.0.head
    }

    fn tail(&self) -> &Index {
        &self.0.tail
    }

    fn read(&self, position: u32) -> [u64; 2] {
        self.0.entries[position as usize].with(|entry| {
            // SAFETY:
            // - loom has just checked that no write overlaps this read.
            unsafe { *entry }
        })
    }

    fn write(&self, position: u32, entry: [u64; 2]) {
        self.with_entry(position, |place| *place = entry);
    }

    fn write_word(&self, position: u32, word: usize, value: u64) {
        self.with_entry(position, |place| place[word] = value);
    }
}

/// An index in loom's memory, which can be told to forget what order it was asked for.
struct Index {
    word: AtomicU32,
    relaxed: bool,
}

impl Index {
    fn order(&self, asked: Ordering) -> Ordering {
        if self.relaxed {
            Ordering::Relaxed
        } else {
            asked
        }
    }
}

impl SharedWord for Index {
    fn load(&self, order: Ordering) -> u32 {
        self.word.load(self.order(order))
    }
    fn store(&self, value: u32, order: Ordering) {
        self.word.store(value, self.order(order));
    }
}

/// A flag and an event: a doorbell or a completion signal.
#[derive(Clone)]
struct Bell {
    flag: Flag,
    event: Arc<LoomEvent>,
}

impl Bell {
    fn new() -> Self {
        Self::with_flag(true)
    }

    fn without_fence() -> Self {
        Self::with_flag(false)
    }

    fn with_flag(fenced: bool) -> Self {
        let armed = Index {
            word: AtomicU32::new(0),
            relaxed: false,
        };
        Self {
            flag: Flag {
                armed: Arc::new(armed),
                fenced,
            },
            event: Arc::new(LoomEvent {
                count: Mutex::new(0),
                raised: Condvar::new(),
            }),
        }
    }

    fn ring(&self) {
        RingerFlag::new(self.flag.clone()).ring(&*self.event);
    }

    /// What every sleeper does: look, arm, look again, sleep, and drain what woke it.
    fn pop_or_sleep(&self, ring: &mut Consumer<Ring>) -> [u64; 2] {
        let mut sleeper = SleeperFlag::new(self.flag.clone());
        loop {
            if let Some(entry) = ring.pop() {
                return entry;
            }
            if sleeper.arm_unless(|| !ring.is_empty()) {
                self.event.wait_and_drain();
                sleeper.disarm();
            }
        }
    }
}

/// The flag of a handshake in loom's memory, with or without its fence.
#[derive(Clone)]
struct Flag {
    armed: Arc<Index>,
    fenced: bool,
}

impl WakeMemory for Flag {
    type Word = Index;

    fn armed(&self) -> &Index {
        &self.armed
    }

    fn full_fence(&self) {
        if self.fenced {
            fence(Ordering::SeqCst);
        }
    }
}

/// An eventfd: a counter to sleep on.
struct LoomEvent {
    count: Mutex<u64>,
    raised: Condvar,
}

impl LoomEvent {
    /// Takes the wake-ups that have come, as a sleeper does that looks before it sleeps.
    fn drain(&self) {
        *self.count.lock().unwrap() = 0;
    }

    fn wait_and_drain(&self) {
        let mut count = self.count.lock().unwrap();
        while *count == 0 {
            count = self.raised.wait(count).unwrap();
        }
        *count = 0;
    }
}

impl Event for LoomEvent {
    fn raise(&self) {
        *self.count.lock().unwrap() += 1;
        self.raised.notify_one();
    }
}
