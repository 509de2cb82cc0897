//! Results of several runs of the same thing, made one: samples and counts are added, what follows from
//! them is computed anew. Percentiles are never averaged.
//!
//! A merged report is that of one system, watched for as long as all runs together: throughput, busy
//! slices and numbers in flight are averages over all of that time.

use pausewake_device::Nanos;

use super::build::{is_compute_bound, per_second, stages, times};
use super::little::{littles_law, to_millionths};
use super::parts::{
    ComputeFigures, DoorbellFigures, ErrorFigures, JobFigures, LateFigures, OpenLoopFigures,
    QueueWait, SignalFigures, SliceFigures, SoftwareFigures, StatusCount, Verification,
    WakeFigures,
};
use super::samples::Samples;
use super::{Report, Reports, verdict};

/// Why two results cannot be made one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// They have other variants.
    #[error("one result has the variants {ours}, the other {theirs}: only the same can be merged")]
    Variants {
        /// Names of one.
        ours: String,
        /// Names of the other.
        theirs: String,
    },
    /// What was run was not the same.
    #[error(
        "{of}{entry} is {ours} in one result and {theirs} in the other: only runs that differ in \
         nothing but the seed can be merged"
    )]
    Entry {
        /// Which variant, and a colon.
        of: String,
        /// What differs.
        entry: String,
        /// In one.
        ours: String,
        /// In the other.
        theirs: String,
    },
    /// It is the same run twice.
    #[error(
        "both results are of seed {seed}, and under virtual time that is the same run twice: it \
         tells nothing new. Run it with another --seed"
    )]
    SameRun {
        /// The seed.
        seed: u64,
    },
    /// It is the same result twice.
    #[error("both hold the same result: merged, all that is in it would count twice")]
    SameResult,
}

impl Reports {
    /// Adds `other`, runs of the same scenario with other seeds, variant by variant, and judges
    /// anew what was expected.
    ///
    /// # Errors
    /// They are not of the same scenario and configuration, or not of different runs; then nothing has
    /// changed.
    pub fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        let [ours, theirs] = [&*self, other].map(names);
        if ours != theirs {
            return Err(MergeError::Variants { ours, theirs });
        }
        for (ours, theirs) in self.variants.iter().zip(&other.variants) {
            ours.check_same(theirs)?;
        }
        for (ours, theirs) in self.variants.iter_mut().zip(&other.variants) {
            ours.merge(theirs);
        }
        self.command = format!("{}\n{}", self.command, other.command);
        verdict::judge(&mut self.variants);
        Ok(())
    }
}

fn names(reports: &Reports) -> String {
    let names = reports.variants.iter().map(Report::label);
    names.collect::<Vec<_>>().join(", ")
}

impl Report {
    /// Its variant's name, or that of its scenario.
    pub fn label(&self) -> &str {
        let variant = self.scenario.variant.as_deref();
        variant.unwrap_or(&self.scenario.name)
    }

    fn check_same(&self, other: &Self) -> Result<(), MergeError> {
        let of = match &self.scenario.variant {
            None => String::new(),
            Some(name) => format!("{name}: "),
        };
        let differs = |entry: &str, ours: Option<&str>, theirs: Option<&str>| MergeError::Entry {
            of: of.clone(),
            entry: entry.to_owned(),
            ours: ours.unwrap_or("not said").to_owned(),
            theirs: theirs.unwrap_or("not said").to_owned(),
        };
        if self.scenario.name != other.scenario.name {
            let names = [self, other].map(|report| report.scenario.name.as_str());
            return Err(differs("the scenario", Some(names[0]), Some(names[1])));
        }
        let entries = self.config.iter().chain(other.config.iter());
        for (path, _) in entries.filter(|(path, _)| *path != "seed") {
            let (ours, theirs) = (self.entry(path), other.entry(path));
            if ours != theirs {
                return Err(differs(path, ours, theirs));
            }
        }
        if let Some((file, [ours, theirs])) = self.other_files(other).first() {
            return Err(differs(file, Some(ours), Some(theirs)));
        }
        // Defaults may differ between versions of the program; files of early ones do not tell them.
        for (path, ours) in self.defaults.iter() {
            let theirs = other.defaults.get(path);
            if theirs.is_some_and(|theirs| theirs != ours) {
                return Err(differs(path, Some(ours), theirs));
            }
        }
        let same = self.seeds.iter().find(|seed| other.seeds.contains(seed));
        match same {
            Some(&seed) if self.scenario.clock == "virtual" => Err(MergeError::SameRun { seed }),
            _ => Ok(()),
        }
    }

