//! The command line program: scenarios in, reports out.

#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "nothing of a program is reachable; `pub` says what a module offers to the others"
)]

mod args;
mod compare;
mod exit;
mod formats;
mod input;
mod interrupt;
mod knee;
mod live;
mod load;
mod output;
mod probe;
mod profile;
mod report;
mod room;
mod run;
mod scenario;
mod search;
mod story;
mod sweep;
mod units;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, Load, Manual, ProfileFormat, Profiles, Run, Sweep};
use compare::{CompareError, ModesReport, ResultsReport};
use exit::Exit;
use formats::{FormatError, OutputArgs, Outputs, Render};
use interrupt::Interrupt;
use knee::{KneeError, KneeReport};
use live::{LiveArgs, Viewer};
use output::{Destination, Output, OutputError};
use probe::ProbeError;
use report::{Kind, Missing, Outcome, ReadError, Reports, SweepReport, Verdict};
use run::RunError;
use scenario::Variant;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error).into(),
    };
    // A job that is told by fd has a descriptor, and the usual limit is 1,024. What may not be raised is
    // told where it matters.
    let _limit = pausewake_engine::raise_fd_limit(u64::MAX - 1);
    let done = match cli.command {
        Command::Run(args) => run_scenario(&args).map(Verdict::exit),
        Command::Load(args) if args.print_scenario => print_load(&args),
        Command::Load(args) => run_load(&args).map(Verdict::exit),
        Command::Sweep(args) => run_sweep(&args),
        Command::Knee(args) if args.load.print_scenario => {
            let printed = knee::scenario(&args);
            printed.map_err(|error| no_knee(&error)).and_then(print)
        }
        Command::Knee(args) => find_knee(&args).map(Verdict::exit),
        Command::Compare(args) if args.load.print_scenario => {
            let printed = compare::scenario(&args);
            printed
                .map_err(|error| no_comparison(&error))
                .and_then(print)
        }
        Command::Compare(args) => compare_all(&args).map(Verdict::exit),
        Command::Report(args) => report_any(&args),
        Command::Merge(args) if Kind::of(&args.results[0]) == Some(Kind::Sweep) => {
            merge_sweep(&args)
        }
        Command::Merge(args) => report_saved(&args, Reports::read_merged).map(Verdict::exit),
        Command::Profiles(args) => show_profiles(&args),
        Command::Completions(args) => print(args.script()),
        Command::Man(args) => manual(&args),
        Command::Schema => print(scenario::schema::text()),
    };
    match done {
        Ok(exit) => exit,
        Err(failure) => {
            complain(&failure.message);
            failure.exit
        }
    }
    .into()
}

/// What there is to say when a command comes to no result.
struct Failure {
    message: String,
    exit: Exit,
}

fn run_scenario(args: &Run) -> Result<Verdict, Failure> {
    let variants = scenario::read(&args.scenario, &args.flags(), &args.overrides);
    let variants = variants.map_err(|rejected| bad_input(&rejected))?;
    run_all(
        &variants,
        args.story,
        &args.output,
        args.live,
        args.command(),
    )
}

fn run_load(args: &Load) -> Result<Verdict, Failure> {
    let adhoc = load::Adhoc::new(args);
    let variants = adhoc.variants();
    let variants = variants.map_err(|rejected| bad_input(&rejected))?;
    run_all(
        &variants,
        None,
        &args.output,
        args.live,
        adhoc.command().to_owned(),
    )
}

fn print_load(args: &Load) -> Result<Exit, Failure> {
    let printed = load::Adhoc::new(args).print();
    print(&printed.map_err(|rejected| bad_input(&rejected))?)
}

fn find_knee(args: &args::Knee) -> Result<Verdict, Failure> {
    let output = &args.load.output;
    let checked = output.only_summaries_of(KNEE);
    checked.map_err(|error| wrong_output(&error))?;
    let interrupt = Interrupt::watch().map_err(|error| bad_input(&error))?;
    let outputs = output.open(&[None], &interrupt);
    let outputs = outputs.map_err(|error| wrong_output(&error))?;
    let found = knee::run(args, &interrupt, complain).map_err(|error| no_knee(&error))?;
    outputs.write(&found).map_err(|error| no_output(&error))?;
    Ok(found.verdict())
}

