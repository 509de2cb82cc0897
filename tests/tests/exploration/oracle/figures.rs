//! What the engine counts, and what is left when everything is over.

use pausewake_engine::{EngineStats, Notify};

use super::{End, Op, Oracle, Phase, Violation, ensure};

impl Oracle {
    /// The engine's own figures are those that were counted here.
    pub(crate) fn check_stats(
        &self,
        stats: &EngineStats,
        slots_in_use: usize,
    ) -> Result<(), Violation> {
        let count = |is: fn(&Op) -> bool| self.ops.values().filter(|op| is(op)).count() as u64;
        let reaped = count(|op| op.reaped);
        let told = count(|op| op.notified) + count(|op| op.timed_out);
        let by_callback = told * u64::from(self.notify == Notify::Callback);
        let by_fd = told * u64::from(self.notify == Notify::Fd);
        let (spurious, looks) = match self.notify {
            Notify::Poll => (0, self.in_vain),
            Notify::Callback | Notify::Fd => (self.in_vain, 0),
        };
        let waited_in_line: u64 = self.jobs.iter().map(|job| job.waited_in_line).sum();
        let submitted = self.ops.len() as u64;
        for (name, counted, expected) in [
            ("submitted", stats.submitted, submitted),
            ("in_flight", stats.in_flight, submitted - reaped),
            (
                "in_flight_symmetric",
                stats.in_flight_symmetric,
                submitted - reaped,
            ),
            ("in_flight_asymmetric", stats.in_flight_asymmetric, 0),
            (
                "returned",
                stats.returned,
                count(|op| op.end == Some(End::Returned)),
            ),
            (
                "abandoned",
                stats.abandoned,
                // What has timed out is counted as that.
                count(|op| op.end == Some(End::Abandoned) && !op.timed_out),
            ),
            ("timed_out", stats.timed_out, count(|op| op.timed_out)),
            ("reaped", stats.reaped, reaped + self.forged_reaped),
            ("orphans", stats.orphans, self.forged_reaped),
            ("wakes_by_callback", stats.wakes_by_callback, by_callback),
            ("wakes_by_fd", stats.wakes_by_fd, by_fd),
            ("waits_in_place", stats.waits_in_place, 0),
            ("spurious_resumes", stats.spurious_resumes, spurious),
            ("looks_in_vain", stats.looks_in_vain, looks),
            ("full_waits", stats.full_waits, waited_in_line),
        ] {
            ensure!(
                counted == expected,
                "{name} is {counted}, and should be {expected}"
            );
        }
        // A call in line may have been given a slot that it has not come for yet.
        let held = self.ops.values().filter(|op| op.holds_slot()).count();
        let in_line = self.jobs.iter().filter(|job| job.in_line).count();
        ensure!(
            (held..=held + in_line).contains(&slots_in_use),
            "{slots_in_use} slots are in use; {held} ops hold one, {in_line} calls wait for one"
        );
        Ok(())
    }

    /// Nothing can happen any more: everything has come to its end.
    pub(crate) fn check_end(
        &self,
        stats: &EngineStats,
        slots_in_use: usize,
    ) -> Result<(), Violation> {
        for (index, job) in self.jobs.iter().enumerate() {
            ensure!(
                matches!(job.phase, Phase::Finished | Phase::Cancelled),
                "job {index} is {:?} for ever: its wake is lost",
                job.phase
            );
        }
        for (name, op) in &self.ops {
            ensure!(op.end.is_some(), "{name} has no outcome");
            ensure!(op.reaped, "{name} was never answered");
        }
        ensure!(slots_in_use == 0, "{slots_in_use} slots are leaked");
        ensure!(
            stats.in_flight == 0,
            "{} ops are in flight for ever",
            stats.in_flight
        );
        ensure!(
            stats.timed_out_in_line >= self.no_room_in_time,
            "{} calls had no room in time, {} are counted",
            self.no_room_in_time,
            stats.timed_out_in_line
        );
        Ok(())
    }
}
