//! Makes snapshots of what the threads tell, and of what was told before.

use std::collections::VecDeque;
use std::time::Duration;

use pausewake_device::protocol::Class;
use pausewake_device::{DeviceStats, Nanos};

use super::Sight;
use super::board::Told;
use super::clock::Stopwatch;
use super::snapshot::{Arrivals, Jobs, Slices, Snapshot, Span};
use crate::report::Series;

/// Gathers what there is to see of a run.
pub struct Gatherer<'a> {
    sight: Sight<'a>,
    watch: Stopwatch,
    start: Nanos,
    /// What each thread told last.
    told: Vec<Option<Told>>,
    /// Latency since figures count.
    whole: Series,
    /// When that was, in real time.
    whole_since: Duration,
    /// Until when they have told what they did: rates are of that time, and not of the moment at which
    /// somebody looks, until which they have done more.
    until: Moment,
    /// How many rounds make up *now*.
    rounds: usize,
    /// What was gathered lately, oldest first.
    steps: VecDeque<Step>,
    history: VecDeque<f64>,
}

/// A time, by both clocks.
#[derive(Clone, Copy)]
struct Moment {
    /// The run's.
    at: Nanos,
    /// The real one, since the run began.
    real: Duration,
}

/// What came of one round.
struct Step {
    /// Until when the threads had told.
    until: Moment,
    /// The run's time at which the device was looked at.
    at: Nanos,
    /// Latency of what had returned since the step before.
    recent: Series,
    /// Time that the slices had worked until then, by class.
    busy_ns: [Nanos; Class::ALL.len()],
}

impl<'a> Gatherer<'a> {
    /// Nothing yet, of a run in `sight` that begins now. What is shown as *now* is what happened
    /// within the last `rounds` of gathering.
    pub fn new(sight: Sight<'a>, rounds: usize) -> Self {
        let start = sight.device.now();
        Self {
            sight,
            watch: Stopwatch::start(),
            start,
            told: vec![None; sight.board.threads()],
            whole: Series::coarse(),
            whole_since: Duration::ZERO,
            until: Moment {
                at: start,
                real: Duration::ZERO,
            },
            rounds,
            steps: VecDeque::new(),
            history: VecDeque::new(),
        }
    }

    /// How it goes.
    pub fn gather(&mut self) -> Snapshot {
        self.ask();
        let stats = self.sight.device.stats();
        let at = self.sight.device.now();
        let recent = self.listen();
        let busy_ns = Class::ALL.map(|class| stats.class(class).busy_ns);
        self.steps.push_back(Step {
            until: self.until,
            at,
            recent,
            busy_ns,
        });
        if self.steps.len() > self.rounds + 1 {
            self.steps.pop_front();
        }
        let now = self.lately();
        self.history.push_back(now.ops_per_s);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        self.snapshot(now, &stats, at)
    }

    /// Asks the threads, and waits a bit for their answers. A thread that is in a call which holds it, or
    /// sleeps, answers when it can, and is heard in the next round.
    fn ask(&self) {
        self.sight.board.ask();
        let asked = Stopwatch::start();
        while !self.sight.board.is_answered() && asked.elapsed() < PATIENCE {
            std::thread::sleep(GLANCE);
        }
    }

    /// Takes what the threads have told; gives the latency of what has returned since the last time.
    fn listen(&mut self) -> Series {
        let mut recent = Series::coarse();
        let (board, before) = (self.sight.board, self.until);
        for (last, told) in self.told.iter_mut().zip(board.answers()) {
            let Some(told) = told else { continue };
            recent.merge(&told.recent);
            self.until = Moment {
                at: self.until.at.max(told.at),
                real: self.until.real.max(self.watch.at(told.told_at)),
            };
            if told.is_measuring {
                if self.whole.count() == 0 {
                    self.whole_since = before.real;
                }
                self.whole.merge(&told.recent);
            }
            *last = Some(told);
        }
        recent
    }