fn compare_all(args: &args::Compare) -> Result<Verdict, Failure> {
    let output = &args.load.output;
    let checked = output.only_summaries_of(COMPARISON);
    checked.map_err(|error| wrong_output(&error))?;
    let interrupt = Interrupt::watch().map_err(|error| bad_input(&error))?;
    let outputs = output.open(&[None], &interrupt);
    let outputs = outputs.map_err(|error| wrong_output(&error))?;
    let compared = compare::run(args, &interrupt).map_err(|error| no_comparison(&error))?;
    let written = outputs.write(compared.shown());
    written.map_err(|error| no_output(&error))?;
    let aborted = interrupt.is_raised().then_some(Verdict::Aborted);
    let verdict = compared.verdict();
    Ok(aborted.map_or(verdict, |aborted| aborted.max(verdict)))
}

fn no_knee(error: &KneeError) -> Failure {
    match error {
        KneeError::Probe(error) => no_probe(error),
        KneeError::WrongResult { .. } => Failure {
            message: format!("error: {error}"),
            exit: Exit::VerificationFailed,
        },
        error => bad_input(error),
    }
}

fn no_comparison(error: &CompareError) -> Failure {
    match error {
        CompareError::Probe(error) => no_probe(error),
        error => bad_input(error),
    }
}

fn no_probe(error: &ProbeError) -> Failure {
    match error {
        ProbeError::Rejected(rejected) => bad_input(rejected),
        ProbeError::NoTerminal(error) => bad_input(error),
        ProbeError::Run(error) => failure(error),
    }
}

/// Runs all `variants`, one after the other, and reports.
fn run_all(
    variants: &[Variant],
    story_lines: Option<u32>,
    output: &OutputArgs,
    live: LiveArgs,
    command: String,
) -> Result<Verdict, Failure> {
    let how = live.how().map_err(|error| bad_input(&error))?;
    // Before there is a file that would be left behind, or a FIFO that nobody reads.
    let interrupt = Interrupt::watch().map_err(|error| bad_input(&error))?;
    let names: Vec<_> = variants.iter().map(|it| it.name.as_deref()).collect();
    let outputs = output.open(&names, &interrupt);
    let outputs = outputs.map_err(|error| wrong_output(&error))?;
    let mut outcomes = Vec::with_capacity(variants.len());
    let mut stories = Vec::new();
    for variant in variants {
        if interrupt.is_raised() && !outcomes.is_empty() {
            break;
        }
        let log = story_lines.map(|lines| story::LogHandle::new(lines as usize));
        let viewer = Viewer {
            how,
            variant: variant.name.as_deref(),
        };
        let facts = run::run(&variant.scenario, log.clone(), &interrupt, viewer)
            .map_err(|error| failure(&error))?;
        outcomes.push(Outcome {
            name: variant.name.as_deref(),
            scenario: &variant.scenario,
            entries: &variant.entries,
            facts,
        });
        stories.push(log.map(|log| {
            let (events, left_out) = log.take().into_events();
            (story::tell(&events), left_out)
        }));
    }
    let mut reports = Reports::new(&outcomes, command);
    reports.tell(stories);
    outputs.write(&reports).map_err(|error| no_output(&error))?;
    // Also if it was between two variants.
    let aborted = interrupt.is_raised().then_some(Verdict::Aborted);
    Ok(aborted
        .into_iter()
        .chain([reports.verdict()])
        .max()
        .unwrap_or(Verdict::Holds))
}

/// Reports what was saved, of whatever kind it is.
fn report_any(args: &args::Report) -> Result<Exit, Failure> {
    match Kind::of(&args.results[0]) {
        Some(Kind::Sweep) => report_sweep(args),
        Some(Kind::Knee) => report_only(args, KNEE, KneeReport::read),
        Some(Kind::Modes) => report_only(args, COMPARISON, ModesReport::read),
        Some(Kind::Results) => report_only(args, COMPARISON, ResultsReport::read),
        Some(Kind::Run) | None => report_saved(args, Reports::read_all).map(|_| Exit::Success),
    }
}

