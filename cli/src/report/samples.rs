//! What was measured, in full: what figures are computed from, and what results are merged by.

use pausewake_device::Nanos;
use pausewake_device::protocol::Class;
use pausewake_engine::events::Stage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::build::Facts;
use super::collect::Figures;
use super::series::Series;
use crate::scenario::{Pacing, Scenario};

/// Distributions of times, and sums that are exact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Samples {
    /// The latency that is reported, of each call that gave a result: from the call, or in an open loop
    /// from when it was to begin, to the return.
    pub latency: Series,
    /// Call to return in an open loop, whatever the call was late by; `null` elsewhere.
    pub uncorrected: Option<Series>,
    /// Starts of an open loop, less the intended ones; `null` elsewhere.
    pub lateness: Option<Series>,
    /// Of each phase, if there are some.
    pub phases: Vec<PhaseSamples>,
    /// Call to slot granted, of the device's ops.
    pub full_wait: Series,
    /// Granted to doorbell.
    pub prepare: Series,
    /// Doorbell to fetched.
    pub ring: Series,
    /// Fetched to done.
    pub service: Series,
    /// Done to known.
    pub notify: Series,
    /// Known to returned.
    pub resume: Series,
    /// Of those ops that met a full ring: how long they waited for room.
    pub full_waited: Series,
    /// Waits for a slice, as the device modelled them.
    pub queue_wait: Series,
    /// Sums.
    pub totals: Totals,
}

/// What was measured of a phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseSamples {
    /// Latency of the calls that were to begin in it.
    pub latency: Series,
    /// How much of it there was before the run ended.
    pub lasted_ns: u64,
}

/// Sums over a run. They can exceed 2^53: a reader that knows floats alone loses their last digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Calls that gave a result while figures were taken, those that had begun before included.
    #[serde(default)]
    pub served: u64,
    /// The time in which they did: behind a warm-up, from its last result on, if the run ends with one.
    #[serde(default)]
    pub serving_ns: u64,
    /// Calls between their begin and their end, whatever that was, integrated over time, call · ns.
    pub calls_in_flight_ns: i128,
    /// What of that belongs to calls that gave a result.
    pub told_calls_ns: u128,
    /// Ops in the device, integrated over time, op · ns.
    pub in_device_ns: u128,
    /// What of that their completions told to calls that waited for them.
    pub told_service_ns: u128,
    /// CPU time of the threads that made the load; by the wall clock alone.
    pub generator_busy_ns: u128,
    /// Time that passed for them.
    pub generator_elapsed_ns: u128,
    /// Time that slices for public-key ops worked.
    pub asym_busy_ns: u128,
    /// Time that slices for cipher ops worked.
    pub sym_busy_ns: u128,
    /// Time that public-key ops waited for a slice.
    pub asym_waiting_ns: u128,
    /// Time that cipher ops waited for a slice.
    pub sym_waiting_ns: u128,
    /// How late the CPU had results ready, of all `late_ops`.
    pub compute_late_ns: u128,
    /// Completions whose lateness is that of the device's thread.
    pub thread_late_ops: u64,
    /// How late it published them.
    pub thread_late_ns: u128,
}

impl Samples {
    /// Of a run.
    pub fn new(scenario: &Scenario, facts: &Facts) -> Self {
        let figures = &facts.figures;
        let stage = |stage: Stage| figures.stages[stage.index()].series();
        let is_open = matches!(scenario.load.pacing, Pacing::Open { .. });
        let punctuality = facts.punctuality.as_ref().filter(|_| is_open);
        Self {
            latency: figures.reported_latency().series(),
            uncorrected: is_open.then(|| figures.latency.series()),
            lateness: punctuality.map(|it| it.lateness.to_compact()),
            phases: phases(scenario, figures),
            full_wait: figures.full_wait.series(),
            prepare: stage(Stage::Prepare),
            ring: stage(Stage::Ring),
            service: stage(Stage::Service),
            notify: stage(Stage::Notify),
            resume: stage(Stage::Resume),
            full_waited: figures.full_waited.series(),
            queue_wait: figures.queue_waits.series(),
            totals: Totals::new(facts),
        }
    }

