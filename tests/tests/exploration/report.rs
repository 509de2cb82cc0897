//! What an exploration says: what broke, in words, and how to see it again.

use std::fmt::Write;

use crate::action::Action;
use crate::case::Case;
use crate::explorer::Broken;

/// Says what a replay came to.
///
/// # Panics
/// With the story of what broke.
pub(crate) fn tell(case: &Case, ran: Result<Vec<Action>, Broken>, command: &str) {
    match ran {
        Ok(schedule) => {
            let mut words = format!("{case}: nothing breaks\n");
            list(&mut words, &schedule);
            say(&words);
        }
        Err(broken) => panic!("{}", story(case, &broken, command)),
    }
}

/// What broke, after which steps, and how to see it again.
pub(crate) fn story(case: &Case, broken: &Broken, command: &str) -> String {
    let mut words = format!("{case}: VIOLATION: {}\n", broken.violation);
    list(&mut words, &broken.schedule);
    let _ = write!(words, "replay it with\n  {command}\n{case:?}");
    words
}

fn list(words: &mut String, schedule: &[Action]) {
    for (number, action) in schedule.iter().enumerate() {
        let _ = writeln!(words, "  {:2}. {action}", number + 1);
    }
}

/// The one command that replays it.
pub(crate) fn replay_command(what: &str, value: &str) -> String {
    format!(
        "PAUSEWAKE_EXPLORE_{what}='{value}' cargo test -p pausewake-tests --test exploration replay \
         -- --nocapture"
    )
}

#[expect(
    clippy::print_stdout,
    reason = "it is shown with --nocapture, or on failure"
)]
pub(crate) fn say(words: &str) {
    println!("{words}");
}
