//! The payload slots.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::mapping::Mapping;

/// Payload memory that both sides see: `slots` slots of `slot_size` bytes, as DMA memory would be.
///
/// A slot belongs to one side at a time, and the rings hand it over: what is written before a
/// descriptor is published is read by whoever took the descriptor, and likewise on the way back.
/// Two sides that use one slot at once read and write garbage, and no worse: memory is accessed as
/// relaxed atomic words. Bytes at the edge of a range share their word with bytes outside it, so
/// that one slot's ranges must not be written from two threads at once, even if they do not overlap.
#[derive(Clone, Debug)]
pub struct Slab {
    mapping: Arc<Mapping>,
    /// Position of the first slot among the data words.
    first_word: usize,
    slots: u32,
    slot_size: u32,
}

impl Slab {
    pub(super) fn new(
        mapping: Arc<Mapping>,
        first_word: usize,
        slots: u32,
        slot_size: u32,
    ) -> Self {
        Self {
            mapping,
            first_word,
            slots,
            slot_size,
        }
    }

    #[cfg(test)]
    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Number of slots.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Size of a slot, bytes.
    #[must_use]
    pub fn slot_size(&self) -> u32 {
        self.slot_size
    }

    /// Copies `bytes` into the slot, from byte `offset` of the slot on.
    ///
    /// # Errors
    /// [`OutOfSlot`] if the slot does not exist or the range does not fit; nothing is written.
    pub fn write(&self, slot: u32, offset: usize, bytes: &[u8]) -> Result<(), OutOfSlot> {
        let (words, head_offset) = self.words(slot, offset, bytes.len())?;
        if head_offset == 0 {
            write_words(words, bytes);
        } else {
            write_behind_head(words, head_offset, bytes);
        }
        Ok(())
    }

    /// Fills `bytes` from the slot, from byte `offset` of the slot on.
    ///
    /// # Errors
    /// [`OutOfSlot`] if the slot does not exist or the range does not fit; nothing is read.
    pub fn read(&self, slot: u32, offset: usize, bytes: &mut [u8]) -> Result<(), OutOfSlot> {
        let (words, head_offset) = self.words(slot, offset, bytes.len())?;
        if head_offset == 0 {
            read_words(words, bytes);
        } else {
            read_behind_head(words, head_offset, bytes);
        }
        Ok(())
    }

    /// Overwrites the first `len` bytes of the slot with zeros: what whoever frees a slot does with
    /// the bytes that were used, so that the next user cannot read them.
    ///
    /// # Errors
    /// [`OutOfSlot`] if the slot does not exist or is shorter; nothing is wiped.
    pub fn wipe(&self, slot: u32, len: usize) -> Result<(), OutOfSlot> {
        let (words, _) = self.words(slot, 0, len)?;
        let (body, tail) = words.split_at(len / WORD_BYTES);
        for word in body {
            word.store(0, Relaxed);
        }
        if let Some(word) = tail.first() {
            write_partial(word, 0, &[0; WORD_BYTES][..len % WORD_BYTES]);
        }
        Ok(())
    }

    /// The words that hold a range of bytes of a slot, and where in the first one it begins.
    #[inline]
    fn words(
        &self,
        slot: u32,
        offset: usize,
        len: usize,
    ) -> Result<(&[AtomicU64], usize), OutOfSlot> {
        let size = self.slot_size as usize;
        let fits = slot < self.slots && offset <= size && len <= size - offset;
        if !fits {
            return Err(self.out_of_slot(slot, offset, len));
        }
        let slot_word = self.first_word + slot as usize * (size / WORD_BYTES);
        let first = slot_word + offset / WORD_BYTES;
        let end = slot_word + (offset + len).div_ceil(WORD_BYTES);
        // The layout mapped every slot, so the range is there.
        let words = self.mapping.data().get(first..end.max(first));
        Ok((words.unwrap_or_default(), offset % WORD_BYTES))
    }

    #[cold]
    fn out_of_slot(&self, slot: u32, offset: usize, len: usize) -> OutOfSlot {
        OutOfSlot {
            slot,
            offset,
            len,
            slots: self.slots,
            slot_size: self.slot_size,
        }
    }
}

