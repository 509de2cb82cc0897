//! The queue of jobs that were woken by callback.
//!
//! A callback may run on any thread: it pushes the job's token and rings a bell, behind the same
//! armed, fenced and re-checked flag as the rings have. While the loop runs, the flag is down and a
//! wake costs no system call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pausewake_device::ring::{CreateError, Ringer, Sleeper, bell};
use pausewake_jobs::Callback;

use super::tasks::TaskToken;

/// The loop's end.
pub(super) struct ReadyQueue {
    shared: Arc<Shared>,
    pub(super) sleeper: Sleeper,
}

struct Shared {
    wakes: Mutex<VecDeque<TaskToken>>,
    bell: Ringer,
}

impl ReadyQueue {
    pub(super) fn new() -> Result<Self, CreateError> {
        let (bell, sleeper) = bell()?;
        let shared = Arc::new(Shared {
            wakes: Mutex::default(),
            bell,
        });
        Ok(Self { shared, sleeper })
    }

    /// A callback that wakes this job and no other, whenever it comes.
    pub(super) fn callback(&self, token: TaskToken) -> Callback {
        let shared = self.shared.clone();
        Arc::new(move || {
            shared.wakes().push_back(token);
            shared.bell.ring();
        })
    }

    pub(super) fn has_wakes(&self) -> bool {
        !self.shared.wakes().is_empty()
    }

    /// Moves all wakes to `batch`, in the order in which they came.
    pub(super) fn take_into(&self, batch: &mut VecDeque<TaskToken>) {
        let mut wakes = self.shared.wakes();
        if batch.is_empty() {
            std::mem::swap(&mut *wakes, batch);
        } else {
            batch.append(&mut wakes);
        }
    }

    /// Says 'wake me', unless somebody was woken already.
    pub(super) fn arm(&mut self) -> bool {
        let shared = &self.shared;
        self.sleeper.arm_unless(|| !shared.wakes().is_empty())
    }
}

impl Shared {
    fn wakes(&self) -> MutexGuard<'_, VecDeque<TaskToken>> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
