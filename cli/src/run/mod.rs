//! Runs a scenario: on one thread or several, each with an event loop of its own on the one device.

mod agenda;
mod alarms;
mod arrivals;
mod cost;
mod gate;
mod guard;
mod jobs;
mod levels;
mod open;
mod runner;
#[cfg(test)]
pub mod sabotage;
mod showing;
mod software;
mod tasks;
mod tickets;
mod timelines;
mod world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pausewake_device::{Device, Nanos};

use crate::interrupt::Interrupt;
use crate::live::{self, Board, Shown, Sight, Subject, Viewer};
use crate::report::{Aborted, Facts, Figures, Punctuality, ThreadCost, Window};
use crate::room::too_many_jobs;
use crate::scenario::{Clock, Limit, Load, Mode, Pacing, Scenario};
use crate::story::LogHandle;
use arrivals::{Arrivals, Thread};
use gate::Gate;
use guard::{Guard, Interim};
use jobs::{Jobs, Tally};
use levels::Levels;
use open::OpenLoop;
use runner::Runner;
use tasks::Task;
use tickets::{Plan, Tickets};
use world::World;

/// Why a run came to no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not begin.
    #[error("the run cannot begin: {0}")]
    Setup(String),
    /// It could not go on.
    #[error("the run broke off: {0}")]
    Broken(String),
    /// Another thread had an error.
    #[error("another thread of the run came to no result")]
    Stopped,
}

/// Runs `scenario`; its events go to `log` too, if there is one. The `viewer` sees how it goes.
///
/// # Errors
/// [`RunError`] says whether it could not begin or broke off, and why. When `interrupt` is raised it ends
/// in order, between two turns of the loop, and gives what was measured until then.
pub fn run(
    scenario: &Scenario,
    log: Option<LogHandle>,
    interrupt: &Interrupt,
    viewer: Viewer<'_>,
) -> Result<Facts, RunError> {
    if let Some(why) = too_many_jobs(scenario) {
        return Err(RunError::Setup(why));
    }
    let device = world::device(scenario, log.as_ref())?;
    let tasks = Arc::new(tasks::prepare(scenario, &device)?);
    let subject = subject(scenario, viewer);
    let shown = viewer.how.shows(subject.is_virtual);
    let together = Together {
        scenario,
        device: &device,
        tasks,
        plans: Plan::of_threads(scenario),
        log,
        interrupt,
        board: match shown {
            Shown::Nothing => Board::unwatched(),
            Shown::Lines { .. } | Shown::View => Board::new(scenario.load.threads),
        },
        is_over: AtomicBool::new(false),
        gate: Gate::new(scenario.load.threads),
        guard: Mutex::new(Guard::new(scenario)),
        stopped: OnceLock::new(),
    };
    let sight = Sight {
        subject: &subject,
        board: &together.board,
        device: &device,
        is_ending: &|| together.ends_early(),
    };
    let results = live::while_running(shown, sight, || match scenario.clock {
        Clock::Virtual if scenario.load.threads > 1 => timelines::run(&together),
        _ => together.run(),
    });
    let whole = results?.into_iter().reduce(Part::merge);
    let mut all = whole.expect("there is at least one thread");
    if let Some(at) = all.load_over_at {
        all.figures.lasted_until(at);
    }
    let stopped = together.stopped.into_inner();
    let mut guard = together
        .guard
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    // What ended the run stays what was seen then.
    if !matches!(stopped, Some(Aborted::ByCondition(_))) {
        guard.judge_end(&all.interim());
    }
    Ok(Facts {
        figures: all.figures,
        device: device.stats(),
        verification: all.tally.verification,
        errors: all.tally.errors,
        invalid: all.tally.invalid,
        aborted: stopped,
        punctuality: all.punctuality,
        cost: all.cost,
        limits: guard.into_results(),
    })
}

