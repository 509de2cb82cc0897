//! Keys: how they are named, read from files, and kept.
//!
//! [`KeyId`] names a key of a device, as descriptors carry it; [`PrivateKey`] reads key files, with
//! a [message of its own](KeyProblem) for each kind of file that cannot be used; [`AesKey`] reads raw
//! keys. The keys that a device holds stand in its
//! [`KeyTable`](crate::compute::KeyTable).

mod aes;
mod der;
mod file;
pub(crate) mod inspect;
mod oid;
mod problem;

pub use aes::{AesKey, AesKeyError};
pub use file::{MAX_KEY_FILE_BYTES, PrivateKey};
pub use inspect::KeyKind;
pub use problem::{Encryption, KeyFileError, KeyProblem};

/// Names a key of one device: index and generation, so that a revoked key's name stays dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId {
    /// Index in the device's key table.
    pub index: u32,
    /// How often that place had been used when this key took it.
    pub generation: u32,
}

impl KeyId {
    /// No key: for operations that need none.
    pub const NONE: Self = Self {
        index: u32::MAX,
        generation: 0,
    };

    /// The name as it stands in a descriptor.
    #[must_use]
    pub const fn to_word(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// Any word is a name; whether a key has it is for the table to say.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves of the word are wanted"
    )]
    pub const fn from_word(word: u64) -> Self {
        Self {
            index: word as u32,
            generation: (word >> 32) as u32,
        }
    }
}
