//! The same load in software, and offloaded in three ways.

mod page;

use std::fmt::Write as _;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::break_even::{self, BreakEven, NotSearched};
use super::statistics::Estimate;
use super::{CompareError, rounded};
use crate::args::{Compare, Load};
use crate::formats::{Format, json};
use crate::interrupt::Interrupt;
use crate::live;
use crate::load::Adhoc;
use crate::probe::{self, ProbeError};
use crate::report::numbers::{amount, count, counted, or_na, time};
use crate::report::table::Table;
use crate::report::{Name, ReadError, Report, Reports, Verdict, document, paragraph, printable};

/// Modes side by side.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "pausewake compare, modes")]
pub struct ModesReport {
    /// Name and version of this format.
    #[schemars(extend("const" = FORMAT))]
    format: Name,
    /// The version of the program that wrote it.
    program: Name,
    /// The command that compares again.
    command: String,
    /// `virtual` or `wall`.
    clock: String,
    /// What was done, in words.
    load: String,
    /// The seeds with which each mode was run.
    seeds: Vec<u64>,
    /// Confidence of the intervals.
    confidence: f64,
    /// Software, sync, fd, callback.
    modes: Vec<ModeFigures>,
    /// Where offload begins to win.
    break_even: Vec<BreakEven>,
    /// Why something is missing there.
    no_break_even: NotSearched,
    /// Whether a signal ended it before all was run.
    aborted: bool,
    /// What else is to be said.
    notes: Vec<String>,
    /// A result of each mode, all its seeds merged, as a report has it.
    results: Vec<Report>,
}

/// A mode.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ModeFigures {
    /// Its name.
    mode: Name,
    /// Calls that gave a result, of all seeds.
    ops: u64,
    /// Calls that failed, of all seeds.
    errors: u64,
    /// Throughput: of calls that gave a result.
    ops_per_s: Option<Estimate>,
    /// How many times that of software, seed by seed.
    speed_up: Option<Estimate>,
    /// Latency, ns.
    latency: Latency,
    /// Where the time of the device's ops went; empty in software.
    stages: Vec<StageMean>,
    /// How it stands to software, in words; `null` of software itself.
    words: Option<String>,
}

/// Latency over runs, ns.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Latency {
    /// Mean.
    mean_ns: Option<Estimate>,
    /// Median.
    p50_ns: Option<Estimate>,
    /// 99th percentile.
    p99_ns: Option<Estimate>,
}

/// A stage.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StageMean {
    /// Its name.
    stage: String,
    /// Its mean over all runs, ns.
    mean_ns: Option<u64>,
}

/// Runs all modes with all seeds.
///
/// # Errors
/// The flags contradict the comparison, or a run came to no result.
pub fn run(args: &Compare, interrupt: &Interrupt) -> Result<ModesReport, CompareError> {
    check(&args.load)?;
    let load = with_defaults(&args.load);
    let first = load.seed.unwrap_or(probe::FIRST_SEED);
    let seeds: Vec<u64> = (0..u64::from(args.seeds))
        .map(|index| first.wrapping_add(index))
        .collect();
    let mut all = Vec::new();
    let wanted = modes_of(&load);
    let how = load.live.how().map_err(ProbeError::from)?;
    let mut done = 0;
    for &mode in &wanted {
        let mut runs = Vec::new();
        for seed in &seeds {
            let mut load = in_mode(&load, mode);
            load.seed = Some(*seed);
            runs.push(probe::run_reports(&load, interrupt)?);
            done += 1;
            let of = wanted.len() * seeds.len();
            live::mention(how, &format!("{done} of {of} runs: {mode}, seed {seed}"));
            if interrupt.is_raised() {
                break;
            }
        }
        // What was broken off is no sample of the load, if there are others.
        let is_whole = |run: &Reports| run.variants()[0].aborted.is_none();
        if runs.len() > 1 && !runs.last().is_none_or(is_whole) {
            runs.pop();
        }
        all.push((mode, runs));
        if interrupt.is_raised() {
            break;
        }
    }
    let software = &all[0].1;
    let modes = all
        .iter()
        .map(|(mode, runs)| ModeFigures::new(mode, runs, software));
    let modes: Vec<_> = modes.collect();
    let mut notes = notes(&load, &modes, interrupt.is_raised());
    let (break_even, no_break_even) = break_even::search(&load, !args.no_break_even, interrupt)?;
    let about = all[0].1[0].variants()[0].scenario.clone();
    let command = command(args, &load);
    let merged: Vec<_> = all
        .into_iter()
        .map(|(mode, runs)| (mode.to_owned(), merged(runs)))
        .collect();
    for (mode, reports) in &merged {
        let invalid = reports.variants()[0].invalid.as_ref();
        notes.extend(invalid.map(|why| format!("INVALID: {mode}: {why}")));
    }
    Ok(ModesReport {
        format: FORMAT.into(),
        program: env!("CARGO_PKG_VERSION").into(),
        clock: about.clock.to_string(),
        load: about.load,
        seeds,
        confidence: 0.95,
        modes,
        break_even,
        no_break_even,
        aborted: interrupt.is_raised(),
        notes,
        results: Reports::beside(merged, String::new()).into_variants(),
        command,
    })
}

