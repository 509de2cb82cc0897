//! The completion signal, for event loops of somebody else's.

use std::io;
use std::os::fd::OwnedFd;

use super::Engine;

impl Engine {
    /// The fd that becomes readable when there is something to [`poll`](Self::poll) for, for an event
    /// loop of your own. Each call gives a duplicate, which outlives the engine without harm.
    ///
    /// The device writes to it only when it was asked to, by [`arm_signal`](Self::arm_signal), so that
    /// a busy loop costs nobody a system call. Before it sleeps, a loop says that it is going to,
    /// and looks once more:
    /// ```no_run
    /// # use pausewake_engine::Engine;
    /// # fn sleep_in_epoll() {}
    /// # fn resume_the_jobs_whose_fds_are_readable() {}
    /// # fn turn(engine: &Engine) {
    /// engine.ring_doorbell();
    /// // Armed, then looked at: `false` if a completion has come before the flag was up.
    /// if engine.arm_signal() {
    ///     sleep_in_epoll(); // for this fd, and all that the loop waits for
    /// }
    /// engine.disarm_signal();
    /// engine.poll();
    /// resume_the_jobs_whose_fds_are_readable();
    /// # }
    /// ```
    /// `examples/own_loop.rs` is a whole one. With a reaper thread ([`Reap::Thread`]) it is the reaper
    /// that signals, by the same contract. Under virtual time there is nothing to sleep for: the
    /// [`Reactor`] moves the clock.
    ///
    /// `None`: the queue pair's completion side was taken out before the engine got it.
    ///
    /// # Errors
    /// The process has no descriptor left.
    ///
    /// [`Reap::Thread`]: crate::Reap::Thread
    /// [`Reactor`]: crate::Reactor
    pub fn signal_fd(&self) -> io::Result<Option<OwnedFd>> {
        let state = self.inner.state.borrow();
        let fd = match &state.reaper {
            Some(reaper) => Some(reaper.bell_fd()),
            None => state.queue.signal_fd(),
        };
        fd.map(|fd| fd.try_clone_to_owned()).transpose()
    }

    /// Asks for the next completion's signal. `true`: there is nothing to poll for, and the fd will
    /// become readable when there is; go to sleep. `false`: there is something already; do not.
    ///
    /// The flag goes up first, then a fence that is sequentially consistent, then the look at the ring;
    /// the device publishes a completion first, then fences, then looks at the flag. So one of
    /// the two sees the other, and no completion falls in between.
    ///
    /// Where the configuration leaves the time of polling to the application
    /// ([`Reap::External`](crate::Reap::External), [`Reap::Heuristic`](crate::Reap::Heuristic),
    /// [`Reap::Inline`](crate::Reap::Inline)), completions are not asked for, only room in the ring if
    /// calls wait for it: there the loop sleeps until [`next_timer_ns`](Self::next_timer_ns) at the longest.
    pub fn arm_signal(&self) -> bool {
        self.inner.arm_signal()
    }

    /// The first half of [`arm_signal`](Self::arm_signal): the flag goes up, with its fence, and
    /// nothing is looked at. For a loop that asks several engines, or has a queue of its own to look at,
    /// before it decides to sleep; and for a test that lets something happen between the halves.
    ///
    /// Whoever sleeps without asking [`is_quiet`](Self::is_quiet) after this may sleep for ever.
    pub fn request_signal(&self) {
        self.inner.request_signal();
    }

    /// The second half of [`arm_signal`](Self::arm_signal): whether there is nothing to poll for
    /// that the signal would be given for. If there is something, do not sleep; the flag stays up until
    /// [`disarm_signal`](Self::disarm_signal).
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.inner.is_quiet()
    }

    /// Takes [`arm_signal`](Self::arm_signal) back, and forgets a signal that was given. To be called
    /// after the sleep and *before* polling: forgotten after it, the signal of a completion that came
    /// in between would be gone, and the completion not seen.
    pub fn disarm_signal(&self) {
        self.inner.disarm_signal();
        self.inner.drain_signal();
    }
}