/// A byte range of a slot that is not there. Misuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "bytes {offset} to {offset}+{len} of slot {slot} are outside the slab of {slots} slots of \
     {slot_size} bytes: choose a smaller payload or larger slots"
)]
pub struct OutOfSlot {
    /// The slot that was asked for.
    pub slot: u32,
    /// First byte that was asked for, from the slot's start.
    pub offset: usize,
    /// Number of bytes that were asked for.
    pub len: usize,
    /// Slots that there are.
    pub slots: u32,
    /// Size of a slot, bytes.
    pub slot_size: u32,
}

/// Writes bytes that begin with a word, as nearly all ranges do.
#[inline]
fn write_words(words: &[AtomicU64], bytes: &[u8]) {
    let (body, tail) = bytes.as_chunks::<WORD_BYTES>();
    for (word, chunk) in words.iter().zip(body) {
        word.store(u64::from_ne_bytes(*chunk), Relaxed);
    }
    if !tail.is_empty()
        && let Some(word) = words.get(body.len())
    {
        write_partial(word, 0, tail);
    }
}

/// Reads bytes that begin with a word.
#[inline]
fn read_words(words: &[AtomicU64], bytes: &mut [u8]) {
    let (body, tail) = bytes.as_chunks_mut::<WORD_BYTES>();
    let whole_count = body.len();
    for (word, chunk) in words.iter().zip(body) {
        *chunk = word.load(Relaxed).to_ne_bytes();
    }
    if !tail.is_empty()
        && let Some(word) = words.get(whole_count)
    {
        read_partial(word, 0, tail);
    }
}

/// Writes bytes that begin in the middle of a word.
#[inline(never)]
fn write_behind_head(words: &[AtomicU64], head_offset: usize, bytes: &[u8]) {
    let (head, rest) = bytes.split_at(bytes.len().min(WORD_BYTES - head_offset));
    if let Some((first, words)) = words.split_first() {
        write_partial(first, head_offset, head);
        write_words(words, rest);
    }
}

/// Reads bytes that begin in the middle of a word.
#[inline(never)]
fn read_behind_head(words: &[AtomicU64], head_offset: usize, bytes: &mut [u8]) {
    let (head, rest) = bytes.split_at_mut(bytes.len().min(WORD_BYTES - head_offset));
    if let Some((first, words)) = words.split_first() {
        read_partial(first, head_offset, head);
        read_words(words, rest);
    }
}

/// Writes some bytes of a word, from byte `offset` of it on.
#[inline(never)]
fn write_partial(word: &AtomicU64, offset: usize, bytes: &[u8]) {
    let mut value = word.load(Relaxed).to_ne_bytes();
    value[offset..][..bytes.len()].copy_from_slice(bytes);
    word.store(u64::from_ne_bytes(value), Relaxed);
}

/// Reads some bytes of a word, from byte `offset` of it on.
#[inline(never)]
fn read_partial(word: &AtomicU64, offset: usize, bytes: &mut [u8]) {
    let value = word.load(Relaxed).to_ne_bytes();
    bytes.copy_from_slice(&value[offset..][..bytes.len()]);
}

