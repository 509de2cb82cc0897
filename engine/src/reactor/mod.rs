//! An event loop for jobs: starts them, lets time pass, and resumes those that were woken.
//!
//! [`Reactor`] is the loop that the program and the tests use. It is made of the engine's public
//! parts only; `examples/own_loop.rs` shows a loop of somebody else's.

mod error;
mod park;
mod ready;
mod tasks;
pub(crate) mod timelines;

use std::collections::VecDeque;

use pausewake_device::Nanos;
use pausewake_jobs::Cancelled;

use crate::config::Reap;
use crate::engine::Engine;
pub use error::{ReactorError, SpawnError};
use park::{Park, Passed};
use ready::ReadyQueue;
use tasks::{TaskToken, Tasks};

/// An event loop over one engine. Belongs to one thread:
/// ```compile_fail,E0277
/// fn needs_send<T: Send>() {}
/// needs_send::<pausewake_engine::Reactor>();
/// ```
///
/// # Examples
/// ```
/// use std::cell::Cell;
/// use std::rc::Rc;
/// use pausewake_device::{Device, DeviceConfig, compute::KeyMaterial};
/// use pausewake_engine::{Engine, EngineConfig, Reactor, SmallOps};
///
/// let device = Device::simulated(DeviceConfig::default(), None)?;
/// let key = device.import_key(KeyMaterial::AesGcm(&[7; 16]))?;
/// let config = EngineConfig {
///     small_ops: SmallOps::NONE, // even 14 bytes go to the device
///     ..EngineConfig::default()
/// };
/// let engine = Engine::new(device.open_queue()?, config, None)?;
/// let mut reactor = Reactor::new(engine.clone())?;
///
/// let sealed_len = Rc::new(Cell::new(0));
/// for _ in 0..3 {
///     let (engine, sealed_len) = (engine.clone(), sealed_len.clone());
///     reactor.spawn(move || {
///         let mut sealed = [0; 64];
///         // Looks synchronous; the job sleeps in the middle of it, and the thread does not.
///         let len = engine.aead_seal(key, [0; 12], b"", b"attack at dawn", &mut sealed);
///         sealed_len.set(sealed_len.get() + len.expect("the device is well"));
///     })?;
/// }
/// reactor.run()?;
/// assert_eq!(sealed_len.get(), 3 * 30);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reactor {
    tasks: Tasks,
    ready: ReadyQueue,
    /// Taken from the ready queue and being resumed. What a panic of a job leaves in it is resumed
    /// in the next turn.
    batch: VecDeque<TaskToken>,
    park: Park,
    /// The engine's news when the jobs that look for themselves last looked.
    news_seen: u64,
    engine: Engine,
}

/// Names a job of one [`Reactor`], and no later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskHandle(TaskToken);

/// What the loop had to do.
struct Work {
    /// Jobs were resumed.
    resumed: bool,
    /// There is something to do again, now.
    is_left: bool,
}

/// How many turns may go on from one without its caller.
const MORE_TURNS: u32 = 63;

/// What a turn of the loop came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something happened.
    Progress,
    /// Nothing did until the time that was given.
    TimedOut,
    /// Nothing did, and nothing will by itself: no job is alive, or time stands still.
    Idle,
}

impl Reactor {
    /// An event loop for the jobs that call `engine`.
    ///
    /// # Errors
    /// No descriptors are left: the loop needs three, and one per job when notifying by fd. To be tried
    /// again with a clone of `engine` ([`ReactorError::family`]).
    pub fn new(engine: Engine) -> Result<Self, ReactorError> {
        let ready = ReadyQueue::new()?;
        Ok(Self {
            tasks: Tasks::new(engine.config().notify),
            park: Park::new(&engine, &ready)?,
            ready,
            batch: VecDeque::new(),
            news_seen: engine.inner().news(),
            engine,
        })
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Jobs that are paused.
    #[must_use]
    pub fn live_jobs(&self) -> usize {
        self.tasks.live()
    }

    /// Starts `f` as a job with a wait context of its own and runs it until it pauses or ends.
    ///
    /// # Errors
    /// No job can be had, or we are in one: gives `f` back. Or the job runs and its fd could not be
    /// watched: names the job. [`SpawnError::family`] says whether it may work later.
    ///
    /// # Panics
    /// With the panic of `f`.
    pub fn spawn<F: FnOnce() + 'static>(&mut self, f: F) -> Result<(), SpawnError<F>> {
        self.spawn_handle(f).map(|_| ())
    }

