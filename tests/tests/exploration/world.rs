//! One world: a manual device, an engine without a loop, and an application that does one step at
//! a time.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use pausewake_device::keys::KeyId;
use pausewake_device::model::{CoalesceConfig, QueueId};
use pausewake_device::protocol::{Completion, CompletionFlags, Cookie, Status};
use pausewake_device::{Device, DeviceConfig, Manual, Nanos, PendingId, PendingState};
use pausewake_engine::{Engine, EngineConfig, Notify, Reap, SmallOps};
use pausewake_jobs::{Cancelled, Job, Outcome, WaitCtx};
use pausewake_tests::Keys;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::action::{Action, OpName};
use crate::case::{Budget, Case};
use crate::feed::{Feed, Told};
use crate::oracle::{Oracle, Phase, Violation, ensure};

/// A world, and what must hold in it.
pub(crate) struct World {
    case: Case,
    left: Budget,
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
    /// Changes with everything that a job which looks for itself may want to see.
    version: u64,
}

/// What the application holds of one job.
#[derive(Default)]
struct App {
    handle: Option<Job<()>>,
    wait_ctx: Option<WaitCtx>,
    /// Callbacks that the event loop has seen.
    wakes_seen: u64,
    /// The event loop will resume it.
    is_ready: bool,
    /// What it had seen when it last looked for itself.
    seen_version: Option<u64>,
}

impl World {
    pub(crate) fn new(case: Case) -> Self {
        let (device, manual) = Device::manual(device_config(&case), None).expect("it is possible");
        let queue = device.open_queue().expect("descriptors are left");
        let feed = Rc::new(Feed::default());
        let config = EngineConfig {
            notify: case.notify,
            reap: Reap::External,
            small_ops: SmallOps::NONE,
            op_timeout_ns: case.op_timeout_ns,
            watchdog_ns: None,
            ..EngineConfig::default()
        };
        let engine = Engine::new(queue, config, Some(feed.clone())).expect("the cell is allowed");
        let oracle = Oracle::new(case.jobs, case.notify, case.op_timeout_ns);
        Self {
            case,
            left: case.budget,
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
            version: 0,
        }
    }

    /// Everything that can happen next, always in the same order.
    pub(crate) fn enabled(&self) -> Vec<Action> {
        let mut enabled = Vec::new();
        for job in 0..self.case.jobs {
            self.enabled_of_job(job, &mut enabled);
        }
        if self.unpublished > 0 {
            enabled.push(Action::Doorbell);
        }
        self.enabled_of_device(&mut enabled);
        let is_time_up = |due| due <= self.engine.now();
        if self.oracle.unread() > 0 || self.engine.next_timer_ns().is_some_and(is_time_up) {
            enabled.push(Action::Reap);
        }
        let in_call = |job: &crate::oracle::Job| job.phase == Phase::Paused;
        if self.left.timeouts > 0 && self.oracle.jobs.iter().any(in_call) {
            enabled.push(Action::TimePasses);
        }
        enabled
    }

    fn enabled_of_job(&self, job: usize, enabled: &mut Vec<Action>) {
        let app = &self.apps[job];
        let phase = self.oracle.jobs[job].phase;
        if phase == Phase::NotStarted {
            enabled.push(Action::Start(job));
            return;
        }
        if !app.is_ready && self.is_woken(job) {
            enabled.push(Action::Wake(job));
        }
        if phase == Phase::Paused {
            let looks = self.case.notify == Notify::Poll && app.seen_version != Some(self.version);
            if app.is_ready || looks {
                enabled.push(Action::Resume(job));
            } else if self.left.spurious > 0 {
                enabled.push(Action::Spurious(job));
            }
            if self.left.cancels > 0 {
                enabled.extend([Action::Cancel(job), Action::Drop(job)]);
            }
        }
        if app.wait_ctx.is_some() && self.left.contexts > 0 {
            enabled.push(Action::DropContext(job));
        }
    }

