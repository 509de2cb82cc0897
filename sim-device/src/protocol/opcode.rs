//! Operations, the schemes they come in, and how they can end.

use std::fmt;

/// Bytes of the longest RSA signature, of a key of 4,096 bits.
pub const RSA_SIGNATURE_MAX_LEN: usize = 512;

/// Which of the device's slices serve an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Public-key operations: RSA, ECDSA ('PKE slices' on QAT).
    Asymmetric,
    /// Cipher operations: AES-GCM.
    Symmetric,
}

impl Class {
    /// Every class, in the order of [`Class::index`].
    pub const ALL: [Self; 2] = [Self::Asymmetric, Self::Symmetric];

    /// The class as an array index.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What a descriptor asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum OpKind {
    /// Sign a message with an RSA key.
    RsaSign = 1,
    /// Verify an RSA signature over a message.
    RsaVerify = 2,
    /// Sign a message with an ECDSA key; the signature is ASN.1 DER.
    EcdsaSign = 3,
    /// Verify an ASN.1 DER ECDSA signature over a message.
    EcdsaVerify = 4,
    /// Encrypt and authenticate; the output is ciphertext and a 16-byte tag.
    AeadSeal = 5,
    /// Check the tag and decrypt.
    AeadOpen = 6,
    /// Run an opaque closure that was attached to the slot. In process only: no other process
    /// could name a closure of ours.
    Task = 7,
}

impl OpKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::RsaSign,
        Self::RsaVerify,
        Self::EcdsaSign,
        Self::EcdsaVerify,
        Self::AeadSeal,
        Self::AeadOpen,
        Self::Task,
    ];

    /// The kind that `code` stands for in a descriptor, if any.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The code that stands for this kind in a descriptor.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Which slices serve it. A task is public-key work: that is what providers delegate.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::RsaSign | Self::RsaVerify | Self::EcdsaSign | Self::EcdsaVerify | Self::Task => {
                Class::Asymmetric
            }
            Self::AeadSeal | Self::AeadOpen => Class::Symmetric,
        }
    }

    /// Bits of the RSA modulus that a request shows by its lengths, in bytes: a signature is as long as
    /// the modulus, and stands in the output of [`RsaSign`](Self::RsaSign) and behind the input of
    /// [`RsaVerify`](Self::RsaVerify). 0 where there is none, and for what is longer than any signature.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "no more than the longest signature"
    )]
    pub const fn modulus_bits(self, output_capacity: usize, extra_len: usize) -> u32 {
        let len = match self {
            Self::RsaSign => output_capacity,
            Self::RsaVerify => extra_len,
            _ => 0,
        };
        match len {
            0..=RSA_SIGNATURE_MAX_LEN => len as u32 * 8,
            _ => 0,
        }
    }

    /// The name that scenarios and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaSign => "rsa-sign",
            Self::RsaVerify => "rsa-verify",
            Self::EcdsaSign => "ecdsa-sign",
            Self::EcdsaVerify => "ecdsa-verify",
            Self::AeadSeal => "aead-seal",
            Self::AeadOpen => "aead-open",
            Self::Task => "task",
        }
    }
}

impl fmt::Display for OpKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a signature is padded and hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Scheme {
    /// The operation has none (AEAD, task).
    #[default]
    None = 0,
    /// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2) with SHA-256.
    Pkcs1Sha256 = 1,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Pkcs1Sha384 = 2,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Pkcs1Sha512 = 3,
    /// RSASSA-PSS (RFC 8017, 8.1) with SHA-256, salt as long as the digest.
    PssSha256 = 4,
    /// RSASSA-PSS with SHA-384, salt as long as the digest.
    PssSha384 = 5,
    /// RSASSA-PSS with SHA-512, salt as long as the digest.
    PssSha512 = 6,
    /// ECDSA over P-256 with SHA-256.
    EcdsaP256Sha256 = 7,
    /// ECDSA over P-384 with SHA-384.
    EcdsaP384Sha384 = 8,
}

impl Scheme {
    /// Every scheme but `None`.
    pub const ALL: [Self; 8] = [
        Self::Pkcs1Sha256,
        Self::Pkcs1Sha384,
        Self::Pkcs1Sha512,
        Self::PssSha256,
        Self::PssSha384,
        Self::PssSha512,
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
    ];

    /// The scheme that `code` stands for in a descriptor, if any; 0 is [`Scheme::None`].
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        if code == 0 {
            return Some(Self::None);
        }
        Self::ALL.into_iter().find(|scheme| *scheme as u8 == code)
    }
}

/// How an operation ended, as the completion says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Status {
    /// Done; the output is in the slot.
    Ok = 0,
    /// The descriptor made no sense: unknown opcode, slot or scheme, or a length beyond the slot.
    BadRequest = 1,
    /// The key does not exist, was revoked, or is of a type that cannot do this.
    BadKey = 2,
    /// A tag or a signature did not verify. The cryptography worked; the input is not authentic.
    Mismatch = 3,
    /// The compute engine refused the input (a message too long, a digest where it hashes itself).
    Unsupported = 4,
    /// The output does not fit into the capacity that the descriptor gave.
    OutputTooSmall = 5,
    /// The hardware failed: a slice hang, a worker that panicked, a reset with the op in flight.
    DeviceError = 6,
    /// The device is down and takes nothing: it answers every descriptor so, and has not looked at
    /// what it asks. The same request may succeed when the device is up again.
    DeviceDown = 7,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::BadRequest,
        Self::BadKey,
        Self::Mismatch,
        Self::Unsupported,
        Self::OutputTooSmall,
        Self::DeviceError,
        Self::DeviceDown,
    ];

    /// The status that `code` stands for; a code that is none of ours reads as a device error,
    /// because that is what a completion nobody can explain is.
    #[must_use]
    pub fn from_code(code: u16) -> Self {
        Self::ALL
            .into_iter()
            .find(|status| *status as u16 == code)
            .unwrap_or(Self::DeviceError)
    }

    /// The name that reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::BadRequest => "bad-request",
            Self::BadKey => "bad-key",
            Self::Mismatch => "mismatch",
            Self::Unsupported => "unsupported",
            Self::OutputTooSmall => "output-too-small",
            Self::DeviceError => "device-error",
            Self::DeviceDown => "device-down",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_strangers_are_none() {
        for kind in OpKind::ALL {
            assert_eq!(OpKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(OpKind::from_code(0), None);
        assert_eq!(OpKind::from_code(u16::MAX), None);
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::from_code(scheme as u8), Some(scheme));
        }
        assert_eq!(Scheme::from_code(u8::MAX), None);
        for status in Status::ALL {
            assert_eq!(Status::from_code(status as u16), status);
        }
        assert_eq!(Status::from_code(999), Status::DeviceError);
    }
}
