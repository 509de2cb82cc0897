//! The rings and flags of a [`Mapping`], as the algorithms want to see them.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};

use super::mapping::Mapping;
use super::memory::{RingMemory, WakeMemory};

/// A ring of entries of `WORDS` 64-bit words each.
///
/// Entries are copied word by word, relaxed: a hostile peer can tear an entry, which the reader
/// of hostile entries must expect anyway; an honest one cannot, because the indices order the
/// accesses.
#[derive(Clone, Debug)]
pub(super) struct SharedRing<const WORDS: usize> {
    pub(super) mapping: Arc<Mapping>,
    /// Positions of the indices among the control words.
    pub(super) head: usize,
    pub(super) tail: usize,
    /// Position of the first entry among the data words.
    pub(super) entries: usize,
    pub(super) depth: u32,
}

impl<const WORDS: usize> SharedRing<WORDS> {
    #[inline]
    fn entry(&self, position: u32) -> &[AtomicU64; WORDS] {
        debug_assert!(position < self.depth, "positions are masked");
        let entry = self.mapping.data()[self.entries + WORDS * position as usize..].first_chunk();
        entry.expect("the layout mapped every entry")
    }
}

impl<const WORDS: usize> RingMemory for SharedRing<WORDS> {
    type Word = AtomicU32;
    type Entry = [u64; WORDS];

    #[inline]
    fn depth(&self) -> u32 {
        self.depth
    }

    #[inline]
    fn head(&self) -> &AtomicU32 {
        &self.mapping.control()[self.head]
    }

    #[inline]
    fn tail(&self) -> &AtomicU32 {
        &self.mapping.control()[self.tail]
    }

    #[inline]
    fn read(&self, position: u32) -> [u64; WORDS] {
        self.entry(position)
            .each_ref()
            .map(|word| word.load(Relaxed))
    }

    #[inline]
    fn write(&self, position: u32, entry: [u64; WORDS]) {
        for (word, value) in self.entry(position).iter().zip(entry) {
            word.store(value, Relaxed);
        }
    }

    #[inline]
    fn write_word(&self, position: u32, word: usize, value: u64) {
        self.entry(position)[word].store(value, Relaxed);
    }
}

/// The flag of one wake-up handshake.
#[derive(Clone, Debug)]
pub(super) struct SharedFlag {
    pub(super) mapping: Arc<Mapping>,
    /// Position among the control words.
    pub(super) armed: usize,
}

impl WakeMemory for SharedFlag {
    type Word = AtomicU32;

    fn armed(&self) -> &AtomicU32 {
        &self.mapping.control()[self.armed]
    }

    fn full_fence(&self) {
        fence(SeqCst);
    }
}
