//! A queue pair's memory, and its two sides.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::completion::{CompletionConsumer, CompletionProducer, CompletionRing};
use super::error::CreateError;
use super::eventfd::EventFd;
use super::layout::{self, QueueLayout};
use super::mapping::Mapping;
use super::shared::SharedFlag;
use super::signal::{Ringer, Sleeper};
use super::slab::Slab;
use super::submission::{SubmissionConsumer, SubmissionProducer, SubmissionRing};

/// Makes a queue pair: maps its memory, makes its two eventfds, and gives out both sides.
///
/// The memory lives as long as anything of either side. It takes [`QueueLayout::bytes`] bytes, all
/// reserved here, and two file descriptors.
///
/// # Errors
/// [`CreateError`]: the layout cannot be, or the system has no descriptor or no memory left.
pub fn create(layout: QueueLayout) -> Result<(HostSide, DeviceSide), CreateError> {
    create_from(layout, FIRST_INDEX)
}

/// What the host holds of a queue pair.
#[derive(Debug)]
pub struct HostSide {
    /// Puts descriptors into the submission ring.
    pub submissions: SubmissionProducer,
    /// Takes completions out of the completion ring.
    pub completions: CompletionConsumer,
    /// The payload slots.
    pub slab: Slab,
    /// Wakes the device after publishing descriptors.
    pub doorbell: Ringer,
    /// Sleeps until there are completions.
    pub completion_signal: Sleeper,
}

/// What the device holds of a queue pair.
#[derive(Debug)]
pub struct DeviceSide {
    /// Takes descriptors out of the submission ring.
    pub submissions: SubmissionConsumer,
    /// Puts completions into the completion ring.
    pub completions: CompletionProducer,
    /// The payload slots.
    pub slab: Slab,
    /// Sleeps until there are descriptors.
    pub doorbell: Sleeper,
    /// Wakes the host after completing.
    pub completion_signal: Ringer,
}

/// As [`create`], with indices that begin at `start`.
fn create_from(layout: QueueLayout, start: u32) -> Result<(HostSide, DeviceSide), CreateError> {
    let offsets = layout.offsets()?;
    let mapping = Arc::new(Mapping::new(offsets.bytes)?);
    let event = || {
        EventFd::new()
            .map(Arc::new)
            .map_err(|errno| CreateError::from_errno("eventfd2", offsets.bytes, errno))
    };
    let doorbell_event = event()?;
    let signal_event = event()?;

    let control = mapping.control();
    for (word, value) in control.iter().zip(layout.header()) {
        word.store(value, Relaxed);
    }
    for index in [
        layout::SUBMISSION_TAIL,
        layout::SUBMISSION_HEAD,
        layout::COMPLETION_TAIL,
        layout::COMPLETION_HEAD,
    ] {
        control[index].store(start, Relaxed);
    }

    let submissions = || SubmissionRing {
        mapping: Arc::clone(&mapping),
        head: layout::SUBMISSION_HEAD,
        tail: layout::SUBMISSION_TAIL,
        entries: offsets.submissions,
        depth: layout.ring_depth,
    };
    let completions = || CompletionRing {
        mapping: Arc::clone(&mapping),
        head: layout::COMPLETION_HEAD,
        tail: layout::COMPLETION_TAIL,
        entries: offsets.completions,
        depth: layout.completion_depth,
    };
    let flag = |armed| SharedFlag {
        mapping: Arc::clone(&mapping),
        armed,
    };
    let slab = Slab::new(
        Arc::clone(&mapping),
        offsets.slab,
        layout.slots,
        layout.slot_size,
    );
    let doorbell = flag(layout::DOORBELL_ARMED);
    let signal = flag(layout::COMPLETION_SIGNAL_ARMED);
    let host = HostSide {
        submissions: SubmissionProducer::new(submissions(), start),
        completions: CompletionConsumer::new(completions(), start),
        slab: slab.clone(),
        doorbell: Ringer::new(doorbell.clone(), Arc::clone(&doorbell_event)),
        completion_signal: Sleeper::new(signal.clone(), Arc::clone(&signal_event)),
    };
    let device = DeviceSide {
        submissions: SubmissionConsumer::new(submissions(), start),
        completions: CompletionProducer::new(completions(), start),
        slab,
        doorbell: Sleeper::new(doorbell, doorbell_event),
        completion_signal: Ringer::new(signal, signal_event),
    };
    Ok((host, device))
}

/// Indices begin shortly before they wrap around, so that every run shows what happens then
/// (as `INITIAL_JIFFIES` does in Linux).
const FIRST_INDEX: u32 = 0_u32.wrapping_sub(32);
