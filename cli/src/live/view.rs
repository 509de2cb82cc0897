//! How a run goes, as lines that are drawn in place.

use std::time::Duration;

use console::{Alignment, pad_str};
use pausewake_device::Nanos;

use super::snapshot::{Snapshot, Span};
use super::words::{Paint, percent, rate, span, time};
use crate::report::numbers::{count, counted};

/// The view of `snapshot`, for a terminal of that width; lines may be longer where it has fewer than
/// 60 columns.
pub fn of(snapshot: &Snapshot, width: usize, paint: Paint) -> Vec<String> {
    let view = View {
        snapshot,
        width: width.min(WIDEST),
        paint,
    };
    let mut lines = vec![view.title(), view.progress(), String::new()];
    lines.extend(view.throughput());
    lines.push(String::new());
    lines.extend(view.latency());
    lines.push(String::new());
    lines.extend(view.jobs());
    lines.push(view.queues());
    lines.extend(view.slices());
    lines.extend(view.arrivals());
    lines
}

struct View<'a> {
    snapshot: &'a Snapshot,
    width: usize,
    paint: Paint,
}

impl View<'_> {
    /// What runs, and by which clock.
    fn title(&self) -> String {
        let subject = &self.snapshot.subject;
        let clock = match subject.is_virtual {
            true => "virtual time",
            false => "wall clock",
        };
        let left = crate::report::printable(&subject.title);
        let state = match (self.snapshot.is_ending, self.snapshot.is_warming_up) {
            (true, _) => Some("ending"),
            (false, true) => Some("warming up"),
            (false, false) => None,
        };
        let right = match state {
            Some(state) => format!("{state}, {clock}"),
            None => clock.to_owned(),
        };
        let room = self.width.saturating_sub(right.chars().count() + 2);
        let left = pad_str(&left, room, Alignment::Left, Some("…"));
        let right = match state {
            Some(_) => self.paint.notice(&right),
            None => self.paint.label(&right),
        };
        format!("{}  {right}", self.paint.strong(&left))
    }

    /// How far it is.
    fn progress(&self) -> String {
        let snapshot = self.snapshot;
        if snapshot.is_ending {
            return match self.is_narrow() {
                true => ENDING_IN_SHORT.to_owned(),
                false => ENDING.to_owned(),
            };
        }
        let elapsed = Duration::from_nanos(snapshot.elapsed.get());
        let Some(done) = snapshot.done() else {
            return format!("{} so far", span(elapsed));
        };
        let mut words = percent(done);
        if let Some(left) = snapshot.left() {
            words = format!("{words}, {} left", span(left));
        }
        let room = self.width.saturating_sub(WORDS_OF_PROGRESS);
        format!("{}  {words}", self.bar(done, room))
    }

    fn throughput(&self) -> Vec<String> {
        let snapshot = self.snapshot;
        let rates = |now: f64, whole: f64| self.now_and_overall(&rate(now), &rate(whole));
        let (now, whole) = (&snapshot.now, &snapshot.whole);
        let mut first = self.row("throughput", &rates(now.ops_per_s, whole.ops_per_s));
        let curve = self.curve(self.width.saturating_sub(AFTER_RATES));
        first = format!("{first}   {}", self.paint.done(&curve));
        let mut lines = vec![first];
        if snapshot.subject.is_virtual {
            let real = rates(now.ops_per_real_s, whole.ops_per_real_s);
            lines.push(self.row("  in real time", &real));
            let elapsed = Duration::from_nanos(snapshot.elapsed.get());
            let times = format!(
                "{} simulated in {}",
                pad(&span(elapsed), 10),
                span(snapshot.real)
            );
            lines.push(self.row("time", &times));
        }
        let errors = counted(snapshot.errors, "error");
        let errors = match snapshot.errors {
            0 => errors,
            _ => self.paint.wrong(&errors),
        };
        let ops = pad(&count(snapshot.returned_ops), 10);
        lines.push(self.row("done", &format!("{ops} ops, {errors}")));
        lines
    }

    /// A figure of the last second beside that of the whole run, which has not begun while it warms up.
    fn now_and_overall(&self, now: &str, whole: &str) -> String {
        let whole = match self.snapshot.is_warming_up {
            true => NOTHING,
            false => whole,
        };
        format!("{} now  {} overall", pad(now, 10), pad(whole, 10))
    }

    fn latency(&self) -> Vec<String> {
        let column = self.column();
        let names = ["p50", "p90", "p99", "max"].map(|name| pad(name, column));
        let heading = self.paint.label(&names.concat());
        vec![
            self.row("latency", &heading),
            self.row("  last second", &times(&self.snapshot.now, column)),
            self.row("  whole run", &times(&self.snapshot.whole, column)),
        ]
    }

    /// Where the jobs are, if calls pause them.
    fn jobs(&self) -> Vec<String> {
        if !self.snapshot.subject.is_async {
            return Vec::new();
        }
        let jobs = self.snapshot.jobs;
        let states = [
            ("all", jobs.total()),
            ("running", jobs.running),
            ("device", jobs.at_device),
            ("room", jobs.for_room),
            ("thinking", jobs.thinking),
        ];
        let column = self.column();
        let names = states.map(|(name, _)| pad(name, column)).concat();
        let numbers = states.map(|(_, number)| pad(&count(number), column));
        vec![
            self.row("jobs", &self.paint.label(&names)),
            self.row("", &numbers.concat()),
        ]
    }

    fn queues(&self) -> String {
        let snapshot = self.snapshot;
        let places = match self.is_narrow() {
            true => "in the ring",
            false => "places in the ring taken",
        };
        let text = format!(
            "{} ops, {} of {} {places}",
            pad(&count(snapshot.in_flight), 10),
            count(snapshot.in_ring),
            count(snapshot.subject.ring_depth)
        );
        self.row("in flight", &text)
    }

    /// How busy the slices are.
    fn slices(&self) -> Vec<String> {
        let room = self.width.saturating_sub(AFTER_RATES);
        let slices = self.snapshot.slices.iter().zip(0..).map(|(slices, index)| {
            let label = match index {
                0 => format!("slices  {}", slices.class),
                _ => format!("        {}", slices.class),
            };
            let shares = self.now_and_overall(&percent(slices.now), &percent(slices.whole));
            let row = self.row(&label, &shares);
            format!("{row}   {}", self.bar(slices.now, room))
        });
        slices.collect()
    }

    /// What became of arrivals, in an open loop.
    fn arrivals(&self) -> Option<String> {
        let arrivals = self.snapshot.arrivals;
        let dropped = format!("{} dropped", count(arrivals.dropped));
        let dropped = match arrivals.dropped {
            0 => dropped,
            _ => self.paint.notice(&dropped),
        };
        let waiting = match self.is_narrow() {
            true => "waiting",
            false => "waiting for a job",
        };
        let text = format!(
            "{} late, {dropped}, {} {waiting}",
            pad(&count(arrivals.late), 10),
            count(arrivals.waiting)
        );
        let is_open = self.snapshot.subject.is_open;
        is_open.then(|| self.row("arrivals", &text))
    }

    /// Whether whole sentences have no room.
    fn is_narrow(&self) -> bool {
        self.width < NARROW
    }

    /// How wide the columns of tables are: five of them fit 60 cells.
    fn column(&self) -> usize {
        (self.width.saturating_sub(LABEL) / 5).clamp(NARROW_COLUMN, COLUMN)
    }

    fn row(&self, label: &str, text: &str) -> String {
        let label = pad_str(label, LABEL, Alignment::Left, None);
        format!("{}{text}", self.paint.label(&label))
    }

    fn bar(&self, share: f64, room: usize) -> String {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a terminal's width"
        )]
        let full = (share.clamp(0.0, 1.0) * room as f64).round() as usize;
        let (full, rest) = ("━".repeat(full), "─".repeat(room - full));
        format!("{}{}", self.paint.done(&full), self.paint.label(&rest))
    }

    /// Throughput over the last while, the highest of which is full.
    fn curve(&self, room: usize) -> String {
        let history = &self.snapshot.history;
        let seen = &history[history.len().saturating_sub(room)..];
        let most = seen.iter().copied().fold(0.0, f64::max);
        let step = |rate: &f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "eight steps"
            )]
            let step = (rate / most * 7.0).round() as usize;
            STEPS[step.min(7)]
        };
        match most > 0.0 {
            true => seen.iter().map(step).collect(),
            false => String::new(),
        }
    }
}

