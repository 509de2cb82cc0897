//! What is full, who waits, and that everybody's turn comes.

use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
use pausewake_device::ring::QueueLayout;
use pausewake_device::{ConfigError, Device, DeviceConfig, DeviceError, Nanos};

use super::rig::{DriverKind, Rig, config};

for_each_driver!(
    a_full_ring_gives_the_descriptor_back,
    the_device_holds_no_more_than_its_limit,
    a_host_that_never_reaps_loses_nothing,
);

fn a_full_ring_gives_the_descriptor_back(driver: DriverKind) {
    let mut rig = Rig::new(driver, small(4));
    for slot in 0..4 {
        assert_eq!(rig.queue.room(), 4 - slot);
        let descriptor = bad(rig.cookie(slot));
        rig.queue.push(descriptor).expect("there is room");
    }
    let fifth = bad(rig.cookie(4));
    assert_eq!(rig.queue.push(fifth), Err(fifth));
    assert_eq!((rig.queue.room(), rig.queue.unpublished()), (0, 4));
    let doorbell = rig.queue.ring_doorbell();
    assert_eq!(doorbell.entries, 4);
    for slot in 0..4 {
        let completion = rig.completion();
        assert_eq!(completion.cookie.slot, slot, "refused in order");
        assert_eq!(completion.status, Status::BadRequest);
    }
    rig.queue.push(fifth).expect("there is room again");
    rig.queue.ring_doorbell();
    assert_eq!(rig.completion().cookie, fifth.cookie);
}

/// With one doorbell for all: what completes makes room for what waits in the ring.
fn the_device_holds_no_more_than_its_limit(driver: DriverKind) {
    for limit in [1, 3] {
        let mut config = small(8);
        config.model.in_flight_limit = limit;
        let mut rig = Rig::new(driver, config);
        let descriptors: Vec<_> = (0..8).map(|slot| task(&mut rig, slot)).collect();
        rig.submit(descriptors);
        let mut seen = 0;
        while seen < 8 {
            let stats = rig.device.stats();
            assert!(stats.in_flight <= limit, "{stats:?}");
            if driver == DriverKind::Manual {
                let held = rig
                    .manual
                    .as_ref()
                    .map_or(0, |manual| manual.pending().len());
                assert_eq!(held, limit.min(8 - seen) as usize);
            }
            assert_eq!(rig.completion().status, Status::Ok);
            seen += 1;
        }
        assert_eq!(rig.queue.reap(), None);
    }
}

fn a_host_that_never_reaps_loses_nothing(driver: DriverKind) {
    for bad_ones in [true, false] {
        let mut rig = Rig::new(driver, small(8));
        let mut sent = Vec::new();
        for _ in 0..2 {
            let descriptors: Vec<_> = (0..8)
                .map(|slot| match bad_ones {
                    true => bad(rig.cookie(slot)),
                    false => task(&mut rig, slot),
                })
                .collect();
            sent.extend(descriptors.iter().map(|sent| sent.cookie));
            rig.submit(descriptors);
            rig.settle();
        }
        let stats = rig.device.stats();
        assert_eq!((stats.fetched, stats.completed), (8, 8), "no room for more");
        assert_eq!(rig.queue.room(), 0, "the second half waits in the ring");

        // No more than that: a device that spins would answer on.
        let reaped = (0..8).map(|_| rig.queue.reap().expect("it lies in the ring"));
        let mut seen: Vec<_> = reaped.map(|completion| completion.cookie).collect();
        // Nothing can be pushed, and still the doorbell is heard.
        let doorbell = rig.queue.ring_doorbell();
        assert_eq!(doorbell.entries, 0);
        for _ in 0..8 {
            seen.push(rig.completion().cookie);
        }
        seen.sort();
        sent.sort();
        assert_eq!(seen, sent);
        assert_eq!(rig.device.stats().lost_to_forgery, 0);
    }
}

/// One slice, nobody may wait for it: each op enters when the one before leaves the slice, not when
/// that one's completion has come home.
#[test]
fn a_full_class_takes_the_next_when_its_slice_is_free() {
    let mut config = small(8);
    config.model.asymmetric.slices = 1;
    config.model.asymmetric.queue_depth = Some(1);
    config.model.asymmetric.service = ServiceTime::constant(SERVICE);
    config.model.link.to_host_ns = Nanos::from_millis(1);
    let mut rig = Rig::new(DriverKind::Simulated, config);
    let descriptors: Vec<_> = (0..4).map(|slot| task(&mut rig, slot)).collect();
    let mut due = rig.submit(descriptors).at_ns;
    for _ in 0..4 {
        due += SERVICE;
        let completion = rig.completion();
        assert_eq!(completion.done_ns, due);
        assert_eq!(rig.queue.now(), due + Nanos::from_millis(1));
        assert_eq!(completion.queue_ns, Nanos::ZERO);
    }
    assert_eq!(rig.device.stats().lateness.max_ns(), Nanos::ZERO);
}

/// A queue whose ring is always full does not keep another from its turn.
#[test]
fn places_of_a_class_go_round_among_the_queues() {
    let mut config = small(8);
    config.model.asymmetric.slices = 1;
    config.model.asymmetric.queue_depth = Some(1);
    let mut rig = Rig::new(DriverKind::Simulated, config);
    let mut others = [(), ()].map(|()| rig.device.open_queue().expect("a queue"));
    let greedy: Vec<_> = (0..8).map(|slot| task(&mut rig, slot)).collect();
    rig.submit(greedy);
    for queue in &mut others {
        let attached = queue.attach_task(0, Box::new(|_, _| Ok(0)));
        attached.expect("a slot");
        let cookie = Cookie {
            slot: 0,
            generation: 1,
        };
        let pushed = queue.push(Descriptor::new(OpKind::Task, cookie));
        pushed.expect("room");
        queue.ring_doorbell();
    }
    for _ in 0..4 {
        rig.queue.advance(None).expect("ops are under way");
    }
    for queue in &mut others {
        assert!(queue.reap().is_some(), "{:?} is kept waiting", queue.id());
    }
}

#[test]
fn impossible_devices_are_refused_by_every_driver() {
    let mut config = config();
    config.workers = u32::MAX;
    let errors = [
        Device::thread(config.clone(), Default::default(), None).map(|_| ()),
        Device::simulated(config.clone(), None).map(|_| ()),
        Device::manual(config, None).map(|_| ()),
    ];
    for error in errors {
        let Err(DeviceError::Config(error)) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error, ConfigError::TooManyWorkers(u32::MAX));
    }
}

fn bad(cookie: Cookie) -> Descriptor {
    let mut descriptor = Descriptor::new(OpKind::Task, cookie);
    descriptor.opcode = u16::MAX;
    descriptor
}

fn task(rig: &mut Rig, slot: u32) -> Descriptor {
    let attached = rig.queue.attach_task(slot, Box::new(|_, _| Ok(0)));
    attached.expect("a slot");
    Descriptor::new(OpKind::Task, rig.cookie(slot))
}

fn small(depth: u32) -> DeviceConfig {
    let mut config = config();
    config.model.in_flight_limit = depth;
    config.queue = QueueLayout {
        ring_depth: depth,
        completion_depth: 8,
        slots: 8,
        slot_size: 64,
    };
    config
}

const SERVICE: Nanos = Nanos::from_micros(5);
