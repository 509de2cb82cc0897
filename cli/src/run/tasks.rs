//! What a run does, made ready: keys in the device, and what is needed to check its results.

use pausewake_device::Device;
use pausewake_device::compute::{KeyMaterial, Work as Computation};
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Input, OpKind, Scheme};
use pausewake_device::random::{Concern, Seed};
use pausewake_engine::{EcdsaCurve, RsaPadding};
use rand::Rng;

use super::RunError;
use super::software::{Sealer, Verifier, rsa_sign};
use super::world::{compute, setup};
use crate::scenario::{Cipher, Compute, Scenario, SigningKey, Work};

/// One item of a mix, made ready. Shared by all threads of a run.
pub enum Task {
    Sign {
        key: KeyId,
        padding: RsaPadding,
        message_len: usize,
        /// Messages repeat after that many, because their signatures were computed beforehand.
        distinct: Option<u64>,
        verifier: Verifier,
    },
    Verify {
        key: KeyId,
        padding: RsaPadding,
        /// Messages and their signatures; at least one.
        signed: Vec<(Vec<u8>, Vec<u8>)>,
    },
    EcdsaSign {
        key: KeyId,
        curve: EcdsaCurve,
        message_len: usize,
        verifier: Verifier,
    },
    Seal {
        key: KeyId,
        message_len: usize,
        sealer: Sealer,
    },
    Open {
        key: KeyId,
        message_len: usize,
        sealer: Sealer,
    },
    SealOpen {
        key: KeyId,
        content: Vec<u8>,
        record_len: usize,
        sealer: Sealer,
    },
}

/// Gives `device` the keys of `scenario`, and makes ready to check results.
///
/// # Errors
/// [`RunError::Setup`]: a key cannot be used.
pub fn prepare(scenario: &Scenario, device: &Device) -> Result<Vec<Task>, RunError> {
    let mut keys = Keys {
        device,
        imported: Vec::new(),
    };
    let items = (0..).zip(&scenario.load.mix);
    let tasks = items.map(|(item, mixed)| Task::new(scenario, &mut keys, item, &mixed.work));
    tasks.collect()
}

/// The keys of signatures in a device, each of them once: that files differ which hold it makes no other
/// key of it, and its quota is one.
struct Keys<'a> {
    device: &'a Device,
    /// By its public half, and whether the device has the private one.
    imported: Vec<(Vec<u8>, bool, KeyId)>,
}

impl Keys<'_> {
    /// The name in the device of the key in `material`, whose public half is `public`.
    fn import(&mut self, material: KeyMaterial<'_>, public: &[u8]) -> Result<KeyId, RunError> {
        let is_private = !matches!(material, KeyMaterial::RsaPublic(_));
        let mut known = self.imported.iter();
        let is_it =
            |(it, private, _): &&(Vec<u8>, bool, KeyId)| it == public && *private == is_private;
        if let Some((_, _, key)) = known.find(is_it) {
            return Ok(*key);
        }
        let key = self.device.import_key(material).map_err(setup)?;
        self.imported.push((public.to_vec(), is_private, key));
        Ok(key)
    }
}

impl Task {
    fn new(
        scenario: &Scenario,
        keys: &mut Keys<'_>,
        item: u64,
        work: &Work,
    ) -> Result<Self, RunError> {
        let device = keys.device;
        let content = scenario.load.payload.as_deref();
        let aead = |cipher| aead_key(scenario, device, item, cipher);
        Ok(match work {
            Work::RsaSign {
                scheme,
                key,
                message_len,
            } => {
                let task = sign(scenario, keys, *scheme, key, *message_len as usize)?;
                return Ok(task);
            }
            Work::RsaVerify {
                scheme,
                key,
                message_len,
            } => {
                let verifier = Verifier::rsa(rsa_der(key)?, *scheme).map_err(RunError::Setup)?;
                let material = KeyMaterial::RsaPublic(verifier.public_key());
                let messages = (0..SIGNED_MESSAGES)
                    .map(|index| message(scenario.seed, content, index, *message_len as usize));
                let signed = messages.map(|message| {
                    let signature =
                        rsa_sign(rsa_der(key)?, *scheme, &message).map_err(RunError::Setup)?;
                    Ok((message, signature))
                });
                Self::Verify {
                    key: keys.import(material, verifier.public_key())?,
                    padding: padding(*scheme)?,
                    signed: signed.collect::<Result<_, RunError>>()?,
                }
            }
            Work::EcdsaSign {
                curve,
                key,
                message_len,
            } => {
                let material = key.key.material();
                let KeyMaterial::EcdsaPrivate(der) = material else {
                    return Err(RunError::Setup("ecdsa-sign needs an ECDSA key".to_owned()));
                };
                let verifier = Verifier::ecdsa(der, *curve).map_err(RunError::Setup)?;
                Self::EcdsaSign {
                    key: keys.import(material, verifier.public_key())?,
                    verifier,
                    curve: *curve,
                    message_len: *message_len as usize,
                }
            }
            Work::AeadSeal {
                cipher,
                message_len,
            } => {
                let (key, sealer) = aead(*cipher)?;
                Self::Seal {
                    key,
                    message_len: *message_len as usize,
                    sealer,
                }
            }
            Work::AeadOpen {
                cipher,
                message_len,
            } => {
                let (key, sealer) = aead(*cipher)?;
                Self::Open {
                    key,
                    message_len: *message_len as usize,
                    sealer,
                }
            }
            Work::SealOpen {
                cipher,
                content,
                record_len,
                ..
            } => {
                let (key, sealer) = aead(*cipher)?;
                Self::SealOpen {
                    key,
                    content: content.clone(),
                    record_len: *record_len as usize,
                    sealer,
                }
            }
        })
    }

