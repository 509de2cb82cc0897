//! Service times: laws made ready to draw from.

use rand::RngExt;
use rand_distr::{Exp1, StandardNormal};

use super::config::{ClassConfig, Distribution, ServiceTime};
use super::modulus::{RSA_BITS, rsa_work};
use super::op::Request;
use crate::protocol::{OpKind, Scheme};
use crate::random::Stream;
use crate::time::Nanos;

/// The service times of a class, and the chance they are drawn with.
#[derive(Debug)]
pub(super) struct Service {
    by_kind: [Law; OpKind::ALL.len()],
    by_scheme: Vec<((OpKind, Scheme), Law)>,
    by_modulus: Vec<((OpKind, u32), Law)>,
    stream: Stream,
}

impl Service {
    pub(super) fn new(config: &ClassConfig, stream: Stream) -> Self {
        let by_kind = OpKind::ALL.map(|kind| {
            let own = config.service_by_op.iter().find(|(of, _)| *of == kind);
            Law::new(own.map_or(&config.service, |(_, service)| service))
        });
        let by_scheme = config.service_by_scheme.iter();
        let by_scheme =
            by_scheme.map(|(kind, scheme, service)| ((*kind, *scheme), Law::new(service)));
        let by_modulus = config.service_by_modulus.iter();
        let by_modulus =
            by_modulus.map(|(kind, bits, service)| ((*kind, *bits), Law::new(service)));
        Self {
            by_kind,
            by_scheme: by_scheme.collect(),
            by_modulus: by_modulus.collect(),
            stream,
        }
    }

    /// How long a slice will work on the op of `request`.
    pub(super) fn draw(&mut self, request: &Request) -> Nanos {
        let kind = request.kind;
        let mut law = &self.by_kind[position(kind)];
        if !self.by_scheme.is_empty() {
            let of = (kind, request.scheme);
            let own = self.by_scheme.iter().find(|(own, _)| *own == of);
            law = own.map_or(law, |(_, law)| law);
        }
        if request.modulus_bits > RSA_BITS {
            let law = self.with_longer_key(law, kind, request.modulus_bits);
            return law.draw(request.bytes_in, &mut self.stream);
        }
        law.draw(request.bytes_in, &mut self.stream)
    }

    /// The law of ops of `kind` with a longer key than that which `usual` is for.
    fn with_longer_key(&self, usual: &Law, kind: OpKind, modulus_bits: u32) -> Law {
        let of = (kind, modulus_bits);
        let own = self.by_modulus.iter().find(|(own, _)| *own == of);
        own.map_or_else(
            || usual.times(rsa_work(kind, modulus_bits)),
            |(_, law)| *law,
        )
    }
}

/// The kind's place in [`OpKind::ALL`]: codes count from one.
const fn position(kind: OpKind) -> usize {
    kind.code() as usize - 1
}

impl ServiceTime {
    /// A time drawn by this law, for `bytes` of payload.
    pub fn draw(&self, bytes: u32, stream: &mut Stream) -> Nanos {
        Law::new(self).draw(bytes, stream)
    }
}

/// A service time with everything computed that does not change from op to op.
#[derive(Clone, Copy, Debug)]
struct Law {
    /// The time, where it is always the same.
    fixed_ns: Option<Nanos>,
    base: f64,
    per_byte: f64,
    factor: Factor,
}

impl Law {
    fn new(service: &ServiceTime) -> Self {
        let is_fixed = service.distribution == Distribution::Constant && service.per_byte_ns == 0.0;
        Self {
            fixed_ns: is_fixed.then_some(service.base_ns),
            base: service.base_ns.as_f64(),
            per_byte: service.per_byte_ns,
            factor: Factor::new(service.distribution),
        }
    }

    /// The same with a base so many times as long.
    fn times(&self, work: f64) -> Self {
        let base = self.base * work;
        Self {
            fixed_ns: self.fixed_ns.map(|_| Nanos::from_f64(base)),
            base,
            ..*self
        }
    }

    #[inline]
    fn draw(&self, bytes: u32, stream: &mut Stream) -> Nanos {
        if let Some(fixed_ns) = self.fixed_ns {
            return fixed_ns;
        }
        let mean = self.base + self.per_byte * f64::from(bytes);
        Nanos::from_f64(mean * self.factor.draw(stream))
    }
}

/// What the mean is multiplied by: a random number with mean one, and the law's shape.
#[derive(Clone, Copy, Debug)]
enum Factor {
    Constant,
    Uniform { lowest: f64, width: f64 },
    Normal { deviation: f64 },
    Exponential,
    LogNormal { location: f64, scale: f64 },
}

impl Factor {
    fn new(distribution: Distribution) -> Self {
        match distribution {
            Distribution::Constant => Self::Constant,
            Distribution::Uniform { spread } => Self::Uniform {
                lowest: 1.0 - spread,
                width: 2.0 * spread,
            },
            Distribution::Normal { deviation } => Self::Normal { deviation },
            Distribution::Exponential => Self::Exponential,
            Distribution::LogNormal { deviation } => {
                // A log-normal variable has mean exp(µ + σ²/2) and squared coefficient of
                // variation exp(σ²) - 1.
                let variance = (deviation * deviation).ln_1p();
                Self::LogNormal {
                    location: -variance / 2.0,
                    scale: variance.sqrt(),
                }
            }
        }
    }

    fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Uniform { lowest, width } => lowest + width * stream.random::<f64>(),
            Self::Normal { deviation } => {
                let normal: f64 = stream.sample(StandardNormal);
                (1.0 + deviation * normal).max(0.0)
            }
            Self::Exponential => stream.sample(Exp1),
            Self::LogNormal { location, scale } => {
                let normal: f64 = stream.sample(StandardNormal);
                (location + scale * normal).exp()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyId;
    use crate::random::{Concern, Seed};

    #[test]
    fn every_kind_has_its_place() {
        for (index, kind) in OpKind::ALL.into_iter().enumerate() {
            assert_eq!(position(kind), index);
        }
    }

    #[test]
    fn means_and_deviations_are_those_of_the_law() {
        let cases = [
            (Distribution::Constant, 1.0, 0.0),
            (
                Distribution::Uniform { spread: 0.6 },
                1.0,
                0.6 / 3_f64.sqrt(),
            ),
            (Distribution::Normal { deviation: 0.2 }, 1.0, 0.2),
            // Cut at zero: the mean by the formula on `Distribution::Normal`, the deviation by
            // E[X²] = (1 + d²) Φ(1/d) + d φ(1/d).
            (
                Distribution::Normal { deviation: 1.0 },
                1.083_316,
                0.866_636,
            ),
            (Distribution::Exponential, 1.0, 1.0),
            (Distribution::LogNormal { deviation: 0.7 }, 1.0, 0.7),
        ];
        for (distribution, mean, deviation) in cases {
            let (got_mean, got_deviation) = sample_moments(distribution);
            // The standard error of the mean is the deviation over √n; that of the deviation is
            // a few times as much, for the log-normal's tail.
            let error = deviation / f64::from(SAMPLES).sqrt();
            assert!(
                (got_mean - mean).abs() <= 4.0 * error + 1e-6,
                "{distribution:?}: mean {got_mean}, expected {mean}, seed {SEED}"
            );
            assert!(
                (got_deviation - deviation).abs() <= 12.0 * error + 1e-6,
                "{distribution:?}: deviation {got_deviation}, expected {deviation}, seed {SEED}"
            );
        }
    }

    #[test]
    fn bytes_and_kinds_count() {
        let verify = ServiceTime {
            distribution: Distribution::Constant,
            base_ns: Nanos::new(7),
            per_byte_ns: 0.0,
        };
        let mut service = service(
            ServiceTime {
                distribution: Distribution::Constant,
                base_ns: Nanos::new(100),
                per_byte_ns: 0.25,
            },
            vec![(OpKind::RsaVerify, verify)],
        );
        assert_eq!(
            service.draw(&request(OpKind::RsaSign, Scheme::None, 0)),
            Nanos::new(100)
        );
        assert_eq!(
            service.draw(&request(OpKind::RsaSign, Scheme::None, 1_000)),
            Nanos::new(350)
        );
        assert_eq!(
            service.draw(&request(OpKind::RsaVerify, Scheme::None, 1_000)),
            Nanos::new(7)
        );
    }

    #[test]
    fn a_scheme_has_its_own_time_and_falls_back_on_the_kind() {
        let constant = |ns| ServiceTime::constant(Nanos::new(ns));
        let sign = OpKind::EcdsaSign;
        let config = ClassConfig {
            service_by_op: vec![(sign, constant(20))],
            service_by_scheme: vec![(sign, Scheme::EcdsaP384Sha384, constant(30))],
            ..ClassConfig::new(1, constant(10))
        };
        let mut service = Service::new(&config, SEED.stream(Concern::Service, 0));
        for (kind, scheme, expected) in [
            (sign, Scheme::EcdsaP384Sha384, 30),
            (sign, Scheme::EcdsaP256Sha256, 20),
            (OpKind::EcdsaVerify, Scheme::EcdsaP384Sha384, 10),
        ] {
            assert_eq!(
                service.draw(&request(kind, scheme, 0)),
                Nanos::new(expected)
            );
            assert_eq!(config.service_of(kind, scheme, 0), constant(expected));
        }
    }

    #[test]
    fn a_longer_key_takes_its_own_time_or_the_cube_or_the_square_of_its_length() {
        let per_byte = |ns, per_byte_ns| ServiceTime {
            per_byte_ns,
            ..ServiceTime::constant(Nanos::new(ns))
        };
        let (sign, verify) = (OpKind::RsaSign, OpKind::RsaVerify);
        let config = ClassConfig {
            service_by_op: vec![(verify, per_byte(20, 0.5))],
            service_by_modulus: vec![(sign, 3_072, per_byte(250, 0.0))],
            ..ClassConfig::new(1, per_byte(64, 0.0))
        };
        let mut service = Service::new(&config, SEED.stream(Concern::Service, 0));
        for (kind, modulus_bits, expected) in [
            // What is not known, and what no key has, is 2,048 bits.
            (sign, 0, 64),
            (sign, 1_024, 64),
            (sign, 2_048, 64),
            (sign, 2_560, 125),
            (sign, 3_072, 250),
            (sign, 4_096, 512),
            (verify, 2_048, 20 + 50),
            (verify, 3_072, 45 + 50),
            (verify, 4_096, 80 + 50),
            // Of no other op it is the business.
            (OpKind::EcdsaSign, 4_096, 64),
            (OpKind::Task, 4_096, 64),
        ] {
            let drawn = service.draw(&Request {
                modulus_bits,
                ..request(kind, Scheme::None, 100)
            });
            assert_eq!(drawn, Nanos::new(expected), "{kind} {modulus_bits}");
            let configured = config.service_of(kind, Scheme::None, modulus_bits);
            let mut stream = SEED.stream(Concern::Service, 0);
            assert_eq!(
                configured.draw(100, &mut stream),
                drawn,
                "{kind} {modulus_bits}"
            );
        }
    }

    /// The same random numbers, only longer.
    #[test]
    fn a_longer_key_keeps_the_law_and_its_draws() {
        for (distribution, expected) in PINNED {
            let time = ServiceTime {
                distribution,
                ..ServiceTime::constant(Nanos::from_millis(1))
            };
            let mut service = service(time, Vec::new());
            for usual_ns in expected {
                let longer = Request {
                    modulus_bits: 4_096,
                    ..request(OpKind::RsaSign, Scheme::None, 0)
                };
                let drawn_ns = service.draw(&longer).get();
                assert!(drawn_ns.abs_diff(8 * usual_ns) <= 4, "{distribution:?}");
            }
        }
    }

    #[test]
    fn impossible_figures_saturate() {
        for (base_ns, per_byte_ns, expected) in [
            (Nanos::MAX, 1.0, Nanos::MAX),
            (Nanos::ZERO, f64::INFINITY, Nanos::MAX),
            (Nanos::ZERO, f64::NAN, Nanos::ZERO),
            (Nanos::new(5), -1.0, Nanos::ZERO),
        ] {
            let time = ServiceTime {
                distribution: Distribution::Constant,
                base_ns,
                per_byte_ns,
            };
            assert_eq!(
                service(time, Vec::new()).draw(&request(OpKind::Task, Scheme::None, u32::MAX)),
                expected
            );
        }
    }

    /// A seed means the same service times for ever, not only the same random words.
    #[test]
    fn drawn_times_are_pinned() {
        for (distribution, expected) in PINNED {
            let mut service = service(
                ServiceTime {
                    distribution,
                    base_ns: Nanos::from_millis(1),
                    per_byte_ns: 0.0,
                },
                Vec::new(),
            );
            let got = [(); 3].map(|()| {
                service
                    .draw(&request(OpKind::RsaSign, Scheme::None, 0))
                    .get()
            });
            assert_eq!(got, expected, "{distribution:?}");
        }
    }

    fn request(kind: OpKind, scheme: Scheme, bytes_in: u32) -> Request {
        Request {
            kind,
            scheme,
            modulus_bits: 0,
            key: KeyId::NONE,
            bytes_in,
            bytes_out: 0,
            submitted_ns: Nanos::ZERO,
            token: 0,
        }
    }

    fn sample_moments(distribution: Distribution) -> (f64, f64) {
        let scale = 1e9;
        let time = ServiceTime {
            distribution,
            base_ns: Nanos::from_secs(1),
            per_byte_ns: 0.0,
        };
        let mut service = service(time, Vec::new());
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..SAMPLES {
            let time = service
                .draw(&request(OpKind::RsaSign, Scheme::None, 0))
                .as_f64()
                / scale;
            sum += time;
            squares += time * time;
        }
        let mean = sum / f64::from(SAMPLES);
        let variance = squares / f64::from(SAMPLES) - mean * mean;
        (mean, variance.max(0.0).sqrt())
    }

    fn service(service: ServiceTime, service_by_op: Vec<(OpKind, ServiceTime)>) -> Service {
        let config = ClassConfig {
            service_by_op,
            ..ClassConfig::new(1, service)
        };
        Service::new(&config, SEED.stream(Concern::Service, 0))
    }

    const SEED: Seed = Seed(2026);
    const SAMPLES: u32 = 200_000;
    const PINNED: [(Distribution, [u64; 3]); 5] = [
        (Distribution::Constant, [1_000_000, 1_000_000, 1_000_000]),
        (
            Distribution::Uniform { spread: 0.5 },
            [1_251_604, 773_845, 818_185],
        ),
        (
            Distribution::Normal { deviation: 0.25 },
            [1_174_579, 831_728, 827_771],
        ),
        (Distribution::Exponential, [1_058_278, 433_823, 761_828]),
        (
            Distribution::LogNormal { deviation: 0.5 },
            [1_243_959, 650_818, 645_970],
        ),
    ];
}
