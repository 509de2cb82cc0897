//! The figures of a run, collected from its event log.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use pausewake_device::Nanos;
use pausewake_device::protocol::{OpKind, Status};
use pausewake_engine::events::{Event, JobId, Observer, Returned, Stage};

use super::batch_means::BatchMeans;
use super::counters::{Asked, Jobs, Software, Wakes};
use super::recorder::Recorder;
use super::series::Series;
use super::timeline::Timeline;

/// Collects [`Figures`] from events, and from the calls that the load makes.
#[derive(Debug)]
pub struct Collector {
    figures: RefCell<Figures>,
    /// Calls that have given a result since the beginning.
    returned: Cell<u64>,
    /// Latency since somebody last took it, if somebody does.
    recent: RefCell<Option<Series>>,
}

/// What of a run is measured.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// From when on things count that happen; of what is in the middle then, the rest.
    pub measure_from: Nanos,
    /// Whether calls were to begin at times of their own.
    pub is_open: bool,
    /// When the phases end, if there are some.
    pub phase_ends: Vec<Nanos>,
}

impl Window {
    /// From when on the reported latency counts of a call that began at `called_ns`.
    fn begun(&self, called_ns: Nanos, intended_ns: Nanos) -> Nanos {
        match self.is_open {
            true => intended_ns,
            false => called_ns,
        }
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With a result, and with nothing to do for it once the engine had the device's answer, if it was
    /// the device that gave it.
    Answer,
    /// With a result that there was still something to do for.
    Result,
    /// In any other way.
    Failure,
}

/// What was counted and measured, in memory that does not grow with the run.
#[derive(Debug)]
pub struct Figures {
    window: Window,
    /// Call to return of each call that gave its caller a result, whoever computed it.
    pub latency: Recorder,
    /// In an open loop, the same from the time at which the call was to begin.
    pub corrected: Recorder,
    /// The latency that is reported, by the phase in which calls were to begin.
    pub phases: Vec<Recorder>,
    /// Time of the calls that gave a result, as far as it was measured, call · ns.
    pub told_calls_ns: u128,
    /// Time of ops in the device by what their completions said, as far as it was measured, op · ns.
    pub told_service_ns: u128,
    /// The five stages, by [`Stage::index`].
    pub stages: [Recorder; 5],
    /// Call to slot granted, of each op: next to nothing for those that found room.
    pub full_wait: Recorder,
    /// The same of those that met a full ring.
    pub full_waited: Recorder,
    /// Calls between their begin and their end, whatever that was, integrated over time, call · ns.
    pub calls_in_flight_ns: i128,
    /// Waits for a slice, as the device modelled them, ns: for their confidence interval.
    pub queue_wait: BatchMeans,
    /// The same: their distribution.
    pub queue_waits: Recorder,
    /// Calls that gave a result after figures were begun to be taken, those that had begun before included:
    /// they took from the device what others could not have.
    pub served: u64,
    /// When the last call before those gave its result.
    served_before_ns: Option<Nanos>,
    /// When the last of all did.
    last_served_ns: Option<Nanos>,
    /// What ended when.
    pub timeline: Timeline,
    /// Ops whose wait or service was longer than a completion can say.
    pub saturated: u64,
    /// What the device was asked for, in the order of [`OpKind::ALL`].
    pub asked: [Asked; OpKind::ALL.len()],
    /// Ops by the status that they returned with.
    pub by_status: [u64; Status::ALL.len()],
    /// When the first call began, and the last one had ended in any way; of an open loop, when the load
    /// began, and it was over as well.
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

impl Collector {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            figures: RefCell::new(Figures::new()),
            returned: Cell::new(0),
            recent: RefCell::new(None),
        }
    }

    /// Says what of the run is measured, before it begins. If nobody does, all of it is.
    pub fn measure(&self, window: Window) {
        let mut figures = self.figures.borrow_mut();
        figures.phases = window
            .phase_ends
            .iter()
            .map(|_| Recorder::default())
            .collect();
        // An open loop's load goes on from the beginning, whether or not something arrives.
        figures.span = window
            .is_open
            .then_some((window.measure_from, window.measure_from));
        figures.window = window;
    }

    /// Calls that have given a result so far, those of the warm-up included.
    pub fn returned(&self) -> u64 {
        self.returned.get()
    }

    /// From here on keeps the latency of calls for [`take_recent`](Self::take_recent), too.
    pub fn keep_recent(&self) {
        self.recent.replace(Some(Series::coarse()));
    }

    /// The latency, as it is reported and to two significant digits, of the calls that have given a result
    /// since this was last called; those of the warm-up included.
    pub fn take_recent(&self) -> Series {
        let mut recent = self.recent.borrow_mut();
        recent.as_mut().map_or_else(Series::coarse, |recent| {
            std::mem::replace(recent, Series::coarse())
        })
    }

    /// The latency that would be reported if this were the end.
    pub fn latency_so_far(&self) -> Series {
        self.figures.borrow().reported_latency().series()
    }

