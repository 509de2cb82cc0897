//! What a run needs of what the kernel lets a process have: each job a stack, of which the limit on mappings allows
//! so many, one that is told by fd a descriptor, and each thread some for its queue pair and its loop.

use pausewake_device::Nanos;
use pausewake_engine::Notify;

use crate::report::numbers::{count, counted};
use crate::scenario::{Clock, Limit, Mode, Pacing, Scenario};

/// Stacks and descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Stacks of jobs.
    pub stacks: u64,
    /// Descriptors of jobs and threads.
    pub fds: u64,
}

impl Need {
    /// What `scenario` needs at most.
    pub fn of(scenario: &Scenario) -> Self {
        let load = &scenario.load;
        let stacks = match load.limit {
            Limit::Ops(ops) => most_jobs(scenario).min(ops),
            Limit::Duration(_) | Limit::Passes(_) => most_jobs(scenario),
        };
        let of_jobs = if is_by_fd(scenario) { stacks } else { 0 };
        Self {
            stacks,
            fds: of_jobs + FDS_OF_A_THREAD * u64::from(load.threads),
        }
    }
}

/// Why `scenario` has no room for its jobs, and what would help, if that is known before it begins: of a closed
/// loop, which has all of them at once. An open loop may never need as many as it may have; by the wall clock
/// it is tried, but what virtual time tells must not depend on what the machine allows.
pub fn too_many_jobs(scenario: &Scenario) -> Option<String> {
    let is_open = matches!(scenario.load.pacing, Pacing::Open { .. });
    if scenario.mode == Mode::Sync || (is_open && scenario.clock == Clock::Wall) {
        return None;
    }
    let Need { stacks, fds } = Need::of(scenario);
    let most = pausewake_jobs::max_stacks() as u64;
    if stacks > most {
        return Some(format!(
            "{} need a stack each, and the kernel\u{2019}s limit on mappings (vm.max_map_count) has room for \
             {}\n  accepted: fewer jobs (--jobs), or a higher limit (sysctl vm.max_map_count)",
            counted(stacks, "job"),
            count(most)
        ));
    }
    let most = most_fds();
    (is_by_fd(scenario) && fds > most).then(|| {
        format!(
            "{} told by fd, with a descriptor each, and their threads need {} descriptors, where the process may \
             have {} for them ({OTHER_FDS} are kept for the program)\n  accepted: fewer jobs (--jobs), another \
             --notify, or a higher limit (ulimit -Hn)",
            counted(stacks, "job"),
            count(fds),
            count(most)
        )
    })
}

/// Whether each job has a descriptor.
fn is_by_fd(scenario: &Scenario) -> bool {
    scenario.mode == Mode::Async && scenario.engine.notify == Notify::Fd
}

/// Descriptors that runs can have, beside what the program has open.
pub fn most_fds() -> u64 {
    let limit = pausewake_engine::raise_fd_limit(u64::MAX - 1);
    limit
        .soft
        .map_or(u64::MAX, |soft| soft.saturating_sub(OTHER_FDS))
}

/// Jobs of one thread that can have a descriptor each.
pub fn most_by_fd() -> u64 {
    most_fds().saturating_sub(FDS_OF_A_THREAD)
}

/// Jobs that `scenario` may have at once. Levels of an open loop are arrivals per second, and say nothing
/// of them.
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

/// Descriptors of the program and of reports, with room to spare.
const OTHER_FDS: u64 = 100;
/// Of its queue pair, its loop and its timers: five, and one to spare.
const FDS_OF_A_THREAD: u64 = 6;
