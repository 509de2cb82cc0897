//! Which way an operation takes: to the device, again to the device, or to software; and that the
//! result is right on each.

use std::cell::RefCell;
use std::rc::Rc;

use pausewake_device::protocol::{Completion, CompletionFlags, Status};
use pausewake_device::{DeviceConfig, Nanos};
use pausewake_engine::{
    DeviceFault, EcdsaCurve, Engine, EngineConfig, Error, Fallback, Misuse, RsaPadding, SmallOps,
};
use pausewake_jobs::WaitStatus;
use pausewake_tests::{Cell, Keys, RSA_2048_PUBLIC, Rig, Time, everywhere};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

const DEVICE_ERROR: Fallback = Fallback {
    on_full: false,
    on_device_error: true,
};

fn rig(cell: Cell, change: impl FnOnce(&mut EngineConfig)) -> Rig {
    rig_on(DeviceConfig::default(), cell, change)
}

fn rig_on(device: DeviceConfig, cell: Cell, change: impl FnOnce(&mut EngineConfig)) -> Rig {
    let mut config = cell.config();
    change(&mut config);
    Rig::made(Time::Manual, device, config, None)
}

/// What a job will have come to, with its wait context's status.
type Outcome<R> = Rc<RefCell<Option<(R, WaitStatus)>>>;

fn spawn<R: 'static>(rig: &mut Rig, f: impl FnOnce(&Engine, Keys) -> R + 'static) -> Outcome<R> {
    let outcome = Outcome::default();
    let (engine, keys, told) = (rig.engine.clone(), rig.keys, outcome.clone());
    rig.spawn(move || {
        let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
        let result = f(&engine, keys);
        *told.borrow_mut() = Some((result, wait_ctx.status()));
    });
    outcome
}

fn seal(engine: &Engine, keys: Keys) -> Result<Vec<u8>, Error> {
    let mut sealed = vec![0; 20];
    let len = engine.aead_seal(keys.aes, [3; 12], b"aad", b"text", &mut sealed)?;
    sealed.truncate(len);
    Ok(sealed)
}

/// The same text sealed by a device that is well.
fn sealed() -> Vec<u8> {
    let rig = Rig::new(Time::Simulated, pausewake_engine::Notify::Fd);
    seal(&rig.engine, rig.keys).expect("the device is well")
}

fn sign(engine: &Engine, keys: Keys) -> Result<Vec<u8>, Error> {
    let signed = engine.rsa_sign(keys.rsa, RsaPadding::Pkcs1Sha256, b"message");
    signed.map(|signature| signature.to_vec())
}

fn is_right(signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, RSA_2048_PUBLIC)
        .verify(b"message", signature)
        .is_ok()
}

fn fail_all(rig: &Rig, status: Status) {
    for op in rig.manual().pending() {
        rig.manual().complete(op.id, status).expect("it is pending");
    }
}

/// Answers with a signature that is none: what stands in the slot, which is the message.
fn forge_signature(rig: &Rig) {
    let op = rig.manual().pending()[0];
    let completion = Completion {
        cookie: op.op,
        status: Status::Ok,
        flags: CompletionFlags::default(),
        output_len: 256,
        done_ns: Nanos::ZERO,
        queue_ns: 0,
        service_ns: 0,
    };
    rig.manual().forge(op.queue, completion);
    // What it answers afterwards comes too late, and is an orphan.
    let late = rig.manual().complete(op.id, Status::DeviceError);
    late.expect("it is pending");
}

#[test]
fn small_ops_go_to_software_below_the_threshold_and_not_at_it() {
    everywhere(|time, cell| {
        for (len, in_software) in [(0, 1), (2_047, 1), (2_048, 0), (2_049, 0)] {
            let config = EngineConfig {
                small_ops: SmallOps::default(),
                ..cell.config()
            };
            let mut rig = Rig::made(time, DeviceConfig::default(), config, None);
            let opened = spawn(&mut rig, move |engine, keys| {
                let text = vec![7; len];
                let mut sealed = vec![0; len + 16];
                let sealed_len = engine.aead_seal(keys.aes, [1; 12], b"", &text, &mut sealed);
                assert_eq!(sealed_len, Ok(len + 16));
                sealed
            });
            rig.run();
            let stats = rig.engine.stats();
            assert_eq!(stats.software_small, in_software, "{len} {time:?} {cell:?}");
            assert_eq!(stats.submitted, 1 - in_software);
            // Whichever way it took, the other one opens it.
            let sealed = opened.take().expect("it has ended").0;
            let offloads = Rig::new(Time::Simulated, pausewake_engine::Notify::Fd);
            let mut text = vec![0; len];
            let opened =
                offloads
                    .engine
                    .aead_open(offloads.keys.aes, [1; 12], b"", &sealed, &mut text);
            assert_eq!(opened, Ok(len));
            assert_eq!(text, vec![7; len]);
        }
    });
}

