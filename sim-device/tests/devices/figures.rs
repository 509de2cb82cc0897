//! What a device says of its slices and signals, whatever drives it.

use pausewake_device::model::{CoalesceConfig, ServiceTime};
use pausewake_device::protocol::{Class, Status};
use pausewake_device::{DeviceConfig, Nanos, WaitStrategy};

use super::rig::{DriverKind, Rig, config};

#[test]
fn a_simulated_device_says_how_busy_its_slices_were() {
    let mut rig = Rig::new(DriverKind::Simulated, two_slices(1));
    let at = rig.submit_tasks(5).at_ns;
    rig.settle();
    let elapsed = rig.queue.now() - at;
    assert_eq!(elapsed, SERVICE + SERVICE + SERVICE);
    let stats = rig.device.stats();
    let class = stats.class(Class::Asymmetric);
    assert_eq!((class.slices, class.handed_out_ops), (2, 5));
    assert!((class.utilisation(elapsed) - 5.0 / 6.0).abs() < 1e-12);
    // Two wait for one service, one for two.
    assert_eq!(class.waiting_ns, SERVICE + SERVICE + SERVICE + SERVICE);
    assert_eq!(stats.in_system_ns(), Nanos::new(9 * SERVICE.get()));
    let idle = stats.class(Class::Symmetric);
    assert_eq!((idle.slices, idle.busy_ns), (3, Nanos::ZERO));
}

#[test]
fn a_manual_device_counts_from_fetch_to_finish() {
    let mut rig = Rig::new(DriverKind::Manual, two_slices(1));
    let manual = rig.manual.clone().expect("a manual device");
    rig.submit_tasks(3);
    let pending = manual.pending();
    assert_eq!(pending.len(), 3);
    manual.advance(Nanos::new(10));
    manual.finish(pending[0].id, Status::Ok).expect("pending");
    manual.advance(Nanos::new(10));
    manual.publish(pending[0].id).expect("finished");
    manual.complete(pending[1].id, Status::Ok).expect("pending");
    manual.lose(pending[2].id).expect("pending");
    let class = *rig.device.stats().class(Class::Asymmetric);
    assert_eq!((class.accepted_ops, class.handed_out_ops), (3, 2));
    assert_eq!((class.slices, class.busy_ns), (2, Nanos::new(30)));
    manual.advance(Nanos::new(10));
    manual.reset();
    let stats = rig.device.stats();
    assert_eq!(stats.class(Class::Asymmetric).handed_out_ops, 3);
    assert_eq!(stats.in_system_ns(), Nanos::new(60));
}

#[test]
fn completions_that_get_no_signal_of_their_own_are_counted() {
    for (count, coalesced, signals) in [(1, 0, 4), (3, 5, 2), (7, 6, 1)] {
        // The two slices are done at the same time, and one signal tells of both. In threes: two of
        // each three wait for the third, and the seventh for its time.
        let mut rig = Rig::new(DriverKind::Simulated, two_slices(count));
        rig.submit_tasks(7);
        rig.settle();
        let stats = rig.device.stats();
        let told = (stats.completed, stats.coalesced, stats.signals);
        assert_eq!(told, (7, coalesced, signals), "by {count}");
    }
}

for_each_wait!(the_integral_is_what_the_completions_said);

/// Also of ops whose computation was the slower part.
fn the_integral_is_what_the_completions_said(wait: WaitStrategy) {
    let mut rig = Rig::new(wait.into(), two_slices(1));
    let mut said_ns = 0;
    for _ in 0..20 {
        rig.submit_tasks(7);
        for _ in 0..7 {
            let completion = rig.completion();
            said_ns += (completion.queue_ns + completion.service_ns).get();
        }
    }
    let stats = rig.device.stats();
    assert_eq!(stats.class(Class::Asymmetric).handed_out_ops, 140);
    assert_eq!(stats.compute_lateness.count(), stats.compute_bound);
    let by_model = stats.driver_lateness.count();
    assert_eq!(by_model + stats.compute_bound, stats.completed);
    assert_eq!(stats.in_system_ns(), Nanos::new(said_ns));
}

fn two_slices(count: u32) -> DeviceConfig {
    let mut config = config();
    config.coalesce = CoalesceConfig {
        count,
        time_ns: Nanos::from_millis(1),
    };
    config.model.asymmetric.slices = 2;
    config.model.asymmetric.service = ServiceTime::constant(SERVICE);
    config.model.symmetric.slices = 3;
    config
}

const SERVICE: Nanos = Nanos::from_micros(3);
