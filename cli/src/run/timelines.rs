//! Several threads under virtual time: timelines, which take turns on one thread of the system.

use std::rc::Rc;

use pausewake_device::Nanos;
use pausewake_engine::{Reap, Timelines, Turned};

use super::agenda::Agenda;
use super::guard::Interim;
use super::jobs::Jobs;
use super::levels::Levels;
use super::open::OpenLoop;
use super::showing::Showing;
use super::tickets::{Share, Ticket};
use super::world::{Watch, World, broken, no_room, setup};
use super::{Part, RunError, Together};
use crate::report::{Punctuality, ThreadCost};
use crate::scenario::Pacing;

/// Runs all timelines of `together`.
///
/// # Errors
/// As for threads: [`RunError`].
pub(super) fn run(together: &Together<'_>) -> Result<Vec<Part>, RunError> {
    let scenario = together.scenario;
    let mut lines = Vec::new();
    let mut reactors = Vec::new();
    for thread in 0..scenario.load.threads {
        let world = World::new(scenario, together.device, together.log.clone())?;
        let start = world.now();
        world.collector().measure(super::window(scenario, start));
        if together.board.is_watched() {
            world.collector().keep_recent();
        }
        let tickets = together.tickets(thread, start);
        let tasks = together.tasks.clone();
        let made = Jobs::new(scenario, tasks, world.engine(), world.collector(), tickets);
        let (reactor, watch) = world.into_parts();
        reactors.push(reactor);
        lines.push(Line {
            jobs: made,
            open: super::open_loop(scenario, thread, start),
            watch,
        });
    }
    let start = reactors
        .first()
        .map_or(Nanos::ZERO, |reactor| reactor.engine().now());
    let mut all = All {
        together,
        timelines: Timelines::new(reactors).map_err(setup)?,
        lines,
        start,
        agenda: Agenda::new(scenario, start),
        levels: super::levels(scenario),
        is_ending: false,
    };
    all.run()?;
    all.finish()
}

struct Line {
    jobs: Jobs,
    open: Option<OpenLoop>,
    watch: Rc<Watch>,
}

struct All<'a> {
    together: &'a Together<'a>,
    timelines: Timelines,
    lines: Vec<Line>,
    start: Nanos,
    agenda: Agenda,
    levels: Levels,
    /// Whether the run is being ended before its time.
    is_ending: bool,
}

