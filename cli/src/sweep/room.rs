//! How many jobs the runs of a sweep may have at once.
//!
//! All of a process draw on one number of stacks, as the kernel limits its mappings, and on one number of
//! descriptors, of which a job that is told by fd has one. So points that are run at once must not take
//! from each other what each could have had alone: whether a sweep succeeds would depend on the number of
//! cores.

use std::sync::{Condvar, Mutex, PoisonError};

use pausewake_device::Nanos;
use pausewake_engine::Notify;

use crate::report::numbers::{count, counted};
use crate::scenario::{Limit, Mode, Pacing, Scenario};

/// Room for the jobs of several runs.
#[derive(Debug)]
pub struct Room {
    most: u64,
    free: Mutex<u64>,
    has_changed: Condvar,
}

/// The room of one run.
pub struct Place<'a> {
    room: &'a Room,
    jobs: u64,
}

impl Room {
    /// Nobody is there yet.
    pub fn new() -> Self {
        let most = MOST_JOBS.min(most_by_fd()).max(1);
        Self {
            most,
            free: Mutex::new(most),
            has_changed: Condvar::new(),
        }
    }

    /// Waits until there is room for all jobs that `scenario` may have. One that needs more than there
    /// is has all of it to itself.
    pub fn take(&self, scenario: &Scenario) -> Place<'_> {
        self.take_jobs(most_jobs(scenario))
    }

    fn take_jobs(&self, jobs: u64) -> Place<'_> {
        let jobs = jobs.min(self.most);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.has_changed.wait_while(free, |free| *free < jobs);
        *free.unwrap_or_else(PoisonError::into_inner) -= jobs;
        Place { room: self, jobs }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // Idle stacks of a thread are stacks, too.
        pausewake_jobs::cleanup_thread();
        let mut free = self
            .room
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *free += self.jobs;
        self.room.has_changed.notify_all();
    }
}

/// Why `scenario` has no room for its jobs, if that is known before it begins: a closed loop has all of them at
/// once, where they do not wait in place.
pub fn too_many_jobs(scenario: &Scenario) -> Option<String> {
    let load = &scenario.load;
    if scenario.mode == Mode::Sync || !matches!(load.pacing, Pacing::Closed { .. }) {
        return None;
    }
    let jobs = match load.limit {
        Limit::Ops(ops) => most_jobs(scenario).min(ops),
        Limit::Duration(_) | Limit::Passes(_) => most_jobs(scenario),
    };
    let most = pausewake_jobs::max_stacks() as u64;
    if jobs > most {
        return Some(format!(
            "{} need a stack each, and the kernel\u{2019}s limit on mappings (vm.max_map_count) has room for {}",
            counted(jobs, "job"),
            count(most)
        ));
    }
    let most = most_by_fd();
    let is_by_fd = scenario.mode == Mode::Async && scenario.engine.notify == Notify::Fd;
    (is_by_fd && jobs > most).then(|| {
        format!(
            "{} that are told by fd need a descriptor each, and the process may have {} for them (ulimit -n)",
            counted(jobs, "job"),
            count(most)
        )
    })
}

/// Jobs that can have a descriptor each, beside what the program has open.
fn most_by_fd() -> u64 {
    let limit = pausewake_engine::raise_fd_limit(MOST_JOBS + OTHER_FDS);
    limit
        .soft
        .map_or(u64::MAX, |soft| soft.saturating_sub(OTHER_FDS))
}

/// Levels of an open loop are arrivals per second, and say nothing of its jobs.
fn most_jobs(scenario: &Scenario) -> u64 {
    let load = &scenario.load;
    match load.pacing {
        Pacing::Closed { jobs } => {
            let levels = load.phases.iter().map(|phase| phase.level);
            let most = levels.fold(f64::from(jobs), f64::max);
            Nanos::from_f64(most).get()
        }
        Pacing::Open { max_jobs, .. } => u64::from(max_jobs),
    }
}

/// Two thirds of what the kernel's default allows, and as many as the largest default of a load.
const MOST_JOBS: u64 = 20_000;
/// Descriptors of reports, queues, loops and threads, with room to spare.
const OTHER_FDS: u64 = 100;

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// As many threads as like, and never more jobs than there is room for.
    #[test]
    fn what_does_not_fit_waits_for_its_turn() {
        let (room, inside) = (Room::new(), AtomicU64::new(0));
        let runs = [30_000, 12_000, 9_000, 9_000, 2_000, 1, 20_000, 15_000];
        std::thread::scope(|scope| {
            for jobs in runs {
                let (room, inside) = (&room, &inside);
                scope.spawn(move || {
                    for _ in 0..50 {
                        let place = room.take_jobs(jobs);
                        let taken = jobs.min(room.most);
                        let others = inside.fetch_add(taken, Ordering::SeqCst);
                        assert!(others + taken <= room.most, "{others} and {taken}");
                        inside.fetch_sub(taken, Ordering::SeqCst);
                        drop(place);
                    }
                });
            }
        });
        assert_eq!(*room.free.lock().expect("nobody panicked"), room.most);
    }
}
