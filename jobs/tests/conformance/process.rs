//! What a process that uses jobs is like afterwards: as before.

use std::panic::{self, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use libc::{SIGBUS, SIGSEGV};
use pausewake_jobs::{Outcome, pause, process_stats, start};

use crate::support::{child, finished, paused, sys};

static HOOK_CALLS: AtomicU32 = AtomicU32::new(0);

/// Handlers and hook are what they were, with several threads that start their first jobs at once.
#[test]
fn signal_handlers_and_panic_hook_are_restored() {
    child::isolated(|| {
        panic::set_hook(Box::new(|_| {
            HOOK_CALLS.fetch_add(1, Ordering::Relaxed);
        }));
        let before = [SIGSEGV, SIGBUS].map(sys::handler_of);
        let begin = Arc::new(Barrier::new(8));
        join_all(8, move |n| {
            begin.wait();
            let job = paused(start(None, move || {
                let _ = pause();
                n
            }));
            assert_eq!(finished(job.resume()), n);
            drop(paused(start(None, pause)));
        });
        assert_eq!([SIGSEGV, SIGBUS].map(sys::handler_of), before);
        assert_eq!(HOOK_CALLS.load(Ordering::Relaxed), 0);
        assert!(catch_unwind(|| panic!("outside a job")).is_err());
        let caught: thread::Result<Result<Outcome<()>, _>> =
            catch_unwind(|| start(None, || panic!("in a job")));
        assert!(caught.is_err());
        assert_eq!(HOOK_CALLS.load(Ordering::Relaxed), 2);
        assert_eq!(process_stats().stacks_alive, 1);
    });
}

/// Handlers that the application set before are back, too.
#[test]
fn own_signal_handlers_are_restored() {
    child::isolated(|| {
        sys::ignore_signal(SIGBUS);
        let before = [SIGSEGV, SIGBUS].map(sys::handler_of);
        assert_ne!(before[0], before[1]);
        finished(start(None, || ()));
        assert_eq!([SIGSEGV, SIGBUS].map(sys::handler_of), before);
    });
}

/// The default hook reports, as it would have.
#[test]
fn default_panic_hook_reports() {
    let output = child::output_of(|| {
        finished(start(None, || ()));
        let _ = catch_unwind(|| panic!("reported by default"));
    });
    if let Some(output) = output {
        assert!(output.status.success());
        assert!(child::text_of(&output).contains("reported by default"));
    }
}

/// A program may end inside a job, with idle and paused ones around.
#[test]
fn exit_inside_a_job() {
    let output = child::output_of(|| {
        finished(start(None, || ()));
        let _paused = paused(start(None, pause));
        let _ = start(None, || std::process::exit(42));
    });
    if let Some(output) = output {
        assert_eq!(
            output.status.code(),
            Some(42),
            "{}",
            child::text_of(&output)
        );
    }
}

/// Eight threads with jobs of their own, and nothing is left in the end.
#[test]
fn threads_leave_no_stacks() {
    child::isolated(|| {
        join_all(8, |_| {
            for _ in 0..50 {
                let jobs: Vec<_> = (0..20).map(|_| paused(start(None, pause))).collect();
                for (n, job) in jobs.into_iter().enumerate() {
                    if n % 3 != 0 {
                        assert!(finished(job.resume()).is_resumed());
                    }
                }
            }
        });
        assert_eq!(process_stats().stacks_alive, 0);
        assert_eq!(process_stats().stack_bytes_alive, 0);
    });
}

/// Runs `f` on so many threads, and waits until they have ended, thread-locals included: that is
/// what joining waits for, and leaving a scope does not.
fn join_all(threads: usize, f: impl Fn(usize) + Clone + Send + 'static) {
    let threads: Vec<_> = (0..threads)
        .map(|n| {
            let f = f.clone();
            thread::spawn(move || f(n))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}