    /// Adds what another run of the same has measured.
    fn merge(&mut self, other: &Self) {
        // Everything by name, so that what is new is not forgotten here.
        let Self {
            scenario,
            seeds,
            invalid,
            aborted,
            warmup_ns: _,
            elapsed_ns,
            ops,
            ops_per_s: _,
            device_ops,
            latency: _,
            uncorrected: _,
            open_loop,
            generator,
            phases: _,
            stages: _,
            saturated_ops,
            queue_wait,
            predicted,
            slices,
            littles_law: _,
            jobs,
            wakes,
            doorbells,
            signals,
            software,
            errors,
            verified,
            compute,
            device_thread,
            expected,
            story: _,
            story_left_out: _,
            config: _,
            defaults: _,
            files: _,
            timeline,
            samples,
        } = other;
        self.seeds.extend(seeds);
        if let (Some(ours), Some(theirs)) = (&mut self.scenario.command, &scenario.command) {
            *ours = format!("{ours}\n{theirs}");
        }
        if self.aborted.is_none() {
            self.aborted.clone_from(aborted);
        }
        if self.invalid.is_none() {
            self.invalid.clone_from(invalid);
        }
        add(&mut self.elapsed_ns, *elapsed_ns);
        add(&mut self.ops, *ops);
        add(&mut self.device_ops, *device_ops);
        add(&mut self.saturated_ops, *saturated_ops);
        self.jobs.merge(jobs);
        self.wakes.merge(wakes);
        self.doorbells.merge(doorbells);
        self.signals.merge(signals);
        self.software.merge(software);
        self.errors.merge(errors);
        self.verified.merge(verified);
        self.queue_wait.merge(queue_wait);
        if let (Some(ours), Some(theirs)) = (&mut self.open_loop, open_loop) {
            ours.merge(theirs);
        }
        if let (Some(ours), Some(theirs)) = (&mut self.generator, generator) {
            ours.threads = ours.threads.max(theirs.threads);
        }
        // What was to hold while the runs went on holds if it did in both; what failed is told before
        // what nobody looked at.
        for (ours, theirs) in self.expected.iter_mut().zip(expected) {
            if theirs.is_abort() && !ours.fails() && theirs.holds != Some(true) {
                ours.clone_from(theirs);
            }
        }
        self.timeline.merge(timeline);
        self.samples.merge(samples);
        if self.predicted != *predicted {
            self.predicted = None;
        }
        for (ours, theirs) in self.slices.iter_mut().zip(slices) {
            ours.merge(theirs);
        }
        if let (Some(ours), Some(theirs)) = (&mut self.compute, compute) {
            add(&mut ours.late_ops, theirs.late_ops);
            ours.late.late_max_ns = ours.late.late_max_ns.max(theirs.late.late_max_ns);
        }
        if let (Some(ours), Some(theirs)) = (&mut self.device_thread, device_thread) {
            ours.late_max_ns = ours.late_max_ns.max(theirs.late_max_ns);
        }
        // A story is of one run.
        (self.story, self.story_left_out) = (None, None);
        self.recompute();
    }

