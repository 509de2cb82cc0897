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
    /// Sleeps until there is room in the submission ring; on the same eventfd as the completions,
    /// so that a loop watches one.
    pub room_signal: Sleeper,
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
    /// Wakes the host after consuming descriptors, if it waits for room.
    pub room_signal: Ringer,
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
    let room = flag(layout::ROOM_WANTED);
    let host = HostSide {
        submissions: SubmissionProducer::new(submissions(), start),
        completions: CompletionConsumer::new(completions(), start),
        slab: slab.clone(),
        doorbell: Ringer::new(doorbell.clone(), Arc::clone(&doorbell_event)),
        completion_signal: Sleeper::new(signal.clone(), Arc::clone(&signal_event)),
        room_signal: Sleeper::new(room.clone(), Arc::clone(&signal_event)),
    };
    let device = DeviceSide {
        submissions: SubmissionConsumer::new(submissions(), start),
        completions: CompletionProducer::new(completions(), start),
        slab,
        doorbell: Sleeper::new(doorbell, doorbell_event),
        completion_signal: Ringer::new(signal, Arc::clone(&signal_event)),
        room_signal: Ringer::new(room, signal_event),
    };
    Ok((host, device))
}

/// Indices begin shortly before they wrap around, so that every run shows what happens then
/// (as `INITIAL_JIFFIES` does in Linux).
const FIRST_INDEX: u32 = 0_u32.wrapping_sub(32);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Cookie, Descriptor, OpKind};
    use crate::time::Nanos;

    const LAYOUT: QueueLayout = QueueLayout {
        ring_depth: 4,
        completion_depth: 4,
        slots: 2,
        slot_size: 64,
    };

    #[test]
    fn sides_move_to_threads_and_ringers_and_slabs_are_shared() {
        fn is_send<T: Send>() {}
        fn is_shared<T: Send + Sync + Clone>() {}
        is_send::<HostSide>();
        is_send::<DeviceSide>();
        is_shared::<Ringer>();
        is_shared::<Slab>();
    }

    #[test]
    fn the_header_says_what_the_memory_is() {
        let (host, _device) = create(LAYOUT).unwrap();
        let header = host.slab.mapping().control()[..6]
            .iter()
            .map(|word| word.load(Relaxed));
        assert!(header.eq([0x5051_5750, 2, 4, 4, 2, 64]), "PWQP, version 2");
    }

    #[test]
    fn a_ringer_writes_only_to_a_sleeper_that_is_armed() {
        let (host, mut device) = create(LAYOUT).unwrap();
        assert!(!host.doorbell.ring());
        device.doorbell.arm();
        assert!(host.doorbell.ring());
        assert!(!host.doorbell.ring(), "the first ring has cleared the flag");
        assert!(device.doorbell.wait(None));
        assert_eq!(device.doorbell.drain(), 1);
        device.doorbell.arm();
        device.doorbell.disarm();
        assert!(!host.doorbell.ring());
        assert!(!device.doorbell.arm_unless(|| true), "found something");
        assert!(!host.doorbell.ring(), "and is disarmed again");
        host.doorbell.clone().force();
        assert!(device.doorbell.wait(Some(Nanos::ZERO)));
        assert!(
            !host.completion_signal.wait(Some(Nanos::ZERO)),
            "not this one"
        );
    }

    #[test]
    fn a_descriptor_is_invisible_until_it_is_published_and_stamped() {
        let (mut host, mut device) = create(LAYOUT).unwrap();
        let descriptor = |slot| {
            Descriptor::new(
                OpKind::Task,
                Cookie {
                    slot,
                    generation: 1,
                },
            )
        };
        for slot in 0..4 {
            assert_eq!(host.submissions.push(descriptor(slot)), Ok(()));
        }
        assert_eq!(host.submissions.push(descriptor(4)), Err(descriptor(4)));
        assert_eq!(device.submissions.available(), 0);
        assert_eq!(host.submissions.publish(Nanos::new(99)), 4);
        assert_eq!(device.submissions.peek(), None, "nobody has looked yet");
        assert_eq!(device.submissions.available(), 4);
        for slot in 0..4 {
            let expected = Descriptor {
                submitted_ns: Nanos::new(99),
                ..descriptor(slot)
            };
            assert_eq!(device.submissions.peek(), Some(expected));
            device.submissions.consume();
            assert_eq!(host.submissions.free(), slot + 1);
        }
        device.submissions.consume();
        assert_eq!(
            host.submissions.free(),
            4,
            "there was nothing left to consume"
        );
        assert_eq!(host.submissions.forged() + device.submissions.forged(), 0);
    }

    /// Memory and events live until the last part that needs them.
    #[test]
    fn parts_outlive_their_side() {
        let (host, device) = create(LAYOUT).unwrap();
        let (slab, ringer) = (host.slab.clone(), host.doorbell.clone());
        drop((host, device));
        slab.write(1, 0, b"late").unwrap();
        assert!(!ringer.ring());
        ringer.force();
    }
}
