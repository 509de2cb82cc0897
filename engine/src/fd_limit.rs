//! How many descriptors the process may have.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What [`raise_fd_limit`] found and did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FdLimit {
    /// Descriptors that the process may have now; `None` is no limit.
    pub soft: Option<u64>,
    /// What it may raise that to without privileges; `None` is no limit.
    pub hard: Option<u64>,
    /// Whether the call changed anything.
    pub raised: bool,
}

impl FdLimit {
    /// Whether `wanted` descriptors are allowed now. Descriptors of other parts of the program
    /// count as well.
    #[must_use]
    pub fn allows(&self, wanted: u64) -> bool {
        self.soft.is_none_or(|soft| soft >= wanted)
    }
}

/// Raises the number of descriptors that this process may have (`RLIMIT_NOFILE`) to `wanted`, or as
/// far as it may; never lowers it.
///
/// Notifying by fd takes one descriptor for each job that is alive, and the usual limit is 1,024.
/// Call it once, before the jobs start, with what they need and some more: the loop needs three, each
/// queue pair three, a device thread one or two. Where the limit may not be raised far enough, the
/// result says so ([`FdLimit::allows`]): use fewer jobs, notify by callback, or raise the hard limit
/// (`ulimit -Hn`, `LimitNOFILE=` of systemd). A call whose job can get no descriptor ends with
/// [`Retry::NoDescriptor`](crate::Retry::NoDescriptor).
///
/// The limit belongs to the whole process. Code that uses `select(2)` breaks with descriptors from
/// 1,024 on: that is why this is a call of yours, and nothing that an engine does by itself.
///
/// ```
/// let limit = pausewake_engine::raise_fd_limit(256);
/// assert!(limit.allows(256));
/// assert_eq!(pausewake_engine::raise_fd_limit(256).raised, false, "it has them");
/// ```
#[must_use = "it may not have been possible: see FdLimit::allows"]
pub fn raise_fd_limit(wanted: u64) -> FdLimit {
    let before = getrlimit(Resource::Nofile);
    let found = FdLimit {
        soft: before.current,
        hard: before.maximum,
        raised: false,
    };
    if found.allows(wanted) {
        return found;
    }
    let current = before.maximum.map_or(wanted, |hard| hard.min(wanted));
    if found.allows(current) {
        return found;
    }
    let limit = Rlimit {
        current: Some(current),
        maximum: before.maximum,
    };
    // Refused, for example in a sandbox: the result says that nothing has changed.
    if setrlimit(Resource::Nofile, limit).is_err() {
        return found;
    }
    FdLimit {
        soft: Some(current),
        raised: true,
        ..found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_lowers_and_stops_at_the_hard_limit() {
        let before = raise_fd_limit(0);
        assert!(!before.raised);
        let most = raise_fd_limit(u64::MAX - 1);
        assert_eq!(most.hard, before.hard);
        assert!(most.soft.is_none_or(|soft| Some(soft) >= before.soft));
        assert_eq!(most.soft, most.hard, "as far as it may");
        let after = raise_fd_limit(1);
        assert_eq!((after.soft, after.raised), (most.soft, false));
    }
}
