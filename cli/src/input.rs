//! Files that are read as a whole, and no more of them than a result or a scenario can be: what stands at
//! a path may have no end.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The most that is read of a scenario.
pub const MAX_SCENARIO_BYTES: u64 = 4 << 20;
/// The most that is read of any other file: one that messages are cut from, or a saved result. A sweep of
/// a thousand points takes a tenth of it.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// What is in the file at `path`, regular or not, if it is no more than `most_bytes`.
///
/// # Errors
/// It cannot be read, or it is longer ([`ErrorKind::FileTooLarge`]).
pub fn read(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    if found.is_file() && found.len() > most_bytes {
        return Err(too_large(most_bytes));
    }
    let mut bytes = Vec::new();
    file.take(most_bytes + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most_bytes {
        true => Err(too_large(most_bytes)),
        false => Ok(bytes),
    }
}

/// The same of a saved result, of which somebody may have to see first what it is: a pipe, which can be
/// read once, is kept.
///
/// # Errors
/// As [`read`].
pub fn read_result(path: &Path) -> io::Result<Arc<[u8]>> {
    let mut pipes = PIPES.lock().unwrap_or_else(PoisonError::into_inner);
    let pipes = pipes.get_or_insert_default();
    if let Some(bytes) = pipes.get(path) {
        return Ok(bytes.clone());
    }
    let bytes: Arc<[u8]> = read(path, MAX_FILE_BYTES)?.into();
    if !path.is_file() {
        pipes.insert(path.to_owned(), bytes.clone());
    }
    Ok(bytes)
}

fn too_large(most_bytes: u64) -> io::Error {
    let most_mib = most_bytes >> 20;
    let wrong = format!("it is longer than {most_mib} MiB, the most that is read of such a file");
    io::Error::new(ErrorKind::FileTooLarge, wrong)
}

/// What was read of results that are no regular files.
static PIPES: Mutex<Option<HashMap<PathBuf, Arc<[u8]>>>> = Mutex::new(None);

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
}
