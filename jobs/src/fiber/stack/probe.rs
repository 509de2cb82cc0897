//! Asks the system whether it has room for a stack, before `generator` asks and panics.

use std::ptr;
use std::sync::OnceLock;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use rustix::process::{Resource, getrlimit};

use crate::StackAllocationCause;

/// What must be left for others once the stack is there: what an allocator takes at a time, so
/// that whoever handles our error can, and so that what other threads take in the moment between
/// the probe and the stack does not matter.
const HEADROOM_BYTES: usize = 1 << 20;

/// Checks the limit that `generator` holds stacks to: the hard limit on a *thread's* stack. It
/// reads it once per process; so do we.
pub(super) fn fits_stack_limit(total_bytes: usize) -> Result<(), StackAllocationCause> {
    static HARD_LIMIT: OnceLock<usize> = OnceLock::new();
    let limit_bytes = *HARD_LIMIT.get_or_init(|| {
        let limit = getrlimit(Resource::Stack).maximum;
        limit.map_or(usize::MAX, |bytes| {
            usize::try_from(bytes).unwrap_or(usize::MAX)
        })
    });
    if total_bytes <= limit_bytes {
        Ok(())
    } else {
        Err(StackAllocationCause::StackLimit { limit_bytes })
    }
}

/// Maps what a stack needs and some more, in as many pieces, and takes it back.
pub(super) fn fits_address_space(total_bytes: usize) -> Result<(), StackAllocationCause> {
    let page_bytes = rustix::param::page_size();
    let probe_bytes = total_bytes + HEADROOM_BYTES;
    let failed = |errno: rustix::io::Errno| StackAllocationCause::Mapping {
        errno: errno.raw_os_error(),
    };
    let flags = MapFlags::PRIVATE | MapFlags::STACK;
    // SAFETY: a new mapping where the kernel likes, so nothing that exists is touched.
    let start = unsafe {
        mmap_anonymous(
            ptr::null_mut(),
            probe_bytes,
            ProtFlags::READ | ProtFlags::WRITE,
            flags,
        )
    }
    .map_err(failed)?;
    // In the middle: that makes three mappings of one, at least what a stack makes.
    let guard = start.wrapping_byte_add(page_bytes);
    // SAFETY: a page of the mapping from above, which nobody else knows.
    let protected = unsafe { mprotect(guard, page_bytes, MprotectFlags::empty()) };
    // SAFETY: exactly the mapping from above.
    let unmapped = unsafe { munmap(start, probe_bytes) };
    protected.and(unmapped).map_err(failed)
}
