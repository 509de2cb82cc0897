//! In the steady state an operation allocates nothing, and unless it is told by fd it makes no system
//! call.
//!
//! In every cell under virtual time, where each run is the same. A reaper thread runs by the wall clock,
//! and how much it hands over at a time is chance: its inbox may grow at any moment, once.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use allocation_counter::AllocationInfo;
use pausewake_device::compute::ComputeMode;
use pausewake_device::{DeviceConfig, Nanos};
use pausewake_tests::{Cell, Rig, Time};

const JOBS: usize = 16;
const WARM_UP_OPS: u64 = 2_000;
const OPS: u64 = 10_000;

/// What `OPS` operations of jobs that are all alive cost.
fn steady_state(cell: Cell, slots: u32, measure: impl FnOnce(&mut dyn FnMut())) {
    let mut config = DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    };
    config.queue.slots = slots;
    config.model.symmetric.service.base_ns = Nanos::from_micros(1);
    let mut rig = Rig::with(Time::Simulated, cell, config, None);
    let stop = Rc::new(RefCell::new(false));
    for _ in 0..JOBS {
        let (engine, key, stop) = (rig.engine.clone(), rig.keys.aes, stop.clone());
        rig.spawn(move || {
            let mut sealed = [0; 80];
            while !*stop.borrow() {
                let len = engine.aead_seal(key, [0; 12], b"", &[1; 64], &mut sealed);
                assert_eq!(len, Ok(80));
            }
        });
    }
    let mut until = WARM_UP_OPS;
    let mut turn = || {
        while rig.engine.stats().returned < until {
            rig.turn(None);
        }
    };
    turn();
    until = rig.engine.stats().returned + OPS;
    let mut turn = || {
        while rig.engine.stats().returned < until {
            rig.turn(None);
        }
    };
    measure(&mut turn);
    stop.replace(true);
    rig.run();
    assert_eq!(rig.engine.slots_in_use(), 0);
}

#[test]
fn an_op_allocates_nothing() {
    // With a slot for each job, and with jobs that wait in line.
    for cell in Time::Simulated.cells() {
        for slots in [64, 5] {
            steady_state(cell, slots, |turn| {
                let AllocationInfo { count_total, .. } = allocation_counter::measure(turn);
                assert_eq!(count_total, 0, "{cell:?}, {slots} slots, {OPS} ops");
            });
        }
    }
}

/// Calls of read(2) and write(2) by this thread so far.
fn reads_and_writes() -> (u64, u64) {
    let io = fs::read_to_string("/proc/thread-self/io").expect("the kernel counts them");
    let figure = |name: &str| {
        let line = io.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|figure| figure.trim().parse::<u64>().ok())
            .expect("the figure is there")
    };
    (figure("syscr:"), figure("syscw:"))
}

#[test]
fn an_op_reads_and_writes_once_by_fd_and_never_by_callback() {
    // What the look itself reads.
    let (first, second) = (reads_and_writes(), reads_and_writes());
    let (look_reads, look_writes) = (second.0 - first.0, second.1 - first.1);
    for cell in Time::Simulated.cells() {
        let per_op = u64::from(cell.is_by_fd());
        steady_state(cell, 64, |turn| {
            let before = reads_and_writes();
            turn();
            let after = reads_and_writes();
            let reads = after.0 - before.0 - look_reads;
            let writes = after.1 - before.1 - look_writes;
            // At the ends, up to one op of each job is half in and half out.
            let slack = per_op * JOBS as u64;
            let expected = per_op * OPS;
            assert!(
                reads.abs_diff(expected) <= slack && writes.abs_diff(expected) <= slack,
                "{cell:?}: {reads} reads and {writes} writes for {OPS} ops"
            );
        });
    }
}
