//! The figures of a run, collected from its event log.

use std::cell::RefCell;
use std::collections::HashMap;

use pausewake_device::Nanos;
use pausewake_device::protocol::{OpKind, Status};
use pausewake_engine::events::{
    Event, JobEvent, JobId, NotifiedBy, Observer, Returned, Stage, WhySoftware,
};

use super::batch_means::BatchMeans;
use super::series::Series;
use super::timeline::Timeline;

/// Collects [`Figures`] from events, and from the calls that the load makes.
#[derive(Debug)]
pub struct Collector {
    figures: RefCell<Figures>,
}

/// What was counted and measured, in memory that does not grow with the run.
#[derive(Debug)]
pub struct Figures {
    /// Call to return of each call that gave its caller a result, whoever computed it.
    pub latency: Series,
    /// The five stages, by [`Stage::index`].
    pub stages: [Series; 5],
    /// Call to slot granted, of each op: next to nothing for those that found room.
    pub full_wait: Series,
    /// The same of those that met a full ring.
    pub full_waited: Series,
    /// Calls between their begin and their end, whatever that was, integrated over time, call · ns.
    pub calls_in_flight_ns: i128,
    /// Waits for a slice, as the device modelled them, ns: for their confidence interval.
    pub queue_wait: BatchMeans,
    /// The same: their distribution.
    pub queue_waits: Series,
    /// What ended when.
    pub timeline: Timeline,
    /// Ops whose wait or service was longer than a completion can say.
    pub saturated: u64,
    /// What the device was asked for, in the order of [`OpKind::ALL`].
    pub asked: [Asked; OpKind::ALL.len()],
    /// Ops by the status that they returned with.
    pub by_status: [u64; Status::ALL.len()],
    /// When the first call began, and the last one had ended in any way.
    pub span: Option<(Nanos, Nanos)>,
    /// Call and return of the op that was answered last, unless software has computed another since.
    last_answer: Option<(Nanos, Nanos)>,
    /// Jobs.
    pub jobs: Jobs,
    /// Ops whose job was told by a callback, by an eventfd, not at all.
    pub wakes: Wakes,
    /// Times that the submission ring's tail was published.
    pub doorbells: u64,
    /// Times that this woke the device.
    pub device_wakes: u64,
    /// Descriptors made visible by all of them.
    pub submitted: u64,
    /// Calls that had to wait for a slot.
    pub full_waits: u64,
    /// Those that do now, and since when.
    waiting: HashMap<Option<JobId>, Nanos>,
    /// Completions that nobody waited for.
    pub orphans: u64,
    /// Ops that nobody waits for any more.
    pub abandoned: u64,
    /// Ops whose time was up before the device had answered.
    pub timed_out: u64,
    /// Ops computed in software.
    pub software: Software,
}

/// Ops of one kind, and their payload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Ops that went to the device.
    pub ops: u64,
    /// Payload that went there with them.
    pub bytes_in: u64,
    /// Payload that came back.
    pub bytes_out: u64,
}

/// Jobs by what became of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jobs {
    /// Started.
    pub started: u64,
    /// Ran to their end.
    pub finished: u64,
    /// Were cancelled, or panicked.
    pub cancelled: u64,
    /// Live now.
    pub live: u64,
    /// Live at once at most.
    pub max_live: u64,
}

/// How jobs were told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wakes {
    /// By callback.
    pub callback: u64,
    /// By eventfd.
    pub fd: u64,
    /// Not: they waited in place.
    pub in_place: u64,
    /// Jobs that look for themselves when they are resumed.
    pub by_look: u64,
    /// Resumed before their op had completed.
    pub spurious: u64,
}

/// Ops computed in software, by the reason.
#[derive(Clone, Copy, Debug, Default)]
pub struct Software {
    /// Too small, as everything is where the scenario wants all of it in software.
    pub small: u64,
    /// No room.
    pub full: u64,
    /// The device failed.
    pub device_error: u64,
}

