//! `[load]`: closed or open loop, how many threads, how long, and which results are verified.

use pausewake_device::Nanos;
use pausewake_device::model::ServiceTime;

use super::service::service_time;
use super::work::goes_through_file;
use super::{Around, Problems, phases, what, work};
use crate::scenario::diagnostic::Problem;
use crate::scenario::file::{ArrivalName, Clock, Compute, File, LoadSection, Think, Verified};
use crate::scenario::source::Span;
use crate::scenario::spanned::Spanned;
use crate::scenario::{Arrival, Limit, Load, Mode, Pacing, Phase, Verify};

/// Checks the load; `None` when too much is wrong to say what it is.
pub fn check(file: &File, around: &Around<'_>, problems: &mut Problems) -> Option<Load> {
    let before = problems.0.len();
    let section = file.load.get_ref();
    let pacing = pacing(file, problems);
    let phases = pacing.map_or(Vec::new(), |pacing| phases::check(file, pacing, problems));
    let limit = limit(file, &phases, problems);
    if let (Some(pacing), Some(limit)) = (pacing, limit) {
        arrivals_end(section, pacing, limit, problems);
    }
    let payload = work::payload(section, around, problems);
    let mix = work::check(&file.load, payload.as_deref(), around, problems);
    let warmup = warmup(section, problems);
    let threads = threads(file, pacing, problems);
    let think = section.think.as_ref().map(|time| think(time, problems));
    let verify = limit.and_then(|limit| verify(file, limit, problems));
    if problems.0.len() > before {
        return None;
    }
    Some(Load {
        pacing: pacing?,
        warmup,
        phases,
        payload,
        limit: limit?,
        mix: mix?,
        threads,
        think,
        ops_per_job: section
            .ops_per_job
            .as_ref()
            .map_or(1, |ops| ops.get_ref().get()),
        verify: verify?,
    })
}

/// Each thread needs a job.
fn threads(file: &File, pacing: Option<Pacing>, problems: &mut Problems) -> u32 {
    let Some(section) = &file.load.get_ref().threads else {
        return 1;
    };
    let threads = section.get_ref().get();
    match pacing {
        _ if threads > MOST_THREADS => {
            let wrong = format!("{threads} threads are more than this program starts");
            problems.add(section.span(), wrong, format!("1 to {MOST_THREADS}"));
        }
        Some(pacing) if pacing.jobs() < threads => {
            let jobs = pacing.jobs();
            let wrong = format!("{threads} threads share {jobs} jobs: some would have none");
            problems.add(
                section.span(),
                wrong,
                format!("at most {jobs}, or more jobs"),
            );
        }
        _ if threads > 1 && waits_in_place(file) && *file.clock.get_ref() == Clock::Virtual => {
            let wrong = "under virtual time a thread that waits in place would hold the others";
            let accepted =
                "mode = \"async\" with one job for each thread, which waits as they would";
            problems.add(section.span(), wrong, accepted);
        }
        _ => {}
    }
    threads
}

fn waits_in_place(file: &File) -> bool {
    let mode = file.engine.mode.as_ref().map(Spanned::get_ref);
    mode == Some(&Mode::Sync)
}

fn think(think: &Spanned<Think>, problems: &mut Problems) -> ServiceTime {
    match think.get_ref() {
        Think::Always(time) => ServiceTime::constant(time.0),
        Think::Drawn(law) => {
            if law.per_byte.is_some() {
                let wrong = "per_byte does not belong to a think time";
                problems.add(think.span(), wrong, "distribution, base, spread, deviation");
            }
            service_time(think.span(), law, problems)
        }
    }
}

