/// One test per driver and wait strategy for each function named, which takes a `DriverKind`.
macro_rules! for_each_driver {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use crate::suite::rig::DriverKind;

            #[test]
            fn spin() {
                super::$name(DriverKind::Spin);
            }
            #[test]
            fn adaptive() {
                super::$name(DriverKind::Adaptive);
            }
            #[test]
            fn sleep() {
                super::$name(DriverKind::Sleep);
            }
            #[test]
            fn simulated() {
                super::$name(DriverKind::Simulated);
            }
            #[test]
            fn manual() {
                super::$name(DriverKind::Manual);
            }
        }
    )*};
}

/// The same for the thread driver alone.
macro_rules! for_each_wait {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            use pausewake_device::WaitStrategy;

            #[test]
            fn spin() {
                super::$name(WaitStrategy::Spin);
            }
            #[test]
            fn adaptive() {
                super::$name(WaitStrategy::Adaptive);
            }
            #[test]
            fn sleep() {
                super::$name(WaitStrategy::Sleep);
            }
        }
    )*};
}

mod by_hand;
mod coalescing;
mod compute_bound;
mod determinism;
mod figures;
mod hostile;
mod limits;
mod observing;
mod operations;
mod rig;
mod stress;
mod tasks;
mod teardown;
mod timing;
mod types;
mod waiting;
