//! Full rings and slots in use: who gets room, and in which order.

use std::cell::RefCell;
use std::rc::Rc;

use pausewake_device::DeviceConfig;
use pausewake_engine::{Error, Notify, Retry};
use pausewake_tests::{Rig, Time, everywhere, seal};

use crate::own_job::{cells, own_job, resumed, with_slots};

#[test]
fn room_is_given_in_the_order_of_the_calls() {
    for cell in cells() {
        for (slots, ring_depth) in [(3, 64), (16, 2), (4, 4)] {
            let mut config = DeviceConfig::default();
            config.queue.slots = slots;
            config.queue.ring_depth = ring_depth;
            let mut rig = Rig::with(Time::Manual, cell, config, None);
            let order = Rc::new(RefCell::new(Vec::new()));
            for job in 0..20 {
                let (engine, key, order) = (rig.engine.clone(), rig.keys.aes, order.clone());
                rig.spawn(move || {
                    for round in 0..3 {
                        assert_eq!(seal(&engine, key), Ok(20));
                        order.borrow_mut().push((round, job));
                    }
                });
            }
            rig.run();
            let order = order.take();
            if cell.notify == Notify::Poll {
                // They are resumed by place, and not in the order of their wakes.
                assert_fair(&order);
            } else {
                let in_order: Vec<_> = (0..3)
                    .flat_map(|round| (0..20).map(move |job| (round, job)))
                    .collect();
                assert_eq!(order, in_order, "{cell:?} {slots} {ring_depth}");
            }
            assert_eq!(rig.engine.slots_in_use(), 0);
            assert!(rig.engine.stats().full_waits >= 17);
        }
    }
}

/// Nobody is ever two rounds behind another and then passed again.
fn assert_fair(order: &[(usize, usize)]) {
    let mut rounds = [0_usize; 20];
    for (round, job) in order {
        assert_eq!(*round, rounds[*job]);
        rounds[*job] += 1;
        let behind = rounds.iter().min().expect("twenty jobs");
        assert!(rounds[*job] <= behind + 2, "{order:?}");
    }
    assert_eq!(rounds, [3; 20]);
}

#[test]
fn a_resume_without_room_puts_the_job_back_in_line() {
    for cell in cells() {
        let rig = with_slots(cell, 1);
        let (holder, _a, _) = own_job(&rig, 1);
        let (mut waiter, _b, _) = own_job(&rig, 1);
        for _ in 0..3 {
            waiter = resumed(waiter).paused().expect("there is no room");
        }
        assert_eq!(rig.resumes_in_vain(), 3);
        assert_eq!(rig.engine.stats().full_waits, 1);
        rig.engine.ring_doorbell();
        rig.complete_all();
        rig.poll_for(1);
        assert!(resumed(holder).finished().is_some());
        let waiter = resumed(waiter).paused().expect("its op is in flight now");
        rig.engine.ring_doorbell();
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert!(resumed(waiter).finished().is_some());
        assert_eq!(rig.resumes_in_vain(), 3);
    }
}

#[test]
fn a_call_in_place_does_not_wait_for_slots_that_cannot_become_free() {
    everywhere(|time, cell| {
        let mut config = DeviceConfig::default();
        config.queue.slots = 1;
        let mut rig = Rig::with(time, cell, config, None);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        rig.spawn(move || assert_eq!(seal(&engine, key), Ok(20)));
        // The one slot belongs to a job that cannot run before this call has returned.
        let result = rig.in_place(|engine| seal(engine, key));
        assert_eq!(result, Err(Error::Retry(Retry::Full)), "{time:?}");
        rig.run();
        assert_eq!(rig.in_place(|engine| seal(engine, key)), Ok(20));
        assert_eq!(rig.engine.slots_in_use(), 0);
    });
}