impl All<'_> {
    fn run(&mut self) -> Result<(), RunError> {
        self.attend();
        for index in 0..self.lines.len() {
            self.feed(index)?;
        }
        while self.timelines.live_jobs() > 0 || self.has_more() {
            match self.timelines.turn(self.agenda.next_at()).map_err(broken)? {
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
            self.attend();
        }
        Ok(())
    }

    /// Does what is due by the run's agenda, or because somebody wants it to end.
    fn attend(&mut self) {
        let now = self.together.device.now();
        if self.agenda.begins(now) && self.together.scenario.load.warmup > Nanos::ZERO {
            self.together
                .device
                .restart_stats(self.agenda.measure_from());
            for line in &self.lines {
                line.jobs.forget_errors();
                line.watch.collector().take_recent();
            }
        }
        self.show_if_wanted();
        if self.agenda.looks(now) {
            // The first one judges, so it comes last.
            for (thread, line) in self.lines.iter().enumerate().rev() {
                let punctuality = line.open.as_ref().map(OpenLoop::punctuality);
                let interim = Interim {
                    latency: line.watch.collector().latency_so_far(),
                    errors: line.jobs.errors(),
                    late: punctuality.map_or(0, Punctuality::late),
                    dropped: punctuality.map_or(0, |it| it.dropped),
                };
                let thread = u32::try_from(thread).unwrap_or(u32::MAX);
                self.together.tell(thread, interim, now - self.start);
            }
        }
        if !self.is_ending && self.together.is_ending() {
            self.is_ending = true;
            for line in &mut self.lines {
                line.jobs.tickets().borrow_mut().end();
                if let Some(open) = &mut line.open {
                    open.give_up(now);
                }
            }
        }
    }

    /// Shows how the timelines are to those who look on, if they want to know.
    fn show_if_wanted(&self) {
        for (thread, line) in (0..).zip(&self.lines) {
            if !self.together.board.wants(thread) {
                continue;
            }
            let index = thread as usize;
            let showing = Showing {
                engine: self.timelines.engine(index),
                live_jobs: self.timelines.reactor(index).live_jobs(),
                collector: line.watch.collector(),
                jobs: &line.jobs,
                open: line.open.as_ref(),
                agenda: &self.agenda,
                ring_depth: self.together.scenario.device.ring_depth,
            };
            self.together.board.tell(thread, showing.told());
        }
    }

    /// Whether there is something left to do.
    fn has_more(&self) -> bool {
        let mut lines = self.lines.iter().enumerate();
        lines.any(|(index, line)| {
            let tickets = line.jobs.tickets();
            match &line.open {
                Some(open) => open.has_backlog() || open.next_at(tickets).is_some(),
                None => {
                    let now = self.timelines.engine(index).now();
                    tickets.borrow().allows(now)
                }
            }
        })
    }

    /// Gives a timeline the jobs that it lacks, and wakes those whose time to think is over.
    fn feed(&mut self, index: usize) -> Result<(), RunError> {
        let now = self.timelines.engine(index).now();
        let line = &self.lines[index];
        // When there is nothing left to do, nobody thinks on.
        let has_more = line.jobs.tickets().borrow().allows(now);
        let until = if has_more { now } else { Nanos::MAX };
        line.jobs.alarms().ring(until).map_err(broken)?;
        let most_jobs = self.most_jobs(index);
        // A job that ends at once makes room for another; but now and then the others are due.
        for _ in 0..most_jobs {
            let Some(ticket) = self.next(index, most_jobs) else {
                break;
            };
            let reactor = self.timelines.reactor_mut(index);
            let spawned = reactor.spawn(self.lines[index].jobs.job(ticket));
            spawned.map_err(|error| no_room(reactor.live_jobs(), error))?;
        }
        self.lines[index].jobs.tickets().borrow().moves()?;
        let timer = self.timer(index, most_jobs);
        self.timelines.set_timer(index, timer);
        Ok(())
    }

    /// What a timeline is to start now.
    fn next(&mut self, index: usize, most_jobs: u64) -> Option<Ticket> {
        let is_free = (self.timelines.reactor(index).live_jobs() as u64) < most_jobs;
        let now = self.timelines.engine(index).now();
        let line = &mut self.lines[index];
        let tickets = line.jobs.tickets();
        match &mut line.open {
            Some(open) => open.pull(now, is_free, tickets),
            None if is_free => tickets.borrow_mut().take(now),
            None => None,
        }
    }

    /// When a timeline is to be fed again, even if nothing happens there.
    fn timer(&self, index: usize, most_jobs: u64) -> Option<Nanos> {
        let now = self.timelines.engine(index).now();
        let live_jobs = self.timelines.reactor(index).live_jobs() as u64;
        let line = &self.lines[index];
        let tickets = line.jobs.tickets();
        if let Some(open) = &line.open {
            let is_free = live_jobs < most_jobs;
            let waits = (open.has_backlog() && is_free).then_some(now);
            return waits.or_else(|| open.next_at(tickets));
        }
        if live_jobs == 0 && most_jobs > 0 {
            return tickets.borrow().allows(now).then_some(now);
        }
        let change = self.levels.next_change(now - self.start);
        let change = change.map(|at| self.start + at);
        line.jobs.alarms().next_at().into_iter().chain(change).min()
    }

    /// Jobs that a timeline may have at once now.
    fn most_jobs(&self, index: usize) -> u64 {
        let load = &self.together.scenario.load;
        let jobs = match load.pacing {
            Pacing::Closed { .. } => {
                let now = self.timelines.engine(index).now();
                Nanos::from_f64(self.levels.at(now - self.start)).get()
            }
            Pacing::Open { max_jobs, .. } => u64::from(max_jobs),
        };
        let thread = u32::try_from(index).unwrap_or(u32::MAX);
        Share::of(jobs, load.threads, thread).count
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
                load_over_at: line.open.as_ref().and_then(OpenLoop::over_at),
                punctuality: line.open.map(OpenLoop::into_punctuality),
                cost: ThreadCost::default(),
            })
        });
        parts.collect()
    }
}
