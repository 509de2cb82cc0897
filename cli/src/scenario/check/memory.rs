//! What the queue pairs of all threads take together.

use pausewake_device::ring::QueueLayout;

use super::{Problems, what};
use crate::scenario::file::File;
use crate::scenario::spanned::Spanned;
use crate::scenario::{Device, Load};

/// Each thread has a queue pair of its own, all of whose memory is there from the beginning.
pub fn check(file: &File, device: &Device, load: &Load, problems: &mut Problems) {
    let layout = QueueLayout {
        ring_depth: device.ring_depth,
        completion_depth: device.completion_depth,
        slots: device.slots,
        slot_size: device.slot_size,
    };
    // What a single one may take is checked where its sizes are.
    let most_threads = (MAX_QUEUES_BYTES / layout.bytes().max(1)).max(1);
    if u64::from(load.threads) <= most_threads {
        return;
    }
    let wrong = format!(
        "{} threads with a queue pair of {} bytes each would take more than the {MAX_QUEUES_BYTES} \
         bytes that all may take",
        load.threads,
        layout.bytes(),
    );
    let accepted = format!(
        "at most {most_threads}, or fewer or smaller slots (device.ring_depth, device.slots, \
         device.slot_size)"
    );
    let threads = file.load.get_ref().threads.as_ref();
    let place = threads.map_or_else(|| what(file), Spanned::span);
    problems.add(place, wrong, accepted);
}

/// 4 GiB: four of the largest queue pairs, and what a common machine has to spare.
const MAX_QUEUES_BYTES: u64 = 4 << 30;
