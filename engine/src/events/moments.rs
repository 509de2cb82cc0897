//! The eight moments of an op and the five stages between them.

use pausewake_device::Nanos;

/// When an op passed through its eight stations. Never decreasing, in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    /// The crypto call was entered.
    pub call_ns: Nanos,
    /// It had a slot; later than the call if it waited for a full ring.
    pub granted_ns: Nanos,
    /// Its descriptor became visible to the device.
    pub doorbell_ns: Nanos,
    /// The device had the descriptor and its payload, link included.
    pub fetched_ns: Nanos,
    /// The slice was done with it.
    pub done_ns: Nanos,
    /// The engine took its completion from the ring.
    pub known_ns: Nanos,
    /// Its job ran again.
    pub running_ns: Nanos,
    /// The call returned, output copied.
    pub returned_ns: Nanos,
}

/// One of the five parts of an op's latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Call to doorbell, without the wait for a slot: copy-in and the rest of the loop's turn.
    Prepare,
    /// Doorbell to fetched: the ring and the link.
    Ring,
    /// Fetched to done: queue and slice.
    Service,
    /// Done to known: the link home, coalescing, the signal and the reaping.
    Notify,
    /// Known to returned: the job's turn to run, and copy-out.
    Resume,
}

impl Stage {
    /// Every stage, in order of time.
    pub const ALL: [Self; 5] = [
        Self::Prepare,
        Self::Ring,
        Self::Service,
        Self::Notify,
        Self::Resume,
    ];

    /// The stage as an array index.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name that reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Ring => "ring",
            Self::Service => "service",
            Self::Notify => "notify",
            Self::Resume => "resume",
        }
    }
}

/// An op's latency cut into its stages, and the wait for a full ring, which is counted on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// The five stages, by [`Stage::index`].
    pub by_stage_ns: [Nanos; 5],
    /// Call to slot granted: zero unless the ring was full.
    pub full_wait_ns: Nanos,
}

impl Moments {
    /// The moments in order.
    #[must_use]
    pub fn in_order(&self) -> [Nanos; 8] {
        [
            self.call_ns,
            self.granted_ns,
            self.doorbell_ns,
            self.fetched_ns,
            self.done_ns,
            self.known_ns,
            self.running_ns,
            self.returned_ns,
        ]
    }

    /// Call to return.
    #[must_use]
    pub fn total_ns(&self) -> Nanos {
        self.returned_ns - self.call_ns
    }

    /// The latency by stage. Stages and full wait add up to [`total_ns`](Self::total_ns).
    #[must_use]
    pub fn stages(&self) -> Stages {
        Stages {
            by_stage_ns: [
                self.doorbell_ns - self.granted_ns,
                self.fetched_ns - self.doorbell_ns,
                self.done_ns - self.fetched_ns,
                self.known_ns - self.done_ns,
                self.returned_ns - self.known_ns,
            ],
            full_wait_ns: self.granted_ns - self.call_ns,
        }
    }
}

impl Stages {
    /// The time spent in `stage`.
    #[must_use]
    pub fn get(&self, stage: Stage) -> Nanos {
        self.by_stage_ns[stage.index()]
    }
}
