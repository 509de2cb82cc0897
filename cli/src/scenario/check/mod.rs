//! What may go together: from the file as it is written to a scenario that can be run.

mod abort;
mod device;
mod engine;
mod expect;
mod files;
mod host;
mod keys;
mod load;
mod memory;
mod phases;
mod service;
mod work;

pub use keys::op_with;

use std::path::Path;

use pausewake_device::random::Seed;

use super::diagnostic::Problem;
use super::file::File;
use super::source::{Sources, Span};
use super::spanned::Spanned;
use super::{Mode, Scenario};
use crate::units::Large;

/// What there is beside a file.
pub struct Around<'a> {
    /// Where the file came from.
    pub path: &'a Path,
    /// Its text, and that of the flags.
    pub sources: &'a Sources,
    /// The name of this variant, if it is one.
    pub own: Option<&'a str>,
    /// The names of all variants.
    pub names: &'a [String],
}

/// Checks `file`.
///
/// # Errors
/// Everything that does not go together.
pub fn check(file: File, around: &Around<'_>) -> Result<Scenario, Vec<Problem>> {
    let mut problems = Problems::default();
    let path = around.path;
    let load = load::check(&file, around, &mut problems);
    let device = device::check(&file, load.as_ref(), &mut problems);
    if let (Some(load), Some(device)) = (&load, &device) {
        memory::check(&file, device, load, &mut problems);
    }
    let engine = engine::check(&file, &mut problems);
    let abort = abort::check(&file, load.as_ref(), around, &mut problems);
    let expectations = expect::check(&file, around, &mut problems);
    let (Some(load), Some(device)) = (load, device) else {
        return Err(problems.0);
    };
    if !problems.0.is_empty() {
        return Err(problems.0);
    }
    let name = path.file_stem().unwrap_or(path.as_os_str());
    Ok(Scenario {
        name: name.to_string_lossy().into_owned(),
        about: file.about,
        command: None,
        clock: *file.clock.get_ref(),
        seed: Seed(file.seed.map_or(1, Large::get)),
        device,
        mode: file
            .engine
            .mode
            .as_ref()
            .map_or(Mode::Async, |mode| *mode.get_ref()),
        engine,
        load,
        abort,
        expectations,
    })
}

/// What was found wrong so far.
#[derive(Debug, Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, span: Span, wrong: impl Into<String>, accepted: impl Into<String>) {
        self.0.push(Problem::at(span, wrong, accepted));
    }
}

/// Where the load says what it does.
fn what(file: &File) -> Span {
    let load = &file.load;
    let op = load.get_ref().op.as_ref().map(Spanned::span);
    let mix = load.get_ref().mix.as_ref().map(Spanned::span);
    op.or(mix).unwrap_or(load.span())
}
