//! Wait contexts: how a paused job says what it waits for, and how it is woken.

mod ctx;
mod entries;
mod fd;
mod wake;

pub use ctx::{ChangedFds, WaitCtx, WaitStatus};
pub use entries::{Cleanup, WaitKey};
pub use fd::WaitFd;
pub use wake::{Callback, LocalWake, Wake};
