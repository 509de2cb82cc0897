//! Measures what pausewake costs, beside peers and floors that take turns with it in the same run.
//!
//! `benches/README.md` says what each row measures, and keeps the last table.

#![deny(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "nothing of a program is reachable; `pub` says what a module offers to the others"
)]

mod args;
mod exit;
mod failure;
#[allow(
    unsafe_code,
    reason = "the functions of a C library that is loaded at run time"
)]
mod libcrypto;
mod machine;
mod measure;
mod output;
mod peers;
mod report;
mod row;
mod rows;
mod summary;

use std::fmt::Write;
use std::process::ExitCode;

use clap::Parser;

use args::Args;
use exit::Exit;
use libcrypto::Libcrypto;
use machine::Machine;
use measure::Effort;
use output::{Destination, Frame, OutputError, complain, print, show_progress};
use report::Report;
use row::{Row, Unit, Verdict};
use rows::{Benchmark, Context, Measure};

fn main() -> ExitCode {
    match Args::try_parse().and_then(|args| run(&args)) {
        Ok(exit) => exit,
        Err(error) => usage(&error),
    }
    .into()
}

fn run(args: &Args) -> Result<Exit, clap::Error> {
    if let Some(measure) = args.child {
        return Ok(run_child(measure, args.child_count()?));
    }
    if args.list {
        print(&list());
        return Ok(Exit::Success);
    }
    let benchmarks = args.benchmarks()?;
    Ok(run_benchmarks(args, &benchmarks).unwrap_or_else(|error| {
        complain(&format!("error: {error}"));
        Exit::BadInput
    }))
}

fn run_benchmarks(args: &Args, benchmarks: &[&Benchmark]) -> Result<Exit, OutputError> {
    // Before the run, so that no run ends with nothing to show.
    let json = args.json.as_deref().map(Destination::new).transpose()?;
    let frame = args.update.as_deref().map(Frame::read).transpose()?;

    let report = measure(args, benchmarks);
    let text = report.to_text();
    print(&text);
    if let Some(json) = json {
        let figures = report.to_json();
        json.write(&figures.expect("figures are numbers, and names are strings"))?;
    }
    if let Some(frame) = frame {
        frame.fill(&text)?;
    }
    let has_failed = report.rows.iter().any(|row| row.verdict == Verdict::Failed);
    Ok(if has_failed {
        Exit::CheckFailed
    } else {
        Exit::Success
    })
}

fn measure(args: &Args, benchmarks: &[&Benchmark]) -> Report {
    let effort = if args.quick {
        Effort::Quick
    } else {
        Effort::Full
    };
    let context = Context {
        effort,
        libcrypto: Libcrypto::load(),
        program: args.program.clone(),
    };
    let libcrypto = context.libcrypto.as_ref().map(Libcrypto::version);
    let machine = Machine::of(libcrypto.map_err(Clone::clone));
    let mut rows = Vec::new();
    for benchmark in benchmarks {
        show_progress(&format!("{}: {}", benchmark.name, benchmark.about));
        match (benchmark.run)(&context) {
            Ok(measured) => rows.extend(measured),
            Err(failure) => rows.push(Row::new(benchmark.name, Unit::Ns).failed(&failure)),
        }
    }
    Report {
        machine,
        effort: match effort {
            Effort::Full => "full",
            Effort::Quick => "quick",
        },
        rows,
    }
}

/// One measurement, for a parent that is this program as well.
fn run_child(measure: Measure, count: usize) -> Exit {
    match measure.here(count) {
        Ok(figure) => {
            print(&format!("{figure}\n"));
            Exit::Success
        }
        Err(failure) => {
            complain(&failure.to_string());
            Exit::Invalid
        }
    }
}

fn list() -> String {
    let mut text = String::new();
    for benchmark in rows::ALL {
        let _ = writeln!(text, "{:<20} {}", benchmark.name, benchmark.about);
    }
    text
}

/// Help is an answer, everything else that clap says is a wrong flag.
fn usage(error: &clap::Error) -> Exit {
    let is_answer = error.exit_code() == 0;
    // If nobody hears it, the exit code still tells.
    let _ = error.print();
    if is_answer {
        Exit::Success
    } else {
        Exit::BadInput
    }
}