/// Reports the only file of `args`, which is `what`, a summary of runs.
fn report_only<R: Render>(
    args: &args::Report,
    what: &'static str,
    read: impl FnOnce(&Path) -> Result<R, ReadError>,
) -> Result<Exit, Failure> {
    let [only] = args.results.as_slice() else {
        let files = args.results.len();
        let wrong = format!("a report is of {what} alone, and here are {files} files");
        return Err(bad_input(&format!("{wrong}\n  accepted: one file")));
    };
    let found = read(only).map_err(|error| bad_input(&error))?;
    let checked = args.output.only_summaries_of(what);
    checked.map_err(|error| wrong_output(&error))?;
    let interrupt = Interrupt::watch().map_err(|error| bad_input(&error))?;
    let outputs = args.output.open(&[None], &interrupt);
    let outputs = outputs.map_err(|error| wrong_output(&error))?;
    outputs.write(&found).map_err(|error| no_output(&error))?;
    Ok(Exit::Success)
}

/// Reads saved results by `read`, and reports what that gives.
fn report_saved(
    args: &args::Report,
    read: impl Fn(&[PathBuf]) -> Result<Reports, ReadError>,
) -> Result<Verdict, Failure> {
    let reports = read(&args.results).map_err(|error| bad_input(&error))?;
    let interrupt = Interrupt::watch().map_err(|error| bad_input(&error))?;
    let names = reports.variants().iter();
    let names: Vec<_> = names.map(|it| it.scenario.variant.as_deref()).collect();
    let outputs = args.output.open(&names, &interrupt);
    let outputs = outputs.map_err(|error| wrong_output(&error))?;
    outputs.write(&reports).map_err(|error| no_output(&error))?;
    Ok(reports.verdict())
}

fn run_sweep(args: &Sweep) -> Result<Exit, Failure> {
    let plan = sweep::Plan::new(args).map_err(|error| bad_input(&error))?;
    let how = args.load.live.how().map_err(|error| bad_input(&error))?;
    let interrupt = Interrupt::watch().map_err(|error| bad_input(&error))?;
    let outputs = open_for(&args.load.output, &plan.labels(), &interrupt)?;
    let swept = plan.run(&interrupt, how);
    let swept = swept.map_err(|error| failure(&error))?;
    outputs.write(&swept).map_err(|error| no_output(&error))?;
    Ok(swept.verdict().exit())
}

fn report_sweep(args: &args::Report) -> Result<Exit, Failure> {
    let swept = SweepReport::read_only(&args.results).map_err(|error| bad_input(&error))?;
    write_sweep(args, &swept)?;
    Ok(Exit::Success)
}

/// Joins shards; what is missing is told, and what is there is written all the same.
fn merge_sweep(args: &args::Report) -> Result<Exit, Failure> {
    let merged = SweepReport::read_merged(&args.results);
    let (swept, missing) = merged.map_err(|error| bad_input(&error))?;
    write_sweep(args, &swept)?;
    let Some(Missing { points, shards }) = missing else {
        return Ok(swept.verdict().exit());
    };
    let shards = match shards.as_slice() {
        [] => String::new(),
        shards => format!(" (shards {})", shards.join(", ")),
    };
    let points = points.join("; ");
    complain(&format!(
        "error: the sweep is not complete{shards}: missing are {points}"
    ));
    Ok(match swept.verdict() {
        Verdict::WrongResult => Verdict::WrongResult,
        _ => Verdict::Invalid,
    }
    .exit())
}

fn write_sweep(args: &args::Report, swept: &SweepReport) -> Result<(), Failure> {
    let interrupt = Interrupt::watch().map_err(|error| bad_input(&error))?;
    let outputs = open_for(&args.output, &swept.labels(), &interrupt)?;
    outputs.write(swept).map_err(|error| no_output(&error))
}

fn open_for(
    output: &OutputArgs,
    labels: &[String],
    interrupt: &Interrupt,
) -> Result<Outputs, Failure> {
    let names: Vec<_> = labels.iter().map(|label| Some(label.as_str())).collect();
    let outputs = output.open(&names, interrupt);
    outputs.map_err(|error| wrong_output(&error))
}

fn print(text: impl Into<String>) -> Result<Exit, Failure> {
    let written = Output::Stdout.write(text.into());
    written.map_err(|error| no_output(&error))?;
    Ok(Exit::Success)
}

fn show_profiles(args: &Profiles) -> Result<Exit, Failure> {
    let shown = match &args.name {
        None => profile::list(),
        Some(name) => {
            let found = profile::find(name).ok_or_else(|| {
                let unknown = profile::Unknown::new(name);
                let accepted = unknown.accepted();
                bad_input(&format!("{unknown}\n  accepted: {accepted}"))
            });
            profile::one(found?)
        }
    };
    print(match args.format {
        ProfileFormat::Text => shown.to_text(),
        ProfileFormat::Json => shown.to_json(),
    })
}

