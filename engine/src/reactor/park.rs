//! The one place where time passes for an application thread.
//!
//! Under wall clock that is `mio`'s poll, with a timerfd for what is finer than its milliseconds.
//! Under virtual time it is a jump to the earliest of the device's deadline and the caller's own.
//! A manual device's time is a test's affair: parking then only looks for fds that are ready.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Token};
use pausewake_device::{Nanos, TimeKind};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::ReactorError;
use super::ready::ReadyQueue;
use crate::config::{Notify, Reap};
use crate::engine::Engine;

/// How a park ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// Something may have happened.
    Event,
    /// It is `until`.
    Until,
    /// Nothing will happen by itself.
    Nothing,
}

/// What an application thread waits with.
pub(super) struct Park {
    poll: mio::Poll,
    events: Events,
    timer: OwnedFd,
    /// Places whose fd became readable, to be resumed.
    readable: Vec<u32>,
    /// The engine's count of wakes by fd when the fds were last looked at.
    fd_wakes_seen: u64,
    /// Whether a job's fd was ever watched. If not, there is nothing to look for.
    watches_jobs: bool,
    /// Turns since the fds were last looked at.
    turns_since_look: u32,
}

/// A loop that is never idle looks at fds that others write at least once in so many turns.
const LOOK_EVERY_TURNS: u32 = 64;

/// The device's completion signal.
const SIGNAL: Token = Token(usize::MAX);
/// The ready queue's bell.
const BELL: Token = Token(usize::MAX - 1);
/// The timer of `until`.
const TIMER: Token = Token(usize::MAX - 2);

