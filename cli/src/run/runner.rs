//! One thread of a run: starts its jobs when they are due, and lets time pass until all is done.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::Ordering;

use pausewake_device::Nanos;
use pausewake_engine::{Reap, Turn};

use super::agenda::Agenda;
use super::cost::CostMeter;
use super::guard::Interim;
use super::jobs::Jobs;
use super::levels::Levels;
use super::open::OpenLoop;
use super::showing::Showing;
use super::tickets::{Share, Ticket};
use super::world::{World, broken};
use super::{Part, RunError, Together};
use crate::scenario::{Mode, Pacing};

/// One thread.
pub(super) struct Runner<'a> {
    together: &'a Together<'a>,
    thread: u32,
    world: World,
    jobs: &'a Jobs,
    start: Nanos,
    agenda: Agenda,
    levels: Levels,
    open: Option<OpenLoop>,
    cost: CostMeter,
    /// Since when the run is being ended before its time.
    ending_since: Option<Nanos>,
}

impl<'a> Runner<'a> {
    /// Thread number `thread` of a run, with its jobs, from `start` on.
    pub(super) fn new(
        together: &'a Together<'a>,
        thread: u32,
        world: World,
        jobs: &'a Jobs,
        start: Nanos,
    ) -> Self {
        Self {
            together,
            thread,
            world,
            jobs,
            start,
            agenda: Agenda::new(together.scenario, start),
            levels: super::levels(together.scenario),
            open: super::open_loop(together.scenario, thread, start),
            cost: CostMeter::new(),
            ending_since: None,
        }
    }

    /// Does everything that there is to do.
    pub(super) fn run(&mut self) -> Result<(), RunError> {
        self.look_up()?;
        let load = &self.together.scenario.load;
        let is_async = self.together.scenario.mode == Mode::Async;
        match load.pacing {
            Pacing::Closed { .. } if is_async => self.closed_loop(),
            Pacing::Closed { jobs } => {
                let jobs = Share::of(u64::from(jobs), load.threads, self.thread).count;
                self.closed_loop_in_place(jobs)
            }
            Pacing::Open { max_jobs, .. } => {
                let max_jobs = Share::of(u64::from(max_jobs), load.threads, self.thread).count;
                let Some(mut open) = self.open.take() else {
                    return Ok(());
                };
                let done = self.open_loop(&mut open, max_jobs, is_async);
                self.open = Some(open);
                done
            }
        }
    }

    /// Ends everything; says what came of it.
    ///
    /// # Errors
    /// Something was left over that should not be.
    pub(super) fn into_part(self) -> Result<Part, RunError> {
        let cost = self.cost.take(self.world.now());
        // Of a device that does not answer, nobody waits for an answer.
        let engine = self.world.engine();
        let is_left = self.world.live_jobs() > 0 || engine.stats().in_flight > 0;
        let figures = match self.ending_since {
            Some(_) if is_left && self.world.is_wall() => self.world.abandon(),
            _ => self.world.finish()?,
        };
        Ok(Part {
            figures,
            tally: self.jobs.tally(),
            load_over_at: self.open.as_ref().and_then(OpenLoop::over_at),
            punctuality: self.open.map(OpenLoop::into_punctuality),
            cost,
        })
    }

    /// As many jobs at once as are wanted, as long as there is something to do.
    fn closed_loop(&mut self) -> Result<(), RunError> {
        loop {
            let wanted = self.wanted_jobs();
            // A job that ends at once makes room for another; but now and then the others are due.
            let mut started = 0;
            while self.live_jobs() < wanted && started < wanted {
                let Some(ticket) = self.take() else { break };
                self.world.spawn(self.jobs.job(ticket))?;
                started += 1;
            }
            self.jobs.tickets().borrow().moves()?;
            // All jobs are started that are wanted.
            self.show_if_wanted(None);
            if self.live_jobs() == 0 && started == 0 && (wanted > 0 || !self.allows_now()) {
                return Ok(());
            }
            if self.has_given_up() {
                return Ok(());
            }
            let change = self.next_change();
            if self.live_jobs() == 0 {
                match started {
                    0 => self.turn(change).map(|_| ())?,
                    _ => self.look_up()?,
                }
                continue;
            }
            let alarm = self.jobs.alarms().next_at();
            let until = alarm.into_iter().chain(change).min();
            let may_start = self.live_jobs() < wanted && self.allows_now();
            if may_start || self.together.scenario.load.think.is_some() {
                self.turn(until)?;
            } else {
                self.turn_through(until)?;
            }
            self.ring_alarms()?;
        }
    }

