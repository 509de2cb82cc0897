//! Jobs without engine and device, beside libcrypto's.

use std::hint::black_box;
use std::os::fd::{AsFd, AsRawFd};

use pausewake_jobs::{Job, Outcome, WaitCtx, WaitFd, WaitKey, pause, start};

use super::{Benchmark, Context, PAIRS};
use crate::failure::Failure;
use crate::measure::{interleaved, ns_per_call};
use crate::peers::SwitchPair;
use crate::row::{Reach, Row, Unit};

pub(super) const START_FINISH: Benchmark = Benchmark {
    name: "start-finish",
    about: "a job that returns at once, from a warm pool",
    run: start_finish,
};

pub(super) const START_PAUSE_FINISH: Benchmark = Benchmark {
    name: "start-pause-finish",
    about: "start, pause, resume and finish, from a warm pool",
    run: start_pause_finish,
};

pub(super) const PAUSE_RESUME: Benchmark = Benchmark {
    name: "pause-resume",
    about: "one pause and one resume; and beside a bare switch of the coroutine crate",
    run: pause_resume,
};

pub(super) const WAIT_CTX: Benchmark = Benchmark {
    name: "wait-ctx",
    about: "a wait context: set an fd, get all (how many, then which), clear it",
    run: wait_ctx,
};

fn start_finish(context: &Context) -> Result<Vec<Row>, Failure> {
    let (count, wait_ctx) = (context.effort.count(PAIRS), WaitCtx::new());
    let mut ours = || ns_per_call(count, || finished(start(Some(&wait_ctx), || black_box(1))));
    let rounds = context.beside_libcrypto(ROUNDS, &mut ours, |peer| peer.start_finish_ns(count))?;
    let row = Row::new(START_FINISH.name, Unit::Ns).reaching(Reach::ratio_at_most(1.0 / 4.0));
    Ok(vec![context.row_beside_libcrypto(row, &rounds)])
}

fn start_pause_finish(context: &Context) -> Result<Vec<Row>, Failure> {
    let (count, wait_ctx) = (context.effort.count(PAIRS), WaitCtx::new());
    let mut ours = || {
        ns_per_call(count, || {
            let job = paused(start(Some(&wait_ctx), || {
                let _ = pause();
                black_box(1)
            }))?;
            finished(job.resume())
        })
    };
    let rounds =
        context.beside_libcrypto(ROUNDS, &mut ours, |peer| peer.start_pause_finish_ns(count))?;
    let row = Row::new(START_PAUSE_FINISH.name, Unit::Ns)
        .reaching(Reach::ratio_at_most(1.0 / 2.5).aiming_at(1.0 / 3.0));
    Ok(vec![context.row_beside_libcrypto(row, &rounds)])
}

fn pause_resume(context: &Context) -> Result<Vec<Row>, Failure> {
    let (count, wait_ctx) = (context.effort.count(PAIRS), WaitCtx::new());
    let mut job: Option<Job<()>> = Some(paused(start(Some(&wait_ctx), || {
        loop {
            let _ = pause();
        }
    }))?);
    let mut ours = || {
        ns_per_call(count, || {
            job = job.take().map(|job| paused(job.resume())).transpose()?;
            Ok(())
        })
    };
    let rounds = context.beside_libcrypto_pairs(ROUNDS, &mut ours)?;
    let row = Row::new(PAUSE_RESUME.name, Unit::Ns).reaching(Reach::ratio_at_most(1.0 / 8.0));
    let beside_libcrypto = context.row_beside_libcrypto(row, &rounds);

    let mut switch = SwitchPair::new();
    let rounds = interleaved(
        context.effort.rounds(ROUNDS),
        &mut ours,
        Some(&mut || switch.pairs_ns(count)),
    )?;
    let floor = Row::new("pause-resume/floor", Unit::Ns).with_rounds(&rounds, "generator");
    Ok(vec![beside_libcrypto, floor])
}

fn wait_ctx(context: &Context) -> Result<Vec<Row>, Failure> {
    let (count, wait_ctx) = (context.effort.count(PAIRS), WaitCtx::new());
    let fd = WaitFd::eventfd().map_err(Failure::unavailable)?;
    let number = fd.as_fd().as_raw_fd();
    let mut fds = Vec::with_capacity(4);
    let mut ours = || {
        ns_per_call(count, || {
            wait_ctx.set_wait_fd(KEY, fd.clone(), None);
            fds.clear();
            let is_one = black_box(wait_ctx.fd_count()) == 1;
            // As numbers, which is what libcrypto gives.
            wait_ctx.raw_fds_into(&mut fds);
            if !is_one || fds.len() != 1 || !wait_ctx.clear_fd(KEY) {
                return Err(Failure::check("the wait context lost an fd"));
            }
            Ok(())
        })
    };
    let rounds = context.beside_libcrypto(ROUNDS, &mut ours, |peer| {
        let ns = peer.wait_ctx_cycle_ns(number, count)?;
        if peer.changed_fds()? != (0, 0) {
            return Err(Failure::check("libcrypto reports changes that cancel out"));
        }
        Ok(ns)
    })?;
    let row = Row::new(WAIT_CTX.name, Unit::Ns).reaching(Reach::ratio_at_most(1.0));
    Ok(vec![context.row_beside_libcrypto(row, &rounds)])
}

#[inline(always)]
fn paused<T, E: std::fmt::Debug>(outcome: Result<Outcome<T>, E>) -> Result<Job<T>, Failure> {
    match outcome {
        Ok(Outcome::Paused(job)) => Ok(job),
        Ok(Outcome::Finished(_)) => Err(Failure::check("a job finished in place of a pause")),
        Err(error) => Err(Failure::check(format!("{error:?}"))),
    }
}

#[inline(always)]
fn finished<E: std::fmt::Debug>(outcome: Result<Outcome<i32>, E>) -> Result<(), Failure> {
    match outcome {
        Ok(Outcome::Finished(1)) => Ok(()),
        Ok(_) => Err(Failure::check("a job did not finish with its value")),
        Err(error) => Err(Failure::check(format!("{error:?}"))),
    }
}

const KEY: WaitKey = WaitKey(1);
/// Of about half a millisecond.
const ROUNDS: usize = 201;