    /// What follows from samples, counts and time.
    pub(super) fn recompute(&mut self) {
        let samples = &self.samples;
        let elapsed = Nanos::new(self.elapsed_ns);
        let totals = &samples.totals;
        // Files of earlier versions do not know what was served.
        let serving_ns = self.elapsed_ns.max(totals.serving_ns);
        self.ops_per_s = per_second(totals.served.max(self.ops), Nanos::new(serving_ns));
        self.latency = times(&samples.latency);
        self.uncorrected = samples.uncorrected.as_ref().map(times);
        if let (Some(open_loop), Some(lateness)) = (&mut self.open_loop, &samples.lateness) {
            open_loop.lateness = times(lateness);
        }
        if let Some(generator) = &mut self.generator {
            let busy_ns = totals.generator_busy_ns;
            generator.cpu_per_op_ns = (self.ops > 0).then(|| mean(busy_ns, self.ops));
            generator.busy_share = to_millionths(ratio(busy_ns, totals.generator_elapsed_ns));
        }
        for (phase, measured) in self.phases.iter_mut().zip(&samples.phases) {
            phase.recompute(measured);
        }
        self.stages = stages(samples);
        self.doorbells.full_wait = times(&samples.full_waited);
        self.queue_wait.mean_ns = times(&samples.queue_wait).mean_ns;
        self.littles_law = littles_law(samples, elapsed);
        let of_classes = [
            (totals.asym_busy_ns, totals.asym_waiting_ns),
            (totals.sym_busy_ns, totals.sym_waiting_ns),
        ];
        for (slices, (busy_ns, waiting_ns)) in self.slices.iter_mut().zip(of_classes) {
            let time_ns = u128::from(self.elapsed_ns);
            let capacity_ns = time_ns.saturating_mul(slices.slices.into());
            slices.utilisation = to_millionths(ratio(busy_ns, capacity_ns));
            slices.waiting_mean = to_millionths(ratio(waiting_ns, time_ns));
        }
        if let Some(compute) = &mut self.compute {
            compute.recompute(samples, self.signals.completions);
        }
        if let Some(thread) = &mut self.device_thread {
            thread.late_mean_ns = mean(totals.thread_late_ns, totals.thread_late_ops);
        }
        self.note_saturation();
    }
}

impl OpenLoopFigures {
    fn merge(&mut self, other: &Self) {
        let Self {
            offered_per_s: _,
            capacity_per_s: _,
            saturated: _,
            arrivals,
            started,
            late,
            late_by_generator,
            late_for_a_job,
            dropped,
            dropped_by_generator,
            left_waiting,
            late_after_ns: _,
            max_backlog,
            lateness: _,
        } = other;
        add(&mut self.arrivals, *arrivals);
        add(&mut self.started, *started);
        add(&mut self.late, *late);
        add(&mut self.late_by_generator, *late_by_generator);
        add(&mut self.late_for_a_job, *late_for_a_job);
        add(&mut self.dropped, *dropped);
        add(&mut self.dropped_by_generator, *dropped_by_generator);
        add(&mut self.left_waiting, *left_waiting);
        self.max_backlog = self.max_backlog.max(*max_backlog);
    }
}

impl ComputeFigures {
    fn recompute(&mut self, samples: &Samples, completions: u64) {
        let late_ns = samples.totals.compute_late_ns;
        let share = ratio(late_ns, samples.latency.sum_ns());
        self.bound = is_compute_bound(self.late_ops, completions, share);
        self.share_of_latency = to_millionths(share);
        let LateFigures { late_mean_ns, .. } = &mut self.late;
        *late_mean_ns = mean(late_ns, self.late_ops);
    }
}

impl JobFigures {
    fn merge(&mut self, other: &Self) {
        let Self {
            started,
            finished,
            cancelled,
            max_live,
        } = other;
        add(&mut self.started, *started);
        add(&mut self.finished, *finished);
        add(&mut self.cancelled, *cancelled);
        self.max_live = self.max_live.max(*max_live);
    }
}

