//! One world: a manual device, an engine without a loop, and an application that does one step at
//! a time.

mod application;
mod device;
mod enabled;
mod owner;

use std::mem::discriminant;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use pausewake_device::keys::KeyId;
use pausewake_device::model::QueueId;
use pausewake_device::protocol::{Cookie, Status};
use pausewake_device::{Device, Manual, Nanos};
use pausewake_engine::{Engine, EngineConfig, Notify, SmallOps};
use pausewake_tests::Keys;

use crate::action::Action;
use crate::case::{Budget, Case};
use crate::feed::Feed;
use crate::oracle::{Oracle, Phase, Violation, ensure};
use application::App;
use device::device_config;
use owner::Owner;

/// A world, and what must hold in it.
pub(crate) struct World {
    case: Case,
    left: Budget,
    /// Steps that were done.
    steps: usize,
    device: Device,
    manual: Manual,
    queue: QueueId,
    engine: Engine,
    key: KeyId,
    feed: Rc<Feed>,
    oracle: Oracle,
    apps: Vec<App>,
    /// How often each job's callback was called.
    callbacks: Arc<Mutex<Vec<u64>>>,
    /// Pushed and not yet shown to the device.
    unpublished: u64,
    /// Only a reset answers them.
    lost: Vec<Cookie>,
    /// Completions since the last signal.
    unsignalled: bool,
    owner: Owner,
    /// Readable when the device has signalled.
    signal: OwnedFd,
    /// The owner has asked for the signal, and it was not given.
    is_armed: bool,
    /// It was written, and not forgotten yet.
    was_signalled: bool,
    /// When the engine was last polled.
    polled_ns: Nanos,
    /// Changes with everything that a job which looks for itself may want to see.
    version: u64,
}

impl World {
    pub(crate) fn new(case: Case) -> Self {
        let (device, manual) = Device::manual(device_config(&case), None).expect("it is possible");
        let queue = device.open_queue().expect("descriptors are left");
        let feed = Rc::new(Feed::default());
        let config = EngineConfig {
            notify: case.notify,
            reap: case.reap,
            small_ops: SmallOps::NONE,
            op_timeout_ns: case.op_timeout_ns,
            watchdog_ns: None,
            ..EngineConfig::default()
        };
        let engine = Engine::new(queue, config, Some(feed.clone())).expect("the cell is allowed");
        let signal = engine.signal_fd().expect("descriptors are left");
        let oracle = Oracle::new(case.jobs, case.notify, case.op_timeout_ns);
        Self {
            case,
            left: case.budget,
            steps: 0,
            key: Keys::import_aes(&device),
            device,
            manual,
            // The first queue of a device.
            queue: QueueId(0),
            engine,
            feed,
            oracle,
            apps: (0..case.jobs).map(|_| App::default()).collect(),
            callbacks: Arc::new(Mutex::new(vec![0; case.jobs])),
            unpublished: 0,
            lost: Vec::new(),
            unsignalled: false,
            owner: Owner::Awake,
            signal: signal.expect("nobody else reaps"),
            is_armed: false,
            was_signalled: false,
            polled_ns: Nanos::ZERO,
            version: 0,
        }
    }

    /// Steps that were done.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Does one step, and checks what must hold after each.
    pub(crate) fn step(&mut self, action: Action) -> Result<(), Violation> {
        self.steps += 1;
        // So that no two moments are the same by chance.
        self.manual.advance(STEP_NS);
        self.act(action)?;
        self.enter()?;
        if action == Action::Reap {
            self.oracle.check_timeouts(self.engine.now())?;
        }
        self.check()?;
        self.check_sleep()
    }

