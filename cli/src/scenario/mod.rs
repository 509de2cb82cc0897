//! Scenarios: what is run, on what device, and what must hold in the end.
//!
//! [`read`] takes a TOML file and the command line's `--set`s and gives [`Variant`]s: [`Scenario`]s in
//! which nothing is left to check: `file` says how it is written, `check` what may go together, and
//! `diagnostic` shows the user what is wrong, where, and what is accepted.

mod check;
mod condition;
pub mod defaults;
mod diagnostic;
mod entries;
pub mod figures;
mod file;
mod flag;
mod names;
mod overrides;
mod print;
mod profiles;
pub mod schema;
mod shape;
mod source;
mod spanned;
mod variants;
mod work;
mod written;

pub use check::op_with;
pub use condition::Comparison;
pub use diagnostic::Rejected;
pub use entries::Verify;
pub use file::ShapeName as Shape;
pub use file::{Cipher, Clock, Compute, Mode, Op, Wait};
pub use flag::Flag;
pub use work::{MixItem, SigningKey, Work};
pub use written::Entries;

use std::path::Path;
use std::sync::Arc;

use pausewake_device::Nanos;
use pausewake_device::model::{CoalesceConfig, ModelConfig, ServiceTime};
use pausewake_device::protocol::Class;
use pausewake_device::random::Seed;
use pausewake_engine::EngineConfig;
use pausewake_engine::events::Stage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::de::{DeTable, Deserializer};

use diagnostic::Problem;
use source::{OriginKind, Sources};

use crate::input;

/// A scenario among its variants.
#[derive(Debug)]
pub struct Variant {
    /// Its name; `None` if the file has no variants, and this is the only one.
    pub name: Option<String>,
    /// What is run.
    pub scenario: Scenario,
    /// What is written of it.
    pub entries: Entries,
}

/// A scenario that can be run.
#[derive(Debug)]
pub struct Scenario {
    /// The file's name without its extension.
    pub name: String,
    /// One line for humans.
    pub about: Option<String>,
    /// What was typed to run it, if that is all there is of it.
    pub command: Option<String>,
    /// Whose time it runs in.
    pub clock: Clock,
    /// Start of all chance.
    pub seed: Seed,
    /// The accelerator.
    pub device: Device,
    /// Who computes, and whether the caller waits.
    pub mode: Mode,
    /// How jobs are told, who reaps, and what happens when something is in the way.
    pub engine: EngineConfig,
    /// What is to be done.
    pub load: Load,
    /// What must hold while the run goes on.
    pub abort: Option<Abort>,
    /// What must hold in the end.
    pub expectations: Vec<Expectation>,
}

/// What must hold while a run goes on.
#[derive(Debug)]
pub struct Abort {
    /// When it is first looked at, behind the warm-up.
    pub after: Nanos,
    /// How often; above zero.
    pub every: Nanos,
    /// What must hold, of the run so far; values alone.
    pub conditions: Vec<Expectation>,
}

/// The accelerator.
#[derive(Debug)]
pub struct Device {
    /// The profile that it began with, if any.
    pub profile: Option<String>,
    /// When things happen in it.
    pub model: ModelConfig,
    /// When it signals completions.
    pub coalesce: CoalesceConfig,
    /// What computes the results.
    pub compute: Compute,
    /// Threads that compute, under the wall clock.
    pub workers: u32,
    /// How its thread waits, under the wall clock.
    pub wait: Wait,
    /// Entries of the submission ring.
    pub ring_depth: u32,
    /// Entries of the completion ring.
    pub completion_depth: u32,
    /// Payload slots.
    pub slots: u32,
    /// Bytes of a slot.
    pub slot_size: u32,
}

/// What is to be done.
#[derive(Debug)]
pub struct Load {
    /// When jobs start.
    pub pacing: Pacing,
    /// How long the load goes on before figures are taken.
    pub warmup: Nanos,
    /// Times with another rate or number of jobs, behind the warm-up.
    pub phases: Vec<Phase>,
    /// What messages are cut from; random if there is none.
    pub payload: Option<Arc<[u8]>>,
    /// When it is enough.
    pub limit: Limit,
    /// What is done, at least one; which comes next is drawn by their weights.
    pub mix: Vec<MixItem>,
    /// Threads, or timelines, among which jobs and ops are divided.
    pub threads: u32,
    /// How long a job thinks after what it has done.
    pub think: Option<ServiceTime>,
    /// How often a job does something before it ends.
    pub ops_per_job: u32,
    /// Which results are verified, if there are any.
    pub verify: Verify,
}

