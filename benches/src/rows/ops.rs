//! One offloaded op with pause and wake, 64 jobs on one thread, on devices that take no time.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use hdrhistogram::Histogram;
use pausewake_device::{Device, Nanos, WaitStrategy};
use pausewake_engine::events::{Event, Observer, Stage};
use pausewake_engine::{Notify, Reap, raise_fd_limit};

use super::load::{Load, engine_config, instant_device, seal_on};
use super::{Benchmark, Context};
use crate::failure::Failure;
use crate::measure::interleaved;
use crate::peers::EventfdPair;
use crate::row::{Reach, Row, Unit};

pub(super) const CALLBACK: Benchmark = Benchmark {
    name: "op-callback",
    about: "an op by callback, virtual driver, 64 jobs; and with stages in histograms",
    run: callback,
};

pub(super) const RINGS: Benchmark = Benchmark {
    name: "op-rings",
    about: "the same through the device's thread and rings, both sides spinning",
    run: rings,
};

pub(super) const FD: Benchmark = Benchmark {
    name: "op-fd",
    about: "an op by fd (an eventfd per job, epoll), virtual driver, 64 and 4,096 jobs",
    run: fd,
};

fn callback(context: &Context) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for (name, observer) in [
        (CALLBACK.name, None),
        ("op-callback/observed", Some(Rc::new(StageLog::new()?))),
    ] {
        let device = simulated(JOBS)?;
        let observing = observer.clone().map(|log| log as Rc<dyn Observer>);
        let call = seal_on(&device)?;
        let mut load = Load::start(&device, engine_config(), observing, JOBS, call)?;
        let ops = load.ops_per_round(context.effort.count(OPS))?;
        let rounds = context.beside_libcrypto_pairs(ROUNDS, &mut || load.ns_per_op(ops))?;
        let row = Row::new(name, Unit::Ns).reaching(Reach::ratio_at_most(1.4));
        let row = context
            .row_beside_libcrypto(row, &rounds)
            .noting(cost(&mut load, ops)?);
        let returned = load.engine.stats().returned;
        load.end()?;
        if let Some(log) = observer
            && log.recorded() < returned
        {
            return Err(Failure::check("the observer was not told of every op"));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn rings(context: &Context) -> Result<Vec<Row>, Failure> {
    let mut load = spinning_load(JOBS)?;
    let ops = load.ops_per_round(context.effort.count(OPS))?;
    let rounds = context.beside_libcrypto_pairs(ROUNDS, &mut || load.ns_per_op(ops))?;
    let row = Row::new(RINGS.name, Unit::Ns).reaching(Reach::ratio_at_most(3.0).aiming_at(2.0));
    let row = context
        .row_beside_libcrypto(row, &rounds)
        .noting(cost(&mut load, ops)?);
    load.end()?;
    Ok(vec![row])
}

/// Jobs on a device whose thread spins, in a loop that spins as well.
pub(super) fn spinning_load(jobs: u32) -> Result<Load, Failure> {
    let device = Device::thread(instant_device(jobs), WaitStrategy::Spin, None);
    let device = device.map_err(|error| Failure::of(&error))?;
    let config = pausewake_engine::EngineConfig {
        reap: Reap::Inline,
        ..engine_config()
    };
    let call = seal_on(&device)?;
    Load::start(&device, config, None, jobs, call)
}

fn fd(context: &Context) -> Result<Vec<Row>, Failure> {
    let many = u32::try_from(context.effort.count(u64::from(MANY_JOBS))).unwrap_or(MANY_JOBS);
    [("op-fd/64", JOBS, 4.0), ("op-fd/4096", many, 8.0)]
        .into_iter()
        .map(|(name, jobs, limit)| {
            let row = Row::new(name, Unit::Ns).reaching(Reach::ratio_at_most(limit));
            match fd_row(context, row.clone(), jobs) {
                // 64 jobs have their fds where 4,096 do not.
                Err(Failure::Unavailable(reason)) => Ok(row.failed(&Failure::Unavailable(reason))),
                other => other,
            }
        })
        .collect()
}

fn fd_row(context: &Context, row: Row, jobs: u32) -> Result<Row, Failure> {
    let wanted = u64::from(jobs) + FDS_BESIDE_JOBS;
    let limit = raise_fd_limit(wanted);
    if !limit.allows(wanted) {
        let hard = limit
            .hard
            .map_or("none".to_owned(), |hard| hard.to_string());
        return Err(Failure::unavailable(format!(
            "{jobs} jobs need {wanted} descriptors, and the hard limit is {hard}; raise it (`ulimit \
             -Hn`)"
        )));
    }
    let device = simulated(jobs)?;
    let config = pausewake_engine::EngineConfig {
        notify: Notify::Fd,
        ..engine_config()
    };
    let call = seal_on(&device)?;
    let mut load = Load::start(&device, config, None, jobs, call)?;
    let ops = load.ops_per_round(context.effort.count(OPS).max(u64::from(jobs)))?;
    let eventfd = EventfdPair::new()?;
    let pairs = context.effort.count(EVENTFD_PAIRS);
    let rounds = interleaved(
        context.effort.rounds(FD_ROUNDS),
        &mut || load.ns_per_op(ops),
        Some(&mut || eventfd.pairs_ns(pairs)),
    )?;
    let row = row
        .with_rounds(&rounds, "eventfd")
        .noting(cost(&mut load, ops)?);
    load.end()?;
    Ok(row)
}

/// A device under virtual time that takes none of it.
pub(super) fn simulated(jobs: u32) -> Result<Device, Failure> {
    Device::simulated(instant_device(jobs), None).map_err(|error| Failure::of(&error))
}

/// What an op allocates and reads and writes on this thread, in words.
fn cost(load: &mut Load, ops: u64) -> Result<String, Failure> {
    let (before, first) = (load.engine.stats().returned, reads_and_writes()?);
    let mut ran = Ok(0);
    let allocated = allocation_counter::measure(|| ran = load.run(before + ops));
    let (last, returned) = (reads_and_writes()?, ran? - before);
    // What the looks at the counters read themselves.
    let calls = (last - first).saturating_sub(reads_and_writes()? - last);
    let per_op = |count| ratio_of_counts(count, returned);
    Ok(format!(
        "{:.2} allocations and {:.2} read(2) or write(2) per op",
        per_op(allocated.count_total),
        per_op(calls)
    ))
}

#[expect(clippy::cast_precision_loss, reason = "counts of ops")]
fn ratio_of_counts(count: u64, ops: u64) -> f64 {
    count as f64 / ops as f64
}

/// Calls of read(2) and write(2) by this thread so far.
fn reads_and_writes() -> Result<u64, Failure> {
    let io = fs::read_to_string("/proc/thread-self/io").map_err(Failure::unavailable)?;
    let figures = io.lines().filter_map(|line| {
        let figure = line
            .strip_prefix("syscr:")
            .or(line.strip_prefix("syscw:"))?;
        figure.trim().parse::<u64>().ok()
    });
    Ok(figures.sum())
}

/// What a report keeps of every op: its latency and its stages.
struct StageLog {
    by_stage: RefCell<[Histogram<u64>; 5]>,
    latency: RefCell<Histogram<u64>>,
}

impl StageLog {
    fn new() -> Result<Self, Failure> {
        let histogram = Histogram::new_with_max(Nanos::from_secs(60).get(), 3);
        let histogram = histogram.map_err(|error| Failure::of(&error))?;
        Ok(Self {
            by_stage: RefCell::new(std::array::from_fn(|_| histogram.clone())),
            latency: RefCell::new(histogram),
        })
    }

    /// Ops that were told.
    fn recorded(&self) -> u64 {
        let prepare = &self.by_stage.borrow()[Stage::Prepare.index()];
        self.latency.borrow().len().min(prepare.len())
    }
}

impl Observer for StageLog {
    fn event(&self, _at: Nanos, event: &Event) {
        if let Event::Returned(returned) = event {
            self.latency
                .borrow_mut()
                .saturating_record(returned.moments.total_ns().get());
            let stages = returned.moments.stages();
            for (histogram, stage) in self.by_stage.borrow_mut().iter_mut().zip(Stage::ALL) {
                histogram.saturating_record(stages.get(stage).get());
            }
        }
    }
}

const JOBS: u32 = 64;
const MANY_JOBS: u32 = 4_096;
/// The loop's own, the device's, the standard ones, and some to spare.
const FDS_BESIDE_JOBS: u64 = 64;
/// Ops per round: about a millisecond.
const OPS: u64 = 1_920;
const ROUNDS: usize = 201;
const FD_ROUNDS: usize = 101;
const EVENTFD_PAIRS: u64 = 3_000;
