//! One thread of a run: starts its jobs when they are due, and lets time pass until all is done.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::Ordering;

use pausewake_device::Nanos;

use super::arrivals::Arrivals;
use super::jobs::Jobs;
use super::tickets::{Share, Ticket};
use super::world::{World, broken};
use super::{Count, RunError, Together};
use crate::scenario::{Mode, Pacing};

/// One thread.
pub(super) struct Runner<'a> {
    together: &'a Together<'a>,
    thread: u32,
    world: World,
    jobs: &'a Jobs,
    start: Nanos,
    invalid: Option<String>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        together: &'a Together<'a>,
        thread: u32,
        world: World,
        jobs: &'a Jobs,
    ) -> Self {
        Self {
            together,
            thread,
            start: world.now(),
            world,
            jobs,
            invalid: None,
        }
    }

    /// Does everything that there is to do.
    pub(super) fn run(&mut self) -> Result<(), RunError> {
        let scenario = self.together.scenario;
        match scenario.load.pacing {
            Pacing::Closed { jobs } => {
                let jobs = Share::of(u64::from(jobs), scenario.load.threads, self.thread).count;
                match scenario.mode {
                    Mode::Async => self.closed_loop(jobs),
                    Mode::Sync | Mode::Software => self.closed_loop_in_place(jobs),
                }
            }
            Pacing::Open {
                rate_per_s,
                arrival,
                max_jobs,
            } => {
                let arrivals = Arrivals::new(scenario.seed, rate_per_s, arrival, self.start);
                self.open_loop(arrivals, max_jobs as usize)
            }
        }
    }

    /// What is left when all is done: the world, and why the figures mean nothing, if so.
    pub(super) fn into_parts(self) -> (World, Option<String>) {
        (self.world, self.invalid)
    }

    /// `jobs` at once, as long as there is something to do.
    fn closed_loop(&mut self, jobs: u64) -> Result<(), RunError> {
        loop {
            // A job that ends at once makes room for another; but now and then the others are due.
            let mut started = 0;
            while self.live_jobs() < jobs && started < jobs {
                let Some(ticket) = self.take() else { break };
                self.world.spawn(self.jobs.job(ticket))?;
                started += 1;
            }
            self.jobs.tickets().borrow().moves()?;
            if self.live_jobs() == 0 && started == 0 {
                return Ok(());
            }
            if self.live_jobs() == 0 {
                self.look_up()?;
                continue;
            }
            let next_alarm = self.jobs.alarms().next_at();
            if self.live_jobs() < jobs && self.allows(self.world.now()) {
                self.turn(next_alarm)?;
            } else {
                self.turn_through(next_alarm)?;
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
        let now = self.world.now();
        // When there is nothing left to do, nobody thinks on.
        let until = if self.allows(now) { now } else { Nanos::MAX };
        alarms.ring(until).map_err(broken)
    }

    /// The same where calls do not pause: the thread does one thing after the other, first what was
    /// ready first, and waits in place for each.
    fn closed_loop_in_place(&mut self, jobs: u64) -> Result<(), RunError> {
        let now = self.world.now();
        let mut ready: BinaryHeap<_> = (0..jobs).map(|job| Reverse((now, job))).collect();
        while let Some(Reverse((at, job))) = ready.pop() {
            while self.world.now() < at {
                self.turn(Some(at))?;
            }
            let Some(ticket) = self.take() else { break };
            self.jobs.run(ticket);
            ready.push(Reverse((self.world.now() + ticket.think_ns, job)));
            self.look_up()?;
        }
        self.jobs.tickets().borrow().moves()
    }

    /// Jobs when they arrive, however many there are.
    fn open_loop(&mut self, mut arrivals: Arrivals, max_jobs: usize) -> Result<(), RunError> {
        let mut next = arrivals.next_at();
        loop {
            while next <= self.world.now() {
                if self.world.live_jobs() >= max_jobs && self.allows(next) {
                    self.overloaded(max_jobs);
                    break;
                }
                let ticket = self.jobs.tickets().borrow_mut().take(next);
                let Some(ticket) = ticket else { break };
                self.start(ticket)?;
                next = arrivals.next_at();
            }
            if self.allows(next) {
                self.turn_through(Some(next))?;
            } else if self.world.live_jobs() > 0 {
                self.turn_through(None)?;
            } else {
                return Ok(());
            }
        }
    }

    fn start(&mut self, ticket: Ticket) -> Result<(), RunError> {
        match self.together.scenario.mode {
            Mode::Async => self.world.spawn(self.jobs.job(ticket)),
            Mode::Sync | Mode::Software => {
                self.jobs.run(ticket);
                Ok(())
            }
        }
    }

    /// More jobs would be needed than may be: the arrivals end here, and the run with them.
    fn overloaded(&mut self, max_jobs: usize) {
        self.jobs.tickets().borrow_mut().end();
        self.invalid = Some(format!(
            "{max_jobs} jobs were waiting and more arrived: the device is slower than the \
             arrivals. Lower load.rate, or allow more by load.jobs"
        ));
    }

    fn live_jobs(&self) -> u64 {
        self.world.live_jobs() as u64
    }

    fn allows(&self, at: Nanos) -> bool {
        self.jobs.tickets().borrow().allows(at)
    }

    fn take(&self) -> Option<Ticket> {
        let now = self.world.now();
        self.jobs.tickets().borrow_mut().take(now)
    }

    fn turn(&mut self, until: Option<Nanos>) -> Result<(), RunError> {
        self.world.turn(self.with_glance(until))?;
        self.look_up()
    }

    /// A turn in which nothing more can be started, whatever it brings before `until`.
    fn turn_through(&mut self, until: Option<Nanos>) -> Result<(), RunError> {
        self.world.turn_through(self.with_glance(until))?;
        self.look_up()
    }

    /// A signal that comes just before the loop sleeps would not wake it.
    fn with_glance(&self, until: Option<Nanos>) -> Option<Nanos> {
        let glance = self.world.is_wall().then(|| self.world.now() + GLANCE_NS);
        until.into_iter().chain(glance).min()
    }

    /// Looks whether somebody wants the run to end, and says how far it is.
    fn look_up(&self) -> Result<(), RunError> {
        let together = self.together;
        let Count(returned) = &together.returned[self.thread as usize];
        returned.store(self.world.returned_ops(), Ordering::Relaxed);
        if together.interrupt.is_raised() {
            return Err(RunError::Interrupted {
                ops: together.returned_ops(),
            });
        }
        if together.is_over.load(Ordering::Relaxed) {
            return Err(RunError::Stopped);
        }
        if self.thread == 0 {
            let elapsed = || self.world.now() - self.start;
            together.progress.at(|| together.returned_ops(), elapsed);
        }
        Ok(())
    }
}

/// How long the loop may sleep, under the wall clock, without a look at
/// [`Interrupt`](crate::interrupt::Interrupt).
const GLANCE_NS: Nanos = Nanos::from_millis(100);
