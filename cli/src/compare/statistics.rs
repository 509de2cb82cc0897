//! Means of few independent runs, and what is known of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mean over runs, and its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half of the interval that contains the true mean with a confidence of 95 %, by Student's t
    /// distribution; `null` of one run, of which none is known.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// Of the values of independent runs; `None` without any, and of what has no mean that is a number.
    pub fn of(values: &[f64]) -> Option<Self> {
        let (first, rest) = values.split_first()?;
        // Of values that are all the same the sum, and so the mean, may differ from them by rounding.
        if first.is_finite() && !rest.is_empty() && rest.iter().all(|it| it == first) {
            return Some(Self {
                mean: *first,
                half_width: Some(0.0),
            });
        }
        let mean = mean(values).filter(|mean| mean.is_finite())?;
        let half_width =
            variance_of_mean(values).map(|variance| student_t(values.len() - 1) * variance.sqrt());
        Some(Self {
            mean,
            half_width: half_width.filter(|half| half.is_finite()),
        })
    }
}

/// The mean; `None` of nothing.
#[expect(clippy::cast_precision_loss, reason = "there are few")]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// How much the mean of `values` would vary; `None` of fewer than two.
#[expect(clippy::cast_precision_loss, reason = "there are few")]
pub fn variance_of_mean(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let n = values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| squares / (n - 1.0) / n)
}

/// Student's t for a confidence of 95 %, two-sided, with at least one degree of freedom: by bisection of
/// the distribution's closed form.
pub fn student_t(degrees_of_freedom: usize) -> f64 {
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        match probability_within(middle, degrees_of_freedom) < CONFIDENCE {
            true => low = middle,
            false => high = middle,
        }
    }
    f64::midpoint(low, high)
}

/// The probability of a value between -t and t (Abramowitz and Stegun 26.7.3 and 26.7.4).
#[expect(clippy::cast_precision_loss, reason = "there are few")]
fn probability_within(t: f64, degrees_of_freedom: usize) -> f64 {
    let angle = (t / (degrees_of_freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let is_odd = !degrees_of_freedom.is_multiple_of(2);
    let mut term = if is_odd { cosine } else { 1.0 };
    let mut power = if is_odd { 1 } else { 0 };
    let mut sum = 0.0;
    while power + 2 <= degrees_of_freedom {
        sum += term;
        term *= cosine * cosine * (power + 1) as f64 / (power + 2) as f64;
        power += 2;
    }
    match is_odd {
        true => (angle + sine * sum) * std::f64::consts::FRAC_2_PI,
        false => sine * sum,
    }
}

const CONFIDENCE: f64 = 0.95;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_t_is_the_tables() {
        for (degrees, table) in [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (10, 2.228),
            (19, 2.093),
            (30, 2.042),
            (120, 1.980),
        ] {
            assert!((student_t(degrees) - table).abs() < 6e-4, "{degrees}");
        }
    }

    #[test]
    fn an_interval_by_hand() {
        // Mean 3, variance 2.5, of the mean 0.5; t is 2.776.
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(estimate.mean, 3.0);
        assert!((estimate.half_width.unwrap() - 2.776_45 * 0.5_f64.sqrt()).abs() < 1e-4);
        assert_eq!(Estimate::of(&[7.0]).unwrap().half_width, None);
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn runs_that_gave_the_same_leave_no_doubt_whatever_their_number() {
        for runs in 2..=99 {
            let same = vec![66_941.117_3; runs];
            let estimate = Estimate::of(&same).unwrap();
            assert_eq!((estimate.mean, estimate.half_width), (same[0], Some(0.0)));
        }
    }

    proptest::proptest! {
        /// Whatever runs came to, no table shows what is no number.
        #[test]
        fn what_is_estimated_is_a_number(values in proptest::collection::vec(proptest::num::f64::ANY, 0..6)) {
            if let Some(Estimate { mean, half_width }) = Estimate::of(&values) {
                proptest::prop_assert!(mean.is_finite(), "{values:?}");
                proptest::prop_assert!(half_width.is_none_or(f64::is_finite), "{values:?}");
            }
        }
    }
}
