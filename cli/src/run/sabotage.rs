//! Wrong results, for the tests of what finds them; no part of the program.

use std::cell::Cell;

thread_local! {
    static WRONG: Cell<Option<u64>> = const { Cell::new(None) };
}

/// While it lives, one result of each run on this thread comes back with one bit turned.
pub struct Wrong(());

impl Wrong {
    /// The result of the ticket of this index.
    pub fn result_of(index: u64) -> Self {
        WRONG.set(Some(index));
        Self(())
    }
}

impl Drop for Wrong {
    fn drop(&mut self) {
        WRONG.set(None);
    }
}

/// Turns a bit of `result` if it is the one.
pub(super) fn spoil(index: u64, result: &mut [u8]) {
    if WRONG.get() == Some(index)
        && let Some(byte) = result.first_mut()
    {
        *byte ^= 1;
    }
}
