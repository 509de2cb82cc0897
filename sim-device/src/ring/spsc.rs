//! The ring: one producer, one consumer, free-running indices.
//!
//! Lamport's single-producer single-consumer queue ("Proving the Correctness of Multiprocess
//! Programs", 1977), with the indices of io_uring's rings: they run freely over all of `u32` and
//! are masked at the access alone, so that the whole depth is usable and *full* differs from
//! *empty* without a spare entry. Each side keeps the last value that it saw of the other side's
//! index and looks again only when that says full or empty (as in FastForward's and Rigtorp's
//! queues), which spares most of the cache-line transfers.
//!
//! # Ordering
//! The producer writes an entry, then stores the tail with `Release`; the consumer loads the tail
//! with `Acquire`, then reads the entry. The way back is the same with the head: a position is
//! rewritten only after the consumer's read of it has been released.
//!
//! # The other side is hostile
//! The other side's index is memory that the other side writes, so it may be anything at any time.
//! One rule keeps it harmless: an index is believed only if it has *advanced* from where it was last
//! seen to a place that it could honestly have reached: the head not beyond what was published, the
//! tail not beyond a ring's depth before the consumer. Anything else is ignored, as if it had not
//! changed, and counted ([`Producer::forged`], [`Consumer::forged`]). A peer that lies thus stops
//! its own ring or feeds itself garbage entries, but never makes this side count beyond the depth,
//! and positions are masked in any case.

use std::sync::atomic::Ordering::{Acquire, Release};

use super::memory::{RingMemory, SharedWord};

/// The end that fills a ring. Exactly one per ring.
#[derive(Debug)]
pub struct Producer<M> {
    memory: M,
    mask: u32,
    /// Where the next entry goes.
    tail: u32,
    /// The tail that the consumer can see. Never more than the depth behind `tail`.
    published: u32,
    /// The consumer's head when we last looked. Never more than the depth behind `tail`.
    seen_head: u32,
    forged: u64,
}

impl<M: RingMemory> Producer<M> {
    /// The producer of a ring in which nothing has been published since both indices were `start`.
    ///
    /// # Panics
    /// If the memory's depth is not a power of two.
    pub fn new(memory: M, start: u32) -> Self {
        assert!(memory.depth().is_power_of_two(), "depth of a ring");
        let mask = memory.depth() - 1;
        Self {
            memory,
            mask,
            tail: start,
            published: start,
            seen_head: start,
            forged: 0,
        }
    }

    /// Writes `entry` behind those that are there already; the consumer does not see it before
    /// [`publish`](Self::publish).
    ///
    /// # Errors
    /// Gives the entry back if the ring is full.
    #[inline]
    pub fn push(&mut self, entry: M::Entry) -> Result<(), M::Entry> {
        if !self.has_room_beyond(0) {
            return Err(entry);
        }
        self.memory.write(self.tail & self.mask, entry);
        self.tail = self.tail.wrapping_add(1);
        Ok(())
    }

    /// Whether more than `taken` entries could be pushed; looks at the consumer's head only if what
    /// was last seen of it says no.
    #[inline]
    pub fn has_room_beyond(&mut self, taken: u32) -> bool {
        self.room() > taken || self.free() > taken
    }

    /// Entries that could be pushed now; looks at the consumer's head.
    pub fn free(&mut self) -> u32 {
        let head = self.memory.head().load(Acquire);
        match advanced(self.seen_head, head, self.published) {
            Some(head) => self.seen_head = head,
            None => self.forged += 1,
        }
        self.room()
    }

    /// Entries that the ring holds at most.
    pub fn depth(&self) -> u32 {
        self.memory.depth()
    }

    /// Entries that were pushed and not yet published.
    pub fn unpublished(&self) -> u32 {
        self.tail.wrapping_sub(self.published)
    }

    /// Sets 64-bit word number `word` of every unpublished entry.
    pub fn amend_unpublished(&mut self, word: usize, value: u64) {
        for ahead in 0..self.unpublished() {
            let index = self.published.wrapping_add(ahead);
            self.memory.write_word(index & self.mask, word, value);
        }
    }

    /// Lets the consumer see what was pushed; says how many entries that were.
    pub fn publish(&mut self) -> u32 {
        let count = self.unpublished();
        if count > 0 {
            self.memory.tail().store(self.tail, Release);
            self.published = self.tail;
        }
        count
    }

    /// How often the consumer's head was found where it cannot be.
    pub fn forged(&self) -> u64 {
        self.forged
    }

    /// Free entries by what was last seen of the consumer.
    fn room(&self) -> u32 {
        self.memory.depth() - self.tail.wrapping_sub(self.seen_head)
    }
}

/// The end that empties a ring. Exactly one per ring.
#[derive(Debug)]
pub struct Consumer<M> {
    memory: M,
    mask: u32,
    /// The next entry to be consumed.
    head: u32,
    /// The producer's tail when we last looked. Never more than the depth ahead of `head`.
    seen_tail: u32,
    forged: u64,
}

impl<M: RingMemory> Consumer<M> {
    /// The consumer of a ring in which nothing has been consumed since both indices were `start`.
    ///
    /// # Panics
    /// If the memory's depth is not a power of two.
    pub fn new(memory: M, start: u32) -> Self {
        assert!(memory.depth().is_power_of_two(), "depth of a ring");
        let mask = memory.depth() - 1;
        Self {
            memory,
            mask,
            head: start,
            seen_tail: start,
            forged: 0,
        }
    }

    /// Entries that can be consumed now; looks at the producer's tail.
    pub fn available(&mut self) -> u32 {
        let tail = self.memory.tail().load(Acquire);
        let furthest = self.head.wrapping_add(self.memory.depth());
        match advanced(self.seen_tail, tail, furthest) {
            Some(tail) => self.seen_tail = tail,
            None => self.forged += 1,
        }
        self.seen()
    }

    /// A copy of the next entry of those that the last [`available`](Self::available) saw. It stays
    /// in the ring.
    pub fn peek(&self) -> Option<M::Entry> {
        (self.seen() > 0).then(|| self.memory.read(self.head & self.mask))
    }

    /// Gives the next entry's place back to the producer. Does nothing if there is no next entry
    /// by the last [`available`](Self::available).
    pub fn consume(&mut self) {
        if self.seen() > 0 {
            self.head = self.head.wrapping_add(1);
            self.memory.head().store(self.head, Release);
        }
    }

    /// Takes the next entry; looks at the producer's tail only if none is left of those that were
    /// seen before.
    pub fn pop(&mut self) -> Option<M::Entry> {
        if self.is_empty() {
            return None;
        }
        let entry = self.peek();
        self.consume();
        entry
    }

    /// Whether there is nothing to consume; looks at the producer's tail if it seems so.
    pub fn is_empty(&mut self) -> bool {
        self.seen() == 0 && self.available() == 0
    }

    /// How often the producer's tail was found where it cannot be.
    pub fn forged(&self) -> u64 {
        self.forged
    }

    /// Entries by what was last seen of the producer.
    fn seen(&self) -> u32 {
        self.seen_tail.wrapping_sub(self.head)
    }
}

/// `now`, if an index that was last seen at `before` can have advanced to it without passing
/// `furthest`.
fn advanced(before: u32, now: u32, furthest: u32) -> Option<u32> {
    (now.wrapping_sub(before) <= furthest.wrapping_sub(before)).then_some(now)
}
