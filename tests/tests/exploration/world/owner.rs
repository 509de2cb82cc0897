//! The owner of the engine: a loop that reaps, and sleeps when there is nothing to do.
//!
//! It is the loop of somebody else's that the engine's documentation asks for, taken apart: ring the
//! doorbell, arm, look, sleep, disarm, reap, resume. Between any two of its steps the device may do
//! what it likes. It sleeps without blocking: it does nothing until what a loop waits for has come,
//! the signal's fd or its timer. That it sleeps is no step of its own, as nothing can tell a loop
//! that is about to sleep from one that does.

use pausewake_device::Nanos;
use pausewake_engine::{Heuristic, Reap};

use super::World;
use super::application::is_readable;
use crate::action::Action;
use crate::case::Arming;
use crate::oracle::{Job, Phase, Violation, ensure};

/// How far the owner is in its loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Does what its jobs ask for. Where the application decides when to reap, it is always here.
    Awake,
    /// Has asked for the signal, and not looked yet.
    Armed,
    /// Waits for the signal, at the longest until its timer.
    Asleep { until: Option<Nanos> },
    /// Woken, or has found something when it looked.
    Woken,
    /// Has forgotten the signal, and has yet to reap.
    Disarmed,
}

impl World {
    /// What the owner's loop can do now, beside its jobs.
    pub(super) fn enabled_of_owner(&self, enabled: &mut Vec<Action>) {
        match self.owner {
            Owner::Awake => {
                let can_sleep = self.case.reap != Reap::External && self.has_more_to_come();
                if self.is_worth_reaping() && (self.case.reaps_awake || !can_sleep) {
                    enabled.push(Action::Reap);
                }
                if can_sleep && self.has_nothing_to_do() {
                    enabled.push(Action::Arm);
                }
            }
            Owner::Armed => enabled.push(Action::LookAgain),
            Owner::Asleep { until } => {
                if self.is_signalled() || self.is_past(until) {
                    enabled.push(Action::WakeUp);
                }
                if self.left.interrupts > 0 {
                    enabled.push(Action::Interrupt);
                }
            }
            Owner::Woken => enabled.push(Action::Disarm),
            Owner::Disarmed => enabled.push(Action::Reap),
        }
    }

    /// Whether the owner sleeps, and nothing but its timer will wake it for what is there.
    pub(super) fn sleeps_until_its_timer(&self) -> bool {
        let Owner::Asleep { until: Some(until) } = self.owner else {
            return false;
        };
        until > self.engine.now() && self.oracle.unread() > 0
    }

    fn is_worth_reaping(&self) -> bool {
        let is_due = self.heuristic().is_none_or(|it| self.is_poll_due(it));
        let has_completions = self.oracle.unread() > 0 && is_due;
        has_completions || self.is_past(self.next_deadline_ns())
    }

    fn has_nothing_to_do(&self) -> bool {
        let is_runnable =
            |job: usize| self.apps[job].is_ready || self.is_woken(job) || self.would_look(job);
        self.unpublished == 0 && !(0..self.case.jobs).any(is_runnable)
    }

    fn has_more_to_come(&self) -> bool {
        let is_paused = |job: &Job| job.phase == Phase::Paused;
        self.oracle.in_flight() > 0 || self.oracle.jobs.iter().any(is_paused)
    }

    pub(super) fn arm(&mut self) -> Result<(), Violation> {
        match self.case.arming {
            Arming::AtOnce => {
                let is_quiet = self.engine.arm_signal();
                self.is_armed = is_quiet && self.case.reap == Reap::Event;
                self.sleep_if(is_quiet)
            }
            Arming::InHalves => {
                self.engine.request_signal();
                self.is_armed = self.case.reap == Reap::Event;
                self.owner = Owner::Armed;
                Ok(())
            }
        }
    }

    pub(super) fn look_again(&mut self) -> Result<(), Violation> {
        let is_quiet = self.engine.is_quiet();
        self.sleep_if(is_quiet)
    }

