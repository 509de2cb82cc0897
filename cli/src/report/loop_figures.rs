//! What is told of an open loop, of who made the load, and of phases; and when the figures of a run mean
//! nothing because whoever made the load was slower than it.

use pausewake_device::Nanos;
use pausewake_engine::Reap;

use super::build::{Facts, per_second, times};
use super::little::to_millionths;
use super::offered::{arrivals_per_s, prediction};
use super::parts::{GeneratorFigures, OpenLoopFigures, PhaseFigures};
use super::punctuality::Punctuality;
use super::samples::{PhaseSamples, Samples};
use crate::scenario::{Arrival, Clock, Pacing, Scenario, Shape};

/// How punctual the starts were, if the loop was open.
pub fn open_loop(scenario: &Scenario, facts: &Facts, samples: &Samples) -> Option<OpenLoopFigures> {
    let Pacing::Open { late_after, .. } = scenario.load.pacing else {
        return None;
    };
    let punctuality = facts.punctuality.as_ref()?;
    let figures = &facts.figures;
    let capacity = prediction(scenario, figures).map(|it| it.capacity_per_s());
    Some(OpenLoopFigures {
        offered_per_s: arrivals_per_s(scenario, figures).map(to_millionths),
        capacity_per_s: capacity.filter(|it| it.is_finite()).map(to_millionths),
        // Told when all of the report is known.
        saturated: false,
        arrivals: punctuality.arrivals(),
        started: punctuality.started(),
        late: punctuality.late(),
        late_by_generator: punctuality.late_by_generator,
        late_for_a_job: punctuality.late_for_a_job,
        dropped: punctuality.dropped,
        dropped_by_generator: punctuality.dropped_by_generator,
        left_waiting: punctuality.left_waiting,
        late_after_ns: late_after.get(),
        max_backlog: punctuality.max_backlog,
        lateness: times(samples.lateness.as_ref()?),
    })
}

/// What making the load cost, if that was measured.
pub fn generator(facts: &Facts) -> Option<GeneratorFigures> {
    let cost = &facts.cost;
    let ops = facts.figures.latency.count();
    Some(GeneratorFigures {
        threads: cost.threads,
        cpu_per_op_ns: cost.busy_ns.get().checked_div(ops),
        busy_share: to_millionths(cost.busy_share()?),
    })
}

/// The phases, if there are some.
pub fn phases(scenario: &Scenario, samples: &Samples) -> Vec<PhaseFigures> {
    let phases = scenario.load.phases.iter().zip(&samples.phases);
    phases
        .map(|(phase, measured)| {
            let shape = match phase.shape {
                Shape::Hold => "hold",
                Shape::Ramp => "ramp",
                Shape::Spike => "spike",
            };
            let mut figures = PhaseFigures {
                shape: shape.into(),
                level: phase.level,
                duration_ns: phase.duration.get(),
                ops: 0,
                ops_per_s: None,
                latency: times(&measured.latency),
            };
            figures.recompute(measured);
            figures
        })
        .collect()
}

impl PhaseFigures {
    /// What follows from what was measured of the phase.
    pub(super) fn recompute(&mut self, measured: &PhaseSamples) {
        let latency = &measured.latency;
        self.ops = latency.count();
        // Of a run that ended before its time, the part that there was.
        self.ops_per_s = per_second(self.ops, Nanos::new(measured.lasted_ns));
        self.latency = times(latency);
    }
}

/// That whoever made the load was the bottleneck, if so.
///
/// By the wall clock, an open loop says nothing if the generator never got to some of the arrivals. Nor
/// does it if more than one arrival in a hundred started late although a job was free for it, by more than
/// what no figure shows; or if one in a hundred started late for any reason, or was dropped, and the
/// threads that start them were busy all the time, or the device was far from it: a job may not have been
/// free because nobody had the time to see that it was. Under virtual time what the threads do is part of
/// the model.
///
/// Arrivals that wait because the device keeps all jobs busy are no such case: that is a measurement.
pub fn bottleneck(scenario: &Scenario, facts: &Facts) -> Option<String> {
    if scenario.clock != Clock::Wall {
        return None;
    }
    let Pacing::Open { late_after, .. } = scenario.load.pacing else {
        return None;
    };
    let punctuality = facts.punctuality.as_ref()?;
    if punctuality.dropped_by_generator > 0 {
        return Some(format!(
            "the load generator was the bottleneck: {} of {} arrivals had not been started when the \
             load was over, nor within a second after that, and were dropped. {ADVICE}",
            punctuality.dropped_by_generator,
            punctuality.arrivals(),
        ));
    }
    // A single one is chance, however few there are.
    let is_many = |part: u64| part > 1 && part * 100 > punctuality.arrivals();
    if is_many(punctuality.late_by_generator) && !is_hidden(punctuality, facts) {
        return Some(format!(
            "the load generator was the bottleneck: {} of {} arrivals were started more than \
             {late_after} late although a job was free, where one in a hundred may be. {ADVICE}",
            punctuality.late_by_generator,
            punctuality.arrivals(),
        ));
    }
    if !is_many(punctuality.late() + punctuality.dropped) {
        return None;
    }
    if let Some(why) = idle_device(scenario, facts) {
        return Some(format!(
            "the load generator was the bottleneck, or the device's thread was: {} of {} arrivals waited \
             for a job and {} were dropped, though {why}. {ADVICE}",
            punctuality.late(),
            punctuality.arrivals(),
            punctuality.dropped,
        ));
    }
    let busy = busy_share(scenario, facts)?;
    (busy >= BUSY).then(|| {
        format!(
            "the load generator was the bottleneck: its threads were busy for {:.0} % of the time, \
             and arrivals were late. {ADVICE}",
            busy * 100.0
        )
    })
}

