//! Several application threads on one device under virtual time, on one thread of the system.
//!
//! Each *timeline* is a reactor with a queue pair of its own, and has its own time: that of its queue
//! pair, which its work moves on ([`HostCosts`](crate::HostCosts)). One rule orders them all: whatever
//! is next in time comes next, be it the device or a timeline. So the device's clock is never ahead
//! of a timeline that could still ring a doorbell, no timeline learns of a completion before it is
//! done, and none is later because of another's work.

use pausewake_device::{Nanos, QueuePair, TimeKind};

use super::{Reactor, ReactorError, Shutdown};
use crate::config::Reap;
use crate::engine::Engine;

/// Reactors on one simulated device that run as if each had a processor of its own; deterministic.
///
/// Next is always what is earliest: the device's next deadline; of the timelines that have something
/// to do the one with the least time; or a timer. At the same time the device comes first, so that
/// what is done is known, and then the timeline with the least index.
///
/// A call that waits in place (outside of jobs, say) holds its whole thread, and the other timelines
/// with it: the device goes on meanwhile, and they find themselves later. To model threads that
/// wait for each operation, give each timeline one job.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use pausewake_device::{Device, DeviceConfig, Nanos, compute::KeyMaterial};
/// use pausewake_engine::{Engine, EngineConfig, HostCosts, Reactor, SmallOps, Timelines};
///
/// let device = Device::simulated(DeviceConfig::default(), None)?;
/// let key = device.import_key(KeyMaterial::AesGcm(&[7; 16]))?;
/// let config = EngineConfig {
///     small_ops: SmallOps::NONE,
///     host: HostCosts { submit_ns: Nanos::from_micros(2), ..HostCosts::FREE },
///     ..EngineConfig::default()
/// };
/// let reactor = || -> Result<Reactor, Box<dyn std::error::Error>> {
///     Ok(Reactor::new(Engine::new(device.open_queue()?, config, None)?)?)
/// };
/// let mut timelines = Timelines::new(vec![reactor()?, reactor()?])?;
/// let sealed = Rc::new(Cell::new(0));
/// for index in 0..timelines.len() {
///     let engine = timelines.engine(index).clone();
///     let sealed = sealed.clone();
///     timelines.reactor_mut(index).spawn(move || {
///         let mut output = [0; 64];
///         let done = engine.aead_seal(key, [0; 12], b"", b"attack at dawn", &mut output);
///         sealed.set(sealed.get() + done.expect("the device is well"));
///     })?;
/// }
/// timelines.run()?;
/// assert_eq!(sealed.get(), 2 * 30);
/// // Both have submitted at the same time, not one after the other.
/// assert_eq!(timelines.engine(0).now(), timelines.engine(1).now());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Timelines {
    lines: Vec<Line>,
    /// How often the device was let to go on.
    device_steps: u64,
}

/// One of them.
struct Line {
    reactor: Reactor,
    /// When whoever feeds it wants it to be turned.
    timer_ns: Option<Nanos>,
    /// What it waits for; `None` while it has something to do.
    parked: Option<Parked>,
}

/// How things stood when there was nothing left to do.
#[derive(Clone, Copy)]
struct Parked {
    /// Completion signals given to its queue.
    signals: u64,
    device_steps: u64,
    /// The engine's own timer.
    timer_ns: Option<Nanos>,
}

/// What came next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// This timeline had its turn, because it had something to do or because its
    /// [timer](Timelines::set_timer) was up: now is the time to give it new jobs, and, if
    /// its engine leaves polling to the application, to poll.
    Timeline(usize),
    /// It is the time that was given, and no timeline has anything to do before it.
    TimedOut,
    /// Nothing will happen by itself.
    Idle,
}

/// Why reactors cannot be timelines. All of it is misuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimelinesError {
    /// There is none.
    #[error("timelines were made of no reactor: give at least one")]
    None,
    /// Time is not ours to move.
    #[error("reactor {index} is not on a device under virtual time: use Device::simulated")]
    NotVirtual {
        /// Which reactor.
        index: usize,
    },
    /// They have no time in common.
    #[error("reactor {index} is on another device than reactor 0: open their queues on one device")]
    OtherDevice {
        /// Which reactor.
        index: usize,
    },
}