/// What is verified: what the scenario says, what it expects, or as much as does not disturb.
fn verify(file: &File, limit: Limit, problems: &mut Problems) -> Option<Verify> {
    let section = file.load.get_ref();
    let without_results = file
        .device
        .compute
        .as_ref()
        .is_some_and(|compute| *compute.get_ref() == Compute::None);
    if let Some(verify) = &section.verify {
        if without_results && *verify.get_ref() != Verify::None {
            let wrong = "with compute = \"none\" there are no results to verify";
            let accepted = "compute = \"real\" or \"cached\", or verify = \"none\"";
            problems.add(verify.span(), wrong, accepted);
        }
        return Some(*verify.get_ref());
    }
    let expects_all = file
        .expect
        .verified
        .as_ref()
        .is_some_and(|verified| *verified.get_ref() == Verified::All);
    let is_short = match limit {
        Limit::Ops(ops) => ops <= SHORT_RUN_OPS,
        Limit::Duration(duration) => duration <= SHORT_RUN_NS,
        Limit::Passes(_) => true,
    };
    let is_virtual = *file.clock.get_ref() == Clock::Virtual;
    Some(if is_virtual || expects_all || is_short {
        Verify::All
    } else {
        Verify::OneOf(SAMPLE)
    })
}

fn pacing(file: &File, problems: &mut Problems) -> Option<Pacing> {
    let section = file.load.get_ref();
    let jobs = section.jobs.as_ref().map(|jobs| jobs.get_ref().get());
    let Some(rate) = &section.rate else {
        for (name, span) in of_open_loops(section) {
            let Some(span) = span else { continue };
            let wrong = format!("{name} belongs to an open loop, and this one is closed");
            problems.add(span, wrong, "rate = \"8000/s\" beside it, for example");
        }
        if jobs.is_none() {
            let wrong = "the load says neither jobs nor rate";
            problems.add(what(file), wrong, PACINGS);
        }
        return jobs.map(|jobs| Pacing::Closed { jobs });
    };
    for (name, span) in [
        ("think", section.think.as_ref().map(Spanned::span)),
        (
            "ops_per_job",
            section.ops_per_job.as_ref().map(Spanned::span),
        ),
    ] {
        let Some(span) = span else { continue };
        let wrong = format!("{name} belongs to a closed loop, and this one is open");
        let problem = Problem::at(span, wrong, "jobs without a rate");
        problems.0.push(problem.related(rate.span(), "the rate"));
    }
    let late_after = section.late_after.as_ref();
    let backlog = section.backlog.as_ref();
    if let (Some(backlog), None) = (backlog, jobs) {
        let wrong = format!(
            "backlog is what may wait for a job, and without jobs there are {OPEN_LOOP_JOBS}"
        );
        problems.add(backlog.span(), wrong, "jobs = 64 beside it, for example");
    }
    Some(Pacing::Open {
        rate_per_s: rate.get_ref().per_second(),
        arrival: arrival(section, problems),
        max_jobs: jobs.unwrap_or(OPEN_LOOP_JOBS),
        max_backlog: backlog.map_or(BACKLOG, |backlog| backlog.get_ref().get()),
        late_after: late_after.map_or(LATE_AFTER, |time| time.get_ref().0),
    })
}

