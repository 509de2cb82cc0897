//! The two ends of the submission ring: descriptors from the host to the device.

use super::shared::SharedRing;
use super::spsc::{Consumer, Producer};
use crate::protocol::{DESCRIPTOR_WORDS, Descriptor};
use crate::time::Nanos;

pub(super) type SubmissionRing = SharedRing<DESCRIPTOR_WORDS>;

/// The host's end. Exactly one per ring; it may move to another thread.
#[derive(Debug)]
pub struct SubmissionProducer {
    ring: Producer<SubmissionRing>,
}

impl SubmissionProducer {
    pub(super) fn new(ring: SubmissionRing, start: u32) -> Self {
        Self {
            ring: Producer::new(ring, start),
        }
    }

    /// Writes the descriptor behind those that are there already. The device does not see it before
    /// [`publish`](Self::publish).
    ///
    /// # Errors
    /// Gives the descriptor back if the ring is full: *retry* when the device has fetched some.
    #[inline]
    pub fn push(&mut self, descriptor: Descriptor) -> Result<(), Descriptor> {
        self.ring
            .push(descriptor.to_words())
            .map_err(|_| descriptor)
    }

    /// Descriptors that were pushed and not yet published.
    #[must_use]
    pub fn unpublished(&self) -> u32 {
        self.ring.unpublished()
    }

    /// Stamps every unpublished descriptor with `submitted_ns` and lets the device see it. Says how
    /// many there were. Ring the doorbell after this.
    pub fn publish(&mut self, submitted_ns: Nanos) -> u32 {
        self.ring
            .amend_unpublished(SUBMITTED_WORD, submitted_ns.get());
        self.ring.publish()
    }

    /// Whether the device has consumed every descriptor that was pushed; looks at its index.
    pub fn is_consumed(&mut self) -> bool {
        self.ring.free() == self.ring.depth()
    }

    /// Whether more than `taken` descriptors could be pushed; looks at the device's index only if
    /// what was last seen of it says no.
    #[inline]
    pub fn has_room_beyond(&mut self, taken: u32) -> bool {
        self.ring.has_room_beyond(taken)
    }

    /// Descriptors that could be pushed now.
    pub fn free(&mut self) -> u32 {
        self.ring.free()
    }

    /// How often the device's index was found where it cannot be. Such values are ignored; more than
    /// zero means that the other side is broken or hostile.
    #[must_use]
    pub fn forged(&self) -> u64 {
        self.ring.forged()
    }
}

/// The device's end. Exactly one per ring; it may move to another thread.
#[derive(Debug)]
pub struct SubmissionConsumer {
    ring: Consumer<SubmissionRing>,
}

impl SubmissionConsumer {
    pub(super) fn new(ring: SubmissionRing, start: u32) -> Self {
        Self {
            ring: Consumer::new(ring, start),
        }
    }

    /// Looks how many descriptors are published and not consumed. A clock that is read after this
    /// is not behind the moment when they were published.
    pub fn available(&mut self) -> u32 {
        self.ring.available()
    }

    /// A copy of the next descriptor of those that the last [`available`](Self::available) saw. It
    /// stays in the ring. What it says is hostile: check it before use.
    #[must_use]
    pub fn peek(&self) -> Option<Descriptor> {
        self.ring.peek().map(Descriptor::from_words)
    }

    /// Gives the place of the next descriptor back to the host. Does nothing if the last
    /// [`available`](Self::available) saw none that is left.
    pub fn consume(&mut self) {
        self.ring.consume();
    }

    /// Takes the next descriptor: [`peek`](Self::peek) and [`consume`](Self::consume), with a new
    /// look at the ring if none is left of those that were seen before.
    pub fn pop(&mut self) -> Option<Descriptor> {
        self.ring.pop().map(Descriptor::from_words)
    }

    /// How often the host's index was found where it cannot be. Such values are ignored; more than
    /// zero means that the other side is broken or hostile.
    #[must_use]
    pub fn forged(&self) -> u64 {
        self.ring.forged()
    }
}

/// Word of a descriptor that holds the submit time.
const SUBMITTED_WORD: usize = 6;
