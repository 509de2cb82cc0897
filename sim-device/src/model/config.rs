//! What a device is made of.

use std::fmt;

use super::batch::BatchConfig;
use super::modulus::RSA_BITS;
use super::rate::RateLimit;
use crate::protocol::{Class, OpKind, Scheme};
use crate::time::Nanos;

/// The law that service times follow. The mean is always `base_ns + per_byte_ns * bytes` (for
/// [`Normal`](Self::Normal): nearly, see there).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Always the mean.
    Constant,
    /// Evenly between `mean * (1 - spread)` and `mean * (1 + spread)`.
    Uniform {
        /// Half the width, as a share of the mean; from 0 to 1.
        spread: f64,
    },
    /// Normal with a standard deviation of `deviation * mean`, where a draw below zero counts as
    /// zero (one draw per op, none is repeated).
    ///
    /// The cut raises the mean to `mean * (Φ(1/d) + d φ(1/d))`, with `d` for `deviation`, Φ and φ
    /// for the standard normal law and its density:
    ///
    /// | `deviation` | the true mean is higher by |
    /// |---|---|
    /// | 0.2 | 0.00001 % |
    /// | 0.25 | 0.0002 % |
    /// | 0.33 | 0.011 % |
    /// | 0.5 | 0.42 % |
    /// | 1 | 8.3 % |
    ///
    /// Where more than about 0.3 is wanted, [`LogNormal`](Self::LogNormal) keeps its mean.
    Normal {
        /// Coefficient of variation before the cut; 0 or more.
        deviation: f64,
    },
    /// Exponential: a standard deviation as large as the mean.
    Exponential,
    /// Log-normal: never negative, with a tail to the right.
    LogNormal {
        /// Coefficient of variation (of the service time, not of its logarithm); 0 or more.
        deviation: f64,
    },
}

/// How long a slice works on an op.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceTime {
    /// The law.
    pub distribution: Distribution,
    /// The part that every op takes.
    pub base_ns: Nanos,
    /// What each byte of [`Request::bytes_in`](super::Request::bytes_in) adds, ns; 0 or more.
    pub per_byte_ns: f64,
}

impl ServiceTime {
    /// Every op takes exactly `base_ns`.
    #[must_use]
    pub const fn constant(base_ns: Nanos) -> Self {
        Self {
            distribution: Distribution::Constant,
            base_ns,
            per_byte_ns: 0.0,
        }
    }
}

/// One class of slices.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassConfig {
    /// Parallel servers; at least 1.
    pub slices: u32,
    /// Service time of the class's ops.
    pub service: ServiceTime,
    /// Service times of single kinds of op, where they differ from the class's; each kind at most
    /// once, and of this class.
    pub service_by_op: Vec<(OpKind, ServiceTime)>,
    /// Service times of single kinds of op in one scheme, where they differ from those of the kind:
    /// a signature on P-256, for example. Each pair at most once, and of this class.
    pub service_by_scheme: Vec<(OpKind, Scheme, ServiceTime)>,
    /// Service times of RSA ops with keys of a length of its own, bits, where they are known; each pair
    /// at most once, of an RSA op, and longer than [`RSA_BITS`]. Of any other length they are those of
    /// [`RSA_BITS`] times [`rsa_work`](super::rsa_work).
    pub service_by_modulus: Vec<(OpKind, u32, ServiceTime)>,
    /// Ops waiting plus in service that the class takes, at least 1; `None` = bounded by the
    /// queues' limits alone. As many as there are slices makes an Erlang loss system of a device
    /// whose driver drops what is refused.
    pub queue_depth: Option<u32>,
    /// How many ops the class serves per second at most; `None` = as many as its slices can.
    pub rate: Option<RateLimit>,
    /// How many ops it serves with one key at most. What waits for its key holds up no other.
    pub rate_per_key: Option<RateLimit>,
    /// Whether ops are gathered, and served together; `None` = each on its own.
    pub batch: Option<BatchConfig>,
}

