//! A thread that takes completions in place of the engine's own.
//!
//! It alone consumes the completion ring. Each completion goes to the inbox, and the job is told
//! right away, by the wake that its operation left here: so a job hears of its completion even if
//! its engine's thread sleeps in an event loop that knows nothing of us. Slots stay the engine's:
//! it enters what arrived when a job resumes, or when it polls. Callers that wait in place sleep on
//! the reaper's bell.

use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use pausewake_device::protocol::{Completion, Cookie};
use pausewake_device::ring::{CreateError, Ringer, Sleeper, bell};
use pausewake_device::{CompletionSide, Nanos, QueuePair};
use pausewake_jobs::Wake;

use crate::contain::contain;
use crate::error::ErrorFamily;
use crate::events::NotifiedBy;

/// A completion on its way from the ring to its slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    pub(crate) completion: Completion,
    /// When it was taken from the ring.
    pub(crate) known_ns: Nanos,
    /// The job has been told already.
    pub(crate) is_told: bool,
}

/// The engine's end. Dropping it ends the thread.
pub(crate) struct Reaper {
    shared: Arc<Shared>,
    /// Sleeps until something arrives.
    sleeper: Sleeper,
    /// Wakes the thread from its sleep on the completion signal.
    signal: Ringer,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    inbox: Mutex<Inbox>,
    bell: Ringer,
    stop: AtomicBool,
    /// A completion is handed over, and its callback is about to be called or runs.
    is_telling: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    arrived: VecDeque<Arrived>,
    /// Whom to tell, by slot, with the generation of its use.
    wakes: Vec<Option<Expected>>,
}

/// Whom one use of a slot tells.
struct Expected {
    generation: u32,
    wake: Wake,
    by: NotifiedBy,
}

/// How far the thread had come with an operation that is to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgotten {
    /// Nobody was told, and nobody will be.
    NotTold,
    /// Its job was told.
    Told,
}

