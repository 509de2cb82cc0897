//! What a thread of a run shows of itself to those who look on.

use pausewake_engine::Engine;

use super::agenda::Agenda;
use super::jobs::Jobs;
use super::open::OpenLoop;
use crate::live::{self, Told};
use crate::report::{Collector, Punctuality};

/// What there is of a thread.
pub(super) struct Showing<'a> {
    pub(super) engine: &'a Engine,
    pub(super) live_jobs: usize,
    pub(super) collector: &'a Collector,
    pub(super) jobs: &'a Jobs,
    pub(super) open: Option<&'a OpenLoop>,
    pub(super) agenda: &'a Agenda,
    pub(super) ring_depth: u32,
}

impl Showing<'_> {
    /// The figures: as they are, nothing is computed here.
    pub(super) fn told(&self) -> Told {
        let punctuality = self.open.map(OpenLoop::punctuality);
        Told {
            at: self.engine.now(),
            told_at: live::now(),
            is_measuring: self.agenda.has_begun(),
            recent: self.collector.take_recent(),
            returned_ops: self.collector.returned(),
            errors: self.jobs.errors(),
            late: punctuality.map_or(0, Punctuality::late),
            dropped: punctuality.map_or(0, |it| it.dropped),
            backlog: self.open.map_or(0, OpenLoop::backlog) as u64,
            live_jobs: self.live_jobs as u64,
            thinking: self.jobs.alarms().count() as u64,
            in_line: self.engine.calls_in_line() as u64,
            in_flight: self.engine.stats().in_flight,
            in_ring: u64::from(self.ring_depth.saturating_sub(self.engine.ring_room())),
        }
    }
}
