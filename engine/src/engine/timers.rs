//! What will happen even if the device is silent: timeouts, the heuristic's backstop, the watchdog.

use pausewake_device::Nanos;

use super::{EngineState, Inner};
use crate::config::Reap;
use crate::events::Event;

impl Inner {
    /// When a call that begins at `call_ns` must have ended.
    pub(crate) fn deadline_ns(&self, call_ns: Nanos) -> Option<Nanos> {
        Some(call_ns + self.config.op_timeout_ns?)
    }

    /// When somebody has to look, whatever the device does.
    pub(crate) fn next_timer_ns(&self) -> Option<Nanos> {
        let mut state = self.state.borrow_mut();
        let backstop = match self.config.reap {
            Reap::Heuristic(heuristic) if state.stats.in_flight > 0 => {
                Some(state.polled_ns + heuristic.backstop_ns)
            }
            _ => None,
        };
        let watchdog = self.watchdog_due_ns(&state);
        let timers = [state.next_deadline_ns(), backstop, watchdog];
        timers.into_iter().flatten().min()
    }

    /// Whether heuristic reaping looks now.
    pub(crate) fn is_poll_due(&self, live_jobs: usize) -> bool {
        let Reap::Heuristic(heuristic) = self.config.reap else {
            return true;
        };
        let mut state = self.state.borrow_mut();
        let stats = state.stats;
        if stats.in_flight == 0 {
            return state.is_time_up();
        }
        let many = stats.in_flight_asymmetric >= u64::from(heuristic.asymmetric)
            || stats.in_flight_symmetric >= u64::from(heuristic.symmetric);
        // Whoever stands in line waits for the device, too.
        let everybody_waits = stats.in_flight + state.line.len() as u64 >= live_jobs as u64;
        if many || everybody_waits {
            return true;
        }
        state.queue.now() - state.polled_ns >= heuristic.backstop_ns || state.is_time_up()
    }

    /// Says that nobody polls, once, if completions have lain unread for too long.
    pub(crate) fn watch(&self) {
        let Some(limit_ns) = self.config.watchdog_ns else {
            return;
        };
        let mut state = self.state.borrow_mut();
        if state.stats.in_flight == 0 || state.is_watchdog_told || !state.has_completion() {
            return;
        }
        let now = state.queue.now();
        let since_ns = *state.unread_since_ns.get_or_insert(now);
        let unread_for_ns = now - since_ns;
        if unread_for_ns < limit_ns {
            return;
        }
        state.is_watchdog_told = true;
        drop(state);
        self.count(|stats| stats.nobody_polls += 1);
        self.tell(|| now, || Event::NobodyPolls { unread_for_ns });
    }

    /// When the watchdog will want to look.
    fn watchdog_due_ns(&self, state: &EngineState) -> Option<Nanos> {
        let limit_ns = self.config.watchdog_ns?;
        let is_polled_by_others = matches!(self.config.reap, Reap::External);
        if !is_polled_by_others || state.is_watchdog_told || state.stats.in_flight == 0 {
            return None;
        }
        let since_ns = state.unread_since_ns.unwrap_or_else(|| state.queue.now());
        Some(since_ns + limit_ns)
    }
}

impl EngineState {
    /// When the next call's time is up.
    pub(super) fn next_deadline_ns(&mut self) -> Option<Nanos> {
        let op = self.deadlines.next_ns(&mut self.slots);
        op.into_iter().chain(self.line.deadline_ns()).min()
    }

    /// Whether a call's time is up. Reads the clock only if calls have deadlines.
    pub(super) fn is_time_up(&mut self) -> bool {
        self.next_deadline_ns()
            .is_some_and(|deadline_ns| deadline_ns <= self.queue.now())
    }
}
