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
    /// does not show it. What no configuration says shows in the run: arrivals were dropped, or ops took
    /// longer and longer from its beginning to its end. A run that is short, or nearly too much, may look
    /// like that by chance, and a short backlog drops what chance lets come at once, so it takes more to
    /// contradict the configuration.
    pub fn is_saturated(&self) -> bool {
        // The figures of an invalid run say nothing of the device.
        let (Some(open_loop), None) = (&self.open_loop, &self.invalid) else {
            return false;
        };
        let dropped = open_loop.dropped_for_a_job();
        let (is_too_much, behind) = match (open_loop.offered_per_s, open_loop.capacity_per_s) {
            (Some(offered), Some(capacity)) => {
                let drops_many = float(dropped) > float(open_loop.arrivals) * BEHIND;
                let in_line = self.predicted.and_then(|it| it.in_line_per_s);
                // Once calls wait for room they do so for good: the configuration allows both.
                let behind = match in_line.is_some_and(|in_line| offered > in_line) {
                    true => BEHIND,
                    false => FAR_BEHIND,
                };
                (offered > capacity || drops_many, behind)
            }
            // Where software takes what is too much for them, slices are busy, and nothing waits.
            _ => {
                let is_busy = self.software.exceptions() == 0 && self.busiest() >= SATURATED;
                (is_busy || dropped > 0, BEHIND)
            }
        };
        is_too_much || self.falls_behind(behind)
    }

    /// Writes down whether it is.
    pub(super) fn note_saturation(&mut self) {
        let is_saturated = self.is_saturated();
        if let Some(open_loop) = &mut self.open_loop {
            open_loop.saturated = is_saturated;
        }
    }

    /// Whether ops take longer and longer, as long as the run goes on.
    pub fn has_growing_latency(&self) -> bool {
        self.falls_behind(BEHIND)
    }

    /// Of its time, what the slices of the class worked that worked most.
    pub fn busiest(&self) -> f64 {
        let classes = self.slices.iter().map(|slices| slices.utilisation);
        classes.fold(0.0, f64::max)
    }

    /// Whether ops that returned took longer in each quarter of the run than in the one before, and by so
    /// much that this share of arrivals stays `behind`: where only a part of what arrives is served, latency
    /// grows by the time in which the rest arrives. A queue that comes and goes does not grow four times.
    fn falls_behind(&self, behind: f64) -> bool {
        let intervals: Vec<(Nanos, &Interval)> = self.timeline.intervals().collect();
        let length = intervals.len() / 4;
        if length == 0 {
            return false;
        }
        // The first ones are left out where there is a rest: there the queue was empty.
        let rest = intervals.len() % 4;
        let quarters = intervals[rest..].chunks(length);
        let means: Option<Vec<f64>> = quarters.map(mean_ns).collect();
        let Some(means) = means else {
            return false;
        };
        let grows = means.windows(2).all(|pair| pair[0] < pair[1]);
        // From the middle of the first quarter to that of the last one.
        let steps = Nanos::new(3 * length as u64 * self.timeline.interval_ns()).as_f64();
        grows && means[3] - means[0] > steps * behind
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
/// Ops whose mean says something.
const ENOUGH: u64 = 10;