impl Timelines {
    /// The timelines of `reactors`, which keep their order. Each must have a queue pair of one and the
    /// same simulated device, and nobody else should turn that device meanwhile.
    ///
    /// # Errors
    /// [`TimelinesError`] says which reactor does not fit, and why.
    pub fn new(reactors: Vec<Reactor>) -> Result<Self, TimelinesError> {
        let first = reactors.first().ok_or(TimelinesError::None)?;
        for (index, reactor) in reactors.iter().enumerate() {
            if reactor.engine.inner().time_kind != TimeKind::Virtual {
                return Err(TimelinesError::NotVirtual { index });
            }
            if !share_device(first, reactor) {
                return Err(TimelinesError::OtherDevice { index });
            }
        }
        let lines = reactors.into_iter().map(|reactor| {
            reactor.engine.inner().set_on_timeline(true);
            Line {
                reactor,
                timer_ns: None,
                parked: None,
            }
        });
        Ok(Self {
            lines: lines.collect(),
            device_steps: 0,
        })
    }

    /// Number of timelines, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// One of the reactors.
    ///
    /// # Panics
    /// If there is no timeline of this index.
    #[must_use]
    pub fn reactor(&self, index: usize) -> &Reactor {
        &self.lines[index].reactor
    }

    /// One of the reactors, to give it jobs or to cancel them. It will have its turn.
    ///
    /// To [turn](Reactor::turn) it by itself would let the device run ahead of the others.
    ///
    /// # Panics
    /// If there is no timeline of this index.
    pub fn reactor_mut(&mut self, index: usize) -> &mut Reactor {
        let line = &mut self.lines[index];
        line.parked = None;
        &mut line.reactor
    }

    /// The engine of one of the reactors; its [`now`](Engine::now) is the time of the timeline.
    ///
    /// # Panics
    /// If there is no timeline of this index.
    #[must_use]
    pub fn engine(&self, index: usize) -> &Engine {
        self.lines[index].reactor.engine()
    }

    /// Jobs that are paused, on all timelines.
    #[must_use]
    pub fn live_jobs(&self) -> usize {
        self.lines.iter().map(|line| line.reactor.live_jobs()).sum()
    }

    /// Lets a timeline have its turn at `at`, even if nothing happens by then, or later if it is busy
    /// then: when the next job arrives there, for instance. It goes off once; `None` takes it back.
    ///
    /// # Panics
    /// If there is no timeline of this index.
    pub fn set_timer(&mut self, index: usize, at: Option<Nanos>) {
        self.lines[index].timer_ns = at;
    }

    /// Lets time pass until a timeline has something to do, and gives it its turn: it reaps, resumes
    /// the jobs that were woken, and rings its doorbell. Its work moves its own time on, and may take
    /// it beyond `until`. If no timeline has anything to do up to `until`, stops there.
    ///
    /// # Errors
    /// As [`Reactor::turn`].
    ///
    /// # Panics
    /// With the panic of a job. The timelines can be used on; the job is gone.
    pub fn turn(&mut self, until: Option<Nanos>) -> Result<Turned, ReactorError> {
        if pausewake_jobs::current_id().is_some() {
            return Err(ReactorError::InJob);
        }
        loop {
            let next = self.next_line();
            let timeline_ns = next.map(|(at, _)| at);
            let limit = timeline_ns.into_iter().chain(until).min();
            let deadline = self.with_device(|device| device.next_deadline());
            if let Some(deadline) = deadline
                && limit.is_none_or(|limit| deadline <= limit)
            {
                self.step_device(deadline);
                continue;
            }
            match (next, until) {
                (Some((at, index)), _) if limit == Some(at) => {
                    self.step_device(at);
                    self.step_line(index)?;
                    return Ok(Turned::Timeline(index));
                }
                (_, Some(until)) => {
                    self.step_device(until);
                    return Ok(Turned::TimedOut);
                }
                _ if self.look_at_fds()? => {}
                _ => return Ok(Turned::Idle),
            }
        }
    }

    /// Turns until no job is left on any timeline.
    ///
    /// # Errors
    /// As [`turn`](Self::turn); [`ReactorError::Stalled`] if jobs are left that nothing will wake.
    ///
    /// # Panics
    /// With the panic of a job.
    pub fn run(&mut self) -> Result<(), ReactorError> {
        while self.live_jobs() > 0 {
            if self.turn(None)? == Turned::Idle {
                let jobs = self.live_jobs();
                return Err(ReactorError::Stalled { jobs });
            }
        }
        Ok(())
    }

