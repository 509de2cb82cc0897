//! What must hold: kept beside the engine, by what a schedule did and what was told.

use std::collections::HashMap;

use pausewake_device::Nanos;
use pausewake_device::protocol::Cookie;
use pausewake_engine::events::{Event, JobEvent, Moments, Returned, Stage};
use pausewake_engine::{DeviceFault, EngineStats, Error, Notify, Retry};
use pausewake_jobs::JobId;

use crate::action::OpName;
use crate::feed::Told;

/// What does not hold, in words.
pub(crate) type Violation = String;

macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use ensure;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    NotStarted,
    Running,
    Paused,
    Finished,
    Cancelled,
}

/// How a call's op ended for its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Returned,
    TimedOut,
    Abandoned,
}

/// One op, from its submission on.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) cookie: Cookie,
    /// Its completion stands or stood in the ring.
    pub(crate) published: bool,
    /// And it was taken from there.
    pub(crate) reaped: bool,
    known: bool,
    notified: bool,
    timed_out: bool,
    pub(crate) end: Option<End>,
}

impl Op {
    /// Its call can return.
    fn is_settled(&self) -> bool {
        self.known || self.timed_out
    }

    fn holds_slot(&self) -> bool {
        match self.end {
            None => true,
            Some(End::Returned) => false,
            Some(End::TimedOut | End::Abandoned) => !self.reaped,
        }
    }
}

/// One job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) phase: Phase,
    id: Option<JobId>,
    /// Its calls so far; the last one goes on while it is not ended.
    pub(crate) calls: usize,
    in_call_since: Option<Nanos>,
    /// The op of the call that goes on.
    op: Option<OpName>,
    pub(crate) in_line: bool,
    /// Times that it was told of an op.
    pub(crate) told: u64,
    /// Times that it stood in line.
    pub(crate) waited_in_line: u64,
}

/// Everything that is known of a world.
pub(crate) struct Oracle {
    notify: Notify,
    op_timeout_ns: Option<Nanos>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) ops: HashMap<OpName, Op>,
    by_cookie: HashMap<Cookie, OpName>,
    /// Forged and doubled completions in the ring, and those that were taken from it.
    pub(crate) forged_unread: u64,
    forged_reaped: u64,
    orphans_told: u64,
    /// Resumes after which the job waited for the same thing as before.
    in_vain: u64,
    no_room_in_time: u64,
    keystream: Option<[u8; 4]>,
}

impl Oracle {
    pub(crate) fn new(jobs: usize, notify: Notify, op_timeout_ns: Option<Nanos>) -> Self {
        let job = Job {
            phase: Phase::NotStarted,
            id: None,
            calls: 0,
            in_call_since: None,
            op: None,
            in_line: false,
            told: 0,
            waited_in_line: 0,
        };
        Self {
            notify,
            op_timeout_ns,
            jobs: vec![job; jobs],
            ops: HashMap::new(),
            by_cookie: HashMap::new(),
            forged_unread: 0,
            forged_reaped: 0,
            orphans_told: 0,
            in_vain: 0,
            no_room_in_time: 0,
            keystream: None,
        }
    }

    /// Completions that lie in the ring.
    pub(crate) fn unread(&self) -> u64 {
        let published = |op: &&Op| op.published && !op.reaped;
        self.ops.values().filter(published).count() as u64 + self.forged_unread
    }

    /// Whether the job's pause can end.
    pub(crate) fn is_settled(&self, job: usize) -> bool {
        let op = self.jobs[job].op.and_then(|op| self.ops.get(&op));
        op.is_some_and(Op::is_settled)
    }

    /// What the job waits for: changes with every progress it makes.
    pub(crate) fn waits_for(&self, job: usize) -> (usize, Option<OpName>) {
        (self.jobs[job].calls, self.jobs[job].op)
    }

    /// The job was resumed and waits for the same thing as before.
    pub(crate) fn resumed_in_vain(&mut self) {
        self.in_vain += 1;
    }