#[test]
fn each_algorithm_has_its_threshold() {
    let cell = Cell::from(pausewake_engine::Notify::Callback);
    let config = EngineConfig {
        small_ops: SmallOps {
            rsa_bytes: 10,
            ecdsa_bytes: 20,
            aes_gcm_bytes: 30,
        },
        ..cell.config()
    };
    let rig = Rig::made(Time::Simulated, DeviceConfig::default(), config, None);
    let (engine, keys) = (&rig.engine, rig.keys);
    let in_software = |len: usize| {
        let before = engine.stats().software_small;
        let text = vec![1; len];
        let rsa = engine.rsa_sign(keys.rsa, RsaPadding::default(), &text);
        assert!(rsa.is_ok());
        let rsa = engine.stats().software_small - before;
        assert!(
            engine
                .ecdsa_sign(keys.p256, EcdsaCurve::P256, &text)
                .is_ok()
        );
        let ecdsa = engine.stats().software_small - before - rsa;
        let len = engine.aead_seal(keys.aes, [0; 12], b"", &text, &mut vec![0; len + 16]);
        assert!(len.is_ok());
        let aes = engine.stats().software_small - before - rsa - ecdsa;
        (rsa, ecdsa, aes)
    };
    assert_eq!(in_software(9), (1, 1, 1));
    assert_eq!(in_software(10), (0, 1, 1));
    assert_eq!(in_software(20), (0, 0, 1));
    assert_eq!(in_software(30), (0, 0, 0));
}

#[test]
fn software_has_the_same_errors() {
    let cell = Cell::from(pausewake_engine::Notify::Callback);
    let config = EngineConfig {
        small_ops: SmallOps::default(),
        ..cell.config()
    };
    let rig = Rig::made(Time::Simulated, DeviceConfig::default(), config, None);
    let (engine, keys) = (&rig.engine, rig.keys);
    let mut output = [0x55; 20];
    let wrong = engine.aead_open(keys.aes, [0; 12], b"", &[9; 36], &mut output);
    assert_eq!(wrong, Err(Error::NotAuthentic));
    assert!(output == [0x55; 20] || output == [0; 20]);
    let small = engine.aead_seal(keys.aes, [0; 12], b"", b"text", &mut output[..19]);
    assert_eq!(small, Err(Misuse::OutputTooSmall.into()));
    let key = engine.aead_seal(keys.rsa, [0; 12], b"", b"text", &mut output);
    assert_eq!(key, Err(Misuse::BadKey.into()));
    assert_eq!(
        (engine.stats().software_small, engine.stats().submitted),
        (3, 0)
    );
}

#[test]
fn a_failed_op_is_redone_in_software_or_named() {
    let sealed = sealed();
    for cell in Time::Manual.cells() {
        for fallback in [DEVICE_ERROR, Fallback::NEVER] {
            let mut rig = rig(cell, |config| config.fallback = fallback);
            let outcome = spawn(&mut rig, seal);
            rig.settle();
            fail_all(&rig, Status::DeviceError);
            rig.run();
            let expected = if fallback == DEVICE_ERROR {
                (Ok(sealed.clone()), WaitStatus::OK)
            } else {
                (Err(DeviceFault::Failed.into()), WaitStatus::ERR)
            };
            assert_eq!(outcome.take(), Some(expected), "{cell:?}");
            let stats = rig.engine.stats();
            let in_software = u64::from(fallback == DEVICE_ERROR);
            assert_eq!(
                (stats.software_device_error, stats.returned),
                (in_software, 1)
            );
        }
    }
}

