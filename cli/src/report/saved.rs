//! Saved results: the JSON format, read back.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::merge::MergeError;
use super::{FORMAT, Report, Reports, verdict};
use crate::formats::Render as _;
use crate::input;

/// Why a file is no saved result.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It could not be read.
    #[error("cannot read {path}: {error}\n  accepted: {ACCEPTED}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It ends in the middle.
    #[error("{path} is incomplete: it ends in line {line}, in the middle of the result")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where it ends.
        line: usize,
    },
    /// It is something else.
    #[error("{path} is no JSON: {error}\n  accepted: {ACCEPTED}")]
    NoJson {
        /// The file.
        path: PathBuf,
        /// Where, and why.
        error: serde_json::Error,
    },
    /// It is another kind of JSON.
    #[error("{path} is JSON, but no result of pausewake: {wrong}\n  accepted: {ACCEPTED}")]
    NoResult {
        /// The file.
        path: PathBuf,
        /// What it says instead.
        wrong: String,
    },
    /// It is a sweep of which nothing was done.
    #[error(
        "{path} is a sweep without points: none of them was done here\n  accepted: one with points; \
         `pausewake report` says which are missing",
        path = .path.display()
    )]
    NoPoints {
        /// The file.
        path: PathBuf,
    },
    /// It is a saved result of another kind.
    #[error(
        "{path} is a saved {found}, where a {wanted} is wanted\n  accepted: files of one kind: results of \
         runs, or sweeps; `pausewake report` shows a {found}, alone"
    )]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: Kind,
        /// What it should hold.
        wanted: Kind,
    },
    /// It was written by another version.
    #[error(
        "{path} is a result of format {found}, and this program reads {reads}\n  \
         accepted: a result that this version wrote; run the command in it again"
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// The format that can be read.
        reads: &'static str,
    },
    /// It does not belong to the others.
    #[error("{path} cannot be merged with {first}: {error}")]
    Merge {
        /// The file.
        path: PathBuf,
        /// The first of them.
        first: PathBuf,
        /// Why.
        error: Box<MergeError>,
    },
    /// Something in it is missing or wrong.
    #[error("{path} is damaged: {wrong}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What, and where.
        wrong: String,
    },
}

/// What a file can hold that the program has saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reports of runs.
    Run,
    /// A sweep, or a part of one.
    Sweep,
    /// A search for the knee.
    Knee,
    /// Ways of doing the same, side by side.
    Modes,
    /// Results, side by side.
    Results,
}

impl Kind {
    /// What the file at `path` says that it holds, in whatever version; `None` if it says nothing of
    /// that kind.
    pub fn of(path: &Path) -> Option<Self> {
        // What cannot be read is told when it is to be read as what it is taken for.
        let bytes = input::read_result(path).ok()?;
        let head: Head = serde_json::from_slice(&bytes).ok()?;
        Self::of_format(&head.format?)
    }

    fn of_format(format: &str) -> Option<Self> {
        let family = format.split('/').next();
        let kinds = KINDS.iter();
        let mut kinds = kinds.filter(|(name, _)| Some(*name) == family);
        kinds.next().map(|(_, kind)| *kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run => "result of a run",
            Self::Sweep => "sweep",
            Self::Knee => "search for the knee",
            Self::Modes => "comparison of modes",
            Self::Results => "comparison of results",
        })
    }
}

/// What was saved at `path` in the format `reads`. `settle` computes anew what follows from the rest of
/// it, and says what is wrong, if a program has not written it so.
///
/// # Errors
/// The file cannot be read, is of another kind or version, incomplete, or lacks something.
pub fn document<T: DeserializeOwned>(
    path: &Path,
    reads: &'static str,
    settle: impl FnOnce(&mut T) -> Result<(), String>,
) -> Result<T, ReadError> {
    let bytes = input::read_result(path).map_err(|error| ReadError::Unreadable {
        path: path.to_owned(),
        error,
    })?;
    Head::check(path, &bytes, reads)?;
    let damaged = |wrong: String| ReadError::Damaged {
        path: path.to_owned(),
        wrong,
    };
    let found = serde_json::from_slice(&bytes);
    let mut found = found.map_err(|error| damaged(error.to_string()))?;
    settle(&mut found).map_err(damaged)?;
    Ok(found)
}

/// What says what a file is.
#[derive(Deserialize)]
pub(super) struct Head {
    format: Option<String>,
    variants: Option<IgnoredAny>,
    command: Option<String>,
}

#[derive(Deserialize)]
struct Several {
    variants: Vec<Report>,
}

impl Head {
    /// What stands at the head of the file at `path`, if its format is `reads`.
    ///
    /// # Errors
    /// It is none of ours or of another version, or incomplete.
    pub(super) fn check(path: &Path, bytes: &[u8], reads: &'static str) -> Result<Self, ReadError> {
        let path = path.to_owned();
        // Twice, and not by way of enums that try: what is wrong is then told with its place.
        let head: Head = match serde_json::from_slice(bytes) {
            Ok(head) => head,
            Err(error) if error.is_eof() && !bytes.is_empty() => {
                let line = error.line();
                return Err(ReadError::Truncated { path, line });
            }
            Err(error) if error.is_data() => {
                let wrong = error.to_string();
                return Err(ReadError::NoResult { path, wrong });
            }
            Err(error) => return Err(ReadError::NoJson { path, error }),
        };
        match head.format.as_deref() {
            Some(format) if format == reads => Ok(head),
            Some(found) if found.split('/').next() == reads.split('/').next() => {
                let found = found.to_owned();
                Err(ReadError::Version { path, found, reads })
            }
            other => {
                let kinds = [other, Some(reads)].map(|it| it.and_then(Kind::of_format));
                if let [Some(found), Some(wanted)] = kinds {
                    return Err(ReadError::Kind {
                        path,
                        found,
                        wanted,
                    });
                }
                let wrong = match other {
                    None => "it names no format".to_owned(),
                    Some(format) => format!("its format is {format:?}"),
                };
                Err(ReadError::NoResult { path, wrong })
            }
        }
    }
}