    /// What happened since the oldest step that is kept.
    fn lately(&self) -> Span {
        let mut latency = Series::coarse();
        // What the first one brings was before it.
        for step in self.steps.iter().skip(1) {
            latency.merge(&step.recent);
        }
        let (Some(first), Some(last)) = (self.steps.front(), self.steps.back()) else {
            return Span::new(latency, Nanos::ZERO, Duration::ZERO);
        };
        match self.steps.len() {
            1 => {
                let Moment { at, real } = last.until;
                Span::new(last.recent.clone(), at - self.start, real)
            }
            _ => {
                let [from, until] = [first, last].map(|step| step.until);
                Span::new(latency, until.at - from.at, until.real - from.real)
            }
        }
    }

    fn snapshot(&self, now: Span, stats: &DeviceStats, at: Nanos) -> Snapshot {
        let elapsed = self.until.at - self.start;
        let measured = elapsed - self.sight.subject.warmup;
        let told = || self.told.iter().flatten();
        let is_measuring = told().any(|told| told.is_measuring);
        let sum = |figure: fn(&Told) -> u64| told().map(figure).sum();
        Snapshot {
            subject: self.sight.subject.clone(),
            elapsed,
            real: self.watch.elapsed(),
            is_warming_up: self.sight.subject.warmup > Nanos::ZERO && !is_measuring,
            is_ending: (self.sight.is_ending)(),
            whole: Span::new(
                self.whole.clone(),
                measured,
                self.until.real.saturating_sub(self.whole_since),
            ),
            now,
            history: self.history.iter().copied().collect(),
            returned_ops: sum(|told| told.returned_ops),
            errors: sum(|told| told.errors),
            arrivals: Arrivals {
                late: sum(|told| told.late),
                dropped: sum(|told| told.dropped),
                waiting: sum(|told| told.backlog),
            },
            jobs: told().map(jobs).fold(Jobs::default(), Jobs::and),
            in_flight: sum(|told| told.in_flight),
            in_ring: sum(|told| told.in_ring),
            slices: self.slices(stats, at - self.start - self.sight.subject.warmup),
        }
    }

    fn slices(&self, stats: &DeviceStats, measured: Nanos) -> Vec<Slices> {
        let classes = Class::ALL.into_iter().enumerate();
        let used = classes.filter(|(_, class)| stats.class(*class).accepted_ops > 0);
        let slices = used.map(|(index, class)| {
            let figures = stats.class(class);
            let now = match (self.steps.front(), self.steps.back()) {
                (Some(first), Some(last)) if last.at > first.at => {
                    let worked = last.busy_ns[index] - first.busy_ns[index];
                    let slices = f64::from(figures.slices.max(1));
                    worked.as_f64() / ((last.at - first.at).as_f64() * slices)
                }
                _ => figures.utilisation(measured),
            };
            Slices {
                class: match class {
                    Class::Asymmetric => "asym",
                    Class::Symmetric => "sym",
                },
                // What an op took is entered when it is done: of a long one, more than the last second.
                now: now.min(1.0),
                whole: figures.utilisation(measured).min(1.0),
            }
        });
        slices.collect()
    }
}

impl Span {
    fn new(latency: Series, time: Nanos, real: Duration) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let ops = latency.count() as f64;
        let rate = |seconds: f64| if seconds > 0.0 { ops / seconds } else { 0.0 };
        Self {
            ops_per_s: rate(time.as_f64() / 1e9),
            ops_per_real_s: rate(real.as_secs_f64()),
            latency,
        }
    }
}

/// What the jobs of a thread do. What nobody waits for any more may still be in flight.
fn jobs(told: &Told) -> Jobs {
    let thinking = told.thinking.min(told.live_jobs);
    let for_room = told.in_line.min(told.live_jobs - thinking);
    let at_device = told.in_flight.min(told.live_jobs - thinking - for_room);
    Jobs {
        running: told.live_jobs - thinking - for_room - at_device,
        at_device,
        for_room,
        thinking,
    }
}

impl Jobs {
    fn and(self, other: Self) -> Self {
        Self {
            running: self.running + other.running,
            at_device: self.at_device + other.at_device,
            for_room: self.for_room + other.for_room,
            thinking: self.thinking + other.thinking,
        }
    }
}

/// Rounds of which the throughput is remembered.
const HISTORY: usize = 100;
/// How long threads have for an answer.
const PATIENCE: Duration = Duration::from_millis(20);
/// Between two looks whether they have given it.
const GLANCE: Duration = Duration::from_millis(1);
