//! Tests: submit times that cannot be. A queue pair stamps its descriptors itself, so these write
//! to a ring of their own, as another process could.

use std::sync::Arc;

use rand::RngExt;

use crate::compute::{ComputeMode, KeyTable, NoCompute};
use crate::config::DeviceConfig;
use crate::driver::clock::Clock;
use crate::driver::core::Core;
use crate::driver::executor::Executor;
use crate::driver::port::Link;
use crate::model::ServiceTime;
use crate::protocol::{Completion, Cookie, Descriptor, OpKind};
use crate::random::{Concern, Seed};
use crate::ring::{self, HostSide};
use crate::time::Nanos;

#[test]
fn a_stamp_is_held_between_the_look_before_and_this_one() {
    for (stamp, counts_as) in [
        (Nanos::ZERO, LOOKED),
        (LOOKED - Nanos::new(1), LOOKED),
        (LOOKED + Nanos::new(7), LOOKED + Nanos::new(7)),
        (LATE, LATE),
        (LATE + Nanos::new(1), LATE),
        (Nanos::MAX, LATE),
    ] {
        let (mut core, mut host, clock) = device();
        // A first op, so that no look finds the ring empty.
        push(&mut host, 0, Nanos::ZERO);
        clock.move_to(LOOKED);
        core.turn(&clock);
        clock.move_to(LATE);
        push(&mut host, 1, stamp);
        run_dry(&mut core, &clock);
        let mut done: Vec<Completion> = std::iter::from_fn(|| host.completions.pop()).collect();
        done.sort_by_key(|done| done.cookie.slot);
        assert_eq!(done[1].done_ns, counts_as + SERVICE, "stamp {stamp}");
        assert_eq!(done[1].fetched_ns(), counts_as);
    }
}

/// Stamps and looks at random: no op is done before the device could have had it, none later than
/// if it had been stamped at the look that found it.
#[test]
fn no_stamp_travels_in_time() {
    let seed = Seed(71);
    let mut chance = seed.stream(Concern::Payload, 0);
    let (mut core, mut host, clock) = device();
    let mut looked = Nanos::ZERO;
    for round in 0..20_000 {
        let now = clock.now() + Nanos::new(chance.random_range(1..5_000));
        clock.move_to(now);
        let stamp = match chance.random_range(0..4) {
            0 => Nanos::ZERO,
            1 => Nanos::MAX,
            2 => Nanos::new(chance.random()),
            _ => now - Nanos::new(chance.random_range(0..10_000)),
        };
        push(&mut host, round, stamp);
        core.turn(&clock);
        run_dry(&mut core, &clock);
        let done = host.completions.pop().expect("it was answered");
        assert_eq!(done.cookie.slot, round);
        let bounds = looked + SERVICE..=now + SERVICE;
        assert!(bounds.contains(&done.done_ns), "{seed}: {stamp}, {done:?}");
        assert!(done.fetched_ns() <= now, "{seed}: fetched ahead of time");
        looked = clock.now();
    }
}

/// A host that is ahead of the device's clock: its descriptors are not seen before their time, and a
/// forged stamp is held to the last doorbell.
#[test]
fn what_is_shown_later_is_not_seen_before() {
    let later = LATE + Nanos::new(1);
    for (stamp, rung, seen) in [
        (LOOKED, Nanos::ZERO, LOOKED),
        (LATE, LATE, LATE),
        (LOOKED, LATE, LOOKED),
        // Forged: nobody has rung at such a time.
        (Nanos::MAX, LATE, LATE),
        (later, LATE, LATE),
        (later, Nanos::ZERO, LOOKED),
        (Nanos::MAX, Nanos::ZERO, LOOKED),
    ] {
        let (mut core, mut host, clock) = device();
        let link = core.front.ports.iter().next().map(|port| port.link.clone());
        clock.move_to(LOOKED);
        link.expect("there is one queue").ring_at(rung);
        push(&mut host, 0, stamp);
        core.turn(&clock);
        if seen > LOOKED {
            assert_eq!(
                core.next_deadline(),
                Some(seen),
                "stamp {stamp}, rung {rung}"
            );
            clock.move_to(seen - Nanos::new(1));
            assert!(!core.turn(&clock), "it is too early");
            assert_eq!(core.stats().fetched, 0);
        }
        run_dry(&mut core, &clock);
        let done = host.completions.pop().expect("it was fetched");
        assert_eq!(done.fetched_ns(), seen, "stamp {stamp}, rung {rung}");
        assert_eq!(core.next_deadline(), None);
    }
}

/// A host that rings and goes leaves no deadline that never ends.
#[test]
fn what_a_host_that_is_gone_would_have_shown_is_forgotten() {
    let (mut core, mut host, clock) = device();
    let link = core.front.ports.iter().next().map(|port| port.link.clone());
    let link = link.expect("there is one queue");
    push(&mut host, 0, Nanos::ZERO);
    core.turn(&clock);
    link.ring_at(LATE);
    push(&mut host, 1, LATE);
    core.turn(&clock);
    link.hang_up();
    core.turn(&clock);
    assert_eq!(core.next_deadline(), Some(SERVICE), "of the op in flight");
    run_dry(&mut core, &clock);
    assert_eq!((core.next_deadline(), core.stats().fetched), (None, 1));
    assert_eq!(core.stats().queues_open, 0);
}

fn device() -> (Core, HostSide, Clock) {
    let mut config = DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    };
    config.model.symmetric.service = ServiceTime::constant(SERVICE);
    let (host, side) = ring::create(config.queue).expect("memory is to be had");
    let vault = Arc::new(KeyTable::new(NoCompute::new()));
    let mut core = Core::new(config, Executor::inline(vault), None);
    core.add_queue(side, Link::new());
    (core, host, Clock::stopped())
}

/// An op without a key: it passes the model like any other.
fn push(host: &mut HostSide, number: u32, submitted_ns: Nanos) {
    let cookie = Cookie {
        slot: number,
        generation: 1,
    };
    let mut descriptor = Descriptor::new(OpKind::AeadSeal, cookie);
    descriptor.slot = 0;
    host.submissions
        .push(descriptor)
        .expect("the ring has room");
    host.submissions.publish(submitted_ns);
}

fn run_dry(core: &mut Core, clock: &Clock) {
    while core.turn(clock) {}
    while let Some(deadline) = core.next_deadline() {
        clock.move_to(deadline);
        while core.turn(clock) {}
    }
}

const SERVICE: Nanos = Nanos::from_micros(10);
/// When the device looked the first time.
const LOOKED: Nanos = Nanos::from_micros(100);
/// When it looked the next time.
const LATE: Nanos = Nanos::from_micros(150);