/// When jobs start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// Closed loop: a job starts when another has finished.
    Closed {
        /// Jobs at once.
        jobs: u32,
    },
    /// Open loop: jobs start at times of their own.
    Open {
        /// Arrivals per second.
        rate_per_s: f64,
        /// How they are spaced.
        arrival: Arrival,
        /// Jobs at once at most.
        max_jobs: u32,
        /// Arrivals that may wait for one of them.
        max_backlog: u32,
        /// How long after its time an op may be started without being late.
        late_after: Nanos,
    },
}

/// How arrivals are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Exponential gaps.
    Poisson,
    /// Equal gaps.
    Constant,
    /// So many at the same time, and equal gaps between them.
    Burst(u32),
}

/// A time with another rate, or number of jobs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// How it comes to its level.
    pub shape: Shape,
    /// How long it takes; above zero.
    pub duration: Nanos,
    /// Arrivals per second or jobs at once, in the end.
    pub level: f64,
}

impl Pacing {
    /// Jobs at once, at most.
    pub fn jobs(self) -> u32 {
        match self {
            Self::Closed { jobs } => jobs,
            Self::Open { max_jobs, .. } => max_jobs,
        }
    }
}

impl Load {
    /// Jobs at once, at most, in all phases.
    pub fn most_jobs(&self) -> u32 {
        match self.pacing {
            Pacing::Closed { jobs } => {
                let levels = self.phases.iter().map(|phase| phase.level);
                let most = levels.fold(f64::from(jobs), f64::max);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "levels of jobs are counts"
                )]
                let most = most as u32;
                most
            }
            Pacing::Open { max_jobs, .. } => max_jobs,
        }
    }
}

/// When it is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After that many ops.
    Ops(u64),
    /// When that time is over.
    Duration(Nanos),
    /// When the file was gone through that often.
    Passes(u32),
}

/// What must hold in the end.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Of which figure.
    pub metric: Metric,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub target: Target,
    /// As the scenario wrote it.
    pub text: String,
}

/// What a figure is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Nanoseconds, ops per second, a count, or a share.
    Value(f64),
    /// So many times the same figure of another variant, which exists.
    Variant {
        /// How many times.
        factor: f64,
        /// The other variant's name.
        name: String,
    },
}

/// A figure of the report that expectations can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Latency, ns.
    Latency(Statistic),
    /// Latency from the actual start, ns.
    Uncorrected(Statistic),
    /// Start, less the intended one, ns.
    Lateness(Statistic),
    /// Time in a stage, ns.
    Stage(Span, Statistic),
    /// Mean wait for a slice, ns.
    MeanWait,
    /// Ops per second.
    Throughput,
    /// The count of this name.
    Count(&'static str),
    /// Calls in flight, averaged over time.
    InFlight,
    /// Busy time of a class's slices, as a share of the run.
    Utilisation(Class),
    /// Results that were verified.
    Verified,
}

/// What is told of many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Mean.
    Mean,
    /// Median.
    P50,
    /// 90th percentile.
    P90,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
    /// 99.9th percentile.
    P999,
    /// Longest.
    Max,
}

/// A part of an op's latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// One of the five stages.
    Stage(Stage),
    /// The wait for room before them.
    FullWait,
}

/// Reads the scenario at `path`, with `flags` put over it, and over these `overrides` of the form
/// `path=value` in order. Gives its variants in the order of the file, or one without a name; there is
/// always one.
///
/// # Errors
/// Everything that is wrong with it, as far as it can be told at once.
pub fn read(
    path: &Path,
    flags: &[Flag],
    overrides: &[String],
) -> Result<Vec<Variant>, Box<Rejected>> {
    let mut sources = Sources::default();
    let shown = path.display().to_string();
    let bytes = match input::read(path, input::MAX_SCENARIO_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => {
            let problem = Problem {
                span: None,
                wrong: format!("cannot read the scenario {shown}: {error}"),
                accepted: Some("the path of a scenario file (TOML)".to_owned()),
                related: Vec::new(),
                variants: Vec::new(),
            };
            return Err(Box::new(Rejected::new(sources, vec![problem])));
        }
    };
    // A mark of the byte order is no text, and would move the columns of the first line.
    let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => text.to_vec(),
        None => bytes,
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[at];
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            sources.push(OriginKind::File(shown), text);
            let wrong = format!("the scenario is no UTF-8: byte 0x{byte:02x}");
            let accepted = "TOML, which is UTF-8 text";
            let place = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
            let problem = Problem::at(place, wrong, accepted);
            return Err(Box::new(Rejected::new(sources, vec![problem])));
        }
    };
    sources.push(OriginKind::File(shown), text.clone());
    let result = parse(&text, flags, overrides, &mut sources)
        .and_then(|files| check_all(files, path, &sources));
    result.map_err(|problems| Box::new(Rejected::new(sources, problems)))
}

