//! The two ends of the completion ring: completions from the device to the host.

use super::shared::SharedRing;
use super::spsc::{Consumer, Producer};
use crate::protocol::{COMPLETION_WORDS, Completion};

pub(super) type CompletionRing = SharedRing<COMPLETION_WORDS>;

/// The device's end. Exactly one per ring; it may move to another thread.
#[derive(Debug)]
pub struct CompletionProducer {
    ring: Producer<CompletionRing>,
}

impl CompletionProducer {
    pub(super) fn new(ring: CompletionRing, start: u32) -> Self {
        Self {
            ring: Producer::new(ring, start),
        }
    }

    /// Publishes the completion: the host can see it at once. The completion signal is extra.
    ///
    /// # Errors
    /// Gives the completion back if the ring is full: *retry* when the host has consumed some.
    #[inline]
    pub fn push(&mut self, completion: Completion) -> Result<(), Completion> {
        self.ring
            .push(completion.to_words())
            .map_err(|_| completion)?;
        self.ring.publish();
        Ok(())
    }

    /// Whether more than `taken` completions could be pushed; looks at the host's index only if what
    /// was last seen of it says no.
    #[inline]
    pub fn has_room_beyond(&mut self, taken: u32) -> bool {
        self.ring.has_room_beyond(taken)
    }

    /// Completions that could be pushed now.
    pub fn free(&mut self) -> u32 {
        self.ring.free()
    }

    /// How often the host's index was found where it cannot be. Such values are ignored; more than
    /// zero means that the other side is broken or hostile.
    #[must_use]
    pub fn forged(&self) -> u64 {
        self.ring.forged()
    }
}

/// The host's end. Exactly one per ring; it may move to another thread.
#[derive(Debug)]
pub struct CompletionConsumer {
    ring: Consumer<CompletionRing>,
}

impl CompletionConsumer {
    pub(super) fn new(ring: CompletionRing, start: u32) -> Self {
        Self {
            ring: Consumer::new(ring, start),
        }
    }

    /// Takes the next completion, if there is one. What it says is hostile: compare its cookie's
    /// generation before use.
    pub fn pop(&mut self) -> Option<Completion> {
        self.ring.pop().map(Completion::from_words)
    }

    /// Whether there is no completion to take.
    pub fn is_empty(&mut self) -> bool {
        self.ring.is_empty()
    }

    /// How often the device's index was found where it cannot be. Such values are ignored; more than
    /// zero means that the other side is broken or hostile.
    #[must_use]
    pub fn forged(&self) -> u64 {
        self.ring.forged()
    }
}
