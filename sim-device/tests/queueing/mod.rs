//! What the oracle tests are made of: formulas, a run of the model, and intervals.

pub(crate) mod formulas;
pub(crate) mod run;
pub(crate) mod statistics;