    fn sleep_if(&mut self, is_quiet: bool) -> Result<(), Violation> {
        if is_quiet {
            let until = self.engine.next_timer_ns();
            self.owner = Owner::Asleep { until };
            return Ok(());
        }
        let is_for_completions = self.case.reap == Reap::Event;
        let has_reason = is_for_completions && self.oracle.unread() > 0 || self.has_room_for_line();
        ensure!(has_reason, "the owner is kept awake for nothing");
        self.owner = Owner::Woken;
        Ok(())
    }

    pub(super) fn disarm(&mut self) -> Result<(), Violation> {
        self.engine.disarm_signal();
        (self.is_armed, self.was_signalled) = (false, false);
        self.owner = Owner::Disarmed;
        ensure!(
            !self.is_signalled(),
            "a signal is left over after disarming"
        );
        Ok(())
    }

    pub(super) fn reap(&mut self) -> Result<(), Violation> {
        let heuristic = self.heuristic();
        let is_due = heuristic.is_none_or(|it| self.is_poll_due(it));
        let expected = if is_due { self.oracle.unread() } else { 0 };
        if is_due {
            self.oracle.about_to_reap();
            self.polled_ns = self.engine.now();
        }
        self.version += 1;
        self.owner = Owner::Awake;
        let reaped = match heuristic {
            Some(_) => self.engine.poll_heuristically(self.live_jobs()),
            None => self.engine.poll(),
        } as u64;
        ensure!(
            reaped == expected,
            "{reaped} completions were taken, {expected} were there to take"
        );
        Ok(())
    }

    /// What must hold of a loop that sleeps: whatever it should do, something wakes it for, and
    /// nothing wakes it for less.
    pub(super) fn check_sleep(&self) -> Result<(), Violation> {
        ensure!(
            !self.is_signalled() || self.was_signalled || self.has_room_for_line(),
            "the owner is signalled, and nothing has come"
        );
        let Owner::Asleep { until } = self.owner else {
            return Ok(());
        };
        if self.is_signalled() || self.is_past(until) {
            return Ok(());
        }
        let unread = self.oracle.unread();
        let will_wake = match self.case.reap {
            Reap::Event => self.unsignalled,
            _ => until.is_some(),
        };
        ensure!(
            unread == 0 || will_wake,
            "the owner sleeps, {unread} completions lie in the ring, and nothing will wake it"
        );
        ensure!(
            !self.has_room_for_line(),
            "the owner sleeps, and there is room for a job that waits for it"
        );
        self.oracle.check_timeouts(self.engine.now())
    }

    /// Whether a job in line could be given a slot and a place in the ring.
    fn has_room_for_line(&self) -> bool {
        let fetched = self.device.stats().fetched;
        let in_ring = self.oracle.ops.len() as u64 - fetched;
        self.oracle.jobs.iter().any(|job| job.in_line)
            && self.engine.slots_in_use() < self.case.slots as usize
            && in_ring < u64::from(self.case.ring_depth)
    }

    /// When heuristic reaping looks: QAT_Engine's rule, worked out beside the engine.
    fn is_poll_due(&self, heuristic: Heuristic) -> bool {
        let in_flight = self.oracle.in_flight();
        let since_ns = self.engine.now() - self.polled_ns;
        in_flight > 0
            && (in_flight >= u64::from(heuristic.symmetric)
                || in_flight >= self.live_jobs() as u64
                || since_ns >= heuristic.backstop_ns)
    }

    fn live_jobs(&self) -> usize {
        let live = self.apps.iter().filter(|app| app.handle.is_some());
        live.count() + self.case.bystanders
    }

    fn heuristic(&self) -> Option<Heuristic> {
        match self.case.reap {
            Reap::Heuristic(heuristic) => Some(heuristic),
            Reap::Event | Reap::External | Reap::Inline | Reap::Thread { .. } => None,
        }
    }

    /// When the first call's time is up.
    fn next_deadline_ns(&self) -> Option<Nanos> {
        self.case.op_timeout_ns?;
        self.engine.next_timer_ns()
    }

    fn is_past(&self, due: Option<Nanos>) -> bool {
        due.is_some_and(|due| due <= self.engine.now())
    }

    pub(super) fn is_signalled(&self) -> bool {
        is_readable(&self.signal)
    }
}
