//! Where everything stands in the shared memory of a queue pair.
//!
//! ```text
//! byte     0   header: magic, version, and the four figures of the layout
//! byte   128   tail of the submission ring     (written by the host)
//! byte   256   head of the submission ring     (written by the device)
//! byte   384   tail of the completion ring     (written by the device)
//! byte   512   head of the completion ring     (written by the host)
//! byte   640   the device sleeps: ring the doorbell       (armed by the device)
//! byte   768   the host sleeps: signal the completion     (armed by the host)
//! byte   896   the host waits for room: signal a fetch    (armed by the host)
//! byte  1024   submission entries, 64 bytes each
//!              completion entries, 32 bytes each
//! next page    payload slots
//! ```
//!
//! Indices and flags are 32-bit words on a line of their own, 128 bytes apart and not 64, because
//! x86's prefetcher fetches lines in pairs and some aarch64 cores have lines of 128 bytes. The
//! first 1024 bytes are only ever accessed as 32-bit words, the rest only as 64-bit words.

use crate::protocol::{COMPLETION_WORDS, DESCRIPTOR_WORDS};

/// Deepest ring, entries (the limit of QAT's rings, too).
pub const MAX_RING_DEPTH: u32 = 65_536;

/// Most memory that one queue pair may take, bytes. All of it is reserved when the queue pair is
/// made, as DMA memory is.
pub const MAX_QUEUE_BYTES: u64 = 1 << 30;

/// The figures of a queue pair's memory.
///
/// ```
/// use pausewake_device::ring::QueueLayout;
///
/// let layout = QueueLayout { ring_depth: 64, completion_depth: 128, slots: 64, slot_size: 16_384 };
/// layout.check()?;
/// assert!(layout.bytes() > 64 * 16_384);
/// # Ok::<(), pausewake_device::ring::LayoutError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLayout {
    /// Entries of the submission ring: a power of two, at most [`MAX_RING_DEPTH`].
    pub ring_depth: u32,
    /// Entries of the completion ring: a power of two, at most [`MAX_RING_DEPTH`].
    pub completion_depth: u32,
    /// Payload slots, at least one.
    pub slots: u32,
    /// Size of a payload slot, bytes: a multiple of 64, at least 64.
    pub slot_size: u32,
}

impl QueueLayout {
    /// Whether a queue pair can have this layout.
    ///
    /// # Errors
    /// [`LayoutError`] names the first figure that cannot be, and what it may be.
    pub fn check(&self) -> Result<(), LayoutError> {
        let is_depth = |depth: u32| depth.is_power_of_two() && depth <= MAX_RING_DEPTH;
        if !is_depth(self.ring_depth) {
            return Err(LayoutError::RingDepth(self.ring_depth));
        }
        if !is_depth(self.completion_depth) {
            return Err(LayoutError::CompletionDepth(self.completion_depth));
        }
        if self.slots == 0 {
            return Err(LayoutError::NoSlots);
        }
        if self.slot_size == 0 || !self.slot_size.is_multiple_of(64) {
            return Err(LayoutError::SlotSize(self.slot_size));
        }
        if self.bytes() > MAX_QUEUE_BYTES {
            return Err(LayoutError::TooLarge {
                bytes: self.bytes(),
            });
        }
        Ok(())
    }

    /// Size of the whole mapping, bytes, header and rings included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let payload = u64::from(self.slots) * u64::from(self.slot_size);
        self.slab_at_byte().saturating_add(payload)
    }

    fn slab_at_byte(&self) -> u64 {
        let submissions = u64::from(self.ring_depth) * ENTRY_BYTES;
        let completions = u64::from(self.completion_depth) * COMPLETION_BYTES;
        (CONTROL_BYTES as u64 + submissions + completions).next_multiple_of(PAGE_BYTES)
    }

    /// The offsets that follow from the figures, for a layout that passed [`check`](Self::check).
    pub(super) fn offsets(&self) -> Result<Offsets, LayoutError> {
        self.check()?;
        let too_large = |_| LayoutError::TooLarge {
            bytes: self.bytes(),
        };
        let bytes = usize::try_from(self.bytes()).map_err(too_large)?;
        let slab_at_byte = usize::try_from(self.slab_at_byte()).map_err(too_large)?;
        Ok(Offsets {
            bytes,
            submissions: 0,
            completions: self.ring_depth as usize * DESCRIPTOR_WORDS,
            slab: (slab_at_byte - CONTROL_BYTES) / 8,
        })
    }

    /// What stands in the header, from the mapping's first byte on.
    ///
    /// Whoever attaches to the memory of another process (over a memfd that it was sent) checks
    /// magic and version, takes the figures from here, passes them through [`check`](Self::check)
    /// and compares [`bytes`](Self::bytes) with the memfd's size and its seals before it maps.
    pub(super) fn header(&self) -> [u32; 6] {
        [
            MAGIC,
            VERSION,
            self.ring_depth,
            self.completion_depth,
            self.slots,
            self.slot_size,
        ]
    }
}

/// Offsets of the parts: words of 64 bits, counted from the end of the control words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offsets {
    /// Size of the mapping, bytes.
    pub(super) bytes: usize,
    pub(super) submissions: usize,
    pub(super) completions: usize,
    pub(super) slab: usize,
}

