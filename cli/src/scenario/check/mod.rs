//! What may go together: from the file as it is written to a scenario that can be run.

mod device;
mod expect;
mod load;

use std::path::Path;

use pausewake_device::random::Seed;

use super::Scenario;
use super::diagnostic::Problem;
use super::file::{EngineSection, File, Notify, Reap};
use super::source::{Sources, Span};

/// Checks `file`, which came from `path`.
///
/// # Errors
/// Everything that does not go together.
pub fn check(
    file: File,
    path: &Path,
    seed: Option<u64>,
    sources: &Sources,
) -> Result<Scenario, Vec<Problem>> {
    let mut problems = Problems::default();
    let load = load::check(&file, path, sources, &mut problems);
    let device = device::check(&file, load.as_ref(), &mut problems);
    let (notify, reap) = engine(&file.engine, &mut problems);
    let expectations = expect::check(&file, &mut problems);
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
        clock: *file.clock.get_ref(),
        seed: Seed(seed.or(file.seed).unwrap_or(1)),
        device,
        notify,
        reap,
        load,
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

fn engine(section: &EngineSection, problems: &mut Problems) -> (Notify, Reap) {
    let notify = section.notify.as_ref().map(|notify| *notify.get_ref());
    let reap = section.reap.as_ref().map(|reap| *reap.get_ref());
    if let Some(span) = section.notify.as_ref().map(serde_spanned::Spanned::span)
        && notify == Some(Notify::Poll)
    {
        let wrong = if reap.unwrap_or(Reap::Event) == Reap::Event {
            "notify = \"poll\" with reap = \"event\" is refused: nobody waits for the event"
        } else {
            "notify = \"poll\" is not available yet"
        };
        problems.add(span, wrong, "\"callback\" or \"fd\"");
    }
    if let Some(span) = section.reap.as_ref().map(serde_spanned::Spanned::span)
        && !matches!(reap, None | Some(Reap::Event))
    {
        let wrong = "this way of reaping is not available yet";
        problems.add(span, wrong, "\"event\"");
    }
    (
        notify.unwrap_or(Notify::Callback),
        reap.unwrap_or(Reap::Event),
    )
}
