//! A confidence interval for the mean of a correlated series: the method of batch means.
//!
//! Waits of successive ops depend on each other (a long queue is long for everyone in it), so the
//! usual interval would be far too narrow. Means of long batches are nearly independent and nearly
//! normal; Student's t over them gives an honest interval (Law and Kelton, *Simulation Modeling and
//! Analysis*, on output analysis of a single long run).

/// Batches of a series of unknown length, in bounded memory: when all are full, neighbours are
/// joined, and from then on each takes twice as many values.
#[derive(Debug)]
pub struct BatchMeans {
    /// Sums of full batches.
    sums: Vec<f64>,
    batch_len: u64,
    open_sum: f64,
    open_len: u64,
    total: f64,
    count: u64,
}

/// A mean and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean of all values.
    pub mean: f64,
    /// What is known of the steady state, if there were enough values.
    pub steady: Option<Steady>,
}

/// The mean in the steady state: of all values but those of the start, when the queue was empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steady {
    /// The centre of the interval.
    pub mean: f64,
    /// The lower end of the interval that contains the true mean with a confidence of 99.9 %.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl BatchMeans {
    /// No values yet.
    pub fn new() -> Self {
        Self {
            sums: Vec::with_capacity(MAX_BATCHES),
            batch_len: 1,
            open_sum: 0.0,
            open_len: 0,
            total: 0.0,
            count: 0,
        }
    }

    /// Adds a value.
    pub fn record(&mut self, value: f64) {
        self.total += value;
        self.count += 1;
        self.open_sum += value;
        self.open_len += 1;
        if self.open_len < self.batch_len {
            return;
        }
        self.sums.push(self.open_sum);
        self.open_sum = 0.0;
        self.open_len = 0;
        if self.sums.len() == MAX_BATCHES {
            self.sums = self.sums.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.batch_len *= 2;
        }
    }

    /// Adds the values of another series. Of two series beside each other no interval is known, so
    /// the mean is all that is left.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.count += other.count;
        self.sums.clear();
        self.batch_len = u64::MAX;
    }

    /// The mean and its interval. The first batch is left out of the steady state: the run
    /// began with an empty queue.
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    pub fn estimate(&self) -> Estimate {
        let mean = self.total / (self.count.max(1) as f64);
        let batches = self.sums.get(1..).unwrap_or_default();
        if batches.len() < MIN_BATCHES || self.batch_len < MIN_BATCH_LEN {
            return Estimate { mean, steady: None };
        }
        let means: Vec<f64> = batches.iter().map(|s| s / self.batch_len as f64).collect();
        let n = means.len() as f64;
        let centre = means.iter().sum::<f64>() / n;
        let variance = means.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / (n - 1.0);
        let half = student_t(n - 1.0) * (variance / n).sqrt();
        Estimate {
            mean,
            steady: Some(Steady {
                mean: centre,
                low: centre - half,
                high: centre + half,
            }),
        }
    }
}

/// Student's t for a confidence of 99.9 %, two-sided: Cornish and Fisher's expansion around the normal
/// quantile (Abramowitz and Stegun 26.7.5); good to four digits from 30 degrees of freedom on.
fn student_t(degrees_of_freedom: f64) -> f64 {
    let z = NORMAL_QUANTILE;
    let n = degrees_of_freedom;
    let g1 = (z.powi(3) + z) / 4.0;
    let g2 = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let g3 = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + g1 / n + g2 / n.powi(2) + g3 / n.powi(3)
}

/// The normal distribution's 99.95th percentile.
const NORMAL_QUANTILE: f64 = 3.290_526_731_491_926;
const MAX_BATCHES: usize = 64;
/// Joining halves [`MAX_BATCHES`], and the first is left out.
const MIN_BATCHES: usize = MAX_BATCHES / 2 - 1;
/// Shorter batches are not independent; no interval is better than a wrong one.
const MIN_BATCH_LEN: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use pausewake_device::random::Stream;
    use rand::{Rng, RngExt, SeedableRng};

    fn uniform(stream: &mut impl Rng) -> f64 {
        stream.random_range(0.0..1.0)
    }

    #[test]
    fn students_t_is_the_tables() {
        for (degrees, table) in [(30.0, 3.6460), (40.0, 3.5510), (60.0, 3.4602)] {
            assert!((student_t(degrees) - table).abs() < 2e-4, "{degrees}");
        }
    }

    #[test]
    fn few_values_give_no_interval() {
        let mut batches = BatchMeans::new();
        for _ in 0..1_000 {
            batches.record(2.0);
        }
        let estimate = batches.estimate();
        assert_eq!(estimate.mean, 2.0);
        assert_eq!(estimate.steady, None);
    }

    /// An autoregressive series, whose neighbours are as alike as those of a busy queue.
    #[test]
    fn the_interval_contains_the_mean_of_a_correlated_series() {
        let seed = 20_261_120;
        let mut stream = Stream::seed_from_u64(seed);
        let mut missed = 0;
        for _ in 0..50 {
            let mut batches = BatchMeans::new();
            let mut value = 10.0;
            for _ in 0..60_000 {
                value = 0.95 * value + uniform(&mut stream);
                batches.record(value);
            }
            let steady = batches.estimate().steady.expect("60,000 values suffice");
            missed += u32::from(!(steady.low..=steady.high).contains(&10.0));
            assert!(steady.low <= steady.mean && steady.mean <= steady.high);
            assert!(
                steady.high - steady.low < 1.0,
                "seed {seed}: the interval is useless"
            );
        }
        assert!(missed <= 2, "seed {seed}: {missed} of 50 missed at 99.9 %");
    }
}
