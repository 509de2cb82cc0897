//! The shared mapping: the one place where ring memory is made out of raw pages.
//!
//! A mapping is seen as two slices of atomics that do not overlap: 32-bit words in front, 64-bit
//! words behind. Whoever else has the memory mapped may write to it at any time; since every access
//! is atomic and every bit pattern is a value, that can surprise but is never undefined behaviour.

#![allow(
    unsafe_code,
    reason = "mapping memory, and seeing it as atomics, needs raw pointers"
)]

use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::fs::{FallocateFlags, MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};

use super::error::CreateError;
use super::layout::CONTROL_BYTES;

/// Memory that can be shared with another process; unmapped when dropped.
///
/// Invariant: `base` points to `bytes` bytes, mapped readable and writable until the drop, aligned
/// to a page. `bytes` is at least [`CONTROL_BYTES`].
#[derive(Debug)]
pub(super) struct Mapping {
    base: NonNull<u8>,
    bytes: usize,
}

// SAFETY:
// - `base` owns the pages; nothing about them belongs to a thread, and munmap may be called by any.
unsafe impl Send for Mapping {}

// SAFETY:
// - through a shared reference the pages are reached as atomics alone.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `bytes` bytes of zeros, all of them reserved, so that a lack of memory shows here and
    /// not as a signal at the first access.
    ///
    /// The memory is a memfd whose size is sealed: a process that it may later be shared with
    /// cannot truncate it under us. Its descriptor is closed here, which leaves the mapping; a
    /// device in another process would be sent it before that.
    pub(super) fn new(bytes: usize) -> Result<Self, CreateError> {
        let bytes = bytes.max(CONTROL_BYTES);
        let memory = |step| move |errno| CreateError::from_errno(step, bytes, errno);
        let file = rustix::fs::memfd_create(
            c"pausewake-queue",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )
        .map_err(memory("memfd_create"))?;
        retry_on_interrupt(|| {
            rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes as u64)
        })
        .map_err(memory("fallocate"))?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)
            .map_err(memory("fcntl(F_ADD_SEALS)"))?;
        let address = {
            // SAFETY:
            // - no address is asked for, so that nothing that is mapped is replaced;
            // - nobody relies on the contents of the file but through mappings like this one.
            unsafe {
                rustix::mm::mmap(
                    ptr::null_mut(),
                    bytes,
                    ProtFlags::READ | ProtFlags::WRITE,
                    MapFlags::SHARED,
                    &file,
                    0,
                )
            }
        }
        .map_err(memory("mmap"))?;
        let base = NonNull::new(address.cast::<u8>())
            .ok_or_else(|| CreateError::from_errno("mmap", bytes, rustix::io::Errno::NOMEM))?;
        Ok(Self { base, bytes })
    }

    /// The first [`CONTROL_BYTES`] bytes.
    pub(super) fn control(&self) -> &[AtomicU32] {
        // SAFETY:
        // - by the type's invariant the bytes are mapped, and aligned to a page, as long as `self`
        //   is;
        // - any bits are an `AtomicU32`, and it may be written to through shared references;
        // - this process reaches these bytes through this function alone, never in another size.
        unsafe { slice::from_raw_parts(self.base.as_ptr().cast(), CONTROL_BYTES / 4) }
    }

    /// Everything behind the control words; bytes beyond the last whole word are left out.
    pub(super) fn data(&self) -> &[AtomicU64] {
        let data = {
            // SAFETY:
            // - by the type's invariant there are at least `CONTROL_BYTES` bytes.
            unsafe { self.base.as_ptr().add(CONTROL_BYTES) }
        };
        let words = (self.bytes - CONTROL_BYTES) / 8;
        // SAFETY:
        // - by the type's invariant the bytes are mapped as long as `self` is; a page plus
        //   `CONTROL_BYTES`, a multiple of 8, is aligned for 64-bit words;
        // - any bits are an `AtomicU64`, and it may be written to through shared references;
        // - this process reaches these bytes through this function alone, never in another size.
        unsafe { slice::from_raw_parts(data.cast(), words) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let unmapped = {
            // SAFETY:
            // - `base` and `bytes` are what `mmap` was given and gave, and this is the only unmap;
            // - every reference into the pages borrows `self`.
            unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.bytes) }
        };
        debug_assert!(unmapped.is_ok(), "munmap of a whole mapping: {unmapped:?}");
    }
}

fn retry_on_interrupt<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    #[test]
    fn starts_as_zeros_and_keeps_what_is_stored() {
        let mapping = Mapping::new(CONTROL_BYTES + 4096 + 7).unwrap();
        assert_eq!(mapping.control().len(), 256);
        assert_eq!(mapping.data().len(), 512);
        assert!(mapping.control().iter().all(|word| word.load(Relaxed) == 0));
        assert!(mapping.data().iter().all(|word| word.load(Relaxed) == 0));
        mapping.control()[255].store(1, Relaxed);
        mapping.data()[0].store(2, Relaxed);
        mapping.data()[511].store(u64::MAX, Relaxed);
        assert_eq!(mapping.control()[255].load(Relaxed), 1);
        assert_eq!(mapping.data()[0].load(Relaxed), 2);
        assert_eq!(mapping.data()[511].load(Relaxed), u64::MAX);
    }
}
