//! The words by which reports name what scenarios choose.

use super::{Cipher, Compute, Metric, Work};

impl Compute {
    /// As the scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Cached => "cached",
            Self::None => "none",
        }
    }
}

impl Cipher {
    /// As the scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "aes-128-gcm",
            Self::Aes256Gcm => "aes-256-gcm",
        }
    }

    /// Bytes of a key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm => 32,
        }
    }
}

impl Metric {
    /// As `[expect]` writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::Max => "max",
            Self::Mean => "mean",
            Self::MeanWait => "mean_wait",
            Self::Throughput => "throughput",
            Self::Ops => "ops",
            Self::Errors => "errors",
            Self::Spurious => "spurious",
            Self::Verified => "verified",
        }
    }
}

impl Work {
    /// What it is, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::RsaSign {
                key, message_len, ..
            } => {
                format!("rsa-sign of {message_len} bytes with the {}", key.name)
            }
            Self::AeadSeal {
                cipher,
                message_len,
            } => {
                format!("aead-seal of {message_len} bytes, {}", cipher.name())
            }
            Self::SealOpen {
                cipher,
                name,
                content,
                record_len,
            } => format!(
                "seal-open of {name} ({} bytes) in records of {record_len} bytes, {}",
                content.len(),
                cipher.name()
            ),
        }
    }
}