fn times(of: &Span, column: usize) -> String {
    let latency = &of.latency;
    if latency.count() == 0 {
        return pad(NOTHING, column).repeat(4);
    }
    let quantiles = [0.5, 0.9, 0.99].map(|quantile| latency.quantile(quantile));
    let all = quantiles.into_iter().chain([latency.max()]);
    all.map(|it: Nanos| pad(&time(it), column)).collect()
}

/// `text` at the right of a column.
fn pad(text: &str, width: usize) -> String {
    pad_str(text, width, Alignment::Right, None).into_owned()
}

/// Where nothing was measured yet.
const NOTHING: &str = "–";
const LABEL: usize = 14;
const NARROW: usize = 72;
const COLUMN: usize = 11;
const NARROW_COLUMN: usize = 9;
/// Of *now* and *overall*, with what is before and behind.
const AFTER_RATES: usize = LABEL + 10 + 6 + 10 + 8 + 3;
const WORDS_OF_PROGRESS: usize = 24;
/// Wider is not clearer.
const WIDEST: usize = 100;
/// What is left to do of a run that is being ended.
const ENDING: &str = "nothing is begun any more; waiting for what is under way";
const ENDING_IN_SHORT: &str = "waiting for what is under way";
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::{closed, open, simulated};
    use super::*;

    fn text(snapshot: &Snapshot, width: usize) -> String {
        let lines = of(snapshot, width, Paint::plain());
        let lines = lines.iter().map(|line| line.trim_end());
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_view_of_a_closed_loop() {
        assert_eq!(
            text(&closed(), 79),
            r"
load                                                                 wall clock
━━━━━━━━━━━────────────────────────────────────────────  20 %, 48 s left

throughput      61.2 k/s now    60.8 k/s overall   ▂▆██
done             729,600 ops, 0 errors

latency               p50        p90        p99        max
  last second     1.04 ms    1.04 ms    2.31 ms    2.31 ms
  whole run       1.04 ms    1.04 ms    2.31 ms    2.31 ms

jobs                  all    running     device       room   thinking
                       64          1         63          0          0
in flight             63 ops, 12 of 512 places in the ring taken
slices  asym        99 % now        99 % overall   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━
"
            .trim()
        );
    }

    #[test]
    fn the_view_of_virtual_time_has_real_time_beside_it() {
        assert_eq!(
            text(&simulated(), 79),
            r"
load                                                               virtual time
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━───────────────  73 %, 4.4 s left

throughput      61.2 k/s now    60.8 k/s overall   ▂▆██
  in real time  15.3 k/s now    15.2 k/s overall
time               3.0 s simulated in 12 s
done             729,600 ops, 0 errors

latency               p50        p90        p99        max
  last second     1.04 ms    1.04 ms    2.31 ms    2.31 ms
  whole run       1.04 ms    1.04 ms    2.31 ms    2.31 ms

jobs                  all    running     device       room   thinking
                       64          1         63          0          0
in flight             63 ops, 12 of 512 places in the ring taken
slices  asym        99 % now        99 % overall   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━
"
            .trim()
        );
    }

    #[test]
    fn the_view_of_an_open_loop() {
        assert_eq!(
            text(&open(), 79),
            r"
load                                                     warming up, wall clock
━━━━━━━━━━━────────────────────────────────────────────  20 %, 48 s left

throughput      61.2 k/s now           – overall   ▂▆██
done             729,600 ops, 3 errors

latency               p50        p90        p99        max
  last second     1.04 ms    1.04 ms    2.31 ms    2.31 ms
  whole run       1.04 ms    1.04 ms    2.31 ms    2.31 ms

jobs                  all    running     device       room   thinking
                       64          1         63          0          0
in flight             63 ops, 12 of 512 places in the ring taken
slices  asym        99 % now           – overall   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━
arrivals           1,200 late, 7 dropped, 40 waiting for a job
"
            .trim()
        );
    }

    #[test]
    fn lines_stay_within_the_width_as_long_as_there_is_some() {
        let mut ending = closed();
        ending.is_ending = true;
        for snapshot in [closed(), simulated(), open(), ending] {
            for width in [59, 72, 79, 100, 250] {
                for line in of(&snapshot, width, Paint::plain()) {
                    let wide = console::measure_text_width(&line);
                    assert!(wide <= width.min(100), "{width}: {line}");
                }
            }
            // Narrower ones are cut, and there is always something to cut.
            for width in 0..59 {
                assert!(of(&snapshot, width, Paint::plain()).len() >= 13);
            }
        }
    }

    #[test]
    fn a_run_that_is_being_ended_says_what_it_waits_for() {
        let mut ending = open();
        ending.is_ending = true;
        let text = text(&ending, 79);
        let mut lines = text.lines();
        let title = lines.next().expect("a title");
        assert!(title.ends_with("  ending, wall clock"), "{text}");
        assert_eq!(lines.next(), Some(ENDING));
    }

    #[test]
    fn of_a_run_without_an_end_or_without_jobs_the_rest_is_shown() {
        let mut snapshot = closed();
        snapshot.subject.limit = crate::scenario::Limit::Passes(3);
        snapshot.subject.is_async = false;
        let text = text(&snapshot, 79);
        assert!(text.contains("12 s so far"), "{text}");
        assert!(!text.contains("thinking"), "{text}");
    }
}
