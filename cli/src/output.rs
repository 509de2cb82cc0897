//! Where results go: standard output, a file that is complete or not there, or whatever else stands
//! at a path (a FIFO, a terminal), which is written to and never replaced.

mod unfinished;

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::interrupt::Interrupt;
use unfinished::Unfinished;

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// To a file.
    #[error(
        "cannot write {path}: {error}\n  accepted: {}",
        accepted(error.kind())
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A signal came before anybody read.
    #[error("aborted by a signal before anybody read {path}: nothing was run")]
    Interrupted {
        /// The FIFO.
        path: PathBuf,
    },
    /// To standard output.
    #[error("cannot write to standard output: {0}")]
    Stdout(io::Error),
}

/// Where a path leads, found before the run, so that no long run ends with nothing to show.
#[derive(Debug)]
pub enum Destination {
    /// Standard output: no path, or `-`.
    Stdout,
    /// A regular file, or none yet; behind all symbolic links, which stay.
    File {
        /// As the user named it.
        named: PathBuf,
        /// Where it is.
        place: PathBuf,
        /// Of the file that is there, if one is.
        permissions: Option<Permissions>,
    },
    /// Something that is no regular file, open.
    Special {
        /// As the user named it.
        named: PathBuf,
        /// Where to write.
        file: File,
    },
}

/// A destination that is ready for the result.
#[derive(Debug)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// A file, put in its place when complete.
    File {
        /// As the user named it.
        named: PathBuf,
        /// Where it will be.
        place: PathBuf,
        /// What is written; gone if the run is.
        unfinished: Unfinished,
    },
    /// Something that is no regular file.
    Special {
        /// As the user named it.
        named: PathBuf,
        /// Where to write.
        file: File,
    },
}

impl Destination {
    /// Where `path` leads. A FIFO is opened here, which takes until somebody reads it, or until
    /// `interrupt` is raised.
    ///
    /// # Errors
    /// There is a folder, or something that cannot be written; or it was interrupted.
    pub fn of(path: Option<&Path>, interrupt: &Interrupt) -> Result<Self, OutputError> {
        match path {
            Some(path) if path != Path::new("-") => {
                Self::at(path, interrupt).map_err(|error| match error.kind() {
                    ErrorKind::Interrupted => OutputError::Interrupted {
                        path: path.to_owned(),
                    },
                    _ => OutputError::file(path, error),
                })
            }
            _ => Ok(Self::Stdout),
        }
    }

    fn at(path: &Path, interrupt: &Interrupt) -> io::Result<Self> {
        let named = path.to_owned();
        let found = match fs::metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self::File {
                    place: end_of_links(path)?,
                    named,
                    permissions: None,
                });
            }
            Err(error) => return Err(error),
        };
        if found.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        // Also where the file will be replaced: one that may not be written to is left alone.
        let file = if found.file_type().is_fifo() {
            open_fifo(path, interrupt)?
        } else {
            File::options().write(true).open(path)?
        };
        if !found.is_file() {
            return Ok(Self::Special { named, file });
        }
        Ok(Self::File {
            place: fs::canonicalize(path)?,
            named,
            permissions: Some(found.permissions()),
        })
    }

    /// Makes ready to write there. Where the file system has no files without names, a process that is
    /// killed leaves one behind.
    ///
    /// # Errors
    /// The file's folder cannot be written.
    pub fn open(self) -> Result<Output, OutputError> {
        match self {
            Self::Stdout => Ok(Output::Stdout),
            Self::Special { named, file } => Ok(Output::Special { named, file }),
            Self::File {
                named,
                place,
                permissions,
            } => match Unfinished::beside(&place, permissions) {
                Ok(unfinished) => Ok(Output::File {
                    named,
                    place,
                    unfinished,
                }),
                Err(error) => Err(OutputError::file(&named, error)),
            },
        }
    }
}

/// A result that is written, as far as it can be taken back.
#[derive(Debug)]
pub enum Filled {
    /// A regular file, complete, and not yet in its place.
    File {
        /// As the user named it.
        named: PathBuf,
        /// Where it will be.
        place: PathBuf,
        /// What is written; gone if it is dropped.
        unplaced: Unfinished,
    },
    /// What stands at another place as soon as it is written.
    Stream {
        /// Where it goes: [`Output::Stdout`] or [`Output::Special`].
        output: Output,
        /// All of it.
        text: String,
    },
}

