//! Files that are read as a whole, and no more of them than a result or a scenario can be: what stands at
//! a path may have no end.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// The most that is read of a scenario.
pub const MAX_SCENARIO_BYTES: u64 = 4 << 20;
/// The most that is read of any other file: one that messages are cut from, or a saved result. A sweep of
/// a thousand points takes a tenth of it.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// What is in the file at `path`, regular or not, if it is no more than `most_bytes`.
///
/// # Errors
/// It cannot be read, or it is longer ([`ErrorKind::FileTooLarge`]); it is a FIFO, and nobody comes to
/// write to it ([`ErrorKind::TimedOut`]).
pub fn read(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let (file, mut bytes) = open(path)?;
    let found = file.metadata()?;
    if found.is_file() && found.len() > most_bytes {
        return Err(too_large(most_bytes));
    }
    file.take(most_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most_bytes {
        true => Err(too_large(most_bytes)),
        false => Ok(bytes),
    }
}

/// The same of a saved result, of which somebody may have to see first what it is: what came of a pipe, which
/// can be read once, is kept.
///
/// # Errors
/// As [`read`]; or it is a terminal.
pub fn read_result(path: &Path) -> io::Result<Arc<[u8]>> {
    if path.is_file() {
        return Ok(read(path, MAX_FILE_BYTES)?.into());
    }
    let mut pipes = PIPES.lock().unwrap_or_else(PoisonError::into_inner);
    let pipes = pipes.get_or_insert_default();
    let came = pipes.entry(path.to_owned()).or_insert_with(|| {
        let came = match is_terminal(path) {
            true => Err(io::Error::new(ErrorKind::InvalidInput, TERMINAL)),
            false => read(path, MAX_FILE_BYTES),
        };
        let said = |error: io::Error| (error.kind(), error.to_string());
        came.map(Arc::from).map_err(said)
    });
    came.clone()
        .map_err(|(kind, said)| io::Error::new(kind, said))
}

/// Opens it for reading, and gives what was read to see whether there is something. The open of a FIFO takes
/// until somebody writes to it, which may be never: whoever is about to begin has a while for it, and who
/// has begun as long as it takes.
fn open(path: &Path) -> io::Result<(File, Vec<u8>)> {
    if !path.metadata()?.file_type().is_fifo() {
        return Ok((File::open(path)?, Vec::new()));
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty())?;
    let mut polled = [PollFd::new(&fd, PollFlags::IN)];
    let is_there = poll(&mut polled, Some(&WRITER_GRACE))? > 0;
    let mut begun = vec![0; 1];
    // Nothing to read is an end where nobody writes, and no answer yet where somebody does.
    let read = match rustix::io::read(&fd, &mut begun) {
        Ok(count) => Some(count),
        Err(Errno::AGAIN) => None,
        Err(errno) => return Err(errno.into()),
    };
    begun.truncate(read.unwrap_or(0));
    if !is_there && read == Some(0) {
        let wrong = format!(
            "it is a FIFO, and nobody has come to write to it within {} s",
            WRITER_GRACE.tv_sec
        );
        return Err(io::Error::new(ErrorKind::TimedOut, wrong));
    }
    rustix::fs::fcntl_setfl(&fd, OFlags::empty())?;
    Ok((File::from(fd), begun))
}

/// Whether it is one; what cannot be opened is none.
fn is_terminal(path: &Path) -> bool {
    let is_device = |found: std::fs::Metadata| found.file_type().is_char_device();
    let may_be = path.metadata().is_ok_and(is_device);
    may_be && File::open(path).is_ok_and(|file| file.is_terminal())
}

fn too_large(most_bytes: u64) -> io::Error {
    let most_mib = most_bytes >> 20;
    let wrong = format!("it is longer than {most_mib} MiB, the most that is read of such a file");
    io::Error::new(ErrorKind::FileTooLarge, wrong)
}

/// How long a FIFO may be without anybody who writes to it.
const WRITER_GRACE: Timespec = Timespec {
    tv_sec: 2,
    tv_nsec: 0,
};
const TERMINAL: &str = "it is a terminal, and nobody types a result";
/// What came of results that are no regular files.
static PIPES: Mutex<Option<HashMap<PathBuf, Came>>> = Mutex::new(None);

/// What was read, or why not.
type Came = Result<Arc<[u8]>, (ErrorKind, String)>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_as_long_as_that_and_no_longer() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("it");
        std::fs::write(&path, b"seven..").expect("it can be written");
        assert_eq!(read(&path, 7).expect("it is read"), b"seven..");
        let longer = read(&path, 6).expect_err("it is longer");
        assert_eq!(longer.kind(), ErrorKind::FileTooLarge);
        // What has no length has no end either.
        let endless = read(Path::new("/dev/zero"), 1_000).expect_err("it has no end");
        assert_eq!(endless.kind(), ErrorKind::FileTooLarge);
        assert_eq!(read(Path::new("/dev/null"), 0).expect("it is read"), b"");
    }

    fn fifo(folder: &Path) -> PathBuf {
        let path = folder.join("fifo");
        let made = rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            Mode::from_raw_mode(0o600),
            0,
        );
        made.expect("a FIFO");
        path
    }

    /// Nobody comes, and the read ends all the same.
    #[test]
    fn a_fifo_that_nobody_writes_to_is_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let alone = read(&fifo(folder.path()), 7).expect_err("nobody writes");
        assert_eq!(alone.kind(), ErrorKind::TimedOut);
        assert!(alone.to_string().contains("nobody has come"), "{alone}");
    }

    /// Whether the writer or the reader is first, and with a rest in the middle: all of it is read.
    #[test]
    fn a_fifo_is_read_to_its_end() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = fifo(folder.path());
        let written = std::thread::scope(|scope| {
            let reader = scope.spawn(|| read(&path, 100));
            // Its open waits for the reader's.
            let mut writer = File::options().write(true).open(&path).expect("a FIFO");
            for part in ["one ", "two ", "three"] {
                io::Write::write_all(&mut writer, part.as_bytes()).expect("a reader");
                std::thread::yield_now();
            }
            drop(writer);
            reader.join().expect("no panic")
        });
        assert_eq!(written.expect("it is read"), b"one two three");
    }
}
