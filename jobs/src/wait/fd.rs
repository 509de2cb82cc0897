use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// A file descriptor that a job waits for, held by count: it stays open until the last holder
/// lets go, so that its number cannot come to mean something else while a late wake is under way.
///
/// Two of them are equal if they are the same descriptor.
#[derive(Debug, Clone)]
pub struct WaitFd(Arc<OwnedFd>);

impl WaitFd {
    /// A new eventfd, non-blocking, closed on exec: the usual thing to wait for.
    ///
    /// # Errors
    /// See eventfd(2); in practice, that the process has as many files open as it may.
    pub fn eventfd() -> io::Result<WaitFd> {
        let fd = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(WaitFd::from(fd))
    }

    /// Makes an eventfd readable, by adding 1 to its counter.
    ///
    /// # Errors
    /// See write(2). A counter that is full is no error: the eventfd is readable then.
    pub fn signal(&self) -> io::Result<()> {
        loop {
            match rustix::io::write(&self.0, &1_u64.to_ne_bytes()) {
                Ok(_) | Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Takes what an eventfd has counted, so that it is not readable any more. 0 if it was not.
    ///
    /// # Errors
    /// See read(2).
    pub fn drain(&self) -> io::Result<u64> {
        let mut count = [0; 8];
        loop {
            match rustix::io::read(&self.0, &mut count) {
                Ok(_) => return Ok(u64::from_ne_bytes(count)),
                Err(Errno::AGAIN) => return Ok(0),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl From<OwnedFd> for WaitFd {
    fn from(fd: OwnedFd) -> WaitFd {
        WaitFd(Arc::new(fd))
    }
}

impl AsFd for WaitFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for WaitFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl PartialEq for WaitFd {
    fn eq(&self, other: &WaitFd) -> bool {
        // Both are open, so the same number is the same descriptor.
        self.as_raw_fd() == other.as_raw_fd()
    }
}

impl Eq for WaitFd {}
