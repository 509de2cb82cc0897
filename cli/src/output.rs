//! Where results go: standard output, or a file that is complete or not there.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// To a file.
    #[error(
        "cannot write {path}: {error}\n  accepted: a file in a folder that exists and can be written"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// To standard output.
    #[error("cannot write to standard output: {0}")]
    Stdout(io::Error),
}

/// A place for the result that was found writable before the run, so that no long run ends with
/// nothing to show.
#[derive(Debug)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// A file, written beside its place and moved there when complete.
    File {
        /// Where it will be.
        path: PathBuf,
        /// What is written; gone if the run is.
        unfinished: tempfile::NamedTempFile,
    },
}

impl Output {
    /// Makes ready to write to `path`, or to standard output.
    ///
    /// # Errors
    /// The file's folder cannot be written, or `path` is a folder.
    pub fn open(path: Option<&Path>) -> Result<Self, OutputError> {
        let Some(path) = path else {
            return Ok(Self::Stdout);
        };
        let fail = |error| OutputError::File {
            path: path.to_owned(),
            error,
        };
        if path.is_dir() {
            return Err(fail(ErrorKind::IsADirectory.into()));
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let unfinished = tempfile::Builder::new()
            .prefix(".pausewake-")
            .permissions(permissions())
            .tempfile_in(folder)
            .map_err(fail)?;
        Ok(Self::File {
            path: path.to_owned(),
            unfinished,
        })
    }

    /// Writes `text`, all of it. A reader of standard output that has gone is no error: it had seen
    /// enough.
    ///
    /// # Errors
    /// It could not be written; a file that was there before is unchanged.
    pub fn write(self, text: &str) -> Result<(), OutputError> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                let written = stdout
                    .write_all(text.as_bytes())
                    .and_then(|()| stdout.flush());
                match written {
                    Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                        Err(OutputError::Stdout(error))
                    }
                    _ => Ok(()),
                }
            }
            Self::File {
                path,
                mut unfinished,
            } => {
                let file = unfinished.as_file_mut();
                let written = file
                    .write_all(text.as_bytes())
                    .and_then(|()| file.sync_all());
                let placed =
                    written.and_then(|()| unfinished.persist(&path).map_err(|failed| failed.error));
                match placed {
                    Ok(_) => Ok(()),
                    Err(error) => Err(OutputError::File { path, error }),
                }
            }
        }
    }
}

/// As any new file, less what the process's umask takes away; a temporary file would be private.
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}
