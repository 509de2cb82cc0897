//! What a job costs on this machine, beside what its coroutine crate alone costs.
//!
//! Run it with `cargo run --release -p pausewake-jobs --example switch_cost`. The figures of one
//! run may be compared with each other, but not with those of another run or machine.

#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::hint::black_box;
use std::time::Instant;

use generator::Gn;
use pausewake_jobs::{Job, Outcome, WaitCtx, WaitFd, WaitKey, pause, start};

const ROUNDS: usize = 201;
const REPEATS: u32 = 10_000;

fn main() {
    println!("medians of {ROUNDS} rounds of {REPEATS}, in nanoseconds");
    let mut bare = Gn::<()>::new_scoped_opt_local(8192, |mut scope| {
        loop {
            scope.yield_with(());
        }
    });
    bare.resume();
    report("bare generator, switch in and out", || {
        bare.resume();
    });
    // It has no end, and dropping it unfinished would swap the panic hook.
    std::mem::forget(bare);

    report("start, finish", || {
        let outcome = start(None, || black_box(7_u64));
        black_box(finished(outcome));
    });
    report("start, pause, resume, finish", || {
        let job = paused(start(None, || {
            let _ = pause();
            black_box(7_u64)
        }));
        black_box(finished(job.resume()));
    });
    let wait_ctx = WaitCtx::new();
    report("the same with a wait context", || {
        let job = paused(start(Some(&wait_ctx), || {
            let _ = pause();
            black_box(7_u64)
        }));
        black_box(finished(job.resume()));
    });
    let mut looping = Some(paused(start(None, || {
        loop {
            let _ = pause();
        }
    })));
    report("resume, pause", || {
        looping = looping.take().map(|job: Job<()>| paused(job.resume()));
    });
    let fd = WaitFd::eventfd().expect("an eventfd");
    let mut fds = Vec::with_capacity(4);
    report("set_wait_fd, all_fds twice, clear_fd", || {
        wait_ctx.set_wait_fd(WaitKey(1), fd.clone(), None);
        wait_ctx.all_fds_into(&mut fds);
        fds.clear();
        wait_ctx.all_fds_into(&mut fds);
        fds.clear();
        wait_ctx.clear_fd(WaitKey(1));
    });
    report_crowds();
}

/// Whole lives with many jobs paused at once: what caches make of it.
fn report_crowds() {
    for crowd in [1_000_u32, 10_000] {
        let mut jobs = Vec::with_capacity(crowd as usize);
        let mut rounds: Vec<f64> = (0..11)
            .map(|_| {
                let begin = Instant::now();
                jobs.extend((0..crowd).map(|n| {
                    paused(start(None, move || {
                        let _ = pause();
                        n
                    }))
                }));
                for job in jobs.drain(..) {
                    black_box(finished(job.resume()));
                }
                begin.elapsed().as_secs_f64() * 1e9 / f64::from(crowd)
            })
            .collect();
        println!(
            "{:8.1}  whole life, {crowd} paused at once",
            median(&mut rounds)
        );
    }
}

#[inline(always)]
fn report(what: &str, mut f: impl FnMut()) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            for _ in 0..REPEATS {
                f();
            }
            begin.elapsed().as_secs_f64() * 1e9 / f64::from(REPEATS)
        })
        .collect();
    println!("{:8.1}  {what}", median(&mut rounds));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[inline(always)]
fn paused<T, E: std::fmt::Debug>(outcome: Result<Outcome<T>, E>) -> Job<T> {
    outcome.expect("it runs").paused().expect("it pauses")
}

#[inline(always)]
fn finished<T, E: std::fmt::Debug>(outcome: Result<Outcome<T>, E>) -> T {
    outcome.expect("it runs").finished().expect("it finishes")
}
