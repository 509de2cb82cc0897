//! The shared memory of a queue pair: two rings, two wake-up flags, and the payload slab.
//!
//! *Skeleton: filled on the ring branch.*
