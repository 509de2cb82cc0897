//! Where a panic of the application's code must not spread.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `code` of the application; a panic ends here. The panic hook has told of it.
///
/// For code that runs on behalf of one job in the middle of something that belongs to others: a wake, or
/// whatever an observer does while a stack unwinds, where a second panic would end the process.
pub(crate) fn contain(code: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(code)) {
        // What a panic carries may panic when it is dropped; what *that* carries is leaked.
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(second);
        }
    }
}