/// What there is to say of `scenario` to those who look on.
fn subject(scenario: &Scenario, viewer: Viewer<'_>) -> Subject {
    let load = &scenario.load;
    let ops_per_ticket = load.only().map_or(1, crate::scenario::Work::ops);
    let title = match viewer.variant {
        Some(variant) => format!("{}: {variant}", scenario.name),
        None => scenario.name.clone(),
    };
    Subject {
        title,
        variant: viewer.variant.map(str::to_owned),
        is_virtual: scenario.clock == Clock::Virtual,
        is_async: scenario.mode == Mode::Async,
        is_open: matches!(load.pacing, Pacing::Open { .. }),
        warmup: load.warmup,
        limit: whole_run(load),
        ops: tickets::planned(load).map(|tickets| tickets * ops_per_ticket),
        ring_depth: u64::from(scenario.device.ring_depth) * u64::from(load.threads),
    }
}

/// When all of `load` is over, the warm-up included.
fn whole_run(load: &Load) -> Limit {
    match load.limit {
        Limit::Duration(duration) => Limit::Duration(load.warmup + duration),
        limit => limit,
    }
}

/// What is asked for in `scenario` as time goes by: arrivals each second, or jobs.
fn levels(scenario: &Scenario) -> Levels {
    let load = &scenario.load;
    let base = match load.pacing {
        Pacing::Closed { jobs } => f64::from(jobs),
        Pacing::Open { rate_per_s, .. } => rate_per_s,
    };
    Levels::new(base, load.warmup, &load.phases)
}

/// The share of thread number `thread` in the arrivals of `scenario` from `start` on, if it has some.
fn open_loop(scenario: &Scenario, thread: u32, start: Nanos) -> Option<OpenLoop> {
    let load = &scenario.load;
    let Pacing::Open {
        arrival,
        max_backlog,
        late_after,
        ..
    } = load.pacing
    else {
        return None;
    };
    let of = Thread {
        index: thread,
        of: load.threads,
    };
    let arrivals = Arrivals::new(scenario.seed, levels(scenario), arrival, start, of);
    let backlog = (max_backlog / load.threads).max(1) as usize;
    let measure_from = start + load.warmup;
    let until = match load.limit {
        Limit::Duration(duration) => Some(measure_from + duration),
        Limit::Ops(_) | Limit::Passes(_) => None,
    };
    let open = OpenLoop::new(arrivals, backlog, late_after, measure_from, until);
    Some(match scenario.clock {
        Clock::Wall => open.may_be_behind(),
        Clock::Virtual => open,
    })
}

/// What of a run that starts at `start` is measured.
fn window(scenario: &Scenario, start: Nanos) -> Window {
    let load = &scenario.load;
    let measure_from = start + load.warmup;
    let ends = load.phases.iter().scan(measure_from, |at, phase| {
        *at += phase.duration;
        Some(*at)
    });
    Window {
        measure_from,
        is_open: matches!(load.pacing, Pacing::Open { .. }),
        phase_ends: ends.collect(),
    }
}

/// What came of one thread.
#[derive(Debug)]
struct Part {
    figures: Figures,
    tally: Tally,
    /// When an open loop's load was over.
    load_over_at: Option<Nanos>,
    punctuality: Option<Punctuality>,
    cost: ThreadCost,
}

impl Part {
    /// What is held against the conditions of a run, as it stands at the end.
    fn interim(&self) -> Interim {
        let punctuality = self.punctuality.as_ref();
        Interim {
            latency: self.figures.reported_latency().series(),
            errors: self.tally.errors.calls,
            late: punctuality.map_or(0, Punctuality::late),
            dropped: punctuality.map_or(0, |it| it.dropped),
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.figures.merge(&other.figures);
        self.tally.merge(other.tally);
        // The first arrival that none of the threads has started ends the load of all.
        let over_at = self.load_over_at.into_iter().chain(other.load_over_at);
        self.load_over_at = over_at.min();
        if let (Some(ours), Some(theirs)) = (&mut self.punctuality, &other.punctuality) {
            ours.merge(theirs);
        }
        self.cost.merge(other.cost);
        self
    }
}

/// What the threads of a run share.
struct Together<'a> {
    scenario: &'a Scenario,
    device: &'a Device,
    tasks: Arc<Vec<Task>>,
    /// What each of them takes its tickets from.
    plans: Vec<Option<Arc<Plan>>>,
    log: Option<LogHandle>,
    interrupt: &'a Interrupt,
    /// What the threads tell those who look on.
    board: Board,
    /// Whether a thread had an error, and the others need not go on.
    is_over: AtomicBool,
    /// Where they wait for each other.
    gate: Gate,
    /// What must hold while it goes on.
    guard: Mutex<Guard>,
    /// Why it is being ended before its time, if so.
    stopped: OnceLock<Aborted>,
}

