//! Compiled components, kept on disk: compiling takes a few hundred
//! milliseconds, loading what was compiled less than one.
//!
//! What is loaded is native code. So the host loads only what it wrote
//! itself, into a folder that only its user can write to, under a name made
//! of the component's hash and of wasmtime's own compatibility hash, and with
//! a checksum at the end that tells a damaged file, or one that was put under
//! another's name. Anything that is not as it should be is compiled anew; the
//! cache never makes a load fail. wasmtime's own cache checks neither who may
//! write to its folder nor what is in a file, and decompresses each file instead
//! of mapping it.
//!
//! What was not used for a long time is removed, and so is what was not used
//! for the longest time when all of it takes too much space. Whoever has loaded
//! a file holds a lock on it, so that no process removes what another one uses:
//! the operating system releases the lock however that process ends. The time
//! of the last use is the file's modification time.

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

/// How long a file is kept that nobody uses.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How much all files may take together, in bytes. A connector takes 1 MB, one
/// that brings the engine of a scripting language 60 MB.
const MAX_SIZE: u64 = 1 << 30;

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
}

/// A compiled component.
pub(crate) struct Compiled {
    pub(crate) component: Component,
    /// Keeps its file in the cache, if it has one.
    pub(crate) in_use: Option<InUse>,
}

/// A lock that keeps a file in the cache for as long as it is held.
pub(crate) struct InUse {
    _file: File,
}

/// The name under which a component is stored.
pub(crate) fn hash(wasm: &[u8]) -> String {
    format!("{:x}", Sha256::digest(wasm))
}

/// Compiles a component, and keeps it where there is a cache.
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

    /// The component, if it is there.
    pub(crate) fn find(&self, engine: &Engine, hash: &str) -> Option<Compiled> {
        self.read(engine, &self.path(engine, hash))
    }

    /// Compiles a component and keeps it.
    fn compile(&self, engine: &Engine, wasm: &[u8], hash: &str) -> wasmtime::Result<Compiled> {
        let path = self.path(engine, hash);
        let code = engine.precompile_component(wasm)?;
        let written = self.write(&path, &code);
        if let Err(error) = &written {
            tracing::warn!(%error, path = %path.display(), "cannot keep the compiled component");
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
            tracing::warn!(path = %path.display(), "the compiled component is damaged");
            return None;
        }
        let component = deserialize_file(engine, path).ok()?;
        // On a disk that cannot be written to nothing is removed either.
        let _ = file.set_modified(SystemTime::now());
        Some(Compiled { component, in_use: Some(InUse { _file: file }) })
    }

    fn write(&self, path: &Path, code: &[u8]) -> io::Result<InUse> {
        create_private(&self.dir)?;
        check_private(&self.dir)?;
        // A temporary file is made 0600; renaming it is atomic, so another
        // process sees the whole file or none.
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

/// Marks a file as being in use, by this process among others. `false` if one
/// is about to remove it. Where files cannot be locked, none is removed.
fn lock(file: &File) -> bool {
    !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Removes the files that nobody has used for longer than `max_age`, and the
/// least recently used ones of the others until all take at most `max_size`.
/// Files that are in use stay.
fn evict(dir: &Path, max_age: Duration, max_size: u64) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut files: Vec<(Duration, u64, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            // One from the future was used just now, by another clock.
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

/// Removes a file unless somebody uses it.
fn remove_unused(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    // Who opens it meanwhile finds it locked, and compiles the component anew.
    let is_removed = file.try_lock().is_ok() && fs::remove_file(path).is_ok();
    if is_removed {
        tracing::debug!(path = %path.display(), "removed a compiled component from the cache");
    }
    is_removed
}

/// Of a file's name and content. Against accidents: who can write to the
/// folder could write a checksum too.
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

/// Whether the checksum at the end of the file is right.
#[allow(unsafe_code, reason = "mapping the file saves copying all of it")]
fn is_whole(file: &File, path: &Path) -> io::Result<bool> {
    // SAFETY: only this user can write to the file (`check_private`), and no
    // host writes to a file that has its name.
    let mapped = unsafe { Mmap::map(file) }?;
    let Some((content, stated)) = mapped.split_last_chunk() else { return Ok(false) };
    let mut checksum = Checksum::new(path);
    checksum.write(content);
    Ok(*stated == checksum.finish())
}

/// Takes what was compiled just now.
#[allow(unsafe_code, reason = "loading native code is what this module is about")]
fn deserialize(engine: &Engine, compiled: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `compiled` comes from `precompile_component` of this engine.
    unsafe { Component::deserialize(engine, compiled) }
}

/// Maps a file: its code is not copied, and is in memory once for all processes.
#[allow(unsafe_code, reason = "loading native code is what this module is about")]
fn deserialize_file(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: what stands there comes from `precompile_component` of an engine
    // with the same compatibility hash: only this user could have written it
    // (`check_private`), its checksum holds, and no host writes to a file that
    // has its name.
    unsafe { Component::deserialize_file(engine, path) }
}

/// Covers wasmtime's version, its settings and the processor's features.
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

/// Whether nobody but this user can write to the file or folder.
#[cfg(unix)]
fn check_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::symlink_metadata(path)?;
    let mine = metadata.uid() == rustix::process::geteuid().as_raw();
    if metadata.is_symlink() || metadata.mode() & 0o022 != 0 || !mine {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "others can write to it, or it belongs to somebody else",
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
    match fs::symlink_metadata(path)?.is_symlink() {
        true => Err(io::Error::new(io::ErrorKind::PermissionDenied, "a link")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// A folder with files of ten bytes, each last used so many days ago.
    fn cache(files: &[(&str, u32)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, days) in files {
            let file = File::create(dir.path().join(name)).unwrap();
            file.set_len(10).unwrap();
            file.set_modified(SystemTime::now() - DAY * *days).unwrap();
        }
        dir
    }

    /// What is left in the folder.
    fn names(dir: &tempfile::TempDir) -> Vec<String> {
        let entries = fs::read_dir(dir.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_is_old_goes() {
        let dir = cache(&[("new", 0), ("young", 29), ("old", 31), ("older", 300)]);
        evict(dir.path(), DAY * 30, 1000);
        assert_eq!(names(&dir), ["new", "young"]);
    }

    #[test]
    fn what_was_used_last_stays_where_all_is_too_large() {
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
    fn what_is_in_use_stays() {
        let dir = cache(&[("used", 300), ("old", 31), ("young", 3)]);
        let path = dir.path().join("used");
        let [one, other] = [File::open(&path).unwrap(), File::open(&path).unwrap()];
        assert!(lock(&one) && lock(&other), "both may use it");
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
    fn what_is_being_removed_is_not_used() {
        let dir = cache(&[("a", 0)]);
        let path = dir.path().join("a");
        let removing = File::open(&path).unwrap();
        removing.try_lock().unwrap();
        assert!(!lock(&File::open(&path).unwrap()));
    }

    #[test]
    fn a_time_in_the_future_is_no_age() {
        let dir = cache(&[("a", 0)]);
        let file = File::open(dir.path().join("a")).unwrap();
        file.set_modified(SystemTime::now() + DAY * 365).unwrap();
        evict(dir.path(), DAY * 30, 1000);
        assert_eq!(names(&dir), ["a"]);
    }
}