    fn enabled_of_device(&self, enabled: &mut Vec<Action>) {
        let pending = self.pending();
        let mut ops: Vec<_> = self.oracle.ops.iter().collect();
        ops.sort_by_key(|(name, _)| **name);
        for (&name, op) in ops {
            match pending.get(&op.cookie).map(|(_, state)| *state) {
                Some(PendingState::InService) => {
                    enabled.push(Action::Done(name));
                    if self.left.failures > 0 {
                        enabled.push(Action::Fail(name));
                    }
                    if self.left.losses > 0 {
                        enabled.push(Action::Lose(name));
                    }
                }
                Some(PendingState::Finished) => enabled.push(Action::Publish(name)),
                None if op.published && self.left.doubles > 0 => {
                    enabled.push(Action::Double(name));
                }
                None => {}
            }
        }
        if self.left.forgeries > 0 {
            enabled.push(Action::Forge);
        }
        if self.unsignalled {
            enabled.push(Action::Signal);
        }
        if self.manual.lost() > 0 || (self.left.resets > 0 && !pending.is_empty()) {
            enabled.push(Action::Reset);
        }
    }

    /// Whether the application's event loop has something to see for this job.
    fn is_woken(&self, job: usize) -> bool {
        match self.case.notify {
            Notify::Callback => {
                self.callbacks.lock().expect("no panic")[job] > self.apps[job].wakes_seen
            }
            Notify::Fd => self.is_readable(job),
            Notify::Poll => false,
        }
    }

    fn is_readable(&self, job: usize) -> bool {
        let app = &self.apps[job];
        let wait_ctx = app
            .handle
            .as_ref()
            .map(Job::wait_ctx)
            .or(app.wait_ctx.as_ref());
        let fds = wait_ctx.map(WaitCtx::all_fds).unwrap_or_default();
        if fds.is_empty() {
            return false;
        }
        let mut polled: Vec<_> = fds
            .iter()
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        poll(&mut polled, Some(&at_once)).expect("they are open") > 0
    }

    fn pending(&self) -> HashMap<Cookie, (PendingId, PendingState)> {
        let pending = self.manual.pending();
        pending
            .iter()
            .map(|op| (op.op, (op.id, op.state)))
            .collect()
    }

    /// Does one step, and checks what must hold after each.
    pub(crate) fn step(&mut self, action: Action) -> Result<(), Violation> {
        // So that no two moments are the same by chance.
        self.manual.advance(STEP_NS);
        self.act(action)?;
        self.enter()?;
        if action == Action::Reap {
            self.oracle.check_timeouts(self.engine.now())?;
        }
        self.check()
    }

    fn act(&mut self, action: Action) -> Result<(), Violation> {
        match action {
            Action::Start(job) => self.start(job),
            Action::Doorbell => {
                self.engine.ring_doorbell();
                (self.unpublished, self.version) = (0, self.version + 1);
                Ok(())
            }
            Action::Done(op) => self.finish(op, Status::Ok),
            Action::Fail(op) => {
                self.left.failures -= 1;
                self.finish(op, Status::DeviceError)
            }
            Action::Lose(op) => {
                self.left.losses -= 1;
                let id = self.pending_id(op)?;
                self.lost.push(self.oracle.ops[&op].cookie);
                self.manual.lose(id).map_err(|error| error.to_string())
            }
            Action::Publish(op) => {
                let id = self.pending_id(op)?;
                self.oracle
                    .ops
                    .get_mut(&op)
                    .expect("it is pending")
                    .published = true;
                self.unsignalled = true;
                self.manual.publish(id).map_err(|error| error.to_string())
            }
            Action::Double(op) => {
                self.left.doubles -= 1;
                self.forge(self.oracle.ops[&op].cookie)
            }
            Action::Forge => {
                self.left.forgeries -= 1;
                self.forge(NEVER_GRANTED)
            }
            Action::Signal => {
                let before = self.device.stats().signals;
                self.manual.signal(self.queue);
                self.unsignalled = false;
                let given = self.device.stats().signals - before;
                ensure!(given == 1, "{given} signals were given");
                Ok(())
            }
            Action::Reset => self.reset(),
            Action::Reap => self.reap(),
            Action::Wake(job) => {
                let app = &mut self.apps[job];
                app.wakes_seen += u64::from(self.case.notify == Notify::Callback);
                // The wake of a job that has ended hits nothing.
                app.is_ready = app.handle.is_some();
                Ok(())
            }
            Action::Resume(job) => self.resume(job),
            Action::Spurious(job) => {
                self.left.spurious -= 1;
                self.resume(job)
            }
            Action::Cancel(job) => self.cancel(job),
            Action::Drop(job) => {
                self.left.cancels -= 1;
                self.version += 1;
                drop(self.apps[job].handle.take());
                Ok(())
            }
            Action::DropContext(job) => {
                self.left.contexts -= 1;
                drop(self.apps[job].wait_ctx.take());
                Ok(())
            }
            Action::TimePasses => {
                self.left.timeouts -= 1;
                let timeout = self.case.op_timeout_ns.unwrap_or(Nanos::ZERO);
                self.manual.advance(timeout);
                Ok(())
            }
        }
    }