impl Together<'_> {
    /// Whether the run is to end before its time: because of a signal, or of a condition.
    fn is_ending(&self) -> bool {
        if self.interrupt.is_raised() {
            self.stopped.get_or_init(|| Aborted::BySignal);
        }
        self.stopped.get().is_some()
    }

    /// The same for those who look on, and change nothing by that.
    fn ends_early(&self) -> bool {
        self.interrupt.is_raised() || self.stopped.get().is_some()
    }

    /// The tickets of thread number `thread`, which starts at `start`.
    fn tickets(&self, thread: u32, start: Nanos) -> Tickets {
        let plan = self.plans[thread as usize].clone();
        Tickets::new(self.scenario, thread, start, plan)
    }

    /// Thread number `thread` has measured `interim` so far; the first one holds what all have told
    /// against the conditions.
    fn tell(&self, thread: u32, interim: Interim, elapsed: Nanos) {
        let mut guard = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        guard.tell(thread, interim);
        if thread == 0
            && self.stopped.get().is_none()
            && let Some(broken) = guard.judge(elapsed)
        {
            self.stopped.get_or_init(|| Aborted::ByCondition(broken));
        }
    }

    /// Runs all threads, the first one here.
    fn run(&self) -> Result<Vec<Part>, RunError> {
        let results = std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.scenario.load.threads)
                .map(|thread| {
                    let builder = std::thread::Builder::new().name(format!("load {thread}"));
                    let spawned = builder.spawn_scoped(scope, move || self.run_thread(thread));
                    spawned.inspect_err(|_| self.call_off())
                })
                .collect();
            let first = self.run_thread(0);
            let others = others.into_iter().map(|handle| match handle {
                Ok(handle) => handle
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(error) => Err(RunError::Setup(format!(
                    "no thread could be started: {error}"
                ))),
            });
            std::iter::once(first).chain(others).collect::<Vec<_>>()
        });
        // The error of the one who had it, before those who were stopped by it.
        let (stopped, told): (Vec<_>, Vec<_>) = results
            .into_iter()
            .partition(|result| matches!(result, Err(RunError::Stopped)));
        told.into_iter().chain(stopped).collect()
    }

    fn run_thread(&self, thread: u32) -> Result<Part, RunError> {
        let unless_done = CallsOff(self);
        let part = self.part(thread)?;
        std::mem::forget(unless_done);
        Ok(part)
    }

    /// Makes the stacks of jobs that an open loop may soon need. While the device's thread does not run, what
    /// arrives starts one job after the other, and to map a stack takes about as long as the next arrival does
    /// at the highest rates: the generator would be late for it.
    fn make_stacks(&self) {
        let Pacing::Open { max_jobs, .. } = self.scenario.load.pacing else {
            return;
        };
        if self.scenario.clock == Clock::Wall && self.scenario.mode == Mode::Async {
            let jobs = max_jobs.div_ceil(self.scenario.load.threads).min(STACKS);
            let pool = pausewake_jobs::ThreadConfig::new().max_size(usize::MAX);
            // Where there is a pool already, its stacks are there as well.
            let _pool = pool.init_size(jobs as usize).init();
        }
    }

    /// The others need not go on, nor wait.
    fn call_off(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.gate.call_off();
    }

    fn part(&self, thread: u32) -> Result<Part, RunError> {
        self.make_stacks();
        let world = World::new(self.scenario, self.device, self.log.clone())?;
        let start = self.gate.pass(|| world.now()).ok_or(RunError::Stopped)?;
        world.collector().measure(window(self.scenario, start));
        if self.board.is_watched() {
            world.collector().keep_recent();
        }
        let tickets = self.tickets(thread, start);
        let tasks = self.tasks.clone();
        let jobs = Jobs::new(
            self.scenario,
            tasks,
            world.engine(),
            world.collector(),
            tickets,
        );
        let mut runner = Runner::new(self, thread, world, &jobs, start);
        runner.run()?;
        runner.into_part()
    }
}