impl Collector {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            figures: RefCell::new(Figures::new()),
        }
    }

    /// Calls that have given a result so far.
    pub fn returned(&self) -> u64 {
        self.figures.borrow().latency.count()
    }

    /// A call begins at `at`.
    pub fn call_begins(&self, at: Nanos) {
        self.figures.borrow_mut().call_begins(at);
    }

    /// The call that began at `called_ns` ends at `at`: with a result, or in any other way.
    pub fn call_ends(&self, called_ns: Nanos, at: Nanos, has_result: bool) {
        self.figures
            .borrow_mut()
            .call_ends(called_ns, at, has_result);
    }

    /// When the device's answer was handed to the call that began at `called_ns` and is about to
    /// end, if it was the device that answered it. By the wall clock this is a bit earlier than now:
    /// to collect the figures takes time, too.
    pub fn answered_ns(&self, called_ns: Nanos) -> Option<Nanos> {
        let (op_called_ns, returned_ns) = self.figures.borrow().last_answer?;
        (op_called_ns >= called_ns).then_some(returned_ns)
    }

    /// Takes what was collected.
    pub fn take(&self) -> Figures {
        self.figures.replace(Figures::new())
    }
}

impl Observer for Collector {
    fn event(&self, at: Nanos, event: &Event) {
        self.figures.borrow_mut().event(at, event);
    }
}

impl Figures {
    fn new() -> Self {
        Self {
            latency: Series::new(),
            stages: std::array::from_fn(|_| Series::new()),
            full_wait: Series::new(),
            full_waited: Series::new(),
            calls_in_flight_ns: 0,
            queue_wait: BatchMeans::new(),
            queue_waits: Series::new(),
            timeline: Timeline::new(),
            saturated: 0,
            asked: [Asked::default(); OpKind::ALL.len()],
            by_status: [0; Status::ALL.len()],
            span: None,
            last_answer: None,
            jobs: Jobs::default(),
            wakes: Wakes::default(),
            doorbells: 0,
            device_wakes: 0,
            submitted: 0,
            full_waits: 0,
            waiting: HashMap::new(),
            orphans: 0,
            abandoned: 0,
            timed_out: 0,
            software: Software::default(),
        }
    }

    /// Ops that the device has answered while their calls waited.
    pub fn device_ops(&self) -> u64 {
        self.full_wait.count()
    }

    /// The device still worked for calls that had ended, until `at`.
    pub fn device_worked_until(&mut self, at: Nanos) {
        if let Some((_, last)) = &mut self.span {
            *last = at.max(*last);
        }
    }

    /// Completions that were not ok.
    pub fn errors(&self) -> u64 {
        let ok = self.by_status[Status::Ok as usize];
        self.by_status.iter().sum::<u64>() - ok
    }

    fn event(&mut self, at: Nanos, event: &Event) {
        match event {
            Event::Job(event) => self.jobs.event(event),
            Event::Full { job, .. } => {
                self.full_waits += 1;
                self.waiting.insert(*job, at);
            }
            Event::Submitted {
                job, kind, bytes, ..
            } => {
                let asked = &mut self.asked[place(*kind)];
                asked.ops += 1;
                asked.bytes_in += u64::from(*bytes);
                if !self.waiting.is_empty()
                    && let Some(since) = self.waiting.remove(job)
                {
                    self.full_waited.record(at - since);
                }
            }
            Event::Doorbell { entries, woke } => {
                self.doorbells += 1;
                self.device_wakes += u64::from(*woke);
                self.submitted += u64::from(*entries);
            }
            Event::Notify { by, .. } => match by {
                NotifiedBy::Callback => self.wakes.callback += 1,
                NotifiedBy::Fd => self.wakes.fd += 1,
                NotifiedBy::InPlace => self.wakes.in_place += 1,
                NotifiedBy::Nobody => self.wakes.by_look += 1,
            },
            Event::Orphan { .. } => self.orphans += 1,
            Event::Spurious { .. } => self.wakes.spurious += 1,
            Event::Abandoned { .. } => self.abandoned += 1,
            Event::TimedOut { .. } => self.timed_out += 1,
            Event::Software { why, .. } => {
                self.last_answer = None;
                self.software.count(*why);
            }
            Event::Returned(returned) => self.returned(returned),
            _ => {}
        }
    }

