//! The parts of a report, as JSON shows them. Times are nanoseconds.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::{Comparison, Target};

/// A word that is one of a few where a report is made, and any where one is read.
pub type Name = Cow<'static, str>;

/// What was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioInfo {
    /// The scenario's name.
    pub name: String,
    /// Which of its variants, if it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What it says of itself.
    pub about: Option<String>,
    /// The command that runs it again, if no file does; of runs that were merged those of all, a line
    /// each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Whose time: `wall` or `virtual`.
    pub clock: Name,
    /// Start of all chance.
    pub seed: u64,
    /// What computed the results: `real`, `cached` or `none`.
    pub compute: Name,
    /// Who computed, and whether the caller waited: `async`, `sync` or `software`.
    pub mode: Name,
    /// How jobs were told: `callback`, `fd` or `poll`.
    pub notify: Name,
    /// Who took completions from the ring.
    pub reap: Name,
    /// The load, in words.
    pub load: String,
    /// The profile that the device began with, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Its limits of rate and its batches, in words, if it has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
}

/// Times of all ops. Mean and maximum are exact, percentiles come from a histogram that keeps
/// three significant digits. All are `null` where there was no op.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Times {
    /// Arithmetic mean.
    pub mean_ns: Option<u64>,
    /// Median.
    pub p50_ns: Option<u64>,
    /// 90th percentile.
    pub p90_ns: Option<u64>,
    /// 95th percentile.
    #[serde(default)]
    pub p95_ns: Option<u64>,
    /// 99th percentile.
    pub p99_ns: Option<u64>,
    /// 99.9th percentile.
    pub p999_ns: Option<u64>,
    /// The longest.
    pub max_ns: Option<u64>,
}

/// What ended a run before its time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AbortedFigures {
    /// `signal` or `condition`.
    pub by: Name,
    /// In words.
    pub reason: String,
}

/// How punctual the starts of an open loop were.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OpenLoopFigures {
    /// Ops that were to begin each second; `null` where phases change it.
    #[serde(default)]
    pub offered_per_s: Option<f64>,
    /// Ops that the modelled device and the limits in front of it, or software, let through each second at
    /// most; `null` where the configuration does not say: with phases, with some batches, where software takes
    /// what the device does not, or computes by the wall clock.
    #[serde(default)]
    pub capacity_per_s: Option<f64>,
    /// Whether more arrived than was served: latency grows with the run, and says nothing of a longer one.
    #[serde(default)]
    pub saturated: bool,
    /// Arrivals: `started`, `dropped` and `left_waiting`.
    pub arrivals: u64,
    /// Those that were started.
    pub started: u64,
    /// Of them, those that were started more than `late_after_ns` after their time:
    /// `late_by_generator` and `late_for_a_job`.
    pub late: u64,
    /// Of these, those for which a job was free: whoever made the load was late.
    pub late_by_generator: u64,
    /// Of these, those for which no job was free: the device, or a limit, kept all of them busy.
    pub late_for_a_job: u64,
    /// Arrivals that were never started.
    pub dropped: u64,
    /// Of these, those that whoever made the load had not got to a second after it was over. The others
    /// found no job free and no place in the backlog.
    #[serde(default)]
    pub dropped_by_generator: u64,
    /// Arrivals that waited for a job when something ended the run before its time.
    #[serde(default)]
    pub left_waiting: u64,
    /// How long after its time a start is late.
    pub late_after_ns: u64,
    /// Arrivals that waited for a job at once, at most.
    pub max_backlog: u64,
    /// Start, less the intended one, of those that were started.
    pub lateness: Times,
}

/// What making the load cost.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GeneratorFigures {
    /// Threads that made it.
    pub threads: u32,
    /// CPU time that they took for each op, all that jobs do in them included, and waiting for the
    /// time of the next arrival excluded; `null` without ops.
    pub cpu_per_op_ns: Option<u64>,
    /// The share of their time that this was, from 0 to 1.
    pub busy_share: f64,
}

/// A part of a run with a rate, or a number of jobs, of its own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PhaseFigures {
    /// `hold`, `ramp` or `spike`.
    pub shape: Name,
    /// Arrivals per second, or jobs at once, in the end.
    pub level: f64,
    /// How long it took.
    pub duration_ns: u64,
    /// Calls that were to begin in it and gave a result.
    pub ops: u64,
    /// Of them, each second of it; `null` if the run ended before it.
    pub ops_per_s: Option<f64>,
    /// Their latency.
    pub latency: Times,
}

