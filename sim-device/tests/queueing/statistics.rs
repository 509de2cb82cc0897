//! Confidence intervals by batch means.
//!
//! Waiting times of one run are correlated, so their own variance says little about their mean. The
//! means of long consecutive batches are nearly independent and nearly normal, and Student's t
//! applies to them (Law and Kelton, Simulation Modeling and Analysis, chapter 9).

use std::fmt;

/// Batches of a run.
pub(crate) const BATCHES: usize = 30;

/// Student's t for 29 degrees of freedom, 99.9 % two-sided.
const STUDENT_T: f64 = 3.659;

/// A mean, and how far the true one may be from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    pub(crate) mean: f64,
    pub(crate) half_width: f64,
}

impl Interval {
    /// The 99.9 % interval around the mean of the batches.
    pub(crate) fn of(batches: &[f64; BATCHES]) -> Self {
        let count = BATCHES as f64;
        let mean = batches.iter().sum::<f64>() / count;
        let squares: f64 = batches.iter().map(|batch| (batch - mean).powi(2)).sum();
        let standard_error = (squares / (count - 1.0) / count).sqrt();
        Self {
            mean,
            half_width: STUDENT_T * standard_error,
        }
    }

    pub(crate) fn contains(&self, value: f64) -> bool {
        (value - self.mean).abs() <= self.half_width
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.5} ± {:.5}", self.mean, self.half_width)
    }
}
