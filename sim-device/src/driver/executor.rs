//! Where ops are computed: on worker threads, or in place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::ThreadId;

use crate::compute::{Finished, Vault, WorkItem, Workers};

/// Compute, as a driver sees it.
pub(crate) enum Executor {
    /// In place: an op is computed when it is fetched.
    Inline(Arc<dyn Vault>),
    /// By a pool. What does not fit into it waits here; the in-flight limits bound how much.
    Pool {
        workers: Workers,
        waiting: VecDeque<WorkItem>,
    },
}

impl Executor {
    pub(crate) fn pool(workers: Workers) -> Self {
        Self::Pool {
            workers,
            waiting: VecDeque::new(),
        }
    }

    /// The threads that compute beside the driver's.
    pub(crate) fn thread_ids(&self) -> Vec<ThreadId> {
        match self {
            Self::Inline(_) => Vec::new(),
            Self::Pool { workers, .. } => workers.thread_ids().collect(),
        }
    }

    /// Begins an op. `Some`: it is done already.
    pub(crate) fn start(&mut self, item: WorkItem) -> Option<Finished> {
        match self {
            Self::Inline(vault) => Some(execute(item, &**vault)),
            Self::Pool { workers, waiting } => {
                waiting.push_back(item);
                hand_over(workers, waiting);
                None
            }
        }
    }

    /// Takes an op that a worker has finished.
    pub(crate) fn finished(&mut self) -> Option<Finished> {
        match self {
            Self::Inline(_) => None,
            Self::Pool { workers, waiting } => {
                let finished = workers.try_next()?;
                hand_over(workers, waiting);
                Some(finished)
            }
        }
    }
}

/// Computes an op here and now.
pub(crate) fn execute(mut item: WorkItem, vault: &dyn Vault) -> Finished {
    let result = item.execute(vault);
    Finished { item, result }
}

/// Gives the pool what it has room for, in order.
fn hand_over(workers: &Workers, waiting: &mut VecDeque<WorkItem>) {
    while let Some(item) = waiting.pop_front() {
        if let Err(full) = workers.try_submit(item) {
            waiting.push_front(full.into_item());
            return;
        }
    }
}
