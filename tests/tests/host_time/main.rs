//! Host costs and several timelines under virtual time: who can do what when, to the nanosecond.

mod costs;
mod rules;
mod timelines;
mod world;
