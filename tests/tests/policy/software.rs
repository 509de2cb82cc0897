//! Software in the place of a device that fails, is down, late or full.

use pausewake_device::protocol::Status;
use pausewake_device::{DeviceConfig, Nanos};
use pausewake_engine::{DeviceFault, Fallback};
use pausewake_jobs::WaitStatus;
use pausewake_tests::Time;

use crate::support::{DEVICE_ERROR, fail_all, rig, rig_on, seal, sealed, spawn};

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