    /// The engine is about to take all that is in the ring.
    pub(crate) fn about_to_reap(&mut self) {
        for op in self.ops.values_mut() {
            op.reaped |= op.published;
        }
        self.forged_reaped += std::mem::take(&mut self.forged_unread);
    }

    /// Every call whose time is up has been told, now that the engine was polled.
    pub(crate) fn check_timeouts(&self, now: Nanos) -> Result<(), Violation> {
        let Some(op_timeout_ns) = self.op_timeout_ns else {
            return Ok(());
        };
        for (index, job) in self.jobs.iter().enumerate() {
            let (Some(since_ns), Some(_)) = (job.in_call_since, job.op) else {
                continue;
            };
            ensure!(
                since_ns + op_timeout_ns > now || self.is_settled(index),
                "job {index} waits on, and its call's time is up"
            );
        }
        Ok(())
    }

    /// Enters what was told, and says what could not be.
    pub(crate) fn enter(&mut self, told: Told) -> Result<(), Violation> {
        match told {
            Told::Event(Event::Job(event)) => self.job_event(event),
            Told::Event(event) => self.engine_event(&event),
            Told::Began { job, id } => {
                self.jobs[job].id = Some(id);
                Ok(())
            }
            Told::Call { job, at } => {
                self.jobs[job].calls += 1;
                self.jobs[job].in_call_since = Some(at);
                Ok(())
            }
            Told::CallEnded {
                job,
                result,
                keystream,
            } => self.call_ended(job, result, keystream),
            Told::Ended { job } => {
                let is_first = self.jobs[job].phase == Phase::Running;
                ensure!(is_first, "job {job} came to its end, and did not run");
                Ok(())
            }
        }
    }

    fn job_event(&mut self, event: JobEvent) -> Result<(), Violation> {
        let (id, from, to) = match event {
            // Its function says which one it is.
            JobEvent::Started { .. } => return Ok(()),
            JobEvent::Paused { job } => (job, Phase::Running, Phase::Paused),
            JobEvent::Resumed { job } => (job, Phase::Paused, Phase::Running),
            JobEvent::Finished { job } => (job, Phase::Running, Phase::Finished),
            JobEvent::Cancelled { job, .. } => (job, Phase::Paused, Phase::Cancelled),
            other => return Err(format!("no job may end so: {other:?}")),
        };
        let job = self.jobs.iter_mut().find(|job| job.id == Some(id));
        let job = job.ok_or_else(|| format!("nobody has started {id:?}"))?;
        ensure!(
            job.phase == from,
            "a job that is {:?} became {to:?}",
            job.phase
        );
        job.phase = to;
        if to == Phase::Cancelled {
            (job.op, job.in_line, job.in_call_since) = (None, false, None);
        }
        Ok(())
    }

