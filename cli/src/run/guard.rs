//! What must hold while a run goes on, held against what all its threads have measured so far.

use pausewake_device::Nanos;

use crate::report::{ExpectationResult, Series};
use crate::scenario::{Expectation, Metric, Scenario, Statistic, Target};

/// The conditions of a run.
#[derive(Debug)]
pub struct Guard {
    conditions: Vec<Expectation>,
    /// What each thread told last.
    told: Vec<Interim>,
    results: Vec<ExpectationResult>,
}

/// The figures of one thread so far.
#[derive(Debug)]
pub struct Interim {
    /// As the report will show it.
    pub latency: Series,
    /// Calls that failed.
    pub errors: u64,
    /// Arrivals that were started late.
    pub late: u64,
    /// Arrivals that were never started.
    pub dropped: u64,
}

impl Interim {
    fn nothing() -> Self {
        Self {
            latency: Series::new(),
            errors: 0,
            late: 0,
            dropped: 0,
        }
    }

    /// The figure of `metric`, if there is one yet, and its words.
    fn figure(&self, metric: Metric) -> Option<(f64, String)> {
        let count = match metric {
            Metric::Latency(statistic) => {
                let time = self.latency_of(statistic)?;
                return Some((time.as_f64(), time.to_string()));
            }
            Metric::Count("errors") => self.errors,
            Metric::Count("late") => self.late,
            Metric::Count("dropped") => self.dropped,
            _ => return None,
        };
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let value = count as f64;
        Some((value, count.to_string()))
    }

    fn latency_of(&self, statistic: Statistic) -> Option<Nanos> {
        let latency = &self.latency;
        (latency.count() > 0).then(|| match statistic {
            Statistic::Mean => latency.mean(),
            Statistic::P50 => latency.quantile(0.5),
            Statistic::P90 => latency.quantile(0.9),
            Statistic::P99 => latency.quantile(0.99),
            Statistic::P95 => latency.quantile(0.95),
            Statistic::P999 => latency.quantile(0.999),
            Statistic::Max => latency.max(),
        })
    }
}

impl Guard {
    /// That of `scenario`, which may have no conditions.
    pub fn new(scenario: &Scenario) -> Self {
        let abort = scenario.abort.as_ref();
        let conditions = abort.map_or(Vec::new(), |abort| abort.conditions.clone());
        let result = |condition: &Expectation| ExpectationResult {
            figure: format!("{}{}", ExpectationResult::ABORT, condition.metric.name()),
            condition: condition.text.clone(),
            holds: None,
            measured: "nothing was measured".to_owned(),
            comparison: condition.comparison,
            target: condition.target.clone(),
        };
        Self {
            told: (0..scenario.load.threads)
                .map(|_| Interim::nothing())
                .collect(),
            results: conditions.iter().map(result).collect(),
            conditions,
        }
    }

    /// Thread number `thread` has measured `interim` so far.
    pub fn tell(&mut self, thread: u32, interim: Interim) {
        if let Some(told) = self.told.get_mut(thread as usize) {
            *told = interim;
        }
    }

    /// Holds what was told against the conditions, `elapsed` after the run's start; says what does not
    /// hold, if so.
    pub fn judge(&mut self, elapsed: Nanos) -> Option<String> {
        let mut all = Interim::nothing();
        for told in &self.told {
            all.latency.merge(&told.latency);
            all.errors += told.errors;
            all.late += told.late;
            all.dropped += told.dropped;
        }
        self.look(&all, &format!("after {elapsed}"))
    }

    /// Holds `all`, of which no more will come, against the conditions: a run may be over before it is
    /// first looked at, and what came after the last look counts, too.
    pub fn judge_end(&mut self, all: &Interim) {
        self.look(all, "at the end");
    }

    /// What does not hold, if so. What has no figure yet stays as it was.
    fn look(&mut self, all: &Interim, when: &str) -> Option<String> {
        let mut broken = None;
        for (condition, result) in self.conditions.iter().zip(&mut self.results) {
            let (Some((value, words)), Target::Value(bound)) =
                (all.figure(condition.metric), &condition.target)
            else {
                continue;
            };
            result.holds = Some(condition.comparison.holds(value, *bound));
            result.measured = format!("{words} {when}");
            if result.fails() {
                let (name, text) = (condition.metric.name(), &condition.text);
                broken.get_or_insert(format!("{name} {text} did not hold: {}", result.measured));
            }
        }
        broken
    }

    /// What became of the conditions.
    pub fn into_results(self) -> Vec<ExpectationResult> {
        self.results
    }
}