#[test]
fn a_device_that_is_down_is_named_and_comes_back() {
    let sealed = sealed();
    for cell in Time::Manual.cells() {
        for fallback in [DEVICE_ERROR, Fallback::NEVER] {
            let mut rig = rig(cell, |config| config.fallback = fallback);
            rig.manual().set_down(true);
            let outcome = spawn(&mut rig, seal);
            rig.run();
            let expected = if fallback == DEVICE_ERROR {
                Ok(sealed.clone())
            } else {
                Err(DeviceFault::Down.into())
            };
            assert_eq!(outcome.take().map(|it| it.0), Some(expected), "{cell:?}");
            rig.manual().set_down(false);
            let outcome = spawn(&mut rig, seal);
            rig.run();
            assert_eq!(outcome.take(), Some((Ok(sealed.clone()), WaitStatus::OK)));
            let in_software = u64::from(fallback == DEVICE_ERROR);
            assert_eq!(rig.engine.stats().software_device_error, in_software);
            assert_eq!(rig.engine.slots_in_use(), 0);
        }
    }
}

#[test]
fn what_is_in_flight_at_a_reset_fails_or_is_redone_in_software() {
    let sealed = sealed();
    for cell in Time::Manual.cells() {
        for fallback in [DEVICE_ERROR, Fallback::NEVER] {
            let mut device = DeviceConfig::default();
            device.queue.slots = 4;
            let mut rig = rig_on(device, cell, |config| config.fallback = fallback);
            // Four are in the device, one of them lost; two wait in line.
            let outcomes: Vec<_> = (0..6).map(|_| spawn(&mut rig, seal)).collect();
            rig.settle();
            let lost = rig.manual().pending()[1].id;
            rig.manual().lose(lost).expect("it is pending");
            rig.manual().reset();
            rig.run();
            let failed = if fallback == DEVICE_ERROR {
                Ok(sealed.clone())
            } else {
                Err(DeviceFault::Failed.into())
            };
            for (index, outcome) in outcomes.into_iter().enumerate() {
                let result = outcome.take().expect("it has ended").0;
                let expected = if index < 4 {
                    &failed
                } else {
                    &Ok(sealed.clone())
                };
                assert_eq!(&result, expected, "{index} {cell:?}");
            }
            let stats = rig.engine.stats();
            assert_eq!((stats.submitted, stats.returned, stats.orphans), (6, 6, 0));
            assert_eq!(rig.engine.slots_in_use(), 0);
        }
    }
}

