//! What the application thread's own work costs under virtual time.

use pausewake_device::Nanos;
use pausewake_device::model::rsa_work;
use pausewake_device::protocol::{OpKind, Scheme};

/// What the host's work costs under virtual time, where otherwise only the device takes any. The
/// engine charges each cost to its thread's local time
/// ([`QueuePair::charge`](pausewake_device::QueuePair::charge)) at the place where the work happens;
/// meanwhile the device works on.
///
/// By a wall clock work takes the time that it takes, and a manual device's time moves only when a
/// test moves it: there the costs have no effect.
///
/// The default is [`FREE`](Self::FREE). Only spans: how long the application's own code takes is for
/// the application to say, by [`Engine::charge`](crate::Engine::charge).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostCosts {
    /// Computing an operation in software: small ones, and fallbacks; verifying a signature after
    /// transport.
    pub software: SoftwareCosts,
    /// Submitting an operation: from the granted slot to the descriptor in the ring, the copy of the
    /// payload not counted.
    pub submit_ns: Nanos,
    /// Ringing the doorbell: once for all that was submitted since the last time. The device sees
    /// the descriptors when it has been rung.
    pub doorbell_ns: Nanos,
    /// Taking one completion from the ring and entering it in its slot.
    pub reap_ns: Nanos,
    /// Waking one job by callback.
    pub callback_ns: Nanos,
    /// Waking one job by fd: the write to the eventfd, the `epoll_wait` that finds it and the read
    /// that takes it. Charged as a whole at the write.
    pub fd_wake_ns: Nanos,
    /// Entering a job, by start or by resume, and leaving it when it pauses or ends: two switches
    /// of stacks, and what `jobs` does around them. Charged at the entry.
    pub switch_ns: Nanos,
    /// Copying one byte of payload into a slot, or of a result out of it, **picoseconds**.
    pub copy_ps_per_byte: u32,
}

/// What operations cost in software.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoftwareCosts {
    /// [`Engine::rsa_sign`](crate::Engine::rsa_sign), with a key of 2,048 bits.
    pub rsa_sign: SoftwareCost,
    /// The same with 3,072 bits, if it is known; else [`rsa_sign`](Self::rsa_sign) by the rule of
    /// [`of`](Self::of).
    pub rsa3072_sign: Option<SoftwareCost>,
    /// The same with 4,096 bits.
    pub rsa4096_sign: Option<SoftwareCost>,
    /// [`Engine::rsa_verify`](crate::Engine::rsa_verify), with a key of 2,048 bits.
    pub rsa_verify: SoftwareCost,
    /// The same with 3,072 bits, if it is known; else [`rsa_verify`](Self::rsa_verify) by the rule of
    /// [`of`](Self::of).
    pub rsa3072_verify: Option<SoftwareCost>,
    /// The same with 4,096 bits.
    pub rsa4096_verify: Option<SoftwareCost>,
    /// [`Engine::ecdsa_sign`](crate::Engine::ecdsa_sign), on P-256.
    pub ecdsa_sign: SoftwareCost,
    /// The same on P-384, if it is known; else as [`ecdsa_sign`](Self::ecdsa_sign).
    pub ecdsa_p384_sign: Option<SoftwareCost>,
    /// Verifying an ECDSA signature on P-256 after transport
    /// ([`EngineConfig::verify_signatures`](crate::EngineConfig::verify_signatures)).
    pub ecdsa_verify: SoftwareCost,
    /// The same on P-384, if it is known; else as [`ecdsa_verify`](Self::ecdsa_verify).
    pub ecdsa_p384_verify: Option<SoftwareCost>,
    /// [`Engine::aead_seal`](crate::Engine::aead_seal), with a key of 128 bits.
    pub aead_seal: SoftwareCost,
    /// The same with 256 bits, if it is known; else as [`aead_seal`](Self::aead_seal).
    pub aes256_seal: Option<SoftwareCost>,
    /// [`Engine::aead_open`](crate::Engine::aead_open), with a key of 128 bits.
    pub aead_open: SoftwareCost,
    /// The same with 256 bits, if it is known; else as [`aead_open`](Self::aead_open).
    pub aes256_open: Option<SoftwareCost>,
}

/// What one operation costs in software: so much, and so much more for each byte of input.
///
/// ```
/// use pausewake_device::Nanos;
/// use pausewake_engine::SoftwareCost;
///
/// let cost = SoftwareCost { per_op_ns: Nanos::new(500), per_byte_ps: 250 };
/// assert_eq!(cost.of(16_384), Nanos::new(500 + 4_096));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoftwareCost {
    /// However long the input is.
    pub per_op_ns: Nanos,
    /// For each byte of input, **picoseconds**: a nanosecond is too coarse for a cipher that does
    /// several bytes in one, and a whole number keeps the configuration comparable.
    pub per_byte_ps: u32,
}

