//! What was counted in a run, one line for each subject.

use super::numbers::{count, counted, or_na, share, share_of, time_in_words};
use super::table::Table;
use crate::report::Report;
use crate::report::parts::{ErrorFigures, GeneratorFigures, LateFigures, QueueWait, Verification};

/// The facts of `report`. What is always zero in an ordinary run stands there only if it is not.
pub fn facts(report: &Report) -> Table {
    let mut table = Table::of_words();
    for (name, said) in subjects(report) {
        table.row([name.to_owned(), said]);
    }
    for (name, said) in exceptions(report) {
        table.row([name.to_owned(), said]);
    }
    if let Some(said) = without_result(report) {
        table.row(["Little's law".to_owned(), said]);
    }
    for (index, said) in errors(&report.errors).into_iter().enumerate() {
        let name = if index == 0 { "errors" } else { "" };
        table.row([name.to_owned(), said]);
    }
    table.row(["verified".to_owned(), verified(&report.verified)]);
    table
}

/// Why Little's law is off, if it is and calls gave no result.
fn without_result(report: &Report) -> Option<String> {
    let differs = report.littles_law.iter().filter_map(|it| it.difference);
    let differs = differs.fold(0.0, f64::max);
    let had_none = report.errors.total > 0 || report.aborted.is_some();
    (had_none && differs > NOTABLE).then(|| {
        "calls that gave no result, as those that were abandoned, are in it for as long as they went on, and have \
         no latency: by these it differs"
            .to_owned()
    })
}

fn subjects(report: &Report) -> Vec<(&'static str, String)> {
    let (jobs, doorbells, signals) = (&report.jobs, &report.doorbells, &report.signals);
    let live = count(jobs.max_live);
    let mut rows = open_loop(report);
    rows.extend(
        report
            .generator
            .as_ref()
            .map(|made| ("generator", generator(made))),
    );
    rows.extend([
        ("queue wait", queue_wait(&report.queue_wait)),
        (
            "jobs",
            format!(
                "{} started, {} finished, {} cancelled; at most {live} at once",
                count(jobs.started),
                count(jobs.finished),
                count(jobs.cancelled),
            ),
        ),
        ("wakes", wakes(report)),
        (
            "doorbells",
            format!(
                "{} for {}, {} woke the device",
                count(doorbells.rung),
                counted(doorbells.descriptors, "descriptor"),
                count(doorbells.woke_device),
            ),
        ),
        (
            "signals",
            format!(
                "{} for {}, {} woke the host; {} coalesced",
                count(signals.given),
                counted(signals.completions, "completion"),
                count(signals.woke_host),
                count(signals.coalesced),
            ),
        ),
        ("full ring", full_ring(report)),
    ]);
    rows
}

/// How punctual the starts of an open loop were.
fn open_loop(report: &Report) -> Vec<(&'static str, String)> {
    let Some(open_loop) = &report.open_loop else {
        return Vec::new();
    };
    let late_after = time_in_words(open_loop.late_after_ns);
    let mut arrivals = format!(
        "{} started, {} more than {late_after} late, {} dropped",
        count(open_loop.started),
        count(open_loop.late),
        count(open_loop.dropped),
    );
    if open_loop.late > 0 {
        arrivals.push_str(&format!(
            "; of the late, {} with a job free, {} without",
            count(open_loop.late_by_generator),
            count(open_loop.late_for_a_job),
        ));
    }
    if open_loop.dropped_by_generator > 0 {
        arrivals.push_str(&format!(
            "; of the dropped, {} that the generator never got to",
            count(open_loop.dropped_by_generator),
        ));
    }
    if open_loop.left_waiting > 0 {
        arrivals.push_str(&format!(
            "; {} waited when the run was broken off",
            count(open_loop.left_waiting),
        ));
    }
    let lateness = &open_loop.lateness;
    let [mean, p50, p99, max] = [
        lateness.mean_ns,
        lateness.p50_ns,
        lateness.p99_ns,
        lateness.max_ns,
    ]
    .map(|time_ns| or_na(time_ns, time_in_words));
    let starts = format!("late by {mean} on average, p50 {p50}, p99 {p99}, {max} at most");
    vec![("arrivals", arrivals), ("starts", starts)]
}

/// What making the load cost.
fn generator(made: &GeneratorFigures) -> String {
    let cpu = or_na(made.cpu_per_op_ns, time_in_words);
    let threads = counted(u64::from(made.threads), "thread");
    format!(
        "{threads}, busy for {} of the time; {cpu} of CPU an op",
        share(made.busy_share)
    )
}

