//! Every order, and some.
//!
//! A world cannot be copied, so each schedule runs in a new one, from its first step. The search
//! goes depth first, and leaves out what it need not see twice: of two steps that do not care for
//! their order, only one order is tried (*sleep sets*: P. Godefroid, *Partial-Order Methods for the
//! Verification of Concurrent Systems*, Springer 1996, chapter 5). Sleep sets alone leave out steps
//! and never states: every state that can be reached is reached.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::action::Action;
use crate::case::Case;
use crate::oracle::{Violation, ensure};
use crate::world::World;

/// What an exploration has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Schedules that went to their end.
    pub(crate) schedules: u64,
    /// Steps of all schedules, each counted once where they have a beginning in common.
    pub(crate) steps: u64,
    /// Steps of the longest.
    pub(crate) longest: usize,
}

/// A schedule that broke something.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) schedule: Vec<Action>,
    /// For each step, the place among those that were possible.
    pub(crate) choices: Vec<usize>,
    pub(crate) violation: Violation,
}

/// A place where the schedule branches.
struct Branch {
    enabled: Vec<Action>,
    /// Need not be tried here: tried elsewhere, with the same outcome.
    asleep: Vec<Action>,
    /// The one that is being tried.
    chosen: usize,
}

/// Tries every order of everything that can happen in `case`.
pub(crate) fn every_order(case: Case) -> Result<Seen, Broken> {
    every_order_but(case, Action::is_independent_of, &mut |_| ())
}

/// Tries every order but for that of two steps which are independent, and shows each new world after
/// each step.
pub(crate) fn every_order_but(
    case: Case,
    independent: fn(Action, Action) -> bool,
    show: &mut dyn FnMut(&World),
) -> Result<Seen, Broken> {
    let mut seen = Seen::default();
    let mut path: Vec<Branch> = Vec::new();
    loop {
        let replayed = path.len();
        let mut world = World::new(case);
        for index in 0..path.len() {
            let branch = &path[index];
            step(&mut world, branch.enabled[branch.chosen]).map_err(|it| broken(&path, it))?;
        }
        show(&world);
        let is_end = run_on(&mut world, &mut path, independent, show)?;
        seen.steps += (path.len() - replayed) as u64 + u64::from(replayed > 0);
        if is_end {
            seen.schedules += 1;
            seen.longest = seen.longest.max(path.len());
            end(world).map_err(|it| broken(&path, it))?;
        }
        if !next_branch(&mut path) {
            return Ok(seen);
        }
    }
}

/// Goes on from the end of `path` with whatever comes first. Says whether it came to an end of the
/// world, and not just to where all others are asleep.
fn run_on(
    world: &mut World,
    path: &mut Vec<Branch>,
    independent: fn(Action, Action) -> bool,
    show: &mut dyn FnMut(&World),
) -> Result<bool, Broken> {
    loop {
        let asleep = match path.last() {
            None => Vec::new(),
            Some(branch) => {
                let chosen = branch.enabled[branch.chosen];
                let still = branch.asleep.iter().copied();
                still
                    .filter(|action| independent(*action, chosen))
                    .collect()
            }
        };
        let enabled = world.enabled();
        if enabled.is_empty() {
            return Ok(true);
        }
        let Some(chosen) = enabled.iter().position(|action| !asleep.contains(action)) else {
            return Ok(false);
        };
        let action = enabled[chosen];
        path.push(Branch {
            enabled,
            asleep,
            chosen,
        });
        step(world, action).map_err(|violation| broken(path, violation))?;
        show(world);
    }
}

/// Turns to the next way at the last branch that has one. `false`: everything was tried.
fn next_branch(path: &mut Vec<Branch>) -> bool {
    while let Some(branch) = path.last_mut() {
        branch.asleep.push(branch.enabled[branch.chosen]);
        let asleep = &branch.asleep;
        let next = branch
            .enabled
            .iter()
            .position(|action| !asleep.contains(action));
        if let Some(next) = next {
            branch.chosen = next;
            return true;
        }
        path.pop();
    }
    false
}

/// Runs one schedule, each step chosen by `choose` among so many.
pub(crate) fn one_order(
    case: Case,
    mut choose: impl FnMut(usize) -> usize,
) -> Result<Vec<Action>, Broken> {
    let mut world = World::new(case);
    let (mut schedule, mut choices) = (Vec::new(), Vec::new());
    loop {
        let enabled = world.enabled();
        let done = if enabled.is_empty() {
            return match end(world) {
                Ok(()) => Ok(schedule),
                Err(violation) => Err(Broken {
                    schedule,
                    choices,
                    violation,
                }),
            };
        } else {
            let choice = choose(enabled.len());
            choices.push(choice);
            schedule.push(enabled[choice]);
            step(&mut world, enabled[choice])
        };
        if let Err(violation) = done {
            return Err(Broken {
                schedule,
                choices,
                violation,
            });
        }
    }
}

fn step(world: &mut World, action: Action) -> Result<(), Violation> {
    caught(|| {
        world.step(action)?;
        let steps = world.steps();
        ensure!(steps < MOST_STEPS, "{steps} steps, and no end");
        Ok(())
    })
}

fn end(world: World) -> Result<(), Violation> {
    caught(|| world.check_end())
}

/// A panic of the engine is a violation too.
fn caught(run: impl FnOnce() -> Result<(), Violation>) -> Result<(), Violation> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let words = payload.downcast_ref::<String>().cloned();
        let words = words.or_else(|| payload.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        Err(format!("a panic: {}", words.unwrap_or_default()))
    })
}

fn broken(path: &[Branch], violation: Violation) -> Broken {
    Broken {
        schedule: path
            .iter()
            .map(|branch| branch.enabled[branch.chosen])
            .collect(),
        choices: path.iter().map(|branch| branch.chosen).collect(),
        violation,
    }
}

/// No schedule is that long, unless something goes round in a circle.
const MOST_STEPS: usize = 500;
