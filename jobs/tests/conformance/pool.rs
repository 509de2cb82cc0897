//! Points 15 to 20.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use libc::{SIGABRT, SIGSEGV};
use pausewake_jobs::{
    InitError, Job, StackSizeError, StartReason, ThreadConfig, cleanup_thread,
    default_stack_size_bytes, init_thread, is_capable, pause, process_stats,
    set_default_stack_size_bytes, start, thread_stats,
};

use crate::support::{child, finished, paused, sys};

/// More jobs in advance than may ever be are refused, also where 0 says 'no limit'.
#[test]
fn point_15_init_sizes() {
    assert!(is_capable());
    let refused = |max_size, init_size| {
        assert_eq!(
            init_thread(max_size, init_size),
            Err(InitError::InvalidPoolSize {
                max_size,
                init_size
            })
        );
        assert!(!thread_stats().initialised);
    };
    refused(0, 1);
    refused(3, 4);
    init_thread(4, 3).unwrap();
    assert_eq!((thread_stats().pooled, thread_stats().max_size), (3, 4));
}

/// The first use makes a pool without a limit.
#[test]
fn point_15_first_use_makes_an_unlimited_pool() {
    assert!(!thread_stats().initialised);
    let jobs: Vec<_> = (0..40).map(stays).collect();
    let stats = thread_stats();
    assert!(stats.initialised);
    assert_eq!((stats.max_size, stats.handed_out), (0, 40));
    drop(jobs);
    assert_eq!(thread_stats().pooled, 40);
}

/// Last in, first out; the limit counts jobs handed out and pooled; the pool never shrinks.
#[test]
fn point_16_pool_is_last_in_first_out() {
    init_thread(3, 0).unwrap();
    let [(a, stack_a), (b, stack_b), (c, stack_c)] = [0, 1, 2].map(stays_where);
    for job in [a, c, b] {
        finished(paused(job.resume()).resume());
    }
    let next = [(); 3].map(|()| stays_where(9));
    assert_eq!(
        next.each_ref().map(|(_, stack)| *stack),
        [stack_b, stack_c, stack_a]
    );
    let error = start(None, || ()).unwrap_err();
    assert_eq!(error.reason(), StartReason::NoJobs { max_size: 3 });
    drop(next);
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (3, 0));
}

/// A stack that runs out ends the process by a signal.
#[test]
fn point_17_stack_exhaustion_hits_the_guard_page() {
    use std::os::unix::process::ExitStatusExt;
    let output = child::output_of(|| {
        let _ = start(None, || recurse(u64::MAX));
        println!("survived");
    });
    if let Some(output) = output {
        let signal = output.status.signal();
        assert!(
            matches!(signal, Some(SIGSEGV | SIGABRT)),
            "{}",
            child::text_of(&output)
        );
        assert!(!child::text_of(&output).contains("survived"));
    }
}

/// The stack has the size that was asked for, and all of it can be used.
#[test]
fn point_17_stack_size() {
    assert_eq!(default_stack_size_bytes(), 64 * 1024);
    let refused = StackSizeError {
        size_bytes: 100,
        min_bytes: 16 * 1024,
        max_bytes: 1 << 30,
    };
    assert_eq!(set_default_stack_size_bytes(100), Err(refused));
    let config = ThreadConfig::new().stack_size_bytes(100);
    assert_eq!(config.init(), Err(InitError::StackSize(refused)));
    child::isolated(|| {
        assert_eq!(set_default_stack_size_bytes(100_000), Ok(64 * 1024));
        finished(start(None, || use_stack(95_000)));
        let whole_pages = 100_000_usize.next_multiple_of(rustix::param::page_size());
        assert_eq!(process_stats().stack_bytes_alive, whole_pages);
        cleanup_thread();
        ThreadConfig::new()
            .stack_size_bytes(1 << 20)
            .init()
            .unwrap();
        finished(start(None, || use_stack(1_040_000)));
        assert_eq!(process_stats().stack_bytes_alive, 1 << 20);
        cleanup_thread();
        // Down to the very last word, which must not upset the end of the stack.
        ThreadConfig::new()
            .stack_size_bytes(64 * 1024)
            .init()
            .unwrap();
        finished(start(None, || sys::overwrite_lowest_word(64 * 1024)));
        cleanup_thread();
        assert_eq!(process_stats().stacks_alive, 0);
    });
}

/// A second `init_thread` is refused, and leaves the first pool alone.
#[test]
fn point_18_second_init_is_an_error() {
    init_thread(2, 2).unwrap();
    assert_eq!(init_thread(5, 5), Err(InitError::AlreadyInitialised));
    let stats = thread_stats();
    assert_eq!((stats.pooled, stats.max_size), (2, 2));
    cleanup_thread();
    assert_eq!(finished(start(None, || 1)), 1);
    // By first use.
    assert_eq!(init_thread(5, 5), Err(InitError::AlreadyInitialised));
}

