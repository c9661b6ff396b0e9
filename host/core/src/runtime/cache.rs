//! A cache of compiled components on disk. Compiling one takes a few hundred
//! milliseconds, loading it from the cache less than one.
//!
//! The cached files contain native code. So the host loads only files that it
//! wrote itself, from a folder that only its user can write to. The file name
//! consists of the component's hash and wasmtime's compatibility hash. A checksum
//! at the end detects a file that is damaged or was renamed. If anything is wrong,
//! the component is compiled again: the cache never makes a load fail. wasmtime's
//! own cache checks neither the permissions of its folder nor the content of a
//! file, and it decompresses files instead of mapping them.
//!
//! Files that have not been used for a long time are removed. If the cache is too
//! large, the least recently used files are removed too. A process that has loaded
//! a file holds a lock on it, so no other process removes it. The operating system
//! releases the lock however the process ends. The time of the last use is the
//! file's modification time.

use std::fs::{self, File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use memmap2::Mmap;
use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;
use wasmtime::Engine;
use wasmtime::component::Component;

/// How long an unused file is kept.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);
/// The maximum size of all files together, in bytes. A connector takes 1 MB, or
/// 60 MB if it contains the engine of a scripting language.
const MAX_SIZE: u64 = 1 << 30;

/// A cache in a folder.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
}

/// A compiled component.
pub(crate) struct Compiled {
    pub(crate) component: Component,
    /// Keeps the component's file in the cache, if there is one.
    pub(crate) in_use: Option<InUse>,
}

/// A lock that keeps a file in the cache for as long as it is held.
pub(crate) struct InUse {
    _file: File,
}

/// The hash that identifies a component in the cache.
pub(crate) fn hash(wasm: &[u8]) -> String {
    format!("{:x}", Sha256::digest(wasm))
}

/// Compiles a component and stores it in the cache, if there is one.
pub(crate) fn compile(
    cache: Option<&Cache>,
    engine: &Engine,
    wasm: &[u8],
    hash: &str,
) -> wasmtime::Result<Compiled> {
    match cache {
        Some(cache) => cache.compile(engine, wasm, hash),
        None => Component::from_binary(engine, wasm)
            .map(|component| Compiled { component, in_use: None }),
    }
}

impl Cache {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Loads the component, if it is in the cache.
    pub(crate) fn find(&self, engine: &Engine, hash: &str) -> Option<Compiled> {
        self.read(engine, &self.path(engine, hash))
    }

    /// Compiles a component and stores it.
    fn compile(&self, engine: &Engine, wasm: &[u8], hash: &str) -> wasmtime::Result<Compiled> {
        let path = self.path(engine, hash);
        let code = engine.precompile_component(wasm)?;
        let written = self.write(&path, &code);
        if let Err(error) = &written {
            tracing::warn!(%error, path = %path.display(), "cannot cache the compiled component");
        }
        Ok(Compiled { component: deserialize(engine, &code)?, in_use: written.ok() })
    }

    fn path(&self, engine: &Engine, hash: &str) -> PathBuf {
        self.dir.join(format!("{hash}-{:016x}.cwasm", compatibility(engine)))
    }

    fn read(&self, engine: &Engine, path: &Path) -> Option<Compiled> {
        check_private(&self.dir).ok()?;
        check_private(path).ok()?;
        let file = File::open(path).ok()?;
        if !lock(&file) {
            return None;
        }
        if !is_whole(&file, path).ok()? {
            tracing::warn!(path = %path.display(), "the cached component is damaged");
            return None;
        }
        let component = deserialize_file(engine, path).ok()?;
        // This fails on a read-only disk, where nothing is removed either.
        let _ = file.set_modified(SystemTime::now());
        Some(Compiled { component, in_use: Some(InUse { _file: file }) })
    }

    fn write(&self, path: &Path, code: &[u8]) -> io::Result<InUse> {
        create_private(&self.dir)?;
        check_private(&self.dir)?;
        // A temporary file has mode 0600. Renaming it is atomic, so another process
        // sees the whole file or none.
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        lock(file.as_file());
        file.write_all(code)?;
        let mut checksum = Checksum::new(path);
        checksum.write(code);
        file.write_all(&checksum.finish())?;
        let file = file.persist(path)?;
        evict(&self.dir, MAX_AGE, MAX_SIZE);
        Ok(InUse { _file: file })
    }
}

/// Marks a file as in use by this process. Returns `false` if another process is
/// about to remove it. On file systems without locks, no file is removed.
fn lock(file: &File) -> bool {
    !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Removes the files that have not been used for longer than `max_age`, then the
/// least recently used ones until the rest takes at most `max_size`. Files in use
/// are kept.
fn evict(dir: &Path, max_age: Duration, max_size: u64) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut files: Vec<(Duration, u64, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            // A time in the future comes from another clock and counts as just now.
            let age = metadata.modified().ok()?.elapsed().unwrap_or_default();
            Some((age, metadata.len(), entry.path()))
        })
        .collect();
    files.sort_unstable();
    let mut size: u64 = files.iter().map(|(_, length, _)| length).sum();
    for (age, length, path) in files.into_iter().rev() {
        if age <= max_age && size <= max_size {
            break;
        }
        if remove_unused(&path) {
            size -= length;
        }
    }
}

