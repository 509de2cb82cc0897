//! The command line.

use std::path::PathBuf;

use clap::{CommandFactory, Parser};

use crate::exit;
use crate::rows::{self, Benchmark, Measure};

/// Measures pausewake beside libcrypto's ASYNC jobs, an eventfd and a bare coroutine switch, which
/// take turns with it in the same run.
#[derive(Debug, Parser)]
#[command(name = "pausewake-benches", after_help = exit::HELP, max_term_width = 100)]
pub struct Args {
    /// Benchmarks to run; all, if none is named. `--list` says which there are.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Say which benchmarks there are, and run none.
    #[arg(long, conflicts_with_all = ["names", "json", "update", "program", "quick"])]
    pub list: bool,
    /// Write the figures to FILE as well, for programs.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Replace the table in FILE, between its markers. Only for a whole run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["names", "program", "quick"])]
    pub update: Option<PathBuf>,
    /// What `virtual-storm` measures: a program of another commit, say. Without it, cargo builds ours.
    #[arg(long, value_name = "FILE", value_parser = existing)]
    pub program: Option<PathBuf>,
    /// Do little: shows that everything works, and the figures mean nothing.
    #[arg(long)]
    pub quick: bool,
    /// Measure one thing and say the figure: how this program asks itself.
    #[arg(long = rows::CHILD_FLAG, value_enum, hide = true, requires = "names")]
    pub child: Option<Measure>,
}

impl Args {
    /// The benchmarks that are wanted, in the order of the table.
    ///
    /// # Errors
    /// A name that is none.
    pub fn benchmarks(&self) -> Result<Vec<&'static Benchmark>, clap::Error> {
        let is_known = |name: &&String| rows::ALL.iter().all(|known| known.name != **name);
        if let Some(name) = self.names.iter().find(is_known) {
            let known: Vec<&str> = rows::ALL.iter().map(|known| known.name).collect();
            return Err(wrong(&format!(
                "no benchmark is called '{name}'; there are {}",
                known.join(", ")
            )));
        }
        let is_wanted = |benchmark: &&Benchmark| {
            self.names.is_empty() || self.names.iter().any(|name| name == benchmark.name)
        };
        Ok(rows::ALL.iter().filter(is_wanted).collect())
    }

    /// How many a child process shall measure.
    ///
    /// # Errors
    /// It is no count.
    pub fn child_count(&self) -> Result<usize, clap::Error> {
        match self.names.as_slice() {
            [count] => count
                .parse()
                .map_err(|_| wrong(&format!("'{count}' is no count"))),
            _ => Err(wrong("one count is wanted")),
        }
    }
}

/// A file that is there, named so that it is found from anywhere.
fn existing(path: &str) -> Result<PathBuf, String> {
    std::fs::canonicalize(path).map_err(|error| error.to_string())
}

fn wrong(message: &str) -> clap::Error {
    Args::command().error(clap::error::ErrorKind::ValueValidation, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Result<Vec<&'static str>, String> {
        let args = std::iter::once("pausewake-benches").chain(args.iter().copied());
        let args = Args::try_parse_from(args).map_err(|error| error.to_string())?;
        let benchmarks = args.benchmarks().map_err(|error| error.to_string())?;
        Ok(benchmarks.iter().map(|benchmark| benchmark.name).collect())
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn no_name_means_all_and_names_come_in_the_order_of_the_table() {
        assert_eq!(names(&[]).map(|names| names.len()), Ok(rows::ALL.len()));
        assert_eq!(names(&["curve", "op-fd"]), Ok(vec!["op-fd", "curve"]));
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let error = names(&["op-fast"]).expect_err("there is none");
        assert!(
            error.contains("'op-fast'") && error.contains("op-callback"),
            "{error}"
        );
    }

    #[test]
    fn a_part_is_never_written_into_the_documentation() {
        for part in ["op-fd", "--quick"] {
            assert!(names(&["--update", "README.md", part]).is_err());
        }
        assert!(names(&["--list", "op-fd"]).is_err());
    }
}