    fn returned(&mut self, op: &Returned) {
        let stages = op.moments.stages();
        for stage in Stage::ALL {
            self.stages[stage.index()].record(stages.get(stage));
        }
        self.full_wait.record(stages.full_wait_ns);
        self.queue_wait.record(op.queue_ns.as_f64());
        self.queue_waits.record(op.queue_ns);
        self.saturated += u64::from(op.is_saturated);
        self.asked[place(op.kind)].bytes_out += u64::from(op.output_len);
        self.by_status[op.status as usize] += 1;
        self.last_answer = Some((op.moments.call_ns, op.moments.returned_ns));
    }

    fn call_begins(&mut self, at: Nanos) {
        self.calls_in_flight_ns -= i128::from(at.get());
        self.extend_span(at, at);
    }

    fn call_ends(&mut self, called_ns: Nanos, at: Nanos, has_result: bool) {
        self.calls_in_flight_ns += i128::from(at.get());
        self.extend_span(called_ns, at);
        if has_result {
            self.latency.record(at - called_ns);
            self.timeline.returned(at, at - called_ns);
        } else {
            self.timeline.failed(at);
        }
    }

    fn extend_span(&mut self, begun: Nanos, ended: Nanos) {
        self.span = Some(match self.span {
            None => (begun, ended),
            Some((first, last)) => (first.min(begun), last.max(ended)),
        });
    }

    /// With the figures of another thread. Nothing is lost but one thing: whether jobs of both
    /// threads lived at the same moment, so [`Jobs::max_live`] is from here on a bound.
    pub fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        for (ours, theirs) in self.stages.iter_mut().zip(&other.stages) {
            ours.merge(theirs);
        }
        self.full_wait.merge(&other.full_wait);
        self.full_waited.merge(&other.full_waited);
        self.calls_in_flight_ns += other.calls_in_flight_ns;
        self.queue_wait.merge(&other.queue_wait);
        self.queue_waits.merge(&other.queue_waits);
        self.timeline.merge(&other.timeline);
        self.saturated += other.saturated;
        for (ours, theirs) in self.by_status.iter_mut().zip(&other.by_status) {
            *ours += theirs;
        }
        for (ours, theirs) in self.asked.iter_mut().zip(&other.asked) {
            ours.ops += theirs.ops;
            ours.bytes_in += theirs.bytes_in;
            ours.bytes_out += theirs.bytes_out;
        }
        if let Some((first, last)) = other.span {
            self.extend_span(first, last);
        }
        self.jobs.merge(&other.jobs);
        self.wakes.merge(&other.wakes);
        self.doorbells += other.doorbells;
        self.device_wakes += other.device_wakes;
        self.submitted += other.submitted;
        self.full_waits += other.full_waits;
        self.orphans += other.orphans;
        self.abandoned += other.abandoned;
        self.timed_out += other.timed_out;
        self.software.merge(&other.software);
    }
}

impl Wakes {
    fn merge(&mut self, other: &Self) {
        self.callback += other.callback;
        self.fd += other.fd;
        self.in_place += other.in_place;
        self.by_look += other.by_look;
        self.spurious += other.spurious;
    }
}

impl Software {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.small + self.full + self.device_error
    }

    fn count(&mut self, why: WhySoftware) {
        match why {
            WhySoftware::Small => self.small += 1,
            WhySoftware::Full => self.full += 1,
            WhySoftware::DeviceError => self.device_error += 1,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.small += other.small;
        self.full += other.full;
        self.device_error += other.device_error;
    }
}

/// The place of `kind` in [`OpKind::ALL`]. Codes count from one.
fn place(kind: OpKind) -> usize {
    usize::from(kind.code()) - 1
}

impl Jobs {
    fn merge(&mut self, other: &Self) {
        self.started += other.started;
        self.finished += other.finished;
        self.cancelled += other.cancelled;
        self.live += other.live;
        self.max_live += other.max_live;
    }

    fn event(&mut self, event: &JobEvent) {
        match event {
            JobEvent::Started { .. } => {
                self.started += 1;
                self.live += 1;
                self.max_live = self.max_live.max(self.live);
            }
            JobEvent::Finished { .. } => {
                self.finished += 1;
                self.live = self.live.saturating_sub(1);
            }
            JobEvent::Cancelled { .. } | JobEvent::Panicked { .. } => {
                self.cancelled += 1;
                self.live = self.live.saturating_sub(1);
            }
            _ => {}
        }
    }
}
