//! How much is asked for as time goes by: a level, and phases that change it.

use pausewake_device::Nanos;

use crate::scenario::{Phase, Shape};

/// Arrivals per second, or jobs at once, over the time of a run. What holds at the beginning holds
/// until the first phase begins, and, if there is none, for ever.
#[derive(Clone, Debug)]
pub struct Levels {
    pieces: Vec<Piece>,
}

/// A time in which the level changes evenly, or not at all.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: Nanos,
    /// [`Nanos::MAX`]: for ever.
    len: Nanos,
    from: f64,
    to: f64,
    /// Level × time of all pieces before it, in seconds.
    before: f64,
}

impl Levels {
    /// `base` for the time of `warmup`, and then the phases.
    pub fn new(base: f64, warmup: Nanos, phases: &[Phase]) -> Self {
        let mut levels = Self { pieces: Vec::new() };
        if phases.is_empty() {
            levels.push(Nanos::MAX, base, base);
            return levels;
        }
        levels.push(warmup, base, base);
        let mut standing = base;
        for phase in phases {
            let from = match phase.shape {
                Shape::Ramp => standing,
                Shape::Hold | Shape::Spike => phase.level,
            };
            levels.push(phase.duration, from, phase.level);
            // What comes after a spike goes on from what was before it.
            if phase.shape != Shape::Spike {
                standing = phase.level;
            }
        }
        levels
    }

    fn push(&mut self, len: Nanos, from: f64, to: f64) {
        if len == Nanos::ZERO {
            return;
        }
        let (start, before) = self.pieces.last().map_or((Nanos::ZERO, 0.0), |last| {
            (last.start + last.len, last.before + last.area())
        });
        self.pieces.push(Piece {
            start,
            len,
            from,
            to,
            before,
        });
    }

    /// The level at `time` since the beginning; behind the last phase, what it ended with.
    pub fn at(&self, time: Nanos) -> f64 {
        let after = self.pieces.partition_point(|piece| piece.start <= time);
        self.pieces[after.max(1) - 1].at(time)
    }

    /// When level × time, in seconds, comes to `area`: where levels are arrivals per second, when the
    /// arrival of that number is due. `None`: never.
    pub fn time_of(&self, area: f64) -> Option<Nanos> {
        let after = self.pieces.partition_point(|piece| piece.before <= area);
        let piece = &self.pieces[after.max(1) - 1];
        let within = piece.time_of(area - piece.before);
        (within <= piece.len).then(|| piece.start + within)
    }

    /// When the level, rounded to whole ones, may next be another than at `time`, if ever.
    pub fn next_change(&self, time: Nanos) -> Option<Nanos> {
        let after = self.pieces.partition_point(|piece| piece.start <= time);
        let piece = &self.pieces[after.max(1) - 1];
        let next_piece = self.pieces.get(after).map(|piece| piece.start);
        piece.next_step(time).into_iter().chain(next_piece).min()
    }
}

impl Piece {
    /// Change of the level per second.
    fn slope(&self) -> f64 {
        (self.to - self.from) / self.len.as_secs_f64()
    }

    fn area(&self) -> f64 {
        (self.from + self.to) / 2.0 * self.len.as_secs_f64()
    }

    fn at(&self, time: Nanos) -> f64 {
        if self.is_flat() {
            return self.from;
        }
        let within = (time - self.start).min(self.len);
        self.from + self.slope() * within.as_secs_f64()
    }

    fn is_flat(&self) -> bool {
        self.from.total_cmp(&self.to).is_eq()
    }

    /// Solves from·x + slope·x²/2 = area, in the form that loses no digits where the slope is small.
    fn time_of(&self, area: f64) -> Nanos {
        if self.is_flat() {
            return Nanos::from_f64(area * (1e9 / self.from));
        }
        let root = (self.from * self.from + 2.0 * self.slope() * area)
            .max(0.0)
            .sqrt();
        Nanos::from_f64(2.0 * area / (self.from + root) * 1e9)
    }

    /// When the rounded level next changes within this piece, a nanosecond late rather than early.
    fn next_step(&self, time: Nanos) -> Option<Nanos> {
        if self.is_flat() {
            return None;
        }
        let up = if self.to > self.from { 0.5 } else { -0.5 };
        let target = self.at(time).round() + up;
        let within = Nanos::from_f64((target - self.from) / self.slope() * 1e9) + Nanos::new(1);
        let step = self.start + within;
        (step > time && within <= self.len).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases() -> Levels {
        let phase = |shape, secs, level| Phase {
            shape,
            duration: Nanos::from_secs(secs),
            level,
        };
        let phases = [
            phase(Shape::Hold, 2, 10.0),
            phase(Shape::Ramp, 4, 30.0),
            phase(Shape::Spike, 1, 100.0),
            phase(Shape::Ramp, 2, 10.0),
        ];
        Levels::new(20.0, Nanos::from_secs(1), &phases)
    }

    #[test]
    fn levels_hold_ramp_and_spike() {
        let levels = phases();
        for (at_ms, level) in [
            (0, 20.0),
            (999, 20.0),
            (1_000, 10.0),
            (3_000, 10.0),
            (5_000, 20.0),
            (7_000, 100.0),
            (7_999, 100.0),
            // From where it stood before the spike.
            (8_000, 30.0),
            (9_000, 20.0),
            (60_000, 10.0),
        ] {
            let found = levels.at(Nanos::from_millis(at_ms));
            assert!((found - level).abs() < 1e-9, "{at_ms} ms: {found}");
        }
    }

    /// Against the sum of many short steps.
    #[test]
    fn arrivals_are_due_when_the_area_says() {
        let levels = phases();
        let (mut area, mut number) = (0.0, 1.0);
        for at_us in 0..10_000_000_u64 {
            area += levels.at(Nanos::from_micros(at_us)) / 1e6;
            if area >= number {
                let due = levels.time_of(number).expect("within the phases");
                let off = due.as_f64() - Nanos::from_micros(at_us).as_f64();
                assert!(off.abs() < 20e3, "arrival {number}: {off} ns off");
                number += 1.0;
            }
            if at_us == 9_999_999 {
                // 20 + 20 + 80 + 100 + 40
                assert_eq!(number, 261.0);
            }
        }
        assert_eq!(levels.time_of(260.5), None);
    }

    #[test]
    fn every_change_of_a_rounded_level_is_named() {
        let levels = phases();
        let mut time = Nanos::ZERO;
        let mut changes = 0;
        while let Some(next) = levels.next_change(time) {
            assert!(next > time, "it goes on: {time}");
            let before = Nanos::new(next.get() - 2);
            if before > time {
                assert_eq!(levels.at(time).round(), levels.at(before).round(), "{next}");
            }
            time = next;
            changes += 1;
        }
        assert!(changes >= 40, "{changes}");
    }
}