    /// How long the message is that is made for each call, bytes.
    pub fn message_len(&self) -> usize {
        match self {
            Self::Sign { message_len, .. }
            | Self::EcdsaSign { message_len, .. }
            | Self::Seal { message_len, .. }
            | Self::Open { message_len, .. } => *message_len,
            Self::Verify { .. } | Self::SealOpen { .. } => 0,
        }
    }

    /// How its results are verified.
    pub fn how_verified(&self) -> &'static str {
        match self {
            Self::Sign { .. } | Self::EcdsaSign { .. } => {
                "each signature with the public key, in software"
            }
            Self::Verify { .. } => "each right signature was to be found right",
            Self::Seal { .. } => "each seal against one made in software",
            Self::Open { .. } => "each opened message against the one sealed in software",
            Self::SealOpen { .. } => {
                "each seal against one made in software, each opened record against the file"
            }
        }
    }
}

fn sign(
    scenario: &Scenario,
    keys: &mut Keys<'_>,
    scheme: Scheme,
    signing_key: &SigningKey,
    message_len: usize,
) -> Result<Task, RunError> {
    let verifier = Verifier::rsa(rsa_der(signing_key)?, scheme).map_err(RunError::Setup)?;
    let key = keys.import(signing_key.key.material(), verifier.public_key())?;
    let content = scenario.load.payload.as_deref();
    let cached = compute(scenario) == Compute::Cached;
    let distinct = cached.then_some(CACHED_MESSAGES);
    for index in 0..distinct.unwrap_or(0) {
        let message = message(scenario.seed, content, index, message_len);
        let work = Computation {
            kind: OpKind::RsaSign,
            scheme,
            input_is: Input::Message,
            nonce: [0; 12],
            input: &message,
            extra: &[],
        };
        keys.device
            .prepare(key, work)
            .map_err(|error| RunError::Setup(format!("no answer was cached: {error:?}")))?;
    }
    Ok(Task::Sign {
        key,
        padding: padding(scheme)?,
        message_len,
        distinct,
        verifier,
    })
}

fn rsa_der(key: &SigningKey) -> Result<&[u8], RunError> {
    match key.key.material() {
        KeyMaterial::RsaPrivate(der) => Ok(der),
        _ => Err(RunError::Setup("this op needs an RSA key".to_owned())),
    }
}

fn aead_key(
    scenario: &Scenario,
    device: &Device,
    item: u64,
    cipher: Cipher,
) -> Result<(KeyId, Sealer), RunError> {
    let bytes = payload(scenario.seed, LAST_KEY_INDEX - item, cipher.key_len());
    let material = KeyMaterial::AesGcm(&bytes);
    let key = device.import_key(material).map_err(setup)?;
    let sealer = Sealer::new(cipher, &bytes).map_err(RunError::Setup)?;
    Ok((key, sealer))
}

fn padding(scheme: Scheme) -> Result<RsaPadding, RunError> {
    match scheme {
        Scheme::Pkcs1Sha256 => Ok(RsaPadding::Pkcs1Sha256),
        Scheme::Pkcs1Sha384 => Ok(RsaPadding::Pkcs1Sha384),
        Scheme::Pkcs1Sha512 => Ok(RsaPadding::Pkcs1Sha512),
        Scheme::PssSha256 => Ok(RsaPadding::PssSha256),
        Scheme::PssSha384 => Ok(RsaPadding::PssSha384),
        Scheme::PssSha512 => Ok(RsaPadding::PssSha512),
        Scheme::None | Scheme::EcdsaP256Sha256 | Scheme::EcdsaP384Sha384 => {
            Err(RunError::Setup("this is no RSA scheme".to_owned()))
        }
    }
}

/// Message of that number: out of `content`, which is gone through again and again, or at random.
pub fn message(seed: Seed, content: Option<&[u8]>, number: u64, len: usize) -> Vec<u8> {
    let Some(content) = content.filter(|content| !content.is_empty()) else {
        return payload(seed, number, len);
    };
    let start = u128::from(number) * len as u128 % content.len() as u128;
    let start = usize::try_from(start).unwrap_or(0);
    content
        .iter()
        .cycle()
        .skip(start)
        .take(len)
        .copied()
        .collect()
}

/// `len` bytes that depend on the seed and `index` alone.
pub fn payload(seed: Seed, index: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    seed.stream(Concern::Payload, index).fill_bytes(&mut bytes);
    bytes
}

/// Messages of a run with cached results.
const CACHED_MESSAGES: u64 = 64;
/// Messages whose signatures are verified, in turn.
const SIGNED_MESSAGES: u64 = 16;
/// Payloads that serve as keys, from here down; no ticket has these numbers.
const LAST_KEY_INDEX: u64 = u64::MAX;