impl Destination {
    /// Whether `other` is the same place.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stdout, Self::Stdout) => true,
            (Self::File { place: ours, .. }, Self::File { place: theirs, .. }) => {
                let real = |place: &Path| {
                    let folder = fs::canonicalize(folder_of(place));
                    folder
                        .unwrap_or_default()
                        .join(place.file_name().unwrap_or_default())
                };
                real(ours) == real(theirs)
            }
            (Self::Special { named: ours, .. }, Self::Special { named: theirs, .. }) => {
                ours == theirs
            }
            _ => false,
        }
    }
}

impl Output {
    /// Writes `text`, all of it. A reader that has gone is no error: it had seen enough.
    ///
    /// # Errors
    /// It could not be written; a regular file that was there before is unchanged.
    pub fn write(self, text: String) -> Result<(), OutputError> {
        self.fill(text)?.finish()
    }

    /// Writes `text` into a file that is not in its place yet; keeps it for what is none.
    ///
    /// # Errors
    /// The file could not be written, and is gone.
    pub fn fill(self, text: String) -> Result<Filled, OutputError> {
        let Self::File {
            named,
            place,
            mut unfinished,
        } = self
        else {
            return Ok(Filled::Stream { output: self, text });
        };
        match unfinished.write(text.as_bytes()) {
            Ok(()) => Ok(Filled::File {
                named,
                place,
                unplaced: unfinished,
            }),
            Err(error) => Err(OutputError::file(&named, error)),
        }
    }
}

impl Filled {
    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// Puts the file in its place, or writes the stream. A reader that has gone is no error.
    ///
    /// # Errors
    /// It could not be placed or written; a regular file that was there before is unchanged.
    pub fn finish(self) -> Result<(), OutputError> {
        match self {
            Self::File {
                named,
                place,
                unplaced,
            } => unplaced
                .put_at(&place)
                .map_err(|error| OutputError::file(&named, error)),
            Self::Stream { output, text } => match output {
                Output::Special { named, file } => {
                    write_to_reader(file, &text).map_err(|error| OutputError::file(&named, error))
                }
                _ => write_to_reader(io::stdout().lock(), &text).map_err(OutputError::Stdout),
            },
        }
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

/// What would be written instead.
fn accepted(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "a place with room for it: mind the disk, a quota, `ulimit -f`"
        }
        _ => "a file in a folder that exists and can be written",
    }
}

/// A command of this program with its arguments, quoted for a shell.
pub fn shell(command: &str, words: impl IntoIterator<Item = String>) -> String {
    format!("pausewake {command} {}", quoted(words))
}

/// `words` as a shell reads them.
pub fn quoted(words: impl IntoIterator<Item = String>) -> String {
    // Arguments of a process have no zero bytes, which alone cannot be quoted.
    let quoted = words.into_iter().map(|word| match shlex::try_quote(&word) {
        Ok(quoted) => quoted.into_owned(),
        Err(_) => format!("{word:?}"),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Opens a FIFO for writing when somebody reads it. An open that waits would not see a signal: it is
/// begun again behind every handler.
fn open_fifo(path: &Path, interrupt: &Interrupt) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    loop {
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => {
                // What is written waits for the reader, as it does in any pipe.
                rustix::fs::fcntl_setfl(&fd, OFlags::empty())?;
                return Ok(File::from(fd));
            }
            Err(Errno::NXIO) if interrupt.is_raised() => return Err(ErrorKind::Interrupted.into()),
            Err(Errno::NXIO) => std::thread::sleep(READER_GLANCE),
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn write_to_reader(mut writer: impl Write, text: &str) -> io::Result<()> {
    let written = writer
        .write_all(text.as_bytes())
        .and_then(|()| writer.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Where the symbolic links at `path`, where nothing is yet, lead in the end.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut place = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&place) {
            Ok(target) => place = folder_of(&place).join(target),
            // No link: here it ends.
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Between two looks for a reader.
const READER_GLANCE: Duration = Duration::from_millis(10);
/// As many as Linux follows.
const MAX_LINKS: usize = 40;