    fn start(&mut self, job: usize) -> Result<(), Violation> {
        let wait_ctx = WaitCtx::new();
        if self.case.notify == Notify::Callback {
            let callbacks = self.callbacks.clone();
            wait_ctx.set_callback(Some(Arc::new(move || {
                callbacks.lock().expect("no panic")[job] += 1;
            })));
        }
        let (engine, key, feed, calls) = (
            self.engine.clone(),
            self.key,
            self.feed.clone(),
            self.case.calls,
        );
        self.oracle.jobs[job].phase = Phase::Running;
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
            run_job(job, calls, &engine, key, &feed);
        });
        self.apps[job].wait_ctx = Some(wait_ctx);
        self.apps[job].handle = outcome.map_err(|error| error.to_string())?.paused();
        self.version += 1;
        Ok(())
    }

    fn resume(&mut self, job: usize) -> Result<(), Violation> {
        let app = &mut self.apps[job];
        app.is_ready = false;
        let handle = app.handle.take().ok_or("a job that has ended is resumed")?;
        let before = self.oracle.waits_for(job);
        let was_settled = self.oracle.is_settled(job);
        let outcome = handle.resume().map_err(|error| error.to_string())?;
        if let Outcome::Paused(handle) = outcome {
            self.apps[job].handle = Some(handle);
        }
        self.enter()?;
        let is_in_vain = self.apps[job].handle.is_some() && self.oracle.waits_for(job) == before;
        ensure!(
            !(is_in_vain && was_settled),
            "job {job} sleeps on, and its op is over"
        );
        if is_in_vain {
            self.oracle.resumed_in_vain();
        } else {
            self.version += 1;
        }
        self.apps[job].seen_version = is_in_vain.then_some(self.version);
        Ok(())
    }

    fn cancel(&mut self, job: usize) -> Result<(), Violation> {
        self.left.cancels -= 1;
        self.version += 1;
        let handle = self.apps[job]
            .handle
            .take()
            .ok_or("a job that has ended is cancelled")?;
        let cancelled = handle.cancel();
        ensure!(
            matches!(cancelled, Cancelled::Unwound),
            "it ended as {cancelled:?}"
        );
        Ok(())
    }

    fn finish(&mut self, op: OpName, status: Status) -> Result<(), Violation> {
        let id = self.pending_id(op)?;
        self.manual
            .finish(id, status)
            .map_err(|error| error.to_string())
    }

    fn forge(&mut self, cookie: Cookie) -> Result<(), Violation> {
        self.oracle.forged_unread += 1;
        self.unsignalled = true;
        let completion = Completion {
            cookie,
            status: Status::Ok,
            flags: CompletionFlags::default(),
            output_len: 20,
            done_ns: self.engine.now(),
            queue_ns: 0,
            service_ns: 0,
        };
        self.manual.forge(self.queue, completion);
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Violation> {
        if self.manual.lost() == 0 {
            self.left.resets -= 1;
        }
        let held = self.pending();
        let lost_count = self.manual.lost();
        let lost = std::mem::take(&mut self.lost);
        let mut answered = 0;
        for op in self.oracle.ops.values_mut() {
            if lost.contains(&op.cookie) || held.contains_key(&op.cookie) {
                op.published = true;
                answered += 1;
            }
        }
        let expected = held.len() + lost_count;
        ensure!(
            answered == expected,
            "the device answers {answered} ops of {expected}"
        );
        self.unsignalled = true;
        self.manual.reset();
        Ok(())
    }

    fn reap(&mut self) -> Result<(), Violation> {
        let unread = self.oracle.unread();
        self.oracle.about_to_reap();
        self.version += 1;
        let reaped = self.engine.poll() as u64;
        ensure!(
            reaped == unread,
            "{reaped} completions were taken, {unread} were there"
        );
        Ok(())
    }

    fn pending_id(&self, op: OpName) -> Result<PendingId, Violation> {
        let cookie = self.oracle.ops[&op].cookie;
        let pending = self.pending();
        let found = pending.get(&cookie).map(|(id, _)| *id);
        found.ok_or_else(|| format!("the device does not hold {op}"))
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
            "{:?} {:?} {:?} {ops:?} {:?} {:?} {callbacks:?} {apps:?} {:?}",
            self.enabled(),
            self.engine.stats(),
            self.engine.slots_in_use(),
            self.oracle.unread(),
            self.unsignalled,
            (0..self.case.jobs)
                .map(|job| self.oracle.waits_for(job))
                .collect::<Vec<_>>(),
        )
    }

    /// Checks what must hold when nothing can happen any more.
    pub(crate) fn check_end(self) -> Result<(), Violation> {
        self.oracle
            .check_end(&self.engine.stats(), self.engine.slots_in_use())?;
        let in_device = self.device.stats().in_flight;
        ensure!(in_device == 0, "the device holds {in_device} ops for ever");
        drop(self.apps);
        let handed_out = pausewake_jobs::thread_stats().handed_out;
        ensure!(handed_out == 0, "{handed_out} jobs are leaked");
        Ok(())
    }
}

