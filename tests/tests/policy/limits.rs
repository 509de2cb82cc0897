//! How often, and how much at a time.

use pausewake_device::protocol::Status;
use pausewake_engine::DeviceFault;
use pausewake_tests::Time;

use crate::support::{fail_all, rig, seal, spawn};

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