impl HostCosts {
    /// All work is free: only the device takes time.
    pub const FREE: Self = Self {
        software: SoftwareCosts::FREE,
        submit_ns: Nanos::ZERO,
        doorbell_ns: Nanos::ZERO,
        reap_ns: Nanos::ZERO,
        callback_ns: Nanos::ZERO,
        fd_wake_ns: Nanos::ZERO,
        switch_ns: Nanos::ZERO,
        copy_ps_per_byte: 0,
    };

    /// Measured costs, as a starting point: a server processor of 2.5 GHz with AES-NI, VAES and
    /// AVX-512 (x86-64), in a virtual machine under Linux; release build, medians of 401 rounds, one
    /// thread, everything in cache. `cargo run --release -p pausewake-tests --example host_costs`
    /// measures them again.
    ///
    /// | cost | | how it was measured |
    /// |---|---|---|
    /// | RSA-2048 sign, verify | 640 µs, 25.6 µs | `ring` 0.17, PKCS#1 with SHA-256; `openssl speed` (3.0): 700 µs, 20 µs |
    /// | ECDSA P-256 sign, verify | 21 µs, 65 µs | `ring`; `openssl speed`: 27 µs, 77 µs |
    /// | ECDSA P-384 sign, verify | 500 µs, 880 µs | `ring`; `openssl speed`: 1,000 µs, 830 µs. Neither has code for this curve as it has for P-256 |
    /// | AES-128-GCM seal, open | 130 ns and 230 ps/byte, 115 ns and 225 ps/byte | `ring`, from 0 bytes and 16 KiB; `openssl speed`: 243 ps/byte |
    /// | AES-256-GCM seal, open | 255 ps/byte, 248 ps/byte, and per operation as AES-128-GCM | 16 KiB took 1.11 and 1.10 times as long as with AES-128 in the same run |
    /// | submit | 140 ns | a job that starts, calls and pauses, less one that only starts and pauses |
    /// | doorbell | 40 ns | publishing one descriptor, one clock read included; a device that sleeps would cost an eventfd write, and an uncached write to real hardware more |
    /// | reap | 50 ns | a poll over 63 completions that tells nobody, per completion |
    /// | callback | 30 ns | the same poll with callbacks that put a number into a locked queue, less the above |
    /// | fd wake | 590 ns | eventfd write, `epoll_wait`, eventfd read |
    /// | switch | 20 ns | resume and pause of one job |
    /// | copy | 48 ps/byte | 16 KiB into a slot, and back |
    ///
    /// Of longer RSA keys what [`SoftwareCosts::of`] says; measured on the same machine were, by the
    /// time of RSA-2048:
    ///
    /// | | sign | verify |
    /// |---|---|---|
    /// | 3,072 bits | 3.38 by the rule; `openssl speed` 3.51, `ring` 3.2 | 2.25; 2.4, 2.1 |
    /// | 4,096 bits | 8 by the rule; `openssl speed` 8.2, `ring` 13.4 | 4; 4.0, 3.7 |
    ///
    /// `ring` signs slowly with 4,096 bits, which says more of it than of software: the rule stands.
    pub const MEASURED: Self = Self {
        software: SoftwareCosts::MEASURED,
        submit_ns: Nanos::new(140),
        doorbell_ns: Nanos::new(40),
        reap_ns: Nanos::new(50),
        callback_ns: Nanos::new(30),
        fd_wake_ns: Nanos::new(590),
        switch_ns: Nanos::new(20),
        copy_ps_per_byte: 48,
    };

    /// What copying `bytes` costs, rounded to the nearest nanosecond.
    #[must_use]
    #[inline]
    pub fn copy(&self, bytes: usize) -> Nanos {
        if self.copy_ps_per_byte == 0 {
            return Nanos::ZERO;
        }
        per_byte(self.copy_ps_per_byte, bytes)
    }
}

impl SoftwareCosts {
    /// Software is free.
    pub const FREE: Self = Self {
        rsa_sign: SoftwareCost::FREE,
        rsa3072_sign: None,
        rsa4096_sign: None,
        rsa_verify: SoftwareCost::FREE,
        rsa3072_verify: None,
        rsa4096_verify: None,
        ecdsa_sign: SoftwareCost::FREE,
        ecdsa_p384_sign: None,
        ecdsa_verify: SoftwareCost::FREE,
        ecdsa_p384_verify: None,
        aead_seal: SoftwareCost::FREE,
        aes256_seal: None,
        aead_open: SoftwareCost::FREE,
        aes256_open: None,
    };

