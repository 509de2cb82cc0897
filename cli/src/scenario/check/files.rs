//! The files that a scenario names.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pausewake_device::keys::{KeyFileError, PrivateKey};

use super::{Around, Problems};
use crate::input;
use crate::scenario::source::Sources;
use crate::scenario::spanned::Spanned;

/// The files that a scenario names.
pub struct Files<'a> {
    /// Where the scenario is.
    path: &'a Path,
    /// Its text, and that of the flags.
    sources: &'a Sources,
    /// Keys that were read: a pipe gives what it has once.
    keys: RefCell<HashMap<PathBuf, Arc<PrivateKey>>>,
}

impl<'a> Files<'a> {
    /// Those of the scenario in `around`.
    pub fn new(around: &Around<'a>) -> Self {
        Self {
            path: around.path,
            sources: around.sources,
            keys: RefCell::default(),
        }
    }

    /// Where one is. A path in the scenario counts from the scenario's folder; one in a flag from
    /// the folder in which the command was typed.
    pub fn path(&self, name: &Spanned<String>) -> PathBuf {
        if self.sources.is_flag(&name.span()) {
            return PathBuf::from(name.get_ref());
        }
        let folder = self.path.parent().unwrap_or(Path::new(""));
        folder.join(name.get_ref())
    }

    /// The private key in one.
    ///
    /// # Errors
    /// It cannot be read, or is no key that can be used.
    pub fn key(&self, name: &Spanned<String>) -> Result<Arc<PrivateKey>, KeyFileError> {
        let path = self.path(name);
        if let Some(key) = self.keys.borrow().get(&path) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(PrivateKey::read(&path)?);
        self.keys.borrow_mut().insert(path, Arc::clone(&key));
        Ok(key)
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
