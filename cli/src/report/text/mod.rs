//! The report for humans: tables that fit 80 columns, and read well without colour.

mod compare;
mod facts;
pub mod numbers;
pub mod table;

pub use table::Table;

use super::parts::{ExpectationResult, Times};
use super::{Report, parts::ScenarioInfo};
use numbers::{
    amount, count, counted, difference, or_na, ranges, share, share_of, time, time_in_words,
};

/// The report of a scenario's only run, or its variants side by side.
pub fn of(variants: &[Report]) -> String {
    match variants {
        [only] => single(only),
        variants => compare::side_by_side(variants),
    }
}

/// Everything that the report has in tables, each with what it shows.
pub fn tables(variants: &[Report]) -> Vec<(&'static str, Table)> {
    let mut tables = match variants {
        [only] => vec![
            ("Run", heading(only)),
            ("Latency and stages", times(only)),
            ("Phases", phases(only)),
            ("Slices", slices(only)),
            ("Little\u{2019}s law", littles_law(only)),
            ("Counts", facts::facts(only)),
            (
                "Expectations",
                expectations(only.expected.iter().map(|expected| (None, expected))),
            ),
        ],
        variants => compare::tables(variants),
    };
    tables.retain(|(_, table)| !table.is_empty());
    tables
}

fn single(report: &Report) -> String {
    let mut parts = Vec::new();
    parts.extend(story(report));
    parts.extend(aborted(report));
    parts.extend(report.invalid.as_deref().map(invalid));
    parts.push(format!("{}{}", title(&report.scenario), heading(report)));
    parts.extend(remarks(report).iter().map(|said| paragraph(said)));
    parts.push(times(report).to_string());
    if !report.phases.is_empty() {
        parts.push(phases(report).to_string());
    }
    let slices = slices(report);
    if !slices.is_empty() {
        parts.push(slices.to_string());
    }
    parts.extend(ends_busy(report).map(|said| paragraph(&said)));
    parts.push(littles_law(report).to_string());
    parts.push(facts::facts(report).to_string());
    if !report.expected.is_empty() {
        let rows = report.expected.iter().map(|expected| (None, expected));
        parts.push(expectations(rows).to_string());
    }
    parts.join("\n")
}

fn story(report: &Report) -> Option<String> {
    let lines = report.story.as_ref()?;
    let left_out = report.story_left_out.unwrap_or(0);
    Some(crate::story::to_text(lines, left_out))
}

/// What ended the run before its time, if something did.
fn aborted(report: &Report) -> Option<String> {
    let aborted = report.aborted.as_ref()?;
    Some(aborted_by(&aborted.reason))
}

fn aborted_by(reason: &str) -> String {
    paragraph(&format!(
        "ABORTED: {reason}. The figures are of what ran until then."
    ))
}

fn invalid(reason: &str) -> String {
    paragraph(&format!("INVALID: {reason}"))
}

fn title(scenario: &ScenarioInfo) -> String {
    let name = printable(&scenario.name);
    paragraph(&match &scenario.about {
        Some(about) => format!("{name}: {}", printable(about)),
        None => name,
    })
}

fn heading(report: &Report) -> Table {
    let mut table = Table::of_words();
    if let Some(variant) = &report.scenario.variant {
        table.row(["variant".to_owned(), variant.clone()]);
    }
    for (name, said) in settings(report) {
        if let Some(said) = said {
            table.row([name.to_owned(), said]);
        }
    }
    let commands = report.scenario.command.iter().flat_map(|it| it.lines());
    for (nth, command) in commands.enumerate() {
        let label = if nth == 0 { "command" } else { "" };
        table.row([label.to_owned(), printable(command)]);
    }
    let (ops, rate) = (counted(report.ops, "op"), or_na(report.ops_per_s, amount));
    if let Some(warmup_ns) = report.warmup_ns {
        let said = format!("{}, not counted", time_in_words(warmup_ns));
        table.row(["warm-up".to_owned(), said]);
    }
    let elapsed = time_in_words(report.elapsed_ns);
    let mut done = format!("{ops} in {elapsed}: {rate} op/s");
    // From result to result it may be longer than what is measured, and nobody shall divide the one by the other.
    let serving = time_in_words(report.samples.totals.serving_ns.max(report.elapsed_ns));
    if serving != elapsed {
        done = format!("{done} over {serving}, from the warm-up\u{2019}s last result on");
    }
    if report.device_ops != report.ops {
        let device_ops = counted(report.device_ops, "op");
        done = format!("{done}; {device_ops} by the device");
    }
    let earlier = report.samples.totals.served.saturating_sub(report.ops);
    if earlier > 0 {
        done = format!("{done}, with {} begun in the warm-up", count(earlier));
    }
    table.row(["done".to_owned(), done]);
    table
}

