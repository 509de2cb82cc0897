//! The queue of jobs that were woken by callback.
//!
//! A callback may run on any thread. On the loop's own one, where nearly all do, it puts the job's token
//! into a list of that thread: nobody sleeps there, so there is nobody to wake, and no lock is needed.
//! On any other thread it pushes the token behind a lock and rings a bell, by the same armed, fenced and
//! re-checked flag as the rings have: while the loop runs, the flag is down and even such a wake costs
//! no system call.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pausewake_device::ring::{CreateError, Ringer, Sleeper, bell};
use pausewake_jobs::Callback;

use super::tasks::TaskToken;

/// The loop's end.
pub(super) struct ReadyQueue {
    id: QueueId,
    shared: Arc<Shared>,
    pub(super) sleeper: Sleeper,
}

/// Names a queue, and no later one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct QueueId(u64);

/// Wakes from other threads.
struct Shared {
    wakes: Mutex<VecDeque<TaskToken>>,
    /// Whether there are any: written under the lock, and read without it by a loop that is awake. One
    /// that goes to sleep takes the lock to see.
    has_wakes: AtomicBool,
    bell: Ringer,
}

/// Wakes from a loop's own thread.
struct Local {
    id: QueueId,
    wakes: VecDeque<TaskToken>,
}

thread_local! {
    /// Of each loop of this thread; there is seldom more than one.
    static LOCAL: RefCell<Vec<Local>> = const { RefCell::new(Vec::new()) };
}

impl ReadyQueue {
    pub(super) fn new() -> Result<Self, CreateError> {
        let (bell, sleeper) = bell()?;
        let shared = Arc::new(Shared {
            wakes: Mutex::default(),
            has_wakes: AtomicBool::new(false),
            bell,
        });
        let id = QueueId::next();
        LOCAL.with_borrow_mut(|queues| {
            queues.push(Local {
                id,
                wakes: VecDeque::new(),
            });
        });
        Ok(Self {
            id,
            shared,
            sleeper,
        })
    }

    /// A callback that wakes this job and no other, whenever it comes.
    pub(super) fn callback(&self, token: TaskToken) -> Callback {
        let (id, shared) = (self.id, self.shared.clone());
        Arc::new(move || {
            if with_local(id, |wakes| wakes.push_back(token)).is_none() {
                shared.push(token);
                shared.bell.ring();
            }
        })
    }

    pub(super) fn has_wakes(&self) -> bool {
        self.has_local_wakes() || self.shared.has_wakes()
    }

    fn has_local_wakes(&self) -> bool {
        with_local(self.id, |wakes| !wakes.is_empty()).unwrap_or(false)
    }

    /// Moves all wakes to `batch`: those of each thread in the order in which they came.
    pub(super) fn take_into(&self, batch: &mut VecDeque<TaskToken>) {
        with_local(self.id, |wakes| move_all(wakes, batch));
        if self.shared.has_wakes() {
            self.shared.take_into(batch);
        }
    }

    /// Says 'wake me', unless somebody was woken already.
    pub(super) fn arm(&mut self) -> bool {
        // What this thread itself has woken is seen without a flag.
        if self.has_local_wakes() {
            return false;
        }
        let shared = &self.shared;
        self.sleeper.arm_unless(|| !shared.wakes().is_empty())
    }
}

impl Drop for ReadyQueue {
    fn drop(&mut self) {
        // While the thread ends, its list may be gone.
        let _ = LOCAL.try_with(|queues| queues.borrow_mut().retain(|local| local.id != self.id));
    }
}

impl QueueId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Shared {
    fn push(&self, token: TaskToken) {
        let mut wakes = self.wakes();
        wakes.push_back(token);
        self.has_wakes.store(true, Ordering::Release);
    }

    fn has_wakes(&self) -> bool {
        self.has_wakes.load(Ordering::Acquire)
    }

    #[cold]
    fn take_into(&self, batch: &mut VecDeque<TaskToken>) {
        let mut wakes = self.wakes();
        move_all(&mut wakes, batch);
        self.has_wakes.store(false, Ordering::Release);
    }

    fn wakes(&self) -> MutexGuard<'_, VecDeque<TaskToken>> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work` on the wakes of the queue `id`, if that is one of this thread's.
fn with_local<R>(id: QueueId, work: impl FnOnce(&mut VecDeque<TaskToken>) -> R) -> Option<R> {
    let done = LOCAL.try_with(|queues| {
        let mut queues = queues.borrow_mut();
        let local = queues.iter_mut().find(|local| local.id == id)?;
        Some(work(&mut local.wakes))
    });
    done.ok().flatten()
}

fn move_all(wakes: &mut VecDeque<TaskToken>, batch: &mut VecDeque<TaskToken>) {
    if batch.is_empty() {
        std::mem::swap(wakes, batch);
    } else {
        batch.append(wakes);
    }
}