/// One stage of an op's way, or the wait for room before it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StageFigures {
    /// `full_wait`, `prepare`, `ring`, `service`, `notify`, `resume`.
    pub stage: Name,
    /// How long ops were in it.
    #[serde(flatten)]
    pub times: Times,
}

/// Waits for a slice.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct QueueWait {
    /// Mean of all ops of the device; `null` if there was none.
    pub mean_ns: Option<u64>,
    /// Mean without the run's start, when the queue was empty; under virtual time alone, and if the
    /// run was long enough to tell.
    pub steady_mean_ns: Option<u64>,
    /// The interval around it that contains the true mean with a confidence of 99.9 %.
    pub interval_ns: Option<[u64; 2]>,
    /// What theory predicts, where it does.
    pub theory: Option<Theory>,
}

/// A prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Theory {
    /// The queue in Kendall's notation.
    pub queue: String,
    /// Its mean wait.
    pub mean_ns: u64,
}

/// How busy the slices of a class were.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SliceFigures {
    /// `asym` or `sym`.
    pub class: Name,
    /// How many there are.
    pub slices: u32,
    /// Ops that they served.
    pub ops: u64,
    /// The share of the time that they worked, by the model's clock, from 0 to 1.
    pub utilisation: f64,
    /// What the configuration lets expect, where it does.
    pub predicted: Option<PredictedUtilisation>,
    /// Ops that waited for one of them, averaged over time.
    pub waiting_mean: f64,
    /// The most that waited at once.
    pub waiting_max: u64,
}

/// Ops each second that follow from the configuration alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PredictedThroughput {
    /// What is possible at most: of an open loop what arrives, or as much as can be served; of a closed one
    /// what its jobs do if none ever waits, or what the slowest part can do.
    pub at_most_per_s: f64,
    /// What is below it where host and device take turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_turns_per_s: Option<f64>,
    /// What is left once all calls wait for room, which makes the host's threads work more; of a closed loop in
    /// which all do, that is `at_most_per_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_line_per_s: Option<f64>,
    /// What does not let through more; of an open loop, what would not if more arrived. `null` where nothing
    /// takes any time.
    pub limit: Option<Limit>,
}

/// What decides how many ops there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The number of jobs: each does one op after the other.
    Jobs,
    /// How many ops can be under way at once: slots, rings, `max_in_flight`, or calls that hold their thread.
    Room,
    /// The work of the application's threads.
    Host,
    /// The bandwidth between host and device.
    Link,
    /// The slices.
    Slices,
    /// The rate of a class of slices.
    Rate,
    /// The rate of a key.
    RatePerKey,
}

/// A utilisation that follows from the configuration alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PredictedUtilisation {
    /// From 0 to 1.
    pub utilisation: f64,
    /// Whether that is a bound: a closed loop reaches it if nothing ever waits.
    pub at_most: bool,
    /// What is below it where host and device take turns: in a closed loop without think times, if ops that
    /// are submitted together end together, the host's work takes some time, and there is a slice for each job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_turns: Option<InTurns>,
}

/// A closed loop in which ops are submitted together, and end together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InTurns {
    /// The utilisation of the slices, from 0 to 1.
    pub utilisation: f64,
    /// That of each of the host's threads.
    pub host: f64,
}

/// Little's law: in whatever is steady, the mean number in it is the rate of arrivals times the
/// mean time that each stays.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Little {
    /// `calls`: begun and not ended, the wait for room and software included; `device`: fetched and
    /// not done.
    pub system: Name,
    /// The mean number in it: counted when something came and went, and averaged over the run.
    pub measured: f64,
    /// Ops per second times the mean time in it: of the calls that had a result their latency, of the
    /// device's ops the stage `service`.
    pub expected: f64,
    /// `measured / expected - 1`; `null` where nothing was expected.
    pub difference: Option<f64>,
}

/// Jobs by what became of them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct JobFigures {
    /// Started.
    pub started: u64,
    /// Ran to their end.
    pub finished: u64,
    /// Were cancelled.
    pub cancelled: u64,
    /// Live at once at most.
    pub max_live: u64,
}

/// How jobs were told.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WakeFigures {
    /// By callback.
    pub callback: u64,
    /// By eventfd.
    pub fd: u64,
    /// Not: they waited in place.
    pub in_place: u64,
    /// Completions that jobs were resumed to see, with notification by poll.
    pub by_look: u64,
    /// Resumed before their op had completed.
    pub spurious: u64,
}

