//! `pausewake completions` and `pausewake man`: what is made of the command line's own definition.

use std::path::{Path, PathBuf};

use clap::builder::Resettable::Reset;
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;
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
    #[arg(value_name = "COMMAND")]
    pub of: Option<String>,
    /// Write all pages into this folder, as pausewake.1, pausewake-load.1 and so on, instead of printing
    /// one.
    #[arg(long, value_name = "DIR", conflicts_with = "of")]
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
        let mut program = Cli::command();
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
    let page = Man::new(command).manual("pausewake").section("1");
    let page = page.title(name.to_uppercase());
    let mut text = Vec::new();
    // Into memory, which takes everything.
    let _ = page.render(&mut text);
    let text = String::from_utf8_lossy(&text);
    Page {
        file_name: file_name(&name),
        text: format!("{}{}", text.trim_end(), exit_status()),
    }
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
