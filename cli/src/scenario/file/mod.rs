//! The scenario file as it is written: names, types and units, before anything is compared.

mod abort;
mod device;
mod engine;
mod expect;
mod host;
mod load;

pub use super::entries::{
    Cost, Fallback, Mix, OpName, RateEntry, SoftwareCostEntry, StageConditions, Think, Watchdog,
};
pub use abort::AbortSection;
pub use device::{
    BatchSection, CoalesceSection, Compute, DeviceSection, Law, LinkSection, RateSection,
    ServiceSection, Wait,
};
pub use engine::{EngineSection, HeuristicSection, Mode, Notify, OnFull, Reap, SmallOpsSection};
pub use expect::{ExpectSection, StageSection, UtilisationSection, Verified};
pub use host::{HostBase, HostSection, SoftwareCostSection, SoftwareSection};
pub use load::{
    ArrivalName, Cipher, LoadSection, MixSection, Op, PhaseSection, SchemeName, ShapeName,
};

use schemars::JsonSchema;
use serde::Deserialize;

use super::spanned::Spanned;
use crate::units::Large;

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// One line for humans.
    pub about: Option<String>,
    /// Whose time it runs in.
    pub clock: Spanned<Clock>,
    /// Start of all chance; 1 if absent.
    pub seed: Option<Large>,
    /// The accelerator.
    #[serde(default)]
    pub device: DeviceSection,
    /// The engine.
    #[serde(default)]
    pub engine: EngineSection,
    /// What the application thread's own work costs, under virtual time; free if absent.
    pub host: Option<Spanned<HostSection>>,
    /// What is to be done.
    pub load: Spanned<LoadSection>,
    /// What must hold while the run goes on.
    pub abort: Option<AbortSection>,
    /// What must hold in the end.
    #[serde(default)]
    pub expect: ExpectSection,
}

/// Whose time a run takes place in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The machine's: device and compute run on threads of their own.
    Wall,
    /// The model's: deterministic, and as fast as the CPU allows.
    Virtual,
}