/// What was run, beside the scenario's name; of the device only what it has of a profile and of
/// limits.
pub fn settings(report: &Report) -> [(&'static str, Option<String>); 4] {
    let scenario = &report.scenario;
    let seeds = match report.seeds.as_slice() {
        [only] => format!("seed {only}"),
        seeds => format!("{} runs, seeds {}", seeds.len(), ranges(seeds)),
    };
    let run = format!(
        "{} clock, {seeds}, compute {}",
        scenario.clock, scenario.compute
    );
    let engine = match &*scenario.mode {
        "async" => format!("notify {}, reap {}", scenario.notify, scenario.reap),
        "software" => "in software; the device gets nothing to do".to_owned(),
        mode => format!(
            "{mode}hronous, each call waits in place; reap {}",
            scenario.reap
        ),
    };
    [
        ("load", Some(printable(&scenario.load))),
        ("run", Some(run)),
        ("engine", Some(engine)),
        ("device", device(scenario)),
    ]
}

/// The device's profile and its limits, if it has them.
fn device(scenario: &ScenarioInfo) -> Option<String> {
    let profile = scenario
        .profile
        .as_ref()
        .map(|name| format!("profile {name}"));
    let said: Vec<String> = profile.into_iter().chain(scenario.limits.clone()).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// What is to be known before the figures are read: whose they are, beside the modelled device's.
pub fn remarks(report: &Report) -> Vec<String> {
    failed_calls(report)
        .into_iter()
        .chain(doubts(report))
        .collect()
}

/// The same without the calls that failed, for where those are told otherwise.
pub fn doubts(report: &Report) -> Vec<String> {
    let mut doubts = doubts_of_a_point(report);
    doubts.extend(saturated(report));
    doubts
}

/// What is to be known of a run that is one of many: what its row does not mark.
pub fn doubts_of_a_point(report: &Report) -> Vec<String> {
    let all = [
        nothing_returned(report),
        compute_bound(report),
        late_device(report),
    ];
    all.into_iter().flatten().collect()
}

/// That calls failed of which nobody said that they may.
fn failed_calls(report: &Report) -> Option<String> {
    let (failed, unexpected) = (report.errors.total, report.unexpected_errors());
    let of_them = match unexpected < failed {
        true => format!(
            " ({} of them in a way of which no expectation speaks)",
            count(unexpected)
        ),
        false => String::new(),
    };
    (unexpected > 0).then(|| {
        format!(
            "FAILED CALLS: {} failed{of_them}, and {} returned. Latency and throughput are of the latter \
             alone. What may fail is for an expectation to say, as errors <= {failed}.",
            counted(failed, "call"),
            counted(report.ops, "op"),
        )
    })
}

/// That there is nothing to be read from a run.
fn nothing_returned(report: &Report) -> Option<String> {
    let said = match report.errors.total {
        0 => {
            "no call ended in the time that was measured. Let the load go on for longer.".to_owned()
        }
        1 => "the only call that ended failed.".to_owned(),
        failed => format!("all {} that ended failed.", counted(failed, "call")),
    };
    report
        .is_empty()
        .then(|| format!("NOTHING RETURNED: {said}"))
}

/// One sentence, if the CPU and not the model decided the figures.
fn compute_bound(report: &Report) -> Option<String> {
    let compute = report.compute.as_ref().filter(|compute| compute.bound)?;
    Some(format!(
        "COMPUTE BOUND: this run measures the CPU, not the modelled device. {} of ops waited for \
         it, {} of their time.",
        share_of(compute.late_ops, report.signals.completions),
        share(compute.share_of_latency),
    ))
}

/// One sentence, if the machine let the device's thread run so late that the figures are as much the
/// machine's as the modelled device's.
fn late_device(report: &Report) -> Option<String> {
    let thread = report.device_thread.as_ref()?;
    let mean_ns = report.latency.mean_ns?;
    report.is_device_late().then(|| {
        format!(
            "LATE DEVICE: the machine let the device's thread run late, by {} on average, {} of the time that \
             calls took: what is slower than the model is the machine's. Use it for nothing else, or \
             choose another way to wait (device.wait).",
            time_in_words(thread.late_mean_ns),
            share_of(thread.late_mean_ns, mean_ns),
        )
    })
}

/// What the arrivals of an open loop met, if it was more than they could get.
fn saturated(report: &Report) -> Option<String> {
    let open_loop = report.open_loop.as_ref();
    let open_loop = open_loop.filter(|_| report.invalid.is_none())?;
    let waited = share_of(open_loop.late_for_a_job, open_loop.arrivals);
    let dropped = open_loop.dropped_for_a_job();
    if report.is_saturated() {
        let what = saturated_part(report);
        let latency = match (dropped > 0, report.has_growing_latency()) {
            (false, _) => ", and grows with the run",
            (true, true) => ", and grows with the run; what was dropped has none",
            (true, false) => "; what was dropped has none",
        };
        return Some(format!(
            "SATURATED: more arrives than {what}, {waited} of arrivals waited for a job, {} were \
             dropped. Latency counts from when ops were to begin{latency}.",
            count(dropped),
        ));
    }
    if dropped > 0 {
        return Some(format!(
            "DROPPED: {} of {} arrivals found no job free and no place in the backlog; latency is that of \
             the others.",
            count(dropped),
            count(open_loop.arrivals),
        ));
    }
    (open_loop.late_for_a_job * 100 > open_loop.arrivals).then(|| {
        format!(
            "ALL JOBS BUSY: {waited} of arrivals waited for a job. Latency counts from when ops were \
             to begin."
        )
    })
}

/// Whose work is less than what arrives, in words.
fn saturated_part(report: &Report) -> String {
    let slices = || {
        let busy = share(report.busiest());
        format!("slices were busy for {busy} of the time")
    };
    if report.scenario.mode == "software" {
        return "software does".to_owned();
    }
    match report.software.exceptions() {
        0 => format!("the device, or a limit, lets through: its {}", slices()),
        in_software => format!(
            "the device and software do together: software took {} calls, and {}",
            count(in_software),
            slices()
        ),
    }
}

/// Latency, and the stages that it consists of: where software took some of the ops, those of the
/// others.
fn times(report: &Report) -> Table {
    let heads = PERCENTILES.iter().map(|(head, _)| *head);
    let mut table = Table::of_figures([""].into_iter().chain(heads).chain(["share"]));
    let stages = report
        .stages
        .iter()
        .map(|stage| (&*stage.stage, &stage.times));
    let means = report.stages.iter().map(|stage| stage.times.mean_ns);
    let whole_ns = means.sum::<Option<u64>>().unwrap_or(0);
    let uncorrected = report
        .uncorrected
        .as_ref()
        .map(|times| ("uncorrected", times));
    let whole = [("latency", &report.latency)]
        .into_iter()
        .chain(uncorrected);
    for (name, times) in whole.chain(stages) {
        let mean = match name {
            _ if times.mean_ns.is_none() => or_na(None, time),
            "latency" if report.uncorrected.is_some() => String::new(),
            "latency" | "uncorrected" if report.device_ops != report.ops => String::new(),
            "latency" | "uncorrected" => or_na(times.mean_ns, |mean_ns| share_of(mean_ns, mean_ns)),
            _ => or_na(times.mean_ns, |mean_ns| share_of(mean_ns, whole_ns)),
        };
        let figures = PERCENTILES.iter().map(|(_, of)| or_na(of(times), time));
        let name = match name {
            "latency" | "uncorrected" => name.to_owned(),
            stage => format!("  {}", stage.replace('_', " ")),
        };
        table.row([name].into_iter().chain(figures).chain([mean]));
    }
    table
}

/// The run by its phases.
fn phases(report: &Report) -> Table {
    // Of what was to begin in it, whenever it returned.
    let heads = [
        "phase", "level", "time", "begun", "begun/s", "p50", "p99", "max",
    ];
    let mut table = Table::of_figures(heads);
    for phase in &report.phases {
        let latency = &phase.latency;
        table.row([
            phase.shape.to_string(),
            amount(phase.level),
            time(phase.duration_ns),
            count(phase.ops),
            or_na(phase.ops_per_s, amount),
            or_na(latency.p50_ns, time),
            or_na(latency.p99_ns, time),
            or_na(latency.max_ns, time),
        ]);
    }
    table
}

/// The classes that served ops.
fn slices(report: &Report) -> Table {
    let heads = [
        "slices",
        "busy",
        "predicted",
        "ops",
        "waiting, mean",
        "most",
    ];
    let mut table = Table::of_figures(heads);
    for slices in report.slices.iter().filter(|slices| slices.ops > 0) {
        let model = match slices.predicted {
            None => "n/a".to_owned(),
            Some(predicted) if predicted.at_most => {
                format!("at most {}", share(predicted.utilisation))
            }
            Some(predicted) => share(predicted.utilisation),
        };
        table.row([
            format!("{} {}", slices.slices, slices.class),
            share(slices.utilisation),
            model,
            count(slices.ops),
            amount(slices.waiting_mean),
            count(slices.waiting_max),
        ]);
    }
    table
}

/// Why slices were busier than they can be at most, if they were: that is of a run without an end.
fn ends_busy(report: &Report) -> Option<String> {
    let thinks = |(path, _): (&str, &str)| path.starts_with("load.think");
    let is_above = report.slices.iter().any(|slices| {
        let predicted = slices.predicted.filter(|it| it.at_most);
        predicted.is_some_and(|it| slices.utilisation > it.utilisation + SHOWN)
    });
    (is_above && report.config.iter().any(thinks)).then(|| {
        format!(
            "Busier than at most: that is in the long run, and this one ends with ops, after which nobody \
             thinks. What is busy is so of {}, as long as it was measured; the longer it is, the closer the two are.",
            time_in_words(report.elapsed_ns),
        )
    })
}

fn littles_law(report: &Report) -> Table {
    let heads = [
        "Little's law",
        "in it, mean",
        "op/s x time in it",
        "differs by",
    ];
    let mut table = Table::of_figures(heads);
    for little in &report.littles_law {
        table.row([
            little.system.to_string(),
            amount(little.measured),
            amount(little.expected),
            or_na(little.difference, difference),
        ]);
    }
    table
}

/// What was expected, and of which variant if there are several.
fn expectations<'a>(rows: impl Iterator<Item = (Option<&'a str>, &'a ExpectationResult)>) -> Table {
    let mut table = Table::of_words();
    for (index, (variant, expected)) in rows.enumerate() {
        let label = if index == 0 { "expected" } else { "" };
        let condition = format!("{} {}", expected.figure, expected.condition);
        let holds = match expected.holds {
            Some(true) => "holds",
            Some(false) => "FAILS",
            None => "not looked at",
        };
        let cells = [condition, holds.to_owned(), expected.measured.clone()];
        let variant = variant.map(str::to_owned);
        table.row([label.to_owned()].into_iter().chain(variant).chain(cells));
    }
    table
}

/// A share that tables show, by half of their last digit.
const SHOWN: f64 = 0.0005;

/// A column of a table of times.
type Column = fn(&Times) -> Option<u64>;

/// As many as fit the width.
const PERCENTILES: [(&str, Column); 7] = [
    ("mean", |it| it.mean_ns),
    ("p50", |it| it.p50_ns),
    ("p90", |it| it.p90_ns),
    ("p95", |it| it.p95_ns),
    ("p99", |it| it.p99_ns),
    ("p99.9", |it| it.p999_ns),
    ("max", |it| it.max_ns),
];

/// `text`, wrapped.
pub fn paragraph(text: &str) -> String {
    let mut lines = String::new();
    crate::story::wrap(text, &mut lines);
    lines
}

/// `text` with its control characters escaped: what a scenario says must not steer a terminal.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            printable.extend(c.escape_default());
        } else {
            printable.push(c);
        }
    }
    printable
}
