//! The submission entry: 64 bytes that ask for one operation.

use super::{Cookie, OpKind, Scheme};
use crate::keys::KeyId;
use crate::time::Nanos;

/// Words of 64 bits in a submission entry: 64 bytes, one cache line.
pub const DESCRIPTOR_WORDS: usize = 8;

/// What the input bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// A message, which the device hashes where the scheme wants a digest.
    #[default]
    Message,
    /// A digest that the caller computed. A compute engine may refuse it (`ring` does).
    Digest,
}

/// One request, as it stands in the submission ring.
///
/// Codes are kept raw: a descriptor can come from anywhere, and the device answers an unknown code
/// with [`Status::BadRequest`](super::Status::BadRequest) instead of not receiving it.
///
/// | word | bits | field |
/// |---|---|---|
/// | 0 | 0–15 opcode, 16–23 scheme, 24–31 input, 32–63 slot | what and where |
/// | 1 | 0–31 key index, 32–63 key generation | with which key |
/// | 2 | 0–31 input length, 32–63 extra length | how much goes in, bytes |
/// | 3 | 0–31 output capacity, 32–63 nonce bytes 0–3 | how much may come out, bytes |
/// | 4 | nonce bytes 4–11 | |
/// | 5 | cookie | whose |
/// | 6 | submit time, ns | since when |
/// | 7 | zero | reserved |
///
/// The slot holds `input_len` bytes of input and right behind them `extra_len` bytes: the
/// additional data of an AEAD, or the signature to verify. The output replaces them from the
/// slot's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// [`OpKind::code`] of the operation.
    pub opcode: u16,
    /// The [`Scheme`], by its number.
    pub scheme: u8,
    /// 0 for a message, 1 for a digest; anything else is a bad request.
    pub input: u8,
    /// Index of the payload slot.
    pub slot: u32,
    /// The key, or anything for operations without one.
    pub key: KeyId,
    /// Bytes of input in the slot.
    pub input_len: u32,
    /// Bytes behind the input: additional data, or a signature.
    pub extra_len: u32,
    /// Bytes of output that the submitter accepts. For an RSA signature they are taken for the length
    /// of the key's modulus, which the modelled time depends on.
    pub output_capacity: u32,
    /// The AEAD nonce; zero where there is none.
    pub nonce: [u8; 12],
    /// Carried to the completion unread.
    pub cookie: Cookie,
    /// When the submitter wrote the entry, on the device's clock.
    pub submitted_ns: Nanos,
}

impl Descriptor {
    /// An empty request of this kind for the slot that the cookie names; the caller fills in the rest.
    #[must_use]
    pub fn new(kind: OpKind, cookie: Cookie) -> Self {
        Self {
            opcode: kind.code(),
            scheme: Scheme::None as u8,
            input: 0,
            slot: cookie.slot,
            key: KeyId::NONE,
            input_len: 0,
            extra_len: 0,
            output_capacity: 0,
            nonce: [0; 12],
            cookie,
            submitted_ns: Nanos::ZERO,
        }
    }

    /// The entry's words.
    #[must_use]
    pub fn to_words(self) -> [u64; DESCRIPTOR_WORDS] {
        let (nonce_head, nonce_tail) = split_nonce(self.nonce);
        [
            u64::from(self.opcode)
                | u64::from(self.scheme) << 16
                | u64::from(self.input) << 24
                | u64::from(self.slot) << 32,
            self.key.to_word(),
            pair(self.input_len, self.extra_len),
            pair(self.output_capacity, nonce_head),
            nonce_tail,
            self.cookie.to_word(),
            self.submitted_ns.get(),
            0,
        ]
    }

    /// What the words say; any words say something.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "fields are parts of their words"
    )]
    pub fn from_words(words: [u64; DESCRIPTOR_WORDS]) -> Self {
        Self {
            opcode: words[0] as u16,
            scheme: (words[0] >> 16) as u8,
            input: (words[0] >> 24) as u8,
            slot: (words[0] >> 32) as u32,
            key: KeyId::from_word(words[1]),
            input_len: words[2] as u32,
            extra_len: (words[2] >> 32) as u32,
            output_capacity: words[3] as u32,
            nonce: join_nonce((words[3] >> 32) as u32, words[4]),
            cookie: Cookie::from_word(words[5]),
            submitted_ns: Nanos::new(words[6]),
        }
    }
}

const fn pair(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

fn split_nonce(nonce: [u8; 12]) -> (u32, u64) {
    let [a, b, c, d, rest @ ..] = nonce;
    (u32::from_le_bytes([a, b, c, d]), u64::from_le_bytes(rest))
}

fn join_nonce(head: u32, tail: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&head.to_le_bytes());
    nonce[4..].copy_from_slice(&tail.to_le_bytes());
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_round_trip_but_for_the_reserved_one(words: [u64; DESCRIPTOR_WORDS]) {
            let mut expected = words;
            expected[7] = 0;
            prop_assert_eq!(Descriptor::from_words(words).to_words(), expected);
        }
    }

    #[test]
    fn fields_stand_where_the_table_says() {
        let mut descriptor = Descriptor::new(
            OpKind::AeadSeal,
            Cookie {
                slot: 9,
                generation: 2,
            },
        );
        descriptor.nonce = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        descriptor.input_len = 0x10;
        descriptor.extra_len = 0x20;
        let words = descriptor.to_words();
        assert_eq!(words[0], 9 << 32 | 5);
        assert_eq!(words[2], 0x20 << 32 | 0x10);
        assert_eq!(words[3] >> 32, 0x0403_0201);
        assert_eq!(words[4], 0x0c0b_0a09_0807_0605);
        assert_eq!(words[5], 2 << 32 | 9);
    }
}
