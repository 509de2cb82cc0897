//! Runs a scenario: starts its jobs when they are due, and lets time pass until all is done.

mod arrivals;
mod jobs;
mod software;
mod world;

use pausewake_device::Nanos;

use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::report::Facts;
use crate::scenario::{Limit, Pacing, Scenario, Work};
use crate::story::LogHandle;
use arrivals::Arrivals;
use jobs::Jobs;
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
    let mut world = World::new(scenario, log)?;
    let jobs = Jobs::new(scenario, &world)?;
    let ops = planned_jobs(scenario).map(|jobs| jobs * scenario.load.work.ops_per_job());
    let mut runner = Runner {
        start: world.now(),
        budget: Budget::new(scenario, world.now()),
        progress: Progress::new(scenario.load.limit, ops, quiet),
        interrupt,
        invalid: None,
        jobs: &jobs,
        world: &mut world,
    };
    match scenario.load.pacing {
        Pacing::Closed { jobs } => runner.closed_loop(jobs as usize)?,
        Pacing::Open {
            rate_per_s,
            arrival,
            max_jobs,
        } => {
            let arrivals = Arrivals::new(scenario.seed, rate_per_s, arrival, runner.start);
            runner.open_loop(arrivals, max_jobs as usize)?;
        }
    }
    let invalid = runner.invalid.take();
    let (figures, device) = world.finish()?;
    let tally = jobs.tally();
    Ok(Facts {
        figures,
        device,
        verification: tally.verification,
        errors: tally.errors,
        invalid,
    })
}

/// How many jobs the run will start, unless time decides.
fn planned_jobs(scenario: &Scenario) -> Option<u64> {
    match (scenario.load.limit, &scenario.load.work) {
        (Limit::Ops(ops), _) => Some(ops),
        (
            Limit::Passes(passes),
            Work::SealOpen {
                content,
                record_len,
                ..
            },
        ) => Some(u64::from(passes) * content.len().div_ceil(*record_len as usize) as u64),
        _ => None,
    }
}

/// Whether another job may start.
struct Budget {
    jobs_left: Option<u64>,
    until: Option<Nanos>,
}

impl Budget {
    fn new(scenario: &Scenario, start: Nanos) -> Self {
        let until = match scenario.load.limit {
            Limit::Duration(duration) => Some(start + duration),
            Limit::Ops(_) | Limit::Passes(_) => None,
        };
        Self {
            jobs_left: planned_jobs(scenario),
            until,
        }
    }

    fn allows(&self, at: Nanos) -> bool {
        self.jobs_left != Some(0) && self.until.is_none_or(|until| at < until)
    }

    fn spend(&mut self) {
        if let Some(left) = &mut self.jobs_left {
            *left -= 1;
        }
    }
}

struct Runner<'a> {
    world: &'a mut World,
    jobs: &'a Jobs,
    budget: Budget,
    progress: Progress,
    start: Nanos,
    interrupt: &'a Interrupt,
    invalid: Option<String>,
}

impl Runner<'_> {
    /// `jobs` at once, until the budget is spent.
    fn closed_loop(&mut self, jobs: usize) -> Result<(), RunError> {
        let most_at_once = MOST_JOBS_AT_ONCE + jobs.saturating_mul(16);
        let mut started = (self.world.now(), 0);
        loop {
            while self.world.live_jobs() < jobs && self.budget.allows(self.world.now()) {
                self.start_job()?;
                let now = self.world.now();
                started = if now == started.0 {
                    (now, started.1 + 1)
                } else {
                    (now, 1)
                };
                if started.1 > most_at_once && self.budget.until.is_some() {
                    return Err(RunError::Broken(format!(
                        "time stands still: {most_at_once} jobs came and went at t={now}, so \
                         load.duration never ends. Give the ops a cost (service, device.link), or \
                         say load.ops instead"
                    )));
                }
            }
            if self.world.live_jobs() == 0 {
                return Ok(());
            }
            self.turn(None)?;
        }
    }

    /// Jobs when they arrive, however many there are.
    fn open_loop(&mut self, mut arrivals: Arrivals, max_jobs: usize) -> Result<(), RunError> {
        let mut next = arrivals.next_at();
        loop {
            while next <= self.world.now() && self.budget.allows(next) {
                if self.world.live_jobs() >= max_jobs {
                    self.overloaded(max_jobs);
                    break;
                }
                self.start_job()?;
                next = arrivals.next_at();
            }
            if self.budget.allows(next) {
                self.turn(Some(next))?;
            } else if self.world.live_jobs() > 0 {
                self.turn(None)?;
            } else {
                return Ok(());
            }
        }
    }

    /// More jobs would be needed than may be: the arrivals end here, and the run with them.
    fn overloaded(&mut self, max_jobs: usize) {
        self.budget.jobs_left = Some(0);
        self.invalid = Some(format!(
            "{max_jobs} jobs were waiting and more arrived: the device is slower than the \
             arrivals. Lower load.rate, or allow more by load.jobs"
        ));
    }

    fn start_job(&mut self) -> Result<(), RunError> {
        self.budget.spend();
        self.world.spawn(self.jobs.next(self.world.engine()))
    }

    fn turn(&mut self, until: Option<Nanos>) -> Result<(), RunError> {
        // A signal that comes just before the loop sleeps would not wake it.
        let glance = self.world.is_wall().then(|| self.world.now() + GLANCE_NS);
        self.world.turn(until.into_iter().chain(glance).min())?;
        if self.interrupt.is_raised() {
            return Err(RunError::Interrupted {
                ops: self.world.returned_ops(),
            });
        }
        let elapsed = self.world.now() - self.start;
        self.progress.at(self.world.returned_ops(), elapsed);
        Ok(())
    }
}

/// Jobs that a closed loop starts at one moment before it says that time stands still; and as many
/// again for each job at once, because chance may make some of their ops free.
const MOST_JOBS_AT_ONCE: usize = 10_000;
/// How long the loop may sleep, under the wall clock, without a look at [`Interrupt`].
const GLANCE_NS: Nanos = Nanos::from_millis(100);