    /// Wakes the jobs whose time to think is over.
    fn ring_alarms(&self) -> Result<(), RunError> {
        let alarms = self.jobs.alarms();
        if alarms.next_at().is_none() {
            return Ok(());
        }
        // When there is nothing left to do, nobody thinks on.
        let until = if self.allows_now() {
            self.world.now()
        } else {
            Nanos::MAX
        };
        alarms.ring(until).map_err(broken)
    }

    /// The same where calls do not pause: the thread does one thing after the other, first what was
    /// ready first, and waits in place for each.
    fn closed_loop_in_place(&mut self, jobs: u64) -> Result<(), RunError> {
        let now = self.world.now();
        let mut ready: BinaryHeap<_> = (0..jobs).map(|job| Reverse((now, job))).collect();
        while let Some(Reverse((at, job))) = ready.pop() {
            while self.world.now() < at && self.ending_since.is_none() {
                self.turn(Some(at))?;
                self.show_if_wanted(None);
            }
            let Some(ticket) = self.take() else { break };
            self.show_if_wanted(None);
            self.jobs.run(ticket);
            ready.push(Reverse((self.world.now() + ticket.think_ns, job)));
            self.look_up()?;
        }
        self.jobs.tickets().borrow().moves()
    }

    /// Jobs when they arrive, `max_jobs` at once.
    fn open_loop(
        &mut self,
        open: &mut OpenLoop,
        max_jobs: u64,
        is_async: bool,
    ) -> Result<(), RunError> {
        let tickets = self.jobs.tickets();
        loop {
            let mut started = 0;
            while started < STARTS_A_TURN {
                let is_free = self.live_jobs() < max_jobs;
                let Some(ticket) = open.pull(self.world.now(), is_free, tickets) else {
                    break;
                };
                started += 1;
                if is_async {
                    self.world.spawn(self.jobs.job(ticket))?;
                } else {
                    self.jobs.run(ticket);
                    open.was_blocked_until(self.world.now());
                    self.look_up()?;
                }
            }
            tickets.borrow().moves()?;
            if self.together.scenario.abort.is_some() {
                self.tell_if_due(Some(open));
            }
            self.show_if_wanted(Some(open));
            if self.ending_since.is_some() {
                open.give_up(self.world.now());
            }
            let next = match started {
                STARTS_A_TURN => Some(self.world.now()),
                _ => open.next_at(tickets),
            };
            let is_busy = self.live_jobs() > 0 || open.has_backlog();
            match next {
                _ if self.has_given_up() => return Ok(()),
                Some(next) => self.wait_for(next)?,
                None if is_busy => self.turn(None).map(|_| ())?,
                None => return Ok(()),
            }
        }
    }

    /// Lets time pass until `next` at the longest. By the wall clock the last bit of it is not slept
    /// through: whoever sleeps wakes late.
    fn wait_for(&mut self, next: Nanos) -> Result<(), RunError> {
        let now = self.world.now();
        if !self.world.is_wall() {
            return self.turn(Some(next)).map(|_| ());
        }
        if next > now + SPIN {
            return self.turn(Some(next - SPIN)).map(|_| ());
        }
        if self.turn(Some(now))? == Turn::TimedOut {
            std::hint::spin_loop();
        }
        Ok(())
    }

    /// Jobs of this thread that there shall be now.
    fn wanted_jobs(&self) -> u64 {
        let level = self.levels.at(self.world.now() - self.start);
        let threads = self.together.scenario.load.threads;
        Share::of(Nanos::from_f64(level).get(), threads, self.thread).count
    }

    /// When there may be others.
    fn next_change(&self) -> Option<Nanos> {
        let since = self.world.now() - self.start;
        self.levels.next_change(since).map(|at| self.start + at)
    }

    fn live_jobs(&self) -> u64 {
        self.world.live_jobs() as u64
    }

    fn allows_now(&self) -> bool {
        self.jobs.tickets().borrow().allows(self.world.now())
    }

    fn take(&self) -> Option<Ticket> {
        let now = self.world.now();
        self.jobs.tickets().borrow_mut().take(now)
    }