impl Park {
    pub(super) fn new(engine: &Engine, ready: &ReadyQueue) -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        let park = Self {
            poll,
            events: Events::with_capacity(256),
            timer,
            readable: Vec::new(),
            fd_wakes_seen: 0,
            watches_jobs: false,
            turns_since_look: 0,
        };
        if let Some(signal) = engine.inner().signal_fd() {
            park.register(signal, SIGNAL)?;
        }
        park.register(ready.sleeper.fd().as_raw_fd(), BELL)?;
        park.register(park.timer.as_raw_fd(), TIMER)?;
        Ok(park)
    }

    /// Watches a job's fd.
    pub(super) fn watch(&mut self, fd: RawFd, place: u32) -> io::Result<()> {
        self.watches_jobs = true;
        match self.register(fd, Token(place as usize)) {
            // Its wait context has had it since an earlier job.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            result => result,
        }
    }

    /// Forgets a job's fd. One that is not watched is forgotten already.
    pub(super) fn forget(&self, fd: RawFd) {
        let _ = self.poll.registry().deregister(&mut SourceFd(&fd));
    }

    fn register(&self, fd: RawFd, token: Token) -> io::Result<()> {
        let registry = self.poll.registry();
        registry.register(&mut SourceFd(&fd), token, Interest::READABLE)
    }

    /// The places whose fd became readable since the last time.
    pub(super) fn readable(&mut self, engine: &Engine) -> io::Result<std::vec::Drain<'_, u32>> {
        if self.watches_jobs {
            let stats = engine.stats();
            let fd_wakes = stats.wakes_by_fd + stats.wakes_for_room;
            let is_by_fd = engine.inner().config.notify == Notify::Fd;
            let written = is_by_fd && fd_wakes != self.fd_wakes_seen;
            self.turns_since_look += 1;
            if written || self.turns_since_look >= LOOK_EVERY_TURNS {
                self.fd_wakes_seen = fd_wakes;
                self.look(engine, Some(Duration::ZERO))?;
            }
        }
        Ok(self.readable.drain(..))
    }

    /// Whether fds were found readable whose jobs have not been resumed yet.
    pub(super) fn has_readable(&self) -> bool {
        !self.readable.is_empty()
    }

    /// Looks which fds of jobs are readable, now; for fds that others than the engine write.
    pub(super) fn look_at_fds(&mut self, engine: &Engine) -> io::Result<()> {
        if self.watches_jobs {
            self.look(engine, Some(Duration::ZERO))?;
        }
        Ok(())
    }

    /// Lets time pass until something happens, at the longest until `until`.
    pub(super) fn park(
        &mut self,
        engine: &Engine,
        ready: &mut ReadyQueue,
        until: Option<Nanos>,
    ) -> Result<Passed, ReactorError> {
        match (engine.inner().time_kind, engine.inner().config.reap) {
            (TimeKind::Wall, Reap::Inline) => {
                self.glance(engine, until).map(|passed| match passed {
                    // Looks again and again: there may always be something.
                    Passed::Nothing => Passed::Event,
                    passed => passed,
                })
            }
            (TimeKind::Wall, _) => self.sleep(engine, ready, until),
            (TimeKind::Virtual, _) => self.jump(engine, until),
            (TimeKind::Manual, Reap::Thread { .. }) => {
                self.glance_with_reaper(engine, ready, until)
            }
            (TimeKind::Manual, _) => self.glance(engine, until),
        }
    }

    /// Time stands still, but the reaper is a real thread: what it is about to do is waited for.
    fn glance_with_reaper(
        &mut self,
        engine: &Engine,
        ready: &ReadyQueue,
        until: Option<Nanos>,
    ) -> Result<Passed, ReactorError> {
        let inner = engine.inner();
        if inner.has_in_flight() && !inner.is_telling() {
            inner.wait_for_device().unwrap_or_default();
        }
        // In this order: when it has told, the wake is in the queue.
        let is_coming = inner.is_telling() || ready.has_wakes() || inner.has_arrived();
        let passed = self.glance(engine, until)?;
        Ok(if is_coming { Passed::Event } else { passed })
    }

    /// Wall clock: arms what may wake us, looks once more, and sleeps.
    fn sleep(
        &mut self,
        engine: &Engine,
        ready: &mut ReadyQueue,
        until: Option<Nanos>,
    ) -> Result<Passed, ReactorError> {
        if until.is_some_and(|until| engine.now() >= until) {
            return Ok(Passed::Until);
        }
        let quiet = engine.inner().arm_signal();
        if quiet && ready.arm() {
            if let Some(until) = until {
                self.set_timer(until - engine.now())?;
            }
            self.look(engine, None)?;
            ready.sleeper.disarm();
        }
        engine.inner().disarm_signal();
        let due = until.is_some_and(|until| engine.now() >= until);
        Ok(if due { Passed::Until } else { Passed::Event })
    }

    /// Virtual time: jumps from deadline to deadline until the one who reaps would look.
    fn jump(&mut self, engine: &Engine, until: Option<Nanos>) -> Result<Passed, ReactorError> {
        if self.watches_jobs {
            // A job whose fd is readable already runs at the time that it is.
            self.look(engine, Some(Duration::ZERO))?;
            if !self.readable.is_empty() {
                return Ok(Passed::Event);
            }
        }
        loop {
            let (signalled, now) = engine.inner().with_queue(|queue| {
                // Of any queue: whoever else lives on this device's time has to look, too.
                let before = queue.device_signals();
                let now = queue.advance(until);
                (queue.device_signals() != before, now)
            });
            let is_until = now.is_some_and(|now| until.is_some_and(|until| now >= until));
            // Whom the signal does not reach comes back at every deadline, or by its own timer.
            let is_awake = match engine.inner().config.reap {
                Reap::Event => signalled,
                Reap::External | Reap::Inline => now.is_some() && !is_until,
                Reap::Heuristic(_) | Reap::Thread { .. } => false,
            } || engine.inner().can_serve_line();
            match now {
                _ if is_awake => return Ok(Passed::Event),
                Some(_) if is_until => return Ok(Passed::Until),
                Some(_) => {}
                None => return self.glance(engine, until),
            }
        }
    }

    /// Time stands still: only what is ready already is found.
    fn glance(&mut self, engine: &Engine, until: Option<Nanos>) -> Result<Passed, ReactorError> {
        if self.watches_jobs {
            // All else that wakes a loop is found without the system's help while it is awake.
            self.look(engine, Some(Duration::ZERO))?;
        }
        if !self.readable.is_empty() {
            return Ok(Passed::Event);
        }
        let due = until.is_some_and(|until| engine.now() >= until);
        Ok(if due { Passed::Until } else { Passed::Nothing })
    }

    /// Waits for fds, and sorts what became ready. Edge-triggered: each event is taken in full.
    fn look(&mut self, engine: &Engine, timeout: Option<Duration>) -> io::Result<()> {
        self.turns_since_look = 0;
        if let Err(error) = self.poll.poll(&mut self.events, timeout)
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error);
        }
        for event in &self.events {
            match event.token() {
                SIGNAL => engine.inner().drain_signal(),
                // Edge-triggered: a new ring makes a new event, drained or not.
                BELL => {}
                TIMER => self.drain_timer(),
                Token(place) => self.readable.extend(u32::try_from(place)),
            }
        }
        Ok(())
    }

    fn set_timer(&self, span: Nanos) -> io::Result<()> {
        // A span of zero would switch the timer off.
        let span = Duration::from(span.max(Nanos::new(1)));
        let spec = Itimerspec {
            it_interval: Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: Timespec::try_from(span).map_err(|_| io::ErrorKind::InvalidInput)?,
        };
        timerfd_settime(self.timer.as_fd(), TimerfdTimerFlags::empty(), &spec)?;
        Ok(())
    }

    fn drain_timer(&self) {
        let mut expirations = [0; 8];
        // An empty timer is what it shall be.
        let _ = rustix::io::read(&self.timer, &mut expirations);
    }
}
