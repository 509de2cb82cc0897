//! Queues and devices that go away while there is work.

use std::sync::mpsc;

use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
use pausewake_device::{Device, Manual, Nanos, QueuePair, WaitStrategy};

use super::rig::{DriverKind, FOR_EVER, Rig, complete_all, config, device, next_completion};

for_each_driver!(
    a_dropped_queue_is_forgotten_when_its_ops_are_done,
    a_queue_outlives_the_device_handle,
    names_of_closed_queues_are_used_again,
);

fn a_dropped_queue_is_forgotten_when_its_ops_are_done(driver: DriverKind) {
    let Rig {
        device,
        manual,
        mut queue,
        ..
    } = Rig::new(driver, config());
    let mut witness = device.open_queue().expect("a queue");
    for slot in 0..8 {
        push_task(&mut queue, slot, || Ok(0));
    }
    queue.ring_doorbell();
    drop(queue);
    if let Some(manual) = &manual {
        assert_eq!(device.stats().queues_open, 2, "its ops are still here");
        let pending = manual.pending();
        assert_eq!(pending.len(), 8);
        complete_all(manual);
        let again = manual.complete(pending[0].id, Status::Ok);
        again.expect_err("an op completes once");
    }
    wait_for_queues(&device, &mut witness, 1);
    assert_eq!(device.stats().in_flight, 0);
    run_one(&mut witness, manual.as_ref());
    drop(witness);
    if driver == DriverKind::Simulated || driver == DriverKind::Manual {
        assert_eq!(device.stats().queues_open, 0);
    } else {
        while device.stats().queues_open > 0 {
            std::thread::yield_now();
        }
    }
}

fn a_queue_outlives_the_device_handle(driver: DriverKind) {
    let Rig {
        device,
        manual,
        mut queue,
        ..
    } = Rig::new(driver, config());
    drop(device);
    for _ in 0..10 {
        run_one(&mut queue, manual.as_ref());
    }
}

fn names_of_closed_queues_are_used_again(driver: DriverKind) {
    let (device, manual) = device(driver, config());
    let mut highest = 0;
    for round in 0..300 {
        let mut queue = device.open_queue().expect("a queue");
        highest = highest.max(queue.id().0);
        if round % 3 == 0 {
            run_one(&mut queue, manual.as_ref());
        }
    }
    // The last one is forgotten before the next is named.
    assert_eq!(highest, 0);
    let mut queue = device.open_queue().expect("a queue");
    run_one(&mut queue, manual.as_ref());
    assert_eq!(device.stats().queues_open, 1);
}

/// The name stays taken while an op of the old owner is in flight.
#[test]
fn a_name_is_not_used_again_before_its_ops_are_done() {
    let (device, manual) = device(DriverKind::Manual, config());
    let manual = manual.expect("a manual device");
    let mut first = device.open_queue().expect("a queue");
    let name = first.id();
    push_task(&mut first, 0, || Ok(0));
    first.ring_doorbell();
    drop(first);
    let second = device.open_queue().expect("a queue");
    assert_ne!(second.id(), name);
    complete_all(&manual);
    let third = device.open_queue().expect("a queue");
    assert_eq!(third.id(), name);
}

/// The last handle of a device can be inside one of its own tasks.
#[test]
fn a_task_may_hold_the_last_handle_of_its_device() {
    for wait in [
        WaitStrategy::Spin,
        WaitStrategy::Adaptive,
        WaitStrategy::Sleep,
    ] {
        let (device, _) = device(wait.into(), config());
        let mut queue = device.open_queue().expect("a queue");
        let (running, is_running) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let (done, is_done) = mpsc::channel();
        let task = move |_: &[u8], _: &mut [u8]| {
            running.send(()).map_err(|_| Status::DeviceError)?;
            released.recv().map_err(|_| Status::DeviceError)?;
            drop(device);
            done.send(()).map_err(|_| Status::DeviceError)?;
            Ok(0)
        };
        queue.attach_task(0, Box::new(task)).expect("a slot");
        let cookie = Cookie {
            slot: 0,
            generation: 1,
        };
        let pushed = queue.push(Descriptor::new(OpKind::Task, cookie));
        pushed.expect("room");
        queue.ring_doorbell();
        is_running.recv().expect("the task runs");
        drop(queue);
        release.send(()).expect("the task waits");
        let done = is_done.recv_timeout(FOR_EVER.into());
        done.expect("no thread waits for itself");
    }
}

/// Lets time pass until the device has forgotten all queues but `count`.
fn wait_for_queues(device: &Device, witness: &mut QueuePair, count: u32) {
    while device.stats().queues_open > count {
        witness.advance(Some(witness.now() + Nanos::from_micros(1)));
        std::thread::yield_now();
    }
}

fn push_task(queue: &mut QueuePair, slot: u32, result: fn() -> Result<usize, Status>) {
    let attached = queue.attach_task(slot, Box::new(move |_, _| result()));
    attached.expect("a slot");
    let cookie = Cookie {
        slot,
        generation: 1,
    };
    let pushed = queue.push(Descriptor::new(OpKind::Task, cookie));
    pushed.expect("room");
}

fn run_one(queue: &mut QueuePair, manual: Option<&Manual>) {
    push_task(queue, 0, || Ok(0));
    queue.ring_doorbell();
    assert_eq!(next_completion(queue, manual).status, Status::Ok);
}
