//! The command line program: scenarios in, reports out.

#![forbid(unsafe_code)]

mod args;
mod exit;
mod key;
mod output;
mod progress;
mod report;
mod scenario;
mod story;
mod units;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { exit::Exit::BadInput } else { exit::Exit::Success }.into();
        }
    };
    let args::Command::Run(run) = cli.command;
    match scenario::read(&run.scenario, &run.overrides, run.seed) {
        Ok(s) => { println!("{s:?}"); exit::Exit::Success.into() }
        Err(e) => { eprint!("{e}"); exit::Exit::BadInput.into() }
    }
}
