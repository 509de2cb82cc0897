//! A search under way: the values that it tries, and what is said of each.

use super::error::KneeError;
use super::extent::Extent;
use super::look::look;
use super::probes::{Probe, ProbeRun};
use super::report::Searched;
use crate::args::Load;
use crate::interrupt::Interrupt;
use crate::load::Adhoc;
use crate::probe::{self, FIRST_SEED, ProbeError};
use crate::report::Report;
use crate::scenario::Entries;
use crate::search::{self, Best, End, Look, Range};

/// A search under way.
pub struct Search<'a> {
    /// The load of all of them, but for what is searched.
    pub base: Load,
    /// What is searched.
    pub searched: Searched,
    /// Runs of each value.
    pub repeat: u32,
    /// What was tried, in this order, each value once.
    pub probes: Vec<Probe>,
    /// What all runs have in common.
    pub config: Entries,
    /// Who breaks it off.
    pub interrupt: &'a Interrupt,
}

impl Search<'_> {
    /// The end of the values that hold; `None` if somebody broke off.
    ///
    /// # Errors
    /// A run came to no result, or to a wrong one.
    pub fn best(&mut self, range: Range, end: End) -> Result<Option<Best>, KneeError> {
        self.until_it_fails(|look| search::best(range, end, look))
    }

    /// What `search` comes to, which looks at values and breaks off where there is no verdict of one.
    ///
    /// # Errors
    /// Why there is none.
    pub fn until_it_fails<T>(
        &mut self,
        search: impl FnOnce(&mut dyn FnMut(f64) -> Option<Look>) -> Option<T>,
    ) -> Result<Option<T>, KneeError> {
        let mut failed = None;
        let found = search(&mut |at| {
            self.look(at).unwrap_or_else(|error| {
                failed = Some(error);
                None
            })
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(found),
        }
    }

    /// The probe of this value, if it was tried.
    pub fn probe_at(&self, at: f64) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.at == at)
    }

    /// What is to be said of `at`; `None` if somebody broke off. What was tried is not tried again.
    ///
    /// # Errors
    /// A run came to no result, or to a wrong one.
    pub fn look(&mut self, at: f64) -> Result<Option<Look>, KneeError> {
        if let Some(known) = self.probe_at(at) {
            return Ok(Some(known.verdict));
        }
        let label = match self.searched {
            Searched::Rate => format!("rate {at}"),
            Searched::Jobs => format!("jobs {at}"),
        };
        let mut runs = Vec::new();
        for index in 0..self.repeat {
            let load = self.load(at, index);
            let report = probe::run(&load, &label, self.interrupt)?;
            self.config = self.common(&report.config);
            if self.interrupt.is_raised() {
                self.keep(at, runs, &report);
                return Ok(None);
            }
            if report.verified.wrong > 0 {
                return Err(KneeError::WrongResult {
                    wrong: report.verified.wrong,
                    results: report.verified.results,
                    command: report.scenario.command.unwrap_or_default(),
                });
            }
            if takes_no_time(&report) {
                return Err(KneeError::TakesNoTime);
            }
            runs.push(look(&report));
        }
        let probe = Probe::new(at, runs);
        let verdict = probe.verdict;
        self.probes.push(probe);
        Ok(Some(verdict))
    }

    /// What was measured of a value until somebody broke off.
    fn keep(&mut self, at: f64, mut runs: Vec<ProbeRun>, cut_off: &Report) {
        if cut_off.ops > 0 {
            runs.push(look(cut_off));
        }
        if !runs.is_empty() {
            self.probes.push(Probe::new(at, runs));
        }
    }

    /// The load that is run first.
    pub fn first(&self, range: Range) -> Load {
        self.load(range.first.clamp(range.lowest, range.highest), 0)
    }

    /// What each run is.
    ///
    /// # Errors
    /// The flags are wrong.
    pub fn each(&self, range: Range) -> Result<Extent, KneeError> {
        let variants = Adhoc::new(&self.first(range)).variants();
        let variants = variants.map_err(ProbeError::from)?;
        Ok(Extent::of(&variants[0].scenario))
    }

    /// `config` without what differs from run to run.
    fn common(&self, config: &Entries) -> Entries {
        let searched = match self.searched {
            Searched::Rate => "load.rate",
            Searched::Jobs => "load.jobs",
        };
        config.without(&[searched, "seed"])
    }

    /// The load of run number `index` at `at`.
    fn load(&self, at: f64, index: u32) -> Load {
        let mut load = self.base.clone();
        match self.searched {
            Searched::Rate => load.rate = Some(at.to_string()),
            Searched::Jobs => load.jobs = Some(at.to_string()),
        }
        if load.is_virtual() && !load.sets("seed") {
            let first = load.seed.unwrap_or(FIRST_SEED);
            load.seed = Some(first.wrapping_add(u64::from(index)));
        }
        load
    }
}

/// Whether software did what the device did not, and that took no time: under virtual time, where nothing costs
/// anything.
fn takes_no_time(report: &Report) -> bool {
    let is_all = report.config.get("engine.mode") == Some("\"software\"");
    if is_all {
        return report.ops > 0 && report.latency.max_ns == Some(0);
    }
    let costs = |(path, value): (&str, &str)| {
        path.starts_with("host.software") || (path == "host.base" && value == "\"measured\"")
    };
    report.scenario.clock == "virtual"
        && report.software.exceptions() > 0
        && !report.config.iter().any(costs)
}
