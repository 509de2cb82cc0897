//! What the application does with its jobs.

use std::os::fd::AsFd;
use std::sync::Arc;

use pausewake_device::keys::KeyId;
use pausewake_engine::{Engine, Notify};
use pausewake_jobs::{Cancelled, Job, Outcome, WaitCtx};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::World;
use crate::feed::{Feed, Told};
use crate::oracle::{Phase, Violation, ensure};

impl World {
    pub(super) fn start(&mut self, job: usize) -> Result<(), Violation> {
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

    pub(super) fn wake(&mut self, job: usize) {
        let app = &mut self.apps[job];
        app.wakes_seen += u64::from(self.case.notify == Notify::Callback);
        // The wake of a job that has ended hits nothing.
        app.is_ready = app.handle.is_some();
    }

    /// Resumes the job; `is_told` if that is because of a wake.
    pub(super) fn resume(&mut self, job: usize, is_told: bool) -> Result<(), Violation> {
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
        // A callback's wake outlasts a resume that came before it, and then finds the next call.
        let may_be_stale =
            self.case.notify == Notify::Callback && self.left.spurious < self.case.budget.spurious;
        ensure!(
            !(is_in_vain && is_told) || may_be_stale,
            "job {job} was woken for nothing"
        );
        if is_in_vain {
            self.oracle.resumed_in_vain();
        } else {
            self.version += 1;
        }
        self.apps[job].seen_version = is_in_vain.then_some(self.version);
        Ok(())
    }

    pub(super) fn cancel(&mut self, job: usize) -> Result<(), Violation> {
        let cancelled = self.give_up(job)?.cancel();
        ensure!(
            matches!(cancelled, Cancelled::Unwound),
            "it ended as {cancelled:?}"
        );
        Ok(())
    }

    pub(super) fn drop_handle(&mut self, job: usize) -> Result<(), Violation> {
        drop(self.give_up(job)?);
        Ok(())
    }

    fn give_up(&mut self, job: usize) -> Result<Job<()>, Violation> {
        self.left.cancels -= 1;
        self.version += 1;
        let app = &mut self.apps[job];
        app.is_ready = false;
        let handle = app.handle.take();
        Ok(handle.ok_or("a job that has ended is given up")?)
    }

    /// Whether the application's event loop has something to see for this job.
    pub(super) fn is_woken(&self, job: usize) -> bool {
        match self.case.notify {
            Notify::Callback => {
                self.callbacks.lock().expect("no panic")[job] > self.apps[job].wakes_seen
            }
            Notify::Fd => self.is_readable(job),
            Notify::Poll => false,
        }
    }

    /// Whether a job that looks for itself would look now.
    pub(super) fn would_look(&self, job: usize) -> bool {
        let is_paused = self.oracle.jobs[job].phase == Phase::Paused;
        let has_news = self.apps[job].seen_version != Some(self.version);
        self.case.notify == Notify::Poll && is_paused && has_news
    }

    /// Whether a wake lies in the job's wait context.
    pub(super) fn is_readable(&self, job: usize) -> bool {
        let app = &self.apps[job];
        let wait_ctx = app.handle.as_ref().map(Job::wait_ctx);
        let wait_ctx = wait_ctx.or(app.wait_ctx.as_ref());
        let fds = wait_ctx.map(WaitCtx::all_fds).unwrap_or_default();
        fds.iter().any(is_readable)
    }
}

/// What the application holds of one job.
#[derive(Default)]
pub(super) struct App {
    pub(super) handle: Option<Job<()>>,
    pub(super) wait_ctx: Option<WaitCtx>,
    /// Callbacks that the event loop has seen.
    pub(super) wakes_seen: u64,
    /// The event loop will resume it.
    pub(super) is_ready: bool,
    /// What it had seen when it last looked for itself.
    seen_version: Option<u64>,
}

/// Looks without waiting.
pub(super) fn is_readable(fd: impl AsFd) -> bool {
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut polled = [PollFd::new(&fd, PollFlags::IN)];
    poll(&mut polled, Some(&at_once)).expect("it is open") > 0
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