/// The scenario of which each seed is a run: a variant for each mode.
///
/// # Errors
/// The flags contradict the comparison, or each other.
pub fn scenario(args: &Compare) -> Result<String, CompareError> {
    check(&args.load)?;
    let load = with_defaults(&args.load);
    for mode in modes_of(&load) {
        let checked = Adhoc::new(&in_mode(&load, mode)).variants();
        checked.map_err(ProbeError::from)?;
    }
    let plain = Load {
        notify: None,
        ..load.clone()
    };
    let table = Adhoc::new(&plain).table().map_err(ProbeError::from)?;
    let mut text = format!(
        "# {}\n# compares these variants, with {} of which this has the first; its search for where offload\n\
         # begins to win runs them with other jobs and sizes.\n\n{table}",
        command(args, &load),
        counted(args.seeds.into(), "seed"),
    );
    for mode in modes_of(&load) {
        let entry = match is_engine_mode(mode) {
            true => "engine.mode",
            false => "engine.notify",
        };
        let _ = write!(
            text,
            "\n[[variant]]\nname = \"{mode}\"\n{entry} = \"{mode}\"\n"
        );
    }
    Ok(text)
}

/// What has no place where modes are compared.
fn check(load: &Load) -> Result<(), CompareError> {
    let wrong = |wrong: &str, accepted| {
        Err(CompareError::Flags {
            wrong: wrong.to_owned(),
            accepted,
        })
    };
    if !load.slo.is_empty() {
        return wrong(
            "--slo: no mode has to hold anything here",
            "load or knee with --slo; --fail-if with --baseline",
        );
    }
    if load.notify.as_deref() == Some("poll") {
        return wrong(
            "--notify poll is none of the modes that are compared",
            "--notify fd or callback: which of them is held against software",
        );
    }
    if load.sets("engine.mode") || load.sets("engine.notify") {
        return wrong(
            "--set engine.mode and engine.notify are what is compared",
            "none of them; load has them",
        );
    }
    if load.sets("seed") {
        return wrong(
            "--set seed says of all runs what is another one in each",
            "--seed, the first of them, and --seeds, how many",
        );
    }
    if !load.or_virtual().is_virtual() && computes_nothing(load) {
        return wrong(
            "by the wall clock, software that computes nothing takes no time, and nothing wins against it",
            "--compute real or cached, or --clock virtual, where software costs what [host] says",
        );
    }
    Ok(())
}

fn computes_nothing(load: &Load) -> bool {
    let compute = said(load, "device.compute", &load.compute);
    compute.is_some_and(|it| it.contains("none"))
}

/// What `load` says of the entry `path`, by a `--set`, which comes last, or by its `flag`.
pub fn said<'a>(load: &'a Load, path: &str, flag: &'a Option<String>) -> Option<&'a str> {
    let set = load.set_of(path).and_then(|set| set.split_once('='));
    set.map(|(_, value)| value.trim()).or(flag.as_deref())
}

/// Threads of `load`, if that is a number.
pub fn threads(load: &Load) -> Option<u64> {
    said(load, "load.threads", &load.threads).and_then(crate::load::whole)
}

