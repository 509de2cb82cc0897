//! What happens where the system has no room for another stack: an error, with a hint.

use pausewake_jobs::{
    InitError, Job, Pause, StackAllocationCause, StackAllocationError, StartReason, ThreadConfig,
    cleanup_thread, init_thread, pause, process_stats, start, thread_stats,
};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::support::{child, finished, paused, sys};

/// Point 5: no memory for a stack. (`RLIMIT_AS`.)
#[test]
fn point_05_address_space_limit_is_an_error() {
    child::isolated(|| {
        limit(Resource::As, sys::address_space_bytes() + (64 << 20));
        let (jobs, error) = start_until_error();
        assert!(
            matches!(error.cause, StackAllocationCause::Mapping { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("ulimit -v"), "{error}");
        assert!(jobs.len() > 100, "{} jobs", jobs.len());
        assert_eq!(error.stacks_alive, jobs.len());
        // The rest of the program still has memory, and the jobs work.
        assert_eq!(vec![1_u8; 256 * 1024].len(), 256 * 1024);
        let count = jobs.len();
        end_all(jobs);
        assert_eq!(
            (thread_stats().pooled, thread_stats().handed_out),
            (count, 0)
        );
        assert_eq!(finished(start(None, || 1)), 1);
    });
}

/// The first start of all fails in the same way, and one that has more room succeeds.
#[test]
fn point_05_first_start_without_memory() {
    child::isolated(|| {
        let used = sys::address_space_bytes();
        // Not enough for a stack with some room to spare.
        limit(Resource::As, used + (512 << 10));
        let error = start(None, || 1).unwrap_err();
        let StartReason::StackAllocation(cause) = error.reason() else {
            panic!("{error}")
        };
        assert_eq!(
            cause.cause,
            StackAllocationCause::Mapping {
                errno: libc::ENOMEM
            }
        );
        // Enough for that, but not for the helper thread.
        limit(Resource::As, used + (1536 << 10));
        let error = start(None, error.into_inner()).unwrap_err();
        let StartReason::StackAllocation(cause) = error.reason() else {
            panic!("{error}")
        };
        assert!(
            matches!(cause.cause, StackAllocationCause::WarmUp { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("ulimit -u"), "{error}");
        assert_eq!(process_stats().stacks_alive, 0);
        limit(Resource::As, used + (1 << 30));
        assert_eq!(finished(start(None, error.into_inner())), 1);
    });
}

/// `vm.max_map_count`, used up by somebody else.
#[test]
fn point_05_no_mappings_left_is_an_error() {
    child::isolated(|| {
        finished(start(None, || ()));
        let taken = sys::take_all_mappings();
        let job = paused(start(None, pause));
        let error = start(None, || 2).unwrap_err();
        let StartReason::StackAllocation(cause) = error.reason() else {
            panic!("{error}")
        };
        let enomem = StackAllocationCause::Mapping {
            errno: libc::ENOMEM,
        };
        assert_eq!(cause.cause, enomem);
        assert!(finished(job.resume()).is_resumed());
        drop(taken);
        assert_eq!(finished(start(None, error.into_inner())), 2);
    });
}

/// `vm.max_map_count`, by our own stacks: the budget says no before the kernel does.
#[test]
fn point_05_stacks_beyond_the_budget_are_an_error() {
    child::isolated(|| {
        let max_map_count = sys::max_map_count();
        if max_map_count > 70_000 {
            println!(
                "not the kernel's default, but {max_map_count}: that many would take too long"
            );
            return;
        }
        ThreadConfig::new()
            .stack_size_bytes(16 * 1024)
            .init()
            .unwrap();
        let (jobs, error) = start_until_error();
        let stacks_max = jobs.len();
        assert_eq!(
            error.cause,
            StackAllocationCause::MapCount {
                max_map_count,
                stacks_max
            }
        );
        assert!(error.to_string().contains("vm.max_map_count"), "{error}");
        assert!(stacks_max * 2 < max_map_count);
        end_all(jobs);
        cleanup_thread();
        assert_eq!(process_stats().stacks_alive, 0);
    });
}

/// A stack larger than threads may have.
#[test]
fn point_05_stack_limit_is_an_error() {
    child::isolated(|| {
        limit(Resource::Stack, 1 << 20);
        ThreadConfig::new()
            .stack_size_bytes(2 << 20)
            .init()
            .unwrap();
        let error = start(None, || 1).unwrap_err();
        let StartReason::StackAllocation(cause) = error.reason() else {
            panic!("{error}")
        };
        assert_eq!(
            cause.cause,
            StackAllocationCause::StackLimit {
                limit_bytes: 1 << 20
            }
        );
        assert!(error.to_string().contains("ulimit -Hs"), "{error}");
        cleanup_thread();
        assert_eq!(finished(start(None, error.into_inner())), 1);
    });
}

/// Point 15: a pool that cannot be filled in advance is a pool all the same.
#[test]
fn point_15_failure_to_fill_the_pool_is_not_fatal() {
    child::isolated(|| {
        limit(Resource::As, sys::address_space_bytes() + (64 << 20));
        assert_eq!(init_thread(10_000, 10_000), Ok(()));
        let pooled = thread_stats().pooled;
        assert!((100..10_000).contains(&pooled), "{pooled}");
        assert_eq!(init_thread(1, 1), Err(InitError::AlreadyInitialised));
        assert_eq!(finished(start(None, || 1)), 1);
    });
}

fn limit(resource: Resource, bytes: u64) {
    setrlimit(
        resource,
        Rlimit {
            current: Some(bytes),
            maximum: match resource {
                // To be raised again.
                Resource::As => None,
                _ => Some(bytes),
            },
        },
    )
    .unwrap();
}

fn start_until_error() -> (Vec<Job<Pause>>, StackAllocationError) {
    // Beforehand, because there may be no room for it later.
    let mut jobs = Vec::with_capacity(40_000);
    loop {
        match start(None, pause) {
            Ok(outcome) => jobs.push(outcome.paused().expect("it pauses")),
            Err(error) => match error.reason() {
                StartReason::StackAllocation(error) => return (jobs, error),
                other => panic!("{other}"),
            },
        }
        assert!(jobs.len() < 40_000, "no limit met");
    }
}

fn end_all(jobs: Vec<Job<Pause>>) {
    for job in jobs {
        assert!(finished(job.resume()).is_resumed());
    }
}
