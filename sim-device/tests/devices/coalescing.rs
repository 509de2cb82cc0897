//! Coalescing delays the signal, and the signal alone.

use pausewake_device::model::{CoalesceConfig, ServiceTime};
use pausewake_device::protocol::{Completion, Descriptor, OpKind, Status};
use pausewake_device::{
    ConfigError, Device, DeviceConfig, DeviceError, Nanos, QueuePair, WaitStrategy,
};

use super::rig::{DriverKind, FOR_EVER, Rig, config};

#[test]
fn virtual_signals_come_at_count_or_at_time() {
    let mut rig = Rig::new(DriverKind::Simulated, coalesced(4, TIME));
    // By count: four at once, and the signal with the fourth.
    let at = rig.submit_tasks(4).at_ns;
    assert_eq!(rig.queue.advance(None), Some(at + SERVICE));
    assert_eq!((reap_all(&mut rig.queue), rig.queue.signals()), (4, 1));

    // By time: three are visible as soon as they are done, their signal is not given before time.
    let at = rig.submit_tasks(3).at_ns;
    assert_eq!(rig.queue.advance(None), Some(at + SERVICE));
    assert_eq!((reap_all(&mut rig.queue), rig.queue.signals()), (3, 1));
    let due = at + SERVICE + TIME;
    let just_before = due - Nanos::new(1);
    assert_eq!(rig.queue.advance(Some(just_before)), Some(just_before));
    assert_eq!(rig.queue.signals(), 1);
    assert_eq!(rig.queue.advance(None), Some(due));
    assert_eq!(rig.queue.signals(), 2);
    assert_eq!(rig.queue.advance(None), None, "nothing else will happen");
}

#[test]
fn manual_signals_come_at_count_or_at_time() {
    let mut rig = Rig::new(DriverKind::Manual, coalesced(2, TIME));
    let manual = rig.manual.clone().expect("a manual device");
    rig.submit_tasks(3);
    assert!(rig.queue.arm_signal(), "nothing is complete");
    let pending = manual.pending();
    manual.complete(pending[0].id, Status::Ok).expect("pending");
    assert!(!rig.queue.wait_signal(Some(Nanos::ZERO)), "no eventfd yet");
    assert_eq!((reap_all(&mut rig.queue), rig.queue.signals()), (1, 0));
    manual.complete(pending[1].id, Status::Ok).expect("pending");
    assert!(rig.queue.wait_signal(Some(Nanos::ZERO)), "by count");
    assert_eq!((reap_all(&mut rig.queue), rig.queue.signals()), (1, 1));

    rig.queue.drain_signal();
    assert!(rig.queue.arm_signal());
    manual.complete(pending[2].id, Status::Ok).expect("pending");
    manual.advance(TIME - Nanos::new(1));
    assert_eq!((reap_all(&mut rig.queue), rig.queue.signals()), (1, 1));
    assert!(!rig.queue.wait_signal(Some(Nanos::ZERO)));
    manual.advance(Nanos::new(1));
    assert_eq!(rig.queue.signals(), 2);
    assert!(rig.queue.wait_signal(Some(Nanos::ZERO)), "by time");
    let stats = rig.device.stats();
    assert_eq!((stats.signals, stats.signals_written), (2, 2));
}

/// 'Count alone' is said by a time that never comes; nothing may wait for it.
#[test]
fn a_signal_by_count_alone_is_no_deadline() {
    let mut rig = Rig::new(DriverKind::Simulated, coalesced(2, Nanos::MAX));
    let at = rig.submit_tasks(1).at_ns;
    assert_eq!(rig.queue.advance(None), Some(at + SERVICE));
    assert_eq!(rig.queue.advance(None), None, "time stands still");
    assert_eq!(rig.queue.now(), at + SERVICE);
    assert_eq!((reap_all(&mut rig.queue), rig.queue.signals()), (1, 0));
    rig.submit_tasks(1);
    rig.queue.advance(None);
    assert_eq!((reap_all(&mut rig.queue), rig.queue.signals()), (1, 1));
}

/// A host that sleeps would never hear of its last completions.
#[test]
fn by_count_alone_is_refused_under_wall_clock() {
    let config = coalesced(2, Nanos::MAX);
    let refused = Device::thread(config, WaitStrategy::Sleep, None).expect_err("it would hang");
    assert!(matches!(
        refused,
        DeviceError::Config(ConfigError::CoalesceWithoutTime)
    ));
}

for_each_wait!(
    completions_are_visible_before_their_signal,
    refused_descriptors_get_their_signal_in_time,
);

fn completions_are_visible_before_their_signal(wait: WaitStrategy) {
    let a_day = Nanos::from_secs(86_400);
    let mut rig = Rig::new(wait.into(), coalesced(1_000, a_day));
    rig.submit_tasks(5);
    let mut seen = 0;
    while seen < 5 {
        seen += reap_all(&mut rig.queue);
        std::thread::yield_now();
    }
    assert_eq!(rig.queue.signals(), 0);
}

/// With a thread that sleeps between any two of them.
fn refused_descriptors_get_their_signal_in_time(wait: WaitStrategy) {
    let mut rig = Rig::new(wait.into(), coalesced(1_000, Nanos::from_micros(50)));
    for signals in 0..300 {
        assert_eq!(rig.queue.signals(), signals);
        let cookie = rig.cookie(0);
        let mut bad = Descriptor::new(OpKind::Task, cookie);
        bad.opcode = 0;
        rig.submit([bad]);
        let given_up_ns = rig.queue.now() + FOR_EVER;
        while rig.queue.signals() == signals {
            assert!(rig.queue.now() < given_up_ns, "signal {signals} is lost");
            std::thread::yield_now();
        }
        let refused = rig.queue.reap().map(|done: Completion| done.status);
        assert_eq!(refused, Some(Status::BadRequest));
    }
}

fn reap_all(queue: &mut QueuePair) -> u32 {
    let mut count = 0;
    while queue.reap().is_some() {
        count += 1;
    }
    count
}

fn coalesced(count: u32, time_ns: Nanos) -> DeviceConfig {
    let mut config = config();
    config.coalesce = CoalesceConfig { count, time_ns };
    config.model.asymmetric.service = ServiceTime::constant(SERVICE);
    config
}

const SERVICE: Nanos = Nanos::from_micros(3);
const TIME: Nanos = Nanos::from_micros(10);