    fn turn(&mut self, until: Option<Nanos>) -> Result<Turn, RunError> {
        self.turn_by(World::turn, until)
    }

    /// Turns in which nothing more can be started, nor an alarm set, whatever they bring before
    /// `until`.
    fn turn_through(&mut self, until: Option<Nanos>) -> Result<Turn, RunError> {
        self.turn_by(World::turn_through, until)
    }

    fn turn_by(
        &mut self,
        turn: impl FnOnce(&mut World, Option<Nanos>) -> Result<Turn, RunError>,
        until: Option<Nanos>,
    ) -> Result<Turn, RunError> {
        let before = self.world.now();
        // A signal that comes just before the loop sleeps would not wake it.
        let glance = self.world.is_wall().then(|| before + GLANCE);
        let others = glance.into_iter().chain(self.agenda.next_at());
        let turn = turn(&mut self.world, until.into_iter().chain(others).min())?;
        let only_looked = until.is_some_and(|until| until <= before) || self.looks_all_the_time();
        if turn == Turn::TimedOut && only_looked {
            // It did not sleep, and found nothing to do.
            self.cost.idled(self.world.now() - before);
        }
        self.look_up()?;
        Ok(turn)
    }

    fn looks_all_the_time(&self) -> bool {
        self.together.scenario.engine.reap == Reap::External
    }

    /// Looks whether somebody wants the run to end, and whether it is time for something.
    fn look_up(&mut self) -> Result<(), RunError> {
        let together = self.together;
        if together.is_over.load(Ordering::Relaxed) {
            return Err(RunError::Stopped);
        }
        let now = self.world.now();
        if self.agenda.begins(now) {
            self.begin_to_measure(now);
        }
        if self.is_closed() {
            self.tell_if_due(None);
        }
        if together.is_ending() && self.ending_since.is_none() {
            self.ending_since = Some(now);
            self.jobs.tickets().borrow_mut().end();
        }
        Ok(())
    }

    /// Whether an op begins when another has ended.
    fn is_closed(&self) -> bool {
        matches!(self.together.scenario.load.pacing, Pacing::Closed { .. })
    }

    fn begin_to_measure(&mut self, now: Nanos) {
        self.world.collector().take_recent();
        if self.together.scenario.load.warmup > Nanos::ZERO {
            self.jobs.forget_errors();
            if self.thread == 0 {
                self.together
                    .device
                    .restart_stats(self.agenda.measure_from());
            }
        }
        if self.world.is_wall() {
            self.cost.begin(now);
        }
    }

    /// Tells the others how this thread's figures stand, when they are to be looked at.
    fn tell_if_due(&mut self, open: Option<&OpenLoop>) {
        let now = self.world.now();
        if !self.agenda.looks(now) {
            return;
        }
        let interim = Interim {
            latency: self.world.collector().latency_so_far(),
            errors: self.jobs.errors(),
            late: open.map_or(0, |open| open.punctuality().late()),
            dropped: open.map_or(0, |open| open.punctuality().dropped),
        };
        self.together.tell(self.thread, interim, now - self.start);
    }

    /// Shows how this thread is to those who look on, if they want to know.
    fn show_if_wanted(&self, open: Option<&OpenLoop>) {
        if self.together.board.wants(self.thread) {
            let showing = Showing {
                engine: self.world.engine(),
                live_jobs: self.world.live_jobs(),
                collector: self.world.collector(),
                jobs: self.jobs,
                open,
                agenda: &self.agenda,
                ring_depth: self.together.scenario.device.ring_depth,
            };
            self.together.board.tell(self.thread, showing.told());
        }
    }

    /// Whether the run is being ended, and what is still in flight had its time to end.
    fn has_given_up(&self) -> bool {
        let over = |since: Nanos| self.world.now() > since + GRACE;
        self.world.is_wall() && self.ending_since.is_some_and(over)
    }
}

/// How long the loop may sleep, under the wall clock, without a look at
/// [`Interrupt`](crate::interrupt::Interrupt).
const GLANCE: Nanos = Nanos::from_millis(100);
/// What is in flight when a run is ended may take so long to end by itself.
const GRACE: Nanos = Nanos::from_millis(500);
/// Before an arrival, what sleeping may take too long.
const SPIN: Nanos = Nanos::from_micros(100);
/// Arrivals that are started before the loop looks what else there is to do.
const STARTS_A_TURN: u32 = 32;
