//! `pausewake completions` and `pausewake man`: what is made of the command line's own definition.

use std::path::{Path, PathBuf};

use clap::builder::Resettable::Reset;
use clap::{Arg, Args, Command, CommandFactory, ValueHint};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::{Cli, Names};
use crate::exit;

/// `pausewake completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `pausewake man`
#[derive(Debug, Args)]
pub struct Manual {
    /// The command whose page it is; the program's own if absent.
    #[arg(value_name = "COMMAND", value_parser = Names::of_commands(), hide_possible_values = true)]
    pub of: Option<String>,
    /// Write all pages into this folder, as pausewake.1, pausewake-load.1 and so on, instead of printing
    /// one.
    #[arg(long, value_name = "DIR", conflicts_with = "of", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

/// No such command.
#[derive(Debug, thiserror::Error)]
#[error("there is no page of `{name}`\n  accepted: {accepted}")]
pub struct NoPage {
    name: String,
    accepted: String,
}

/// A page of the manual.
#[derive(Debug)]
pub struct Page {
    /// `pausewake-load.1`
    pub file_name: String,
    /// In roff.
    pub text: String,
}

impl Completions {
    /// The script that makes the shell complete this program's commands and flags.
    pub fn script(&self) -> String {
        let mut script = Vec::new();
        let mut program = no_files(Cli::command()).mut_subcommands(no_files);
        clap_complete::generate(self.shell, &mut program, PROGRAM, &mut script);
        String::from_utf8_lossy(&script).into_owned()
    }
}

impl Manual {
    /// The page that was asked for.
    ///
    /// # Errors
    /// There is no such command.
    pub fn page(&self) -> Result<Page, NoPage> {
        let mut pages = pages();
        let Some(name) = &self.of else {
            return Ok(pages.swap_remove(0));
        };
        let wanted = file_name(&format!("{PROGRAM}-{name}"));
        let found = pages.iter().position(|page| page.file_name == wanted);
        let found = found.ok_or_else(|| NoPage {
            name: name.clone(),
            accepted: names().join(", "),
        })?;
        Ok(pages.swap_remove(found))
    }

    /// All pages, and where they go.
    pub fn files(folder: &Path) -> impl Iterator<Item = (PathBuf, String)> {
        pages()
            .into_iter()
            .map(move |page| (folder.join(page.file_name), page.text))
    }
}

/// The same command, and what takes no file is offered none.
fn no_files(command: Command) -> Command {
    command.mut_args(|arg| match arg.get_value_hint() {
        ValueHint::Unknown if takes_value(&arg) => arg.value_hint(ValueHint::Other),
        _ => arg,
    })
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

/// The page of the program, and those of its commands.
fn pages() -> Vec<Page> {
    // What it would help with is on the pages.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let commands = program.get_subcommands().filter(|it| has_page(it));
    let commands: Vec<Command> = commands.cloned().collect();
    [program].into_iter().chain(commands).map(page).collect()
}

/// Names of the commands that have a page.
fn names() -> Vec<String> {
    let program = Cli::command();
    let commands = program.get_subcommands().filter(|it| has_page(it));
    commands.map(|it| it.get_name().to_owned()).collect()
}

fn has_page(command: &Command) -> bool {
    !command.is_hide_set()
}

fn page(command: Command) -> Page {
    let name = command.get_display_name().unwrap_or(PROGRAM).to_owned();
    // The exit codes have a section of their own.
    let command = command.after_help(Reset).after_long_help(Reset);
    let has_commands = command.has_subcommands();
    let mut usage = Roff::new();
    usage.control("SH", ["SYNOPSIS"]);
    usage.text(synopsis(&command));
    let page = Man::new(command);
    let mut text = Vec::new();
    // Into memory, which takes everything.
    let _ = page.render_name_section(&mut text);
    let _ = usage.to_writer(&mut text);
    let _ = page.render_description_section(&mut text);
    let _ = page.render_options_section(&mut text);
    if has_commands {
        let _ = page.render_subcommands_section(&mut text);
    }
    let text = String::from_utf8_lossy(&text);
    // The library defines its string of an apostrophe before each section.
    let (begin, rest): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.contains(".ds Aq"));
    let begin = &begin[..begin.len().min(2)];
    let text = [begin, &rest].concat().join("\n");
    // Written here, since the library quotes no empty date, and what follows would take its place.
    let title = format!(
        ".TH \"{}\" 1 \"\" \"{PROGRAM} {}\" \"User Commands\"",
        name.to_uppercase(),
        env!("CARGO_PKG_VERSION"),
    );
    Page {
        file_name: file_name(&name),
        text: format!("{title}\n{}{}", text.trim_end(), exit_status()),
    }
}

/// The command with its flags, each with its value, and what else it takes.
fn synopsis(command: &Command) -> Vec<Inline> {
    let mut words = vec![bold(command.get_bin_name().unwrap_or(PROGRAM))];
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let (places, flags): (Vec<&Arg>, Vec<&Arg>) = shown.partition(|arg| arg.is_positional());
    for arg in flags.into_iter().chain(places) {
        let many = !arg.is_positional() && takes_many(arg);
        let (begin, end) = match (arg.is_required_set(), many) {
            (true, _) => (" ", ""),
            (false, false) => (" [", "]"),
            (false, true) => (" [", "]..."),
        };
        words.push(roman(begin));
        let short = arg.get_short().map(|short| format!("-{short}"));
        let long = arg.get_long().map(|long| format!("--{long}"));
        let names: Vec<String> = short.into_iter().chain(long).collect();
        if !names.is_empty() {
            words.push(bold(names.join("|")));
        }
        if takes_value(arg) {
            words.extend(value(arg));
        }
        words.push(roman(end));
    }
    if command.has_subcommands() {
        words.extend([roman(" "), italic("COMMAND")]);
    }
    words
}

/// What `arg` takes, as it is typed.
fn value(arg: &Arg) -> Vec<Inline> {
    let names = arg.get_value_names().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(clap::builder::Str::as_str).collect();
    let range = arg.get_num_args().unwrap_or_default();
    let many = arg.is_positional() && (range.max_values() > 1 || takes_many(arg));
    let name = format!("{}{}", names.join(" "), if many { "..." } else { "" });
    match (arg.is_positional(), range.min_values()) {
        (true, _) => vec![italic(name)],
        (false, 0) => vec![roman("[="), italic(name), roman("]")],
        (false, _) => vec![roman(" "), italic(name)],
    }
}

fn takes_many(arg: &Arg) -> bool {
    matches!(arg.get_action(), clap::ArgAction::Append)
}

/// What `--help` says of exit codes, as a section in roff: a paragraph with a tag for each.
fn exit_status() -> String {
    let text = exit::HELP.lines().skip(1).map(|line| {
        let line = line.trim();
        match line.split_once("  ") {
            Some((code, meaning)) => format!("\n.TP\n\\fB{code}\\fR\n{meaning}"),
            // The line before goes on.
            None => format!("\n{line}"),
        }
    });
    format!("\n.SH \"EXIT STATUS\"{}\n", text.collect::<String>())
}

fn file_name(command: &str) -> String {
    format!("{command}.1")
}

const PROGRAM: &str = "pausewake";