    fn engine_event(&mut self, event: &Event) -> Result<(), Violation> {
        match *event {
            Event::Submitted { op, job, .. } => self.submitted(op, job),
            Event::Full { job, .. } => {
                let job = self.index_of(job)?;
                self.jobs[job].in_line = true;
                self.jobs[job].waited_in_line += 1;
                Ok(())
            }
            Event::Known { op, .. } => {
                let op = self.op(op)?;
                ensure!(op.published, "{} is known before it completed", op.cookie);
                ensure!(!op.known, "{} is known twice", op.cookie);
                ensure!(op.end.is_none(), "{} is known after its end", op.cookie);
                op.known = true;
                Ok(())
            }
            Event::Notify { op, job, .. } => {
                let job = self.index_of(job)?;
                let op = self.op(op)?;
                ensure!(
                    op.known && !op.notified,
                    "{} is told once too often",
                    op.cookie
                );
                op.notified = true;
                self.jobs[job].told += 1;
                Ok(())
            }
            Event::TimedOut { op, job } => {
                let job = self.index_of(job)?;
                let op = self.op(op)?;
                ensure!(!op.is_settled(), "{} is over, and times out", op.cookie);
                op.timed_out = true;
                self.jobs[job].told += 1;
                Ok(())
            }
            Event::Abandoned { op } => self.ends(op, End::Abandoned),
            Event::Returned(returned) => self.returned(&returned),
            Event::Orphan { .. } => {
                self.orphans_told += 1;
                ensure!(
                    self.orphans_told <= self.forged_reaped,
                    "an orphan, and the completion was asked for"
                );
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn submitted(&mut self, cookie: Cookie, job: Option<JobId>) -> Result<(), Violation> {
        let index = self.index_of(job)?;
        let job = &mut self.jobs[index];
        ensure!(job.op.is_none(), "job {index} submits twice in one call");
        let name = OpName {
            job: index,
            call: job.calls,
        };
        job.op = Some(name);
        job.in_line = false;
        let other = self
            .ops
            .values()
            .find(|op| op.holds_slot() && op.cookie.slot == cookie.slot);
        ensure!(other.is_none(), "slot {} is given out twice", cookie.slot);
        let before = self.by_cookie.insert(cookie, name);
        ensure!(before.is_none(), "{cookie} is used for a second op");
        let op = Op {
            cookie,
            published: false,
            reaped: false,
            known: false,
            notified: false,
            timed_out: false,
            end: None,
        };
        self.ops.insert(name, op);
        Ok(())
    }

    fn returned(&mut self, returned: &Returned) -> Result<(), Violation> {
        check_spans(&returned.moments)?;
        let job = self.index_of(returned.job)?;
        let is_running = self.jobs[job].phase == Phase::Running;
        ensure!(is_running, "job {job} returns, and does not run");
        let op = self.op(returned.op)?;
        ensure!(op.known, "{} returns without a completion", op.cookie);
        self.ends(returned.op, End::Returned)
    }

    fn ends(&mut self, cookie: Cookie, end: End) -> Result<(), Violation> {
        let op = self.op(cookie)?;
        let before = op.end.replace(end);
        ensure!(before.is_none(), "{cookie} ends twice: {before:?}, {end:?}");
        Ok(())
    }

    fn call_ended(
        &mut self,
        job: usize,
        result: Result<usize, Error>,
        keystream: [u8; 4],
    ) -> Result<(), Violation> {
        let name = self.jobs[job].op.take();
        self.jobs[job].in_call_since = None;
        if result == Err(Error::Retry(Retry::NoRoomInTime)) {
            ensure!(
                name.is_none(),
                "job {job} had room, and is told that it had none"
            );
            self.jobs[job].in_line = false;
            self.no_room_in_time += 1;
            return Ok(());
        }
        let name = name.ok_or_else(|| format!("job {job} has {result:?} without an op"))?;
        let op = self.ops.get_mut(&name).expect("it was submitted");
        match result {
            Ok(len) => {
                ensure!(op.end == Some(End::Returned), "a result without a return");
                ensure!(len == 20, "{name} gave {len} bytes");
                let expected = *self.keystream.get_or_insert(keystream);
                ensure!(keystream == expected, "{name} gave the result of another");
            }
            Err(Error::Device(DeviceFault::TimedOut)) => {
                ensure!(op.timed_out, "{name} ends as if its time were up");
                let cookie = op.cookie;
                self.ends(cookie, End::TimedOut)?;
            }
            Err(Error::Device(DeviceFault::Failed)) => {
                ensure!(op.end == Some(End::Returned), "a failure without a return");
            }
            Err(error) => return Err(format!("{name} ends with {error}")),
        }
        Ok(())
    }

    fn op(&mut self, cookie: Cookie) -> Result<&mut Op, Violation> {
        let name = self.by_cookie.get(&cookie);
        let op = name.and_then(|name| self.ops.get_mut(name));
        op.ok_or_else(|| format!("nobody has submitted {cookie}"))
    }

    fn index_of(&self, id: Option<JobId>) -> Result<usize, Violation> {
        let index = self.jobs.iter().position(|job| job.id == id);
        index.ok_or_else(|| format!("nobody has started {id:?}"))
    }

    /// The engine's own figures are those that were counted here.
    pub(crate) fn check_stats(
        &self,
        stats: &EngineStats,
        slots_in_use: usize,
    ) -> Result<(), Violation> {
        let count = |is: fn(&Op) -> bool| self.ops.values().filter(|op| is(op)).count() as u64;
        let reaped = count(|op| op.reaped);
        let told = count(|op| op.notified) + count(|op| op.timed_out);
        let by_callback = told * u64::from(self.notify == Notify::Callback);
        let by_fd = told * u64::from(self.notify == Notify::Fd);
        let (spurious, looks) = match self.notify {
            Notify::Poll => (0, self.in_vain),
            Notify::Callback | Notify::Fd => (self.in_vain, 0),
        };
        let waited_in_line: u64 = self.jobs.iter().map(|job| job.waited_in_line).sum();
        let submitted = self.ops.len() as u64;
        for (name, counted, expected) in [
            ("submitted", stats.submitted, submitted),
            ("in_flight", stats.in_flight, submitted - reaped),
            (
                "in_flight_symmetric",
                stats.in_flight_symmetric,
                submitted - reaped,
            ),
            ("in_flight_asymmetric", stats.in_flight_asymmetric, 0),
            (
                "returned",
                stats.returned,
                count(|op| op.end == Some(End::Returned)),
            ),
            (
                "abandoned",
                stats.abandoned,
                // What has timed out is counted as that.
                count(|op| op.end == Some(End::Abandoned) && !op.timed_out),
            ),
            ("timed_out", stats.timed_out, count(|op| op.timed_out)),
            ("reaped", stats.reaped, reaped + self.forged_reaped),
            ("orphans", stats.orphans, self.forged_reaped),
            ("wakes_by_callback", stats.wakes_by_callback, by_callback),
            ("wakes_by_fd", stats.wakes_by_fd, by_fd),
            ("waits_in_place", stats.waits_in_place, 0),
            ("spurious_resumes", stats.spurious_resumes, spurious),
            ("looks_in_vain", stats.looks_in_vain, looks),
            ("full_waits", stats.full_waits, waited_in_line),
        ] {
            ensure!(
                counted == expected,
                "{name} is {counted}, and should be {expected}"
            );
        }
        // A call in line may have been given a slot that it has not come for yet.
        let held = self.ops.values().filter(|op| op.holds_slot()).count();
        let in_line = self.jobs.iter().filter(|job| job.in_line).count();
        ensure!(
            (held..=held + in_line).contains(&slots_in_use),
            "{slots_in_use} slots are in use; {held} ops hold one, {in_line} calls wait for one"
        );
        Ok(())
    }

    /// Nothing can happen any more: everything has come to its end.
    pub(crate) fn check_end(
        &self,
        stats: &EngineStats,
        slots_in_use: usize,
    ) -> Result<(), Violation> {
        for (index, job) in self.jobs.iter().enumerate() {
            ensure!(
                matches!(job.phase, Phase::Finished | Phase::Cancelled),
                "job {index} is {:?} for ever: its wake is lost",
                job.phase
            );
        }
        for (name, op) in &self.ops {
            ensure!(op.end.is_some(), "{name} has no outcome");
            ensure!(op.reaped, "{name} was never answered");
        }
        ensure!(slots_in_use == 0, "{slots_in_use} slots are leaked");
        ensure!(
            stats.in_flight == 0,
            "{} ops are in flight for ever",
            stats.in_flight
        );
        ensure!(
            stats.timed_out_in_line >= self.no_room_in_time,
            "{} calls had no room in time, {} are counted",
            self.no_room_in_time,
            stats.timed_out_in_line
        );
        Ok(())
    }
}

/// The eight moments never decrease, and the stages add up.
fn check_spans(moments: &Moments) -> Result<(), Violation> {
    let in_order = moments.in_order();
    ensure!(in_order.is_sorted(), "the moments decrease: {moments:?}");
    let stages = moments.stages();
    let sum = Stage::ALL
        .iter()
        .fold(stages.full_wait_ns, |sum, stage| sum + stages.get(*stage));
    ensure!(
        sum == moments.total_ns(),
        "the spans do not sum: {moments:?}"
    );
    Ok(())
}
