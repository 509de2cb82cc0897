//! Reproducible chance: one seed, one named generator, one stream per concern.

/// The generator behind every stream: portable, so that a seed means the same everywhere.
pub type Stream = rand_xoshiro::Xoshiro256PlusPlus;

/// What a stream of random numbers is used for. Each concern has its own, so that switching one
/// on or off does not move the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Concern {
    /// When load arrives, and think times.
    Arrivals,
    /// How long a slice works.
    Service,
    /// Which faults strike.
    Faults,
    /// What the payloads hold.
    Payload,
    /// Which op of a mix comes next.
    Mix,
}

/// The seed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of `concern` for instance `index` of its user (application thread, queue,
    /// service class). Different arguments give independent streams, equal ones the same stream.
    #[must_use]
    pub fn stream(self, concern: Concern, index: u64) -> Stream {
        let _ = (concern, index);
        unimplemented!("written on the model branch")
    }
}
