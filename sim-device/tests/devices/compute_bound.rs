//! Ops that the CPU computes more slowly than the model serves them.

use std::sync::mpsc;

use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{CompletionFlags, Cookie, Descriptor, OpKind, Status};
use pausewake_device::{Nanos, WaitStrategy};

use super::rig::{Rig, config};

for_each_wait!(a_slow_computation_is_charged_to_its_op_alone);

fn a_slow_computation_is_charged_to_its_op_alone(wait: WaitStrategy) {
    let mut config = config();
    config.model.asymmetric.slices = 1;
    config.model.asymmetric.service = ServiceTime::constant(SERVICE);
    let mut rig = Rig::new(wait.into(), config);

    let (release, released) = mpsc::channel::<()>();
    let blocked = Box::new(move |_: &[u8], _: &mut [u8]| {
        released.recv().map_err(|_| Status::DeviceError)?;
        Ok(0)
    });
    rig.queue.attach_task(0, blocked).expect("a slot");
    let quick = Box::new(|_: &[u8], _: &mut [u8]| Ok(0));
    rig.queue.attach_task(1, quick).expect("a slot");
    let [slow, next] = [0, 1].map(|slot| Cookie {
        slot,
        generation: 1,
    });
    rig.submit([slow, next].map(|cookie| Descriptor::new(OpKind::Task, cookie)));

    let first = rig.completion();
    assert_eq!(first.cookie, next, "the slice did not wait for the CPU");
    assert_eq!(first.queue_ns, SERVICE, "one service");
    let stats = rig.device.stats();
    assert_eq!((stats.in_flight, stats.completed), (1, 1));
    let bound_before = stats.compute_bound;
    assert_eq!(rig.queue.reap(), None, "the worker is not done");

    let released_ns = rig.queue.now();
    release.send(()).expect("the task waits");
    let second = rig.completion();
    assert_eq!((second.cookie, second.status), (slow, Status::Ok));
    assert!(second.flags.contains(CompletionFlags::COMPUTE_BOUND));
    assert!(second.done_ns >= released_ns, "{second:?}");
    assert!(second.done_ns <= rig.queue.now());
    assert!(second.service_ns > SERVICE);
    assert_eq!(second.queue_ns, Nanos::ZERO);
    let stats = rig.device.stats();
    assert_eq!(stats.compute_bound, bound_before + 1);
    assert!(stats.lateness.max_ns() >= released_ns - first.done_ns);
}

const SERVICE: Nanos = Nanos::from_micros(100);