fn exceptions(report: &Report) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    let (orphans, abandoned) = (report.doorbells.orphans, report.doorbells.abandoned);
    if orphans + abandoned > 0 {
        let orphans = counted(orphans, "orphan completion");
        let abandoned = counted(abandoned, "op");
        rows.push(("left over", format!("{orphans}, {abandoned} abandoned")));
    }
    if let Some(compute) = &report.compute {
        let share = share_of(compute.late_ops, report.signals.completions);
        let mut said = format!("{share} of ops waited for the CPU");
        if compute.late_ops > 0 {
            said = format!("{said}: {}", late(&compute.late));
        }
        rows.push(("compute", said));
    }
    // Of nothing, if all ops waited for the CPU.
    let thread = report.device_thread.as_ref();
    if let Some(thread) = thread.filter(|thread| thread.late_max_ns > 0) {
        let said = format!("its thread was late by {}", late(thread));
        rows.push(("device", said));
    }
    let software = &report.software;
    if software.by_mode > 0 {
        rows.push((
            "software",
            format!("all {} by mode", counted(software.by_mode, "op")),
        ));
    }
    if software.exceptions() > 0 {
        rows.push((
            "software",
            format!(
                "{} too small for the device, {} without room, {} that it failed",
                count(software.small),
                count(software.full),
                count(software.device_error)
            ),
        ));
    }
    rows
}

fn late(late: &LateFigures) -> String {
    let [mean, max] = [late.late_mean_ns, late.late_max_ns].map(time_in_words);
    format!("{mean} on average, {max} at worst")
}

fn wakes(report: &Report) -> String {
    let wakes = &report.wakes;
    let mut said = format!(
        "{} by callback, {} by fd, {} in place",
        count(wakes.callback),
        count(wakes.fd),
        count(wakes.in_place)
    );
    if wakes.by_look > 0 {
        said = format!("{said}, {} seen when jobs looked", count(wakes.by_look));
    }
    format!("{said}; {} spurious", count(wakes.spurious))
}

fn full_ring(report: &Report) -> String {
    let doorbells = &report.doorbells;
    let ops = counted(doorbells.full_waits, "op");
    if doorbells.full_waits == 0 {
        return format!("{ops} waited for room");
    }
    let wait = &doorbells.full_wait;
    let [mean, p99, max] =
        [wait.mean_ns, wait.p99_ns, wait.max_ns].map(|time_ns| or_na(time_ns, time_in_words));
    format!("{ops} waited for room: {mean} on average, p99 {p99}, {max} at most")
}

fn queue_wait(wait: &QueueWait) -> String {
    let mut said = format!("mean {}", or_na(wait.mean_ns, time_in_words));
    if let (Some(steady), Some([low, high])) = (wait.steady_mean_ns, wait.interval_ns) {
        let [steady, low, high] = [steady, low, high].map(time_in_words);
        said =
            format!("{said}; without the start {steady}, with 99.9 % confidence {low} to {high}");
    }
    if let Some(theory) = &wait.theory {
        let mean = time_in_words(theory.mean_ns);
        said = format!("{said}; theory ({}) {mean}", theory.queue);
    }
    said
}

/// By family; then what need not have become an error of a call; then what the first one said.
pub fn errors(errors: &ErrorFigures) -> Vec<String> {
    let mut said = Vec::new();
    if errors.total == 0 {
        said.push("none".to_owned());
    } else {
        let device = errors.device.by_kind();
        let device = listed(device.iter().map(|(kind, number)| (*number, *kind)));
        let device = match device.is_empty() {
            true => "device".to_owned(),
            false => format!("device ({device})"),
        };
        let families = [
            (errors.misuse, "misuse"),
            (errors.device.total(), &device),
            (errors.retry, "retry"),
            (errors.not_authentic, "not authentic"),
        ];
        let total = counted(errors.total, "call");
        said.push(format!("{total} failed: {}", listed(families)));
    }
    let statuses = errors.by_status.iter().map(|by| (by.count, &*by.status));
    let completions = listed(statuses.chain([(errors.timed_out, "timed out")]));
    if !completions.is_empty() {
        said.push(format!("ops in the device: {completions}"));
    }
    if let Some(first) = &errors.first {
        said.push(format!("the first: {first}"));
    }
    said
}

/// Those that there are, with their numbers.
fn listed<'a>(parts: impl IntoIterator<Item = (u64, &'a str)>) -> String {
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts = parts.map(|(number, name)| format!("{} {name}", count(number)));
    parts.collect::<Vec<_>>().join(", ")
}

fn verified(verified: &Verification) -> String {
    if !verified.applies {
        return "n/a (compute = none)".to_owned();
    }
    let (right, results) = (count(verified.right), count(verified.results));
    let how = &verified.how;
    if verified.wrong > 0 {
        return format!(
            "{} of {results} results are WRONG ({how})",
            count(verified.wrong)
        );
    }
    if verified.right < verified.results {
        return format!("{right} of {results} results ({how})");
    }
    format!("all {results} ({how})")
}

/// By how much Little's law is off where that is worth a word.
const NOTABLE: f64 = 0.005;
