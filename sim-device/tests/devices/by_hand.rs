//! What a test can make a manual device do: finish and publish apart, signal, lose, reset, be down.

use std::sync::{Arc, Mutex};

use pausewake_device::model::{CoalesceConfig, QueueId};
use pausewake_device::protocol::{Completion, Cookie, Descriptor, OpKind, Status};
use pausewake_device::{
    Device, DeviceConfig, DeviceEvent, DeviceObserver, Manual, Nanos, NotPending, PendingId,
    PendingState, QueuePair,
};

use super::rig::config;

/// A host that waits for room in the ring would else be woken by every look of a device that is full.
#[test]
fn a_look_that_takes_nothing_signals_no_room() {
    let mut config = config();
    config.queue.ring_depth = 1;
    config.model.in_flight_limit = 1;
    let (_device, manual, mut queue) = open(config);
    submit(&mut queue, 0..1);
    submit(&mut queue, 1..2);
    let first = ids(&manual)[0];
    assert!(
        queue.arm_room(0),
        "the device has one op, the ring the other"
    );
    assert_eq!(ids(&manual), [first], "it looks, and has no room itself");
    assert!(!queue.wait_signal(Some(Nanos::ZERO)), "nothing was taken");

    assert_eq!(manual.complete(first, Status::Ok), Ok(()));
    assert!(queue.wait_signal(Some(Nanos::ZERO)), "the second was taken");
    assert_eq!(queue.room(), 1);
}

#[test]
fn a_finished_op_is_seen_when_it_is_published() {
    let (_device, manual, mut queue) = open(config());
    submit(&mut queue, 0..1);
    let id = ids(&manual)[0];
    assert_eq!(manual.publish(id), Err(NotPending), "not finished");
    assert_eq!(states(&manual), [PendingState::InService]);

    manual.advance(Nanos::new(7));
    assert_eq!(manual.finish(id, Status::Ok), Ok(()));
    assert_eq!(states(&manual), [PendingState::Finished]);
    assert_eq!(manual.finish(id, Status::DeviceError), Err(NotPending));
    assert_eq!(manual.complete(id, Status::DeviceError), Err(NotPending));
    assert!(!queue.has_completion());
    assert_eq!(payload(&queue, 0), *INPUT, "the output waits in the device");

    manual.advance(Nanos::new(100));
    assert_eq!(manual.publish(id), Ok(()));
    let done = queue.reap().expect("published");
    assert_eq!((done.cookie, done.status), (cookie(0), Status::Ok));
    assert_eq!(
        (done.done_ns, done.service_ns),
        (Nanos::new(7), Nanos::new(7))
    );
    assert_eq!(done.output_len, 4);
    assert_eq!(payload(&queue, 0), *OUTPUT);
    assert_eq!(manual.publish(id), Err(NotPending), "published once");
    assert!(manual.pending().is_empty());
}

#[test]
fn a_status_that_was_decided_computes_nothing() {
    let (_device, manual, mut queue) = open(config());
    submit(&mut queue, 0..1);
    let id = ids(&manual)[0];
    manual.finish(id, Status::DeviceError).expect("in service");
    manual.publish(id).expect("finished");
    assert_eq!(reaped(&mut queue), [(0, Status::DeviceError)]);
    assert_eq!(payload(&queue, 0), *INPUT);
}

#[test]
fn ops_are_published_in_the_order_that_the_test_wants_and_make_room() {
    let mut config = config();
    config.model.in_flight_limit = 2;
    let (device, manual, mut queue) = open(config);
    submit(&mut queue, 0..3);
    let first = ids(&manual);
    assert_eq!(first.len(), 2, "the limit");
    for &id in &first {
        manual.finish(id, Status::Ok).expect("in service");
    }
    assert_eq!(ids(&manual), first, "a finished op keeps its place");
    manual.publish(first[1]).expect("finished");
    assert_eq!(device.stats().fetched, 3, "there was room for one more");
    manual.publish(first[0]).expect("finished");
    manual
        .complete(ids(&manual)[0], Status::Ok)
        .expect("in service");
    let slots = [1, 0, 2].map(|slot| (slot, Status::Ok));
    assert_eq!(reaped(&mut queue), slots);
}

#[test]
fn a_signal_is_given_when_the_test_wants_and_counts_what_was_gathered() {
    let mut config = config();
    config.coalesce = CoalesceConfig {
        count: 3,
        time_ns: Nanos::from_micros(10),
    };
    let (device, manual, mut queue) = open(config);
    submit(&mut queue, 0..5);
    assert!(queue.arm_signal());
    let ids = ids(&manual);
    let complete = |op: usize| manual.complete(ids[op], Status::Ok).expect("in service");
    complete(0);
    complete(1);
    assert_eq!(queue.signals(), 0, "two of three");
    manual.signal(queue.id());
    assert_eq!(queue.signals(), 1);
    assert!(queue.wait_signal(Some(Nanos::ZERO)), "the host slept");

    manual.advance(Nanos::from_secs(1));
    assert_eq!(queue.signals(), 1, "no time runs for what was signalled");
    complete(2);
    complete(3);
    assert_eq!(queue.signals(), 1, "counted from the signal on");
    complete(4);
    assert_eq!(queue.signals(), 2);

    manual.signal(queue.id());
    assert_eq!(queue.signals(), 3, "even with nothing to tell");
    let stats = device.stats();
    assert_eq!((stats.signals, stats.signals_written), (3, 1));
}

