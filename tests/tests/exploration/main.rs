//! Every order of everything that can happen between a call and its return: submit, done, publish,
//! notify, reap, wake, pause, resume, cancel, drop, and what can go wrong beside them.
//!
//! Small cases are explored exhaustively: every schedule runs to its end, where nothing can happen
//! any more, so there is no bound on depth but what a case allows to happen at all ([`Budget`]).
//! Larger ones are walked through at random, by seed. After every step and at every end the
//! [`oracle`] checks: exactly one outcome per op, no wake lost, no job resumed twice, no slot leaked,
//! spans monotonic and summing, statistics that add up.
//!
//! What breaks is told in words, with the one command that replays it. That these checks can fail
//! is shown by `mutations`, which breaks the engine on purpose.

mod action;
mod case;
mod explorer;
mod feed;
mod oracle;
mod walk;
mod world;

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write;
use std::mem::discriminant;

use pausewake_device::Nanos;
use pausewake_engine::Notify;

use case::{Budget, Case};
use explorer::{Broken, Seen, every_order, every_order_but, one_order};
use world::World;

#[test]
fn every_order_by_callback() {
    explore(&two_at_a_time(Notify::Callback), &BY_CALLBACK);
}

#[test]
fn every_order_by_fd() {
    explore(&two_at_a_time(Notify::Fd), &BY_FD);
}

#[test]
fn every_order_by_poll() {
    explore(&looking(), &BY_POLL);
}

/// What the explorer leaves out is no state that it would not see anyway.
#[test]
fn what_is_left_out_is_seen_elsewhere() {
    for notify in [Notify::Callback, Notify::Fd, Notify::Poll] {
        let two_calls = |budget| Case {
            budget,
            ..Case::two_calls("two-calls", notify)
        };
        let mut cases = vec![two_calls(CANCEL), two_calls(SPURIOUS)];
        if notify != Notify::Poll {
            cases.extend([
                two_calls(DOUBLE),
                Case {
                    slots: 1,
                    ..Case::two_jobs("one-slot", notify)
                },
            ]);
        }
        for case in cases {
            let states = |independent| {
                let mut states = BTreeSet::new();
                let show = &mut |world: &World| {
                    states.insert(world.state());
                };
                let seen = every_order_but(case, independent, show).expect("nothing breaks");
                (states, seen.schedules)
            };
            let (all, all_schedules) = states(|_, _| false);
            let (reduced, schedules) = states(action::Action::is_independent_of);
            let count = all.len();
            say(&format!(
                "{case}: {count} states by {all_schedules} schedules or {schedules}"
            ));
            assert!(schedules < all_schedules, "{case}: nothing is left out");
            assert!(
                all == reduced,
                "{case}: {count} states, {} seen",
                reduced.len()
            );
        }
    }
}

#[test]
fn many_orders_of_larger_cases() {
    let count = std::env::var("PAUSEWAKE_EXPLORE_WALKS").map_or(WALKS, |count| {
        count.parse().expect("PAUSEWAKE_EXPLORE_WALKS is a number")
    });
    let mut kinds = HashSet::new();
    for seed in 0..count {
        match walk::walk(seed) {
            Ok(schedule) => kinds.extend(schedule.iter().map(discriminant)),
            Err(broken) => {
                let command = replay_command("SEED", &seed.to_string());
                panic!("{}", story(&walk::case(seed), &broken, &command));
            }
        }
    }
    assert_eq!(kinds.len(), KINDS, "every kind of step was taken");
}

/// Replays what a failure names; does nothing otherwise.
#[test]
fn replay() {
    if let Ok(seed) = std::env::var("PAUSEWAKE_EXPLORE_SEED") {
        let seed = seed.parse().expect("PAUSEWAKE_EXPLORE_SEED is a number");
        let command = replay_command("SEED", &format!("{seed}"));
        tell(&walk::case(seed), walk::walk(seed), &command);
    }
    if let Ok(schedule) = std::env::var("PAUSEWAKE_EXPLORE_SCHEDULE") {
        let (name, choices) = schedule.split_once(':').expect("it is case:choices");
        let case = all_cases()
            .into_iter()
            .find(|case| case.to_string() == name);
        let case = case.unwrap_or_else(|| panic!("no case is called {name}"));
        let mut choices = choices.split('.').map(|choice| {
            choice
                .parse::<usize>()
                .expect("choices are numbers with dots between them")
        });
        // Behind its end, whatever comes first.
        let ran = one_order(case, |_| choices.next().unwrap_or(0));
        tell(&case, ran, &replay_command("SCHEDULE", &schedule));
    }
}

/// Two jobs with a call each, two calls of one job, and one thing at a time that goes wrong.
fn two_at_a_time(notify: Notify) -> Vec<Case> {
    let two_jobs = |name, budget| Case {
        budget,
        ..Case::two_jobs(name, notify)
    };
    let one_slot = |name, budget| Case {
        slots: 1,
        ..two_jobs(name, budget)
    };
    let timed = |case| Case {
        op_timeout_ns: Some(TIMEOUT_NS),
        ..case
    };
    vec![
        two_jobs("two-jobs", NOTHING),
        two_jobs("two-jobs-one-cancelled", CANCEL),
        two_jobs("two-jobs-one-resumed-without-a-wake", SPURIOUS),
        two_jobs("two-jobs-one-doubled", DOUBLE),
        two_jobs("two-jobs-one-failed", FAILURE),
        two_jobs("two-jobs-one-lost", LOSS),
        timed(two_jobs("two-jobs-out-of-time", TIMEOUT)),
        one_slot("one-slot", NOTHING),
        one_slot("one-slot-one-cancelled", CANCEL),
        timed(one_slot("one-slot-out-of-time", TIMEOUT)),
        Case {
            slots: 2,
            ring_depth: 1,
            ..two_jobs("one-place-in-the-ring", SPURIOUS)
        },
        Case {
            slots: 1,
            budget: Budget {
                spurious: 1,
                ..CANCEL_AND_DOUBLE
            },
            ..Case::two_calls("two-calls-one-slot-doubled", notify)
        },
        timed(Case {
            slots: 1,
            budget: Budget {
                timeouts: 1,
                ..CANCEL_AND_DOUBLE
            },
            ..Case::two_calls("two-calls-one-slot-out-of-time", notify)
        }),
    ]
}

