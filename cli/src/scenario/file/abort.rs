//! `[abort]`: what must hold while a run goes on.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::condition::Condition;
use crate::scenario::spanned::Spanned;
use crate::units::{Duration, Large};

/// `[abort]`: figures of the run so far, and the conditions that they must meet; where one does not, the
/// run ends, in order.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbortSection {
    /// When they are first looked at, behind the warm-up; after 1 s if absent. They are looked at once more
    /// when the run is over, however short it was.
    pub after: Option<Spanned<Duration>>,
    /// How often; once a second if absent.
    pub every: Option<Spanned<Duration>>,
    /// Median latency.
    pub p50: Option<Spanned<Condition<Duration>>>,
    /// 90th percentile of latency.
    pub p90: Option<Spanned<Condition<Duration>>>,
    /// 95th percentile of latency.
    pub p95: Option<Spanned<Condition<Duration>>>,
    /// 99th percentile of latency.
    pub p99: Option<Spanned<Condition<Duration>>>,
    /// 99.9th percentile of latency.
    pub p999: Option<Spanned<Condition<Duration>>>,
    /// Longest latency.
    pub max: Option<Spanned<Condition<Duration>>>,
    /// Mean latency.
    pub mean: Option<Spanned<Condition<Duration>>>,
    /// Ops that did not end well.
    pub errors: Option<Spanned<Condition<Large>>>,
    /// Open loop: arrivals that were started late.
    pub late: Option<Spanned<Condition<Large>>>,
    /// Open loop: arrivals that were never started.
    pub dropped: Option<Spanned<Condition<Large>>>,
}
