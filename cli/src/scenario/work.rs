//! What the calls of a load do, and what that asks of the device.

use std::sync::Arc;

use pausewake_device::Nanos;
use pausewake_device::compute::AEAD_TAG_LEN;
use pausewake_device::keys::PrivateKey;
use pausewake_device::model::{ModelConfig, ServiceTime};
use pausewake_device::protocol::{Class, OpKind, Scheme};
use pausewake_engine::{EcdsaCurve, Signature};

use super::{Cipher, Load, Scenario};

/// One kind of work, and how often it is done beside the others.
#[derive(Debug)]
pub struct MixItem {
    /// How often, beside the others' weights; at least 1.
    pub weight: u32,
    /// What is done.
    pub work: Work,
}

/// What is asked of the engine at a time.
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
    /// Verifies a signature.
    RsaVerify {
        /// Padding and hash.
        scheme: Scheme,
        /// The private key that signed.
        key: SigningKey,
        /// Bytes of a message.
        message_len: u32,
    },
    /// Signs a message.
    EcdsaSign {
        /// Curve and hash.
        curve: EcdsaCurve,
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
    /// Opens a message that was sealed before.
    AeadOpen {
        /// The AEAD.
        cipher: Cipher,
        /// Bytes of a message, without the tag.
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
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Its name, for the report.
    pub name: String,
    /// The file that it is in, as the scenario names it; `None` if it is built in.
    pub file: Option<String>,
    /// The key.
    pub key: Arc<PrivateKey>,
}

impl Scenario {
    /// The device's model with the service time of each kind of op that this load asks for, as its curve
    /// and its key make it: so a kind alone says it. Of ops of one kind that take different times it is
    /// the mean by their weights; `None` where they follow different laws.
    pub fn model_by_kind(&self) -> Option<ModelConfig> {
        let mut model = self.device.model.clone();
        let class = &mut model.asymmetric;
        for kind in [OpKind::RsaSign, OpKind::RsaVerify, OpKind::EcdsaSign] {
            let items = self.load.mix.iter().filter(|item| item.work.kind() == kind);
            let services: Vec<(u32, ServiceTime)> = items
                .map(|MixItem { weight, work }| {
                    let service = class.service_of(kind, work.curve(), work.modulus_bits());
                    (*weight, service)
                })
                .collect();
            if !services.is_empty() {
                let service = mean(&services)?;
                class.service_by_op.retain(|(of, _)| *of != kind);
                class.service_by_op.push((kind, service));
            }
        }
        Some(model)
    }
}

/// The mean of service times by their weights, if they follow one law.
fn mean(services: &[(u32, ServiceTime)]) -> Option<ServiceTime> {
    let (_, first) = *services.first()?;
    let law = |base_ns| ServiceTime { base_ns, ..first };
    if services
        .iter()
        .any(|(_, other)| *other != law(other.base_ns))
    {
        return None;
    }
    if services.iter().all(|(_, other)| *other == first) {
        return Some(first);
    }
    let whole: f64 = services.iter().map(|(weight, _)| f64::from(*weight)).sum();
    let weighed = |(weight, service): &(u32, ServiceTime)| {
        f64::from(*weight) / whole * service.base_ns.as_f64()
    };
    Some(law(Nanos::from_f64(services.iter().map(weighed).sum())))
}

impl Load {
    /// The only kind of work, if there is only one.
    pub fn only(&self) -> Option<&Work> {
        match self.mix.as_slice() {
            [only] => Some(&only.work),
            _ => None,
        }
    }

    /// Which slices it asks.
    pub fn classes(&self) -> impl Iterator<Item = Class> {
        Class::ALL
            .into_iter()
            .filter(|class| self.mix.iter().any(|item| item.work.class() == *class))
    }

    /// Bytes of slot that the largest of its ops needs, input and output.
    pub fn slot_bytes(&self) -> u64 {
        let each = self.mix.iter().map(|item| item.work.slot_bytes());
        each.max().unwrap_or(0)
    }
}

impl Work {
    /// What the device is asked first.
    pub fn kind(&self) -> OpKind {
        match self {
            Self::RsaSign { .. } => OpKind::RsaSign,
            Self::RsaVerify { .. } => OpKind::RsaVerify,
            Self::EcdsaSign { .. } => OpKind::EcdsaSign,
            Self::AeadSeal { .. } | Self::SealOpen { .. } => OpKind::AeadSeal,
            Self::AeadOpen { .. } => OpKind::AeadOpen,
        }
    }

    /// Which slices serve it.
    pub fn class(&self) -> Class {
        self.kind().class()
    }

    /// Its curve and hash, if it signs with ECDSA.
    pub fn curve(&self) -> Scheme {
        match self {
            Self::EcdsaSign { curve, .. } => match curve {
                EcdsaCurve::P256 => Scheme::EcdsaP256Sha256,
                EcdsaCurve::P384 => Scheme::EcdsaP384Sha384,
            },
            _ => Scheme::None,
        }
    }

    /// Bits of its RSA key, as the device sees them; 0 if it has none.
    fn modulus_bits(&self) -> u32 {
        match self {
            Self::RsaSign { key, .. } | Self::RsaVerify { key, .. } => {
                let signature_len = key.key.kind().signature_max_len();
                self.kind().modulus_bits(signature_len, signature_len)
            }
            _ => 0,
        }
    }

    /// Bits of its key, as what software costs goes by; 0 where they make no difference.
    pub fn key_bits(&self) -> u32 {
        match self {
            Self::AeadSeal { cipher, .. }
            | Self::AeadOpen { cipher, .. }
            | Self::SealOpen { cipher, .. } => cipher.key_bits(),
            _ => self.modulus_bits(),
        }
    }

    /// Ops that it takes.
    pub fn ops(&self) -> u64 {
        match self {
            Self::SealOpen { .. } => 2,
            _ => 1,
        }
    }

    /// What its ops are, and the payload that each carries over the link, there and back, bytes on average.
    #[expect(clippy::cast_precision_loss, reason = "lengths stay below 2^53")]
    pub fn payloads(&self) -> Vec<(OpKind, [f64; 2])> {
        let sealed = |len: f64| len + AEAD_TAG_LEN as f64;
        let seal = |len: f64| (OpKind::AeadSeal, [len, sealed(len)]);
        let open = |len: f64| (OpKind::AeadOpen, [sealed(len), len]);
        let signature = |key: &SigningKey| key.key.kind().signature_max_len() as f64;
        match self {
            Self::RsaSign {
                key, message_len, ..
            }
            | Self::EcdsaSign {
                key, message_len, ..
            } => vec![(self.kind(), [f64::from(*message_len), signature(key)])],
            Self::RsaVerify {
                key, message_len, ..
            } => vec![(self.kind(), [f64::from(*message_len) + signature(key), 0.0])],
            Self::AeadSeal { message_len, .. } => vec![seal(f64::from(*message_len))],
            Self::AeadOpen { message_len, .. } => vec![open(f64::from(*message_len))],
            Self::SealOpen {
                content,
                record_len,
                ..
            } => {
                let records = content.len().div_ceil((*record_len).max(1) as usize);
                let record = content.len() as f64 / records.max(1) as f64;
                vec![seal(record), open(record)]
            }
        }
    }

    /// Bytes of slot that the largest of its ops needs, input and output.
    fn slot_bytes(&self) -> u64 {
        let bytes = |len: u32, more: usize| u64::from(len) + more as u64;
        let longest_signature = Signature::MAX_LEN as u64;
        match self {
            Self::RsaSign { message_len, .. } | Self::EcdsaSign { message_len, .. } => {
                bytes(*message_len, 0).max(longest_signature)
            }
            Self::RsaVerify { message_len, .. } => bytes(*message_len, Signature::MAX_LEN),
            Self::AeadSeal { message_len, .. } | Self::AeadOpen { message_len, .. } => {
                bytes(*message_len, AEAD_TAG_LEN)
            }
            Self::SealOpen { record_len, .. } => bytes(*record_len, AEAD_TAG_LEN),
        }
    }
}
