//! What queueing theory says of a run's mean wait, where it says something exact.

use pausewake_device::model::{Distribution, ModelConfig};
use pausewake_device::protocol::OpKind;

use super::service_means::service_of;

/// A predicted mean wait for a slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The queue's name in Kendall's notation.
    pub queue: String,
    /// Mean wait, ns.
    pub mean_wait_ns: f64,
}

/// The mean wait of ops of `kind` that arrive as a Poisson stream of `rate_per_s`, if theory knows it
/// for this device: one class, no limits that bind, service that does not depend on the payload.
///
/// Pollaczek and Khinchine's formula for one slice, Erlang's C for several exponential ones.
pub fn mean_wait(model: &ModelConfig, kind: OpKind, rate_per_s: f64) -> Option<Prediction> {
    let class = model.class(kind.class());
    let service = service_of(class, kind);
    let has_gate = class.rate.is_some() || class.rate_per_key.is_some() || class.batch.is_some();
    let unbounded =
        class.queue_depth.is_none() && model.link.bandwidth_bytes_per_s.is_none() && !has_gate;
    if !unbounded || service.per_byte_ns != 0.0 {
        return None;
    }
    let mean_ns = service.base_ns.as_f64();
    let load = rate_per_s * mean_ns / 1e9;
    let servers = f64::from(class.slices);
    if load >= servers {
        return None;
    }
    let (law, variation) = variation_of(service.distribution)?;
    let wait_ns = if class.slices == 1 {
        load * mean_ns * (1.0 + variation) / (2.0 * (1.0 - load))
    } else if service.distribution == Distribution::Exponential {
        erlang_c(class.slices, load) * mean_ns / (servers - load)
    } else {
        return None;
    };
    Some(Prediction {
        queue: format!("M/{law}/{}", class.slices),
        mean_wait_ns: wait_ns,
    })
}

/// Kendall's letter, and the squared coefficient of variation. Of a normal law that is cut off at
/// zero the latter is not the configured one, so theory is silent.
fn variation_of(distribution: Distribution) -> Option<(&'static str, f64)> {
    match distribution {
        Distribution::Constant => Some(("D", 0.0)),
        Distribution::Exponential => Some(("M", 1.0)),
        Distribution::Uniform { spread } => Some(("G", spread * spread / 3.0)),
        Distribution::LogNormal { deviation } => Some(("G", deviation * deviation)),
        Distribution::Normal { .. } => None,
    }
}

/// The probability that an arrival has to wait: from Erlang's B by its recursion.
fn erlang_c(servers: u32, load: f64) -> f64 {
    let blocking = (1..=servers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b));
    let servers = f64::from(servers);
    blocking / (1.0 - load / servers * (1.0 - blocking))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pausewake_device::Nanos;
    use pausewake_device::model::{ClassConfig, LinkConfig, ServiceTime};

    fn model(slices: u32, distribution: Distribution) -> ModelConfig {
        let service = ServiceTime {
            distribution,
            base_ns: Nanos::new(1_000_000),
            per_byte_ns: 0.0,
        };
        let class = ClassConfig::new(slices, service);
        ModelConfig {
            asymmetric: class.clone(),
            symmetric: class,
            link: LinkConfig::default(),
            in_flight_limit: 4_096,
        }
    }

    /// Values of textbooks, service mean 1.
    #[test]
    fn predictions_are_the_textbooks() {
        for (slices, utilisation, distribution, wait) in [
            (1, 0.8, Distribution::Exponential, 4.0),
            (4, 0.8, Distribution::Exponential, 0.745_54),
            (8, 0.9, Distribution::Exponential, 0.876_92),
            (1, 0.5, Distribution::Constant, 0.5),
            (1, 0.8, Distribution::Constant, 2.0),
            (1, 0.9, Distribution::Constant, 4.5),
        ] {
            let rate = 1_000.0 * f64::from(slices) * utilisation;
            let model = model(slices, distribution);
            let predicted = mean_wait(&model, OpKind::RsaSign, rate).unwrap();
            let error = (predicted.mean_wait_ns / 1e6 - wait).abs();
            assert!(
                error < 1e-5 * wait.max(1.0),
                "{} is off by {error}",
                predicted.queue
            );
        }
    }

    #[test]
    fn theory_is_silent_where_it_knows_nothing() {
        let overloaded = mean_wait(
            &model(1, Distribution::Exponential),
            OpKind::RsaSign,
            1_000.0,
        );
        assert_eq!(overloaded, None);
        let general = mean_wait(&model(2, Distribution::Constant), OpKind::RsaSign, 100.0);
        assert_eq!(general, None);
        let mut bounded = model(1, Distribution::Exponential);
        bounded.asymmetric.queue_depth = Some(4);
        assert_eq!(mean_wait(&bounded, OpKind::RsaSign, 100.0), None);
    }
}
