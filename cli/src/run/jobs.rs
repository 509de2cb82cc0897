//! What each job of a run does: calls the engine, and checks what comes back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use pausewake_device::compute::{AEAD_TAG_LEN, KeyMaterial, Work as Computation};
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Input, OpKind, Scheme};
use pausewake_device::random::{Concern, Seed};
use pausewake_engine::{Engine, Error, RsaPadding};
use rand::Rng;

use super::RunError;
use super::software::{RsaVerifier, Sealer};
use super::world::{World, setup};
use crate::report::{ErrorTally, Verification};
use crate::scenario::{Cipher, Compute, Scenario, SigningKey, Work};

/// Makes the jobs of a run.
pub struct Jobs {
    shared: Rc<Shared>,
    next: Cell<u64>,
}

/// What came of them.
#[derive(Debug, Default)]
pub struct Tally {
    /// Results that were checked.
    pub verification: Verification,
    /// Calls that failed, whether or not the device had them.
    pub errors: ErrorTally,
}

struct Shared {
    task: Task,
    seed: Seed,
    verifiable: bool,
    tally: RefCell<Tally>,
}

enum Task {
    Sign {
        key: KeyId,
        padding: RsaPadding,
        message_len: usize,
        /// Messages repeat after that many, because their signatures were computed beforehand.
        distinct: Option<u64>,
        verifier: RsaVerifier,
    },
    Seal {
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

impl Jobs {
    /// Gives the device of `world` the keys of `scenario`, and makes ready to check results.
    ///
    /// # Errors
    /// [`RunError::Setup`]: the key cannot be used.
    pub fn new(scenario: &Scenario, world: &World) -> Result<Self, RunError> {
        let shared = Shared {
            task: Task::new(scenario, world)?,
            seed: scenario.seed,
            verifiable: scenario.device.compute != Compute::None,
            tally: RefCell::default(),
        };
        Ok(Self {
            shared: Rc::new(shared),
            next: Cell::new(0),
        })
    }

    /// The next job, to be run as one.
    pub fn next(&self, engine: &Engine) -> impl FnOnce() + 'static {
        let index = self.next.replace(self.next.get() + 1);
        let shared = self.shared.clone();
        let engine = engine.clone();
        move || {
            if let Err(error) = shared.run(&engine, index) {
                shared.failed(&error);
            }
        }
    }

    /// What came of the jobs so far.
    pub fn tally(&self) -> Tally {
        let mut tally = self.shared.tally.take();
        tally.verification.applies = self.shared.verifiable;
        tally.verification.how = self.shared.task.how_verified();
        tally
    }
}

impl Task {
    fn new(scenario: &Scenario, world: &World) -> Result<Self, RunError> {
        match &scenario.load.work {
            Work::RsaSign {
                scheme,
                key,
                message_len,
            } => Self::sign(scenario, world, *scheme, key, *message_len as usize),
            Work::AeadSeal {
                cipher,
                message_len,
            } => {
                let (key, sealer) = aead_key(scenario, world, *cipher)?;
                Ok(Self::Seal {
                    key,
                    message_len: *message_len as usize,
                    sealer,
                })
            }
            Work::SealOpen {
                cipher,
                content,
                record_len,
                ..
            } => {
                let (key, sealer) = aead_key(scenario, world, *cipher)?;
                Ok(Self::SealOpen {
                    key,
                    content: content.clone(),
                    record_len: *record_len as usize,
                    sealer,
                })
            }
        }
    }

    fn sign(
        scenario: &Scenario,
        world: &World,
        scheme: Scheme,
        signing_key: &SigningKey,
        message_len: usize,
    ) -> Result<Self, RunError> {
        let material = signing_key.key.material();
        let KeyMaterial::RsaPrivate(der) = material else {
            return Err(RunError::Setup("rsa-sign needs an RSA key".to_owned()));
        };
        let verifier = RsaVerifier::new(der, scheme).map_err(RunError::Setup)?;
        let key = world.device().import_key(material).map_err(setup)?;
        let cached = scenario.device.compute == Compute::Cached;
        let distinct = cached.then_some(CACHED_MESSAGES);
        for index in 0..distinct.unwrap_or(0) {
            let message = payload(scenario.seed, index, message_len);
            let work = Computation {
                kind: OpKind::RsaSign,
                scheme,
                input_is: Input::Message,
                nonce: [0; 12],
                input: &message,
                extra: &[],
            };
            world
                .device()
                .prepare(key, work)
                .map_err(|error| RunError::Setup(format!("no answer was cached: {error:?}")))?;
        }
        Ok(Self::Sign {
            key,
            padding: padding(scheme)?,
            message_len,
            distinct,
            verifier,
        })
    }

