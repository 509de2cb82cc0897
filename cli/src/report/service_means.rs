//! Service times on average, by their laws.

use pausewake_device::model::{ClassConfig, Distribution, ServiceTime};
use pausewake_device::protocol::OpKind;

/// The service time of ops of `kind`.
pub fn service_of(class: &ClassConfig, kind: OpKind) -> ServiceTime {
    class
        .service_by_op
        .iter()
        .find(|(op, _)| *op == kind)
        .map_or(class.service, |(_, service)| *service)
}

/// The mean of a service time. A normal law that is cut off at zero has a higher one than it says.
pub fn mean_ns(service: ServiceTime, bytes: f64) -> f64 {
    let mean_ns = service.base_ns.as_f64() + service.per_byte_ns * bytes;
    match service.distribution {
        Distribution::Normal { deviation } if deviation > 0.0 => mean_ns * cut_off(deviation),
        _ => mean_ns,
    }
}

/// By how much the cut raises the mean: Φ(1/d) + d φ(1/d).
fn cut_off(deviation: f64) -> f64 {
    let x = 1.0 / deviation;
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    1.0 - upper_tail(x, density) + deviation * density
}

/// 1 − Φ(x) for x above 0, to 7.5e-8 (Abramowitz and Stegun 26.2.17).
fn upper_tail(x: f64, density: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let coefficients = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ];
    let sum = coefficients
        .iter()
        .fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    density * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of [`Distribution::Normal`].
    #[test]
    fn the_cut_of_a_normal_law_raises_its_mean() {
        for (deviation, by) in [
            (0.2, 1e-7),
            (0.33, 0.000_113),
            (0.5, 0.004_2),
            (1.0, 0.083_3),
        ] {
            let raised = cut_off(deviation) - 1.0;
            assert!(
                (raised - by).abs() < 0.05 * by + 1e-7,
                "{deviation}: {raised}"
            );
        }
    }
}