impl Reports {
    /// The result that was saved at `path` as JSON; what `--format json` writes, to the last digit.
    ///
    /// # Errors
    /// The file cannot be read, is none of ours or of another version, incomplete, or damaged.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        match input::read_result(path) {
            Ok(bytes) => Self::parse(path, &bytes),
            Err(error) => Err(ReadError::Unreadable {
                path: path.to_owned(),
                error,
            }),
        }
    }

    /// The results at `paths`, side by side: where there are several, a variant is called after its
    /// file.
    ///
    /// # Errors
    /// As [`read`](Self::read), of the first one that is wrong.
    ///
    /// # Panics
    /// There are no paths.
    pub fn read_all(paths: &[PathBuf]) -> Result<Self, ReadError> {
        let mut all = Self::read(&paths[0])?;
        if let [_] = paths {
            return Ok(all);
        }
        let names = names_of(paths);
        all.rename(&names[0]);
        for (path, name) in paths.iter().zip(&names).skip(1) {
            let mut more = Self::read(path)?;
            more.rename(name);
            all.variants.append(&mut more.variants);
            all.command = format!("{}\n{}", all.command, more.command);
        }
        Ok(all)
    }

    /// The results at `paths`, which are runs of the same with different seeds, merged into one.
    ///
    /// # Errors
    /// As [`read`](Self::read) and [`merge`](Self::merge), of the first one that is wrong.
    ///
    /// # Panics
    /// There are no paths.
    pub fn read_merged(paths: &[PathBuf]) -> Result<Self, ReadError> {
        let mut all = Self::read(&paths[0])?;
        let mut read = vec![all.to_json()];
        for path in &paths[1..] {
            let more = Self::read(path)?;
            let refused = |first: &PathBuf, error| ReadError::Merge {
                path: path.clone(),
                first: first.clone(),
                error: Box::new(error),
            };
            let merged = all.merge(&more);
            merged.map_err(|error| refused(&paths[0], error))?;
            // By the wall clock no seed tells: but no two runs take the same time to the nanosecond.
            let json = more.to_json();
            if let Some(nth) = read.iter().position(|it| *it == json) {
                return Err(refused(&paths[nth], MergeError::SameResult));
            }
            read.push(json);
        }
        Ok(all)
    }

    /// Several results side by side, each variant called after the name that stands with its result;
    /// `command` has made them all.
    ///
    /// # Panics
    /// There is none.
    pub fn beside(parts: impl IntoIterator<Item = (String, Self)>, command: String) -> Self {
        let mut variants = Vec::new();
        for (name, mut part) in parts {
            part.rename(&name);
            variants.append(&mut part.variants);
        }
        assert!(!variants.is_empty(), "there is a result");
        Self { variants, command }
    }

    /// Calls variants after the file that they come from. What compares them by their names was judged
    /// when they were run.
    fn rename(&mut self, file: &str) {
        for report in &mut self.variants {
            report.scenario.variant = Some(match &report.scenario.variant {
                None => file.to_owned(),
                Some(variant) => format!("{file}/{variant}"),
            });
        }
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, ReadError> {
        let path = path.to_owned();
        let head = Head::check(&path, bytes, FORMAT)?;
        let variants = match head.variants {
            Some(_) => serde_json::from_slice(bytes).map(|several: Several| several.variants),
            None => serde_json::from_slice(bytes).map(|only| vec![only]),
        };
        let damaged = |wrong: String| ReadError::Damaged {
            path: path.clone(),
            wrong,
        };
        let mut variants: Vec<Report> = variants.map_err(|error| damaged(error.to_string()))?;
        if variants.is_empty() {
            return Err(damaged("it holds no report".to_owned()));
        }
        for report in &mut variants {
            report.settle().map_err(&damaged)?;
        }
        verdict::judge(&mut variants);
        Ok(Self {
            variants,
            command: head.command.unwrap_or_default(),
        })
    }
}

/// What files are called: by their names, or by their paths where two have the same name.
fn names_of(paths: &[PathBuf]) -> Vec<String> {
    let short = |path: &PathBuf| path.file_stem().unwrap_or_default().to_owned();
    let distinct: BTreeSet<_> = paths.iter().map(short).collect();
    let name = |path: &PathBuf| match distinct.len() == paths.len() {
        true => short(path).to_string_lossy().into_owned(),
        false => path.with_extension("").to_string_lossy().into_owned(),
    };
    paths.iter().map(name).collect()
}

/// By the names of their formats.
const KINDS: [(&str, Kind); 5] = [
    ("pausewake-report", Kind::Run),
    ("pausewake-sweep", Kind::Sweep),
    ("pausewake-knee", Kind::Knee),
    ("pausewake-compare-modes", Kind::Modes),
    ("pausewake-compare-results", Kind::Results),
];
const ACCEPTED: &str = "a result that --format json has written";
