//! How an engine tells its jobs, and who reaps.

/// How a job learns that its operation is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Notify {
    /// By the callback of its wait context. No system call.
    #[default]
    Callback,
    /// By one eventfd per wait context, which any event loop can wait for.
    Fd,
}

/// Who takes completions from the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reap {
    /// The reactor, on the completion eventfd.
    #[default]
    Event,
}

/// What a call does when no slot is free or the ring is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFull {
    /// Waits its turn, in the order of the calls, and is woken when there is room.
    #[default]
    Wait,
    /// Ends with [`Retry::Full`](crate::Retry::Full).
    Fail,
}

/// Everything that is fixed when an engine is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineConfig {
    /// How jobs are told.
    pub notify: Notify,
    /// Who reaps.
    pub reap: Reap,
    /// What happens when there is no room.
    pub on_full: OnFull,
}