/// The same where nobody tells the jobs. A job looks whenever something has changed, so there are
/// many more orders, and fewer cases.
fn looking() -> Vec<Case> {
    let notify = Notify::Poll;
    vec![
        Case::two_jobs("two-jobs", notify),
        Case {
            slots: 1,
            ..Case::two_jobs("one-slot", notify)
        },
        Case {
            budget: CANCEL,
            ..Case::two_calls("two-calls-one-cancelled", notify)
        },
        Case {
            op_timeout_ns: Some(TIMEOUT_NS),
            budget: TIMEOUT,
            ..Case::two_calls("two-calls-out-of-time", notify)
        },
    ]
}

fn all_cases() -> Vec<Case> {
    let mut all = two_at_a_time(Notify::Callback);
    all.extend(two_at_a_time(Notify::Fd));
    all.extend(looking());
    all
}

/// Explores each case, and compares how much there was with what is known, so that an exploration
/// which has shrunk unnoticed is noticed.
fn explore(cases: &[Case], known: &[u64]) {
    let mut explored = Vec::new();
    for case in cases {
        let Seen {
            schedules,
            steps,
            longest,
        } = every_order(*case).unwrap_or_else(|broken| {
            let choices: Vec<_> = broken.choices.iter().map(usize::to_string).collect();
            let schedule = format!("{case}:{}", choices.join("."));
            let command = replay_command("SCHEDULE", &schedule);
            panic!("{}", story(case, &broken, &command));
        });
        say(&format!(
            "{case}: {schedules} schedules, {steps} steps, the longest {longest}"
        ));
        explored.push(schedules);
    }
    assert_eq!(explored, known, "the number of schedules has changed");
}

fn tell(case: &Case, ran: Result<Vec<action::Action>, Broken>, command: &str) {
    match ran {
        Ok(schedule) => {
            let mut words = format!("{case}: nothing breaks\n");
            list(&mut words, &schedule);
            say(&words);
        }
        Err(broken) => panic!("{}", story(case, &broken, command)),
    }
}

fn story(case: &Case, broken: &Broken, command: &str) -> String {
    let mut words = format!("{case}: VIOLATION: {}\n", broken.violation);
    list(&mut words, &broken.schedule);
    let _ = write!(words, "replay it with\n  {command}\n{case:?}");
    words
}

fn list(words: &mut String, schedule: &[action::Action]) {
    for (number, action) in schedule.iter().enumerate() {
        let _ = writeln!(words, "  {:2}. {action}", number + 1);
    }
}

fn replay_command(what: &str, value: &str) -> String {
    format!(
        "PAUSEWAKE_EXPLORE_{what}='{value}' cargo test -p pausewake-tests --test exploration replay \
         -- --nocapture"
    )
}

#[expect(
    clippy::print_stdout,
    reason = "it is shown with --nocapture, or on failure"
)]
fn say(words: &str) {
    println!("{words}");
}

const NOTHING: Budget = Budget::NOTHING;
const CANCEL: Budget = Budget {
    cancels: 1,
    ..NOTHING
};
const SPURIOUS: Budget = Budget {
    spurious: 1,
    ..NOTHING
};
const DOUBLE: Budget = Budget {
    doubles: 1,
    ..NOTHING
};
const FAILURE: Budget = Budget {
    failures: 1,
    ..NOTHING
};
const LOSS: Budget = Budget {
    losses: 1,
    ..NOTHING
};
const TIMEOUT: Budget = Budget {
    timeouts: 1,
    ..NOTHING
};
/// What comes late meets the next use of the slot.
const CANCEL_AND_DOUBLE: Budget = Budget {
    cancels: 1,
    doubles: 1,
    ..NOTHING
};
const TIMEOUT_NS: Nanos = Nanos::from_millis(1);
/// Seeds that are walked; `PAUSEWAKE_EXPLORE_WALKS` asks for another number.
const WALKS: u64 = 6_000;
/// Kinds of steps.
const KINDS: usize = 18;

/// Schedules of each case, by callback.
const BY_CALLBACK: [u64; 13] = [
    116, 1_788, 1_044, 2_464, 348, 452, 10_128, 16, 320, 1_246, 1_812, 3_324, 14_824,
];
/// By fd. Where jobs are ended or resumed early there are fewer: a wake that was consumed is not
/// readable any more, and a callback's stays to be seen.
const BY_FD: [u64; 13] = [
    116, 1_788, 1_044, 2_464, 348, 452, 10_128, 16, 320, 1_246, 1_612, 2_420, 14_824,
];
/// By poll.
const BY_POLL: [u64; 4] = [14_368, 2_432, 212, 2_868];
