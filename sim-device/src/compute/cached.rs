//! The mode `cached`: RSA results that were computed before the measurement.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use zeroize::Zeroizing;

use super::{ImportError, KeyMaterial, Vault, Work};
use crate::keys::KeyId;
use crate::protocol::{Input, OpKind, RSA_SIGNATURE_MAX_LEN, Scheme, Status};

/// A vault that looks up the answers to RSA ops which were [prepared](Vault::prepare), and leaves
/// all else to the vault behind it.
///
/// A simulated device may sign 100,000 times a second where this CPU manages 2,000. With a bounded
/// set of inputs, each signed once before the measurement, every completion still carries a
/// signature that verifies. What a run must accept: inputs repeat, and with them the answers (PSS
/// too gives the same bytes for the same input). Only RSA is looked up: it is slow, and its inputs
/// may repeat. AEAD is always computed, and so is ECDSA.
///
/// An op that was not prepared is computed, and counted as a [miss](CacheStats::misses). The
/// answers of a key go with it when it is revoked.
#[derive(Debug)]
pub struct Cached<V> {
    inner: V,
    max_answers: usize,
    answers: RwLock<Answers>,
    /// Held while an answer is computed and put down, and while a key is revoked: an answer must
    /// not come after its key has gone.
    preparing: Mutex<()>,
    hasher: RandomState,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Answers {
    /// By hash of the question; several may share one.
    by_hash: HashMap<u64, Vec<Answer>>,
    count: usize,
}

#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    computed: AtomicU64,
}

/// How the ops of a [`Cached`] vault were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// RSA ops that were looked up.
    pub hits: u64,
    /// RSA ops that had not been prepared, and were computed.
    pub misses: u64,
    /// Ops of other kinds, which are always computed.
    pub computed: u64,
}

/// Why an answer could not be prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// Misuse: not an RSA op.
    #[error("{0} is always computed; only rsa-sign and rsa-verify can be prepared")]
    NotRsa(OpKind),
    /// Misuse: more inputs than the cache was made for.
    #[error(
        "the cache holds its {max_answers} answers already; use fewer inputs, or make it larger"
    )]
    Full {
        /// The bound that it was made with.
        max_answers: usize,
    },
    /// The vault could not do the op; only answers that are right are kept.
    #[error("computing the answer ended with '{0}'")]
    Failed(Status),
}

impl<V: Vault> Cached<V> {
    /// A cache for at most `max_answers` in front of `inner`.
    pub fn new(inner: V, max_answers: usize) -> Self {
        Self {
            inner,
            max_answers,
            answers: RwLock::default(),
            preparing: Mutex::new(()),
            hasher: RandomState::new(),
            counts: Counts::default(),
        }
    }

    /// How many answers are kept.
    pub fn len(&self) -> usize {
        self.answers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .count
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash(&self, key: KeyId, work: &Work<'_>) -> u64 {
        self.hasher
            .hash_one((key, work.kind, work.scheme, work.input, work.extra))
    }

    fn look_up(
        &self,
        key: KeyId,
        work: &Work<'_>,
        output: &mut [u8],
    ) -> Option<Result<usize, Status>> {
        let hash = self.hash(key, work);
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        let found = &answers.find(hash, key, work)?.output;
        let Some(place) = output.get_mut(..found.len()) else {
            return Some(Err(Status::OutputTooSmall));
        };
        place.copy_from_slice(found);
        Some(Ok(found.len()))
    }
}

impl<V: Vault> Vault for Cached<V> {
    /// Answers that were prepared are.
    fn is_quick(&self, key: KeyId, work: &Work<'_>) -> bool {
        let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        is_rsa(work.kind) && answers.find(self.hash(key, work), key, work).is_some()
    }

    fn import(&self, material: KeyMaterial<'_>) -> Result<KeyId, ImportError> {
        self.inner.import(material)
    }

    fn signature_max_len(&self, key: KeyId) -> Option<usize> {
        self.inner.signature_max_len(key)
    }

    fn cipher_key_len(&self, key: KeyId) -> Option<usize> {
        self.inner.cipher_key_len(key)
    }

    fn revoke(&self, key: KeyId) -> bool {
        let _guard = self
            .preparing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let existed = self.inner.revoke(key);
        self.answers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .forget(key);
        existed
    }

    fn execute(&self, key: KeyId, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
        if !is_rsa(work.kind) {
            self.counts.computed.fetch_add(1, Ordering::Relaxed);
            return self.inner.execute(key, work, output);
        }
        if let Some(result) = self.look_up(key, &work, output) {
            self.counts.hits.fetch_add(1, Ordering::Relaxed);
            return result;
        }
        self.counts.misses.fetch_add(1, Ordering::Relaxed);
        self.inner.execute(key, work, output)
    }

    /// Keeps the answer to an RSA op. Preparing the same op again changes nothing, and after an error
    /// the cache is as it was.
    fn prepare(&self, key: KeyId, work: Work<'_>) -> Result<(), PrepareError> {
        if !is_rsa(work.kind) {
            return Err(PrepareError::NotRsa(work.kind));
        }
        let hash = self.hash(key, &work);
        let _guard = self
            .preparing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        {
            let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
            if answers.find(hash, key, &work).is_some() {
                return Ok(());
            }
            if answers.count >= self.max_answers {
                return Err(PrepareError::Full {
                    max_answers: self.max_answers,
                });
            }
        }
        let mut output = [0; RSA_SIGNATURE_MAX_LEN];
        let len = self
            .inner
            .execute(key, work, &mut output)
            .map_err(PrepareError::Failed)?;
        let answer = Answer::new(key, &work, &output[..len]);
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        answers.by_hash.entry(hash).or_default().push(answer);
        answers.count += 1;
        Ok(())
    }

    fn cache_stats(&self) -> Option<CacheStats> {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Some(CacheStats {
            hits: read(&self.counts.hits),
            misses: read(&self.counts.misses),
            computed: read(&self.counts.computed),
        })
    }
}

const fn is_rsa(kind: OpKind) -> bool {
    matches!(kind, OpKind::RsaSign | OpKind::RsaVerify)
}

impl Answers {
    fn find(&self, hash: u64, key: KeyId, work: &Work<'_>) -> Option<&Answer> {
        self.by_hash
            .get(&hash)?
            .iter()
            .find(|answer| answer.answers(key, work))
    }

    fn forget(&mut self, key: KeyId) {
        self.by_hash.retain(|_, answers| {
            answers.retain(|answer| answer.key != key);
            !answers.is_empty()
        });
        self.count = self.by_hash.values().map(Vec::len).sum();
    }
}

/// A question with its answer.
struct Answer {
    key: KeyId,
    kind: OpKind,
    scheme: Scheme,
    input_is: Input,
    input: Zeroizing<Box<[u8]>>,
    extra: Box<[u8]>,
    output: Box<[u8]>,
}

impl Answer {
    fn new(key: KeyId, work: &Work<'_>, output: &[u8]) -> Self {
        Self {
            key,
            kind: work.kind,
            scheme: work.scheme,
            input_is: work.input_is,
            input: Zeroizing::new(work.input.into()),
            extra: work.extra.into(),
            output: output.into(),
        }
    }

    fn answers(&self, key: KeyId, work: &Work<'_>) -> bool {
        self.key == key
            && self.kind == work.kind
            && self.scheme == work.scheme
            && self.input_is == work.input_is
            && self.input[..] == *work.input
            && self.extra[..] == *work.extra
    }
}

/// Says which op it answers, and shows no payload.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("key", &self.key)
            .field("kind", &self.kind)
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