    /// A call begins at `at`.
    pub fn call_begins(&self, at: Nanos) {
        self.figures.borrow_mut().call_begins(at);
    }

    /// The call that began at `called_ns`, and was to begin at `intended_ns`, ends `now` in one way or
    /// another.
    ///
    /// One that ends with the device's answer ended when that was handed to it, which by the wall clock
    /// is a bit earlier: to collect the figures takes time, too.
    pub fn call_ends(
        &self,
        called_ns: Nanos,
        intended_ns: Option<Nanos>,
        ending: Ending,
        now: impl FnOnce() -> Nanos,
    ) {
        let mut figures = self.figures.borrow_mut();
        let answered_ns = match ending {
            Ending::Answer => figures.answered_ns(called_ns),
            Ending::Result | Ending::Failure => None,
        };
        let at = answered_ns.unwrap_or_else(now);
        let has_result = ending != Ending::Failure;
        self.returned
            .set(self.returned.get() + u64::from(has_result));
        let intended_ns = intended_ns.unwrap_or(called_ns);
        if has_result && let Some(recent) = &mut *self.recent.borrow_mut() {
            recent.record(at - figures.window.begun(called_ns, intended_ns));
        }
        if !has_result {
            figures.leaves_line(pausewake_jobs::current_id());
        }
        figures.call_ends(called_ns, intended_ns, at, has_result);
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
            window: Window::default(),
            latency: Recorder::default(),
            corrected: Recorder::default(),
            phases: Vec::new(),
            told_calls_ns: 0,
            told_service_ns: 0,
            stages: std::array::from_fn(|_| Recorder::default()),
            full_wait: Recorder::default(),
            full_waited: Recorder::default(),
            calls_in_flight_ns: 0,
            queue_wait: BatchMeans::new(),
            queue_waits: Recorder::default(),
            served: 0,
            served_before_ns: None,
            last_served_ns: None,
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

    /// It was not over until `at`, although no call went on: the device worked for calls that had ended,
    /// or more was still to arrive.
    pub fn lasted_until(&mut self, at: Nanos) {
        if let Some((_, last)) = &mut self.span {
            *last = at.max(*last);
        }
    }

    /// Completions that were not ok.
    pub fn errors(&self) -> u64 {
        let ok = self.by_status[Status::Ok as usize];
        self.by_status.iter().sum::<u64>() - ok
    }

    /// When the phases end.
    pub fn phase_ends(&self) -> &[Nanos] {
        &self.window.phase_ends
    }

    /// The latency that is reported.
    pub fn reported_latency(&self) -> &Recorder {
        match self.window.is_open {
            true => &self.corrected,
            false => &self.latency,
        }
    }

    fn event(&mut self, at: Nanos, event: &Event) {
        if at < self.window.measure_from {
            self.warm_up(at, event);
            return;
        }
        match event {
            Event::Job(event) => self.jobs.event(event),
            Event::Full { job, .. } => self.waits(*job, at),
            Event::Submitted {
                job, kind, bytes, ..
            } => {
                let asked = &mut self.asked[Asked::place(*kind)];
                asked.ops += 1;
                asked.bytes_in += u64::from(*bytes);
                if !self.waiting.is_empty() {
                    self.waits_no_more(*job, at);
                }
            }
            Event::Doorbell { entries, woke } => {
                self.doorbells += 1;
                self.device_wakes += u64::from(*woke);
                self.submitted += u64::from(*entries);
            }
            Event::Notify { by, .. } => self.wakes.count(by),
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

    #[cold]
    fn waits(&mut self, job: Option<JobId>, at: Nanos) {
        self.full_waits += 1;
        self.waiting.insert(job, at);
    }

    #[cold]
    fn waits_no_more(&mut self, job: Option<JobId>, at: Nanos) {
        if let Some(since) = self.waiting.remove(&job) {
            self.full_waited.record(at - since);
        }
    }

    /// What happens before figures are taken matters as far as something of it goes on.
    #[cold]
    fn warm_up(&mut self, at: Nanos, event: &Event) {
        match event {
            Event::Job(event) => self.jobs.warm_up(event),
            Event::Full { job, .. } => {
                self.waiting.insert(*job, at);
            }
            Event::Submitted { job, .. } => {
                self.waiting.remove(job);
            }
            Event::Software { .. } => self.last_answer = None,
            Event::Returned(op) => {
                self.last_answer = Some((op.moments.call_ns, op.moments.returned_ns));
            }
            _ => {}
        }
    }

    fn returned(&mut self, op: &Returned) {
        self.last_answer = Some((op.moments.call_ns, op.moments.returned_ns));
        let from = self.window.measure_from;
        let in_device = op.moments.done_ns.max(from) - op.moments.fetched_ns.max(from);
        self.told_service_ns += u128::from(in_device.get());
        if op.moments.call_ns < from {
            return;
        }
        let stages = op.moments.stages();
        for stage in Stage::ALL {
            self.stages[stage.index()].record(stages.get(stage));
        }
        self.full_wait.record(stages.full_wait_ns);
        self.queue_wait.record(op.queue_ns.as_f64());
        self.queue_waits.record(op.queue_ns);
        self.saturated += u64::from(op.is_saturated);
        self.asked[Asked::place(op.kind)].bytes_out += u64::from(op.output_len);
        self.by_status[op.status as usize] += 1;
    }

    /// When the device's answer was handed to the call that began at `called_ns`, if it was the device
    /// that answered it.
    fn answered_ns(&self, called_ns: Nanos) -> Option<Nanos> {
        let (op_called_ns, returned_ns) = self.last_answer?;
        (op_called_ns >= called_ns).then_some(returned_ns)
    }

    fn call_begins(&mut self, at: Nanos) {
        let at = at.max(self.window.measure_from);
        self.calls_in_flight_ns -= i128::from(at.get());
        self.extend_span(at, at);
    }

    fn call_ends(&mut self, called_ns: Nanos, intended_ns: Nanos, at: Nanos, has_result: bool) {
        let from = self.window.measure_from;
        let (begun, ended) = (called_ns.max(from), at.max(from));
        self.calls_in_flight_ns += i128::from(ended.get());
        self.extend_span(begun, ended);
        if has_result {
            self.told_calls_ns += u128::from((ended - begun).get());
            self.serves(at);
        }
        if called_ns < from {
            if has_result && at > from {
                self.timeline.carried(at);
            }
            return;
        }
        if has_result {
            self.latency.record(at - called_ns);
            let begun = self.window.begun(called_ns, intended_ns);
            self.timeline.returned(at, at - begun);
            self.corrected(intended_ns, at);
        } else {
            self.timeline.failed(at);
        }
    }

    /// The call of `job` is over, whatever became of its wait for room.
    fn leaves_line(&mut self, job: Option<JobId>) {
        if !self.waiting.is_empty() {
            self.waiting.remove(&job);
        }
    }

    /// A call gives its result at `at`. Who does so in the moment from which on figures are taken belongs to the
    /// time before.
    fn serves(&mut self, at: Nanos) {
        let from = self.window.measure_from;
        if at > from || from == Nanos::ZERO {
            self.served += 1;
            self.last_served_ns = self.last_served_ns.max(Some(at));
        } else {
            self.served_before_ns = self.served_before_ns.max(Some(at));
        }
    }

    /// The time in which what was [served](Self::served) was made. Where the run ends with a result, as closed
    /// loops do, it begins with one, too: the last in the warm-up. Else there would be one more than there are
    /// times between them, and where slices end in step, one more for each of them.
    pub fn serving_ns(&self) -> Nanos {
        let (first, last) = self.span.unwrap_or_default();
        let ends_with_one = self.last_served_ns == Some(last);
        let before = self.served_before_ns.filter(|_| ends_with_one);
        last - before.unwrap_or(first).min(first)
    }

    /// Of a call that counts: what it took since it was to begin.
    fn corrected(&mut self, intended_ns: Nanos, at: Nanos) {
        let window = &self.window;
        if window.is_open {
            self.corrected.record(at - intended_ns);
        }
        if let Some(last) = window.phase_ends.len().checked_sub(1) {
            let phase = window.phase_ends.partition_point(|end| *end <= intended_ns);
            self.phases[phase.min(last)].record(at - intended_ns);
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
        self.corrected.merge(&other.corrected);
        for (ours, theirs) in self.phases.iter_mut().zip(&other.phases) {
            ours.merge(theirs);
        }
        self.told_calls_ns += other.told_calls_ns;
        self.told_service_ns += other.told_service_ns;
        for (ours, theirs) in self.stages.iter_mut().zip(&other.stages) {
            ours.merge(theirs);
        }
        self.full_wait.merge(&other.full_wait);
        self.full_waited.merge(&other.full_waited);
        self.calls_in_flight_ns += other.calls_in_flight_ns;
        self.queue_wait.merge(&other.queue_wait);
        self.queue_waits.merge(&other.queue_waits);
        self.served += other.served;
        self.served_before_ns = self.served_before_ns.max(other.served_before_ns);
        self.last_served_ns = self.last_served_ns.max(other.last_served_ns);
        self.timeline.merge(&other.timeline);
        self.saturated += other.saturated;
        for (ours, theirs) in self.by_status.iter_mut().zip(&other.by_status) {
            *ours += theirs;
        }
        for (ours, theirs) in self.asked.iter_mut().zip(&other.asked) {
            ours.merge(theirs);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A call whose time is up in the line for room never submits; what is kept of it must not outlast it.
    #[test]
    fn calls_that_fail_in_line_leave_nothing_behind() {
        let collector = Collector::new();
        let waiting = || collector.figures.borrow().waiting.len();
        let full = Event::Full {
            job: pausewake_jobs::current_id(),
            waiting: 1,
        };
        for at in [1, 2].map(Nanos::new) {
            collector.call_begins(at);
            collector.event(at, &full);
            assert_eq!(waiting(), 1);
            collector.call_ends(at, None, Ending::Failure, || at);
            assert_eq!(waiting(), 0);
        }
        assert_eq!(collector.take().full_waits, 2);
    }
}
