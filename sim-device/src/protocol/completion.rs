//! The completion entry: 32 bytes that say how one operation ended, and when.

use super::{Cookie, Status};
use crate::time::Nanos;

/// Words of 64 bits in a completion entry: 32 bytes, two to a cache line.
pub const COMPLETION_WORDS: usize = 4;

/// Remarks on a completion; bits of its flags field, which has 14.
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
/// | 1 | 0–15 status, 16–29 flags, 30–31 units of word 3, 32–63 output length, bytes |
/// | 2 | done, ns |
/// | 3 | 0–31 time in queue, 32–63 time in service |
///
/// A time of word 3 counts nanoseconds up to 4.29 s. One that is longer counts units of 2^16 ns
/// (65.5 µs), rounded down, and its bit of word 1 is set: 30 for the queue, 31 for service. So each has
/// 16 bits of precision at least, and the longest that can be said is [`LONGEST`](Self::LONGEST).
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
    /// How long it waited for a slice; the entry has no more than [`LONGEST`](Self::LONGEST).
    pub queue_ns: Nanos,
    /// How long a slice worked on it; the same.
    pub service_ns: Nanos,
}

impl Completion {
    /// The longest time in queue or in service that an entry can say: 78 hours. What is longer is said
    /// as that.
    pub const LONGEST: Nanos = Nanos::new((u32::MAX as u64) << UNIT_BITS);

    /// The entry's words.
    #[must_use]
    pub fn to_words(self) -> [u64; COMPLETION_WORDS] {
        let (queue, queue_unit) = to_field(self.queue_ns);
        let (service, service_unit) = to_field(self.service_ns);
        [
            self.cookie.to_word(),
            u64::from(self.status as u16)
                | u64::from(self.flags.0 & FLAG_BITS) << 16
                | queue_unit << QUEUE_UNIT_BIT
                | service_unit << SERVICE_UNIT_BIT
                | u64::from(self.output_len) << 32,
            self.done_ns.get(),
            u64::from(queue) | u64::from(service) << 32,
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
            flags: CompletionFlags((words[1] >> 16) as u16 & FLAG_BITS),
            output_len: (words[1] >> 32) as u32,
            done_ns: Nanos::new(words[2]),
            queue_ns: from_field(words[3] as u32, words[1] >> QUEUE_UNIT_BIT),
            service_ns: from_field((words[3] >> 32) as u32, words[1] >> SERVICE_UNIT_BIT),
        }
    }

    /// When the device had the descriptor: done, less the time in service and in the queue.
    #[must_use]
    pub fn fetched_ns(&self) -> Nanos {
        self.done_ns - self.service_ns - self.queue_ns
    }

    /// Whether it may have waited, or been served, for longer than an entry can say.
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        self.queue_ns >= Self::LONGEST || self.service_ns >= Self::LONGEST
    }
}

/// The field of `time`, and the bit that says its unit.
fn to_field(time: Nanos) -> (u32, u64) {
    match u32::try_from(time.get()) {
        Ok(ns) => (ns, 0),
        Err(_) => (Nanos::new(time.get() >> UNIT_BITS).saturating_u32(), 1),
    }
}

/// The time that a field says, in the unit that the lowest bit of `unit` says.
fn from_field(field: u32, unit: u64) -> Nanos {
    let bits = if unit & 1 == 1 { UNIT_BITS } else { 0 };
    Nanos::new(u64::from(field) << bits)
}

/// The larger unit of the times: so many bits of nanoseconds.
const UNIT_BITS: u32 = 16;
/// Where in word 1 the unit of the time in queue stands.
const QUEUE_UNIT_BIT: u32 = 30;
/// Where that of the time in service stands.
const SERVICE_UNIT_BIT: u32 = 31;
/// The bits of the flags field that are flags.
const FLAG_BITS: u16 = (1 << 14) - 1;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            queue_ns: Nanos::new(300),
            service_ns: Nanos::new(200),
        };
        assert_eq!(Completion::from_words(completion.to_words()), completion);
        assert_eq!(completion.fetched_ns(), Nanos::new(500));
    }

    fn completion(queue_ns: u64, service_ns: u64) -> Completion {
        Completion {
            cookie: Cookie {
                slot: 3,
                generation: 8,
            },
            status: Status::Ok,
            flags: CompletionFlags(FLAG_BITS),
            output_len: u32::MAX,
            done_ns: Nanos::new(u64::MAX),
            queue_ns: Nanos::new(queue_ns),
            service_ns: Nanos::new(service_ns),
        }
    }

    #[test]
    fn fields_stand_where_the_table_says() {
        let words = completion(5, 1 << 33).to_words();
        assert_eq!(words[1], 0xffff_ffff_bfff_0000 | Status::Ok as u64);
        assert_eq!(words[3], 5 | (1 << (33 - 16)) << 32);
        let words = completion(1 << 40, 7).to_words();
        assert_eq!(words[1], 0xffff_ffff_7fff_0000 | Status::Ok as u64);
        assert_eq!(words[3], 1 << (40 - 16) | 7 << 32);
    }

    #[test]
    fn what_is_longer_than_can_be_said_is_known_to_be() {
        let read = |queue_ns, service_ns| {
            let completion = completion(queue_ns, service_ns);
            Completion::from_words(completion.to_words())
        };
        let day_ns = 24 * 3_600 * 1_000_000_000;
        assert!(!read(day_ns, day_ns).is_saturated());
        assert!(read(4 * day_ns, 0).is_saturated());
        assert!(read(0, u64::MAX).is_saturated());
        assert_eq!(read(4 * day_ns, 0).queue_ns, Completion::LONGEST);
    }

    proptest! {
        #[test]
        fn times_are_exact_or_have_16_bits(queue_ns in 0..=Completion::LONGEST.get(), shift in 0..48_u32) {
            let service_ns = queue_ns >> shift;
            let completion = completion(queue_ns, service_ns);
            let read = Completion::from_words(completion.to_words());
            for (said_ns, ns) in [(read.queue_ns, queue_ns), (read.service_ns, service_ns)] {
                let lost_ns = ns - said_ns.get();
                prop_assert!(lost_ns <= ns >> 16, "{ns} was read as {said_ns}");
                prop_assert!(lost_ns == 0 || ns > u64::from(u32::MAX));
            }
            // The rest is not touched, and what was read is written the same.
            prop_assert_eq!((read.flags, read.output_len), (completion.flags, completion.output_len));
            prop_assert_eq!(read.to_words(), completion.to_words());
        }
    }
}
