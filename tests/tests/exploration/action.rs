//! What can happen next, and which two of these do not care for their order.

use std::fmt;

/// An op, named so that its name is the same in every order: the job, and which of its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct OpName {
    pub(crate) job: usize,
    pub(crate) call: usize,
}

/// What is wrong with a forged cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Forgery {
    /// The slot exists, and was never used so often.
    Generation,
    /// There is no such slot.
    Slot,
}

/// One step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// *submit, pause*: the job starts, calls, and pauses.
    Start(usize),
    /// What was pushed is shown to the device, which fetches it.
    Doorbell,
    /// *done*: the device has finished the op; nobody can see that yet.
    Done(OpName),
    /// *done*, as a failure.
    Fail(OpName),
    /// The device loses the op.
    Lose(OpName),
    /// *publish*: the completion stands in the ring.
    Publish(OpName),
    /// A published completion comes once more.
    Double(OpName),
    /// A completion comes for a slot and a generation that were never granted.
    Forge(Forgery),
    /// *notify*: the device gives the signal that it had held back.
    Signal,
    /// The device fails all that it holds.
    Reset,
    /// *reap*: the engine is polled.
    Reap,
    /// *arm*: the owner, with nothing left to do, asks for the signal; with a look at the ring, or
    /// without.
    Arm,
    /// *re-check*: the owner looks at the ring, and sleeps if it is empty.
    LookAgain,
    /// *wake up*: the owner sleeps no longer, because of the signal or of its timer.
    WakeUp,
    /// The owner sleeps no longer, because of something else that its loop waits for.
    Interrupt,
    /// *disarm*: the owner takes its request back, and forgets the signal.
    Disarm,
    /// *wake*: the event loop sees that the job was told.
    Wake(usize),
    /// *resume*: the job runs on because of it; where nobody is told, because something changed.
    Resume(usize),
    /// *resume* without a wake.
    Spurious(usize),
    /// *cancel*.
    Cancel(usize),
    /// *drop*: the job's handle is dropped.
    Drop(usize),
    /// The application's handle of the job's wait context is dropped.
    DropContext(usize),
    /// The time of all calls that are going on is up.
    TimePasses,
}

impl Action {
    /// Whether the order of two steps that are both possible makes no difference: they touch
    /// nothing in common, and neither makes the other possible or impossible.
    pub(crate) fn is_independent_of(self, other: Self) -> bool {
        self.touches() & other.touches() == 0
    }

    /// What it reads or changes, a bit each.
    fn touches(self) -> u64 {
        match self {
            Self::Start(job) | Self::Resume(job) | Self::DropContext(job) => ENGINE | job_bit(job),
            Self::Spurious(job) => ENGINE | SPURIOUS | job_bit(job),
            Self::Cancel(job) | Self::Drop(job) => ENGINE | CANCELS | job_bit(job),
            Self::Doorbell => ENGINE,
            Self::Done(op) => op_bit(op),
            Self::Fail(op) | Self::Lose(op) => op_bit(op) | FAULTS,
            // The device takes the next op in its place, and signals for the room.
            Self::Publish(op) => op_bit(op) | COMPLETION_RING | SIGNAL | FLAGS,
            Self::Double(op) => op_bit(op) | COMPLETION_RING | SIGNAL | FAULTS,
            Self::Forge(_) => COMPLETION_RING | SIGNAL | FAULTS,
            Self::Signal => SIGNAL | FLAGS,
            Self::Reap => ENGINE | COMPLETION_RING,
            // Before and after these, the application can do different things.
            Self::Arm | Self::LookAgain => ENGINE | JOBS | COMPLETION_RING | FLAGS,
            Self::Disarm => ENGINE | JOBS | FLAGS,
            // The device does not care who sleeps.
            Self::WakeUp | Self::Interrupt => ENGINE | JOBS,
            // Takes one wake of those that are there; a reap or another job's return may add one.
            Self::Wake(job) => job_bit(job),
            Self::Reset | Self::TimePasses => u64::MAX,
        }
    }
}

impl fmt::Display for OpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op {} of job {}", self.call, self.job)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(job) => write!(f, "start job {job}"),
            Self::Doorbell => f.write_str("ring the doorbell"),
            Self::Done(op) => write!(f, "the device is done with {op}"),
            Self::Fail(op) => write!(f, "the device fails {op}"),
            Self::Lose(op) => write!(f, "the device loses {op}"),
            Self::Publish(op) => write!(f, "publish {op}"),
            Self::Double(op) => write!(f, "publish {op} once more"),
            Self::Forge(Forgery::Generation) => f.write_str("publish a forged generation"),
            Self::Forge(Forgery::Slot) => f.write_str("publish a forged slot"),
            Self::Signal => f.write_str("signal"),
            Self::Reset => f.write_str("reset the device"),
            Self::Reap => f.write_str("reap"),
            Self::Arm => f.write_str("the owner asks for the signal"),
            Self::LookAgain => f.write_str("the owner looks once more"),
            Self::WakeUp => f.write_str("the owner wakes up"),
            Self::Interrupt => f.write_str("something else wakes the owner"),
            Self::Disarm => f.write_str("the owner takes its request back"),
            Self::Wake(job) => write!(f, "see the wake of job {job}"),
            Self::Resume(job) => write!(f, "resume job {job}"),
            Self::Spurious(job) => write!(f, "resume job {job} without a wake"),
            Self::Cancel(job) => write!(f, "cancel job {job}"),
            Self::Drop(job) => write!(f, "drop job {job}"),
            Self::DropContext(job) => write!(f, "let go of the wait context of job {job}"),
            Self::TimePasses => f.write_str("let the time of all calls pass"),
        }
    }
}

const fn job_bit(job: usize) -> u64 {
    1 << (8 + job)
}

fn op_bit(op: OpName) -> u64 {
    1 << (16 + 8 * op.call + op.job)
}

const ENGINE: u64 = 1;
const COMPLETION_RING: u64 = 1 << 1;
const SIGNAL: u64 = 1 << 2;
const SPURIOUS: u64 = 1 << 3;
const CANCELS: u64 = 1 << 4;
const FAULTS: u64 = 1 << 5;
/// Whether the owner asked for signals, and those that it was given.
const FLAGS: u64 = 1 << 6;
/// All jobs.
const JOBS: u64 = 0xff << 8;
