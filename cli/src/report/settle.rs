//! Saved figures that follow from others: what can be computed anew is, so that nothing a file says of it
//! counts; what cannot has to be possible.

use std::fmt;

use super::Report;
use super::parts::{ErrorFigures, OpenLoopFigures};

impl Report {
    /// Computes anew what follows from samples, counts and time, and looks whether the rest goes together:
    /// a report that was written is the same afterwards, to the last digit.
    ///
    /// # Errors
    /// What is missing or wrong, as one that was made up, or damaged, may have it.
    pub fn settle(&mut self) -> Result<(), String> {
        self.check_stages()?;
        self.check_counts()?;
        self.check_timeline()?;
        self.check_numbers()?;
        self.recompute();
        self.check_late()
    }

    fn check_stages(&self) -> Result<(), String> {
        let samples = self.samples.stages();
        let names = self.stages.iter().map(|figures| &*figures.stage);
        if !names.eq(samples.iter().map(|(name, _)| *name)) {
            let label = self.label();
            return Err(format!("the stages of {label:?} are not those of a call"));
        }
        for (name, series) in samples {
            let of = format!("samples.{name}");
            same(&of, series.count(), "device_ops", self.device_ops)?;
        }
        if self.phases.len() != self.samples.phases.len() {
            return Err("it has other phases than samples".to_owned());
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<(), String> {
        let (count, ops) = (self.samples.latency.count(), self.ops);
        if count != ops {
            return Err(format!(
                "it has the latency of {count} calls where ops says {ops}"
            ));
        }
        if self.seeds.is_empty() {
            return Err("it names no seed".to_owned());
        }
        let served = self.samples.totals.served;
        // Files of earlier versions do not know what was served.
        if self.warmup_ns.is_none() && served > 0 {
            same("served", served, "ops", ops)?;
        }
        let serving_ns = self.samples.totals.serving_ns;
        if serving_ns > 0 {
            most("elapsed_ns", self.elapsed_ns, "serving_ns", serving_ns)?;
            let warmup_ns = self.warmup_ns.unwrap_or(0);
            let runs = self.seeds.len() as u64;
            let longest = self
                .elapsed_ns
                .saturating_add(warmup_ns.saturating_mul(runs));
            most(
                "serving_ns",
                serving_ns,
                "elapsed_ns and warmup_ns",
                longest,
            )?;
        }
        if let Some(open_loop) = &self.open_loop {
            open_loop.check()?;
            if let Some(lateness) = &self.samples.lateness {
                let started = open_loop.started;
                same("samples.lateness", lateness.count(), "started", started)?;
            }
        }
        let verified = &self.verified;
        let looked_at = verified.right.saturating_add(verified.wrong);
        most(
            "verified.right and wrong",
            looked_at,
            "results",
            verified.results,
        )?;
        self.errors.check()
    }

    /// It is made of the same calls as the rest, in the same time.
    fn check_timeline(&self) -> Result<(), String> {
        let intervals = || self.timeline.intervals().map(|(_, interval)| interval);
        let returned = intervals().map(|it| u128::from(it.latency.count())).sum();
        same("timeline", returned, "ops", u128::from(self.ops))?;
        let covered: u128 = intervals().map(|it| u128::from(it.covered_ns)).sum();
        let elapsed = u128::from(self.elapsed_ns);
        most("the timeline's covered_ns", covered, "elapsed_ns", elapsed)?;
        match self.seeds.as_slice() {
            [_] if intervals().next().is_some() => {
                same("the timeline's covered_ns", covered, "elapsed_ns", elapsed)
            }
            _ => Ok(()),
        }
    }

    /// What is told of a model, or of a scenario, has no samples.
    fn check_numbers(&self) -> Result<(), String> {
        let open_loop = self.open_loop.as_ref();
        let offered = open_loop.and_then(|it| it.offered_per_s);
        let capacity = open_loop.and_then(|it| it.capacity_per_s);
        let throughput = self.predicted.as_ref();
        let predicted = |class: usize| self.slices[class].predicted.map(|it| it.utilisation);
        let numbers = [
            ("offered_per_s", offered),
            ("capacity_per_s", capacity),
            (
                "predicted at_most_per_s",
                throughput.map(|it| it.at_most_per_s),
            ),
            (
                "predicted in_turns_per_s",
                throughput.and_then(|it| it.in_turns_per_s),
            ),
            (
                "predicted in_line_per_s",
                throughput.and_then(|it| it.in_line_per_s),
            ),
            ("predicted utilisation of asym", predicted(0)),
            ("predicted utilisation of sym", predicted(1)),
        ];
        let levels = self.phases.iter().map(|it| ("level", Some(it.level)));
        for (name, value) in numbers.into_iter().chain(levels) {
            let is_possible = |value: f64| value.is_finite() && value >= 0.0;
            if let Some(value) = value.filter(|value| !is_possible(*value)) {
                return Err(format!("{name} is {value}, which cannot be"));
            }
        }
        match self.queue_wait.interval_ns {
            Some([low, high]) => most("interval_ns begins at", low, "its end", high),
            None => Ok(()),
        }
    }

    /// Whether what is exact of lateness has its mean below its maximum.
    fn check_late(&self) -> Result<(), String> {
        let compute = self.compute.as_ref().map(|it| ("compute", &it.late));
        let thread = self.device_thread.as_ref().map(|it| ("device_thread", it));
        for (of, late) in compute.into_iter().chain(thread) {
            let (mean, max) = (late.late_mean_ns, late.late_max_ns);
            most(&format!("{of}.late_mean_ns"), mean, "late_max_ns", max)?;
        }
        Ok(())
    }
}

impl OpenLoopFigures {
    fn check(&self) -> Result<(), String> {
        let begun_or_not = [self.started, self.dropped, self.left_waiting];
        let all = begun_or_not.into_iter().fold(0, u64::saturating_add);
        same(
            "started, dropped and left_waiting",
            all,
            "arrivals",
            self.arrivals,
        )?;
        let late = self.late_by_generator.saturating_add(self.late_for_a_job);
        same(
            "late_by_generator and late_for_a_job",
            late,
            "late",
            self.late,
        )?;
        most("late", self.late, "started", self.started)?;
        let by_generator = self.dropped_by_generator;
        most(
            "dropped_by_generator",
            by_generator,
            "dropped",
            self.dropped,
        )
    }
}

impl ErrorFigures {
    fn check(&self) -> Result<(), String> {
        let device = self.device.by_kind().map(|(_, count)| u128::from(count));
        let others = [self.misuse, self.retry, self.not_authentic].map(u128::from);
        let all: u128 = device.iter().chain(&others).sum();
        same("errors by family", all, "errors.total", self.total.into())?;
        most("errors.total", self.total, "what can be", MOST_CALLS)
    }
}

/// Fails unless two figures that are the same thing are the same.
fn same<N: Copy + PartialEq + fmt::Display>(
    a: &str,
    ours: N,
    b: &str,
    theirs: N,
) -> Result<(), String> {
    match ours == theirs {
        true => Ok(()),
        false => Err(format!("{a} comes to {ours} where {b} says {theirs}")),
    }
}

/// Fails if a part is more than the whole.
fn most<N: Copy + PartialOrd + fmt::Display>(
    a: &str,
    part: N,
    b: &str,
    whole: N,
) -> Result<(), String> {
    match part <= whole {
        true => Ok(()),
        false => Err(format!("{a} is {part}, and {b} {whole}")),
    }
}

/// More than a run can have, and few enough to be added up.
const MOST_CALLS: u64 = 1 << 53;
