//! One op with all its bytes, on its way through compute.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zeroize::{Zeroize, Zeroizing, optimization_barrier};

use super::{Vault, Work};
use crate::keys::KeyId;
use crate::protocol::{Input, OpKind, Scheme, Status};

/// An opaque piece of work: reads the input, fills the output, says how many bytes it filled.
///
/// An answer that cannot be (more bytes than the output has, an error of [`Status::Ok`]) and a
/// panic both complete the op with [`Status::DeviceError`].
pub type Task = Box<dyn FnOnce(&[u8], &mut [u8]) -> Result<usize, Status> + Send>;

/// What a [`WorkItem`] shall do.
#[derive(Default)]
pub enum Action {
    /// Nothing, or nothing any more: executing it answers [`Status::BadRequest`].
    #[default]
    None,
    /// An operation of the vault.
    Crypto {
        /// With which key.
        key: KeyId,
        /// The operation; [`OpKind::Task`] answers [`Status::BadRequest`] here.
        kind: OpKind,
        /// Padding and hash of a signature.
        scheme: Scheme,
        /// Whether the input is a message or a digest.
        input_is: Input,
        /// AEAD nonce; ignored elsewhere.
        nonce: [u8; 12],
    },
    /// A closure of the application's.
    Task(Task),
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.pad("None"),
            Self::Crypto { key, kind, .. } => write!(f, "{kind} with {key:?}"),
            Self::Task(_) => f.pad("Task"),
        }
    }
}

/// An op that owns its bytes, and can be used for one op after the other without allocating.
///
/// One buffer holds input, extra bytes and output side by side:
///
/// ```text
/// | input | extra: additional data, or signature to verify | output |
/// ```
///
/// It grows to the largest op that it has carried and keeps that size, so bound the lengths before
/// [`lay_out`](Self::lay_out). Whatever it held is wiped before the next op, on
/// [`wipe`](Self::wipe) and when it is dropped.
///
/// ```
/// use pausewake_device::compute::{Action, KeyTable, RingCompute, Vault, WorkItem};
/// use pausewake_device::keys::AesKey;
/// use pausewake_device::protocol::{Input, OpKind, Scheme};
///
/// let vault = KeyTable::new(RingCompute::new());
/// let key = vault.import(AesKey::new(&[7; 16])?.material())?;
///
/// let mut item = WorkItem::new(1);
/// let input = item.lay_out(5, 0, 21);
/// input.copy_from_slice(b"hello");
/// item.action = Action::Crypto {
///     key,
///     kind: OpKind::AeadSeal,
///     scheme: Scheme::None,
///     input_is: Input::Message,
///     nonce: [0; 12],
/// };
/// assert_eq!(item.execute(&vault), Ok(21));
/// assert_eq!(item.output().len(), 21);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct WorkItem {
    /// The owner's name for the op; comes back unread.
    pub token: u64,
    /// What to do; taken out when it is done.
    pub action: Action,
    /// All zero behind the first `used_len` bytes.
    buffer: Zeroizing<Vec<u8>>,
    /// Input, extra bytes and output together.
    used_len: usize,
    /// Something may have been written there since the last wipe.
    may_hold: bool,
    input_len: usize,
    extra_len: usize,
    /// Bytes of output that are filled.
    output_len: usize,
}

impl WorkItem {
    /// An item without bytes.
    #[must_use]
    pub fn new(token: u64) -> Self {
        Self {
            token,
            ..Self::default()
        }
    }

    /// Wipes what the item held and makes room for another op: all bytes zero, lengths in bytes.
    /// Gives the place for input and, right behind it, extra bytes.
    ///
    /// Allocates only when the op is larger than any before.
    pub fn lay_out(
        &mut self,
        input_len: usize,
        extra_len: usize,
        output_capacity: usize,
    ) -> &mut [u8] {
        self.wipe();
        self.input_len = input_len;
        self.extra_len = extra_len;
        self.used_len = input_len + extra_len + output_capacity;
        if self.buffer.len() < self.used_len {
            // Wiped and empty, so that growing copies nothing and leaves nothing behind.
            self.buffer.clear();
            self.buffer.resize(self.used_len, 0);
        }
        self.may_hold = true;
        &mut self.buffer[..input_len + extra_len]
    }

    /// The input.
    #[must_use]
    pub fn input(&self) -> &[u8] {
        &self.buffer[..self.input_len]
    }

    /// The additional data, or the signature to verify.
    #[must_use]
    pub fn extra(&self) -> &[u8] {
        &self.buffer[self.input_len..][..self.extra_len]
    }

    /// Bytes of output that there is room for.
    #[must_use]
    pub fn output_capacity(&self) -> usize {
        self.used_len - self.input_len - self.extra_len
    }