impl ClassConfig {
    /// So many slices, each of which works for `service` on every op. Nothing else limits them.
    #[must_use]
    pub const fn new(slices: u32, service: ServiceTime) -> Self {
        Self {
            slices,
            service,
            service_by_op: Vec::new(),
            service_by_scheme: Vec::new(),
            service_by_modulus: Vec::new(),
            queue_depth: None,
            rate: None,
            rate_per_key: None,
            batch: None,
        }
    }

    /// The service time of an op: its key length's, its scheme's, its kind's, or the class's.
    #[must_use]
    pub fn service_of(&self, kind: OpKind, scheme: Scheme, modulus_bits: u32) -> ServiceTime {
        let mut by_modulus = self.service_by_modulus.iter();
        let own = by_modulus.find(|(of, bits, _)| (*of, *bits) == (kind, modulus_bits));
        if let Some((_, _, service)) = own {
            return *service;
        }
        let by_scheme = self.service_by_scheme.iter();
        let by_scheme = by_scheme.filter(|(of, with, _)| (*of, *with) == (kind, scheme));
        let by_kind = self.service_by_op.iter().filter(|(of, _)| *of == kind);
        let own = by_scheme.map(|(_, _, service)| service);
        let mut own = own.chain(by_kind.map(|(_, service)| service));
        own.next()
            .unwrap_or(&self.service)
            .of_modulus(kind, modulus_bits)
    }
}

/// The way between host and device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkConfig {
    /// Latency of a descriptor on its way to the device.
    pub to_device_ns: Nanos,
    /// Latency of a completion on its way home.
    pub to_host_ns: Nanos,
    /// Bytes per second each way, at least 1, shared by all queues, first come first served;
    /// `None` = unlimited. Payload alone is counted, not descriptors and completions.
    pub bandwidth_bytes_per_s: Option<u64>,
}

/// The whole model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// Slices for public-key ops.
    pub asymmetric: ClassConfig,
    /// Slices for cipher ops.
    pub symmetric: ClassConfig,
    /// The way there and back.
    pub link: LinkConfig,
    /// Ops that the device accepts from one queue and has not completed; at least 1.
    pub in_flight_limit: u32,
}

impl ModelConfig {
    /// The slices of `class`.
    #[must_use]
    pub const fn class(&self, class: Class) -> &ClassConfig {
        match class {
            Class::Asymmetric => &self.asymmetric,
            Class::Symmetric => &self.symmetric,
        }
    }

    /// Whether every figure is one that a device can have.
    ///
    /// [`Model::new`](super::Model::new) takes any configuration, because it cannot fail; what an
    /// impossible figure does there is defined, but hardly what anybody wants (a class without
    /// slices never completes an op). So whoever reads figures from outside asks here first.
    ///
    /// # Errors
    /// The first impossible figure: where it is, and what is accepted.
    pub fn check(&self) -> Result<(), ConfigError> {
        require(
            self.in_flight_limit >= 1,
            format_args!("in_flight_limit"),
            "at least 1 op",
        )?;
        require(
            self.link.bandwidth_bytes_per_s != Some(0),
            format_args!("link.bandwidth"),
            "at least 1 byte per second, or no limit",
        )?;
        self.asymmetric.check(Class::Asymmetric, "asymmetric")?;
        self.symmetric.check(Class::Symmetric, "symmetric")
    }
}

