//! Which way an operation takes: to the device, again to the device, or to software; and that the
//! result is right on each.

mod limits;
mod signatures;
mod small_ops;
mod software;
mod support;
