//! The report for humans: tables that fit 80 columns, and read well without colour.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, presets};
use pausewake_device::Nanos;

use super::{Report, Verification};

/// A table without borders: figures to the right, words to the left, nothing behind the last word.
struct Table(comfy_table::Table);

impl Table {
    /// A table with these column heads.
    fn new<const N: usize>(heads: [&str; N]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH)
            .set_header(heads);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        Self(table)
    }

    /// A table of words: no heads, everything to the left.
    fn of_words() -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH);
        Self(table)
    }

    /// Adds a row.
    fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.add_row(cells);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut table = self.0.clone();
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Report {
    /// The report as text.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write_text(&mut text)
            .expect("a string takes whatever is written");
        text
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        if let Some(lines) = &self.story {
            let left_out = self.story_left_out.unwrap_or(0);
            writeln!(out, "{}", crate::story::to_text(lines, left_out))?;
        }
        if let Some(reason) = &self.invalid {
            let mut line = String::new();
            crate::story::wrap(&format!("INVALID: {reason}"), &mut line);
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{}\n{}", self.heading(), self.latencies())?;
        write!(out, "{}\n{}", self.stage_table(), self.facts())?;
        if !self.expected.is_empty() {
            write!(out, "\n{}", self.expectations())?;
        }
        Ok(())
    }

    fn heading(&self) -> Table {
        let scenario = &self.scenario;
        let mut table = Table::of_words();
        let about = scenario.about.as_deref().unwrap_or_default();
        table.row([printable(&scenario.name), printable(about)]);
        if let Some(variant) = &scenario.variant {
            table.row(["variant".to_owned(), variant.clone()]);
        }
        table.row(["load".to_owned(), printable(&scenario.load)]);
        table.row([
            "run".to_owned(),
            format!(
                "{} clock, seed {}, compute {}",
                scenario.clock, scenario.seed, scenario.compute
            ),
        ]);
        table.row([
            "engine".to_owned(),
            format!("notify {}, reap {}", scenario.notify, scenario.reap),
        ]);
        let elapsed = Nanos::new(self.elapsed_ns);
        let ops = counted(self.ops, "op");
        table.row([
            "done".to_owned(),
            format!("{ops} in {elapsed}: {:.1} op/s", self.ops_per_s),
        ]);
        table
    }

    fn latencies(&self) -> Table {
        let latency = &self.latency;
        let mut table = Table::new(["", "mean", "p50", "p90", "p99", "p99.9", "max"]);
        let time = |ns| Nanos::new(ns).to_string();
        table.row([
            "latency".to_owned(),
            time(latency.mean_ns),
            time(latency.p50_ns),
            time(latency.p90_ns),
            time(latency.p99_ns),
            time(latency.p999_ns),
            time(latency.max_ns),
        ]);
        table
    }

    fn stage_table(&self) -> Table {
        let mut table = Table::new(["stage", "mean", "p50", "p99", "share"]);
        for stage in &self.stages {
            let time = |ns| Nanos::new(ns).to_string();
            table.row([
                stage.stage.to_owned(),
                time(stage.mean_ns),
                time(stage.p50_ns),
                time(stage.p99_ns),
                percent(stage.mean_ns, self.latency.mean_ns),
            ]);
        }
        table
    }

    fn facts(&self) -> Table {
        let mut table = Table::of_words();
        let mut row = |name: &str, text: String| table.row([name.to_owned(), text]);
        row("queue wait", self.queue_wait_text());
        row(
            "jobs",
            format!(
                "{} started, {} finished, {} cancelled; at most {} at once",
                self.jobs.started, self.jobs.finished, self.jobs.cancelled, self.jobs.max_live
            ),
        );
        row("wakes", self.wakes_text());
        let doorbells = &self.doorbells;
        row(
            "doorbells",
            format!(
                "{} for {}, {} woke the device; {} met a full ring",
                doorbells.rung,
                counted(doorbells.descriptors, "descriptor"),
                doorbells.woke_device,
                counted(doorbells.full_waits, "op")
            ),
        );
        if doorbells.orphans + doorbells.abandoned > 0 {
            let (orphans, abandoned) = (doorbells.orphans, doorbells.abandoned);
            row(
                "left over",
                format!("{orphans} orphan completions, {abandoned} ops abandoned"),
            );
        }
        if let Some(text) = self.compute_text() {
            row("compute", text);
        }
        let software = &self.software;
        if software.small + software.full + software.device_error > 0 {
            row(
                "software",
                format!(
                    "{} too small for the device, {} without room, {} that it failed",
                    software.small, software.full, software.device_error
                ),
            );
        }
        row("errors", self.errors_text());
        row("verified", verified_text(&self.verified));
        table
    }

    fn wakes_text(&self) -> String {
        let wakes = &self.wakes;
        let mut text = format!(
            "{} by callback, {} by fd, {} in place",
            wakes.callback, wakes.fd, wakes.in_place
        );
        if wakes.by_look > 0 {
            let _ = write!(text, ", {} seen when jobs looked", wakes.by_look);
        }
        let _ = write!(text, "; {} spurious", wakes.spurious);
        text
    }

    fn queue_wait_text(&self) -> String {
        let wait = &self.queue_wait;
        let mut text = format!("mean {}", Nanos::new(wait.mean_ns));
        if let (Some(steady), Some([low, high])) = (wait.steady_mean_ns, wait.interval_ns) {
            let [steady, low, high] = [steady, low, high].map(Nanos::new);
            let _ = write!(
                text,
                "; without the start {steady}, with 99.9 % confidence {low} to {high}"
            );
        }
        if let Some(theory) = &wait.theory {
            let mean = Nanos::new(theory.mean_ns);
            let _ = write!(text, "; theory ({}) {mean}", theory.queue);
        }
        text
    }

    fn compute_text(&self) -> Option<String> {
        let compute = self.compute.as_ref()?;
        let share = percent(compute.bound_ops, self.ops);
        let mean = Nanos::new(compute.lateness_mean_ns);
        let worst = Nanos::new(compute.lateness_max_ns);
        let mut text = format!(
            "{share} of ops waited for the CPU; published {mean} late on average, {worst} at worst"
        );
        if compute.bound_ops * 2 > self.ops {
            text.push_str(". Compute bound: this run measures the CPU, not the modelled device");
        }
        Some(text)
    }

    fn errors_text(&self) -> String {
        let timed_out = self.errors.timed_out;
        if self.errors.total == 0 && self.errors.by_status.is_empty() && timed_out == 0 {
            return "none".to_owned();
        }
        let mut parts: Vec<String> = self
            .errors
            .by_status
            .iter()
            .map(|by| format!("{} {}", by.count, by.status))
            .collect();
        if timed_out > 0 {
            parts.push(format!("{timed_out} timed out"));
        }
        if let Some(refusal) = &self.errors.first_refusal {
            parts.push(format!(
                "{} calls refused, the first: {refusal}",
                self.errors.refused_calls
            ));
        }
        format!("{}: {}", self.errors.total, parts.join(", "))
    }

    fn expectations(&self) -> Table {
        let mut table = Table::of_words();
        for (index, expected) in self.expected.iter().enumerate() {
            let holds = if expected.holds { "holds" } else { "FAILS" };
            table.row([
                if index == 0 { "expected" } else { "" }.to_owned(),
                format!("{} {}", expected.figure, expected.condition),
                holds.to_owned(),
                expected.measured.clone(),
            ]);
        }
        table
    }
}

/// `text` with its control characters escaped: what a scenario says must not steer a terminal.
fn printable(text: &str) -> String {
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

fn verified_text(verified: &Verification) -> String {
    if !verified.applies {
        return "n/a (compute = none)".to_owned();
    }
    if verified.wrong > 0 {
        return format!(
            "{} of {} results are WRONG ({})",
            verified.wrong, verified.results, verified.how
        );
    }
    if verified.right < verified.results {
        return format!(
            "{} of {} results ({})",
            verified.right, verified.results, verified.how
        );
    }
    format!("all {} ({})", verified.results, verified.how)
}

/// `1 op`, `2 ops`.
fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// `part` of `whole`, to one decimal.
#[expect(clippy::cast_precision_loss, reason = "shown to one decimal")]
fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", part as f64 / whole.max(1) as f64 * 100.0)
}

const WIDTH: u16 = 80;