    fn act(&mut self, action: Action) -> Result<(), Violation> {
        match action {
            Action::Start(job) => return self.start(job),
            Action::Doorbell => {
                self.engine.ring_doorbell();
                (self.unpublished, self.version) = (0, self.version + 1);
            }
            Action::Done(op) => return self.finish(op, Status::Ok),
            Action::Fail(op) => {
                self.left.failures -= 1;
                return self.finish(op, Status::DeviceError);
            }
            Action::Lose(op) => return self.lose(op),
            Action::Publish(op) => return self.publish(op),
            Action::Double(op) => {
                self.left.doubles -= 1;
                self.forge(self.oracle.ops[&op].cookie);
            }
            Action::Forge(forgery) => {
                self.left.forgeries -= 1;
                self.forge(forgery.cookie());
            }
            Action::Signal => return self.signal(),
            Action::Reset => return self.reset(),
            Action::Reap => return self.reap(),
            Action::Arm => return self.arm(),
            Action::LookAgain => return self.look_again(),
            Action::WakeUp => self.owner = Owner::Woken,
            Action::Interrupt => {
                self.left.interrupts -= 1;
                self.owner = Owner::Woken;
            }
            Action::Disarm => return self.disarm(),
            Action::Wake(job) => self.wake(job),
            Action::Resume(job) => return self.resume(job, self.case.notify != Notify::Poll),
            Action::Spurious(job) => {
                self.left.spurious -= 1;
                return self.resume(job, false);
            }
            Action::Cancel(job) => return self.cancel(job),
            Action::Drop(job) => return self.drop_handle(job),
            Action::DropContext(job) => {
                self.left.contexts -= 1;
                drop(self.apps[job].wait_ctx.take());
            }
            Action::TimePasses => {
                // None is left where it must pass, so that anything goes on.
                self.left.timeouts = self.left.timeouts.saturating_sub(1);
                self.manual.advance(self.case.time_step_ns());
            }
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Violation> {
        for told in self.feed.take() {
            let ops_before = self.oracle.ops.len();
            self.oracle.enter(told)?;
            self.unpublished += (self.oracle.ops.len() - ops_before) as u64;
        }
        Ok(())
    }

    /// What must hold between any two steps.
    fn check(&self) -> Result<(), Violation> {
        let stats = self.engine.stats();
        self.oracle
            .check_stats(&stats, self.engine.slots_in_use())?;
        let callbacks = self.callbacks.lock().expect("no panic").clone();
        for (index, job) in self.oracle.jobs.iter().enumerate() {
            let app = &self.apps[index];
            if self.case.notify == Notify::Callback {
                ensure!(
                    (job.told..=job.told + job.waited_in_line).contains(&callbacks[index]),
                    "job {index} was woken {} times, and told {} times",
                    callbacks[index],
                    job.told
                );
            }
            let waits = job.phase == Phase::Paused && self.oracle.is_settled(index);
            let can_wake =
                || self.case.notify == Notify::Poll || app.is_ready || self.is_woken(index);
            ensure!(!waits || can_wake(), "the wake of job {index} is lost");
            let has_ended = matches!(job.phase, Phase::Finished | Phase::Cancelled);
            ensure!(
                !(has_ended && self.is_readable(index)),
                "job {index} has ended, and left a wake in its wait context"
            );
        }
        Ok(())
    }

    /// Everything that can be told of its state, but for the time.
    pub(crate) fn state(&self) -> String {
        let mut ops: Vec<_> = self.oracle.ops.iter().collect();
        ops.sort_by_key(|(name, _)| **name);
        let callbacks = self.callbacks.lock().expect("no panic").clone();
        let apps: Vec<_> = self
            .apps
            .iter()
            .map(|app| (app.is_ready, app.wakes_seen))
            .collect();
        format!(
            "{:?} {:?} {:?} {ops:?} {:?} {:?} {callbacks:?} {apps:?} {:?} {:?} {} {}",
            self.enabled(),
            self.engine.stats(),
            self.engine.slots_in_use(),
            self.oracle.unread(),
            self.unsignalled,
            (0..self.case.jobs)
                .map(|job| self.oracle.waits_for(job))
                .collect::<Vec<_>>(),
            discriminant(&self.owner),
            self.is_signalled(),
            self.is_armed,
        )
    }

    /// Checks what must hold when nothing can happen any more.
    pub(crate) fn check_end(self) -> Result<(), Violation> {
        self.oracle
            .check_end(&self.engine.stats(), self.engine.slots_in_use())?;
        let in_device = self.device.stats().in_flight;
        ensure!(in_device == 0, "the device holds {in_device} ops for ever");
        drop(self.apps);
        let holders = Arc::strong_count(&self.callbacks) - 1;
        ensure!(holders == 0, "{holders} callbacks are leaked");
        let handed_out = pausewake_jobs::thread_stats().handed_out;
        ensure!(handed_out == 0, "{handed_out} jobs are leaked");
        Ok(())
    }
}

const STEP_NS: Nanos = Nanos::new(10);
