//! Threads that compute for a device.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::item::discard;
use super::{Finished, Vault, WorkItem};

/// Called by a worker after each item it has finished, with nothing locked. A driver rings its
/// doorbell here. It should not panic, and must not drop the pool; a panic is contained, and the
/// signal is then lost.
type Notify = Arc<dyn Fn() + Send + Sync>;

/// A pool of threads that execute [`WorkItem`]s, in the order in which they were submitted, and
/// finish them in any.
///
/// The pool is bounded in one place: it holds at most `capacity` items, be they waiting, running,
/// or finished and not yet taken. So neither of its two queues can ever block a worker, and an
/// owner who does not take results sees [`SubmitError::Full`] and no growth. Nothing is allocated
/// per item.
///
/// A task or an engine that panics costs its own op ([`Status::DeviceError`]) and no thread.
///
/// # Dropping
/// Like [`shutdown`](Self::shutdown), and what it would have given back is dropped (and wiped).
///
/// [`Status::DeviceError`]: crate::protocol::Status::DeviceError
pub struct Workers {
    /// `None` once shut down: without a sender, idle workers end.
    to_workers: Option<Sender<Box<WorkItem>>>,
    /// A second receiver of the same queue, for what nobody ran.
    not_run: Receiver<Box<WorkItem>>,
    finished: Receiver<Finished>,
    held: AtomicUsize,
    capacity: usize,
    threads: Vec<JoinHandle<()>>,
}

/// Why a pool does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Misuse: a pool without threads would never finish anything.
    #[error("a compute pool needs at least one worker")]
    NoWorkers,
    /// Misuse: a pool without capacity would never take anything.
    #[error("a compute pool needs a capacity of at least one item")]
    NoCapacity,
    /// The system gave no thread.
    #[error(
        "compute worker {index} of {count} cannot be started; lower their number, or raise the limit on threads (`ulimit -u`)"
    )]
    Spawn {
        /// Which one, from zero.
        index: usize,
        /// How many were wanted.
        count: usize,
        /// What the system said.
        source: io::Error,
    },
}

/// Why an item was not taken. Gives it back.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Retry: take finished items, then try again.
    #[error("the compute pool holds as many items as it may; take finished ones first")]
    Full(Box<WorkItem>),
}

impl SubmitError {
    /// The item.
    #[must_use]
    pub fn into_item(self) -> Box<WorkItem> {
        match self {
            Self::Full(item) => item,
        }
    }
}

/// What a pool held when it was shut down.
#[derive(Debug)]
pub struct Leftovers {
    /// Finished and not taken before.
    pub finished: Vec<Finished>,
    /// Never begun.
    pub not_run: Vec<Box<WorkItem>>,
}

impl Workers {
    /// Starts `worker_count` threads that compute with `vault` and call `notify` after each item.
    /// The pool holds at most `capacity` items.
    ///
    /// # Errors
    /// [`StartError`]; threads that were already started have ended by then.
    pub fn start(
        vault: &Arc<dyn Vault>,
        worker_count: usize,
        capacity: usize,
        notify: &Arc<dyn Fn() + Send + Sync>,
    ) -> Result<Self, StartError> {
        if worker_count == 0 {
            return Err(StartError::NoWorkers);
        }
        if capacity == 0 {
            return Err(StartError::NoCapacity);
        }
        let (to_workers, from_owner) = bounded(capacity);
        let (to_owner, finished) = bounded(capacity);
        let mut workers = Self {
            to_workers: Some(to_workers),
            not_run: from_owner.clone(),
            finished,
            held: AtomicUsize::new(0),
            capacity,
            threads: Vec::with_capacity(worker_count),
        };
        for index in 0..worker_count {
            let worker = Worker {
                vault: Arc::clone(vault),
                from_owner: from_owner.clone(),
                to_owner: to_owner.clone(),
                notify: Arc::clone(notify),
            };
            let thread = thread::Builder::new()
                .name(format!("compute-{index}"))
                .spawn(move || worker.run())
                .map_err(|source| StartError::Spawn {
                    index,
                    count: worker_count,
                    source,
                })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Hands an item to the workers; never waits.
    ///
    /// # Errors
    /// [`SubmitError::Full`] gives the item back.
    pub fn try_submit(&self, item: Box<WorkItem>) -> Result<(), SubmitError> {
        let reserved = self
            .held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                (held < self.capacity).then_some(held + 1)
            });
        let (Ok(_), Some(to_workers)) = (reserved, &self.to_workers) else {
            return Err(SubmitError::Full(item));
        };
        // The queue has a place for everything that `held` counts, and a receiver: this pool.
        to_workers.try_send(item).map_err(|error| {
            self.held.fetch_sub(1, Ordering::Relaxed);
            SubmitError::Full(error.into_inner())
        })
    }

    /// Takes a finished item, if there is one; never waits.
    pub fn try_next(&self) -> Option<Finished> {
        let finished = self.finished.try_recv().ok()?;
        self.held.fetch_sub(1, Ordering::Relaxed);
        Some(finished)
    }

    /// How many items the pool holds: waiting, running, or finished and not yet taken.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// The threads that compute, for whoever must not wait for them.
    pub fn thread_ids(&self) -> impl Iterator<Item = thread::ThreadId> {
        self.threads.iter().map(|handle| handle.thread().id())
    }

    /// The most items that the pool holds.
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Ends all threads, waits until they have finished what they were at, and gives back what
    /// nobody has taken or begun.
    #[must_use = "items that were not run are ops that nobody completes"]
    pub fn shutdown(mut self) -> Leftovers {
        let not_run = self.stop();
        Leftovers {
            finished: self.finished.try_iter().collect(),
            not_run,
        }
    }

    #[expect(clippy::vec_box, reason = "items travel from hand to hand as boxes")]
    fn stop(&mut self) -> Vec<Box<WorkItem>> {
        // Emptied before the sender goes: workers end when the queue is empty *and* has no sender,
        // and would else run everything that waits.
        let not_run = self.not_run.try_iter().collect();
        self.to_workers = None;
        for handle in self.threads.drain(..) {
            // Were the pool dropped by its own worker, that thread could not wait for itself.
            if handle.thread().id() != thread::current().id() {
                // A worker contains every panic, so there is nothing to learn from the result.
                let _ = handle.join();
            }
        }
        not_run
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers")
            .field("threads", &self.threads.len())
            .field("capacity", &self.capacity)
            .field("held", &self.held())
            .finish_non_exhaustive()
    }
}

/// What one thread owns.
struct Worker {
    vault: Arc<dyn Vault>,
    from_owner: Receiver<Box<WorkItem>>,
    to_owner: Sender<Finished>,
    notify: Notify,
}

impl Worker {
    fn run(self) {
        for mut item in &self.from_owner {
            let result = item.execute(&*self.vault);
            if self.to_owner.try_send(Finished { item, result }).is_err() {
                // Only when the owner is gone, and then nobody wants it.
                return;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (self.notify)())) {
                discard(panic);
            }
        }
    }
}

#[cfg(test)]
mod tests;