/// The modes in which `load` can be done. Under virtual time all threads are one, and none of them can
/// wait in place.
pub fn modes_of(load: &Load) -> Vec<&'static str> {
    let can_wait = !load.is_virtual() || threads(load).is_none_or(|threads| threads == 1);
    let modes = MODES.into_iter();
    modes.filter(|mode| can_wait || *mode != "sync").collect()
}

/// `load` under virtual time with the host's costs, and of limited length.
fn with_defaults(load: &Load) -> Load {
    let mut load = load.or_virtual();
    if !load.is_virtual() {
        return load;
    }
    load.or_measured_host();
    let limits = ["load.ops", "load.duration", "load.passes", "load.phase"];
    let is_limited = limits.iter().any(|path| load.sets(path));
    if load.ops.is_none() && load.duration.is_none() && !is_limited {
        load.ops = Some("10k".to_owned());
    }
    load
}

/// `load`, done in the mode of this name.
pub fn in_mode(load: &Load, mode: &str) -> Load {
    let mut load = load.clone();
    load.notify = None;
    match is_engine_mode(mode) {
        true => load.overrides.push(format!("engine.mode={mode}")),
        false => load.notify = Some(mode.to_owned()),
    }
    load
}

/// Whether a mode is one of the engine's; else it is a notification.
fn is_engine_mode(mode: &str) -> bool {
    matches!(mode, "software" | "sync")
}

fn command(args: &Compare, load: &Load) -> String {
    let mut words = vec!["--seeds".to_owned(), args.seeds.to_string()];
    if args.no_break_even {
        words.push("--no-break-even".to_owned());
    }
    load.command_of("compare", words)
}

fn sum(runs: &[Reports], count: impl Fn(&Report) -> u64) -> u64 {
    let reports = runs.iter().flat_map(Reports::variants);
    reports.map(count).sum()
}

/// That calls failed, if some did: what has no result was done by nobody, however fast.
fn failed(mode: &str, runs: &[Reports]) -> Option<String> {
    let errors = sum(runs, |it| it.errors.total);
    let calls = errors + sum(runs, |it| it.ops);
    (errors > 0).then(|| {
        format!(
            "{} of {} calls FAILED in {mode}",
            count(errors),
            count(calls)
        )
    })
}

fn figures(runs: &[Reports], figure: impl Fn(&Report) -> Option<f64>) -> Vec<f64> {
    let reports = runs.iter().flat_map(Reports::variants);
    reports.filter_map(figure).collect()
}

/// Of all seeds.
fn merged(mut runs: Vec<Reports>) -> Reports {
    let mut all = runs.remove(0);
    for run in &runs {
        all.merge(run)
            .expect("runs that differ in nothing but the seed");
    }
    all
}

/// What the figures alone do not tell.
fn notes(load: &Load, modes: &[ModeFigures], is_aborted: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if !modes_of(load).contains(&"sync") {
        notes.push(
            "sync is left out: under virtual time a thread that waits in place would hold the others. \
             --clock wall has it."
                .to_owned(),
        );
    }
    let is_certain = |mode: &ModeFigures| {
        let of = [mode.ops_per_s, mode.latency.mean_ns, mode.latency.p99_ns];
        of.into_iter()
            .all(|it| it.is_some_and(|it| it.half_width == Some(0.0)))
    };
    if !is_aborted && modes.iter().all(is_certain) {
        notes.push("All seeds gave the same: nothing in this load is random.".to_owned());
    }
    if !load.is_virtual() {
        notes.push(
            "By the wall clock this CPU computes for the device, too: compare with care."
                .to_owned(),
        );
    }
    notes
}

