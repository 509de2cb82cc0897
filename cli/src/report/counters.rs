//! What is only counted: ops by kind, jobs, wakes, software.

use pausewake_device::protocol::OpKind;
use pausewake_engine::events::{JobEvent, JobId, NotifiedBy, WhySoftware};

/// Ops of one kind, and their payload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Ops that went to the device.
    pub ops: u64,
    /// Payload that went there with them.
    pub bytes_in: u64,
    /// Payload that came back.
    pub bytes_out: u64,
}

/// Jobs by what became of them, those that began while figures were taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jobs {
    /// Started.
    pub started: u64,
    /// Ran to their end.
    pub finished: u64,
    /// Were cancelled, or panicked.
    pub cancelled: u64,
    /// Live now.
    pub live: u64,
    /// Live at once at most, those of the warm-up included.
    pub max_live: u64,
    /// The last one that began in the warm-up.
    last_before: Option<JobId>,
}

/// How jobs were told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wakes {
    /// By callback.
    pub callback: u64,
    /// By eventfd.
    pub fd: u64,
    /// Not: they waited in place.
    pub in_place: u64,
    /// Jobs that look for themselves when they are resumed.
    pub by_look: u64,
    /// Resumed before their op had completed.
    pub spurious: u64,
}

/// Ops computed in software, by the reason.
#[derive(Clone, Copy, Debug, Default)]
pub struct Software {
    /// Too small, as everything is where the scenario wants all of it in software.
    pub small: u64,
    /// No room.
    pub full: u64,
    /// The device failed.
    pub device_error: u64,
}

impl Asked {
    /// The place of `kind` in an array in the order of [`OpKind::ALL`]. Codes count from one.
    pub fn place(kind: OpKind) -> usize {
        usize::from(kind.code()) - 1
    }

    /// With those of another thread.
    pub fn merge(&mut self, other: &Self) {
        self.ops += other.ops;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
    }
}

impl Wakes {
    /// A job was told.
    pub fn count(&mut self, by: &NotifiedBy) {
        match by {
            NotifiedBy::Callback => self.callback += 1,
            NotifiedBy::Fd => self.fd += 1,
            NotifiedBy::InPlace => self.in_place += 1,
            NotifiedBy::Nobody => self.by_look += 1,
        }
    }

    /// With those of another thread.
    pub fn merge(&mut self, other: &Self) {
        self.callback += other.callback;
        self.fd += other.fd;
        self.in_place += other.in_place;
        self.by_look += other.by_look;
        self.spurious += other.spurious;
    }
}

impl Software {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.small + self.full + self.device_error
    }

    /// One more.
    pub fn count(&mut self, why: WhySoftware) {
        match why {
            WhySoftware::Small => self.small += 1,
            WhySoftware::Full => self.full += 1,
            WhySoftware::DeviceError => self.device_error += 1,
        }
    }

    /// With those of another thread.
    pub fn merge(&mut self, other: &Self) {
        self.small += other.small;
        self.full += other.full;
        self.device_error += other.device_error;
    }
}

impl Jobs {
    /// With those of another thread.
    pub fn merge(&mut self, other: &Self) {
        self.started += other.started;
        self.finished += other.finished;
        self.cancelled += other.cancelled;
        self.live += other.live;
        self.max_live += other.max_live;
    }

    /// They live, and that is all that is known of them when figures begin.
    pub fn warm_up(&mut self, event: &JobEvent) {
        self.event(event);
        let last_before = match event {
            JobEvent::Started { job } => Some(*job),
            _ => self.last_before,
        };
        *self = Self {
            live: self.live,
            max_live: self.live,
            last_before,
            ..Self::default()
        };
    }

    /// Whether it began behind the warm-up. Ids grow with each start on one thread.
    fn counts(&self, job: JobId) -> bool {
        self.last_before.is_none_or(|last| job > last)
    }

    /// What becomes of a job is counted if its start was.
    pub fn event(&mut self, event: &JobEvent) {
        match event {
            JobEvent::Started { .. } => {
                self.started += 1;
                self.live += 1;
                self.max_live = self.max_live.max(self.live);
            }
            JobEvent::Finished { job } => {
                self.finished += u64::from(self.counts(*job));
                self.live = self.live.saturating_sub(1);
            }
            JobEvent::Cancelled { job, .. } | JobEvent::Panicked { job } => {
                self.cancelled += u64::from(self.counts(*job));
                self.live = self.live.saturating_sub(1);
            }
            _ => {}
        }
    }
}
