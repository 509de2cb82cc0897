//! What a run does at times that are known before: begins to measure, and looks at what must hold.

use pausewake_device::Nanos;

use crate::scenario::Scenario;

/// The times at which a loop has something to do beside its jobs.
#[derive(Debug)]
pub struct Agenda {
    measure_from: Nanos,
    has_begun: bool,
    next_look: Option<Nanos>,
    every: Nanos,
}

impl Agenda {
    /// That of `scenario`, which starts at `start`.
    pub fn new(scenario: &Scenario, start: Nanos) -> Self {
        let measure_from = start + scenario.load.warmup;
        let abort = scenario.abort.as_ref();
        Self {
            measure_from,
            has_begun: false,
            next_look: abort.map(|abort| measure_from + abort.after),
            every: abort.map_or(Nanos::MAX, |abort| abort.every),
        }
    }

    /// From when on figures count.
    pub fn measure_from(&self) -> Nanos {
        self.measure_from
    }

    /// Whether the warm-up is over.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// When there is something to do next.
    pub fn next_at(&self) -> Option<Nanos> {
        let begin = (!self.has_begun).then_some(self.measure_from);
        begin.into_iter().chain(self.next_look).min()
    }

    /// Whether `now` the warm-up is over, once.
    pub fn begins(&mut self, now: Nanos) -> bool {
        let begins = !self.has_begun && now >= self.measure_from;
        self.has_begun |= begins;
        begins
    }

    /// Whether `now` it is time to look at what must hold. Looks that were missed are not made up for.
    pub fn looks(&mut self, now: Nanos) -> bool {
        let Some(due) = self.next_look.filter(|due| *due <= now) else {
            return false;
        };
        let mut next = due + self.every;
        if next <= now {
            let missed = (now - next).get() / self.every.get() + 1;
            next += Nanos::new(missed.saturating_mul(self.every.get()));
        }
        self.next_look = Some(next);
        true
    }
}
