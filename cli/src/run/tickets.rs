//! What is done next, and whether anything may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pausewake_device::Nanos;
use pausewake_device::model::ServiceTime;
use pausewake_device::random::{Concern, Stream};
use rand::RngExt;

use super::RunError;
use crate::scenario::{Arrival, Clock, Limit, Load, Pacing, Scenario, Work};

/// Leave to do something once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its number among all tickets of the run; no two have the same.
    pub index: u64,
    /// Which item of the mix it is for.
    pub item: usize,
    /// How long to think afterwards.
    pub think_ns: Nanos,
    /// When it was to begin, in an open loop.
    pub intended_ns: Option<Nanos>,
}

/// The tickets of one thread, in the order in which they are taken. What each says does not depend
/// on when it is taken, so variants of a scenario do the same; but for its number, where threads take
/// from one [`Plan`].
pub struct Tickets {
    taken: u64,
    plan: Option<Arc<Plan>>,
    first_index: u64,
    until: Option<Nanos>,
    /// Before that time they are not counted.
    warm_until: Nanos,
    /// Whether some are taken before it.
    warms_up: bool,
    is_over: bool,
    /// Weights added up, item by item.
    weights: Vec<u64>,
    mix: Stream,
    think: Option<ServiceTime>,
    thinking: Stream,
    /// When the last one was taken, and how many were taken at that very moment.
    last: (Nanos, u64),
    most_at_once: u64,
}

/// So many tickets, of which threads take one after the other.
#[derive(Debug)]
pub struct Plan {
    /// The number of the first one, and of the first one that there is not.
    numbers: std::ops::Range<u64>,
    taken: AtomicU64,
}

impl Plan {
    /// What each thread of `scenario` takes its tickets from; nothing if time ends the run.
    ///
    /// All threads take from one plan, so that none has nothing to do while another has work left. Under
    /// virtual time they do so in the order of time, since they take turns. But an open loop by the wall
    /// clock has a plan for each thread: its arrivals have times of their own, and one that is behind must
    /// not get rid of its own because another one is not.
    pub fn of_threads(scenario: &Scenario) -> Vec<Option<Arc<Self>>> {
        let load = &scenario.load;
        let is_open = matches!(load.pacing, Pacing::Open { .. });
        let each = |whole: u64| match (is_open, scenario.clock) {
            (true, Clock::Wall) => (0..load.threads)
                .map(|thread| Share::of(whole, load.threads, thread))
                .map(|share| Some(Self::new(share)))
                .collect(),
            _ => {
                let all = Share::of(whole, 1, 0);
                vec![Some(Self::new(all)); load.threads as usize]
            }
        };
        planned(load).map_or_else(|| vec![None; load.threads as usize], each)
    }

    fn new(share: Share) -> Arc<Self> {
        Arc::new(Self {
            numbers: share.first..share.first + share.count,
            taken: AtomicU64::new(0),
        })
    }

    fn is_left(&self) -> bool {
        self.number(self.taken.load(Ordering::Relaxed)).is_some()
    }

    /// The number of the ticket that is taken, if one is left.
    fn take(&self) -> Option<u64> {
        let next = |taken| self.number(taken).map(|_| taken + 1);
        let taken = self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        self.number(taken.ok()?)
    }

    /// The number of the ticket before which `taken` were taken, if there is one.
    fn number(&self, taken: u64) -> Option<u64> {
        let number = self.numbers.start + taken;
        self.numbers.contains(&number).then_some(number)
    }
}

impl Tickets {
    /// Those of thread number `thread` in what `scenario` does from `start` on: as many as it takes from
    /// `plan`, if a number of them ends the run.
    pub fn new(scenario: &Scenario, thread: u32, start: Nanos, plan: Option<Arc<Plan>>) -> Self {
        let load = &scenario.load;
        let warm_until = start + load.warmup;
        let until = match load.limit {
            Limit::Duration(duration) => Some(warm_until + duration),
            Limit::Ops(_) | Limit::Passes(_) => None,
        };
        let mut whole = 0;
        let add = |item: &crate::scenario::MixItem| {
            whole += u64::from(item.weight);
            whole
        };
        let stream = u64::from(thread);
        Self {
            taken: 0,
            plan,
            first_index: stream << INDEX_BITS,
            until,
            warm_until,
            warms_up: load.warmup > Nanos::ZERO,
            is_over: false,
            weights: load.mix.iter().map(add).collect(),
            mix: scenario.seed.stream(Concern::Mix, stream),
            think: load.think,
            thinking: scenario.seed.stream(Concern::Arrivals, THINKING | stream),
            last: (start, 0),
            most_at_once: MOST_AT_ONCE + 16 * u64::from(load.most_jobs()) + most_arrivals(load),
        }
    }

