//! AES keys, which have no file format of their own: raw bytes or hexadecimal digits.

use zeroize::Zeroizing;

use crate::compute::KeyMaterial;

/// A key for AES-128-GCM or AES-256-GCM, wiped when dropped.
///
/// ```
/// use pausewake_device::keys::AesKey;
///
/// let key = AesKey::from_hex("000102030405060708090a0b0c0d0e0f")?;
/// assert_eq!(key.len_bits(), 128);
/// assert!(AesKey::from_hex("0001").is_err());
/// # Ok::<(), pausewake_device::keys::AesKeyError>(())
/// ```
pub struct AesKey(Zeroizing<Vec<u8>>);

impl AesKey {
    /// A key of 16 or 32 bytes.
    ///
    /// # Errors
    /// [`AesKeyError::Length`] for any other length.
    pub fn new(bytes: &[u8]) -> Result<Self, AesKeyError> {
        match bytes.len() {
            16 | 32 => Ok(Self(Zeroizing::new(bytes.to_vec()))),
            len_bytes => Err(AesKeyError::Length { len_bytes }),
        }
    }

    /// A key of 32 or 64 hexadecimal digits; white space around them does not count.
    ///
    /// # Errors
    /// [`AesKeyError`] says which character is no digit, or that the length is wrong.
    pub fn from_hex(text: &str) -> Result<Self, AesKeyError> {
        let digits = text.trim();
        let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
        let mut high = None;
        for (position, character) in digits.chars().enumerate() {
            let digit = character
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
                .ok_or(AesKeyError::NotHex { position })?;
            match high.take() {
                None => high = Some(digit << 4),
                Some(high) => bytes.push(high | digit),
            }
        }
        match high {
            Some(_) => Err(AesKeyError::OddDigits {
                count: digits.len(),
            }),
            None => Self::new(&bytes),
        }
    }

    /// 128 or 256.
    #[must_use]
    pub fn len_bits(&self) -> usize {
        self.0.len() * 8
    }

    /// The key, ready to be imported.
    #[must_use]
    pub fn material(&self) -> KeyMaterial<'_> {
        KeyMaterial::AesGcm(&self.0)
    }
}

/// Says how long the key is, and nothing of the key.
impl std::fmt::Debug for AesKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AesKey")
            .field("len_bits", &self.len_bits())
            .finish_non_exhaustive()
    }
}

/// Why something is no AES key. The text is never repeated: it may be nearly a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AesKeyError {
    /// Neither AES-128 nor AES-256.
    #[error(
        "an AES-GCM key has 16 or 32 bytes, this one has {len_bytes}; make one with `openssl rand -hex 32`"
    )]
    Length {
        /// Of what was given.
        len_bytes: usize,
    },
    /// A character that is no hexadecimal digit.
    #[error("character {} is no hexadecimal digit; make a key with `openssl rand -hex 32`", position + 1)]
    NotHex {
        /// Of the character, from zero.
        position: usize,
    },
    /// Half a byte at the end.
    #[error("{count} hexadecimal digits, an odd number: one is missing or too many")]
    OddDigits {
        /// How many there are.
        count: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_and_wrong_hex_is_named() {
        let key = AesKey::from_hex(" 00FF02030405060708090a0b0c0d0e0f\n").unwrap();
        assert_eq!(&key.0[..3], &[0, 0xff, 2]);
        assert_eq!(
            AesKey::from_hex("zz").unwrap_err(),
            AesKeyError::NotHex { position: 0 }
        );
        assert_eq!(
            AesKey::from_hex("000").unwrap_err(),
            AesKeyError::OddDigits { count: 3 }
        );
        let error = AesKey::from_hex(&"00".repeat(24)).unwrap_err();
        assert_eq!(error, AesKeyError::Length { len_bytes: 24 });
        assert!(error.to_string().contains("16 or 32 bytes"));
    }

    #[test]
    fn debug_shows_no_key() {
        let key = AesKey::new(&[0xab; 16]).unwrap();
        assert_eq!(format!("{key:?}"), "AesKey { len_bits: 128, .. }");
    }
}
