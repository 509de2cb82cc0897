//! Single runs of a load whose flags change from one to the next: what commands that search and compare
//! are made of.

use crate::args::Load;
use crate::interrupt::Interrupt;
use crate::live::{NoTerminal, Viewer};
use crate::load::Adhoc;
use crate::report::{Outcome, Report, Reports};
use crate::run::{self, RunError};
use crate::scenario::Rejected;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The flags are wrong.
    #[error(transparent)]
    Rejected(#[from] Box<Rejected>),
    /// It cannot be shown as asked for.
    #[error(transparent)]
    NoTerminal(#[from] NoTerminal),
    /// It came to no result.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Runs the load that `load` asks for; it is `label` to those who look on.
///
/// # Errors
/// Its flags are wrong, or it came to no result.
pub fn run(load: &Load, label: &str, interrupt: &Interrupt) -> Result<Report, ProbeError> {
    let reports = run_reports(load, Some(label), interrupt)?;
    Ok(reports.variants()[0].clone())
}

/// The same, as a result that can be saved.
///
/// # Errors
/// As [`run()`].
pub fn run_reports(
    load: &Load,
    label: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Reports, ProbeError> {
    let how = load.live.how()?;
    let adhoc = Adhoc::new(load);
    let variants = adhoc.variants()?;
    let mut outcomes = Vec::with_capacity(variants.len());
    for variant in &variants {
        let viewer = Viewer {
            how,
            variant: variant.name.as_deref().or(label),
        };
        outcomes.push(Outcome {
            name: variant.name.as_deref(),
            scenario: &variant.scenario,
            entries: &variant.entries,
            facts: run::run(&variant.scenario, None, interrupt, viewer)?,
        });
    }
    Ok(Reports::new(&outcomes, adhoc.command().to_owned()))
}

impl Load {
    /// Whether a flag `--set` says something of the entry `path`, or of one in it.
    pub fn sets(&self, path: &str) -> bool {
        self.set_of(path).is_some()
    }

    /// The `--set` that says something of the entry `path`, or of one in it.
    pub fn set_of(&self, path: &str) -> Option<&str> {
        let set = self.overrides.iter().find(|set| says(set, path));
        set.map(String::as_str)
    }

    /// The same, and under virtual time the host's work costs what it was measured to, unless something
    /// else is said: free of charge, all ways to tell a job would be alike.
    pub fn or_measured_host(&mut self) {
        if self.is_virtual() && !self.sets("host") {
            self.overrides.push("host.base=measured".to_owned());
        }
    }

    /// Whether a flag `--set` says something of the table `path` as a whole.
    pub fn sets_all_of(&self, path: &str) -> bool {
        self.overrides.iter().any(|set| path_of(set) == path)
    }

    /// The same under virtual time and without computing, unless it says otherwise: the model's figures,
    /// the same everywhere.
    pub fn or_virtual(&self) -> Self {
        let mut load = self.clone();
        if load.clock.is_none() && !load.sets("clock") {
            load.clock = Some("virtual".to_owned());
        }
        let says_compute = load.compute.is_some() || load.sets("device.compute");
        if load.is_virtual() && !says_compute && !load.verifies() {
            load.compute = Some("none".to_owned());
        }
        load
    }

    /// Whether results are to be verified, for which there must be some.
    fn verifies(&self) -> bool {
        let mut slos = self.slo.iter();
        slos.any(|slo| slo.trim_start().starts_with("verified"))
            || self.sets("expect.verified")
            || (self.set_of("load.verify")).is_some_and(|set| !set.contains("none"))
    }

    /// Whether it is to run under virtual time.
    pub fn is_virtual(&self) -> bool {
        let clock = self.value_of("clock").or(self.clock.as_deref());
        clock.is_some_and(|clock| clock.contains("virtual"))
    }

    /// Whether its jobs are told by fd.
    pub fn is_told_by_fd(&self) -> bool {
        let notify = self.value_of("engine.notify").or(self.notify.as_deref());
        notify.is_some_and(|notify| notify.contains("fd"))
    }

    /// What the last `--set` says of the entry `path` itself.
    fn value_of(&self, path: &str) -> Option<&str> {
        let mut overrides = self.overrides.iter().rev();
        overrides.find_map(|set| {
            let (of, value) = set.split_once('=')?;
            (of.trim() == path).then_some(value)
        })
    }

    /// What `command` with its own `words` is typed as, to do the same again.
    pub fn command_of(&self, command: &str, words: Vec<String>) -> String {
        let own = crate::output::shell(command, words);
        // The seed stands at one place, whether it was said or not.
        let mut load = self.clone();
        if !load.sets("seed") {
            load.seed.get_or_insert(FIRST_SEED);
        }
        let adhoc = Adhoc::new(&load);
        let flags = adhoc.command().strip_prefix("pausewake load ");
        format!("{} {}", own.trim_end(), flags.unwrap_or_default())
    }
}

/// Whether `set` says something of `path`: of it, of an entry in it, or of a table that has it.
fn says(set: &str, path: &str) -> bool {
    let said = path_of(set);
    if said == path || below(&said, path).is_some() {
        return true;
    }
    let (Some(rest), Some((_, value))) = (below(path, &said), set.split_once('=')) else {
        return false;
    };
    let table: Option<toml::Table> = toml::from_str(&format!("it = {value}")).ok();
    let mut at = table.as_ref().and_then(|table| table.get("it"));
    for key in rest.split('.') {
        at = at.and_then(|it| it.get(key));
    }
    at.is_some()
}

/// What of `path` lies below `above`, if it does.
fn below<'a>(path: &'a str, above: &str) -> Option<&'a str> {
    path.strip_prefix(above)?.strip_prefix('.')
}

/// The entry of a flag `--set`, without the room and the quotes that it may be written with.
fn path_of(set: &str) -> String {
    let path = set.split_once('=').map_or(set, |(path, _)| path);
    path.replace([' ', '\t', '"', '\''], "")
}

/// That of a load if nobody says it.
pub const FIRST_SEED: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_said_by_itself_by_what_is_in_it_and_by_its_table() {
        for (set, path, expected) in [
            ("load.jobs=5", "load.jobs", true),
            (" load . jobs = 5", "load.jobs", true),
            ("load.jobs=5", "load", true),
            ("load.jobs_more=5", "load.jobs", false),
            ("load={op=\"rsa-sign\",jobs=5}", "load.jobs", true),
            ("load={op=\"rsa-sign\"}", "load.jobs", false),
            ("device={asym={slices=2}}", "device.asym.slices", true),
            ("device={asym={slices=2}}", "device.asym.rate", false),
            ("load={broken", "load.jobs", false),
            ("engine.notify=fd", "engine.notify", true),
            ("loader.jobs=5", "load", false),
        ] {
            assert_eq!(says(set, path), expected, "{set} of {path}");
        }
    }
}
