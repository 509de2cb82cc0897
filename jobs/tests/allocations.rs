//! That the life of a pooled job allocates nothing: counted by an allocator of this test's own.

use allocation_counter::measure;
use pausewake_jobs::{Outcome, WaitCtx, pause, start};

#[test]
fn pooled_life_allocates_nothing() {
    let wait_ctx = WaitCtx::new();
    // The stack.
    assert_eq!(life(None, 1), 101);
    for wait_ctx in [None, Some(&wait_ctx)] {
        let counted = measure(|| {
            for n in 0..1_000 {
                assert_eq!(life(wait_ctx, n), n + 100);
            }
        });
        assert_eq!((counted.count_total, counted.bytes_total), (0, 0));
    }
}

#[test]
fn start_that_finishes_allocates_nothing() {
    assert!(start(None, || ()).is_ok());
    let counted = measure(|| {
        let big = [7_u64; 1_000];
        let outcome = start(None, move || big);
        assert!(matches!(outcome, Ok(Outcome::Finished([7, ..]))));
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn cancelling_allocates_what_unwinding_does() {
    assert_eq!(life(None, 1), 101);
    let counted = measure(|| {
        let outcome = start(None, pause);
        drop(outcome);
    });
    assert_eq!(counted.count_current, 0);
}

/// What is measured counts something: an allocation in a job is seen.
#[test]
fn allocation_in_a_job_is_counted() {
    assert_eq!(life(None, 1), 101);
    let counted = measure(|| {
        let outcome = start(None, || std::hint::black_box(Box::new(5)));
        assert!(outcome.is_ok());
    });
    assert_eq!((counted.count_total, counted.count_current), (1, 0));
}

fn life(wait_ctx: Option<&WaitCtx>, n: u64) -> u64 {
    let outcome = start(wait_ctx, move || {
        let _ = pause();
        n + 100
    });
    let Ok(Outcome::Paused(job)) = outcome else {
        panic!("it pauses")
    };
    let Ok(Outcome::Finished(result)) = job.resume() else {
        panic!("it finishes")
    };
    result
}
