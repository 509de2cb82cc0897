//! Why a queue pair could not be made.

use std::io;

use rustix::io::Errno;

use super::layout::LayoutError;

/// Why [`create`](super::create) gave no queue pair.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// *Misuse*: the layout cannot be.
    #[error("the layout of a queue pair is wrong")]
    Layout(#[from] LayoutError),
    /// *Retry*, when descriptors have been closed or the limit has been raised.
    #[error(
        "out of file descriptors at {step}: a queue pair takes two, and a third while it is made; \
         raise {limit}, or open fewer queue pairs"
    )]
    OutOfDescriptors {
        /// The system call that failed.
        step: &'static str,
        /// The limit that was met: the process's or the system's.
        limit: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// *Retry*, when memory has been freed or a limit has been raised.
    #[error(
        "out of memory at {step}: the queue pair takes {bytes} bytes; choose fewer or smaller \
         slots, or raise the memory limit (RLIMIT_AS, the control group's, vm.max_map_count)"
    )]
    OutOfMemory {
        /// The system call that failed.
        step: &'static str,
        /// Bytes that were asked for.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },
    /// *Misuse* of the surroundings: the system does not allow what a queue pair needs (a
    /// seccomp filter that knows no memfd, for example).
    #[error("{step} failed: a queue pair needs memfd_create, mmap and eventfd2 to be allowed")]
    System {
        /// The system call that failed.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl CreateError {
    /// Whether the same call may succeed later, when somebody has given something back. If not, the
    /// caller or the system's settings have to change.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        match self {
            Self::OutOfDescriptors { .. } | Self::OutOfMemory { .. } => true,
            Self::Layout(_) | Self::System { .. } => false,
        }
    }

    /// What `errno` means at this step of making a queue pair of `bytes` bytes.
    pub(super) fn from_errno(step: &'static str, bytes: usize, errno: Errno) -> Self {
        let source = errno.into();
        match errno {
            Errno::MFILE => Self::OutOfDescriptors {
                step,
                limit: "the process's limit of open files (RLIMIT_NOFILE, `ulimit -n`)",
                source,
            },
            Errno::NFILE => Self::OutOfDescriptors {
                step,
                limit: "the system's limit of open files (fs.file-max)",
                source,
            },
            Errno::NOMEM | Errno::NOSPC | Errno::AGAIN => Self::OutOfMemory {
                step,
                bytes: bytes as u64,
                source,
            },
            _ => Self::System { step, source },
        }
    }
}
