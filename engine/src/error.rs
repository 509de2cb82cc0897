//! What can go wrong with a crypto call.

use std::io;

use pausewake_device::protocol::Status;

/// What an error asks of the caller. The three are never mixed, in any error of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorFamily {
    /// The caller's fault: the same will fail again, until something is changed.
    Misuse,
    /// The simulated hardware failed.
    Device,
    /// Nobody's fault: the same may work later.
    Retry,
}

impl ErrorFamily {
    /// Retry if the system has run out of something, which others may give back; else it does not
    /// allow what was asked for.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        use rustix::io::Errno;
        match Errno::from_io_error(error) {
            Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOSPC | Errno::AGAIN) => {
                Self::Retry
            }
            _ => Self::Misuse,
        }
    }

    pub(crate) fn retry_if(is_retry: bool) -> Self {
        if is_retry { Self::Retry } else { Self::Misuse }
    }
}

/// Why a crypto call gave no result.
///
/// Three families that are never mixed: [`Misuse`] is the caller's to change, [`Device`](Error::Device)
/// is the simulated hardware's failure, [`Retry`] will pass. [`NotAuthentic`](Error::NotAuthentic) is
/// none of them: it is the answer of a verification that worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The call cannot work as it was made.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceFault),
    /// Not now.
    #[error(transparent)]
    Retry(#[from] Retry),
    /// The signature or tag does not belong to this input and key.
    #[error("not authentic: the signature or tag does not belong to this input and key")]
    NotAuthentic,
}

/// The caller's fault, and what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The job's wait context has no callback, and the engine notifies by callback.
    #[error(
        "the job's wait context has no callback, and this engine notifies by callback: set one \
         before starting the job, or choose notification by fd"
    )]
    NoCallback,
    /// Input and output do not fit into a payload slot.
    #[error(
        "the operation needs {needed} bytes and a payload slot holds {slot_size}: cut the input \
         into pieces, or configure larger slots"
    )]
    TooLarge {
        /// Bytes of input or output, whichever is more.
        needed: usize,
        /// Bytes of a slot.
        slot_size: u32,
    },
    /// The device knows no such key, or it is of another kind.
    #[error(
        "the device has no key of this name that can do this: it was revoked, or is of another kind"
    )]
    BadKey,
    /// The compute engine does not do this.
    #[error("the device's compute engine does not support this input")]
    Unsupported,
    /// The output buffer is too small.
    #[error("the output buffer is too small for the result")]
    OutputTooSmall,
    /// The device did not understand the descriptor.
    #[error("the device refused the request as malformed")]
    BadRequest,
    /// A call that has to wait in place on a device that nobody lets go on.
    #[error(
        "the call waits in place, and the device has nothing under way that could end it: under \
         virtual time an operation must be in flight"
    )]
    Stalled,
}

/// How the simulated hardware failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceFault {
    /// It said so: a slice hung, a worker panicked, or it was reset with the operation in flight.
    #[error("the device failed the operation")]
    Failed,
    /// It takes no operations. (QAT_Engine learns of it by `HEARTBEAT_POLL`; here each call does.)
    #[error("the device is down")]
    Down,
    /// It did not answer in time. The operation's slot is kept until it does, or is reset.
    #[error("the device did not answer in time")]
    TimedOut,
    /// Its completion cannot be: more output than was asked for.
    #[error("the device's completion makes no sense: more output than there was room for")]
    Nonsense,
    /// It gave a signature that does not verify. The signature was wiped.
    #[error("the device gave a wrong signature")]
    WrongSignature,
}

/// Try later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Retry {
    /// No slot is free or the submission ring is full, and the engine does not wait for room.
    #[error("the queue is full: try again when an operation has completed")]
    Full,
    /// There was no room until the call's time was up.
    #[error("there was no room in the queue in time: try again, or allow more time")]
    NoRoomInTime,
    /// Descriptors have run out, and the job's wait context needs one to be told by.
    #[error(
        "no eventfd could be made for the job's wait context: try again when descriptors have been \
         closed, raise `ulimit -n`, or notify by callback"
    )]
    NoDescriptor,
}

