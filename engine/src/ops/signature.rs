//! A signature by value.

use std::fmt;
use std::ops::Deref;

/// A signature of up to 512 bytes, which is RSA's with 4,096 bits. Kept in place, so that a call
/// allocates nothing.
#[derive(Clone)]
pub struct Signature {
    bytes: [u8; Self::MAX_LEN],
    len: usize,
}

impl Signature {
    /// The longest signature, bytes.
    pub const MAX_LEN: usize = 512;

    /// What `fill` writes into at most `capacity` bytes, as long as it says.
    pub(crate) fn fill<E>(
        capacity: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<Self, E> {
        // Filled where the caller gets it: half a kilobyte is not moved for nothing.
        let mut signature = Ok(Self {
            bytes: [0; Self::MAX_LEN],
            len: 0,
        });
        if let Ok(Self { bytes, len }) = &mut signature {
            let capacity = capacity.min(Self::MAX_LEN);
            match fill(&mut bytes[..capacity]) {
                Ok(filled) => *len = filled.min(capacity),
                Err(error) => signature = Err(error),
            }
        }
        signature
    }
}

impl Deref for Signature {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Signature {}

/// Length and first bytes: signatures are long, and rarely read by people.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes: ", self.len)?;
        for byte in self.iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…)")
    }
}
