//! How values are taken that end up in a scenario, and what shells offer for them.

use std::ffi::OsStr;

use clap::builder::{
    NonEmptyStringValueParser, OsStringValueParser, PossibleValue, TypedValueParser,
};
use clap::{Arg, Command, Error, ValueEnum};

use crate::profile;
use crate::scenario::Op;

/// Takes any text, and offers names for it. What is wrong with another one is told where it is used, with
/// the name that is most like it.
#[derive(Clone)]
pub struct Names(fn() -> Vec<PossibleValue>);

impl Names {
    /// The names of profiles.
    pub fn of_profiles() -> Self {
        Self(|| profile::names().map(PossibleValue::new).collect())
    }

    /// The names of ops, which may have a size besides.
    pub fn of_ops() -> Self {
        Self(|| {
            let ops = Op::value_variants().iter();
            ops.filter_map(Op::to_possible_value).collect()
        })
    }

    /// The ways to tell a job, of which there may be several with commas.
    pub fn of_ways() -> Self {
        Self(|| NOTIFY.map(PossibleValue::new).to_vec())
    }

    /// The commands that have a page.
    pub fn of_commands() -> Self {
        Self(|| COMMANDS.map(PossibleValue::new).to_vec())
    }
}

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        NonEmptyStringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter()))
    }
}

/// Takes a path that becomes part of a scenario.
pub fn path_in_text() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|path| {
        let wrong = "it is no UTF-8, and scenarios are; a link with another name may lead there";
        path.into_string().map_err(|_| wrong)
    })
}

/// How jobs are told.
pub const NOTIFY: [&str; 3] = ["callback", "fd", "poll"];

/// The commands, as their enum has them; that they are the same is tested.
pub const COMMANDS: [&str; 11] = [
    "run",
    "load",
    "sweep",
    "knee",
    "compare",
    "report",
    "merge",
    "schema",
    "profiles",
    "completions",
    "man",
];