    /// Whether there is one for what begins `at` that time.
    pub fn allows(&self, at: Nanos) -> bool {
        let is_left = self.plan.as_ref().is_none_or(|plan| plan.is_left()) || at < self.warm_until;
        !self.is_over && is_left && self.until.is_none_or(|until| at < until)
    }

    /// Takes the next one, if [`allows`](Self::allows) it.
    pub fn take(&mut self, at: Nanos) -> Option<Ticket> {
        if !self.allows(at) || self.stands_still() {
            return None;
        }
        let number = match &self.plan {
            Some(plan) if at >= self.warm_until => Some(plan.take()?),
            _ => None,
        };
        self.last = if at == self.last.0 {
            (at, self.last.1 + 1)
        } else {
            (at, 1)
        };
        let index = match number {
            // Those of a warm-up are not planned, and would have the same numbers.
            Some(number) if !self.warms_up => number,
            _ => self.first_index + self.taken,
        };
        self.taken += 1;
        Some(Ticket {
            index,
            item: self.draw_item(),
            think_ns: self.draw_think(at),
            intended_ns: None,
        })
    }

    /// There are no more from now on.
    pub fn end(&mut self) {
        self.is_over = true;
    }

    /// Whether time passes, where the run waits for it to.
    ///
    /// # Errors
    /// [`RunError::Broken`]: so much has happened at one moment that it seems to be the last.
    pub fn moves(&self) -> Result<(), RunError> {
        if !self.stands_still() {
            return Ok(());
        }
        let (at, count) = self.last;
        Err(RunError::Broken(format!(
            "time stands still: {count} ops came and went at t={at}, so load.duration and load.warmup never end. \
             Give the ops a cost (service, device.link), or say load.ops alone"
        )))
    }

    fn stands_still(&self) -> bool {
        let waits_for_time = self.until.is_some() || self.last.0 < self.warm_until;
        waits_for_time && self.last.1 > self.most_at_once
    }

    fn draw_item(&mut self) -> usize {
        let Some(whole) = self.weights.last().filter(|_| self.weights.len() > 1) else {
            return 0;
        };
        let drawn = self.mix.random_range(0..*whole);
        self.weights.partition_point(|weight| *weight <= drawn)
    }

    /// Nobody thinks on when it is all over.
    fn draw_think(&mut self, at: Nanos) -> Nanos {
        let Some(law) = &self.think else {
            return Nanos::ZERO;
        };
        let think = law.draw(0, &mut self.thinking);
        self.until.map_or(think, |until| think.min(until - at))
    }
}

/// What comes at once in an open loop.
fn most_arrivals(load: &Load) -> u64 {
    match load.pacing {
        Pacing::Open {
            arrival: Arrival::Burst(size),
            ..
        } => u64::from(size),
        _ => 0,
    }
}

/// A thread's part of what is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// What the threads before it have.
    pub first: u64,
    /// What it has.
    pub count: u64,
}

impl Share {
    /// The part of number `part` of `parts`; the first ones have one more where it does not divide.
    pub fn of(whole: u64, parts: u32, part: u32) -> Self {
        let (parts, part) = (u64::from(parts), u64::from(part));
        let (each, rest) = (whole / parts, whole % parts);
        Self {
            first: part * each + part.min(rest),
            count: each + u64::from(part < rest),
        }
    }
}

/// How many tickets the run will give, unless time decides.
pub fn planned(load: &Load) -> Option<u64> {
    match (load.limit, load.only()) {
        (Limit::Ops(ops), _) => Some(ops),
        (
            Limit::Passes(passes),
            Some(Work::SealOpen {
                content,
                record_len,
                ..
            }),
        ) => Some(u64::from(passes) * content.len().div_ceil(*record_len as usize) as u64),
        _ => None,
    }
}

/// Tickets of one moment before it says that time stands still; and as many again for each job at
/// once, because chance may make some of their ops free.
const MOST_AT_ONCE: u64 = 10_000;
/// Tickets of one thread that no other thread's have the numbers of.
const INDEX_BITS: u32 = 40;
/// Streams of think times, beside those of arrivals.
const THINKING: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_all_there_is_one_after_the_other() {
        for (whole, parts) in [(10, 3), (2, 5), (7, 1), (0, 4), (12, 4)] {
            let mut next = 0;
            for part in 0..parts {
                let share = Share::of(whole, parts, part);
                assert_eq!(share.first, next, "{whole} in {parts}");
                next += share.count;
            }
            assert_eq!(next, whole);
        }
    }
}