/// The scenario `name` that is made of `defaults`, which are TOML, with `flags` put over them, and
/// `overrides` over these; as [`read`] gives it.
///
/// # Errors
/// Everything that is wrong with it, shown at the flags.
pub fn of_flags(
    name: &str,
    defaults: &str,
    flags: &[Flag],
    overrides: &[String],
) -> Result<Vec<Variant>, Box<Rejected>> {
    let mut sources = Sources::default();
    sources.push(OriginKind::Defaults, defaults.to_owned());
    let result = parse(defaults, flags, overrides, &mut sources)
        .and_then(|files| check_all(files, Path::new(name), &sources));
    result.map_err(|problems| Box::new(Rejected::new(sources, problems)))
}

/// The same as TOML. What is wrong with its values is not looked at.
///
/// # Errors
/// What is wrong with the paths of flags and overrides.
pub fn table_of_flags(
    defaults: &str,
    flags: &[Flag],
    overrides: &[String],
) -> Result<String, Box<Rejected>> {
    let mut sources = Sources::default();
    sources.push(OriginKind::Defaults, defaults.to_owned());
    let overlaid = overlaid(defaults, flags, overrides, &mut sources);
    match overlaid {
        Ok((_, variants)) => Ok(variants
            .iter()
            .map(|variant| print::table(&variant.table))
            .collect()),
        Err(problems) => Err(Box::new(Rejected::new(sources, problems))),
    }
}

/// A variant's name, and what the file says of it, twice: to be checked, and to be kept.
type Written = (Option<String>, (file::File, Entries));

fn parse(
    text: &str,
    flags: &[Flag],
    overrides: &[String],
    sources: &mut Sources,
) -> Result<Vec<Written>, Vec<Problem>> {
    let (span, variants) = overlaid(text, flags, overrides, sources)?;
    each(variants, |variant| {
        let name = variant.name.map(|(name, _)| name);
        let problems = shape::check(&variant.table);
        if !problems.is_empty() {
            return (name, Err(problems));
        }
        let entries = Entries::of(&variant.table);
        let root = serde_spanned::Spanned::new(span.clone(), variant.table);
        let file = file::File::deserialize(Deserializer::from(root))
            .map_err(|error| vec![Problem::from(error)]);
        (name, file.map(|file| (file, entries)))
    })
}

/// What `text` says, with everything put over it, variant by variant; and where it stands.
fn overlaid<'t>(
    text: &'t str,
    flags: &'t [Flag],
    overrides: &'t [String],
    sources: &mut Sources,
) -> Result<(source::Span, Vec<variants::Variant<'t>>), Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors
            .iter()
            .map(|error| Problem::syntax(error, text))
            .collect());
    }
    let (span, table) = (root.span(), root.into_inner());
    let all = overrides::of(flags, overrides, sources)?;
    Ok((span, variants::expand(table, &all, sources)?))
}

fn check_all(
    files: Vec<Written>,
    path: &Path,
    sources: &Sources,
) -> Result<Vec<Variant>, Vec<Problem>> {
    let names: Vec<String> = files.iter().filter_map(|(name, _)| name.clone()).collect();
    let checked = each(files, |(name, (file, mut entries))| {
        let own = name.as_deref();
        let around = check::Around {
            path,
            sources,
            own,
            names: &names,
        };
        let scenario = check::check(file, &around).map(|scenario| {
            entries.set("seed", scenario.seed.0.to_string());
            (scenario, entries)
        });
        (name, scenario)
    })?;
    let variant = |(name, (scenario, entries))| Variant {
        name,
        scenario,
        entries,
    };
    Ok(checked.into_iter().map(variant).collect())
}

/// Does `step` with each variant; what is wrong with several of them is told once.
fn each<T, U>(
    variants: Vec<T>,
    step: impl Fn(T) -> (Option<String>, Result<U, Vec<Problem>>),
) -> Result<Vec<(Option<String>, U)>, Vec<Problem>> {
    let count = variants.len();
    let mut done = Vec::new();
    let mut problems = diagnostic::OfVariants::default();
    for variant in variants {
        let (name, result) = step(variant);
        match result {
            Ok(value) => done.push((name, value)),
            Err(wrong) => problems.add(name.as_deref(), wrong),
        }
    }
    match problems.into_problems(count) {
        problems if problems.is_empty() => Ok(done),
        problems => Err(problems),
    }
}

/// In UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