/// `cleanup_thread` may come at any time, and any number of times; paused jobs stay valid,
/// and nothing of theirs is left when they end.
#[test]
fn point_19_cleanup_is_idempotent_and_leaks_nothing() {
    child::isolated(|| {
        cleanup_thread();
        cleanup_thread();
        init_thread(2, 2).unwrap();
        let outstanding = stays(7);
        cleanup_thread();
        cleanup_thread();
        let stats = thread_stats();
        assert_eq!((stats.pooled, stats.handed_out, stats.orphaned), (0, 0, 1));
        // A fresh pool, without the old limit.
        let fresh = [0, 1, 2, 3].map(stays);
        assert_eq!((thread_stats().max_size, thread_stats().handed_out), (0, 4));
        assert_eq!(process_stats().stacks_alive, 5);
        assert_eq!(finished(paused(outstanding.resume()).resume()), 7);
        assert_eq!(process_stats().stacks_alive, 4);
        assert_eq!(thread_stats().orphaned, 0);
        drop(fresh);
        cleanup_thread();
        assert_eq!(process_stats().stacks_alive, 0);
    });
}

/// In a job, too: its own stack goes when it ends.
#[test]
fn point_19_cleanup_inside_a_job() {
    child::isolated(|| {
        let job = paused(start(None, || {
            cleanup_thread();
            let _ = pause();
            cleanup_thread();
            3
        }));
        assert_eq!(finished(job.resume()), 3);
        assert_eq!(process_stats().stacks_alive, 0);
    });
}

thread_local! {
    static KEPT: RefCell<Option<Job<u32>>> = const { RefCell::new(None) };
}

/// The end of a thread frees its idle stacks, and those of jobs that its thread-locals drop,
/// whichever goes first.
#[test]
fn point_19_thread_exit_cleans_up() {
    child::isolated(|| {
        for kept_before_pool in [false, true] {
            let thread = std::thread::spawn(move || {
                if kept_before_pool {
                    // The order in which destructors are registered decides who goes first.
                    KEPT.with(|_| ());
                }
                drop([(); 3].map(|()| stays(1)));
                assert_eq!(thread_stats().pooled, 3);
                KEPT.with(|slot| *slot.borrow_mut() = Some(stays(2)));
            });
            thread.join().unwrap();
            assert_eq!(process_stats().stacks_alive, 0);
        }
    });
}

/// A job started by a thread-local's destructor, after the pool went, is freed when it ends.
#[test]
fn point_19_jobs_after_the_pool_is_gone() {
    struct StartsLate;
    impl Drop for StartsLate {
        fn drop(&mut self) {
            assert_eq!(finished(paused(stays(4).resume()).resume()), 4);
        }
    }
    thread_local! {
        static LATE: StartsLate = const { StartsLate };
    }
    child::isolated(|| {
        let thread = std::thread::spawn(|| {
            LATE.with(|_| ());
            finished(start(None, || ()));
        });
        thread.join().unwrap();
        assert_eq!(process_stats().stacks_alive, 0);
    });
}

/// After a fork, the child can resume the jobs that it inherited, and so can the parent.
#[test]
fn point_20_forked_child_resumes_inherited_jobs() {
    child::isolated(|| {
        let mut jobs = Some([5, 6].map(stays));
        let mut end_all = || {
            let jobs = jobs.take().expect("once per process");
            let ends = jobs.map(|job| finished(paused(job.resume()).resume()));
            let started = finished(start(None, || 7));
            ends == [5, 6] && started == 7
        };
        let status = sys::fork_and_wait(|| if end_all() { 42 } else { 1 });
        assert!(libc::WIFEXITED(status));
        assert_eq!(libc::WEXITSTATUS(status), 42);
        assert!(end_all());
    });
}

/// A job that pauses twice, and then gives `value`.
fn stays(value: u32) -> Job<u32> {
    stays_where(value).0
}

/// The same, and where its stack is.
fn stays_where(value: u32) -> (Job<u32>, usize) {
    let stack = Rc::new(Cell::new(0));
    let seen = Rc::clone(&stack);
    let job = paused(start(None, move || {
        let here = 0_u8;
        seen.set((&raw const here).addr());
        let _ = pause();
        let _ = pause();
        value
    }));
    (job, stack.get())
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == 0 {
        frame[0]
    } else {
        recurse(depth - 1) + frame[1]
    }
}

/// Uses that much of the stack, in small frames.
fn use_stack(bytes: usize) {
    #[inline(never)]
    fn descend(to: usize) {
        let frame = std::hint::black_box([1_u8; 128]);
        if frame.as_ptr().addr() > to {
            descend(to);
        }
        std::hint::black_box(frame);
    }
    let here = 0_u8;
    descend((&raw const here).addr() - bytes);
}
