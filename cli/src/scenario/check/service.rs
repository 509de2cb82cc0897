//! Service times: a law, and what it needs.

use pausewake_device::Nanos;
use pausewake_device::model::{Distribution, ServiceTime};

use super::Problems;
use crate::scenario::diagnostic::Problem;
use crate::scenario::file::{Law, ServiceSection};
use crate::scenario::source::Span;
use crate::scenario::spanned::Spanned;
use crate::units::Duration;

/// A service time, or a time of the same form, that stands at `place`.
pub fn service_time(place: Span, service: &ServiceSection, problems: &mut Problems) -> ServiceTime {
    let law = *service.distribution.get_ref();
    let by_percentiles = percentiles(service, problems);
    let spread = share(service, "spread", &service.spread, 1.0, problems);
    let deviation = share(
        service,
        "deviation",
        &service.deviation,
        MAX_DEVIATION,
        problems,
    );
    let base_ns = match (&service.base, by_percentiles) {
        (_, Some((mean, _))) => mean,
        (Some(base), None) => base.get_ref().0,
        (None, None) => {
            if service.p50.is_none() && service.p95.is_none() {
                let wrong = "a service time without a base: nothing says how long it takes";
                problems.add(place, wrong, BASES);
            }
            Nanos::ZERO
        }
    };
    let deviation = by_percentiles.map_or(deviation, |(_, deviation)| deviation);
    ServiceTime {
        distribution: match law {
            Law::Constant => Distribution::Constant,
            Law::Uniform => Distribution::Uniform { spread },
            Law::Normal => Distribution::Normal { deviation },
            Law::Exponential => Distribution::Exponential,
            Law::LogNormal => Distribution::LogNormal { deviation },
        },
        base_ns,
        per_byte_ns: service.per_byte.map_or(0.0, |per_byte| per_byte.0),
    }
}

/// One of the numbers that some laws need, and others do not know.
fn share(
    service: &ServiceSection,
    name: &str,
    value: &Option<Spanned<f64>>,
    most: f64,
    problems: &mut Problems,
) -> f64 {
    let law = *service.distribution.get_ref();
    let law_span = service.distribution.span();
    let wanted = match name {
        "spread" => law == Law::Uniform,
        _ => matches!(law, Law::Normal | Law::LogNormal),
    };
    let has_percentiles = service.p50.is_some() || service.p95.is_some();
    match value {
        Some(value) if !wanted => {
            let wrong = format!("{name} does not belong to this distribution");
            let problem = Problem::at(value.span(), wrong, PARAMETERS);
            problems
                .0
                .push(problem.related(law_span, "the distribution"));
        }
        Some(value) if !(0.0..=most).contains(value.get_ref()) => {
            let wrong = format!("{name} = {} is out of range", value.get_ref());
            let accepted = format!("a share of the mean from 0 to {most}");
            problems.add(value.span(), wrong, accepted);
        }
        None if wanted && !has_percentiles => {
            let wrong = format!("this distribution needs a {name}");
            problems.add(law_span, wrong, PARAMETERS);
        }
        _ => {}
    }
    value.as_ref().map_or(0.0, |value| *value.get_ref())
}

/// Mean and deviation of the log-normal law with these two percentiles, if they are said.
fn percentiles(service: &ServiceSection, problems: &mut Problems) -> Option<(Nanos, f64)> {
    let (p50, p95) = match (&service.p50, &service.p95) {
        (None, None) => return None,
        (Some(p50), Some(p95)) => (p50, p95),
        (Some(one), None) | (None, Some(one)) => {
            let wrong = "one percentile does not make a distribution";
            problems.add(one.span(), wrong, PERCENTILES);
            return None;
        }
    };
    let law = &service.distribution;
    if *law.get_ref() != Law::LogNormal {
        let wrong = "p50 and p95 do not belong to this distribution";
        let problem = Problem::at(p50.span(), wrong, PERCENTILES);
        problems
            .0
            .push(problem.related(law.span(), "the distribution"));
        return None;
    }
    let base = service.base.as_ref().map(Spanned::span);
    let deviation = service.deviation.as_ref().map(Spanned::span);
    if let Some(beside) = base.or(deviation) {
        beside_percentiles(beside, p50, problems);
        return None;
    }
    let (median, high) = (p50.get_ref().0, p95.get_ref().0);
    if median == Nanos::ZERO || high < median || high.as_f64() > MAX_RATIO * median.as_f64() {
        let wrong = format!("no log-normal time has a median of {median} and a p95 of {high}");
        let accepted = format!("a p50 above zero, and a p95 of 1 to {MAX_RATIO} times as much");
        let problem = Problem::at(p95.span(), wrong, accepted);
        problems.0.push(problem.related(p50.span(), "the median"));
        return None;
    }
    Some(log_normal(median, high))
}

fn beside_percentiles(beside: Span, p50: &Spanned<Duration>, problems: &mut Problems) {
    let wrong = "this stands beside p50 and p95, which say all there is to say";
    let accepted = "p50 and p95, or base and deviation (an empty text takes an entry out)";
    let problem = Problem::at(beside, wrong, accepted);
    problems.0.push(problem.related(p50.span(), "the median"));
}

/// The logarithm is normal with mean ln(p50) and standard deviation σ = ln(p95 / p50) / z, where z
/// is the standard normal law's 95th percentile; the mean is p50 exp(σ²/2), and the squared
/// coefficient of variation exp(σ²) - 1.
fn log_normal(p50: Nanos, p95: Nanos) -> (Nanos, f64) {
    let sigma = (p95.as_f64() / p50.as_f64()).ln() / Z95;
    let mean = p50.as_f64() * (sigma * sigma / 2.0).exp();
    (Nanos::from_f64(mean), (sigma * sigma).exp_m1().sqrt())
}

const Z95: f64 = 1.644_853_626_951_472_7;
const MAX_DEVIATION: f64 = 10.0;
/// With more, the deviation would be above [`MAX_DEVIATION`].
const MAX_RATIO: f64 = 34.0;
const PARAMETERS: &str = "constant and exponential take neither spread nor deviation; uniform takes spread (0 to 1); normal and lognormal take deviation";
const PERCENTILES: &str =
    "distribution = \"lognormal\" with both, as p50 = \"200ms\", p95 = \"600ms\"";
const BASES: &str = "base = \"433us\", for example; a lognormal one may have p50 and p95 instead";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_normal_time_has_the_percentiles_that_it_was_made_of() {
        for (p50, p95) in [(200, 600), (5, 5), (1, 34)] {
            let (mean, deviation) = log_normal(Nanos::from_millis(p50), Nanos::from_millis(p95));
            // Back, by the moments.
            let variance = (deviation * deviation).ln_1p();
            let median = mean.as_f64() / (variance / 2.0).exp();
            let high = median * (Z95 * variance.sqrt()).exp();
            for (got, expected) in [(median, p50), (high, p95)] {
                let expected = Nanos::from_millis(expected).as_f64();
                assert!((got / expected - 1.0).abs() < 1e-6, "{got}, not {expected}");
            }
            assert!(deviation <= MAX_DEVIATION, "{deviation}");
        }
    }
}
