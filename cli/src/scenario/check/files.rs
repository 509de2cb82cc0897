//! The files that a scenario names.

use std::path::{Path, PathBuf};

use super::Problems;
use crate::input;
use crate::scenario::source::Sources;
use crate::scenario::spanned::Spanned;

/// The files that a scenario names.
pub struct Files<'a> {
    /// Where the scenario is.
    pub path: &'a Path,
    /// Its text, and that of the flags.
    pub sources: &'a Sources,
}

impl Files<'_> {
    /// Where one is. A path in the scenario counts from the scenario's folder; one in a flag from
    /// the folder in which the command was typed.
    pub fn path(&self, name: &Spanned<String>) -> PathBuf {
        if self.sources.is_flag(&name.span()) {
            return PathBuf::from(name.get_ref());
        }
        let folder = self.path.parent().unwrap_or(Path::new(""));
        folder.join(name.get_ref())
    }

    /// What is in one; `None` if it cannot be read, which is a problem.
    pub fn read(&self, name: &Spanned<String>, problems: &mut Problems) -> Option<Vec<u8>> {
        let path = self.path(name);
        match input::read(&path, input::MAX_FILE_BYTES) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let wrong = format!("cannot read {}: {error}", path.display());
                problems.add(name.span(), wrong, FILES);
                None
            }
        }
    }
}

const FILES: &str =
    "the path of a readable file, from the scenario's folder (in a --set: from the current folder)";
