//! Every order of everything that can happen between a call and its return: submit, done, publish,
//! notify, reap, wake, pause, resume, cancel, drop, and what can go wrong beside them.
//!
//! Small cases are explored exhaustively: every schedule runs to its end, where nothing can happen
//! any more, so there is no bound on depth but what a case allows to happen at all ([`Budget`]). In
//! some cases the application may do any step at any time; in others the engine's owner is a loop
//! that arms, looks again, sleeps, and is woken by the completion signal alone, or by its timer.
//! Larger ones are walked through at random, by seed. After every step and at every end the
//! [`oracle`] checks: exactly one outcome per op, no wake lost, no job resumed twice, no slot leaked,
//! spans monotonic and summing, statistics that add up.
//!
//! What breaks is told in words, with the one command that replays it. That these checks can fail
//! is shown by `mutations`, which breaks the engine on purpose.

mod action;
mod case;
mod cases;
mod explorer;
mod feed;
mod oracle;
mod report;
mod walk;
mod world;

use std::collections::{BTreeSet, HashSet};
use std::mem::discriminant;

use pausewake_engine::{Notify, Reap};

use case::{Arming, Budget, Case};
use cases::{CANCEL, DOUBLE, Explored, SPURIOUS};
use explorer::{every_order, every_order_but, one_order};
use report::{replay_command, say, story, tell};
use world::World;

#[test]
fn every_order_by_callback() {
    explore(&cases::two_at_a_time(Notify::Callback));
}

#[test]
fn every_order_by_fd() {
    explore(&cases::two_at_a_time(Notify::Fd));
}

#[test]
fn every_order_by_poll() {
    explore(&cases::looking());
}

#[test]
fn every_order_of_a_sleeping_owner_by_callback() {
    explore(&cases::sleeping(Notify::Callback));
}

#[test]
fn every_order_of_a_sleeping_owner_by_fd() {
    explore(&cases::sleeping(Notify::Fd));
}

#[test]
fn every_order_by_heuristic() {
    explore(&cases::by_heuristic());
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
            let by_event = Case {
                reap: Reap::Event,
                ..two_calls(CANCEL)
            };
            cases.extend([
                two_calls(DOUBLE),
                by_event,
                Case {
                    arming: Arming::InHalves,
                    budget: Budget::NOTHING,
                    ..by_event
                },
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
        let case = cases::all()
            .into_iter()
            .map(|explored| explored.case)
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

/// Explores each case, and compares how much there was with what is known, so that an exploration
/// which has shrunk unnoticed is noticed.
fn explore(cases: &[Explored]) {
    let mut changed = Vec::new();
    for Explored { case, schedules } in cases {
        let seen = every_order(*case).unwrap_or_else(|broken| {
            let choices: Vec<_> = broken.choices.iter().map(usize::to_string).collect();
            let schedule = format!("{case}:{}", choices.join("."));
            let command = replay_command("SCHEDULE", &schedule);
            panic!("{}", story(case, &broken, &command));
        });
        let words = format!(
            "{case}: {} schedules, {} steps, the longest {}",
            seen.schedules, seen.steps, seen.longest
        );
        say(&words);
        if seen.schedules != *schedules {
            changed.push(format!("{words}; known: {schedules}"));
        }
    }
    assert!(
        changed.is_empty(),
        "the number of schedules has changed:\n{}",
        changed.join("\n")
    );
}

/// Seeds that are walked; `PAUSEWAKE_EXPLORE_WALKS` asks for another number.
const WALKS: u64 = 6_000;
/// Kinds of steps.
const KINDS: usize = 23;
