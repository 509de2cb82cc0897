//! What the algorithms ask of memory.
//!
//! The rings ([`spsc`](super::spsc)) and the handshakes ([`wakeup`](super::wakeup)) are written
//! against these traits. In production the memory is the shared mapping ([`shared`](super::shared));
//! under `cfg(loom)` the tests bring loom's atomics and cells, so that loom explores the very code
//! that runs in production.

use std::sync::atomic::{AtomicU32, Ordering};

/// A 32-bit word that both sides access: an index or a flag.
pub trait SharedWord {
    /// As [`AtomicU32::load`].
    fn load(&self, order: Ordering) -> u32;
    /// As [`AtomicU32::store`].
    fn store(&self, value: u32, order: Ordering);
}

impl SharedWord for AtomicU32 {
    fn load(&self, order: Ordering) -> u32 {
        self.load(order)
    }
    fn store(&self, value: u32, order: Ordering) {
        self.store(value, order);
    }
}

/// The memory of one ring.
///
/// Positions are masked indices, always below [`depth`](Self::depth). The ring's algorithm sees to
/// it that a position is never written while the other side may read it.
pub trait RingMemory {
    /// An index.
    type Word: SharedWord;
    /// A copy of a whole entry.
    type Entry: Copy;

    /// Entries of the ring: a power of two, always the same.
    fn depth(&self) -> u32;
    /// Where the consumer is; the consumer alone writes it.
    fn head(&self) -> &Self::Word;
    /// Where the producer is; the producer alone writes it.
    fn tail(&self) -> &Self::Word;
    /// Copies the entry at `position` out.
    fn read(&self, position: u32) -> Self::Entry;
    /// Copies an entry to `position`.
    fn write(&self, position: u32, entry: Self::Entry);
    /// Overwrites one 64-bit word of the entry at `position`.
    fn write_word(&self, position: u32, word: usize, value: u64);
}

/// The memory of one wake-up handshake.
pub trait WakeMemory {
    /// The flag.
    type Word: SharedWord;

    /// Nonzero while the sleeping side wants to be woken.
    fn armed(&self) -> &Self::Word;
    /// A sequentially consistent fence. Part of the memory, so that a test can leave it out and
    /// show what it is for.
    fn full_fence(&self);
}

/// What wakes a sleeper that is really asleep.
pub trait Event {
    /// Makes the sleeper's wait return, now or when it next begins. Never blocks.
    fn raise(&self);
}
