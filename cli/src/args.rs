//! The command line.

mod compare;
mod generated;
mod knee;
mod load;
mod sweep;
mod values;

pub use compare::Compare;
pub use generated::{Completions, Manual};
pub use knee::{Knee, per_second};
pub use load::Load;
pub use sweep::Sweep;
pub use values::Names;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use console::Term;

use crate::exit;
use crate::formats::OutputArgs;
use crate::live::LiveArgs;
use crate::scenario::Flag;

/// A simulated async crypto engine with offload-hardware emulation.
#[derive(Debug, Parser)]
#[command(name = "pausewake", version, about, after_help = exit::HELP, term_width = help_width())]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario, report what happened, and check what it expects.
    #[command(after_help = exit::HELP)]
    Run(Run),
    /// Load a device for a while, without a scenario file, and report what happened: flags and
    /// defaults make the scenario, which --print-scenario prints.
    #[command(after_help = exit::HELP)]
    Load(Box<Load>),
    /// Make a load with several values of --jobs, --rate, --size, --threads or --notify, and report where
    /// more brings no more, beside what theory predicts. Under virtual time if not said otherwise.
    #[command(after_help = exit::HELP)]
    Sweep(Box<Sweep>),
    /// Search the highest rate (or the fewest jobs) at which an SLO holds, with nothing lost: the load
    /// of `pausewake load`, run again and again. 99 says that nothing holds.
    #[command(after_help = exit::HELP)]
    Knee(Box<Knee>),
    /// Run the load in software and offloaded in three ways, side by side, and search where offload
    /// begins to win; or hold saved results against each other.
    #[command(after_help = exit::HELP)]
    Compare(Box<Compare>),
    /// Make a report of saved results, in any format; of several, side by side. Whatever they say, a
    /// report that is written ends with 0.
    #[command(after_help = exit::HELP)]
    Report(Report),
    /// Make one result of several: of runs of the same scenario that differ in their seeds, or of the
    /// shards of a sweep. Samples and counts are added, so that nothing is lost; percentiles are never
    /// averaged. With shards missing, the exit code is 103.
    #[command(after_help = exit::HELP)]
    Merge(Report),
    /// Print the format of scenarios as a JSON schema, for editors: with taplo, the first line
    /// `#:schema schema.json` of a scenario names it.
    #[command(after_help = exit::HELP)]
    Schema,
    /// List the device profiles, or show one with the source of each of its numbers.
    Profiles(Profiles),
    /// Print a script that makes a shell complete commands and flags.
    Completions(Completions),
    /// Print the manual page of the program or of a command, or write all of them.
    Man(Manual),
}

/// `pausewake run`
#[derive(Debug, Args)]
pub struct Run {
    /// The scenario: a TOML file.
    #[arg(value_hint = ValueHint::FilePath)]
    pub scenario: PathBuf,
    /// Start of all chance, instead of the scenario's.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// An entry of the scenario, instead of or beside the file's: device.asym.slices=8.
    /// An empty value takes the entry out. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub overrides: Vec<String>,
    /// Tell what happened, event by event: the first LINES of it (200 if not said).
    #[arg(long, value_name = "LINES", num_args = 0..=1, require_equals = true, default_missing_value = "200", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub story: Option<u32>,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
    /// What one sees meanwhile.
    #[command(flatten)]
    pub live: LiveArgs,
}

/// `pausewake profiles`
#[derive(Debug, Args)]
pub struct Profiles {
    /// The profile to show; all are listed if absent.
    #[arg(value_parser = Names::of_profiles(), hide_possible_values = true)]
    pub name: Option<String>,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = ProfileFormat::Text)]
    pub format: ProfileFormat,
}

/// How to show profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileFormat {
    /// For humans, 80 columns wide.
    Text,
    /// One object for programs.
    Json,
}

impl Run {
    /// The flags that were given, as entries of the scenario.
    pub fn flags(&self) -> Vec<Flag> {
        let seed = self.seed.map(|seed| seed.to_string());
        let flag = seed.map(|seed| Flag::new("--seed", "seed", &seed, seed.clone()));
        flag.into_iter().collect()
    }

    /// The command that makes the same run again, for a shell.
    pub fn command(&self) -> String {
        let mut words = vec![crate::load::path_word(&self.scenario)];
        words.extend(crate::load::words(&self.flags(), &self.overrides));
        crate::output::shell("run", words)
    }
}

/// `pausewake report` and `pausewake merge`
#[derive(Debug, Args)]
pub struct Report {
    /// Results that `--format json` has written.
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub results: Vec<PathBuf>,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How wide help is: as the terminal, up to a width that is good to read; else as reports are.
fn help_width() -> usize {
    let terminal = Term::stdout().size_checked();
    let columns = terminal.map(|(_, columns)| usize::from(columns));
    let said = || std::env::var("COLUMNS").ok()?.parse().ok();
    columns.or_else(said).unwrap_or(80).clamp(40, 100)
}
