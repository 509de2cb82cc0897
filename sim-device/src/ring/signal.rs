//! The doorbell and the completion signal: a handshake and an eventfd together.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use super::eventfd::EventFd;
use super::memory::Event;
use super::shared::SharedFlag;
use super::wakeup::{RingerFlag, SleeperFlag};
use crate::time::Nanos;

/// The side that goes to sleep: the device on its doorbell, the host on its completion signal.
///
/// To sleep and lose nothing: [`drain`](Self::drain), work until the ring is empty,
/// [`arm_unless`](Self::arm_unless) the ring has something after all, then [`wait`](Self::wait) or
/// poll [`fd`](Self::fd). A wake-up is a hint: it can be late, stand for many entries, or come
/// without any.
#[derive(Debug)]
pub struct Sleeper {
    flag: SleeperFlag<SharedFlag>,
    event: Arc<EventFd>,
}

impl Sleeper {
    pub(super) fn new(flag: SharedFlag, event: Arc<EventFd>) -> Self {
        Self {
            flag: SleeperFlag::new(flag),
            event,
        }
    }

    /// Says 'wake me', with a full fence behind. Look into the ring after this and before sleeping,
    /// and [`disarm`](Self::disarm) if there is something.
    pub fn arm(&mut self) {
        self.flag.arm();
    }

    /// Says 'I am awake': spares the other side its system call.
    pub fn disarm(&mut self) {
        self.flag.disarm();
    }

    /// Arms, then asks `ready` whether there is something to do after all. `true`: go to sleep;
    /// `false`: there is something, and the flag is disarmed.
    pub fn arm_unless(&mut self, ready: impl FnOnce() -> bool) -> bool {
        self.flag.arm_unless(ready)
    }

    /// Takes the wake-ups that have come, without blocking; says how many.
    pub fn drain(&self) -> u64 {
        self.event.drain()
    }

    /// The eventfd, for a loop that waits for more than this. It is readable while there are
    /// wake-ups to [`drain`](Self::drain).
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }

    /// Sleeps until there is a wake-up (`true`; it is left to [`drain`](Self::drain)), or `timeout`
    /// has passed, or a signal handler has run (`false`). `None` waits for as long as it takes.
    ///
    /// The timeout is in nanoseconds (`ppoll`); the kernel adds the thread's timer slack, 50 µs by
    /// default (`man 2 PR_SET_TIMERSLACK`).
    #[must_use = "a timeout and a wake-up are different things"]
    pub fn wait(&self, timeout: Option<Nanos>) -> bool {
        self.event.wait(timeout)
    }
}

/// The side that wakes. Clones wake the same sleeper, from any thread.
#[derive(Clone, Debug)]
pub struct Ringer {
    flag: RingerFlag<SharedFlag>,
    event: Arc<EventFd>,
}

impl Ringer {
    pub(super) fn new(flag: SharedFlag, event: Arc<EventFd>) -> Self {
        Self {
            flag: RingerFlag::new(flag),
            event,
        }
    }

    /// To be called after publishing: wakes the sleeper if it sleeps or is about to. `true` if a
    /// wake-up was written, which is a system call; `false` cost a fence and a load. Never blocks.
    pub fn ring(&self) -> bool {
        self.flag.ring(&*self.event)
    }

    /// Wakes the sleeper whatever its flag says: for news that is in no ring. Never blocks.
    pub fn force(&self) {
        self.event.raise();
    }
}