    /// The reactors, each for itself again.
    #[must_use]
    pub fn into_reactors(mut self) -> Vec<Reactor> {
        let lines = std::mem::take(&mut self.lines).into_iter();
        lines
            .map(|line| {
                line.reactor.engine.inner().set_on_timeline(false);
                line.reactor
            })
            .collect()
    }

    /// [Shuts down](Reactor::shutdown) every reactor, one after the other; says what was found, in
    /// their order.
    ///
    /// # Errors
    /// As [`Reactor::shutdown`].
    pub fn shutdown(self) -> Result<Vec<Shutdown>, ReactorError> {
        let reactors = self.into_reactors().into_iter();
        reactors.map(Reactor::shutdown).collect()
    }

    /// Which timeline is next, and when.
    fn next_line(&self) -> Option<(Nanos, usize)> {
        let due = self.lines.iter().enumerate();
        due.filter_map(|(index, line)| Some((line.due_ns(self.device_steps)?, index)))
            .min()
    }

    /// Moves the device's clock to `at`, before which nothing is due, and lets it do what is due there.
    fn step_device(&mut self, at: Nanos) {
        self.device_steps += 1;
        self.with_device(|device| device.advance(Some(at)));
    }

    fn with_device<R>(&self, look: impl FnOnce(&mut QueuePair) -> R) -> R {
        self.lines[0].reactor.engine.inner().with_queue(look)
    }

    fn step_line(&mut self, index: usize) -> Result<(), ReactorError> {
        let device_steps = self.device_steps;
        let line = &mut self.lines[index];
        line.parked = None;
        let inner = line.reactor.engine.inner();
        let now = inner.now();
        line.timer_ns = line.timer_ns.filter(|timer_ns| *timer_ns > now);
        if !line.reactor.step()? {
            line.park(device_steps);
        }
        Ok(())
    }

    /// Nothing is due: somebody else may have written to a job's fd. Says whether.
    fn look_at_fds(&mut self) -> Result<bool, ReactorError> {
        let mut any = false;
        for line in &mut self.lines {
            line.reactor.park.look_at_fds(&line.reactor.engine)?;
            any |= line.reactor.has_ready();
        }
        Ok(any)
    }
}

impl Drop for Timelines {
    fn drop(&mut self) {
        // Whoever else holds an engine may go on with it.
        for line in &self.lines {
            line.reactor.engine.inner().set_on_timeline(false);
        }
    }
}

impl Line {
    /// When it is its turn, as far as is known now.
    fn due_ns(&self, device_steps: u64) -> Option<Nanos> {
        let now = self.reactor.engine.now();
        let Some(parked) = &self.parked else {
            return Some(now);
        };
        if self.is_woken(parked, device_steps) {
            return Some(now);
        }
        let timer_ns = self.timer_ns.into_iter().chain(parked.timer_ns).min()?;
        Some(timer_ns.max(now))
    }

    /// Whether something has come since it was parked: by the way that it would hear of it.
    fn is_woken(&self, parked: &Parked, device_steps: u64) -> bool {
        let inner = self.reactor.engine.inner();
        let hears = match inner.config.reap {
            Reap::Event => inner.with_queue(|queue| queue.signals()) != parked.signals,
            // It looks all the time.
            Reap::Inline => inner.has_arrived(),
            // So does the application, but it may leave there what it has found.
            Reap::External => device_steps != parked.device_steps && inner.has_arrived(),
            // By its timer alone.
            Reap::Heuristic(_) | Reap::Thread { .. } => false,
        };
        hears || self.reactor.has_ready() || inner.can_serve_line()
    }

    fn park(&mut self, device_steps: u64) {
        let inner = self.reactor.engine.inner();
        self.parked = Some(Parked {
            signals: inner.with_queue(|queue| queue.signals()),
            device_steps,
            timer_ns: inner.next_timer_ns(),
        });
    }
}

fn share_device(one: &Reactor, other: &Reactor) -> bool {
    std::ptr::eq(one, other)
        || one.engine.inner().with_queue(|queue| {
            let other = other.engine.inner();
            other.with_queue(|other| queue.shares_device_with(other))
        })
}