/// Removes a file unless it is in use. Returns whether it was removed.
fn remove_unused(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    // A process that opens it now finds it locked and compiles the component again.
    let is_removed = file.try_lock().is_ok() && fs::remove_file(path).is_ok();
    if is_removed {
        tracing::debug!(path = %path.display(), "removed a compiled component from the cache");
    }
    is_removed
}

/// A checksum of a file's name and content. It guards only against accidents:
/// anyone who can write to the folder can also write a checksum.
struct Checksum(XxHash3_128);

impl Checksum {
    const LENGTH: usize = 16;

    fn new(path: &Path) -> Self {
        let mut hasher = XxHash3_128::new();
        hasher.write(path.file_name().unwrap_or_default().as_encoded_bytes());
        Self(hasher)
    }

    fn write(&mut self, content: &[u8]) {
        self.0.write(content);
    }

    fn finish(self) -> [u8; Self::LENGTH] {
        self.0.finish_128().to_le_bytes()
    }
}

/// Whether the checksum at the end of the file matches.
#[allow(unsafe_code, reason = "mapping the file saves copying all of it")]
fn is_whole(file: &File, path: &Path) -> io::Result<bool> {
    // SAFETY: only this user can write to the file (`check_private`), and no
    // host writes to a file that has its name.
    let mapped = unsafe { Mmap::map(file) }?;
    let Some((content, stored)) = mapped.split_last_chunk() else { return Ok(false) };
    let mut checksum = Checksum::new(path);
    checksum.write(content);
    Ok(*stored == checksum.finish())
}

/// Loads native code that was compiled just now.
#[allow(unsafe_code, reason = "loading native code is the purpose of this module")]
fn deserialize(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `compiled` comes from `precompile_component` of this engine.
    unsafe { Component::deserialize(engine, compiled) }
}

/// Maps a file. Its code is not copied, and all processes share the memory.
#[allow(unsafe_code, reason = "loading native code is the purpose of this module")]
fn deserialize_file(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the content comes from `precompile_component` of an engine with the
    // same compatibility hash. Only this user could have written it
    // (`check_private`), its checksum matches, and no host modifies a file once it
    // has its name.
    unsafe { Component::deserialize_file(engine, path) }
}

/// A hash of wasmtime's version, its settings and the processor's features.
fn compatibility(engine: &Engine) -> u64 {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

#[cfg(unix)]
fn create_private(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Checks that only this user can write to the file or folder.
#[cfg(unix)]
fn check_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(path)?;
    let mine = metadata.uid() == rustix::process::geteuid().as_raw();
    if metadata.is_symlink() || metadata.mode() & 0o022 != 0 || !mine {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is writable by other users or owned by one",
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn create_private(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

/// Elsewhere the user's own cache folder is private by default.
#[cfg(not(unix))]
fn check_private(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a symbolic link"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// A folder with files of ten bytes. The numbers are days since the last use.
    fn cache(files: &[(&str, u32)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, days) in files {
            let file = File::create(dir.path().join(name)).unwrap();
            file.set_len(10).unwrap();
            file.set_modified(SystemTime::now() - DAY * *days).unwrap();
        }
        dir
    }

    /// The names of the files in the folder.
    fn names(dir: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(dir.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn removes_old_files() {
        let dir = cache(&[("new", 0), ("young", 29), ("old", 31), ("older", 300)]);
        evict(dir.path(), DAY * 30, 1000);
        assert_eq!(names(&dir), ["new", "young"]);
    }

    #[test]
    fn removes_the_least_recently_used_files_when_too_large() {
        for (max_size, left) in [
            (1000, &["a", "b", "c", "d"][..]),
            (40, &["a", "b", "c", "d"]),
            (39, &["a", "b", "d"]),
            (25, &["b", "d"]),
            (10, &["d"]),
            (0, &[]),
        ] {
            let dir = cache(&[("a", 3), ("b", 2), ("c", 4), ("d", 1)]);
            evict(dir.path(), DAY * 30, max_size);
            assert_eq!(names(&dir), left, "{max_size}");
        }
    }

    #[test]
    fn keeps_files_in_use() {
        let dir = cache(&[("used", 300), ("old", 31), ("young", 3)]);
        let path = dir.path().join("used");
        let [one, other] = [File::open(&path).unwrap(), File::open(&path).unwrap()];
        assert!(lock(&one) && lock(&other), "both can use it");
        evict(dir.path(), DAY * 30, 0);
        assert_eq!(names(&dir), ["used"]);
        drop(one);
        evict(dir.path(), DAY * 30, 0);
        assert_eq!(names(&dir), ["used"]);
        drop(other);
        evict(dir.path(), DAY * 30, 0);
        assert_eq!(names(&dir), [""; 0]);
    }

    #[test]
    fn does_not_use_a_file_that_is_being_removed() {
        let dir = cache(&[("a", 0)]);
        let path = dir.path().join("a");
        let removing = File::open(&path).unwrap();
        removing.try_lock().unwrap();
        assert!(!lock(&File::open(&path).unwrap()));
    }

    #[test]
    fn keeps_a_file_with_a_time_in_the_future() {
        let dir = cache(&[("a", 0)]);
        let file = File::open(dir.path().join("a")).unwrap();
        file.set_modified(SystemTime::now() + DAY * 365).unwrap();
        evict(dir.path(), DAY * 30, 1000);
        assert_eq!(names(&dir), ["a"]);
    }
}
