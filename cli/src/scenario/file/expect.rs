//! `[expect]`: what must hold.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::condition::Condition;
use crate::scenario::entries::StageConditions;
use crate::scenario::spanned::Spanned;
use crate::units::{Duration, Large, Mean, Rate, Share};

/// `[expect]`: figures of the report and the conditions that they must meet, as `"< 5ms"`, or
/// beside another variant, as `"> 20x software"`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectSection {
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
    /// Mean wait for a slice.
    pub mean_wait: Option<Spanned<Condition<Duration>>>,
    /// Granted to doorbell: the mean, or a table of figures.
    pub prepare: Option<Spanned<StageConditions>>,
    /// Doorbell to fetched: the mean, or a table of figures.
    pub ring: Option<Spanned<StageConditions>>,
    /// Fetched to done: the mean, or a table of figures.
    pub service: Option<Spanned<StageConditions>>,
    /// Done to known: the mean, or a table of figures.
    pub notify: Option<Spanned<StageConditions>>,
    /// Known to returned: the mean, or a table of figures.
    pub resume: Option<Spanned<StageConditions>>,
    /// Waits for room: the mean, or a table of figures.
    pub full_wait: Option<Spanned<StageConditions>>,
    /// Open loop: start, less the intended one: the mean, or a table of figures.
    pub lateness: Option<Spanned<StageConditions>>,
    /// Open loop: latency from the actual start: the mean, or a table of figures.
    pub uncorrected: Option<Spanned<StageConditions>>,
    /// Ops per second.
    pub throughput: Option<Spanned<Condition<Rate>>>,
    /// Ops that returned.
    pub ops: Option<Spanned<Condition<Large>>>,
    /// Ops that the device answered while their calls waited.
    pub device_ops: Option<Spanned<Condition<Large>>>,
    /// Open loop: arrivals that were started late.
    pub late: Option<Spanned<Condition<Large>>>,
    /// Open loop: of them, those for which a job was free.
    pub late_by_generator: Option<Spanned<Condition<Large>>>,
    /// Open loop: of `late`, those for which no job was free.
    pub late_for_a_job: Option<Spanned<Condition<Large>>>,
    /// Open loop: arrivals that were never started.
    pub dropped: Option<Spanned<Condition<Large>>>,
    /// Ops that did not end well.
    pub errors: Option<Spanned<Condition<Large>>>,
    /// Of them, those by the caller's fault.
    pub misuse: Option<Spanned<Condition<Large>>>,
    /// Of them, those by the device's.
    pub device_errors: Option<Spanned<Condition<Large>>>,
    /// Of them, those for want of room.
    pub retries: Option<Spanned<Condition<Large>>>,
    /// Of them, what was found not authentic.
    pub not_authentic: Option<Spanned<Condition<Large>>>,
    /// Ops whose time was up before the device had answered.
    pub timed_out: Option<Spanned<Condition<Large>>>,
    /// Jobs that were started.
    pub jobs: Option<Spanned<Condition<Large>>>,
    /// Jobs that were cancelled.
    pub cancelled: Option<Spanned<Condition<Large>>>,
    /// Jobs at once, at most.
    pub max_jobs: Option<Spanned<Condition<Large>>>,
    /// Ops whose job was woken, by callback or fd.
    pub wakes: Option<Spanned<Condition<Large>>>,
    /// Ops whose job was woken by callback.
    pub wakes_by_callback: Option<Spanned<Condition<Large>>>,
    /// Ops whose job was woken by fd.
    pub wakes_by_fd: Option<Spanned<Condition<Large>>>,
    /// Ops that were waited for in place.
    pub waits_in_place: Option<Spanned<Condition<Large>>>,
    /// Completions that jobs were resumed to see.
    pub looks: Option<Spanned<Condition<Large>>>,
    /// Jobs resumed before their op had completed.
    pub spurious: Option<Spanned<Condition<Large>>>,
    /// Ops that found no room and waited.
    pub full_waits: Option<Spanned<Condition<Large>>>,
    /// Times that the submission ring's tail was published.
    pub doorbells: Option<Spanned<Condition<Large>>>,
    /// Times that this woke a sleeping device.
    pub device_wakes: Option<Spanned<Condition<Large>>>,
    /// Completions that nobody waited for.
    pub orphans: Option<Spanned<Condition<Large>>>,
    /// Ops that their caller left.
    pub abandoned: Option<Spanned<Condition<Large>>>,
    /// Completion signals of the device.
    pub signals: Option<Spanned<Condition<Large>>>,
    /// Of them, those that woke a sleeping host.
    pub host_wakes: Option<Spanned<Condition<Large>>>,
    /// Completions whose signal was held back for others.
    pub coalesced: Option<Spanned<Condition<Large>>>,
    /// Ops computed in software.
    pub software: Option<Spanned<Condition<Large>>>,
    /// Calls in flight, averaged over time.
    pub in_flight: Option<Spanned<Condition<Mean>>>,
    /// Busy time of slices, as a share of the run.
    #[serde(default)]
    pub utilisation: UtilisationSection,
    /// Which results must have been verified.
    pub verified: Option<Spanned<Verified>>,
}

/// Figures of one stage, for `[expect]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageSection {
    /// Mean.
    pub mean: Option<Spanned<Condition<Duration>>>,
    /// Median.
    pub p50: Option<Spanned<Condition<Duration>>>,
    /// 90th percentile.
    pub p90: Option<Spanned<Condition<Duration>>>,
    /// 95th percentile.
    pub p95: Option<Spanned<Condition<Duration>>>,
    /// 99th percentile.
    pub p99: Option<Spanned<Condition<Duration>>>,
    /// 99.9th percentile.
    pub p999: Option<Spanned<Condition<Duration>>>,
    /// Longest.
    pub max: Option<Spanned<Condition<Duration>>>,
}

/// `[expect.utilisation]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UtilisationSection {
    /// Of the slices for public-key ops.
    pub asym: Option<Spanned<Condition<Share>>>,
    /// Of the slices for cipher ops.
    pub sym: Option<Spanned<Condition<Share>>>,
}

/// Which results must have been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verified {
    /// Every one.
    All,
    /// A sample: at least one, and all that were looked at were right.
    Sample,
}
