//! What can happen next.

use pausewake_device::PendingState;

use super::World;
use super::owner::Owner;
use crate::action::{Action, Forgery};
use crate::oracle::{Job, Phase};

impl World {
    /// Everything that can happen next, always in the same order.
    pub(crate) fn enabled(&self) -> Vec<Action> {
        if let Some(first) = self.case.prelude.get(self.steps) {
            return vec![*first];
        }
        let mut enabled = Vec::new();
        if self.owner == Owner::Awake {
            for job in 0..self.case.jobs {
                self.enabled_of_job(job, &mut enabled);
            }
            if self.unpublished > 0 {
                enabled.push(Action::Doorbell);
            }
        }
        self.enabled_of_device(&mut enabled);
        self.enabled_of_owner(&mut enabled);
        let in_call = |job: &Job| job.phase == Phase::Paused;
        let may_pass = self.left.timeouts > 0 && self.oracle.jobs.iter().any(in_call);
        // Where a timer is what wakes the owner, time passes when nothing else happens.
        let must_pass = || enabled.is_empty() && self.sleeps_until_its_timer();
        if may_pass || must_pass() {
            enabled.push(Action::TimePasses);
        }
        enabled
    }

    fn enabled_of_job(&self, job: usize, enabled: &mut Vec<Action>) {
        let app = &self.apps[job];
        let phase = self.oracle.jobs[job].phase;
        if phase == Phase::NotStarted {
            enabled.push(Action::Start(job));
            return;
        }
        if !app.is_ready && self.is_woken(job) {
            enabled.push(Action::Wake(job));
        }
        if phase == Phase::Paused {
            if app.is_ready || self.would_look(job) {
                enabled.push(Action::Resume(job));
            } else if self.left.spurious > 0 {
                enabled.push(Action::Spurious(job));
            }
            if self.left.cancels > 0 {
                enabled.extend([Action::Cancel(job), Action::Drop(job)]);
            }
        }
        if app.wait_ctx.is_some() && self.left.contexts > 0 {
            enabled.push(Action::DropContext(job));
        }
    }

    fn enabled_of_device(&self, enabled: &mut Vec<Action>) {
        let pending = self.pending();
        let mut ops: Vec<_> = self.oracle.ops.iter().collect();
        ops.sort_by_key(|(name, _)| **name);
        for (&name, op) in ops {
            match pending.get(&op.cookie).map(|(_, state)| *state) {
                Some(PendingState::InService) => {
                    enabled.push(Action::Done(name));
                    if self.left.failures > 0 {
                        enabled.push(Action::Fail(name));
                    }
                    if self.left.losses > 0 {
                        enabled.push(Action::Lose(name));
                    }
                }
                Some(PendingState::Finished) => enabled.push(Action::Publish(name)),
                None if op.published && self.left.doubles > 0 => {
                    enabled.push(Action::Double(name));
                }
                None => {}
            }
        }
        if self.left.forgeries > 0 {
            enabled.extend([Forgery::Generation, Forgery::Slot].map(Action::Forge));
        }
        if self.unsignalled {
            enabled.push(Action::Signal);
        }
        if self.manual.lost() > 0 || (self.left.resets > 0 && !pending.is_empty()) {
            enabled.push(Action::Reset);
        }
    }
}
