//! When jobs arrive in an open loop.

use pausewake_device::Nanos;
use pausewake_device::random::{Concern, Seed, Stream};
use rand_distr::{Distribution, Exp1};

use crate::scenario::Arrival;

/// Points in time, each later than the one before.
pub struct Arrivals {
    start: Nanos,
    /// Time since the start, counted in mean gaps: a sum of nanoseconds would add up its rounding.
    gaps: f64,
    mean_gap_ns: f64,
    arrival: Arrival,
    stream: Stream,
}

impl Arrivals {
    /// `rate_per_s` arrivals a second from `start` on.
    pub fn new(seed: Seed, rate_per_s: f64, arrival: Arrival, start: Nanos) -> Self {
        Self {
            start,
            gaps: 0.0,
            mean_gap_ns: 1e9 / rate_per_s,
            arrival,
            stream: seed.stream(Concern::Arrivals, 0),
        }
    }

    /// The next one.
    pub fn next_at(&mut self) -> Nanos {
        self.gaps += match self.arrival {
            Arrival::Poisson => Exp1.sample(&mut self.stream),
            Arrival::Constant => 1.0,
        };
        self.start + Nanos::from_f64(self.gaps * self.mean_gap_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_arrivals_do_not_drift() {
        let mut arrivals = Arrivals::new(Seed(1), 3.0, Arrival::Constant, Nanos::ZERO);
        let last = (0..3_000_000).map(|_| arrivals.next_at()).last();
        assert_eq!(last, Some(Nanos::from_secs(1_000_000)));
    }

    #[test]
    fn poisson_arrivals_have_their_rate_and_their_seed() {
        let times = |seed| -> Vec<Nanos> {
            let mut arrivals = Arrivals::new(Seed(seed), 1_000.0, Arrival::Poisson, Nanos::ZERO);
            (0..100_000).map(|_| arrivals.next_at()).collect()
        };
        let (one, same, other) = (times(1), times(1), times(2));
        assert_eq!(one, same);
        assert_ne!(one, other);
        let seconds = one[99_999].as_secs_f64();
        // Five standard deviations of the sum of 100,000 exponential gaps of 1 ms.
        assert!((seconds - 100.0).abs() < 5.0 * 0.316, "seed 1: {seconds} s");
    }
}
