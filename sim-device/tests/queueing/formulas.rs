//! Queueing theory's closed formulas. Times are in units of the mean service time 1/µ = 1, unless
//! a mean is given; `load` is the offered load a = λ/µ in Erlang.
//!
//! Sources: L. Kleinrock, Queueing Systems, vol. 1 (1975), chapters 3 and 5.

/// Probability that an arrival finds all `servers` busy and is lost (Erlang B, M/M/c/c; holds for
/// any law of service with the same mean).
pub(crate) fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| {
        load * blocked / (f64::from(n) + load * blocked)
    })
}

/// Probability that an arrival has to wait (Erlang C, M/M/c).
pub(crate) fn erlang_c(servers: u32, load: f64) -> f64 {
    let blocked = erlang_b(servers, load);
    let utilisation = load / f64::from(servers);
    blocked / (1.0 - utilisation * (1.0 - blocked))
}

/// Mean wait in M/M/c.
pub(crate) fn wait_mmc(servers: u32, load: f64) -> f64 {
    erlang_c(servers, load) / (f64::from(servers) - load)
}

/// Mean wait in M/D/1.
pub(crate) fn wait_md1(load: f64) -> f64 {
    load / (2.0 * (1.0 - load))
}

/// First and second moment of a service time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    pub(crate) first: f64,
    pub(crate) second: f64,
}

impl Moments {
    /// Of a law with this mean and coefficient of variation.
    pub(crate) fn of(mean: f64, variation: f64) -> Self {
        Self {
            first: mean,
            second: mean * mean * (1.0 + variation * variation),
        }
    }

    /// Of `max(0, X)` for X normal with mean 1 and this standard deviation.
    pub(crate) fn of_cut_normal(deviation: f64) -> Self {
        let edge = 1.0 / deviation;
        let (above, tail) = (normal_cdf(edge), deviation * normal_density(edge));
        Self {
            first: above + tail,
            second: (1.0 + deviation * deviation) * above + tail,
        }
    }

    /// Of a mixture: each part with its probability.
    pub(crate) fn mixed(parts: &[(f64, Self)]) -> Self {
        let total = |of: fn(&Self) -> f64| parts.iter().map(|(p, part)| p * of(part)).sum();
        Self {
            first: total(|part| part.first),
            second: total(|part| part.second),
        }
    }
}

/// Mean wait in M/G/1 at `rate` arrivals per unit of time (Pollaczek and Khinchine).
pub(crate) fn wait_mg1(rate: f64, service: Moments) -> f64 {
    rate * service.second / (2.0 * (1.0 - rate * service.first))
}

fn normal_density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// By Simpson's rule from 0, with an error far below what any test here can see.
fn normal_cdf(x: f64) -> f64 {
    const STEPS: u32 = 1_000;
    let step = x / f64::from(STEPS);
    let sum: f64 = (0..=STEPS)
        .map(|i| {
            let weight = match i {
                0 | STEPS => 1.0,
                i if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * normal_density(f64::from(i) * step)
        })
        .sum();
    0.5 + sum * step / 3.0
}
