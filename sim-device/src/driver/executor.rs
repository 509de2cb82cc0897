//! Where ops are computed: on worker threads, or in place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::ThreadId;

use crate::compute::{Finished, HeldKey, Vault, Work, WorkItem, Workers};
use crate::keys::KeyId;
use crate::protocol::Status;

/// Compute, as a driver sees it.
pub(crate) enum Executor {
    /// In place: an op is computed when it is fetched.
    Inline(Inline),
    /// By a pool, unless the answer takes less time than to ask for it. What does not fit into the
    /// pool waits here; the in-flight limits bound how much.
    Pool {
        inline: Inline,
        workers: Workers,
        waiting: VecDeque<Box<WorkItem>>,
    },
}

/// Computes in place, and holds on to the key that it used last.
pub(crate) struct Inline {
    vault: Arc<dyn Vault>,
    last: Option<LastKey>,
}

struct LastKey {
    id: KeyId,
    /// What the vault had counted before the key was asked for.
    revocations: u64,
    key: Arc<dyn HeldKey>,
}

impl Inline {
    fn new(vault: Arc<dyn Vault>) -> Self {
        Self { vault, last: None }
    }

    /// Computes an op here and now.
    fn finish(&mut self, item: &mut WorkItem) -> Result<usize, Status> {
        item.execute_by(|key, work, output| self.execute(key, work, output))
    }

    /// A key that is revoked is not held beyond the next turn.
    fn forget_revoked(&mut self) {
        let revocations = self.vault.revocations();
        self.last.take_if(|last| last.revocations != revocations);
    }

    fn execute(&mut self, id: KeyId, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
        let revocations = self.vault.revocations();
        let is_good = |last: &LastKey| last.id == id && last.revocations == revocations;
        if !self.last.as_ref().is_some_and(is_good) {
            // Counted first: a revocation in between costs another look, and no key is kept by it.
            self.last = self.vault.hold(id).map(|key| LastKey {
                id,
                revocations,
                key,
            });
        }
        match &self.last {
            Some(last) => last.key.execute(work, output),
            None => self.vault.execute(id, work, output),
        }
    }
}

impl Executor {
    pub(crate) fn inline(vault: Arc<dyn Vault>) -> Self {
        Self::Inline(Inline::new(vault))
    }

    pub(crate) fn pool(vault: Arc<dyn Vault>, workers: Workers) -> Self {
        Self::Pool {
            inline: Inline::new(vault),
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

    /// Begins an op. `Some`: it is done already. If not, a worker has taken the item away.
    ///
    /// # Panics
    /// If there is no item.
    pub(crate) fn start(
        &mut self,
        item: &mut Option<Box<WorkItem>>,
    ) -> Option<Result<usize, Status>> {
        let present = item.as_mut().expect("an op that begins has its item");
        match self {
            Self::Inline(inline) => Some(inline.finish(present)),
            Self::Pool { inline, .. } if present.is_quick(&*inline.vault) => {
                Some(inline.finish(present))
            }
            Self::Pool {
                workers, waiting, ..
            } => {
                waiting.extend(item.take());
                hand_over(workers, waiting);
                None
            }
        }
    }

    /// Takes an op that a worker has finished.
    pub(crate) fn finished(&mut self) -> Option<Finished> {
        match self {
            Self::Inline(inline) => {
                inline.forget_revoked();
                None
            }
            Self::Pool {
                inline,
                workers,
                waiting,
            } => {
                inline.forget_revoked();
                let finished = workers.try_next()?;
                hand_over(workers, waiting);
                Some(finished)
            }
        }
    }
}

/// Gives the pool what it has room for, in order.
fn hand_over(workers: &Workers, waiting: &mut VecDeque<Box<WorkItem>>) {
    while let Some(item) = waiting.pop_front() {
        if let Err(full) = workers.try_submit(item) {
            waiting.push_front(full.into_item());
            return;
        }
    }
}