/// Why there is no reaper thread.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReaperError {
    /// *Misuse*: somebody else reaps this queue pair.
    #[error("the completion side of the queue pair was taken out: give the engine a whole one")]
    Taken,
    /// *Retry*, when descriptors are free again ([`CreateError::is_retry`]): its bell could not be
    /// made.
    #[error("the reaper cannot wake its engine")]
    Bell(#[from] CreateError),
    /// *Retry*, when threads are free again: the system gave none.
    #[error("no thread for the reaper; raise the limit of threads (`ulimit -u`)")]
    Spawn(#[from] io::Error),
}

impl ReaperError {
    /// Which family. Never the device's.
    #[must_use]
    pub fn family(&self) -> ErrorFamily {
        match self {
            Self::Taken => ErrorFamily::Misuse,
            Self::Bell(error) => ErrorFamily::retry_if(error.is_retry()),
            Self::Spawn(error) => ErrorFamily::of_io(error),
        }
    }
}

impl Reaper {
    /// Takes the completion side of `queue` and starts a thread on it, which lets completions gather
    /// for `interval_ns`.
    pub(crate) fn start(queue: &mut QueuePair, interval_ns: Nanos) -> Result<Self, ReaperError> {
        let (bell, sleeper) = bell()?;
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            bell,
            stop: AtomicBool::new(false),
            is_telling: AtomicBool::new(false),
        });
        let side = queue.take_completions().ok_or(ReaperError::Taken)?;
        let signal = side.waker();
        let thread = ReaperThread {
            side,
            shared: shared.clone(),
            interval_ns,
        };
        let thread = std::thread::Builder::new()
            .name("engine-reaper".to_owned())
            .spawn(move || thread.run())?;
        Ok(Self {
            shared,
            sleeper,
            signal,
            thread: Some(thread),
        })
    }

    /// The completion of `op` shall wake this, which is a wake `by` fd or callback.
    pub(crate) fn expect(&self, op: Cookie, wake: Wake, by: NotifiedBy) {
        let mut inbox = self.shared.inbox();
        let index = op.slot as usize;
        if inbox.wakes.len() <= index {
            inbox.wakes.resize_with(index + 1, || None);
        }
        let before = inbox.wakes[index].replace(Expected {
            generation: op.generation,
            wake,
            by,
        });
        drop(inbox);
        // The last count on a callback may run code of the application.
        drop(before);
    }

    /// The job of `op` does not want to be told any more. Where it was told already, an eventfd has
    /// been written by now; a callback may still be on its way.
    pub(crate) fn forget(&self, op: Cookie) -> Forgotten {
        let expected = self.shared.inbox().take_expected(op);
        // Dropped outside of the lock: the last count on a callback may run code of the application.
        match expected {
            Some(_) => Forgotten::NotTold,
            None => Forgotten::Told,
        }
    }

    pub(crate) fn has_arrived(&self) -> bool {
        !self.shared.inbox().arrived.is_empty()
    }

    /// Whether a job whose completion may be entered already is still to be told.
    pub(crate) fn is_telling(&self) -> bool {
        self.shared.is_telling.load(Ordering::Acquire)
    }

    pub(crate) fn take_into(&self, arrived: &mut VecDeque<Arrived>) {
        arrived.append(&mut self.shared.inbox().arrived);
    }

    /// Asks for the bell, unless something has arrived.
    pub(crate) fn arm(&mut self) -> bool {
        let shared = &self.shared;
        self.sleeper
            .arm_unless(|| !shared.inbox().arrived.is_empty())
    }

    /// The first half of [`arm`](Self::arm): asks, and does not look.
    pub(crate) fn request(&mut self) {
        self.sleeper.arm();
    }

    pub(crate) fn disarm(&mut self) {
        self.sleeper.disarm();
        self.sleeper.drain();
    }

    /// The bell, for an event loop.
    pub(crate) fn bell_fd(&self) -> BorrowedFd<'_> {
        self.sleeper.fd()
    }

    /// Sleeps until something arrives or `timeout` has passed.
    pub(crate) fn wait(&mut self, timeout: Option<Nanos>) {
        if self.arm() {
            let _woken = self.sleeper.wait(timeout);
            self.disarm();
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.signal.force();
        if let Some(thread) = self.thread.take() {
            // An engine that a callback drops on the reaper's own thread cannot wait for it.
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    fn take_expected(&mut self, op: Cookie) -> Option<Expected> {
        let place = self.wakes.get_mut(op.slot as usize)?;
        if place.as_ref()?.generation != op.generation {
            return None;
        }
        place.take()
    }
}

struct ReaperThread {
    side: CompletionSide,
    shared: Arc<Shared>,
    interval_ns: Nanos,
}

impl ReaperThread {
    fn run(mut self) {
        let mut is_signalled = false;
        loop {
            // In this order: a stop that comes after the look has its signal still to give, and one
            // whose signal was drained here is seen.
            self.side.drain_signal();
            if self.shared.stop.load(Ordering::Acquire) {
                return;
            }
            let reaped = self.reap();
            if is_signalled && !reaped {
                // A signal for room in the ring, which is the engine's affair; or for nothing.
                self.shared.bell.ring();
            }
            is_signalled = if reaped {
                // Not asleep on the completions: what comes now gathers.
                self.side.wait_signal(Some(self.interval_ns))
            } else if self.side.arm_signal() {
                let is_signalled = self.side.wait_signal(None);
                self.side.disarm_signal();
                is_signalled
            } else {
                false
            };
        }
    }

    /// Hands over all completions that are there. Says whether there was any.
    fn reap(&mut self) -> bool {
        let mut known_ns = self.side.now();
        let mut any = false;
        while let Some(completion) = self.side.reap() {
            any = true;
            if completion.done_ns > known_ns {
                known_ns = self.side.now();
            }
            self.hand_over(completion, known_ns);
        }
        if any {
            self.shared.bell.ring();
        }
        any
    }

    fn hand_over(&self, completion: Completion, known_ns: Nanos) {
        let mut inbox = self.shared.inbox();
        let expected = inbox.take_expected(completion.cookie);
        inbox.arrived.push_back(Arrived {
            completion,
            known_ns,
            is_told: expected.is_some(),
        });
        // An eventfd is written before the lock is given back: whoever sees the completion, or that
        // the job was told, finds the count there and can take it. Outside of the lock it could come
        // later than that, and would be left to the next job of the wait context.
        if let Some(expected) = &expected
            && expected.by == NotifiedBy::Fd
        {
            let _ = expected.wake.wake();
        }
        // Before the lock is given back: whoever sees the completion sees that, too.
        self.shared
            .is_telling
            .store(expected.is_some(), Ordering::Release);
        drop(inbox);
        // A callback is the application's code, and runs with nothing locked. If it comes late, its
        // job has a resume too many, which it sleeps through.
        if let Some(Expected { wake, by, .. }) = expected {
            // A callback that panics costs its own job's wake and no other's: the panic hook has
            // told of it, and the reaper lives on. Dropped inside, as that too runs their code.
            contain(move || {
                if by != NotifiedBy::Fd {
                    let _ = wake.wake();
                }
            });
            self.shared.is_telling.store(false, Ordering::Release);
        }
    }
}
