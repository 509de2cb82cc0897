//! Whose time passes, and when it is up.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use pausewake_device::compute::ComputeMode;
use pausewake_device::model::ServiceTime;
use pausewake_device::{Device, Nanos};
use pausewake_engine::{
    DeviceFault, EcdsaCurve, EngineConfig, Notify, Reactor, Reap, RsaPadding, Turn,
};
use pausewake_jobs::{Outcome, WaitCtx};
use pausewake_tests::{Keys, Log, Time, seal};

use crate::support::{device_config, engine, offload_all, simulated};

/// With external reaping too, a call ends when its time is up, even if nobody ever polls; and whom
/// it would have told is let go.
#[test]
fn a_call_that_nobody_polls_for_ends_in_time_and_lets_its_callback_go() {
    let (device, manual) = Device::manual(device_config(64, 64, Nanos::ZERO), None)
        .expect("such a device can be made");
    let key = Keys::import(&device).aes;
    for notify in [Notify::Callback, Notify::Fd, Notify::Poll] {
        let config = EngineConfig {
            notify,
            reap: Reap::External,
            op_timeout_ns: Some(Nanos::from_millis(1)),
            ..offload_all()
        };
        let engine = engine(&device, config, None);
        let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
        let caller = engine.clone();
        let job = move || {
            assert_eq!(seal(&caller, key), Err(DeviceFault::TimedOut.into()));
        };
        reactor.spawn(job).expect("a job can be had");
        reactor.turn(None).expect("the loop works");
        manual.advance(Nanos::from_millis(1));
        let mut turns = 0;
        while reactor.live_jobs() > 0 {
            reactor.turn(None).expect("the loop works");
            turns += 1;
            assert!(turns < 100, "{notify:?}: nobody told the job");
        }
        assert_eq!(engine.slots_in_use(), 1, "the device has not answered");
    }

    for cell in Time::Manual.cells().filter(|cell| cell.is_by_callback()) {
        let config = EngineConfig {
            op_timeout_ns: Some(Nanos::from_millis(1)),
            ..cell.config()
        };
        let engine = engine(&device, config, None);
        let owned = Arc::new(());
        let wait_ctx = WaitCtx::new();
        let held = owned.clone();
        wait_ctx.set_callback(Some(Arc::new(move || {
            let _held = &held;
        })));
        let caller = engine.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&caller, key));
        let job = outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits");
        manual.advance(Nanos::from_millis(1));
        engine.poll();
        assert!(matches!(job.resume(), Ok(Outcome::Finished(Err(_)))));
        drop(wait_ctx);
        assert_eq!(engine.slots_in_use(), 1, "the device has not answered");
        assert_eq!(Arc::strong_count(&owned), 1, "nobody holds the callback");
    }
}

/// Whoever lets virtual time pass does it for all engines of a device.
#[test]
fn an_engine_does_not_jump_over_anothers_completion() {
    let mut config = device_config(64, 64, Nanos::from_millis(2));
    config.model.asymmetric.service = ServiceTime::constant(Nanos::from_millis(100));
    let device = simulated(config);
    let keys = Keys::import(&device);
    let engines = [(); 2].map(|()| engine(&device, offload_all(), None));
    let mut reactors = engines
        .clone()
        .map(|engine| Reactor::new(engine).expect("descriptors are left"));
    let ends: Rc<RefCell<Vec<Nanos>>> = Rc::default();
    let (quick, slow) = (engines[0].clone(), engines[1].clone());
    let quick_ends = ends.clone();
    let job = move || {
        assert_eq!(seal(&quick, keys.aes), Ok(20));
        quick_ends.borrow_mut().push(quick.now());
    };
    reactors[0].spawn(job).expect("a job can be had");
    let slow_ends = ends.clone();
    let job = move || {
        slow.ecdsa_sign(keys.p256, EcdsaCurve::P256, b"text")
            .expect("it signs");
        slow_ends.borrow_mut().push(slow.now());
    };
    reactors[1].spawn(job).expect("a job can be had");
    for engine in &engines {
        engine.ring_doorbell();
    }
    while reactors.iter().any(|reactor| reactor.live_jobs() > 0) {
        // Time passes only when nobody has anything to do now; the one that waits longer lets it.
        for (reactor, engine) in reactors.iter_mut().zip(&engines) {
            while reactor.turn(Some(engine.now())).expect("the loop works") == Turn::Progress {}
        }
        reactors[1].turn(None).expect("the loop works");
    }
    assert_eq!(
        *ends.borrow(),
        [Nanos::from_millis(2), Nanos::from_millis(100)]
    );
}

/// The link carries the signature that there is, not the largest that there could be.
#[test]
fn the_way_home_of_a_signature_is_as_long_as_the_signature() {
    let mut config = device_config(64, 64, Nanos::from_micros(1));
    config.compute = ComputeMode::Real;
    config.model.link.bandwidth_bytes_per_s = Some(1_000_000);
    let device = simulated(config);
    let keys = Keys::import(&device);
    let log = Log::new();
    let engine = engine(&device, offload_all(), Some(log.clone()));
    engine
        .rsa_sign(keys.rsa, RsaPadding::default(), b"text")
        .expect("it signs");
    engine
        .ecdsa_sign(keys.p256, EcdsaCurve::P256, b"text")
        .expect("it signs");
    let ways: Vec<Nanos> = log
        .returned()
        .iter()
        .map(|op| op.moments.known_ns - op.moments.done_ns)
        .collect();
    // At a byte per microsecond: 256 bytes of RSA-2048, at most 72 of ECDSA on P-256.
    assert_eq!(ways, [Nanos::from_micros(256), Nanos::from_micros(72)]);
}
