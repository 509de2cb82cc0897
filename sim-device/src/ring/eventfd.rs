//! The eventfd behind a doorbell or a completion signal (`man 2 eventfd`).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

use super::memory::Event;
use crate::time::Nanos;

/// A counter that a thread can sleep on: non-blocking, closed on exec.
#[derive(Debug)]
pub(super) struct EventFd {
    fd: OwnedFd,
}

impl EventFd {
    pub(super) fn new() -> Result<Self, Errno> {
        let fd = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Self { fd })
    }

    /// Sets the counter to zero; says what it was.
    pub(super) fn drain(&self) -> u64 {
        let mut count = [0; 8];
        loop {
            match rustix::io::read(&self.fd, &mut count) {
                Ok(_) => return u64::from_ne_bytes(count),
                Err(Errno::INTR) => {}
                Err(error) => {
                    expect_would_block(error);
                    return 0;
                }
            }
        }
    }

    /// Sleeps until the counter is above zero (`true`), or `timeout` has passed or a signal handler
    /// has run (`false`). Without a timeout signals do not end the wait.
    pub(super) fn wait(&self, timeout: Option<Nanos>) -> bool {
        let timeout = timeout.map(timespec);
        loop {
            let mut fds = [PollFd::new(&self.fd, PollFlags::IN)];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(ready) => return ready > 0,
                Err(Errno::INTR) if timeout.is_none() => {}
                // ENOMEM: the kernel had no memory for its wait queue. As after a signal, the
                // caller looks at its ring and comes again.
                Err(_) => return false,
            }
        }
    }
}

impl Event for EventFd {
    /// Adds one to the counter. A counter that is full already says what there is to say.
    fn raise(&self) {
        loop {
            match rustix::io::write(&self.fd, &1_u64.to_ne_bytes()) {
                Ok(_) => return,
                Err(Errno::INTR) => {}
                Err(error) => return expect_would_block(error),
            }
        }
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Eight bytes to or from an eventfd that we own: nothing else can go wrong (`man 2 eventfd`).
fn expect_would_block(error: Errno) {
    debug_assert_eq!(error, Errno::AGAIN, "eventfd");
}

fn timespec(span: Nanos) -> Timespec {
    let nanos = span.get();
    Timespec {
        tv_sec: i64::try_from(nanos / 1_000_000_000).unwrap_or(i64::MAX),
        tv_nsec: (nanos % 1_000_000_000).cast_signed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_drains() {
        let event = EventFd::new().unwrap();
        assert_eq!(event.drain(), 0);
        event.raise();
        event.raise();
        assert!(event.wait(None));
        assert_eq!(event.drain(), 2);
        assert!(!event.wait(Some(Nanos::ZERO)));
        assert!(!event.wait(Some(Nanos::new(1))));
    }

    #[test]
    fn a_full_counter_counts_as_raised() {
        let event = EventFd::new().unwrap();
        let nearly_full = u64::MAX - 1;
        rustix::io::write(&event.fd, &nearly_full.to_ne_bytes()).unwrap();
        event.raise();
        assert!(event.wait(Some(Nanos::ZERO)));
        assert_eq!(event.drain(), nearly_full);
    }

    #[test]
    fn is_closed_on_exec_and_never_blocks() {
        let event = EventFd::new().unwrap();
        let fd_flags = rustix::io::fcntl_getfd(&event.fd).unwrap();
        assert!(fd_flags.contains(rustix::io::FdFlags::CLOEXEC));
        let file_flags = rustix::fs::fcntl_getfl(&event.fd).unwrap();
        assert!(file_flags.contains(rustix::fs::OFlags::NONBLOCK));
    }

    #[test]
    fn any_span_makes_a_timeout() {
        for (span, seconds, nanos) in [
            (Nanos::new(1), 0, 1),
            (Nanos::new(2_000_000_003), 2, 3),
            (Nanos::MAX, 18_446_744_073, 709_551_615),
        ] {
            let spec = timespec(span);
            assert_eq!((spec.tv_sec, spec.tv_nsec), (seconds, nanos));
        }
        let event = EventFd::new().unwrap();
        event.raise();
        assert!(event.wait(Some(Nanos::MAX)));
    }
}
