//! What crosses the rings: descriptors one way, completions the other.
//!
//! Entries are arrays of 64-bit words, because that is what ring memory is made of; the types here
//! say what the bits mean. Whatever arrives from the other side is hostile: decoding never fails
//! and never trusts, and the device checks each field before it uses it.

mod completion;
mod cookie;
mod descriptor;
mod opcode;

pub use completion::{COMPLETION_WORDS, Completion, CompletionFlags};
pub use cookie::Cookie;
pub use descriptor::{DESCRIPTOR_WORDS, Descriptor, Input};
pub use opcode::{Class, OpKind, RSA_SIGNATURE_MAX_LEN, Scheme, Status};
