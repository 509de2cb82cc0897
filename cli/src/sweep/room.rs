//! What runs of a sweep may have at once.
//!
//! All of a process draw on one number of stacks and one of descriptors. So points that are run at once must
//! not take from each other what each could have had alone: whether a sweep succeeds would depend on the
//! number of cores.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::room::{Need, most_fds};
use crate::scenario::Scenario;

/// Room for several runs.
#[derive(Debug)]
pub struct Room {
    most: Need,
    free: Mutex<Need>,
    has_changed: Condvar,
}

/// The room of one run.
pub struct Place<'a> {
    room: &'a Room,
    taken: Need,
}

impl Room {
    /// Nobody is there yet.
    pub fn new() -> Self {
        let most = Need {
            stacks: MOST_JOBS,
            fds: most_fds().max(1),
        };
        Self {
            most,
            free: Mutex::new(most),
            has_changed: Condvar::new(),
        }
    }

    /// Waits until there is room for all that `scenario` may need. One that needs more than there is has all
    /// of it to itself.
    pub fn take(&self, scenario: &Scenario) -> Place<'_> {
        self.take_need(Need::of(scenario))
    }

    fn take_need(&self, need: Need) -> Place<'_> {
        let taken = Need {
            stacks: need.stacks.min(self.most.stacks),
            fds: need.fds.min(self.most.fds),
        };
        let lacks = |free: &mut Need| free.stacks < taken.stacks || free.fds < taken.fds;
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.has_changed.wait_while(free, lacks);
        let mut free = free.unwrap_or_else(PoisonError::into_inner);
        free.stacks -= taken.stacks;
        free.fds -= taken.fds;
        Place { room: self, taken }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // Idle stacks of a thread are stacks, too.
        pausewake_jobs::cleanup_thread();
        let free = self.room.free.lock();
        let mut free = free.unwrap_or_else(PoisonError::into_inner);
        free.stacks += self.taken.stacks;
        free.fds += self.taken.fds;
        self.room.has_changed.notify_all();
    }
}

/// Two thirds of what the kernel's default allows, and as many as the largest default of a load.
const MOST_JOBS: u64 = 20_000;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// As many threads as like, and never more jobs or descriptors than there is room for.
    #[test]
    fn what_does_not_fit_waits_for_its_turn() {
        let room = Room::new();
        let inside = [AtomicU64::new(0), AtomicU64::new(0)];
        let runs = [30_000, 12_000, 9_000, 9_000, 2_000, 1, 20_000, 15_000];
        std::thread::scope(|scope| {
            for (nth, stacks) in runs.into_iter().enumerate() {
                let (room, inside) = (&room, &inside);
                let fds = [6, stacks, u64::MAX][nth % 3];
                scope.spawn(move || {
                    for _ in 0..50 {
                        let place = room.take_need(Need { stacks, fds });
                        let taken = [place.taken.stacks, place.taken.fds];
                        let most = [room.most.stacks, room.most.fds];
                        for ((taken, most), inside) in taken.into_iter().zip(most).zip(inside) {
                            let others = inside.fetch_add(taken, Ordering::SeqCst);
                            assert!(others + taken <= most, "{others} and {taken}");
                        }
                        for (taken, inside) in taken.into_iter().zip(inside) {
                            inside.fetch_sub(taken, Ordering::SeqCst);
                        }
                        drop(place);
                    }
                });
            }
        });
        assert_eq!(*room.free.lock().expect("nobody panicked"), room.most);
    }
}