/// Calls a run off when a thread ends by an error, or by a panic.
struct CallsOff<'a>(&'a Together<'a>);

impl Drop for CallsOff<'_> {
    fn drop(&mut self) {
        self.0.call_off();
    }
}

/// What arrives in 10 ms at 100,000 each second, the longest for which machines forget a thread.
const STACKS: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Series;
    use crate::scenario;

    /// One slice and one job: verifying a signature takes 10 µs, and making one 20 ms, for which the
    /// device stands still while others arrive every 50 µs.
    const STALLS: &str = r#"
        clock = "virtual"
        seed = 3
        [device]
        compute = "none"
        [device.asym]
        slices = 1
        service = { distribution = "constant", base = "10us" }
        service_by_op.rsa-sign = { distribution = "constant", base = "20ms" }
        [load]
        mix = "rsa2048-verify:4999,rsa2048-sign:1"
        rate = "20k/s"
        jobs = 1
        backlog = 100000
        ops = 30000
    "#;

    /// The times of all samples, sorted.
    struct Exact(Vec<u64>);

    impl Exact {
        fn compare(&mut self, series: &Series, what: &str) {
            let Self(times) = self;
            times.sort_unstable();
            let sum: u128 = times.iter().map(|time| u128::from(*time)).sum();
            assert_eq!(series.count(), times.len() as u64, "{what}");
            assert_eq!(series.sum_ns(), sum, "{what}");
            assert_eq!(Some(series.max().get()), times.last().copied(), "{what}");
            for per_mille in [1, 100, 500, 900, 950, 990, 999, 1_000] {
                let rank = (times.len() * per_mille).div_ceil(1_000);
                let exact = Nanos::new(times[rank - 1]).as_f64();
                let got = series.quantile(per_mille as f64 / 1e3).as_f64();
                assert!(
                    exact <= got && got <= exact * 1.001,
                    "{what}, {per_mille} of 1000: {got}, not {exact}"
                );
            }
        }
    }

    /// Each op starts when it arrives or when the one before it is done, whichever is later (Lindley's
    /// recursion), so what every single one should have measured is known.
    #[test]
    fn a_stall_is_measured_as_those_who_met_it_would() {
        for arrival in ["constant", "poisson", "burst"] {
            let arrivals = format!("load.arrival={arrival}");
            let variants = scenario::of_flags("stalls", STALLS, &[], &[arrivals]);
            let variants = variants.expect("a scenario");
            let scenario = &variants[0].scenario;
            let (mut corrected, mut uncorrected) = (Exact(Vec::new()), Exact(Vec::new()));
            let mut lateness = Exact(Vec::new());
            let plan = Plan::of_threads(scenario).remove(0);
            let mut tickets = Tickets::new(scenario, 0, Nanos::ZERO, plan);
            let Pacing::Open { arrival, .. } = scenario.load.pacing else {
                panic!("it is an open loop");
            };
            let alone = Thread { index: 0, of: 1 };
            let mut arrivals =
                Arrivals::new(scenario.seed, levels(scenario), arrival, Nanos::ZERO, alone);
            let mut free_from = Nanos::ZERO;
            while let Some(at) = arrivals.next_at()
                && let Some(ticket) = tickets.take(at)
            {
                let service = [Nanos::from_micros(10), Nanos::from_millis(20)][ticket.item];
                let start = at.max(free_from);
                free_from = start + service;
                corrected.0.push((free_from - at).get());
                uncorrected.0.push(service.get());
                lateness.0.push((start - at).get());
            }
            let facts =
                run(scenario, None, &Interrupt::default(), Viewer::NOBODY).expect("it runs");
            corrected.compare(&facts.figures.corrected.series(), "corrected");
            uncorrected.compare(&facts.figures.latency.series(), "uncorrected");
            let punctuality = facts.punctuality.expect("of an open loop");
            lateness.compare(&punctuality.lateness, "lateness");
            // What only the correction sees.
            let [seen, hidden] = [&facts.figures.corrected, &facts.figures.latency]
                .map(|latency| latency.series().quantile(0.99));
            assert!(seen > Nanos::from_millis(5), "{seen}");
            assert!(hidden < Nanos::from_micros(11), "{hidden}");
        }
    }
}
