//! Where results go.

use std::fs;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that will be written whole, or not at all; made ready before the run.
#[derive(Debug)]
pub struct Destination {
    place: PathBuf,
    unfinished: NamedTempFile,
}

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A file.
    #[error("cannot write {path}: {error}; name a file in a folder that exists and can be written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file to be updated that has no place for the table.
    #[error(
        "{path} has no place for the table; it needs the lines '{BEGIN}' and '{END}', in this order"
    )]
    NoMarkers {
        /// The file.
        path: PathBuf,
    },
}

impl Destination {
    /// Makes ready to write `path`.
    ///
    /// # Errors
    /// Its folder cannot be written, or it is a folder itself.
    pub fn new(path: &Path) -> Result<Self, OutputError> {
        let named = |error| OutputError::file(path, error);
        if path.is_dir() {
            return Err(named(ErrorKind::IsADirectory.into()));
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new("."));
        let unfinished = tempfile::Builder::new()
            .prefix(".pausewake-benches-")
            .permissions(new_file_permissions())
            .tempfile_in(folder)
            .map_err(named)?;
        Ok(Self {
            place: path.to_owned(),
            unfinished,
        })
    }

    /// Writes `text`.
    ///
    /// # Errors
    /// It could not be written; what was there before is unchanged.
    pub fn write(mut self, text: &str) -> Result<(), OutputError> {
        let written = self.unfinished.write_all(text.as_bytes());
        let placed = written.and_then(|()| {
            let persisted = self.unfinished.persist(&self.place);
            persisted.map_err(|failed| failed.error)
        });
        placed
            .map(|_| ())
            .map_err(|error| OutputError::file(&self.place, error))
    }
}

impl OutputError {
    fn file(path: &Path, error: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            error,
        }
    }
}

/// A file with a place for the table, and everything around it.
#[derive(Debug)]
pub struct Frame {
    destination: Destination,
    before: String,
    after: String,
}

impl Frame {
    /// Reads `path`.
    ///
    /// # Errors
    /// It cannot be read or written, or has no markers.
    pub fn read(path: &Path) -> Result<Self, OutputError> {
        let text = fs::read_to_string(path).map_err(|error| OutputError::file(path, error))?;
        let (before, after) = split(&text).ok_or_else(|| OutputError::NoMarkers {
            path: path.to_owned(),
        })?;
        Ok(Self {
            destination: Destination::new(path)?,
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// Puts `table` into its place.
    ///
    /// # Errors
    /// The file could not be written; it is unchanged.
    pub fn fill(self, table: &str) -> Result<(), OutputError> {
        let text = format!("{}\n```\n{table}```\n{}", self.before, self.after);
        self.destination.write(&text)
    }
}

/// What stands up to the first marker and from the last one on, markers included.
fn split(text: &str) -> Option<(&str, &str)> {
    let before_end = text.find(BEGIN)? + BEGIN.len();
    let after_at = before_end + text[before_end..].find(END)?;
    Some((&text[..before_end], &text[after_at..]))
}

/// Writes `text` to standard output. A reader that has gone is no error: it had seen enough.
pub fn print(text: &str) {
    // Whoever gave us a full disk as standard output sees it by what is missing.
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Says `message` on standard error.
pub fn complain(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", message.trim_end());
}

/// Says what is going on, if somebody watches.
pub fn show_progress(message: &str) {
    if io::stderr().is_terminal() {
        complain(message);
    }
}

/// As any new file, less what the process's umask takes away; a temporary file would be private.
fn new_file_permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o666)
}

const BEGIN: &str = "<!-- table: begin -->";
const END: &str = "<!-- table: end -->";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_replaced_and_all_else_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("README.md");
        fs::write(&path, format!("head\n{BEGIN}\nold\n{END}\ntail\n")).expect("written");
        for table in ["first\n", "second\n"] {
            Frame::read(&path)
                .expect("it has markers")
                .fill(table)
                .expect("filled");
            let text = fs::read_to_string(&path).expect("it is there");
            assert_eq!(
                text,
                format!("head\n{BEGIN}\n```\n{table}```\n{END}\ntail\n")
            );
        }
    }

    #[test]
    fn a_file_without_markers_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("README.md");
        fs::write(&path, format!("{END}\n{BEGIN}\n")).expect("written");
        let error = Frame::read(&path).expect_err("they stand in the wrong order");
        assert!(error.to_string().contains(BEGIN), "{error}");
        assert!(Frame::read(&folder.path().join("none.md")).is_err());
    }

    #[test]
    fn what_cannot_be_written_is_known_before_the_run() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Destination::new(folder.path()).is_err());
        assert!(Destination::new(&folder.path().join("none/figures.json")).is_err());
    }
}