impl ModeFigures {
    fn new(mode: &'static str, runs: &[Reports], software: &[Reports]) -> Self {
        let estimate = |figure: fn(&Report) -> Option<f64>| Estimate::of(&figures(runs, figure));
        let rates = figures(runs, |it| it.ops_per_s);
        // The same seed means the same arrivals, ops and service times.
        let ratios = rates
            .iter()
            .zip(figures(software, |it| it.ops_per_s))
            .map(|(its, software)| its / software);
        let speed_up = Estimate::of(&ratios.collect::<Vec<_>>());
        let merged = merged(runs.to_vec());
        let stages = merged.variants()[0].stages.iter().map(|stage| StageMean {
            stage: stage.stage.to_string(),
            mean_ns: stage.times.mean_ns,
        });
        let words = if let Some(failed) = failed(mode, runs) {
            let words = format!("{failed}, which then wins nothing, whatever its throughput.");
            Some(words)
        } else if let Some(failed) = failed("software", software) {
            Some(format!("{failed}: {mode} wins nothing against that."))
        } else {
            speed_up.map(|it| words(mode, it))
        };
        Self {
            mode: mode.into(),
            ops: sum(runs, |it| it.ops),
            errors: sum(runs, |it| it.errors.total),
            ops_per_s: Estimate::of(&rates),
            speed_up,
            words: words.filter(|_| mode != "software"),
            latency: Latency {
                mean_ns: estimate(|it| it.latency.mean_ns.map(ns)),
                p50_ns: estimate(|it| it.latency.p50_ns.map(ns)),
                p99_ns: estimate(|it| it.latency.p99_ns.map(ns)),
            },
            stages: stages.collect(),
        }
    }
}

impl ModesReport {
    /// The comparison that was saved at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        document(path, FORMAT, |it: &mut Self| {
            it.results.iter_mut().try_for_each(Report::settle)
        })
    }

    /// How the program ends.
    pub fn verdict(&self) -> Verdict {
        let aborted = self.aborted.then_some(Verdict::Aborted);
        aborted
            .into_iter()
            .fold(Verdict::of_all(&self.results), Verdict::max)
    }

    /// In one of [`FORMATS`](super::FORMATS).
    pub fn to(&self, format: Format) -> String {
        match format {
            Format::Json => json(self),
            Format::Csv => self.to_csv(),
            Format::Html => self.to_html(),
            _ => self.to_text(),
        }
    }

    fn to_text(&self) -> String {
        let mut about = Table::of_words();
        let seeds = match self.seeds.as_slice() {
            [only] => format!("seed {only}: one run, of which no interval is known"),
            [first, .., last] => format!(
                "seeds {first} to {last}; +- is the 95 % confidence interval over seeds (Student's t)"
            ),
            [] => String::new(),
        };
        about.row(["compare".to_owned(), printable(&self.load)]);
        about.row(["run".to_owned(), format!("{} clock, {seeds}", self.clock)]);
        about.row(["command".to_owned(), printable(&self.command)]);
        let mut parts = vec![about.to_string(), self.figures().to_string()];
        parts.push(self.stages().to_string());
        if matches!(self.verdict(), Verdict::Aborted) {
            parts.push(paragraph(
                "ABORTED: a signal ended it; these are the runs until then.",
            ));
        }
        let words: Vec<_> = self.words().map(|it| paragraph(&printable(it))).collect();
        if !words.is_empty() {
            parts.push(words.concat());
        }
        parts.join("\n")
    }

    /// What it comes to, in sentences.
    fn words(&self) -> impl Iterator<Item = &str> {
        let modes = self.modes.iter().filter_map(|it| it.words.as_deref());
        let answers = self.break_even.iter().map(|it| it.words.as_str());
        let notes = self.notes.iter().map(String::as_str);
        modes
            .chain(answers)
            .chain(self.no_break_even.words())
            .chain(notes)
    }

    fn figures(&self) -> Table {
        let heads = self.modes.iter().map(|it| &*it.mode);
        let mut table = Table::of_figures([""].into_iter().chain(heads));
        type Row = (
            &'static str,
            fn(&ModeFigures) -> Option<Estimate>,
            fn(f64) -> String,
        );
        let rows: [Row; 5] = [
            ("op/s", |it| it.ops_per_s, amount),
            ("speed-up", |it| it.speed_up, amount),
            ("latency", |it| it.latency.mean_ns, time_of),
            ("  p50", |it| it.latency.p50_ns, time_of),
            ("  p99", |it| it.latency.p99_ns, time_of),
        ];
        for (label, figure, show) in rows {
            let cells = self
                .modes
                .iter()
                .map(|it| or_na(figure(it), |it| show(it.mean)));
            table.row([label.to_owned()].into_iter().chain(cells));
            if self.seeds.len() > 1 {
                let half = |it: &ModeFigures| figure(it).and_then(|it| it.half_width);
                let cells = self.modes.iter().map(|it| or_na(half(it), show));
                table.row(["    +-".to_owned()].into_iter().chain(cells));
            }
        }
        let errors = self.modes.iter().map(|it| count(it.errors));
        table.row(["errors".to_owned()].into_iter().chain(errors));
        table
    }

    /// Means of the device's ops.
    fn stages(&self) -> Table {
        let heads = self.modes.iter().map(|it| &*it.mode);
        let mut table = Table::of_figures(["stage, mean"].into_iter().chain(heads));
        let names = self.modes.first().map_or(&[][..], |mode| &mode.stages);
        for (index, stage) in names.iter().enumerate() {
            let cells = self.modes.iter().map(|mode| {
                let stage = mode.stages.get(index);
                or_na(stage.and_then(|stage| stage.mean_ns), time)
            });
            let label = format!("  {}", stage.stage.replace('_', " "));
            table.row([label].into_iter().chain(cells));
        }
        table
    }

    /// A row for each mode and figure, and for each edge of the search.
    fn to_csv(&self) -> String {
        let runs = self.seeds.len().to_string();
        let figures = self.modes.iter().flat_map(|mode| {
            let figures = [
                ("throughput", mode.ops_per_s),
                ("speed_up", mode.speed_up),
                ("mean_ns", mode.latency.mean_ns),
                ("p50_ns", mode.latency.p50_ns),
                ("p99_ns", mode.latency.p99_ns),
            ];
            let figures = figures.map(|(figure, estimate)| {
                let [mean, half_width] = [
                    estimate.map(|it| it.mean),
                    estimate.and_then(|it| it.half_width),
                ];
                (figure, rounded(mean), rounded(half_width))
            });
            let errors = ("errors", mode.errors.to_string(), String::new());
            figures
                .into_iter()
                .chain([errors])
                .map(|(figure, mean, half_width)| {
                    [
                        mode.mode.to_string(),
                        figure.to_owned(),
                        mean,
                        half_width,
                        runs.clone(),
                    ]
                })
        });
        let edges = self.break_even.iter().flat_map(|found| {
            let name = format!("break_even_{}", found.over.plural());
            let edges = [
                (name.clone(), found.wins_from()),
                (
                    format!("{name}_until"),
                    found.loses_again.map(|it| it.wins_at),
                ),
            ];
            edges.map(|(figure, at)| {
                let at = at.map_or_else(String::new, |at| at.to_string());
                [
                    found.offload.clone(),
                    figure,
                    at,
                    String::new(),
                    "1".to_owned(),
                ]
            })
        });
        let rows = figures.chain(edges);
        crate::report::rows(&["mode", "figure", "mean", "half_width", "runs"], rows)
    }
}

