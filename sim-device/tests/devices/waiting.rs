//! What waiting costs: turns of the device thread's loop, by strategy.

use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
use pausewake_device::{DeviceStats, Nanos};

use super::rig::{DriverKind, FOR_EVER, Rig, config};

#[test]
fn sleep_takes_a_few_turns_for_a_long_op() {
    let turns = turns_for_a_long_op(DriverKind::Sleep);
    assert!((1..=FEW).contains(&turns), "{turns} turns");
}

/// The counter counts: the very same op makes a spinning thread turn all the time.
#[test]
fn spin_takes_many_turns_for_a_long_op() {
    let turns = turns_for_a_long_op(DriverKind::Spin);
    assert!(turns > 100 * FEW, "{turns} turns");
}

#[test]
fn adaptive_goes_to_sleep_when_nothing_happens() {
    let mut rig = Rig::new(DriverKind::Adaptive, long());
    run_one(&mut rig);
    // Past the moment for which it looks on after its last work.
    let idle = pass(&mut rig, Nanos::from_millis(30)).turns;
    let after = pass(&mut rig, Nanos::from_millis(50)).turns;
    assert!(after - idle <= FEW, "{} turns", after - idle);
}

#[test]
fn devices_without_a_thread_have_no_turns() {
    for driver in [DriverKind::Simulated, DriverKind::Manual] {
        assert_eq!(turns_for_a_long_op(driver), 0);
    }
}

/// Turns from the doorbell to the completion of an op of 100 ms; what asking costs included.
fn turns_for_a_long_op(driver: DriverKind) -> u64 {
    let mut rig = Rig::new(driver, long());
    let before = rig.device.stats().turns;
    run_one(&mut rig);
    rig.device.stats().turns - before
}

fn run_one(rig: &mut Rig) {
    let cookie = Cookie {
        slot: 0,
        generation: 1,
    };
    let attached = rig.queue.attach_task(0, Box::new(|_, _| Ok(0)));
    attached.expect("there is a slot 0");
    rig.submit([Descriptor::new(OpKind::Task, cookie)]);
    assert_eq!(rig.completion().status, Status::Ok);
}

/// Lets wall time pass without a word to the device, then asks it. How long that really is does
/// not matter: a thread that sleeps takes no turns in any time.
fn pass(rig: &mut Rig, span: Nanos) -> DeviceStats {
    assert!(rig.queue.arm_signal(), "nothing is there");
    assert!(span < FOR_EVER && !rig.queue.wait_signal(Some(span)));
    rig.queue.disarm_signal();
    rig.device.stats()
}

fn long() -> pausewake_device::DeviceConfig {
    let mut config = config();
    config.model.asymmetric.service = ServiceTime::constant(Nanos::from_millis(100));
    config
}

const FEW: u64 = 20;
