//! A file that is not there until it is complete.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::{NamedTempFile, TempPath};

use super::folder_of;
use crate::interrupt;

/// A file that is being written, in the folder where it will be.
#[derive(Debug)]
pub struct Unfinished {
    file: File,
    /// `None` where the file system has files without a name: they go with the process, however it ends.
    /// Elsewhere the name goes when this is dropped, and when a signal comes that can be caught.
    name: Option<TempPath>,
}

impl Unfinished {
    /// One that will be at `place`, with the `permissions` of the one that it will replace, if there is
    /// one.
    ///
    /// # Errors
    /// What is wrong with the folder.
    pub fn beside(place: &Path, permissions: Option<Permissions>) -> io::Result<Self> {
        let unfinished = match nameless_in(folder_of(place)) {
            Some(file) => Self { file, name: None },
            None => Self::named_in(folder_of(place))?,
        };
        if let Some(permissions) = permissions {
            unfinished.file.set_permissions(permissions)?;
        }
        Ok(unfinished)
    }

    fn named_in(folder: &Path) -> io::Result<Self> {
        let made = builder().tempfile_in(folder);
        let (file, name) = made
            .map_err(|error| without_path(&error, folder))?
            .into_parts();
        interrupt::remove_if_killed(&name);
        Ok(Self {
            file,
            name: Some(name),
        })
    }

    /// Writes `bytes`, and waits until the disk has them.
    ///
    /// # Errors
    /// It could not be written.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_all()
    }

    /// Puts it at `place`, instead of what is there.
    ///
    /// # Errors
    /// It could not be put there; what was there is there still.
    pub fn put_at(self, place: &Path) -> io::Result<()> {
        let name = match self.name {
            Some(name) => name,
            // Nothing is there: it gets its name, and there is no moment in which it has another.
            None if link(&self.file, place).is_ok() => return Ok(()),
            // A link replaces nothing, and a rename does.
            None => linked_beside(&self.file, place)?,
        };
        name.persist(place).map_err(|failed| failed.error)
    }
}

/// A file without a name, where there are such, and they can be given one later.
fn nameless_in(folder: &Path) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(folder, flags, Mode::from_raw_mode(NEW_FILE_MODE)).ok()?;
    let file = File::from(file);
    fs::metadata(path_of(&file)).is_ok().then_some(file)
}

/// What leads to an open file, whatever its name is, if `/proc` is there.
fn path_of(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn link(file: &File, place: &Path) -> io::Result<()> {
    let linked = rustix::fs::linkat(CWD, path_of(file), CWD, place, AtFlags::SYMLINK_FOLLOW);
    Ok(linked?)
}

/// Gives `file` a name in the folder of `place` that nothing has.
fn linked_beside(file: &File, place: &Path) -> io::Result<TempPath> {
    let named: NamedTempFile<()> = builder().make_in(folder_of(place), |name| {
        interrupt::remove_if_killed(name);
        link(file, name)
    })?;
    Ok(named.into_temp_path())
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(".pausewake-")
        .permissions(Permissions::from_mode(NEW_FILE_MODE));
    builder
}

/// What is wrong, without the name of the unfinished file, which nobody asked for: what the system says of
/// its folder, or what kind of error it is.
fn without_path(error: &io::Error, folder: &Path) -> io::Error {
    match fs::metadata(folder) {
        Err(of_folder) => of_folder,
        Ok(_) => error.kind().into(),
    }
}

/// As any new file, less what the process's umask takes away; a temporary file would be private.
const NEW_FILE_MODE: u32 = 0o666;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// With a name and without one, whatever file system the tests run on.
    fn both(place: &Path) -> Vec<Unfinished> {
        let folder = folder_of(place);
        let nameless = nameless_in(folder).map(|file| Unfinished { file, name: None });
        let named = Unfinished::named_in(folder).unwrap();
        nameless.into_iter().chain([named]).collect()
    }

    #[test]
    fn it_is_there_when_it_is_complete_and_replaces_what_was() {
        for before in [None, Some("before")] {
            let folder = tempfile::tempdir().unwrap();
            let place = folder.path().join("it");
            for mut unfinished in both(&place) {
                let _ = fs::remove_file(&place);
                if let Some(before) = before {
                    fs::write(&place, before).unwrap();
                }
                unfinished.write(b"complete").unwrap();
                assert_eq!(fs::read_to_string(&place).ok().as_deref(), before);
                unfinished.put_at(&place).unwrap();
                assert_eq!(fs::read_to_string(&place).unwrap(), "complete");
            }
            assert_eq!(names(folder.path()), ["it"]);
        }
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("it");
        for mut unfinished in both(&place) {
            unfinished.write(b"half").unwrap();
            drop(unfinished);
        }
        assert!(names(folder.path()).is_empty());
        let nowhere = folder.path().join("no/it");
        let error = Unfinished::beside(&nowhere, None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        // A folder stands there: nothing takes its place, and nothing stays beside it.
        fs::create_dir(&place).unwrap();
        for unfinished in both(&place) {
            assert!(unfinished.put_at(&place).is_err());
        }
        assert_eq!(names(folder.path()), ["it"]);
    }
}
