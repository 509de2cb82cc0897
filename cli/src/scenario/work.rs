//! What each job of a load does, and what that asks of the device.

use pausewake_device::keys::PrivateKey;
use pausewake_device::protocol::{Class, OpKind, Scheme};

use super::Cipher;

/// What each job does.
#[derive(Debug)]
pub enum Work {
    /// Signs a message.
    RsaSign {
        /// Padding and hash.
        scheme: Scheme,
        /// The private key.
        key: SigningKey,
        /// Bytes of a message.
        message_len: u32,
    },
    /// Seals a message.
    AeadSeal {
        /// The AEAD.
        cipher: Cipher,
        /// Bytes of a message.
        message_len: u32,
    },
    /// Seals a record of a file, opens it again, and compares.
    SealOpen {
        /// The AEAD.
        cipher: Cipher,
        /// Which file, as the scenario names it.
        name: String,
        /// What stands in it; at least one byte.
        content: Vec<u8>,
        /// Bytes of a record; the last may be shorter.
        record_len: u32,
    },
}

/// A private key and where it came from.
#[derive(Debug)]
pub struct SigningKey {
    /// Its name, for the report.
    pub name: String,
    /// The key; RSA.
    pub key: PrivateKey,
}

impl Work {
    /// What the device is asked first.
    pub fn kind(&self) -> OpKind {
        match self {
            Self::RsaSign { .. } => OpKind::RsaSign,
            Self::AeadSeal { .. } | Self::SealOpen { .. } => OpKind::AeadSeal,
        }
    }

    /// Which slices serve it.
    pub fn class(&self) -> Class {
        self.kind().class()
    }

    /// Ops of each job.
    pub fn ops_per_job(&self) -> u64 {
        match self {
            Self::RsaSign { .. } | Self::AeadSeal { .. } => 1,
            Self::SealOpen { .. } => 2,
        }
    }

    /// Bytes of slot that the largest of its ops needs, input and output.
    pub fn slot_bytes(&self) -> u64 {
        match self {
            Self::RsaSign { message_len, .. } => {
                u64::from(*message_len).max(RSA_4096_SIGNATURE_LEN)
            }
            Self::AeadSeal { message_len, .. } => u64::from(*message_len) + TAG_LEN,
            Self::SealOpen { record_len, .. } => u64::from(*record_len) + TAG_LEN,
        }
    }
}

const RSA_4096_SIGNATURE_LEN: u64 = 512;
const TAG_LEN: u64 = 16;
