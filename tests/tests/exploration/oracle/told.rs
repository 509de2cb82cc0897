//! What was told, step by step: what may follow what.

use pausewake_device::protocol::Cookie;
use pausewake_engine::events::{Event, JobEvent, Moments, Returned, Stage};
use pausewake_engine::{DeviceFault, Error, Retry};
use pausewake_jobs::JobId;

use super::{End, Op, Oracle, Phase, Violation, ensure};
use crate::action::OpName;
use crate::feed::Told;

impl Oracle {
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
