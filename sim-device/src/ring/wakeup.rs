//! The wake-up handshake: armed, fenced, re-checked.
//!
//! A side that found nothing to do goes to sleep on an eventfd. Writing an eventfd costs a system
//! call, so the other side does it only if the flag says that somebody sleeps:
//!
//! ```text
//!   sleeper                          ringer
//!   ───────                          ──────
//!   armed = 1                        publish (store the tail)
//!   full fence                       full fence
//!   ring still empty? else disarm    armed? then armed = 0, raise the event
//!   wait for the event
//! ```
//!
//! Each side writes its own word and then reads the other's. Without the fences both writes may
//! still sit in store buffers while both reads see the old values: the sleeper sleeps, the ringer
//! does not ring, and the entry waits for ever (Dekker's problem; release and acquire do not help,
//! because they do not order a store before a later load). liburing has this fence between the
//! store of the tail and its look at `IORING_SQ_NEED_WAKEUP`, and Linux's virtio ring a
//! `virtio_mb` between the index and the event suppression.
//!
//! An event is a hint. It can be late, it can stand for many entries, and it can come without any:
//! the ringer may read the flag just before the sleeper disarms it and arms it again. The sleeper
//! drains the event *before* it looks into the ring, works until the ring is empty, and arms again
//! before it sleeps again; then nothing is lost. The flag stays armed when a wait ends by its
//! timeout; that costs at most one needless event.

use std::sync::atomic::Ordering::Relaxed;

use super::memory::{Event, SharedWord, WakeMemory};

/// The sleeping side's end of a handshake. Exactly one per flag.
#[derive(Debug)]
pub struct SleeperFlag<M> {
    memory: M,
}

impl<M: WakeMemory> SleeperFlag<M> {
    /// The sleeping end of the handshake in `memory`.
    pub fn new(memory: M) -> Self {
        Self { memory }
    }

    /// Says 'wake me'. What was published before and is not yet seen, is seen by a look after this.
    pub fn arm(&mut self) {
        self.memory.armed().store(ARMED, Relaxed);
        self.memory.full_fence();
    }

    /// Takes [`arm`](Self::arm) back.
    pub fn disarm(&mut self) {
        self.memory.armed().store(AWAKE, Relaxed);
    }

    /// Arms, then asks `ready` whether there is something to do after all; if so, disarms again and
    /// says `false`: do not sleep.
    pub fn arm_unless(&mut self, ready: impl FnOnce() -> bool) -> bool {
        self.arm();
        if ready() {
            self.disarm();
            return false;
        }
        true
    }
}

/// The waking side's end of a handshake. There may be several for one flag.
#[derive(Clone, Debug)]
pub struct RingerFlag<M> {
    memory: M,
}

impl<M: WakeMemory> RingerFlag<M> {
    /// A waking end of the handshake in `memory`.
    pub fn new(memory: M) -> Self {
        Self { memory }
    }

    /// To be called after publishing: raises `event` if the sleeper wants it. `true` if it did.
    pub fn ring(&self, event: &impl Event) -> bool {
        self.memory.full_fence();
        let armed = self.memory.armed();
        if armed.load(Relaxed) == AWAKE {
            return false;
        }
        // Not a swap: two ringers may both come here, which costs a needless event. Clearing comes
        // before raising, so that a sleeper that drained the event arms after the clearing.
        armed.store(AWAKE, Relaxed);
        event.raise();
        true
    }
}

const AWAKE: u32 = 0;
const ARMED: u32 = 1;