    /// See [`HostCosts::MEASURED`].
    pub const MEASURED: Self = Self {
        rsa_sign: SoftwareCost::new(640_000, 0),
        rsa3072_sign: None,
        rsa4096_sign: None,
        rsa_verify: SoftwareCost::new(25_600, 0),
        rsa3072_verify: None,
        rsa4096_verify: None,
        ecdsa_sign: SoftwareCost::new(21_000, 0),
        ecdsa_p384_sign: Some(SoftwareCost::new(500_000, 0)),
        ecdsa_verify: SoftwareCost::new(65_000, 0),
        ecdsa_p384_verify: Some(SoftwareCost::new(880_000, 0)),
        aead_seal: SoftwareCost::new(130, 230),
        aes256_seal: Some(SoftwareCost::new(130, 255)),
        aead_open: SoftwareCost::new(115, 225),
        aes256_open: Some(SoftwareCost::new(115, 248)),
    };

    /// The cost of operations of one kind, with a scheme that says the curve if there is one, and with
    /// a key of so many bits: of the modulus of an RSA key, of an AES key, or 0 if that is not known,
    /// which counts as 2,048 and as 128.
    ///
    /// Where that of a length of RSA keys is not said, what an operation costs whatever its input is
    /// goes by [`rsa_work`]: with the cube of the length for signatures, with its square for
    /// verifications. A task runs in the device alone, and has none.
    #[must_use]
    pub fn of(&self, kind: OpKind, scheme: Scheme, key_bits: u32) -> SoftwareCost {
        let own = match (kind, scheme, key_bits) {
            (OpKind::RsaSign, _, 3_072) => self.rsa3072_sign,
            (OpKind::RsaSign, _, 4_096) => self.rsa4096_sign,
            (OpKind::RsaVerify, _, 3_072) => self.rsa3072_verify,
            (OpKind::RsaVerify, _, 4_096) => self.rsa4096_verify,
            (OpKind::EcdsaSign, Scheme::EcdsaP384Sha384, _) => self.ecdsa_p384_sign,
            (OpKind::EcdsaVerify, Scheme::EcdsaP384Sha384, _) => self.ecdsa_p384_verify,
            (OpKind::AeadSeal, _, 256) => self.aes256_seal,
            (OpKind::AeadOpen, _, 256) => self.aes256_open,
            _ => None,
        };
        own.unwrap_or_else(|| self.usual(kind).times(rsa_work(kind, key_bits)))
    }

    /// With an RSA key of 2,048 bits, on P-256, with AES-128.
    const fn usual(&self, kind: OpKind) -> SoftwareCost {
        match kind {
            OpKind::RsaSign => self.rsa_sign,
            OpKind::RsaVerify => self.rsa_verify,
            OpKind::EcdsaSign => self.ecdsa_sign,
            OpKind::EcdsaVerify => self.ecdsa_verify,
            OpKind::AeadSeal => self.aead_seal,
            OpKind::AeadOpen => self.aead_open,
            OpKind::Task => SoftwareCost::FREE,
        }
    }
}

impl SoftwareCost {
    /// Nothing.
    pub const FREE: Self = Self {
        per_op_ns: Nanos::ZERO,
        per_byte_ps: 0,
    };

    /// So many nanoseconds per operation, and so many picoseconds per byte.
    #[must_use]
    pub const fn new(per_op_ns: u64, per_byte_ps: u32) -> Self {
        Self {
            per_op_ns: Nanos::new(per_op_ns),
            per_byte_ps,
        }
    }

    /// The same, with so many times the cost of an operation without input.
    fn times(self, work: f64) -> Self {
        Self {
            per_op_ns: Nanos::from_f64(self.per_op_ns.as_f64() * work),
            ..self
        }
    }

    /// What an operation with `bytes` of input costs, rounded to the nearest nanosecond.
    #[must_use]
    pub fn of(&self, bytes: usize) -> Nanos {
        self.per_op_ns + per_byte(self.per_byte_ps, bytes)
    }
}

fn per_byte(ps: u32, bytes: usize) -> Nanos {
    let ps = u64::from(ps).saturating_mul(bytes as u64);
    Nanos::new(ps.saturating_add(PS_PER_NS / 2) / PS_PER_NS)
}

const PS_PER_NS: u64 = 1_000;
