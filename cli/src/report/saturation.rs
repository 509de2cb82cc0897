//! Whether an open loop had more arrivals than the device, or a limit, let through.

use pausewake_device::Nanos;

use super::Report;
use super::parts::OpenLoopFigures;
use super::timeline::Interval;

impl Report {
    /// Whether more arrived than was served, so that latency grows with the run, and says nothing of a
    /// longer one. Never true of a closed loop, whose jobs wait for each other.
    ///
    /// Where the capacity follows from the configuration, what was asked is held against that: a short run
    /// does not show it. What no configuration says shows in the run: arrivals were dropped, more than a short
    /// backlog drops of what chance lets come at once, or ops took longer and longer from its beginning to its
    /// end. A run that is short, or nearly too much, may look like that by chance, so it takes more to
    /// contradict the configuration.
    pub fn is_saturated(&self) -> bool {
        // The figures of an invalid run say nothing of the device.
        let (Some(open_loop), None) = (&self.open_loop, &self.invalid) else {
            return false;
        };
        let dropped = open_loop.dropped_for_a_job();
        if float(dropped) > float(open_loop.arrivals) * BEHIND {
            return true;
        }
        match (open_loop.offered_per_s, open_loop.capacity_per_s) {
            (Some(offered), Some(capacity)) => {
                // Arrivals that are as many as can be served, and come at random, wait for longer and longer, too.
                let arrival = self.config.get("load.arrival");
                let is_random = arrival.is_none_or(|arrival| arrival == "\"poisson\"");
                let is_too_much = offered > capacity || (offered == capacity && is_random);
                is_too_much || self.contradicts(offered, capacity)
            }
            // Where software takes what is too much for them, slices are busy, and nothing waits; what is too
            // small for them it takes in any case.
            _ => {
                let too_much = self
                    .software
                    .full
                    .saturating_add(self.software.device_error);
                let is_busy = too_much == 0 && self.busiest() >= SATURATED;
                is_busy || self.has_growing_latency()
            }
        }
    }

    /// Whether ops take longer and longer, as long as the run goes on.
    pub fn has_growing_latency(&self) -> bool {
        self.growth().is_some_and(|growth| growth.behind() > BEHIND)
    }

    /// Whether latency grows so much that it is no chance, where `capacity` of the configuration is above what
    /// was `offered`.
    fn contradicts(&self, offered: f64, capacity: f64) -> bool {
        let Some(growth) = self.growth() else {
            return false;
        };
        // Once calls wait for room they may do so for good: the configuration allows both.
        let in_line = self.predicted.and_then(|it| it.in_line_per_s);
        let allows_both = in_line.is_some_and(|in_line| offered > in_line);
        // What waits when a queue is in its steady state, and arrivals and services are random, is 1/(1 - ρ)
        // on average, times those that come at once; that it is many times as much has no chance.
        let at_once = self.config.get("load.burst").and_then(|it| it.parse().ok());
        let usual = at_once.unwrap_or(1.0) / (1.0 - offered / capacity);
        let has_no_chance = growth.by_ns / 1e9 * offered > usual * NO_CHANCE;
        growth.behind() > FAR_BEHIND || ((allows_both || has_no_chance) && growth.behind() > BEHIND)
    }

    /// Writes down whether it is.
    pub(super) fn note_saturation(&mut self) {
        let is_saturated = self.is_saturated();
        if let Some(open_loop) = &mut self.open_loop {
            open_loop.saturated = is_saturated;
        }
    }

    /// Of its time, what the slices of the class worked that worked most.
    pub fn busiest(&self) -> f64 {
        let classes = self.slices.iter().map(|slices| slices.utilisation);
        classes.fold(0.0, f64::max)
    }

    /// By how much ops that returned took longer at the end than at the beginning, if they did so in each
    /// quarter of the run: a queue that comes and goes does not grow four times.
    fn growth(&self) -> Option<Growth> {
        let intervals: Vec<(Nanos, &Interval)> = self.timeline.intervals().collect();
        let length = intervals.len() / 4;
        if length == 0 {
            return None;
        }
        // The first ones are left out where there is a rest: there the queue was empty.
        let rest = intervals.len() % 4;
        let quarters = intervals[rest..].chunks(length);
        let means: Vec<f64> = quarters.map(mean_ns).collect::<Option<_>>()?;
        let grows = means.windows(2).all(|pair| pair[0] < pair[1]);
        // What fills up for some time, as in a spike, and empties again, does not grow at the end.
        let last = mean_ns(&intervals[intervals.len() - 1..]);
        let grows = grows && last.is_none_or(|last| last >= means[3]);
        grows.then(|| Growth {
            by_ns: means[3] - means[0],
            in_ns: Nanos::new(3 * length as u64 * self.timeline.interval_ns()).as_f64(),
        })
    }
}

/// How latency grows.
struct Growth {
    /// From the middle of the first quarter to that of the last one.
    by_ns: f64,
    /// The time between the two.
    in_ns: f64,
}

impl Growth {
    /// The share of arrivals that stays behind: where only a part of what arrives is served, latency grows by
    /// the time in which the rest arrives.
    fn behind(&self) -> f64 {
        self.by_ns / self.in_ns
    }
}

impl OpenLoopFigures {
    /// Arrivals that found no job free and no place in the backlog.
    pub fn dropped_for_a_job(&self) -> u64 {
        self.dropped.saturating_sub(self.dropped_by_generator)
    }
}

/// The mean latency of what returned in a quarter; `None` if that is too little to tell.
fn mean_ns(quarter: &[(Nanos, &Interval)]) -> Option<f64> {
    let ops: u64 = quarter.iter().map(|(_, it)| it.latency.count()).sum();
    let with_ops = quarter.iter().filter(|(_, it)| it.latency.count() > 0);
    let sum_ns: f64 = with_ops
        .map(|(_, it)| it.latency.mean().as_f64() * float(it.latency.count()))
        .sum();
    (ops >= ENOUGH).then(|| sum_ns / float(ops))
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Of their time that slices have to work to be taken for busy without end.
const SATURATED: f64 = 0.98;
/// Of what arrives, the share that is not served.
const BEHIND: f64 = 0.02;
/// The same, where the configuration says that all of it can be served.
const FAR_BEHIND: f64 = 0.1;
/// How many times as much as usual has no chance to wait: of an M/M/1 queue, e⁻¹⁰⁰.
const NO_CHANCE: f64 = 100.0;
/// Ops whose mean says something.
const ENOUGH: u64 = 10;
