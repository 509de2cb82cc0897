//! What must hold: kept beside the engine, by what a schedule did and what was told.

mod figures;
mod told;

use std::collections::HashMap;

use pausewake_device::Nanos;
use pausewake_device::protocol::Cookie;
use pausewake_engine::Notify;
use pausewake_jobs::JobId;

use crate::action::OpName;

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

    /// Ops that the device has not answered, as far as the engine can know.
    pub(crate) fn in_flight(&self) -> u64 {
        self.ops.values().filter(|op| !op.reaped).count() as u64
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

    fn op(&mut self, cookie: Cookie) -> Result<&mut Op, Violation> {
        let name = self.by_cookie.get(&cookie);
        let op = name.and_then(|name| self.ops.get_mut(name));
        op.ok_or_else(|| format!("nobody has submitted {cookie}"))
    }

    fn index_of(&self, id: Option<JobId>) -> Result<usize, Violation> {
        let index = self.jobs.iter().position(|job| job.id == id);
        index.ok_or_else(|| format!("nobody has started {id:?}"))
    }
}
