//! AES-GCM: NIST SP 800-38D, with nonces of 96 bits and tags of 128.

use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};

use crate::compute::request::AEAD_TAG_LEN;
use crate::compute::{ImportError, Work};
use crate::protocol::Status;

/// 16 or 32 bytes. 'Less safe' is `ring`'s name for a key that leaves the nonces to its caller, as
/// the device must: they come with the descriptors.
pub(super) fn import(bytes: &[u8]) -> Result<Box<LessSafeKey>, ImportError> {
    let algorithm = if bytes.len() == 16 {
        &AES_128_GCM
    } else {
        &AES_256_GCM
    };
    UnboundKey::new(algorithm, bytes)
        .map(|key| Box::new(LessSafeKey::new(key)))
        .map_err(|_| ImportError(format!("ring rejected an AES key of {} bytes", bytes.len())))
}

/// `output` has room for exactly ciphertext and tag.
pub(super) fn seal(key: &LessSafeKey, work: &Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
    let (text, tag_place) = output.split_at_mut(work.input.len());
    text.copy_from_slice(work.input);
    let nonce = Nonce::assume_unique_for_key(work.nonce);
    // Fails for a plaintext of 64 GiB or more, which one nonce cannot encrypt.
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(work.extra), text)
        .map_err(|_| Status::Unsupported)?;
    tag_place.copy_from_slice(tag.as_ref());
    Ok(output.len())
}

/// `output` has room for exactly the plaintext; it is zero when the tag is wrong.
pub(super) fn open(key: &LessSafeKey, work: &Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
    let (ciphertext, tag) = work
        .input
        .split_last_chunk::<AEAD_TAG_LEN>()
        .ok_or(Status::Mismatch)?;
    output.copy_from_slice(ciphertext);
    let nonce = Nonce::assume_unique_for_key(work.nonce);
    let opened =
        key.open_in_place_separate_tag(nonce, Aad::from(work.extra), Tag::from(*tag), output, 0..);
    if opened.is_err() {
        output.fill(0);
        return Err(Status::Mismatch);
    }
    Ok(output.len())
}