    /// What was computed; empty before, and after a failure.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.buffer[self.input_len + self.extra_len..][..self.output_len]
    }

    /// Does the work here and now, on the caller's stack: the same code that workers run. Gives the
    /// length of the output, in bytes.
    ///
    /// The action is taken out, and after a failure the whole output is zero.
    ///
    /// # Errors
    /// The status that the completion shall carry, never [`Status::Ok`]:
    /// [`Status::DeviceError`] also when the work panicked (the panic stops here; the process's
    /// panic hook has reported it), [`Status::BadRequest`] also when there is no action.
    pub fn execute(&mut self, vault: &dyn Vault) -> Result<usize, Status> {
        self.execute_by(|key, work, output| vault.execute(key, work, output))
    }

    /// Whether `vault` has the answer in less time than it takes to hand the item to a worker.
    pub(crate) fn is_quick(&self, vault: &dyn Vault) -> bool {
        let Action::Crypto {
            key,
            kind,
            scheme,
            input_is,
            nonce,
        } = self.action
        else {
            return false;
        };
        let work = Work {
            kind,
            scheme,
            input_is,
            nonce,
            input: self.input(),
            extra: self.extra(),
        };
        vault.is_quick(key, &work)
    }

    /// [`execute`](Self::execute), by whatever does the vault's work.
    pub(crate) fn execute_by(
        &mut self,
        compute: impl FnOnce(KeyId, Work<'_>, &mut [u8]) -> Result<usize, Status>,
    ) -> Result<usize, Status> {
        let action = std::mem::take(&mut self.action);
        let used = &mut self.buffer[..self.used_len];
        let (before, output) = used.split_at_mut(self.input_len + self.extra_len);
        let (input, extra) = before.split_at(self.input_len);
        // What a panic may leave half done is the output, which is wiped, and the vault, which
        // holds no lock while it computes.
        let result = catch_unwind(AssertUnwindSafe(|| {
            run(action, compute, input, extra, &mut *output)
        }))
        .unwrap_or_else(|panic| {
            discard(panic);
            Err(Status::DeviceError)
        });
        match result {
            Ok(len) if len <= output.len() => {
                self.output_len = len;
                Ok(len)
            }
            failure => {
                output.zeroize();
                self.output_len = 0;
                Err(match failure {
                    Ok(_) | Err(Status::Ok) => Status::DeviceError,
                    Err(status) => status,
                })
            }
        }
    }

    /// Makes all bytes zero, drops the action, and keeps the memory for the next op.
    #[inline]
    pub fn wipe(&mut self) {
        if !matches!(self.action, Action::None) {
            self.action = Action::None;
        }
        self.output_len = 0;
        if std::mem::take(&mut self.may_hold) {
            self.wipe_bytes();
        }
    }

    fn wipe_bytes(&mut self) {
        // Plain stores at the speed of memset, and a barrier that keeps the compiler from leaving
        // them out; byte by byte, wiping would cost more than encrypting.
        self.buffer[..self.used_len].fill(0);
        optimization_barrier(self.buffer.as_slice());
    }
}

/// Says what the item is for and how long its parts are, and shows no payload.
impl fmt::Debug for WorkItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkItem")
            .field("token", &self.token)
            .field("action", &self.action)
            .field("input_len", &self.input_len)
            .field("extra_len", &self.extra_len)
            .field("output_capacity", &self.output_capacity())
            .field("output_len", &self.output_len)
            .finish_non_exhaustive()
    }
}

/// An item that was executed, and how it ended.
#[derive(Debug)]
pub struct Finished {
    /// The item with its output; use it again.
    pub item: Box<WorkItem>,
    /// Length of the output in bytes, or the status that the completion shall carry.
    pub result: Result<usize, Status>,
}

fn run(
    action: Action,
    compute: impl FnOnce(KeyId, Work<'_>, &mut [u8]) -> Result<usize, Status>,
    input: &[u8],
    extra: &[u8],
    output: &mut [u8],
) -> Result<usize, Status> {
    match action {
        Action::Task(task) => task(input, output),
        Action::Crypto {
            key,
            kind,
            scheme,
            input_is,
            nonce,
        } if kind != OpKind::Task => {
            let work = Work {
                kind,
                scheme,
                input_is,
                nonce,
                input,
                extra,
            };
            compute(key, work, output)
        }
        Action::Crypto { .. } | Action::None => Err(Status::BadRequest),
    }
}

/// Drops what a panic carried; that may panic again, and then what *that* carried is leaked rather
/// than dropped.
pub(crate) fn discard(panic: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(second);
    }
}

#[cfg(test)]
mod tests;
