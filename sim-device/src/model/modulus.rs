//! What the length of an RSA key does to the time that an op takes.

use super::config::ServiceTime;
use crate::protocol::OpKind;
use crate::time::Nanos;

/// Bits of the RSA keys that service times are for where nothing else is said. No key is shorter.
pub const RSA_BITS: u32 = 2_048;

/// How much longer an RSA op takes with a modulus of so many bits than with one of [`RSA_BITS`]: by
/// the cube of the length if it needs the private key, by the square if the public one does; 1 for
/// other kinds of op, and for shorter keys.
///
/// A Montgomery multiplication of n words takes n² multiplications of words. A private operation
/// does as many of them as its exponents have bits, by the Chinese remainder theorem twice over
/// halves of the length; a public one does a number that does not depend on it (17 for 65,537).
///
/// It is an **assumption** of devices: nobody published the ratios of one. Of software `openssl
/// speed` (3.0.19, x86-64) says
///
/// | bits | sign | cube | verify | square |
/// |---|---|---|---|---|
/// | 3,072 | 3.51 | 3.38 | 2.36 | 2.25 |
/// | 4,096 | 8.20 | 8 | 3.97 | 4 |
///
/// ```
/// use pausewake_device::model::rsa_work;
/// use pausewake_device::protocol::OpKind;
///
/// assert_eq!(rsa_work(OpKind::RsaSign, 2_048), 1.0);
/// assert_eq!(rsa_work(OpKind::RsaSign, 4_096), 8.0);
/// assert_eq!(rsa_work(OpKind::RsaVerify, 3_072), 2.25);
/// assert_eq!(rsa_work(OpKind::AeadSeal, 4_096), 1.0);
/// ```
#[must_use]
pub fn rsa_work(kind: OpKind, modulus_bits: u32) -> f64 {
    let length = f64::from(modulus_bits.max(RSA_BITS)) / f64::from(RSA_BITS);
    match kind {
        OpKind::RsaSign => length.powi(3),
        OpKind::RsaVerify => length.powi(2),
        _ => 1.0,
    }
}

impl ServiceTime {
    /// What it is for ops of `kind` with an RSA key of so many bits, if it is that of [`RSA_BITS`]: the
    /// base counts [`rsa_work`] times. What a byte of payload adds has nothing to do with the key.
    #[must_use]
    pub fn of_modulus(&self, kind: OpKind, modulus_bits: u32) -> Self {
        let base_ns = self.base_ns.as_f64() * rsa_work(kind, modulus_bits);
        Self {
            base_ns: Nanos::from_f64(base_ns),
            ..*self
        }
    }
}
