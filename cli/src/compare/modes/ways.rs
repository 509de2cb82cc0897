//! What is run in each mode: the flags of a load, with one thing changed.

use std::fmt::Write as _;

use super::super::CompareError;
use super::MODES;
use crate::args::{Compare, Load};
use crate::load::Adhoc;
use crate::probe::ProbeError;
use crate::report::numbers::counted;

/// The scenario of which each seed is a run: a variant for each mode.
///
/// # Errors
/// The flags contradict the comparison, or each other.
pub fn scenario(args: &Compare) -> Result<String, CompareError> {
    check(&args.load)?;
    let load = with_defaults(&args.load);
    for mode in modes_of(&load) {
        let checked = Adhoc::new(&in_mode(&load, mode)).variants();
        checked.map_err(ProbeError::from)?;
    }
    let plain = Load {
        notify: None,
        ..load.clone()
    };
    let table = Adhoc::new(&plain).table().map_err(ProbeError::from)?;
    let mut text = format!(
        "# {}\n# compares these variants, with {} of which this has the first; its search for where offload\n\
         # begins to win runs them with other jobs and sizes.\n\n{table}",
        command(args, &load),
        counted(args.seeds().into(), "seed"),
    );
    for mode in modes_of(&load) {
        let entry = match is_engine_mode(mode) {
            true => "engine.mode",
            false => "engine.notify",
        };
        let _ = write!(
            text,
            "\n[[variant]]\nname = \"{mode}\"\n{entry} = \"{mode}\"\n"
        );
    }
    Ok(text)
}

/// What has no place where modes are compared.
pub fn check(load: &Load) -> Result<(), CompareError> {
    let wrong = |wrong: &str, accepted| {
        Err(CompareError::Flags {
            wrong: wrong.to_owned(),
            accepted,
        })
    };
    if !load.slo.is_empty() {
        return wrong(
            "--slo: no mode has to hold anything here",
            "load or knee with --slo; --fail-if with --baseline",
        );
    }
    if load.sets("expect") {
        return wrong(
            "--set expect: no mode has to hold anything here",
            "load or knee with --slo; --fail-if with --baseline",
        );
    }
    if load.notify.as_deref() == Some("poll") {
        return wrong(
            "--notify poll is none of the modes that are compared",
            "--notify fd or callback: which of them is held against software",
        );
    }
    if load.sets("engine.mode") || load.sets("engine.notify") {
        return wrong(
            "--set engine.mode and engine.notify are what is compared",
            "none of them; load has them",
        );
    }
    if load.sets("seed") {
        return wrong(
            "--set seed says of all runs what is another one in each",
            "--seed, the first of them, and --seeds, how many",
        );
    }
    if !load.or_virtual().is_virtual() && computes_nothing(load) {
        return wrong(
            "by the wall clock, software that computes nothing takes no time, and nothing wins against it",
            "--compute real or cached, or --clock virtual, where software costs what [host] says",
        );
    }
    Ok(())
}

fn computes_nothing(load: &Load) -> bool {
    let compute = said(load, "device.compute", &load.compute);
    compute.is_some_and(|it| it.contains("none"))
}

/// What `load` says of the entry `path`, by a `--set`, which comes last, or by its `flag`.
pub fn said<'a>(load: &'a Load, path: &str, flag: &'a Option<String>) -> Option<&'a str> {
    let set = load.set_of(path).and_then(|set| set.split_once('='));
    set.map(|(_, value)| value.trim()).or(flag.as_deref())
}

/// Threads of `load`, if that is a number.
pub fn threads(load: &Load) -> Option<u64> {
    said(load, "load.threads", &load.threads).and_then(crate::load::whole)
}

/// The modes in which `load` can be done. Under virtual time all threads are one, and none of them can
/// wait in place.
pub fn modes_of(load: &Load) -> Vec<&'static str> {
    let can_wait = !load.is_virtual() || threads(load).is_none_or(|threads| threads == 1);
    let modes = MODES.into_iter();
    modes.filter(|mode| can_wait || *mode != "sync").collect()
}

/// `load` under virtual time with the host's costs, and of limited length.
pub fn with_defaults(load: &Load) -> Load {
    let mut load = load.or_virtual();
    if !load.is_virtual() {
        return load;
    }
    load.or_measured_host();
    let limits = ["load.ops", "load.duration", "load.passes", "load.phase"];
    let is_limited = limits.iter().any(|path| load.sets(path));
    if load.ops.is_none() && load.duration.is_none() && !is_limited {
        load.ops = Some("10k".to_owned());
    }
    load
}

/// `load`, done in the mode of this name.
pub fn in_mode(load: &Load, mode: &str) -> Load {
    let mut load = load.clone();
    load.notify = None;
    match is_engine_mode(mode) {
        true => load.overrides.push(format!("engine.mode={mode}")),
        false => load.notify = Some(mode.to_owned()),
    }
    load
}

/// Whether a mode is one of the engine's; else it is a notification.
fn is_engine_mode(mode: &str) -> bool {
    matches!(mode, "software" | "sync")
}

/// The command that compares again, for a shell.
pub fn command(args: &Compare, load: &Load) -> String {
    let mut words = vec!["--seeds".to_owned(), args.seeds().to_string()];
    if args.no_break_even {
        words.push("--no-break-even".to_owned());
    }
    load.command_of("compare", words)
}
