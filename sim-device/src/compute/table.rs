//! The keys of a device.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Compute, HeldKey, ImportError, KeyMaterial, Vault, Work};
use crate::keys::KeyId;
use crate::protocol::Status;

/// How many keys a [`KeyTable`] holds unless told otherwise.
pub const MAX_KEYS: usize = 65_536;

/// A compute engine and its keys, shared by all queues and workers of a device.
///
/// A key is named by its place and the place's generation. Revoking it frees the place at once: ops
/// that already hold the key finish, later ones answer [`Status::BadKey`], and the next key in that
/// place has another generation, so that a dead name never means another key. A place whose
/// generations are used up (after 2^32 keys) is not used again.
///
/// The places stand behind a read-write lock, which an op takes for reading, for as long as it takes
/// to count a reference: many ops look up keys, hardly anyone imports one, and the cryptography
/// happens outside. Whoever does many ops in a row [holds](Vault::hold) its key instead, and asks
/// only a counter whether any has been revoked since.
#[derive(Debug)]
pub struct KeyTable<C: Compute> {
    compute: Arc<C>,
    places: RwLock<Places<Entry<C>>>,
    revocations: AtomicU64,
    max_keys: usize,
}

#[derive(Debug)]
struct Places<K> {
    all: Vec<Place<K>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Place<K> {
    /// Of the key that is here, or of the next one to be.
    generation: u32,
    key: Option<Arc<K>>,
}

/// A key, and what computes with it.
struct Entry<C: Compute> {
    compute: Arc<C>,
    key: C::Key,
}

/// Says nothing of the key.
impl<C: Compute> fmt::Debug for Entry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").finish_non_exhaustive()
    }
}

impl<C: Compute> HeldKey for Entry<C> {
    fn execute(&self, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
        self.compute.execute(&self.key, work, output)
    }
}

impl<C: Compute> KeyTable<C> {
    /// A table without keys, for at most [`MAX_KEYS`] at once.
    pub fn new(compute: C) -> Self {
        Self::with_max_keys(compute, MAX_KEYS)
    }

    /// A table without keys, for at most `max_keys` at once (and never more than `u32::MAX`, the
    /// place that [`KeyId::NONE`] names).
    pub fn with_max_keys(compute: C, max_keys: usize) -> Self {
        Self {
            compute: Arc::new(compute),
            places: RwLock::new(Places {
                all: Vec::new(),
                free: Vec::new(),
            }),
            revocations: AtomicU64::new(0),
            max_keys: max_keys.min(u32::MAX as usize),
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places
            .all
            .iter()
            .filter(|place| place.key.is_some())
            .count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn entry(&self, id: KeyId) -> Option<Arc<Entry<C>>> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places
            .all
            .get(id.index as usize)
            .filter(|place| place.generation == id.generation)?
            .key
            .clone()
    }
}

impl<C: Compute> Vault for KeyTable<C> {
    fn is_quick(&self, _key: KeyId, _work: &Work<'_>) -> bool {
        C::IS_QUICK
    }

    fn import(&self, material: KeyMaterial<'_>) -> Result<KeyId, ImportError> {
        // Outside the lock: reading a key takes long.
        let key = Arc::new(Entry {
            compute: self.compute.clone(),
            key: self.compute.import(material)?,
        });
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        places.put(key, self.max_keys).ok_or_else(|| {
            ImportError(format!(
                "the device holds {} keys, its limit; revoke keys that are no longer used",
                self.max_keys
            ))
        })
    }

    fn revoke(&self, id: KeyId) -> bool {
        // The key itself is dropped after the lock.
        let key = {
            let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
            let key = places.take(id);
            self.revocations
                .fetch_add(u64::from(key.is_some()), Ordering::Release);
            key
        };
        key.is_some()
    }

    fn execute(&self, id: KeyId, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
        let entry = self.entry(id).ok_or(Status::BadKey)?;
        entry.execute(work, output)
    }

    fn hold(&self, id: KeyId) -> Option<Arc<dyn HeldKey>> {
        Some(self.entry(id)?)
    }

    fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::Acquire)
    }

    fn signature_max_len(&self, id: KeyId) -> Option<usize> {
        self.compute.signature_max_len(&self.entry(id)?.key)
    }

    fn cipher_key_len(&self, id: KeyId) -> Option<usize> {
        self.compute.cipher_key_len(&self.entry(id)?.key)
    }
}

impl<K> Places<K> {
    /// Puts a key into a free place, or a new one while there are fewer than `max_places`.
    fn put(&mut self, key: Arc<K>, max_places: usize) -> Option<KeyId> {
        if let Some(index) = self.free.pop() {
            let place = &mut self.all[index as usize];
            place.key = Some(key);
            return Some(KeyId {
                index,
                generation: place.generation,
            });
        }
        let index = u32::try_from(self.all.len()).ok()?;
        if self.all.len() >= max_places {
            return None;
        }
        self.all.push(Place {
            generation: 0,
            key: Some(key),
        });
        Some(KeyId {
            index,
            generation: 0,
        })
    }

    fn take(&mut self, id: KeyId) -> Option<Arc<K>> {
        let place = self
            .all
            .get_mut(id.index as usize)
            .filter(|place| place.generation == id.generation)?;
        let key = place.key.take()?;
        if let Some(next) = place.generation.checked_add(1) {
            place.generation = next;
            self.free.push(id.index);
        }
        Some(key)
    }
}

#[cfg(test)]
mod tests;
