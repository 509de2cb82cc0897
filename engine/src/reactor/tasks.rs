//! The reactor's jobs, and the places in which they live.

use std::io;
use std::os::fd::AsRawFd;

use pausewake_jobs::{Cancelled, Job, Outcome, WaitCtx};

use super::park::Park;
use super::ready::ReadyQueue;
use super::{ReactorError, SpawnError, TaskHandle};
use crate::config::Notify;

/// Names one use of one place: a wake that comes late names a use that is over, and wakes nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TaskToken {
    pub(super) index: u32,
    pub(super) generation: u32,
}

/// A place for a job. Its wait context stays when the job goes, as a connection's does.
struct Place {
    generation: u32,
    job: Option<Job<()>>,
    wait_ctx: WaitCtx,
}

/// All places.
pub(super) struct Tasks {
    places: Vec<Place>,
    idle: Vec<u32>,
    live: usize,
    notify: Notify,
}

impl Tasks {
    pub(super) fn new(notify: Notify) -> Self {
        Self {
            places: Vec::new(),
            idle: Vec::new(),
            live: 0,
            notify,
        }
    }

    pub(super) fn live(&self) -> usize {
        self.live
    }

    /// Starts `f` in an idle place, or in a new one.
    pub(super) fn start<F: FnOnce() + 'static>(
        &mut self,
        f: F,
        ready: &ReadyQueue,
        park: &mut Park,
    ) -> Result<TaskToken, SpawnError<F>> {
        let token = self.take_place();
        let place = &mut self.places[token.index as usize];
        if self.notify == Notify::Callback {
            place.wait_ctx.set_callback(Some(ready.callback(token)));
        }
        let wait_ctx = place.wait_ctx.clone();
        // The place is free again however this ends, by a panic of `f` too.
        let mut occupied = Occupied {
            tasks: self,
            token,
            job: None,
        };
        match pausewake_jobs::start(Some(&wait_ctx), f) {
            Ok(Outcome::Finished(())) => Ok(token),
            Ok(Outcome::Paused(job)) => {
                occupied.job = Some(job);
                let watched = occupied.watch(park);
                watched.map(|()| token).map_err(|source| SpawnError::Watch {
                    task: TaskHandle(token),
                    source,
                })
            }
            Err(error) => {
                let (reason, f) = error.into_parts();
                Err(SpawnError::NotStarted { reason, f })
            }
        }
    }

    /// Resumes the job that `token` names, if it is still there.
    pub(super) fn resume(&mut self, token: TaskToken, park: &mut Park) -> Result<(), ReactorError> {
        let Some(job) = self.take_job(token) else {
            return Ok(());
        };
        let mut occupied = Occupied {
            tasks: self,
            token,
            job: None,
        };
        match job.resume() {
            Ok(Outcome::Finished(())) => Ok(()),
            Ok(Outcome::Paused(job)) => {
                occupied.job = Some(job);
                Ok(occupied.watch(park)?)
            }
            Err(error) => {
                occupied.job = Some(error.into_job());
                Err(ReactorError::InJob)
            }
        }
    }

    /// Cancels the job that `token` names, if it is still there.
    pub(super) fn cancel(&mut self, token: TaskToken) -> Option<Cancelled> {
        let job = self.take_job(token)?;
        let _idle_then = Occupied {
            tasks: self,
            token,
            job: None,
        };
        Some(job.cancel())
    }

    /// Whether the job that `token` names is still there.
    pub(super) fn is_live(&self, token: TaskToken) -> bool {
        let place = self.places.get(token.index as usize);
        place.is_some_and(|place| place.generation == token.generation && place.job.is_some())
    }

    fn take_job(&mut self, token: TaskToken) -> Option<Job<()>> {
        let place = self.places.get_mut(token.index as usize)?;
        if place.generation != token.generation {
            return None;
        }
        let job = place.job.take()?;
        self.live -= 1;
        Some(job)
    }

    /// The job that lives in this place now.
    pub(super) fn token(&self, index: u32) -> Option<TaskToken> {
        let generation = self.places.get(index as usize)?.generation;
        Some(TaskToken { index, generation })
    }

    /// All jobs that are paused.
    pub(super) fn tokens(&self) -> impl Iterator<Item = TaskToken> {
        let places = (0..).zip(&self.places);
        places
            .filter(|(_, place)| place.job.is_some())
            .map(|(index, place)| TaskToken {
                index,
                generation: place.generation,
            })
    }

    /// Cancels all jobs; says how many there were.
    pub(super) fn cancel_all(&mut self) -> usize {
        let jobs: Vec<Job<()>> = self
            .places
            .iter_mut()
            .filter_map(|place| place.job.take())
            .collect();
        let count = jobs.len();
        for job in jobs {
            self.live -= 1;
            job.cancel();
        }
        count
    }

    fn take_place(&mut self) -> TaskToken {
        let index = self.idle.pop().unwrap_or_else(|| {
            self.places.push(Place {
                generation: 0,
                job: None,
                wait_ctx: WaitCtx::new(),
            });
            u32::try_from(self.places.len() - 1)
                .expect("fewer jobs than u32 can count fit in memory")
        });
        TaskToken {
            index,
            generation: self.places[index as usize].generation,
        }
    }
}

/// A place whose job runs, or has just run. Dropped with a job, it keeps the job; without one, the
/// place becomes idle and its generation ends.
struct Occupied<'a> {
    tasks: &'a mut Tasks,
    token: TaskToken,
    job: Option<Job<()>>,
}

impl Occupied<'_> {
    /// Watches the fds that the job's operations have added, and forgets those that are gone.
    fn watch(&mut self, park: &mut Park) -> io::Result<()> {
        let wait_ctx = &self.tasks.places[self.token.index as usize].wait_ctx;
        if wait_ctx.changed_counts() == (0, 0) {
            return Ok(());
        }
        let changed = wait_ctx.changed_fds();
        for fd in &changed.deleted {
            park.forget(fd.as_raw_fd());
        }
        for fd in &changed.added {
            park.watch(fd.as_raw_fd(), self.token.index)?;
        }
        Ok(())
    }
}

impl Drop for Occupied<'_> {
    fn drop(&mut self) {
        let index = self.token.index;
        let place = &mut self.tasks.places[index as usize];
        place.job = self.job.take();
        if place.job.is_some() {
            self.tasks.live += 1;
        } else {
            place.generation = place.generation.wrapping_add(1);
            self.tasks.idle.push(index);
        }
    }
}
