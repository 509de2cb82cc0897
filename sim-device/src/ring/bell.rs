//! A wake-up that belongs to no queue pair.

use std::sync::Arc;

use super::error::CreateError;
use super::eventfd::EventFd;
use super::layout::{self, CONTROL_BYTES};
use super::mapping::Mapping;
use super::shared::SharedFlag;
use super::signal::{Ringer, Sleeper};

/// A ringer and its sleeper without rings, for news that come another way: results of workers,
/// wakes from other threads. The same handshake as a queue pair's, over memory of its own.
///
/// # Errors
/// [`CreateError`]: the system has no descriptor or no memory left.
pub fn bell() -> Result<(Ringer, Sleeper), CreateError> {
    let bytes = CONTROL_BYTES;
    let mapping = Arc::new(Mapping::new(bytes)?);
    let event =
        EventFd::new().map_err(|errno| CreateError::from_errno("eventfd2", bytes, errno))?;
    let event = Arc::new(event);
    let flag = SharedFlag {
        mapping,
        armed: layout::DOORBELL_ARMED,
    };
    Ok((
        Ringer::new(flag.clone(), Arc::clone(&event)),
        Sleeper::new(flag, event),
    ))
}