impl WakeFigures {
    fn merge(&mut self, other: &Self) {
        let Self {
            callback,
            fd,
            in_place,
            by_look,
            spurious,
        } = other;
        add(&mut self.callback, *callback);
        add(&mut self.fd, *fd);
        add(&mut self.in_place, *in_place);
        add(&mut self.by_look, *by_look);
        add(&mut self.spurious, *spurious);
    }
}

impl DoorbellFigures {
    fn merge(&mut self, other: &Self) {
        let Self {
            rung,
            woke_device,
            descriptors,
            full_waits,
            full_wait: _,
            orphans,
            abandoned,
        } = other;
        add(&mut self.rung, *rung);
        add(&mut self.woke_device, *woke_device);
        add(&mut self.descriptors, *descriptors);
        add(&mut self.full_waits, *full_waits);
        add(&mut self.orphans, *orphans);
        add(&mut self.abandoned, *abandoned);
    }
}

impl SignalFigures {
    fn merge(&mut self, other: &Self) {
        let Self {
            completions,
            coalesced,
            given,
            woke_host,
        } = other;
        add(&mut self.completions, *completions);
        add(&mut self.coalesced, *coalesced);
        add(&mut self.given, *given);
        add(&mut self.woke_host, *woke_host);
    }
}

impl SoftwareFigures {
    fn merge(&mut self, other: &Self) {
        let Self {
            by_mode,
            small,
            full,
            device_error,
        } = other;
        add(&mut self.by_mode, *by_mode);
        add(&mut self.small, *small);
        add(&mut self.full, *full);
        add(&mut self.device_error, *device_error);
    }
}

impl ErrorFigures {
    fn merge(&mut self, other: &Self) {
        let Self {
            total,
            misuse,
            device,
            retry,
            not_authentic,
            refused_calls,
            first,
            by_status,
            timed_out,
        } = other;
        add(&mut self.total, *total);
        add(&mut self.misuse, *misuse);
        self.device.merge(*device);
        add(&mut self.retry, *retry);
        add(&mut self.not_authentic, *not_authentic);
        add(&mut self.refused_calls, *refused_calls);
        if self.first.is_none() {
            self.first.clone_from(first);
        }
        for theirs in by_status {
            let mut ours = self.by_status.iter_mut();
            match ours.find(|ours| ours.status == theirs.status) {
                Some(StatusCount { count, .. }) => add(count, theirs.count),
                None => self.by_status.push(theirs.clone()),
            }
        }
        add(&mut self.timed_out, *timed_out);
    }
}

impl Verification {
    fn merge(&mut self, other: &Self) {
        let Self {
            applies,
            results,
            right,
            wrong,
            how: _,
        } = other;
        self.applies |= applies;
        add(&mut self.results, *results);
        add(&mut self.right, *right);
        add(&mut self.wrong, *wrong);
    }
}

impl QueueWait {
    /// Of several runs no interval is known; the prediction is the same, or there is none.
    fn merge(&mut self, other: &Self) {
        (self.steady_mean_ns, self.interval_ns) = (None, None);
        if self.theory != other.theory {
            self.theory = None;
        }
    }
}

impl SliceFigures {
    fn merge(&mut self, other: &Self) {
        let Self {
            class: _,
            slices: _,
            ops,
            utilisation: _,
            predicted,
            waiting_mean: _,
            waiting_max,
        } = other;
        add(&mut self.ops, *ops);
        if self.predicted != *predicted {
            self.predicted = None;
        }
        self.waiting_max = self.waiting_max.max(*waiting_max);
    }
}

/// Numbers of a file may be anything.
fn add(ours: &mut u64, theirs: u64) {
    *ours = ours.saturating_add(theirs);
}

fn mean(sum_ns: u128, count: u64) -> u64 {
    let mean = sum_ns / u128::from(count.max(1));
    u64::try_from(mean).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a share, to a millionth")]
fn ratio(part: u128, whole: u128) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 / whole as f64
}