    /// [`spawn`](Self::spawn), and a name by which the job can be [cancelled](Self::cancel).
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    ///
    /// # Panics
    /// With the panic of `f`.
    pub fn spawn_handle<F: FnOnce() + 'static>(
        &mut self,
        f: F,
    ) -> Result<TaskHandle, SpawnError<F>> {
        let inner = self.engine.inner();
        inner.charge(inner.costs.switch_ns);
        let _running = inner.run();
        let token = self.tasks.start(f, &self.ready, &mut self.park)?;
        Ok(TaskHandle(token))
    }

    /// Ends a job in the middle of what it waits for: its stack unwinds, and its operation is
    /// abandoned. `None`: it has ended already.
    ///
    /// The job's own destructors run, and may call the engine; they wait in place.
    pub fn cancel(&mut self, task: TaskHandle) -> Option<Cancelled> {
        let _running = self.engine.inner().run();
        self.tasks.cancel(task.0)
    }

    /// Resumes the jobs that were woken, rings the doorbell once, and reaps. If there was nothing
    /// to do, lets time pass until there is, at the longest until `until` (what `SET_EPOLL_TIMEOUT` is
    /// for QAT_Engine's event loop). What time has brought is done in the next turn.
    ///
    /// # Errors
    /// The system's event queue failed, a job's fd could not be watched, or we are in a job.
    ///
    /// # Panics
    /// With the panic of a job. The loop can be used on; the job is gone.
    pub fn turn(&mut self, until: Option<Nanos>) -> Result<Turn, ReactorError> {
        self.turn_with(until, 0)
    }

    /// A [`turn`](Self::turn), and at once the next ones while time brings something for them before
    /// `until`: for callers that have nothing to do in between. Comes back when a job has ended, and now
    /// and then in any case.
    ///
    /// Not for callers whose jobs set timers of theirs: one that is earlier than `until` would be missed.
    ///
    /// # Errors
    /// As [`turn`](Self::turn).
    ///
    /// # Panics
    /// With the panic of a job.
    pub fn turn_through(&mut self, until: Option<Nanos>) -> Result<Turn, ReactorError> {
        // Where others reap, it is their turn after each.
        let is_ours = self.engine.inner().config.reap != Reap::External;
        self.turn_with(until, if is_ours { MORE_TURNS } else { 0 })
    }

    fn turn_with(
        &mut self,
        until: Option<Nanos>,
        mut more_turns: u32,
    ) -> Result<Turn, ReactorError> {
        if pausewake_jobs::current_id().is_some() {
            return Err(ReactorError::InJob);
        }
        let work = self.work()?;
        if work.resumed || work.is_left {
            return Ok(Turn::Progress);
        }
        let live_jobs = self.live_jobs();
        loop {
            if self.engine.inner().has_to_catch_up() {
                // The device stopped on the way, at a signal of another queue: whoever waits for it
                // may have to run at this time.
                return Ok(Turn::Progress);
            }
            let turn = self.pass(until)?;
            let is_over = until.is_some_and(|until| self.engine.now() >= until);
            if more_turns == 0 || turn != Turn::Progress || is_over || !self.has_ready() {
                return Ok(turn);
            }
            more_turns -= 1;
            if self.work()?.is_left || self.live_jobs() != live_jobs {
                return Ok(Turn::Progress);
            }
        }
    }

    /// There is nothing to do now: lets time pass until there is, and reaps.
    fn pass(&mut self, until: Option<Nanos>) -> Result<Turn, ReactorError> {
        if until.is_none() && self.live_jobs() == 0 && !self.engine.inner().has_in_flight() {
            return Ok(Turn::Idle);
        }
        let timer = self.engine.next_timer_ns();
        let first = until.into_iter().chain(timer).min();
        let passed = self.park.park(&self.engine, &mut self.ready, first)?;
        let reaped = self.reap();
        let is_until = || until.is_some_and(|until| self.engine.now() >= until);
        Ok(match passed {
            Passed::Event => Turn::Progress,
            _ if reaped => Turn::Progress,
            Passed::Until if is_until() => Turn::TimedOut,
            // A timer of the engine's own.
            Passed::Until => Turn::Progress,
            Passed::Nothing => Turn::Idle,
        })
    }

    /// Resumes the jobs that were woken, rings the doorbell once, and reaps.
    fn work(&mut self) -> Result<Work, ReactorError> {
        let resumed = self.run_ready()?;
        self.engine.ring_doorbell();
        let reaped = self.reap();
        // The doorbell may have made room, and woken a job that waited for it. Its time is now.
        let is_left = reaped || self.ready.has_wakes() || self.has_news();
        Ok(Work { resumed, is_left })
    }

    /// Looks for completions, if that is ours to do and it is time. Says whether there were any.
    fn reap(&self) -> bool {
        let inner = self.engine.inner();
        match inner.config.reap {
            Reap::Event | Reap::Inline | Reap::Thread { .. } => inner.poll_if_due(),
            Reap::Heuristic(_) => {
                inner.catch_up();
                // Serves the line as well, whether it polls or not.
                self.engine.poll_heuristically(self.live_jobs()) > 0
            }
            Reap::External => {
                inner.catch_up();
                inner.watch();
                // Nobody but the application reaps. But a call's time is up even if nobody polls, and
                // room that the device has made is there for whoever waits for it.
                let any = inner.time_out();
                inner.serve_line();
                any
            }
        }
    }

    /// Whether jobs that look for themselves might see something new.
    fn has_news(&self) -> bool {
        self.engine.inner().news() != self.news_seen
    }

    /// Turns until no job is left.
    ///
    /// Under wall clock a job that is paused without an operation is waited for without end: another
    /// thread may hold its [`Wake`](pausewake_jobs::Wake).
    ///
    /// # Errors
    /// As [`turn`](Self::turn); [`ReactorError::Stalled`] if jobs are left that nothing will wake.
    ///
    /// # Panics
    /// With the panic of a job.
    pub fn run(&mut self) -> Result<(), ReactorError> {
        while self.live_jobs() > 0 {
            if self.turn_through(None)? == Turn::Idle {
                return Err(ReactorError::Stalled {
                    jobs: self.live_jobs(),
                });
            }
        }
        Ok(())
    }

    /// Cancels every job that is left, waits until the device has answered what they had in flight,
    /// and says what was found.
    ///
    /// A manual device is not waited for: what it holds stays in [`Shutdown::slots_left`].
    ///
    /// # Errors
    /// As [`turn`](Self::turn).
    pub fn shutdown(mut self) -> Result<Shutdown, ReactorError> {
        let cancelled_jobs = self.cancel_all();
        // Not until no slot is in use: a job that is not ours may hold a result.
        match self.engine.config().reap {
            Reap::External => self.engine.inner().reap_all(),
            _ => self.turn_until_all_is_answered()?,
        }
        Ok(Shutdown {
            cancelled_jobs,
            slots_left: self.engine.slots_in_use(),
        })
    }

    fn cancel_all(&mut self) -> usize {
        let _running = self.engine.inner().run();
        self.tasks.cancel_all()
    }

    /// Does what can be done at this very time: reaps, resumes the jobs that were woken, rings the
    /// doorbell. Lets no time pass but what its own work takes. Says whether there was anything to do.
    fn step(&mut self) -> Result<bool, ReactorError> {
        let reaped = self.reap();
        let resumed = self.run_ready()?;
        self.engine.ring_doorbell();
        Ok(resumed || reaped || self.has_ready())
    }

    /// Whether jobs are there to be resumed now.
    fn has_ready(&self) -> bool {
        self.ready.has_wakes() || self.has_news() || self.park.has_readable()
    }

    fn turn_until_all_is_answered(&mut self) -> Result<(), ReactorError> {
        while self.engine.inner().has_in_flight() {
            if self.turn(None)? == Turn::Idle {
                break;
            }
        }
        Ok(())
    }

    /// Resumes every job that has been woken up to now. Says whether there was any.
    fn run_ready(&mut self) -> Result<bool, ReactorError> {
        self.ready.take_into(&mut self.batch);
        for place in self.park.readable(&self.engine)? {
            self.batch.extend(self.tasks.token(place));
        }
        if self.has_news() {
            self.news_seen = self.engine.inner().news();
            self.batch.extend(self.tasks.tokens());
        }
        let any = !self.batch.is_empty();
        let is_inline = self.engine.inner().config.reap == Reap::Inline;
        while let Some(token) = self.batch.pop_front() {
            let inner = self.engine.inner();
            if inner.costs.switch_ns > Nanos::ZERO && self.tasks.is_live(token) {
                inner.charge(inner.costs.switch_ns);
            }
            let running = inner.run();
            self.tasks.resume(token, &mut self.park)?;
            drop(running);
            if is_inline {
                inner.poll_if_due();
            }
        }
        Ok(any)
    }
}

/// What an orderly shutdown found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// Jobs that were paused and have been cancelled.
    pub cancelled_jobs: usize,
    /// Slots that the device has not given back; zero unless it is a manual one.
    pub slots_left: usize,
}
