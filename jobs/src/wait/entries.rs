//! The list behind a wait context. Knows the rules of change; calls nobody.

use super::WaitFd;

/// Says whose a descriptor in a wait context is: each engine chooses a value that no other does,
/// for example the address of something of its own. Nothing checks that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitKey(pub usize);

/// Called when a wait context ends, for a descriptor that was still in it. The descriptor itself
/// needs no closing; it closes when its last holder lets go.
pub type Cleanup = Box<dyn FnOnce(WaitKey, WaitFd)>;

/// One descriptor in a wait context.
pub(super) struct Entry {
    pub(super) key: WaitKey,
    pub(super) fd: WaitFd,
    pub(super) cleanup: Option<Cleanup>,
    /// Set since the last reset.
    added: bool,
    /// Cleared since the last reset. Kept, so that it can be reported; no longer in force.
    deleted: bool,
}

/// Descriptors in the order in which they were set.
#[derive(Default)]
pub(super) struct Entries {
    list: Vec<Entry>,
    added_count: usize,
    deleted_count: usize,
}

impl Entries {
    pub(super) fn push(&mut self, key: WaitKey, fd: WaitFd, cleanup: Option<Cleanup>) {
        self.list.push(Entry {
            key,
            fd,
            cleanup,
            added: true,
            deleted: false,
        });
        self.added_count += 1;
    }

    /// The newest in force with that key.
    pub(super) fn find(&self, key: WaitKey) -> Option<&Entry> {
        self.in_force().find(|entry| entry.key == key)
    }

    /// What is in force, newest first.
    pub(super) fn in_force(&self) -> impl Iterator<Item = &Entry> {
        self.list.iter().rev().filter(|entry| !entry.deleted)
    }

    /// What was set since the last reset, newest first.
    pub(super) fn added(&self) -> impl Iterator<Item = &Entry> {
        self.list.iter().rev().filter(|entry| entry.added)
    }

    /// What was cleared since the last reset, newest first.
    pub(super) fn deleted(&self) -> impl Iterator<Item = &Entry> {
        self.list.iter().rev().filter(|entry| entry.deleted)
    }

    pub(super) fn in_force_count(&self) -> usize {
        self.list.len() - self.deleted_count
    }

    pub(super) fn added_count(&self) -> usize {
        self.added_count
    }

    pub(super) fn deleted_count(&self) -> usize {
        self.deleted_count
    }

    pub(super) fn has_changes(&self) -> bool {
        self.added_count + self.deleted_count > 0
    }

    /// Clears the newest in force with that key. One that was set since the last reset goes
    /// without a trace, and comes back to the caller, to be dropped where that is safe.
    pub(super) fn clear(&mut self, key: WaitKey) -> Clearance {
        let newest = self
            .list
            .iter()
            .rposition(|entry| !entry.deleted && entry.key == key);
        let Some(index) = newest else {
            return Clearance::Missing;
        };
        if self.list[index].added {
            self.added_count -= 1;
            return Clearance::Vanished(self.list.remove(index));
        }
        self.list[index].deleted = true;
        self.deleted_count += 1;
        Clearance::Deleted
    }

    /// Takes one cleared entry out, if there is one: the first half of a reset, repeated by the
    /// caller, who drops each where that is safe.
    pub(super) fn take_deleted(&mut self) -> Option<Entry> {
        let index = self.list.iter().position(|entry| entry.deleted)?;
        self.deleted_count -= 1;
        Some(self.list.remove(index))
    }

    /// The second half of a reset: everything in force is old news.
    pub(super) fn forget_added(&mut self) {
        for entry in &mut self.list {
            entry.added = false;
        }
        self.added_count = 0;
    }

    /// Takes the newest out, whatever its state.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        self.list.pop()
    }
}

impl Entry {
    pub(super) fn is_in_force(&self) -> bool {
        !self.deleted
    }
}

/// What became of a [`Entries::clear`].
pub(super) enum Clearance {
    Missing,
    Vanished(#[expect(dead_code, reason = "held only to be dropped by the caller")] Entry),
    Deleted,
}