impl ClassConfig {
    fn check(&self, class: Class, name: &str) -> Result<(), ConfigError> {
        require(
            self.slices >= 1,
            format_args!("{name}.slices"),
            "at least 1 slice",
        )?;
        require(
            self.queue_depth != Some(0),
            format_args!("{name}.queue_depth"),
            "at least 1 op, or no limit",
        )?;
        self.service.check(&format!("{name}.service"))?;
        for (position, (kind, service)) in self.service_by_op.iter().enumerate() {
            let place = format!("{name}.service_by_op.{kind}");
            require(
                kind.class() == class,
                format_args!("{place}"),
                "only an op that this class serves",
            )?;
            let mut earlier = self.service_by_op[..position].iter();
            require(
                earlier.all(|(other, _)| other != kind),
                format_args!("{place}"),
                "one service time for each kind of op",
            )?;
            service.check(&place)?;
        }
        for (position, (kind, scheme, service)) in self.service_by_scheme.iter().enumerate() {
            let place = format!("{name}.service_by_scheme.{kind}.{scheme:?}");
            require(
                kind.class() == class,
                format_args!("{place}"),
                "only an op that this class serves",
            )?;
            let mut earlier = self.service_by_scheme[..position].iter();
            require(
                earlier.all(|(of, with, _)| (of, with) != (kind, scheme)),
                format_args!("{place}"),
                "one service time for each kind of op and scheme",
            )?;
            service.check(&place)?;
        }
        for (position, (kind, bits, service)) in self.service_by_modulus.iter().enumerate() {
            let place = format!("{name}.service_by_modulus.{kind}.{bits}");
            require(
                matches!(kind, OpKind::RsaSign | OpKind::RsaVerify) && kind.class() == class,
                format_args!("{place}"),
                "only an RSA op that this class serves",
            )?;
            require(
                *bits > RSA_BITS,
                format_args!("{place}"),
                "only a longer key than those of 2,048 bits",
            )?;
            let mut earlier = self.service_by_modulus[..position].iter();
            require(
                earlier.all(|(of, with, _)| (of, with) != (kind, bits)),
                format_args!("{place}"),
                "one service time for each kind of op and length",
            )?;
            service.check(&place)?;
        }
        let rates = [("rate", self.rate), ("rate_per_key", self.rate_per_key)];
        for (which, rate) in rates {
            let Some(rate) = rate else { continue };
            require(
                rate.ops_per_s > 0.0 && rate.ops_per_s.is_finite(),
                format_args!("{name}.{which}.ops_per_s"),
                "a number of ops per second above zero",
            )?;
            require(
                rate.burst >= 1,
                format_args!("{name}.{which}.burst"),
                "at least 1 op",
            )?;
        }
        require(
            self.batch.is_none_or(|batch| batch.size >= 1),
            format_args!("{name}.batch.size"),
            "at least 1 op",
        )
    }
}

impl ServiceTime {
    fn check(&self, place: &str) -> Result<(), ConfigError> {
        let at_least_zero = |value: f64| value.is_finite() && value >= 0.0;
        require(
            at_least_zero(self.per_byte_ns),
            format_args!("{place}.per_byte_ns"),
            "a number of nanoseconds, 0 or more,",
        )?;
        match self.distribution {
            Distribution::Constant | Distribution::Exponential => Ok(()),
            Distribution::Uniform { spread } => require(
                (0.0..=1.0).contains(&spread),
                format_args!("{place}.spread"),
                "a share of the mean, from 0 to 1,",
            ),
            Distribution::Normal { deviation } | Distribution::LogNormal { deviation } => require(
                at_least_zero(deviation),
                format_args!("{place}.deviation"),
                "a share of the mean, 0 or more,",
            ),
        }
    }
}

/// Misuse: a figure that no device can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {accepted} is accepted here")]
pub struct ConfigError {
    /// The field, as a path of names (`asymmetric.service.spread`).
    pub place: String,
    /// What may stand there.
    pub accepted: &'static str,
}