/// Entries that a closed loop has not.
fn of_open_loops(section: &LoadSection) -> [(&'static str, Option<Span>); 4] {
    [
        ("arrival", section.arrival.as_ref().map(Spanned::span)),
        ("burst", section.burst.as_ref().map(Spanned::span)),
        ("backlog", section.backlog.as_ref().map(Spanned::span)),
        ("late_after", section.late_after.as_ref().map(Spanned::span)),
    ]
}

fn arrival(section: &LoadSection, problems: &mut Problems) -> Arrival {
    let name = section.arrival.as_ref().map(|name| *name.get_ref());
    let burst = section.burst.as_ref();
    match (name, burst) {
        (Some(ArrivalName::Burst), burst) => {
            Arrival::Burst(burst.map_or(BURST, |size| size.get_ref().get()))
        }
        (name, burst) => {
            if let Some(burst) = burst {
                let wrong = "burst belongs to arrivals in bursts";
                problems.add(burst.span(), wrong, "arrival = \"burst\" beside it");
            }
            match name {
                Some(ArrivalName::Constant) => Arrival::Constant,
                _ => Arrival::Poisson,
            }
        }
    }
}

/// What goes through a file once has nothing to warm up with.
fn warmup(section: &LoadSection, problems: &mut Problems) -> Nanos {
    let Some(warmup) = &section.warmup else {
        return Nanos::ZERO;
    };
    if goes_through_file(section) {
        let wrong = "seal-open goes through its file, and all of it counts";
        problems.add(warmup.span(), wrong, "no warmup");
    }
    warmup.get_ref().0
}

fn limit(file: &File, phases: &[Phase], problems: &mut Problems) -> Option<Limit> {
    let section = file.load.get_ref();
    let ops = section.ops.as_ref().map(Spanned::span);
    let duration = section.duration.as_ref().map(Spanned::span);
    let passes = section.passes.as_ref().map(Spanned::span);
    if let Some(phase) = section.phase.first() {
        for span in [ops, duration, passes].into_iter().flatten() {
            let wrong = "the phases say how long it takes; ops, duration and passes do not apply";
            let problem = Problem::at(span, wrong, "one of the two");
            problems.0.push(problem.related(phase.span(), "the phases"));
        }
        let durations = phases.iter().map(|phase| phase.duration);
        return Some(Limit::Duration(
            durations.fold(Nanos::ZERO, |sum, it| sum + it),
        ));
    }
    if goes_through_file(section) {
        for span in [ops, duration].into_iter().flatten() {
            let wrong = "seal-open goes through its file; ops and duration do not apply";
            problems.add(span, wrong, "passes = 1, for example");
        }
        return Some(Limit::Passes(
            section
                .passes
                .as_ref()
                .map_or(1, |passes| passes.get_ref().get()),
        ));
    }
    if passes.is_some() {
        return None;
    }
    match (&section.ops, &section.duration) {
        (Some(ops), Some(duration)) => {
            let accepted = "one of them (--set load.ops= takes an entry out)";
            problems.0.push(
                Problem::at(
                    duration.span(),
                    "the load says both ops and duration",
                    accepted,
                )
                .related(ops.span(), "the other one"),
            );
            None
        }
        (Some(ops), None) => Some(Limit::Ops(u64::from(ops.get_ref().get()))),
        (None, Some(duration)) if duration.get_ref().0.get() == 0 => {
            problems.add(duration.span(), "a duration of zero", "a longer one");
            None
        }
        (None, Some(duration)) => Some(Limit::Duration(duration.get_ref().0)),
        (None, None) => {
            let wrong = "the load says neither ops nor duration";
            problems.add(what(file), wrong, "ops = 20000 or duration = \"10s\"");
            None
        }
    }
}

/// The last arrival must come before the clock, which counts nanoseconds, stands still.
fn arrivals_end(section: &LoadSection, pacing: Pacing, limit: Limit, problems: &mut Problems) {
    let (Pacing::Open { rate_per_s, .. }, Limit::Ops(ops), Some(rate)) =
        (pacing, limit, &section.rate)
    else {
        return;
    };
    #[expect(clippy::cast_precision_loss, reason = "compared with a round figure")]
    let least = ops as f64 / LONGEST_RUN_S;
    if rate_per_s < least {
        let wrong = format!("at this rate, {ops} arrivals take longer than the clock can count");
        let accepted = format!("at least {least}/s, fewer ops, or a duration instead of ops");
        problems.add(rate.span(), wrong, accepted);
    }
}

/// More than machines have CPUs.
const MOST_THREADS: u32 = 256;
/// Of a run with more ops under the wall clock, a sample is verified.
const SHORT_RUN_OPS: u64 = 20_000;
/// The same for a run that ends by time.
const SHORT_RUN_NS: Nanos = Nanos::from_secs(1);
/// One result of so many.
const SAMPLE: u32 = 64;
/// Above what an M/M/1 queue at 99 % utilisation holds. Told by fd each has a descriptor, of which a process may
/// have 4,096 nearly everywhere: the same load everywhere, and by whatever jobs are told.
const OPEN_LOOP_JOBS: u32 = 3_900;
/// With the jobs 30,000, some seconds of work for a device, and few bytes each.
const BACKLOG: u32 = 26_100;
/// What the start of an op may take on an idle machine, several times over.
const LATE_AFTER: Nanos = Nanos::from_micros(50);
/// What a network card brings in one interrupt, about.
const BURST: u32 = 32;
/// A bit above 30 years. The clock ends after 584; chance may make gaps longer than they are on
/// average.
const LONGEST_RUN_S: f64 = 1e9;
const PACINGS: &str = "jobs = 64 (closed loop: a job starts when another ends) or rate = \"8000/s\" (open loop: arrivals at times of their own)";
