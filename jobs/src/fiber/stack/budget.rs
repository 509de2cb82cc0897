//! How many stacks the process may have, by the kernel's limit on mappings.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::StackAllocationCause;

/// The stack, and its guard page: different protections, so the kernel keeps two mappings, and
/// does not merge them with their neighbours.
const MAPPINGS_PER_STACK: usize = 2;

/// Mappings that the rest of the process can always have. The program, its libraries and its
/// threads have some hundreds; an allocator under load a few thousand.
const MAPPINGS_FOR_OTHERS: usize = 4_096;

/// The kernel's default, where its file cannot be read. Linux documents it in
/// `Documentation/admin-guide/sysctl/vm.rst`.
const DEFAULT_MAX_MAP_COUNT: usize = 65_530;

/// 0 while nobody has read the file.
static MAX_MAP_COUNT: AtomicUsize = AtomicUsize::new(0);

/// Checks that one more stack is within the budget.
pub(super) fn fits(stacks_alive: usize) -> Result<(), StackAllocationCause> {
    let known = MAX_MAP_COUNT.load(Ordering::Relaxed);
    if known != 0 && stacks_alive < stacks_within(known) {
        return Ok(());
    }
    // The first time; or somebody may have raised the limit meanwhile.
    let max_map_count = read_max_map_count();
    MAX_MAP_COUNT.store(max_map_count, Ordering::Relaxed);
    let stacks_max = stacks_within(max_map_count);
    if stacks_alive < stacks_max {
        Ok(())
    } else {
        Err(StackAllocationCause::MapCount {
            max_map_count,
            stacks_max,
        })
    }
}

/// As many as the limit allows now.
pub(super) fn most() -> usize {
    stacks_within(read_max_map_count())
}

fn stacks_within(max_map_count: usize) -> usize {
    let for_others = MAPPINGS_FOR_OTHERS.min(max_map_count / 2);
    (max_map_count - for_others) / MAPPINGS_PER_STACK
}

fn read_max_map_count() -> usize {
    fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|&count| count > 0)
        .unwrap_or(DEFAULT_MAX_MAP_COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_limit_leaves_room_for_others() {
        assert_eq!(stacks_within(DEFAULT_MAX_MAP_COUNT), 30_717);
    }

    #[test]
    fn small_limit_is_shared_evenly() {
        assert_eq!(stacks_within(1_000), 250);
        assert_eq!(stacks_within(1), 0);
    }
}