/// What each job does: seals a text of its own, as often as it shall.
fn run_job(job: usize, calls: usize, engine: &Engine, key: KeyId, feed: &Feed) {
    let id = pausewake_jobs::current_id().expect("it is a job");
    feed.tell(Told::Began { job, id });
    for call in 0..calls {
        let text = u32::try_from(job * 1000 + call)
            .expect("it is small")
            .to_le_bytes();
        let mut sealed = [0; 20];
        feed.tell(Told::Call {
            job,
            at: engine.now(),
        });
        let result = engine.aead_seal(key, [0; 12], b"", &text, &mut sealed);
        feed.tell(Told::CallEnded {
            job,
            result,
            // AES-GCM adds a stream that key and nonce alone decide.
            keystream: std::array::from_fn(|index| sealed[index] ^ text[index]),
        });
    }
    feed.tell(Told::Ended { job });
}

fn device_config(case: &Case) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    config.queue.slots = case.slots;
    config.queue.slot_size = 64;
    config.queue.ring_depth = case.ring_depth;
    // Doubled and forged completions need room too.
    config.queue.completion_depth = 32;
    config.model.in_flight_limit = 32;
    // The signal is a step of its own.
    config.coalesce = CoalesceConfig {
        count: u32::MAX,
        time_ns: Nanos::MAX,
    };
    config
}

const STEP_NS: Nanos = Nanos::new(10);

/// No engine of these grants a slot that often.
const NEVER_GRANTED: Cookie = Cookie {
    slot: 0,
    generation: u32::MAX,
};
