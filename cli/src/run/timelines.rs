//! Several threads under virtual time: timelines, which take turns on one thread of the system.

use std::rc::Rc;

use pausewake_device::Nanos;
use pausewake_engine::{Reap, Timelines, Turned};

use super::jobs::Jobs;
use super::tickets::{Share, Tickets};
use super::world::{Watch, World, broken, no_room, setup};
use super::{Part, RunError, Together};
use crate::scenario::Pacing;

/// Runs all timelines of `together`.
///
/// # Errors
/// As for threads: [`RunError`].
pub(super) fn run(together: &Together<'_>) -> Result<Vec<Part>, RunError> {
    let scenario = together.scenario;
    let Pacing::Closed { jobs } = scenario.load.pacing else {
        return Err(RunError::Setup("an open loop has one timeline".to_owned()));
    };
    let mut lines = Vec::new();
    let mut reactors = Vec::new();
    for thread in 0..scenario.load.threads {
        let world = World::new(scenario, together.device, together.log.clone())?;
        let tickets = Tickets::new(scenario, thread, world.now());
        let tasks = together.tasks.clone();
        let made = Jobs::new(scenario, tasks, world.engine(), world.collector(), tickets);
        let (reactor, watch) = world.into_parts();
        reactors.push(reactor);
        lines.push(Line {
            jobs: made,
            most_jobs: Share::of(u64::from(jobs), scenario.load.threads, thread).count,
            watch,
        });
    }
    let mut all = All {
        together,
        timelines: Timelines::new(reactors).map_err(setup)?,
        lines,
    };
    all.run()?;
    all.finish()
}

struct Line {
    jobs: Jobs,
    /// Jobs at once.
    most_jobs: u64,
    watch: Rc<Watch>,
}

struct All<'a> {
    together: &'a Together<'a>,
    timelines: Timelines,
    lines: Vec<Line>,
}

impl All<'_> {
    fn run(&mut self) -> Result<(), RunError> {
        let start = self.timelines.engine(0).now();
        for index in 0..self.lines.len() {
            self.feed(index)?;
        }
        while self.timelines.live_jobs() > 0 || self.has_more() {
            match self.timelines.turn(None).map_err(broken)? {
                Turned::Timeline(index) => {
                    let engine = self.timelines.engine(index);
                    if engine.config().reap == Reap::External {
                        engine.poll();
                    }
                    self.feed(index)?;
                }
                Turned::TimedOut => {}
                Turned::Idle => {
                    let jobs = self.timelines.live_jobs();
                    return Err(RunError::Broken(format!(
                        "{jobs} jobs are paused and nothing will wake them"
                    )));
                }
            }
            if self.together.interrupt.is_raised() {
                let ops = self.returned_ops();
                return Err(RunError::Interrupted { ops });
            }
            let elapsed = || self.timelines.engine(0).now() - start;
            self.together.progress.at(|| self.returned_ops(), elapsed);
        }
        Ok(())
    }

    /// Calls that have given a result, on all timelines.
    fn returned_ops(&self) -> u64 {
        let lines = self.lines.iter();
        lines.map(|line| line.watch.returned_ops()).sum()
    }

    /// Whether there is something left to do.
    fn has_more(&self) -> bool {
        let mut lines = self.lines.iter().enumerate();
        lines.any(|(index, line)| {
            let now = self.timelines.engine(index).now();
            line.jobs.tickets().borrow().allows(now)
        })
    }

    /// Gives a timeline the jobs that it lacks, and wakes those whose time to think is over.
    fn feed(&mut self, index: usize) -> Result<(), RunError> {
        let line = &self.lines[index];
        let now = self.timelines.engine(index).now();
        let tickets = line.jobs.tickets();
        // When there is nothing left to do, nobody thinks on.
        let has_more = tickets.borrow().allows(now);
        let until = if has_more { now } else { Nanos::MAX };
        line.jobs.alarms().ring(until).map_err(broken)?;
        // A job that ends at once makes room for another; but now and then the others are due.
        for _ in 0..line.most_jobs {
            if self.timelines.reactor(index).live_jobs() as u64 >= line.most_jobs {
                break;
            }
            let now = self.timelines.engine(index).now();
            let Some(ticket) = tickets.borrow_mut().take(now) else {
                break;
            };
            let reactor = self.timelines.reactor_mut(index);
            let spawned = reactor.spawn(line.jobs.job(ticket));
            spawned.map_err(|error| no_room(reactor.live_jobs(), error))?;
        }
        tickets.borrow().moves()?;
        let next = if self.timelines.reactor(index).live_jobs() == 0 {
            let now = self.timelines.engine(index).now();
            tickets.borrow().allows(now).then_some(now)
        } else {
            line.jobs.alarms().next_at()
        };
        self.timelines.set_timer(index, next);
        Ok(())
    }

    /// Ends all timelines, one after the other.
    fn finish(self) -> Result<Vec<Part>, RunError> {
        let clock = self.together.scenario.clock;
        let reactors = self.timelines.into_reactors();
        let parts = reactors.into_iter().zip(self.lines).map(|(reactor, line)| {
            let world = World::from_parts(reactor, line.watch, clock);
            Ok(Part {
                figures: world.finish()?,
                tally: line.jobs.tally(),
                invalid: None,
            })
        });
        parts.collect()
    }
}