    fn how_verified(&self) -> &'static str {
        match self {
            Self::Sign { .. } => "each signature with the public key, in software",
            Self::Seal { .. } => "each seal against one made in software",
            Self::SealOpen { .. } => {
                "each seal against one made in software, each opened record against the file"
            }
        }
    }
}

impl Shared {
    fn run(&self, engine: &Engine, index: u64) -> Result<(), Error> {
        match &self.task {
            Task::Sign {
                key,
                padding,
                message_len,
                distinct,
                verifier,
            } => {
                let number = distinct.map_or(index, |distinct| index % distinct);
                let message = payload(self.seed, number, *message_len);
                let signature = engine.rsa_sign(*key, *padding, &message)?;
                self.check(|| verifier.is_right(&message, &signature));
            }
            Task::Seal {
                key,
                message_len,
                sealer,
            } => {
                let message = payload(self.seed, index, *message_len);
                self.seal(engine, *key, index, &message, sealer)?;
            }
            Task::SealOpen {
                key,
                content,
                record_len,
                sealer,
            } => {
                let record = record(content, *record_len, index);
                let sealed = self.seal(engine, *key, index, record, sealer)?;
                let mut opened = vec![0; record.len()];
                let len = engine.aead_open(*key, nonce(index), &[], &sealed, &mut opened)?;
                self.check(|| opened.get(..len) == Some(record));
            }
        }
        Ok(())
    }

    fn seal(
        &self,
        engine: &Engine,
        key: KeyId,
        index: u64,
        plaintext: &[u8],
        sealer: &Sealer,
    ) -> Result<Vec<u8>, Error> {
        let mut sealed = vec![0; plaintext.len() + AEAD_TAG_LEN];
        let len = engine.aead_seal(key, nonce(index), &[], plaintext, &mut sealed)?;
        sealed.truncate(len);
        self.check(|| sealer.is_right(nonce(index), plaintext, &sealed));
        Ok(sealed)
    }

    fn check(&self, is_right: impl FnOnce() -> bool) {
        if !self.verifiable {
            return;
        }
        let right = is_right();
        let verification = &mut self.tally.borrow_mut().verification;
        verification.results += 1;
        if right {
            verification.right += 1;
        } else {
            verification.wrong += 1;
        }
    }

    fn failed(&self, error: &Error) {
        let tally = &mut self.tally.borrow_mut();
        tally.errors.record(error);
        if *error == Error::NotAuthentic && self.verifiable {
            // What we sealed ourselves does not open: that is a wrong result, not a failed device.
            tally.verification.results += 1;
            tally.verification.wrong += 1;
        }
    }
}

fn aead_key(
    scenario: &Scenario,
    world: &World,
    cipher: Cipher,
) -> Result<(KeyId, Sealer), RunError> {
    let bytes = payload(scenario.seed, KEY_INDEX, cipher.key_len());
    let material = KeyMaterial::AesGcm(&bytes);
    let key = world.device().import_key(material).map_err(setup)?;
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

/// `len` bytes that depend on the seed and `index` alone.
fn payload(seed: Seed, index: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    seed.stream(Concern::Payload, index).fill_bytes(&mut bytes);
    bytes
}

/// Record number `index` of a file that is gone through again and again.
fn record(content: &[u8], record_len: usize, index: u64) -> &[u8] {
    let mut records = content.chunks(record_len);
    let count = records.len() as u64;
    let number = usize::try_from(index % count).unwrap_or(0);
    records.nth(number).unwrap_or_default()
}

/// A nonce that no other job of the run has.
fn nonce(index: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&index.to_be_bytes());
    nonce
}

/// Messages of a run with cached results.
const CACHED_MESSAGES: u64 = 64;
/// The payload that serves as key; no job has this number.
const KEY_INDEX: u64 = u64::MAX;
