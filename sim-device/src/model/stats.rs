//! What the model counts, for reports and for Little's law.

use super::config::ModelConfig;
use crate::protocol::Class;
use crate::time::Nanos;

/// The model's figures so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelStats {
    classes: [ClassStats; Class::ALL.len()],
}

impl ModelStats {
    pub(super) const fn new(classes: [ClassStats; Class::ALL.len()]) -> Self {
        Self { classes }
    }

    /// Nothing yet, of a device of `config`.
    pub(crate) fn idle(config: &ModelConfig) -> Self {
        Self::new(Class::ALL.map(|class| ClassStats::new(config.class(class).slices)))
    }

    /// Nothing yet, of the same device, which is to be counted from `from` on.
    pub(crate) fn restarted(&self, from: Nanos) -> Self {
        Self::new(self.classes.map(|class| class.restarted(from)))
    }

    pub(crate) const fn class_mut(&mut self, class: Class) -> &mut ClassStats {
        &mut self.classes[class.index()]
    }

    /// The figures of one class.
    #[must_use]
    pub const fn class(&self, class: Class) -> &ClassStats {
        &self.classes[class.index()]
    }
}

/// The figures of one class of slices. Times are summed over the ops that were handed out, so that
/// a run that has drained counts each op once and in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassStats {
    /// Slices of the class.
    pub slices: u32,
    /// Ops accepted.
    pub accepted_ops: u64,
    /// Ops handed out.
    pub handed_out_ops: u64,
    /// Time that slices worked: started to done, of a batch once.
    pub busy_ns: Nanos,
    /// Time that ops were in service: started to done, of each op of a batch.
    pub in_service_ns: Nanos,
    /// Time that ops waited for a slice (fetched to started), for their rate and for their batch
    /// included.
    pub waiting_ns: Nanos,
    /// The most ops that waited for a slice at once, as arriving ops saw it.
    pub max_waiting_ops: usize,
    /// Since when times count: of an op that was there before, what came after.
    from_ns: Nanos,
}

impl ClassStats {
    pub(super) const fn new(slices: u32) -> Self {
        Self {
            slices,
            accepted_ops: 0,
            handed_out_ops: 0,
            busy_ns: Nanos::ZERO,
            in_service_ns: Nanos::ZERO,
            waiting_ns: Nanos::ZERO,
            max_waiting_ops: 0,
            from_ns: Nanos::ZERO,
        }
    }

    /// Nothing yet, of the same class, which is to be counted from `from_ns` on.
    pub(super) const fn restarted(self, from_ns: Nanos) -> Self {
        Self {
            from_ns,
            ..Self::new(self.slices)
        }
    }

    /// Time that ops spent waiting and in service.
    #[must_use]
    pub fn in_system_ns(&self) -> Nanos {
        self.waiting_ns + self.in_service_ns
    }

    /// The share of `elapsed` that the slices worked, from 0 to 1; 0 for no time or no slices.
    #[must_use]
    pub fn utilisation(&self, elapsed: Nanos) -> f64 {
        share(
            self.busy_ns.as_f64(),
            elapsed.as_f64() * f64::from(self.slices),
        )
    }

    /// Ops waiting or in service, averaged over `elapsed`: the L of Little's law (L = λW), as the
    /// sum of all ops' times in the system over the time that passed.
    #[must_use]
    pub fn mean_in_system(&self, elapsed: Nanos) -> f64 {
        share(self.in_system_ns().as_f64(), elapsed.as_f64())
    }

    /// Ops waiting for a slice, averaged over `elapsed`.
    #[must_use]
    pub fn mean_waiting(&self, elapsed: Nanos) -> f64 {
        share(self.waiting_ns.as_f64(), elapsed.as_f64())
    }

    pub(crate) fn accepted(&mut self, waiting_ops: usize) {
        self.accepted_ops += 1;
        self.max_waiting_ops = self.max_waiting_ops.max(waiting_ops);
    }

    pub(crate) fn handed_out(&mut self, fetched: Nanos, started: Nanos, done: Nanos) {
        self.handed_out_beside(fetched, started, done);
        self.busy_ns += done.max(self.from_ns) - started.max(self.from_ns);
    }

    /// The same of an op that shared the turn of another.
    pub(crate) fn handed_out_beside(&mut self, fetched: Nanos, started: Nanos, done: Nanos) {
        self.handed_out_ops += 1;
        let [fetched, started, done] = [fetched, started, done].map(|at| at.max(self.from_ns));
        self.waiting_ns += started - fetched;
        self.in_service_ns += done - started;
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_was_there_before_a_restart_the_rest_counts() {
        let mut stats = ClassStats::new(1);
        stats.handed_out(Nanos::new(0), Nanos::new(10), Nanos::new(60));
        let mut stats = stats.restarted(Nanos::new(100));
        for [fetched, started, done] in [[90, 95, 130], [95, 130, 150], [160, 160, 170]] {
            stats.handed_out(Nanos::new(fetched), Nanos::new(started), Nanos::new(done));
        }
        assert_eq!((stats.slices, stats.handed_out_ops), (1, 3));
        assert_eq!(stats.busy_ns, Nanos::new(30 + 20 + 10));
        assert_eq!(stats.waiting_ns, Nanos::new(30));
    }

    #[test]
    fn shares_are_of_time_and_slices() {
        let mut stats = ClassStats::new(2);
        stats.accepted(3);
        stats.accepted(1);
        stats.handed_out(Nanos::new(0), Nanos::new(10), Nanos::new(60));
        stats.handed_out(Nanos::new(20), Nanos::new(20), Nanos::new(70));
        assert_eq!((stats.accepted_ops, stats.handed_out_ops), (2, 2));
        assert_eq!(stats.max_waiting_ops, 3);
        assert_eq!(stats.in_system_ns(), Nanos::new(110));
        let mut batch = stats;
        batch.handed_out_beside(Nanos::new(5), Nanos::new(20), Nanos::new(70));
        assert_eq!((batch.handed_out_ops, batch.busy_ns), (3, stats.busy_ns));
        assert_eq!(batch.in_system_ns(), Nanos::new(110 + 65));
        let elapsed = Nanos::new(200);
        for (got, expected) in [
            (stats.utilisation(elapsed), 0.25),
            (stats.mean_in_system(elapsed), 0.55),
            (stats.mean_waiting(elapsed), 0.05),
            (stats.utilisation(Nanos::ZERO), 0.0),
        ] {
            assert!((got - expected).abs() < 1e-12, "{got}, expected {expected}");
        }
    }
}