const WORD_BYTES: usize = size_of::<u64>();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::layout::CONTROL_BYTES;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const SLOTS: u32 = 3;
    const SLOT_SIZE: u32 = 128;

    /// A slab with a word before its first slot, all ones, as is everything in it.
    fn slab_of_ones() -> Slab {
        let bytes = CONTROL_BYTES + 8 + (SLOTS * SLOT_SIZE) as usize + 8;
        let mapping = Arc::new(Mapping::new(bytes).unwrap());
        for word in mapping.data() {
            word.store(u64::MAX, Relaxed);
        }
        Slab::new(mapping, 1, SLOTS, SLOT_SIZE)
    }

    /// Everything that is mapped behind the control words.
    fn bytes_of(slab: &Slab) -> Vec<u8> {
        let words = slab.mapping.data().iter();
        words
            .flat_map(|word| word.load(Relaxed).to_ne_bytes())
            .collect()
    }

    #[derive(Clone, Debug)]
    enum Op {
        Write(u32, usize, Vec<u8>),
        Read(u32, usize, usize),
        Wipe(u32, usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        let slot = 0..=SLOTS;
        let position = 0..=SLOT_SIZE as usize + 2;
        prop_oneof![
            (slot.clone(), position.clone(), vec(any::<u8>(), 0..40))
                .prop_map(|(slot, offset, bytes)| Op::Write(slot, offset, bytes)),
            (slot.clone(), position.clone(), position.clone())
                .prop_map(|(slot, offset, len)| Op::Read(slot, offset, len)),
            (slot, position).prop_map(|(slot, len)| Op::Wipe(slot, len)),
        ]
    }

    proptest! {
        #[test]
        fn behaves_as_a_vector_of_bytes(ops in vec(op(), 1..60)) {
            let slab = slab_of_ones();
            let mut model = bytes_of(&slab);
            let range = |slot: u32, offset: usize, len: usize| {
                let fits = slot < SLOTS && offset + len <= SLOT_SIZE as usize;
                let from = 8 + (slot * SLOT_SIZE) as usize + offset;
                fits.then_some(from..from + len)
            };
            for op in ops {
                match op {
                    Op::Write(slot, offset, bytes) => {
                        let range = range(slot, offset, bytes.len());
                        prop_assert_eq!(slab.write(slot, offset, &bytes).is_ok(), range.is_some());
                        if let Some(range) = range {
                            model[range].copy_from_slice(&bytes);
                        }
                    }
                    Op::Read(slot, offset, len) => {
                        let mut bytes = vec![0xA5; len];
                        let outcome = slab.read(slot, offset, &mut bytes);
                        match range(slot, offset, len) {
                            Some(range) => {
                                prop_assert_eq!(outcome, Ok(()));
                                prop_assert_eq!(&bytes, &model[range]);
                            }
                            None => {
                                prop_assert!(outcome.is_err());
                                prop_assert_eq!(bytes, vec![0xA5; len]);
                            }
                        }
                    }
                    Op::Wipe(slot, len) => {
                        let range = range(slot, 0, len);
                        prop_assert_eq!(slab.wipe(slot, len).is_ok(), range.is_some());
                        if let Some(range) = range {
                            model[range].fill(0);
                        }
                    }
                }
                prop_assert_eq!(bytes_of(&slab), model.clone());
            }
        }
    }

    #[test]
    fn every_range_of_a_slot_round_trips_and_touches_nothing_else() {
        for offset in 0..=24 {
            for len in 0..=40 {
                let slab = slab_of_ones();
                let mut model = bytes_of(&slab);
                let bytes: Vec<u8> = (1..).take(len).collect();
                slab.write(1, offset, &bytes).unwrap();
                let from = 8 + SLOT_SIZE as usize + offset;
                model[from..from + len].copy_from_slice(&bytes);
                assert_eq!(bytes_of(&slab), model, "offset {offset}, {len} bytes");
                let mut back = vec![0; len];
                slab.read(1, offset, &mut back).unwrap();
                assert_eq!(back, bytes, "offset {offset}, {len} bytes");
            }
        }
    }

    #[test]
    fn ranges_outside_are_named() {
        let slab = slab_of_ones();
        for (slot, offset, len) in [
            (SLOTS, 0, 0),
            (u32::MAX, 0, 1),
            (0, 129, 0),
            (0, 128, 1),
            (0, usize::MAX, 1),
        ] {
            let error = slab.write(slot, offset, &[0; 1][..len]).unwrap_err();
            assert_eq!((error.slot, error.offset, error.len), (slot, offset, len));
            assert!(
                error.to_string().contains("3 slots of 128 bytes"),
                "{error}"
            );
        }
        assert!(slab.wipe(0, usize::MAX).is_err());
        assert_eq!(
            slab.write(2, 128, &[]),
            Ok(()),
            "an empty range at the end is inside"
        );
    }
}
