//! The words by which reports name what scenarios choose.

use std::borrow::Cow;

use pausewake_device::protocol::Class;

use super::{Cipher, Compute, Device, Load, Metric, MixItem, Mode, Span, Statistic, Work};

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

    /// Bits of a key.
    pub const fn key_bits(self) -> u32 {
        match self {
            Self::Aes128Gcm => 128,
            Self::Aes256Gcm => 256,
        }
    }
}

impl Mode {
    /// As the scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Async => "async",
            Self::Sync => "sync",
            Self::Software => "software",
        }
    }
}

impl Metric {
    /// As `[expect]` writes it.
    pub fn name(self) -> Cow<'static, str> {
        let name = match self {
            Self::Latency(statistic) => statistic.name(),
            Self::Stage(stage, statistic) => {
                return format!("{}.{}", stage.key(), statistic.name()).into();
            }
            Self::Uncorrected(statistic) => {
                return format!("uncorrected.{}", statistic.name()).into();
            }
            Self::Lateness(statistic) => return format!("lateness.{}", statistic.name()).into(),
            Self::MeanWait => "mean_wait",
            Self::Throughput => "throughput",
            Self::Count(name) => name,
            Self::InFlight => "in_flight",
            Self::Utilisation(Class::Asymmetric) => "utilisation.asym",
            Self::Utilisation(Class::Symmetric) => "utilisation.sym",
            Self::Verified => "verified",
        };
        name.into()
    }
}

impl Statistic {
    /// As `[expect]` writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::Max => "max",
        }
    }
}

impl Span {
    /// As `[expect]` writes it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Stage(stage) => stage.name(),
            Self::FullWait => "full_wait",
        }
    }
}

impl Device {
    /// Its limits of rate and its batches, in words.
    pub fn limits(&self) -> Vec<String> {
        let mut said = Vec::new();
        for (name, class) in [
            ("asym", &self.model.asymmetric),
            ("sym", &self.model.symmetric),
        ] {
            let rates = [("", class.rate), (" with each key", class.rate_per_key)];
            for (of, rate) in rates {
                let Some(rate) = rate else { continue };
                let burst = match rate.burst {
                    1 => String::new(),
                    burst => format!(", {burst} at once"),
                };
                said.push(format!("{name} at most {} op/s{of}{burst}", rate.ops_per_s));
            }
            if let Some(batch) = class.batch {
                let (size, flush) = (batch.size, batch.flush_ns);
                said.push(format!(
                    "{name} in batches of {size}, flushed after {flush}"
                ));
            }
        }
        said
    }
}

impl Load {
    /// What is done, in words.
    pub fn describe(&self) -> String {
        if let Some(work) = self.only() {
            return work.describe();
        }
        let whole: u64 = self.mix.iter().map(|item| u64::from(item.weight)).sum();
        let item = |item: &MixItem| format!("{} of {whole} {}", item.weight, item.work.describe());
        let items: Vec<String> = self.mix.iter().map(item).collect();
        items.join("; ")
    }
}

impl Work {
    /// What it is, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::RsaSign {
                key, message_len, ..
            }
            | Self::RsaVerify {
                key, message_len, ..
            }
            | Self::EcdsaSign {
                key, message_len, ..
            } => {
                format!(
                    "{} of {message_len} bytes with the {}",
                    self.kind(),
                    key.name
                )
            }
            Self::AeadSeal {
                cipher,
                message_len,
            }
            | Self::AeadOpen {
                cipher,
                message_len,
            } => {
                format!("{} of {message_len} bytes, {}", self.kind(), cipher.name())
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