/// Submissions.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DoorbellFigures {
    /// Times that the ring's tail was published.
    pub rung: u64,
    /// Times that this woke a sleeping device.
    pub woke_device: u64,
    /// Descriptors published by them.
    pub descriptors: u64,
    /// Ops that found no room, and waited.
    pub full_waits: u64,
    /// How long those waited.
    pub full_wait: Times,
    /// Completions that nobody waited for.
    pub orphans: u64,
    /// Ops that their caller left.
    pub abandoned: u64,
}

/// Completions, and how the host was told of them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SignalFigures {
    /// Completions published.
    pub completions: u64,
    /// Of these, the ones whose signal was held back to go out with that of others.
    pub coalesced: u64,
    /// Signals given.
    pub given: u64,
    /// Of these, the ones that had to write an eventfd, because the host slept.
    pub woke_host: u64,
}

/// Calls that were computed in software, by the reason. What had a result is among the ops of the
/// report, and not among those of the device.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SoftwareFigures {
    /// The scenario says so (`engine.mode`).
    pub by_mode: u64,
    /// Too small for the device.
    pub small: u64,
    /// There was no room.
    pub full: u64,
    /// The device failed them, or did not answer in time.
    pub device_error: u64,
}

impl SoftwareFigures {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_mode.saturating_add(self.exceptions())
    }

    /// Those that were meant for the device.
    pub fn exceptions(&self) -> u64 {
        let device = self.full.saturating_add(self.device_error);
        self.small.saturating_add(device)
    }
}

/// Calls that did not end well, by the family of their error.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorFigures {
    /// All calls that failed.
    pub total: u64,
    /// *Misuse*: the caller's fault.
    pub misuse: u64,
    /// *Device*: the simulated hardware failed, and how.
    pub device: DeviceErrors,
    /// *Retry*: there was no room.
    pub retry: u64,
    /// A signature or tag that did not verify, as the answer of a check that worked.
    pub not_authentic: u64,
    /// Of all, calls that failed before the device had them.
    pub refused_calls: u64,
    /// What the first call that failed said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Completions by their status, those that occurred and were not ok. A call that was tried again
    /// or fell back to software may have ended well all the same.
    pub by_status: Vec<StatusCount>,
    /// Ops whose time was up before the device had answered; the same goes for them.
    pub timed_out: u64,
}

/// Calls that failed because the device did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceErrors {
    /// It said so.
    pub failed: u64,
    /// It was down.
    pub down: u64,
    /// It did not answer in time.
    pub timed_out: u64,
    /// Its completion made no sense.
    pub nonsense: u64,
    /// Its signature did not verify.
    pub wrong_signature: u64,
    /// In another way.
    pub other: u64,
}

/// Ops of one status.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatusCount {
    /// The status.
    pub status: Name,
    /// How many.
    pub count: u64,
}

/// Results that were checked without the device's help.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// Whether there are results to check (`compute = "none"` makes none).
    pub applies: bool,
    /// Results that there were.
    pub results: u64,
    /// Of them, found right.
    pub right: u64,
    /// Of them, found wrong.
    pub wrong: u64,
    /// How they were checked.
    pub how: String,
}

/// Whether the CPU kept up with the model.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ComputeFigures {
    /// Whether the CPU and not the model decided the figures of this run: most ops waited for it,
    /// or a tenth of their time was such waiting.
    pub bound: bool,
    /// Ops whose result the CPU had ready later than the model wanted it.
    pub late_ops: u64,
    /// How late those were.
    #[serde(flatten)]
    pub late: LateFigures,
    /// The share of all ops' time, call to return, that this was.
    pub share_of_latency: f64,
}

/// How much later than modelled completions were published.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LateFigures {
    /// On average.
    pub late_mean_ns: u64,
    /// At worst.
    pub late_max_ns: u64,
}

/// An expectation and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExpectationResult {
    /// The figure's name.
    pub figure: String,
    /// As the scenario wrote it.
    pub condition: String,
    /// Whether it holds; `null` if nobody could look, because what was to hold while the run went on was
    /// never measured.
    pub holds: Option<bool>,
    /// What was measured.
    pub measured: String,
    /// How the condition compares.
    pub comparison: Comparison,
    /// With what: nanoseconds, ops per second, a count or a share; or another variant's figure.
    pub target: Target,
}

impl ExpectationResult {
    /// What the name of a figure begins with that was to hold while the run went on.
    pub const ABORT: &'static str = "abort ";

    /// Whether somebody looked, and it does not hold.
    pub fn fails(&self) -> bool {
        self.holds == Some(false)
    }

    /// Whether it was to hold while the run went on: no report can tell again.
    pub fn is_abort(&self) -> bool {
        self.figure.starts_with(Self::ABORT)
    }
}