fn manual(args: &Manual) -> Result<Exit, Failure> {
    let Some(folder) = &args.dir else {
        let page = args.page().map_err(|error| bad_input(&error))?;
        return print(page.text);
    };
    let made = std::fs::create_dir_all(folder);
    made.map_err(|error| {
        let folder = folder.display();
        bad_input(&format!("cannot make the folder {folder}: {error}"))
    })?;
    let interrupt = Interrupt::watch().map_err(|error| bad_input(&error))?;
    for (path, text) in Manual::files(folder) {
        let destination = Destination::of(Some(&path), &interrupt);
        let written = destination
            .and_then(Destination::open)
            .and_then(|output| output.write(text));
        written.map_err(|error| no_output(&error))?;
    }
    Ok(Exit::Success)
}

fn failure(error: &RunError) -> Failure {
    Failure {
        message: format!("error: {error}"),
        exit: match error {
            RunError::Setup(_) => Exit::BadInput,
            RunError::Broken(_) | RunError::Stopped => Exit::Invalid,
        },
    }
}

fn wrong_output(error: &FormatError) -> Failure {
    match error {
        FormatError::Output(error) => no_output(error),
        error => bad_input(error),
    }
}

fn no_output(error: &OutputError) -> Failure {
    match error {
        OutputError::Interrupted { .. } => Failure {
            message: format!("error: {error}"),
            exit: Exit::Aborted,
        },
        error => bad_input(error),
    }
}

fn bad_input(error: &impl std::fmt::Display) -> Failure {
    let message = error.to_string();
    let named = message.starts_with("error");
    Failure {
        message: if named {
            message
        } else {
            format!("error: {message}")
        },
        exit: Exit::BadInput,
    }
}

/// Help and version are answers, everything else that clap says is a wrong flag.
fn usage(error: &clap::Error) -> Exit {
    let is_answer = error.exit_code() == 0;
    // What stays in the buffer would be lost without a word.
    let written = error.print().and_then(|()| std::io::stdout().flush());
    match written {
        _ if !is_answer => Exit::BadInput,
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let failure = no_output(&OutputError::Stdout(error));
            complain(&failure.message);
            failure.exit
        }
        // A reader that has gone had seen enough.
        _ => Exit::Success,
    }
}

/// Says `message` on standard error; if nobody hears it, the exit code still tells.
fn complain(message: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "{}", message.trim_end());
}

/// What `knee` makes.
const KNEE: &str = "a search for the knee";
/// What `compare` makes.
const COMPARISON: &str = "a comparison";

#[cfg(test)]
mod tests {
    use super::*;
    use run::sabotage;

    const SCENARIO: &str = r#"clock = "virtual"
        [device.sym]
        slices = 1
        service = { distribution = "constant", base = "1us" }
        [load]
        op = "aead-seal"
        jobs = 4
        ops = 20
        [expect]
        verified = "all"
    "#;

    /// Runs [`SCENARIO`]; says how the program would end, and what it reports.
    fn run(format: &str) -> (u8, String) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [scenario, report] = ["it.toml", "report"].map(|name| folder.path().join(name));
        std::fs::write(&scenario, SCENARIO).expect("the folder can be written");
        let (scenario, report) = (scenario.display(), report.display());
        let line = format!("pausewake run {scenario} --format {format} -o {report}");
        let cli = Cli::try_parse_from(line.split(' ')).expect("good flags");
        let Command::Run(args) = cli.command else {
            panic!("it is a run");
        };
        let verdict = run_scenario(&args).map_err(|failure| failure.message);
        let written = std::fs::read_to_string(report.to_string()).expect("a report");
        (verdict.expect("a verdict").exit().code(), written)
    }

    #[test]
    fn a_wrong_result_ends_with_100_and_is_reported() {
        assert_eq!(run("text").0, 0);
        let _wrong = sabotage::Wrong::result_of(7);
        let (code, text) = run("text");
        assert_eq!(code, 100);
        assert!(text.contains("1 of 20 results are WRONG"), "{text}");
        let (code, json) = run("json");
        assert_eq!(code, 100);
        let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(report["verified"]["wrong"], 1);
        assert_eq!(report["verified"]["right"], 19);
    }
}
