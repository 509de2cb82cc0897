//! Runs a scenario: on one thread or several, each with an event loop of its own on the one device.

mod alarms;
mod arrivals;
mod jobs;
mod runner;
#[cfg(test)]
pub mod sabotage;
mod software;
mod tasks;
mod tickets;
mod timelines;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pausewake_device::Device;

use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::report::{Facts, Figures};
use crate::scenario::{Clock, Scenario};
use crate::story::LogHandle;
use jobs::{Jobs, Tally};
use runner::Runner;
use tasks::Task;
use tickets::Tickets;
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
    /// A signal ended it.
    #[error("aborted by a signal after {ops} ops: nothing was reported")]
    Interrupted {
        /// Ops that had returned.
        ops: u64,
    },
    /// Another thread had an error.
    #[error("another thread of the run came to no result")]
    Stopped,
}

/// Runs `scenario`; its events go to `log` too, if there is one.
///
/// # Errors
/// [`RunError`] says whether it could not begin or broke off, and why; it breaks off between two
/// turns of the loop when `interrupt` is raised.
pub fn run(
    scenario: &Scenario,
    log: Option<LogHandle>,
    interrupt: &Interrupt,
    quiet: bool,
) -> Result<Facts, RunError> {
    let device = world::device(scenario, log.as_ref())?;
    let tasks = Arc::new(tasks::prepare(scenario, &device)?);
    let ops = tickets::planned(&scenario.load)
        .map(|tickets| tickets * scenario.load.only().map_or(1, crate::scenario::Work::ops));
    let together = Together {
        scenario,
        device: &device,
        tasks,
        log,
        interrupt,
        progress: Progress::new(scenario.load.limit, ops, quiet),
        returned: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
    };
    let results = match scenario.clock {
        Clock::Virtual if scenario.load.threads > 1 => timelines::run(&together)?,
        _ => together.run()?,
    };
    let whole = results.into_iter().reduce(Part::merge);
    let all = whole.expect("there is at least one thread");
    Ok(Facts {
        figures: all.figures,
        device: device.stats(),
        verification: all.tally.verification,
        errors: all.tally.errors,
        invalid: all.invalid.or(all.tally.invalid),
        aborted: false,
    })
}

/// What came of one thread.
#[derive(Debug)]
struct Part {
    figures: Figures,
    tally: Tally,
    invalid: Option<String>,
}

impl Part {
    fn merge(mut self, other: Self) -> Self {
        self.figures.merge(&other.figures);
        self.tally.merge(other.tally);
        self.invalid = self.invalid.or(other.invalid);
        self
    }
}

/// What the threads of a run share.
struct Together<'a> {
    scenario: &'a Scenario,
    device: &'a Device,
    tasks: Arc<Vec<Task>>,
    log: Option<LogHandle>,
    interrupt: &'a Interrupt,
    progress: Progress,
    /// Ops that have returned, of all threads.
    returned: AtomicU64,
    /// Whether a thread had an error, and the others need not go on.
    is_over: AtomicBool,
}

impl Together<'_> {
    /// Runs all threads, the first one here.
    fn run(&self) -> Result<Vec<Part>, RunError> {
        let results = std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.scenario.load.threads)
                .map(|thread| {
                    let builder = std::thread::Builder::new().name(format!("load {thread}"));
                    builder.spawn_scoped(scope, move || self.run_thread(thread))
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
        let result = self.part(thread);
        if result.is_err() {
            self.is_over.store(true, Ordering::Relaxed);
        }
        result
    }

    fn part(&self, thread: u32) -> Result<Part, RunError> {
        let world = World::new(self.scenario, self.device, self.log.clone())?;
        let tickets = Tickets::new(self.scenario, thread, world.now());
        let tasks = self.tasks.clone();
        let jobs = Jobs::new(
            self.scenario,
            tasks,
            world.engine(),
            world.collector(),
            tickets,
        );
        let mut runner = Runner::new(self, thread, world, &jobs);
        runner.run()?;
        let (world, invalid) = runner.into_parts();
        Ok(Part {
            figures: world.finish()?,
            tally: jobs.tally(),
            invalid,
        })
    }
}
