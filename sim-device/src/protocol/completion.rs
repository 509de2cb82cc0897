//! The completion entry: 32 bytes that say how one operation ended, and when.

use super::{Cookie, Status};
use crate::time::Nanos;

/// Words of 64 bits in a completion entry: 32 bytes, two to a cache line.
pub const COMPLETION_WORDS: usize = 4;

/// Remarks on a completion; bits of its flags field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompletionFlags(pub u16);

impl CompletionFlags {
    /// The result was computed later than the model wanted it: the time is the CPU's, not the
    /// device's.
    pub const COMPUTE_BOUND: Self = Self(1);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One answer, as it stands in the completion ring.
///
/// | word | bits |
/// |---|---|
/// | 0 | cookie |
/// | 1 | 0–15 status, 16–31 flags, 32–63 output length, bytes |
/// | 2 | done, ns |
/// | 3 | 0–31 time in queue, ns, 32–63 time in service, ns (both saturating at 4.3 s) |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The descriptor's cookie.
    pub cookie: Cookie,
    /// How it ended.
    pub status: Status,
    /// Remarks.
    pub flags: CompletionFlags,
    /// Bytes of output in the slot.
    pub output_len: u32,
    /// When the slice was done with it, on the device's clock; the link home is still to come.
    pub done_ns: Nanos,
    /// How long it waited for a slice, ns.
    pub queue_ns: u32,
    /// How long a slice worked on it, ns.
    pub service_ns: u32,
}

impl Completion {
    /// The entry's words.
    #[must_use]
    pub fn to_words(self) -> [u64; COMPLETION_WORDS] {
        [
            self.cookie.to_word(),
            u64::from(self.status as u16)
                | u64::from(self.flags.0) << 16
                | u64::from(self.output_len) << 32,
            self.done_ns.get(),
            u64::from(self.queue_ns) | u64::from(self.service_ns) << 32,
        ]
    }

    /// What the words say; any words say something.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "fields are parts of their words"
    )]
    pub fn from_words(words: [u64; COMPLETION_WORDS]) -> Self {
        Self {
            cookie: Cookie::from_word(words[0]),
            status: Status::from_code(words[1] as u16),
            flags: CompletionFlags((words[1] >> 16) as u16),
            output_len: (words[1] >> 32) as u32,
            done_ns: Nanos::new(words[2]),
            queue_ns: words[3] as u32,
            service_ns: (words[3] >> 32) as u32,
        }
    }

    /// When the device had the descriptor: done, less the time in service and in the queue.
    #[must_use]
    pub fn fetched_ns(&self) -> Nanos {
        self.done_ns - Nanos::new(u64::from(self.service_ns)) - Nanos::new(u64::from(self.queue_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        let completion = Completion {
            cookie: Cookie {
                slot: 3,
                generation: 8,
            },
            status: Status::Mismatch,
            flags: CompletionFlags::COMPUTE_BOUND,
            output_len: 256,
            done_ns: Nanos::new(1_000),
            queue_ns: 300,
            service_ns: 200,
        };
        assert_eq!(Completion::from_words(completion.to_words()), completion);
        assert_eq!(completion.fetched_ns(), Nanos::new(500));
    }
}