/// Whether the lateness of starts is lost in the latency: nearly all are late by less than a hundredth of
/// what half of the calls take at least.
fn is_hidden(punctuality: &Punctuality, facts: &Facts) -> bool {
    let latency = facts.figures.reported_latency().series();
    let p99 = punctuality.lateness.quantile(0.99);
    latency.count() > 0 && p99.as_f64() * 100.0 <= latency.quantile(0.5).as_f64()
}

/// Why it cannot be the modelled device that arrivals waited for, if so; nor is it a burst, nor a backlog
/// that is short on purpose. Either it does far more than what arrived; or it does more, and its thread
/// was so late that what it did was no longer what is modelled.
fn idle_device(scenario: &Scenario, facts: &Facts) -> Option<String> {
    let Pacing::Open {
        arrival,
        max_backlog,
        ..
    } = scenario.load.pacing
    else {
        return None;
    };
    if matches!(arrival, Arrival::Burst(_)) || max_backlog < LONG_BACKLOG {
        return None;
    }
    let ops_per_s = arrivals_per_s(scenario, &facts.figures)?;
    let prediction = prediction(scenario, &facts.figures)?;
    let capacity = prediction.capacity_per_s();
    let does = match capacity.is_finite() {
        true => format!("{capacity:.0}"),
        false => "any number".to_owned(),
    };
    let why =
        format!("{ops_per_s:.0} ops arrived each second where the modelled device does {does}");
    if ops_per_s * 2.0 < capacity {
        return Some(why);
    }
    let late = facts.device.driver_lateness.mean_ns();
    let is_late = late.as_f64() > LATE_DEVICE * prediction.alone_ns();
    (is_late && ops_per_s < capacity)
        .then(|| format!("{why}, whose thread here was late by {late} on average"))
}

/// Where the loop looks for completions without end, that is no sign of work.
fn busy_share(scenario: &Scenario, facts: &Facts) -> Option<f64> {
    match scenario.engine.reap {
        Reap::Inline => None,
        _ => facts.cost.busy_share(),
    }
}

/// Of their time that threads have to work to be taken for busy without end.
const BUSY: f64 = 0.95;
/// Of the time of an op that waits for no other, by how much a completion may be late.
const LATE_DEVICE: f64 = 0.1;
/// Arrivals that at half of its capacity never wait for a device, whatever chance does.
const LONG_BACKLOG: u32 = 1_000;
const ADVICE: &str = "Lower the rate, add threads (load.threads), use the machine for nothing else, \
                      or allow more (load.late_after)";

#[cfg(test)]
mod tests {
    use pausewake_device::DeviceStats;

    use super::*;
    use crate::formats::Render as _;
    use crate::report::{
        Collector, ErrorTally, Outcome, Punctuality, Reports, Series, ThreadCost, Verification,
    };
    use crate::scenario::{self, Variant};

    /// Signatures by 29 slices that do 67,000 of them each second.
    fn open(clock: &str, rate: &str) -> Variant {
        let text = format!(
            "clock = \"{clock}\"\n[device]\ncompute = \"none\"\n[device.asym]\nslices = 29\n\
             service = {{ distribution = \"constant\", base = \"433us\" }}\n\
             [load]\nop = \"rsa2048-sign\"\nrate = \"{rate}\"\njobs = 640\nduration = \"1s\"\n"
        );
        let variants = scenario::of_flags("open", &text, &[], &[]);
        variants.expect("a scenario").remove(0)
    }