fn require(
    holds: bool,
    place: fmt::Arguments<'_>,
    accepted: &'static str,
) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    Err(ConfigError {
        place: place.to_string(),
        accepted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_possible_device_passes() {
        assert_eq!(possible().check(), Ok(()));
    }

    #[test]
    fn each_impossible_figure_is_named() {
        type Spoil = fn(&mut ModelConfig);
        let cases: [(Spoil, &str); 18] = [
            (|c| c.in_flight_limit = 0, "in_flight_limit"),
            (|c| c.link.bandwidth_bytes_per_s = Some(0), "link.bandwidth"),
            (|c| c.asymmetric.slices = 0, "asymmetric.slices"),
            (
                |c| c.symmetric.queue_depth = Some(0),
                "symmetric.queue_depth",
            ),
            (
                |c| c.symmetric.service.per_byte_ns = f64::NAN,
                "symmetric.service.per_byte_ns",
            ),
            (
                |c| c.symmetric.service.per_byte_ns = -1.0,
                "symmetric.service.per_byte_ns",
            ),
            (
                |c| c.asymmetric.service.distribution = Distribution::Uniform { spread: 1.01 },
                "asymmetric.service.spread",
            ),
            (
                |c| {
                    c.asymmetric.service_by_op[0].1.distribution = Distribution::LogNormal {
                        deviation: f64::INFINITY,
                    };
                },
                "asymmetric.service_by_op.rsa-verify.deviation",
            ),
            (
                |c| c.asymmetric.service_by_op[0].0 = OpKind::AeadOpen,
                "asymmetric.service_by_op.aead-open",
            ),
            (
                |c| {
                    let first = c.asymmetric.service_by_op[0];
                    c.asymmetric.service_by_op.push(first);
                },
                "asymmetric.service_by_op.rsa-verify",
            ),
            (
                |c| {
                    let service = c.asymmetric.service;
                    let sign = (OpKind::EcdsaSign, Scheme::EcdsaP256Sha256, service);
                    c.asymmetric.service_by_scheme = vec![sign, sign];
                },
                "asymmetric.service_by_scheme.ecdsa-sign.EcdsaP256Sha256",
            ),
            (
                |c| spoil_modulus(c, OpKind::EcdsaSign, &[3_072]),
                "asymmetric.service_by_modulus.ecdsa-sign.3072",
            ),
            (
                |c| spoil_modulus(c, OpKind::RsaSign, &[4_096, 2_048]),
                "asymmetric.service_by_modulus.rsa-sign.2048",
            ),
            (
                |c| spoil_modulus(c, OpKind::RsaSign, &[4_096, 4_096]),
                "asymmetric.service_by_modulus.rsa-sign.4096",
            ),
            (
                |c| c.symmetric.rate = Some(RateLimit::even(0.0)),
                "symmetric.rate.ops_per_s",
            ),
            (
                |c| c.symmetric.rate_per_key = Some(RateLimit::even(f64::INFINITY)),
                "symmetric.rate_per_key.ops_per_s",
            ),
            (
                |c| {
                    c.symmetric.rate = Some(RateLimit {
                        burst: 0,
                        ..RateLimit::even(1.0)
                    });
                },
                "symmetric.rate.burst",
            ),
            (
                |c| {
                    c.symmetric.batch = Some(BatchConfig {
                        size: 0,
                        flush_ns: Nanos::ZERO,
                    });
                },
                "symmetric.batch.size",
            ),
        ];
        for (spoil, place) in cases {
            let mut config = possible();
            spoil(&mut config);
            let error = config.check().expect_err(place);
            assert_eq!(error.place, place);
            assert!(error.to_string().starts_with(place), "{error}");
        }
    }

    fn spoil_modulus(config: &mut ModelConfig, kind: OpKind, lengths: &[u32]) {
        let class = &mut config.asymmetric;
        let service = class.service;
        let own = lengths.iter().map(|bits| (kind, *bits, service));
        class.service_by_modulus = own.collect();
    }

    fn possible() -> ModelConfig {
        let class = |service_by_op| ClassConfig {
            service_by_op,
            ..ClassConfig::new(1, ServiceTime::constant(Nanos::new(1)))
        };
        ModelConfig {
            asymmetric: class(vec![(
                OpKind::RsaVerify,
                ServiceTime::constant(Nanos::new(1)),
            )]),
            symmetric: class(Vec::new()),
            link: LinkConfig::default(),
            in_flight_limit: 63,
        }
    }
}
