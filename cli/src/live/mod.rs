//! What one sees of a run while it goes on, on standard error: a view that is drawn in place, or a line
//! now and then.
//!
//! The threads of the run do nothing for it but put plain figures on a [`Board`] when they are asked to,
//! which is one relaxed load of theirs each turn. A thread of its own asks, makes a [`Snapshot`](snapshot::Snapshot) of the
//! answers, and shows it; what it shows is made by pure functions ([`view`], [`mod@line`]).

mod board;
mod clock;
mod gather;
mod line;
mod screen;
mod snapshot;
mod view;
mod words;

pub use board::{Board, Told};
pub use clock::now;
pub use snapshot::Subject;

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use clap::{Args, ValueEnum};
use pausewake_device::Device;

use clock::Stopwatch;
use gather::Gatherer;
use screen::Screen;

/// What is shown while a run goes on.
#[derive(Clone, Copy, Debug, Args)]
pub struct LiveArgs {
    /// What to show on standard error while it runs.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Live::Auto)]
    pub live: Live,
    /// Show nothing while it runs.
    #[arg(short, long)]
    pub quiet: bool,
}

/// How to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Live {
    /// The view on a terminal. Elsewhere, by the wall clock, a line each second, after ten seconds
    /// one in ten of them, and one a minute after ten minutes.
    Auto,
    /// Nothing.
    Off,
    /// A line each second, of real time.
    Line,
    /// A view that is drawn in place; standard error must be a terminal.
    View,
}

/// What is shown of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// A line each second, the later the fewer if so.
    Lines {
        /// Whether they get fewer.
        thinned: bool,
    },
    /// The view.
    View,
}

/// Who looks at a run.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// How it is shown.
    pub how: Live,
    /// The name of the variant, if there are several.
    pub variant: Option<&'a str>,
}

impl Viewer<'_> {
    /// Nobody looks.
    #[cfg(test)]
    pub const NOBODY: Self = Self {
        how: Live::Off,
        variant: None,
    };
}

/// There is no terminal for a view.
#[derive(Debug, thiserror::Error)]
#[error(
    "--live view needs a terminal on standard error that can move its cursor\n  accepted: --live line, or \
     standard error on a terminal"
)]
pub struct NoTerminal;

impl LiveArgs {
    /// What is to be shown.
    ///
    /// # Errors
    /// There is no terminal for what was asked for.
    pub fn how(self) -> Result<Live, NoTerminal> {
        match self.live {
            _ if self.quiet => Ok(Live::Off),
            Live::View if !has_screen() => Err(NoTerminal),
            how => Ok(how),
        }
    }
}

impl Live {
    /// What is shown of a run.
    pub fn shows(self, is_virtual: bool) -> Shown {
        match self {
            Self::Off => Shown::Nothing,
            Self::Line => Shown::Lines { thinned: false },
            Self::View => Shown::View,
            Self::Auto if has_screen() => Shown::View,
            Self::Auto if is_virtual => Shown::Nothing,
            Self::Auto => Shown::Lines { thinned: true },
        }
    }
}

/// Whether standard error is a terminal whose cursor can be moved.
fn has_screen() -> bool {
    std::io::stderr().is_terminal() && !console::is_dumb()
}

/// What is looked at while it runs.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// What of it does not change.
    pub subject: &'a Subject,
    /// What its threads tell.
    pub board: &'a Board,
    /// What works for it.
    pub device: &'a Device,
    /// Whether it is being ended before its time, and only what is under way is waited for.
    pub is_ending: &'a (dyn Fn() -> bool + Sync),
}

/// Does `run`, and shows meanwhile how what is in `sight` goes.
pub fn while_running<R>(shown: Shown, sight: Sight<'_>, run: impl FnOnce() -> R) -> R {
    if shown == Shown::Nothing {
        return run();
    }
    std::thread::scope(|scope| {
        // Dropped when the run has ended, in whatever way.
        let (_running, ended) = channel();
        let gatherer = Gatherer::new(sight, ROUNDS_A_SECOND as usize);
        let thread = std::thread::Builder::new().name("live".to_owned());
        // Without a thread there is nothing to see, and all the rest as ever.
        let _ = thread.spawn_scoped(scope, move || match shown {
            Shown::View => draw(gatherer, &ended),
            _ => say(gatherer, &ended, shown == Shown::Lines { thinned: true }),
        });
        run()
    })
}

/// Says `words`, of something that is made of many runs, to somebody who looks at a terminal, or who wants
/// lines.
pub fn mention(how: Live, words: &str) {
    let mut stderr = std::io::stderr();
    let is_heard = match how {
        Live::Off => false,
        Live::Line => true,
        Live::Auto | Live::View => stderr.is_terminal(),
    };
    if is_heard {
        // Nobody reads it: that is no reason to stop.
        let _ = writeln!(stderr, "{words}");
    }
}

/// Draws the view until the run has `ended`, and takes it away.
fn draw(mut gatherer: Gatherer<'_>, ended: &Receiver<()>) {
    let mut screen = Screen::new();
    let paint = words::Paint::of_terminal();
    while is_running(ended, SECOND / ROUNDS_A_SECOND) {
        let snapshot = gatherer.gather();
        screen.draw(|width| view::of(&snapshot, width, paint));
    }
}

/// Says how it goes, until the run has `ended`.
fn say(mut gatherer: Gatherer<'_>, ended: &Receiver<()>, thinned: bool) {
    let watch = Stopwatch::start();
    for round in 1.. {
        let due = SECOND / ROUNDS_A_SECOND * round;
        if !is_running(ended, due.saturating_sub(watch.elapsed())) {
            return;
        }
        let snapshot = gatherer.gather();
        let second = u64::from(round / ROUNDS_A_SECOND);
        let is_due = round.is_multiple_of(ROUNDS_A_SECOND);
        if is_due && (!thinned || is_worth_a_line(second)) {
            // Nobody reads it: that is no reason to stop.
            let _ = writeln!(std::io::stderr().lock(), "{}", line::of(&snapshot));
        }
    }
}

fn is_worth_a_line(second: u64) -> bool {
    match second {
        0..=10 => true,
        11..=600 => second.is_multiple_of(10),
        _ => second.is_multiple_of(60),
    }
}

/// Whether it has not `ended` within `period`.
fn is_running(ended: &Receiver<()>, period: Duration) -> bool {
    ended.recv_timeout(period) == Err(RecvTimeoutError::Timeout)
}

/// How often the threads are asked, and the view is drawn, each second.
const ROUNDS_A_SECOND: u32 = 5;
const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_not_flooded() {
        let lines = |seconds| (1..=seconds).filter(|it| is_worth_a_line(*it)).count();
        assert_eq!(lines(10), 10);
        assert_eq!(lines(60), 15);
        assert_eq!(lines(3_600), 10 + 59 + 50);
    }

    #[test]
    fn quiet_is_quiet_whatever_else_was_said() {
        for live in [Live::Auto, Live::Line, Live::View, Live::Off] {
            let args = LiveArgs { live, quiet: true };
            let how = args.how().expect("nothing is shown");
            assert_eq!(how.shows(false), Shown::Nothing);
        }
        assert_eq!(Live::Line.shows(true), Shown::Lines { thinned: false });
    }
}