#[test]
fn a_signal_for_nobody_is_none() {
    let (device, manual, queue) = open(config());
    manual.signal(QueueId(99));
    let id = queue.id();
    drop(queue);
    manual.signal(id);
    assert_eq!(device.stats().signals, 0);
}

#[test]
fn a_lost_op_keeps_its_place_until_the_reset() {
    let mut config = config();
    config.model.in_flight_limit = 2;
    let (device, manual, mut queue) = open(config);
    submit(&mut queue, 0..3);
    let held = ids(&manual);
    manual.lose(held[0]).expect("in service");
    assert_eq!((manual.lost(), ids(&manual)), (1, vec![held[1]]));
    for error in [
        manual.lose(held[0]),
        manual.finish(held[0], Status::Ok),
        manual.publish(held[0]),
        manual.complete(held[0], Status::Ok),
    ] {
        assert_eq!(error, Err(NotPending));
    }
    let stats = device.stats();
    assert_eq!((stats.in_flight, stats.fetched), (2, 2), "no room for more");

    manual.reset();
    assert_eq!(manual.lost(), 0);
    let failed = [(0, Status::DeviceError), (1, Status::DeviceError)];
    assert_eq!(reaped(&mut queue), failed);
    let stats = device.stats();
    assert_eq!((stats.in_flight, stats.fetched), (1, 3), "what waited");
}

#[test]
fn a_reset_fails_what_is_held_in_the_order_of_its_fetch_and_spares_the_rings() {
    let mut config = config();
    config.model.in_flight_limit = 4;
    let (device, manual, mut queue) = open(config);
    submit(&mut queue, 0..6);
    let held = ids(&manual);
    manual.finish(held[0], Status::Ok).expect("in service");
    manual.lose(held[0]).expect("finished");
    manual.finish(held[2], Status::Ok).expect("in service");
    manual.lose(held[3]).expect("in service");
    manual.advance(Nanos::new(50));

    manual.reset();
    let completions: Vec<Completion> = std::iter::from_fn(|| queue.reap()).collect();
    let slots: Vec<u32> = completions.iter().map(|done| done.cookie.slot).collect();
    assert_eq!(slots, [0, 1, 2, 3]);
    for done in completions {
        assert_eq!(done.status, Status::DeviceError);
        assert_eq!((done.output_len, done.done_ns), (0, Nanos::new(50)));
        assert_eq!(payload(&queue, done.cookie.slot), *INPUT, "not computed");
    }
    assert_eq!(device.stats().in_flight, 2, "fetched afterwards");
    for id in ids(&manual) {
        manual.complete(id, Status::Ok).expect("in service");
    }
    assert_eq!(reaped(&mut queue), [(4, Status::Ok), (5, Status::Ok)]);
    manual.reset();
    assert_eq!(reaped(&mut queue), [], "nothing is answered twice");
}

#[test]
fn a_device_that_is_down_refuses_what_it_fetches_and_keeps_what_it_has() {
    let (device, manual, mut queue) = open(config());
    let mut other = device.open_queue().expect("a queue");
    submit(&mut queue, 0..1);
    let before = ids(&manual);
    assert!(!manual.is_down());
    manual.set_down(true);
    assert!(manual.is_down());
    submit(&mut queue, 1..3);
    submit(&mut other, 0..1);
    let down = [(1, Status::DeviceDown), (2, Status::DeviceDown)];
    assert_eq!(reaped(&mut queue), down);
    assert_eq!(reaped(&mut other), [(0, Status::DeviceDown)]);
    assert_eq!(payload(&queue, 1), *INPUT, "no payload was touched");
    let stats = device.stats();
    assert_eq!((stats.refused, stats.completed), (3, 3));
    assert_eq!((stats.fetched, stats.in_flight), (4, 1));

    assert_eq!(ids(&manual), before, "pending ops stay");
    manual.complete(before[0], Status::Ok).expect("in service");
    assert_eq!(reaped(&mut queue), [(0, Status::Ok)]);

    manual.reset();
    assert!(manual.is_down(), "a reset does not bring it up");
    manual.set_down(false);
    submit(&mut queue, 3..4);
    let up = ids(&manual);
    manual.complete(up[0], Status::Ok).expect("in service");
    assert_eq!(reaped(&mut queue), [(3, Status::Ok)]);
}

/// What waited for room is fetched when the device goes down: who refuses needs no room.
#[test]
fn a_device_that_goes_down_refuses_what_lies_in_its_rings() {
    let mut config = config();
    config.model.in_flight_limit = 1;
    let (_device, manual, mut queue) = open(config);
    submit(&mut queue, 0..3);
    manual.set_down(true);
    let down = [(1, Status::DeviceDown), (2, Status::DeviceDown)];
    assert_eq!(reaped(&mut queue), down);
    assert_eq!(manual.pending().len(), 1);
}

