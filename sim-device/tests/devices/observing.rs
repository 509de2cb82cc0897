//! Observers: what they are told, and that they cannot break the device.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
use pausewake_device::{Device, DeviceEvent, DeviceObserver, Nanos, WaitStrategy};

use super::rig::{config, next_completion};

#[derive(Default)]
struct Story(Mutex<Vec<(Nanos, DeviceEvent)>>);

impl DeviceObserver for Story {
    fn device_event(&self, at: Nanos, event: &DeviceEvent) {
        self.0.lock().expect("no panic here").push((at, *event));
    }
}

#[test]
fn one_op_is_told_from_fetch_to_signal() {
    let story = Arc::new(Story::default());
    let device = Device::simulated(config(), Some(story.clone())).expect("possible");
    let mut queue = device.open_queue().expect("a queue");
    let (id, op) = (queue.id(), cookie());
    let mut bad = Descriptor::new(OpKind::Task, op);
    bad.slot = u32::MAX;
    queue.push(bad).expect("room");
    queue
        .attach_task(0, Box::new(|_, _| Ok(0)))
        .expect("a slot");
    queue.push(Descriptor::new(OpKind::Task, op)).expect("room");
    queue.ring_doorbell();
    queue.advance(None).expect("an op is under way");
    let service_ns = Nanos::from_micros(1);
    let signalled = DeviceEvent::Signalled {
        queue: id,
        woke: false,
    };
    let expected = [
        (
            Nanos::ZERO,
            DeviceEvent::Refused {
                queue: id,
                op,
                status: Status::BadRequest,
            },
        ),
        (
            Nanos::ZERO,
            DeviceEvent::Fetched {
                queue: id,
                op,
                kind: OpKind::Task,
            },
        ),
        // At the end of the turn, for all that it has answered.
        (Nanos::ZERO, signalled),
        (
            service_ns,
            DeviceEvent::Done {
                queue: id,
                op,
                status: Status::Ok,
                queue_ns: Nanos::ZERO,
                service_ns,
                done_ns: service_ns,
            },
        ),
        (service_ns, signalled),
    ];
    assert_eq!(*story.0.lock().expect("no panic"), expected);
}

/// Panics the first time that it is told something.
#[derive(Default)]
struct Clumsy {
    calls: AtomicU32,
}

impl DeviceObserver for Clumsy {
    fn device_event(&self, _: Nanos, _: &DeviceEvent) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        // As a panic, without the panic hook's report.
        resume_unwind(Box::new("on purpose"));
    }
}

for_each_wait!(a_device_thread_survives_its_observer);

fn a_device_thread_survives_its_observer(wait: WaitStrategy) {
    let clumsy = Arc::new(Clumsy::default());
    let device = Device::thread(config(), wait, Some(clumsy.clone())).expect("possible");
    let mut queue = device.open_queue().expect("a queue");
    for _ in 0..3 {
        queue
            .attach_task(0, Box::new(|_, _| Ok(0)))
            .expect("a slot");
        queue
            .push(Descriptor::new(OpKind::Task, cookie()))
            .expect("room");
        queue.ring_doorbell();
        assert_eq!(next_completion(&mut queue, None).status, Status::Ok);
    }
    assert_eq!(clumsy.calls.load(Ordering::Relaxed), 1);
    assert_eq!(device.stats().completed, 3);
}

#[test]
fn a_panic_of_the_observer_comes_out_of_the_call_and_costs_no_op() {
    let clumsy = || Some(Arc::new(Clumsy::default()) as Arc<dyn DeviceObserver>);
    let simulated = Device::simulated(config(), clumsy()).expect("possible");
    let (by_hand, manual) = Device::manual(config(), clumsy()).expect("possible");
    for (device, manual) in [(simulated, None), (by_hand, Some(manual))] {
        let mut queue = device.open_queue().expect("a queue");
        queue
            .attach_task(0, Box::new(|_, _| Ok(0)))
            .expect("a slot");
        queue
            .push(Descriptor::new(OpKind::Task, cookie()))
            .expect("room");
        let rung = catch_unwind(AssertUnwindSafe(|| queue.ring_doorbell()));
        let panic = rung.expect_err("the observer panicked");
        assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
        let completion = next_completion(&mut queue, manual.as_ref());
        assert_eq!(
            (completion.cookie, completion.status),
            (cookie(), Status::Ok)
        );
        assert_eq!(device.stats().in_flight, 0);
    }
}

fn cookie() -> Cookie {
    Cookie {
        slot: 0,
        generation: 1,
    }
}
