//! System calls that the tests make and the library does not: the only `unsafe` of the tests.

use std::fs;
use std::mem::MaybeUninit;
use std::ptr;

use libc::{
    MAP_ANONYMOUS, MAP_FAILED, MAP_NORESERVE, MAP_PRIVATE, PROT_NONE, PROT_READ, SIG_BLOCK,
    SIG_SETMASK, c_int, c_void, sigaction, sigset_t,
};

/// The address of a signal's handler, and its flags.
pub(crate) fn handler_of(signal: c_int) -> (usize, c_int) {
    let mut action = MaybeUninit::<sigaction>::zeroed();
    // SAFETY: asks only, with room for the answer.
    let result = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    assert_eq!(result, 0);
    // SAFETY: zeroes are a valid value, and the call has filled them in.
    let action = unsafe { action.assume_init() };
    (action.sa_sigaction, action.sa_flags)
}

/// Blocks a signal for this thread, and gives the mask as it was.
pub(crate) fn block_signal(signal: c_int) -> sigset_t {
    let mut set = no_signals();
    // SAFETY: an initialised set.
    unsafe { libc::sigaddset(&raw mut set, signal) };
    let mut before = no_signals();
    // SAFETY: initialised sets.
    unsafe { libc::pthread_sigmask(SIG_BLOCK, &raw const set, &raw mut before) };
    before
}

/// Sets this thread's mask.
pub(crate) fn set_signal_mask(mask: &sigset_t) {
    // SAFETY: an initialised set.
    unsafe { libc::pthread_sigmask(SIG_SETMASK, mask, ptr::null_mut()) };
}

/// Whether this thread blocks that signal.
pub(crate) fn is_blocked(signal: c_int) -> bool {
    let mut now = no_signals();
    // SAFETY: asks only, with room for the answer.
    unsafe { libc::pthread_sigmask(SIG_BLOCK, ptr::null(), &raw mut now) };
    // SAFETY: an initialised set.
    let member = unsafe { libc::sigismember(&raw const now, signal) };
    member == 1
}

fn no_signals() -> sigset_t {
    let mut set = MaybeUninit::<sigset_t>::zeroed();
    // SAFETY: room for a set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: initialised just now.
    unsafe { set.assume_init() }
}

/// This thread's `errno`.
pub(crate) fn errno() -> c_int {
    // SAFETY: always a valid address.
    let address = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { *address }
}

/// Sets this thread's `errno`.
pub(crate) fn set_errno(value: c_int) {
    // SAFETY: always a valid address.
    let address = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { *address = value };
}

unsafe extern "C" {
    safe fn fegetround() -> c_int;
    safe fn fesetround(mode: c_int) -> c_int;
}

/// Rounding towards zero, in fenv.h's number for the platform.
#[cfg(target_arch = "x86_64")]
pub(crate) const ROUND_TO_ZERO: c_int = 0xc00;
/// Rounding towards zero, in fenv.h's number for the platform.
#[cfg(target_arch = "aarch64")]
pub(crate) const ROUND_TO_ZERO: c_int = 0xc0_0000;

/// How this thread rounds floating-point results.
pub(crate) fn rounding() -> c_int {
    fegetround()
}

/// Changes how this thread rounds floating-point results.
pub(crate) fn set_rounding(mode: c_int) {
    assert_eq!(fesetround(mode), 0);
}

/// Forks; runs `child` in the child, and gives its exit status here.
pub(crate) fn fork_and_wait(child: impl FnOnce() -> c_int) -> c_int {
    // SAFETY: the tests that call this run in a process without other threads that hold locks.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork failed");
    if pid == 0 {
        let status = child();
        // SAFETY: ends this process and nothing else.
        unsafe { libc::_exit(status) };
    }
    let mut status = 0;
    // SAFETY: our own child, with room for its status.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(waited, pid);
    status
}

/// Overwrites the lowest word of the stack of the running job, which has `stack_size_bytes`, and
/// of which less than a page is in use.
pub(crate) fn overwrite_lowest_word(stack_size_bytes: usize) {
    let here = 0_u8;
    let top = (&raw const here)
        .addr()
        .next_multiple_of(rustix::param::page_size());
    let lowest = ptr::with_exposed_provenance_mut::<usize>(top - stack_size_bytes);
    // SAFETY: mapped, because it is part of the stack that this runs on, and unused, because the
    // stack does not reach down there yet.
    unsafe { lowest.write_volatile(1) };
}

/// Ignores a signal in this process.
pub(crate) fn ignore_signal(signal: c_int) {
    // SAFETY: no handler of ours is involved.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// How much address space this process uses.
pub(crate) fn address_space_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages: u64 = status
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    pages * rustix::param::page_size() as u64
}

/// The kernel's limit on mappings of a process.
pub(crate) fn max_map_count() -> usize {
    let text = fs::read_to_string("/proc/sys/vm/max_map_count").expect("Linux has it");
    text.trim().parse().expect("a number")
}

/// Every mapping that this process may still have, but a few that an allocator needs.
pub(crate) struct TakenMappings {
    start: *mut c_void,
    bytes: usize,
}

/// Takes them, by protecting every other page of one mapping.
pub(crate) fn take_all_mappings() -> TakenMappings {
    let page_bytes = rustix::param::page_size();
    let pages = max_map_count() + 2;
    let bytes = pages * page_bytes;
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    // SAFETY: a new mapping, where the kernel likes.
    let start = unsafe { libc::mmap(ptr::null_mut(), bytes, PROT_READ, flags, -1, 0) };
    assert_ne!(start, MAP_FAILED);
    for page in (1..pages).step_by(2) {
        let address = start.wrapping_byte_add(page * page_bytes);
        // SAFETY: a page of that mapping, which nobody uses.
        let result = unsafe { libc::mprotect(address, page_bytes, PROT_NONE) };
        if result != 0 {
            break;
        }
    }
    TakenMappings { start, bytes }
}

impl Drop for TakenMappings {
    fn drop(&mut self) {
        // SAFETY: exactly that mapping.
        unsafe { libc::munmap(self.start, self.bytes) };
    }
}