/// A layout that cannot be. Misuse: change the figure that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// The depth of the submission ring is not a power of two, or too large.
    #[error("ring_depth is {0}: it must be a power of two from 1 to {MAX_RING_DEPTH}")]
    RingDepth(u32),
    /// The depth of the completion ring is not a power of two, or too large.
    #[error("completion_depth is {0}: it must be a power of two from 1 to {MAX_RING_DEPTH}")]
    CompletionDepth(u32),
    /// There are no payload slots.
    #[error("slots is 0: a queue pair needs at least one payload slot")]
    NoSlots,
    /// The size of a slot is zero or no multiple of 64.
    #[error("slot_size is {0}: it must be a multiple of 64 bytes, and at least 64")]
    SlotSize(u32),
    /// The mapping would be larger than [`MAX_QUEUE_BYTES`].
    #[error(
        "the queue pair would take {bytes} bytes of memory, of at most {MAX_QUEUE_BYTES}: \
         choose fewer or smaller slots"
    )]
    TooLarge {
        /// Bytes that it would take.
        bytes: u64,
    },
}

/// Bytes of the mapping that are accessed as 32-bit words.
pub(super) const CONTROL_BYTES: usize = 1024;

/// Positions of the control words, in 32-bit words from the start of the mapping.
pub(super) const SUBMISSION_TAIL: usize = LINE_WORDS;
pub(super) const SUBMISSION_HEAD: usize = 2 * LINE_WORDS;
pub(super) const COMPLETION_TAIL: usize = 3 * LINE_WORDS;
pub(super) const COMPLETION_HEAD: usize = 4 * LINE_WORDS;
pub(super) const DOORBELL_ARMED: usize = 5 * LINE_WORDS;
pub(super) const COMPLETION_SIGNAL_ARMED: usize = 6 * LINE_WORDS;
/// Nonzero while the host wants to hear of room in the submission ring.
pub(super) const ROOM_WANTED: usize = 7 * LINE_WORDS;

/// 32-bit words between two control words: 128 bytes.
const LINE_WORDS: usize = 32;

/// `PWQP`, read as a little-endian word: a pausewake queue pair.
const MAGIC: u32 = u32::from_le_bytes(*b"PWQP");

/// Raised with every change of the layout or of the entries.
const VERSION: u32 = 2;

const PAGE_BYTES: u64 = 4096;
const ENTRY_BYTES: u64 = 8 * DESCRIPTOR_WORDS as u64;
const COMPLETION_BYTES: u64 = 8 * COMPLETION_WORDS as u64;

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: QueueLayout = QueueLayout {
        ring_depth: 64,
        completion_depth: 64,
        slots: 3,
        slot_size: 192,
    };

    #[test]
    fn entries_are_64_and_32_bytes() {
        assert_eq!(ENTRY_BYTES, 64);
        assert_eq!(COMPLETION_BYTES, 32);
    }

    #[test]
    fn parts_follow_each_other_and_the_slab_starts_a_page() {
        let offsets = LAYOUT.offsets().unwrap();
        assert_eq!(offsets.completions, 64 * 8);
        assert!(offsets.slab >= offsets.completions + 64 * 4);
        assert_eq!((CONTROL_BYTES + 8 * offsets.slab) % 4096, 0);
        assert_eq!(
            offsets.bytes,
            CONTROL_BYTES + 8 * offsets.slab + 3 * 192,
            "nothing behind the slab"
        );
    }

    #[test]
    fn control_words_have_a_line_each_inside_the_control_part() {
        let words = [
            SUBMISSION_TAIL,
            SUBMISSION_HEAD,
            COMPLETION_TAIL,
            COMPLETION_HEAD,
            DOORBELL_ARMED,
            COMPLETION_SIGNAL_ARMED,
            ROOM_WANTED,
        ];
        assert!(LAYOUT.header().len() <= words[0]);
        assert!(words.windows(2).all(|pair| pair[1] - pair[0] == LINE_WORDS));
        assert!(words.iter().all(|word| 4 * word < CONTROL_BYTES));
    }

    #[test]
    fn impossible_figures_are_named() {
        for depth in [0, 3, 65, u32::MAX, 2 * MAX_RING_DEPTH] {
            let ring = QueueLayout {
                ring_depth: depth,
                ..LAYOUT
            };
            assert_eq!(ring.check(), Err(LayoutError::RingDepth(depth)));
            let completion = QueueLayout {
                completion_depth: depth,
                ..LAYOUT
            };
            assert_eq!(completion.check(), Err(LayoutError::CompletionDepth(depth)));
        }
        let slots = QueueLayout { slots: 0, ..LAYOUT };
        assert_eq!(slots.check(), Err(LayoutError::NoSlots));
        for slot_size in [0, 1, 63, 65, u32::MAX] {
            let layout = QueueLayout {
                slot_size,
                ..LAYOUT
            };
            assert_eq!(layout.check(), Err(LayoutError::SlotSize(slot_size)));
        }
        let huge = QueueLayout {
            slots: u32::MAX,
            slot_size: u32::MAX - 63,
            ..LAYOUT
        };
        assert!(matches!(huge.check(), Err(LayoutError::TooLarge { .. })));
    }
}