fn percent(part: f64) -> String {
    format!("{:.2} %", part * 100.0)
}

/// How `mode` stands to software.
fn words(mode: &str, speed_up: Estimate) -> String {
    let Estimate { mean, half_width } = speed_up;
    let known = |show: fn(f64) -> String| {
        half_width.map_or_else(String::new, |half| format!(" ± {}", show(half)))
    };
    let difference = (mean - 1.0).abs();
    if difference <= half_width.unwrap_or(0.0) {
        let (times, known) = (amount(mean), known(amount));
        return format!("{mode} is as fast as software, as far as is known: {times}{known} times.");
    }
    let than = if mean > 1.0 { "faster" } else { "slower" };
    let by = match mean >= 2.0 {
        true => format!("a factor of {}{}", amount(mean), known(amount)),
        false => format!("{}{}", percent(difference), known(percent)),
    };
    format!("{mode} is {than} than software by {by}.")
}

fn ns(time_ns: u64) -> f64 {
    pausewake_device::Nanos::new(time_ns).as_f64()
}

fn time_of(time_ns: f64) -> String {
    time(pausewake_device::Nanos::from_f64(time_ns).get())
}

/// Their names, as reports have them.
pub const MODES: [&str; 4] = ["software", "sync", "fd", "callback"];
/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-compare-modes/2";
