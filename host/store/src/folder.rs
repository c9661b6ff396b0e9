//! A folder that only its owner can access, and the files in it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// The folder.
#[derive(Debug)]
pub(super) struct PrivateFolder {
    path: PathBuf,
}

impl PrivateFolder {
    /// Opens the folder, and creates it if it does not exist.
    ///
    /// # Errors
    /// If it cannot be created, or if others can access it.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let unusable = |error| StoreError::File { path: path.to_owned(), error };
        private::make_folder(path).map_err(|error| match error.kind() {
            // The path is a file.
            io::ErrorKind::AlreadyExists => unusable(io::ErrorKind::NotADirectory.into()),
            _ => unusable(error),
        })?;
        let path = path.canonicalize().map_err(unusable)?;
        private::check(&path, private::FOLDER)?;
        private::check_parent(&path)?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Creates an empty file if it does not exist.
    ///
    /// # Errors
    /// If it cannot be created, or if others can read it.
    pub(super) fn make_file(&self, name: &str) -> Result<(), StoreError> {
        match self.create(name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(StoreError::File { path: self.path_of(name), error })
            }
            _ => self.check_file(name),
        }
    }

    /// Creates a file that must not exist yet.
    pub(super) fn create(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        private::restrict(&mut options);
        options.open(self.path_of(name))
    }

    /// Checks that others cannot access a file. The file need not exist.
    ///
    /// # Errors
    /// If they can.
    pub(super) fn check_file(&self, name: &str) -> Result<(), StoreError> {
        match private::check(&self.path_of(name), private::FILE) {
            Err(StoreError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                Ok(())
            }
            checked => checked,
        }
    }

    /// Returns the file names that start with a prefix.
    pub(super) fn names(&self, prefix: &str) -> Vec<String> {
        let entries = fs::read_dir(&self.path).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter(|name| name.starts_with(prefix)).collect()
    }

    /// Flushes the folder's directory entries to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        private::sync_folder(&self.path)
    }
}

#[cfg(unix)]
mod private {
    use std::fs::{self, DirBuilder, File, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use super::StoreError;

    pub(super) const FOLDER: u32 = 0o700;
    pub(super) const FILE: u32 = 0o600;

    pub(super) fn make_folder(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(FOLDER).create(path)
    }

    pub(super) fn restrict(options: &mut OpenOptions) {
        options.mode(FILE);
    }

    pub(super) fn check(path: &Path, needed: u32) -> Result<(), StoreError> {
        let metadata = fs::symlink_metadata(path)
            .map_err(|error| StoreError::File { path: path.to_owned(), error })?;
        let unsuitable = |what| Err(StoreError::Unsuitable { path: path.to_owned(), what });
        match needed {
            FOLDER if !metadata.is_dir() => return unsuitable("is not a directory"),
            FILE if !metadata.is_file() => return unsuitable("is not a regular file"),
            _ => {}
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return unsuitable("belongs to another user");
        }
        let mode = metadata.mode() & 0o7777;
        match mode & 0o077 {
            0 => Ok(()),
            _ => Err(StoreError::OpenToOthers { path: path.to_owned(), mode, needed }),
        }
    }

    /// A user who can write to the parent folder can replace this one, unless
    /// the parent is sticky like `/tmp`.
    pub(super) fn check_parent(path: &Path) -> Result<(), StoreError> {
        const STICKY: u32 = 0o1000;
        let Some(parent) = path.parent() else { return Ok(()) };
        let metadata = fs::symlink_metadata(parent)
            .map_err(|error| StoreError::File { path: parent.to_owned(), error })?;
        let mode = metadata.mode() & 0o7777;
        if mode & 0o002 == 0 || mode & STICKY != 0 {
            return Ok(());
        }
        let (path, needed) = (parent.to_owned(), mode & !0o002);
        Err(StoreError::OpenToOthers { path, mode, needed })
    }

    pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

/// On other systems a user's data folder is private by default.
#[cfg(not(unix))]
mod private {
    use std::fs::{self, OpenOptions};
    use std::io;
    use std::path::Path;

    use super::StoreError;

    pub(super) const FOLDER: u32 = 0o700;
    pub(super) const FILE: u32 = 0o600;

    pub(super) fn check_parent(_: &Path) -> Result<(), StoreError> {
        Ok(())
    }

    pub(super) fn make_folder(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    pub(super) fn restrict(_: &mut OpenOptions) {}

    pub(super) fn check(path: &Path, _: u32) -> Result<(), StoreError> {
        let metadata = fs::symlink_metadata(path)
            .map_err(|error| StoreError::File { path: path.to_owned(), error })?;
        if metadata.is_symlink() {
            return Err(StoreError::Unsuitable { path: path.to_owned(), what: "is a link" });
        }
        Ok(())
    }

    pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn new_files_and_folders_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let folder = PrivateFolder::open(&path).unwrap();
        folder.make_file("file").unwrap();
        folder.make_file("file").unwrap();
        assert_eq!((mode(&path), mode(&path.join("file"))), (0o700, 0o600));
        assert_eq!(folder.names("fi"), ["file"]);
        assert!(folder.create("file").is_err());
    }

    #[test]
    fn refuses_files_and_folders_that_others_can_read() {
        let dir = tempfile::tempdir().unwrap();
        set_mode(dir.path(), 0o750);
        let error = PrivateFolder::open(dir.path()).unwrap_err();
        assert!(error.to_string().ends_with("is accessible to others (mode 0750)"), "{error}");
        let path = dir.path().canonicalize().unwrap();
        let hint = format!("`chmod 700 {}` makes it private", path.display());
        assert_eq!(error.hint(), Some(hint));

        set_mode(dir.path(), 0o700);
        let folder = PrivateFolder::open(dir.path()).unwrap();
        folder.make_file("file").unwrap();
        set_mode(&folder.path_of("file"), 0o604);
        let error = folder.check_file("file").unwrap_err();
        assert!(error.to_string().contains("0604"), "{error}");
        assert!(error.hint().unwrap().starts_with("`chmod 600 "), "{error}");
    }

    #[test]
    fn refuses_links_and_files_of_the_wrong_type() {
        let dir = tempfile::tempdir().unwrap();
        set_mode(dir.path(), 0o700);
        let folder = PrivateFolder::open(dir.path()).unwrap();
        folder.make_file("file").unwrap();
        symlink("file", folder.path_of("link")).unwrap();
        for name in ["link", "."] {
            let error = folder.check_file(name).unwrap_err();
            assert!(error.to_string().ends_with("is not a regular file"), "{error}");
        }
        assert!(PrivateFolder::open(&folder.path_of("file")).is_err());
        folder.check_file("nothing").unwrap();
    }
}