    /// What came of ten thousand arrivals, each of which asked for one signature; all threads worked
    /// for that part of their time.
    fn facts(busy: f64, change: impl FnOnce(&mut Punctuality)) -> Facts {
        let mut punctuality = Punctuality::default();
        punctuality.lateness.record_n(Nanos::ZERO, 10_000);
        change(&mut punctuality);
        let mut figures = Collector::new().take();
        (figures.asked[0].ops, figures.jobs.started) = (10_000, 10_000);
        figures.latency.record(Nanos::from_millis(1));
        Facts {
            figures,
            verification: Verification::default(),
            errors: ErrorTally::default(),
            device: DeviceStats::default(),
            invalid: None,
            aborted: None,
            punctuality: Some(punctuality),
            cost: ThreadCost {
                threads: 1,
                busy_ns: Nanos::from_f64(busy * 1e9),
                elapsed_ns: Nanos::from_secs(1),
            },
            limits: Vec::new(),
        }
    }

    /// How the run ends, and what its report says.
    fn told(variant: &Variant, facts: Facts) -> (u8, String) {
        let outcome = Outcome {
            name: None,
            scenario: &variant.scenario,
            entries: &variant.entries,
            facts,
        };
        let reports = Reports::new(&[outcome], String::new());
        let text = reports.to_text();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (reports.verdict().exit().code(), text)
    }

    /// What makes a run what it is.
    type Change = fn(&mut Punctuality);

    fn never_got_to(it: &mut Punctuality) {
        (it.dropped, it.dropped_by_generator) = (1, 1);
    }

    fn late_with_a_job_free(it: &mut Punctuality) {
        it.late_by_generator = 101;
        it.lateness = Series::new();
        it.lateness.record_n(Nanos::ZERO, 9_800);
        it.lateness.record_n(Nanos::from_millis(1), 200);
    }

    fn late_for_a_job(it: &mut Punctuality) {
        it.late_for_a_job = 101;
    }

    #[test]
    fn a_run_of_which_the_generator_was_the_bottleneck_is_invalid() {
        let (idle, full) = (open("wall", "10k/s"), open("wall", "60k/s"));
        let cases: [(&Variant, f64, Change, &str); 4] = [
            (
                &full,
                0.1,
                never_got_to,
                "1 of 10001 arrivals had not been started when",
            ),
            (
                &full,
                0.1,
                late_with_a_job_free,
                "101 of 10000 arrivals were started more than",
            ),
            (
                &idle,
                0.1,
                late_for_a_job,
                "101 of 10000 arrivals waited for a job and 0 were dropped",
            ),
            (
                &full,
                0.96,
                late_for_a_job,
                "its threads were busy for 96 % of the time",
            ),
        ];
        for (variant, busy, change, reason) in cases {
            let (code, text) = told(variant, facts(busy, change));
            assert_eq!(code, 103, "{reason}: {text}");
            assert!(
                text.contains("INVALID: the load generator was the bottleneck"),
                "{text}"
            );
            assert!(
                text.contains(reason) && text.contains("Lower the rate"),
                "{text}"
            );
        }
    }

    /// Below its capacity a device that is as modelled keeps nobody waiting for long; one whose thread is
    /// late does.
    #[test]
    fn a_device_that_was_late_is_not_what_arrivals_waited_for() {
        let full = open("wall", "60k/s");
        for (late_us, code) in [(40, 0), (50, 103)] {
            let mut facts = facts(0.1, late_for_a_job);
            let lateness = &mut facts.device.driver_lateness;
            lateness.record(Nanos::from_micros(late_us));
            let (ended, text) = told(&full, facts);
            assert_eq!(ended, code, "{text}");
            let words = format!(
                "60000 ops arrived each second where the modelled device does 66975, whose thread here \
                 was late by {late_us}µs on average"
            );
            assert_eq!(text.contains(&words), code == 103, "{text}");
        }
    }

    /// What the device keeps waiting, and what is within the allowance, is measured; and nothing that
    /// happens under virtual time is the generator's.
    #[test]
    fn a_run_of_which_it_was_not_is_valid() {
        let full = open("wall", "60k/s");
        let cases: [(&Variant, f64, Change); 5] = [
            (&full, 0.1, late_for_a_job),
            // By less than any figure shows.
            (&full, 0.1, |it| it.late_by_generator = 101),
            (&full, 0.1, |it| it.late_by_generator = 100),
            (&full, 0.99, |it| it.late_for_a_job = 100),
            (&open("virtual", "10k/s"), 0.99, |it| {
                never_got_to(it);
                late_with_a_job_free(it);
                late_for_a_job(it);
            }),
        ];
        for (index, (variant, busy, change)) in cases.into_iter().enumerate() {
            let (code, text) = told(variant, facts(busy, change));
            assert_eq!(code, 0, "{index}: {text}");
            assert!(!text.contains("INVALID"), "{text}");
        }
    }
}