    /// The wait for room and the five stages, in the order of an op's way, by their names in reports.
    pub fn stages(&self) -> [(&'static str, &Series); 6] {
        [
            ("full_wait", &self.full_wait),
            (Stage::Prepare.name(), &self.prepare),
            (Stage::Ring.name(), &self.ring),
            (Stage::Service.name(), &self.service),
            (Stage::Notify.name(), &self.notify),
            (Stage::Resume.name(), &self.resume),
        ]
    }

    /// With those of another run.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            latency,
            uncorrected,
            lateness,
            phases,
            full_wait,
            prepare,
            ring,
            service,
            notify,
            resume,
            full_waited,
            queue_wait,
            totals,
        } = other;
        self.latency.merge(latency);
        merge_some(&mut self.uncorrected, uncorrected.as_ref());
        merge_some(&mut self.lateness, lateness.as_ref());
        for (ours, theirs) in self.phases.iter_mut().zip(phases) {
            ours.latency.merge(&theirs.latency);
            ours.lasted_ns = ours.lasted_ns.saturating_add(theirs.lasted_ns);
        }
        self.full_wait.merge(full_wait);
        self.prepare.merge(prepare);
        self.ring.merge(ring);
        self.service.merge(service);
        self.notify.merge(notify);
        self.resume.merge(resume);
        self.full_waited.merge(full_waited);
        self.queue_wait.merge(queue_wait);
        self.totals.merge(totals);
    }
}

impl Totals {
    fn new(facts: &Facts) -> Self {
        let (figures, device) = (&facts.figures, &facts.device);
        let [asym, sym] = [Class::Asymmetric, Class::Symmetric].map(|class| device.class(class));
        Self {
            served: figures.served,
            serving_ns: figures.serving_ns().get(),
            calls_in_flight_ns: figures.calls_in_flight_ns,
            told_calls_ns: figures.told_calls_ns,
            in_device_ns: wide(device.in_system_ns()),
            told_service_ns: figures.told_service_ns,
            generator_busy_ns: wide(facts.cost.busy_ns),
            generator_elapsed_ns: wide(facts.cost.elapsed_ns),
            asym_busy_ns: wide(asym.busy_ns),
            sym_busy_ns: wide(sym.busy_ns),
            asym_waiting_ns: wide(asym.waiting_ns),
            sym_waiting_ns: wide(sym.waiting_ns),
            compute_late_ns: wide(device.compute_lateness.total_ns()),
            thread_late_ops: device.driver_lateness.count(),
            thread_late_ns: wide(device.driver_lateness.total_ns()),
        }
    }

    /// Sums of numbers that a file may have made up do not overflow.
    fn merge(&mut self, other: &Self) {
        let Self {
            served,
            serving_ns,
            calls_in_flight_ns,
            told_calls_ns,
            in_device_ns,
            told_service_ns,
            generator_busy_ns,
            generator_elapsed_ns,
            asym_busy_ns,
            sym_busy_ns,
            asym_waiting_ns,
            sym_waiting_ns,
            compute_late_ns,
            thread_late_ops,
            thread_late_ns,
        } = other;
        self.served = self.served.saturating_add(*served);
        self.serving_ns = self.serving_ns.saturating_add(*serving_ns);
        self.calls_in_flight_ns = self.calls_in_flight_ns.saturating_add(*calls_in_flight_ns);
        self.thread_late_ops = self.thread_late_ops.saturating_add(*thread_late_ops);
        for (ours, theirs) in [
            (&mut self.told_calls_ns, told_calls_ns),
            (&mut self.in_device_ns, in_device_ns),
            (&mut self.told_service_ns, told_service_ns),
            (&mut self.generator_busy_ns, generator_busy_ns),
            (&mut self.generator_elapsed_ns, generator_elapsed_ns),
            (&mut self.asym_busy_ns, asym_busy_ns),
            (&mut self.sym_busy_ns, sym_busy_ns),
            (&mut self.asym_waiting_ns, asym_waiting_ns),
            (&mut self.sym_waiting_ns, sym_waiting_ns),
            (&mut self.compute_late_ns, compute_late_ns),
            (&mut self.thread_late_ns, thread_late_ns),
        ] {
            *ours = ours.saturating_add(*theirs);
        }
    }
}

/// What was measured of each phase.
fn phases(scenario: &Scenario, figures: &Figures) -> Vec<PhaseSamples> {
    let (_, last) = figures.span.unwrap_or_default();
    let phases = scenario.load.phases.iter().zip(&figures.phases);
    phases
        .zip(figures.phase_ends())
        .map(|((phase, latency), end)| PhaseSamples {
            latency: latency.series(),
            lasted_ns: (phase.duration - (*end - last)).get(),
        })
        .collect()
}

fn merge_some(ours: &mut Option<Series>, theirs: Option<&Series>) {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => ours.merge(theirs),
        (ours, theirs) => *ours = ours.take().or(theirs.cloned()),
    }
}

fn wide(time: Nanos) -> u128 {
    u128::from(time.get())
}