#[test]
fn a_device_that_is_down_drops_the_closures_of_tasks() {
    let (_device, manual, mut queue) = open(config());
    manual.set_down(true);
    let owned = Arc::new(());
    let held = owned.clone();
    let task = move |_: &[u8], _: &mut [u8]| {
        let _held = &held;
        Ok(0)
    };
    queue.attach_task(0, Box::new(task)).expect("a slot");
    push(&mut queue, 0);
    queue.ring_doorbell();
    assert_eq!(reaped(&mut queue), [(0, Status::DeviceDown)]);
    assert_eq!(Arc::strong_count(&owned), 1);
}

/// A host that goes away leaves its lost op behind, and its queue with it, until the reset.
#[test]
fn a_queue_with_a_lost_op_is_kept_until_the_reset() {
    let (device, manual, mut queue) = open(config());
    submit(&mut queue, 0..1);
    manual.lose(ids(&manual)[0]).expect("in service");
    let id = queue.id();
    drop(queue);
    let second = device.open_queue().expect("a queue");
    assert_ne!(second.id(), id, "its name is still in use");
    manual.reset();
    let stats = device.stats();
    assert_eq!((stats.queues_open, stats.in_flight), (1, 0));
    let third = device.open_queue().expect("a queue");
    assert_eq!(third.id(), id);
}

#[derive(Default)]
struct Story(Mutex<Vec<DeviceEvent>>);

impl DeviceObserver for Story {
    fn device_event(&self, _: Nanos, event: &DeviceEvent) {
        self.0.lock().expect("no panic here").push(*event);
    }
}

#[test]
fn down_lost_reset_and_up_are_told() {
    let story = Arc::new(Story::default());
    let observer: Arc<dyn DeviceObserver> = story.clone();
    let (device, manual) = Device::manual(config(), Some(observer)).expect("possible");
    let mut queue = device.open_queue().expect("a queue");
    submit(&mut queue, 0..1);
    manual.lose(ids(&manual)[0]).expect("in service");
    manual.set_down(true);
    manual.set_down(true);
    manual.reset();
    manual.set_down(false);

    let (id, op) = (queue.id(), cookie(0));
    let expected = [
        DeviceEvent::Fetched {
            queue: id,
            op,
            kind: OpKind::Task,
        },
        DeviceEvent::Lost { queue: id, op },
        DeviceEvent::Down,
        DeviceEvent::Reset { held: 1 },
        DeviceEvent::Done {
            queue: id,
            op,
            status: Status::DeviceError,
            queue_ns: Nanos::ZERO,
            service_ns: Nanos::ZERO,
            done_ns: Nanos::ZERO,
        },
        DeviceEvent::Signalled {
            queue: id,
            woke: false,
        },
        DeviceEvent::Up,
    ];
    assert_eq!(*story.0.lock().expect("no panic"), expected);
}

fn open(config: DeviceConfig) -> (Device, Manual, QueuePair) {
    let (device, manual) = Device::manual(config, None).expect("a possible configuration");
    let queue = device.open_queue().expect("there are descriptors left");
    (device, manual, queue)
}

/// One task per slot, which turns `INPUT` into `OUTPUT`.
fn submit(queue: &mut QueuePair, slots: std::ops::Range<u32>) {
    for slot in slots {
        queue.write_payload(slot, 0, INPUT).expect("fits");
        let task = |input: &[u8], output: &mut [u8]| {
            assert_eq!(input, INPUT);
            output.copy_from_slice(OUTPUT);
            Ok(OUTPUT.len())
        };
        queue.attach_task(slot, Box::new(task)).expect("a slot");
        push(queue, slot);
    }
    queue.ring_doorbell();
}

fn push(queue: &mut QueuePair, slot: u32) {
    let mut descriptor = Descriptor::new(OpKind::Task, cookie(slot));
    descriptor.input_len = 4;
    descriptor.output_capacity = 4;
    queue.push(descriptor).expect("the ring has room");
}

fn cookie(slot: u32) -> Cookie {
    Cookie {
        slot,
        generation: 1,
    }
}

fn ids(manual: &Manual) -> Vec<PendingId> {
    manual.pending().into_iter().map(|op| op.id).collect()
}

fn states(manual: &Manual) -> Vec<PendingState> {
    manual.pending().into_iter().map(|op| op.state).collect()
}

fn reaped(queue: &mut QueuePair) -> Vec<(u32, Status)> {
    std::iter::from_fn(|| queue.reap())
        .map(|done| (done.cookie.slot, done.status))
        .collect()
}

fn payload(queue: &QueuePair, slot: u32) -> [u8; 4] {
    let mut bytes = [0; 4];
    queue.read_payload(slot, &mut bytes).expect("a slot");
    bytes
}

const INPUT: &[u8; 4] = b"abcd";
const OUTPUT: &[u8; 4] = b"ABCD";