impl Error {
    /// Which family; `None` for [`NotAuthentic`](Self::NotAuthentic), which is an answer.
    ///
    /// ```
    /// use pausewake_engine::{Error, ErrorFamily, Retry};
    ///
    /// assert_eq!(Error::from(Retry::Full).family(), Some(ErrorFamily::Retry));
    /// assert_eq!(Error::NotAuthentic.family(), None);
    /// ```
    #[must_use]
    pub fn family(&self) -> Option<ErrorFamily> {
        match self {
            Self::Misuse(_) => Some(ErrorFamily::Misuse),
            Self::Device(_) => Some(ErrorFamily::Device),
            Self::Retry(_) => Some(ErrorFamily::Retry),
            Self::NotAuthentic => None,
        }
    }

    /// What a completion's status means to the caller.
    pub(crate) fn from_status(status: Status) -> Result<(), Self> {
        match status {
            Status::Ok => Ok(()),
            Status::Mismatch => Err(Self::NotAuthentic),
            Status::BadRequest => Err(Misuse::BadRequest.into()),
            Status::BadKey => Err(Misuse::BadKey.into()),
            Status::Unsupported => Err(Misuse::Unsupported.into()),
            Status::OutputTooSmall => Err(Misuse::OutputTooSmall.into()),
            Status::DeviceError => Err(DeviceFault::Failed.into()),
            Status::DeviceDown => Err(DeviceFault::Down.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EngineError, ReactorError, ReaperError, Refused, SpawnError};
    use pausewake_device::ring::CreateError;
    use pausewake_jobs::StartReason;

    fn os(errno: rustix::io::Errno) -> io::Error {
        errno.into()
    }

    #[test]
    fn what_the_system_has_run_out_of_is_to_retry_and_what_it_forbids_is_misuse() {
        use rustix::io::Errno;
        for (errno, family) in [
            (Errno::MFILE, ErrorFamily::Retry),
            (Errno::NFILE, ErrorFamily::Retry),
            (Errno::NOMEM, ErrorFamily::Retry),
            (Errno::NOSPC, ErrorFamily::Retry),
            (Errno::AGAIN, ErrorFamily::Retry),
            (Errno::PERM, ErrorFamily::Misuse),
            (Errno::BADF, ErrorFamily::Misuse),
        ] {
            assert_eq!(ReactorError::Io(os(errno)).family(), family, "{errno}");
            assert_eq!(ReaperError::Spawn(os(errno)).family(), family, "{errno}");
        }
        let bell = |retry| match retry {
            true => CreateError::OutOfDescriptors {
                step: "eventfd2",
                limit: "a limit",
                source: os(Errno::MFILE),
            },
            false => CreateError::System {
                step: "eventfd2",
                source: os(Errno::PERM),
            },
        };
        for (retry, family) in [(true, ErrorFamily::Retry), (false, ErrorFamily::Misuse)] {
            assert_eq!(ReactorError::Bell(bell(retry)).family(), family);
            let reaper = EngineError::Reaper(ReaperError::Bell(bell(retry)));
            assert_eq!(reaper.family(), family);
        }
    }

    #[test]
    fn each_variant_is_of_its_family() {
        let no_jobs = StartReason::NoJobs { max_size: 1 };
        let not_started = SpawnError::NotStarted {
            reason: no_jobs,
            f: (),
        };
        assert_eq!(not_started.family(), ErrorFamily::Retry);
        let refused = EngineError::Refused(Refused::NoBackstop);
        assert_eq!(refused.family(), ErrorFamily::Misuse);
        assert_eq!(ReaperError::Taken.family(), ErrorFamily::Misuse);
        assert_eq!(ReactorError::InJob.family(), ErrorFamily::Misuse);
        let family = |error: Error| error.family();
        assert_eq!(family(Misuse::BadKey.into()), Some(ErrorFamily::Misuse));
        assert_eq!(family(DeviceFault::Down.into()), Some(ErrorFamily::Device));
        assert_eq!(family(Retry::NoDescriptor.into()), Some(ErrorFamily::Retry));
        assert_eq!(family(Error::NotAuthentic), None);
    }
}