#[test]
fn what_times_out_is_redone_in_software_too() {
    let sealed = sealed();
    for cell in Time::Manual.cells() {
        let mut device = DeviceConfig::default();
        device.queue.slots = 1;
        let mut rig = rig_on(device, cell, |config| {
            config.fallback = DEVICE_ERROR;
            config.op_timeout_ns = Some(Nanos::from_millis(1));
        });
        // One in the device and one in line.
        let outcomes = [spawn(&mut rig, seal), spawn(&mut rig, seal)];
        rig.settle();
        rig.manual().advance(Nanos::from_millis(1));
        rig.settle();
        for outcome in outcomes {
            let expected = (Ok(sealed.clone()), WaitStatus::OK);
            assert_eq!(outcome.take(), Some(expected), "{cell:?}");
        }
        let stats = rig.engine.stats();
        assert_eq!((stats.timed_out, stats.timed_out_in_line), (1, 1));
        assert_eq!(stats.software_device_error, 2);
        // The late answer writes into a slot that is still the device's.
        assert_eq!(rig.engine.slots_in_use(), 1);
        rig.complete_all();
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

#[test]
fn without_room_software_takes_over() {
    let sealed = sealed();
    for cell in Time::Manual.cells() {
        let mut device = DeviceConfig::default();
        device.queue.slots = 2;
        let mut rig = rig_on(device, cell, |config| config.fallback.on_full = true);
        let outcomes: Vec<_> = (0..5).map(|_| spawn(&mut rig, seal)).collect();
        // Three have ended in their first run.
        assert_eq!(rig.reactor.live_jobs(), 2, "{cell:?}");
        rig.run();
        for outcome in outcomes {
            assert_eq!(outcome.take(), Some((Ok(sealed.clone()), WaitStatus::OK)));
        }
        let stats = rig.engine.stats();
        assert_eq!(
            (stats.software_full, stats.submitted, stats.full_waits),
            (3, 2, 0)
        );
    }
}

#[test]
fn a_wrong_signature_is_caught_wiped_and_retried_or_redone() {
    for cell in Time::Manual.cells() {
        // Without verification it gets out: this is what the check is for.
        let mut unchecked = rig(cell, |_| {});
        let outcome = spawn(&mut unchecked, sign);
        unchecked.settle();
        forge_signature(&unchecked);
        unchecked.settle();
        let result = outcome.take().expect("it has ended").0;
        assert!(!is_right(&result.expect("nobody looked")), "{cell:?}");

        for (fallback, max_retries) in [
            (Fallback::NEVER, 0),
            (DEVICE_ERROR, 0),
            (Fallback::NEVER, 1),
        ] {
            let mut rig = rig(cell, |config| {
                config.verify_signatures = true;
                config.fallback = fallback;
                config.max_retries = max_retries;
            });
            let outcome = spawn(&mut rig, sign);
            rig.settle();
            forge_signature(&rig);
            rig.settle();
            if max_retries > 0 {
                assert!(outcome.borrow().is_none(), "it is with the device again");
            }
            rig.run();
            let result = outcome.take().expect("it has ended").0;
            if fallback == Fallback::NEVER && max_retries == 0 {
                assert_eq!(result, Err(DeviceFault::WrongSignature.into()), "{cell:?}");
            } else {
                assert!(is_right(&result.expect("it was made anew")), "{cell:?}");
            }
            let stats = rig.engine.stats();
            let retried = u64::from(max_retries);
            assert_eq!((stats.signatures_wrong, stats.retries), (1, retried));
            assert_eq!(stats.signatures_verified, 1 + retried);
            let in_software = u64::from(fallback == DEVICE_ERROR);
            assert_eq!(stats.software_device_error, in_software);
            assert_eq!(
                (stats.submitted, stats.returned),
                (1 + retried, 1 + retried)
            );
        }
    }
}

#[test]
fn good_signatures_pass_the_verification() {
    everywhere(|time, cell| {
        let config = EngineConfig {
            verify_signatures: true,
            ..cell.config()
        };
        let mut rig = Rig::made(time, DeviceConfig::default(), config, None);
        let signed = spawn(&mut rig, |engine, keys| {
            assert!(
                engine
                    .ecdsa_sign(keys.p256, EcdsaCurve::P256, b"message")
                    .is_ok()
            );
            sign(engine, keys)
        });
        rig.run();
        let signature = signed.take().expect("it has ended").0;
        assert!(
            is_right(&signature.expect("it is good")),
            "{time:?} {cell:?}"
        );
        let stats = rig.engine.stats();
        assert_eq!((stats.signatures_verified, stats.signatures_wrong), (2, 0));
    });
}

#[test]
fn retries_are_as_many_as_allowed() {
    for cell in Time::Manual.cells() {
        let mut rig = rig(cell, |config| config.max_retries = 3);
        let outcome = spawn(&mut rig, seal);
        for attempt in 0..4 {
            rig.settle();
            assert_eq!(rig.manual().pending().len(), 1, "{attempt} {cell:?}");
            assert!(outcome.borrow().is_none());
            fail_all(&rig, Status::DeviceError);
        }
        rig.run();
        let result = outcome.take().expect("it has ended").0;
        assert_eq!(result, Err(DeviceFault::Failed.into()));
        let stats = rig.engine.stats();
        assert_eq!((stats.submitted, stats.returned, stats.retries), (4, 4, 3));
    }
}

#[test]
fn no_more_is_in_flight_than_allowed() {
    for cell in Time::Manual.cells() {
        let mut rig = rig(cell, |config| config.max_in_flight = Some(2));
        let outcomes: Vec<_> = (0..7).map(|_| spawn(&mut rig, seal)).collect();
        let mut left = 7;
        while left > 0 {
            rig.settle();
            let in_flight = rig.manual().pending().len();
            assert_eq!(in_flight, left.min(2), "{cell:?}");
            assert!(rig.engine.stats().in_flight <= 2);
            assert_eq!(rig.complete_all(), in_flight);
            left -= in_flight;
        }
        rig.settle();
        assert!(outcomes.iter().all(|outcome| outcome.borrow().is_some()));
        assert_eq!(rig.engine.stats().full_waits, 5);
    }
}
