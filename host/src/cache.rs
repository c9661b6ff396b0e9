//! Compiled components, kept on disk: compiling takes a few hundred
//! milliseconds, loading what was compiled less than one.
//!
//! What is loaded is native code. So the host loads only what it wrote
//! itself, into a folder that only its user can write to, under a name made
//! of the component's hash and of wasmtime's own compatibility hash, and with
//! a checksum at the end that tells a damaged file, or one that was put under
//! another's name. Anything that is not as it should be is compiled anew; the
//! cache never makes a load fail.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use twox_hash::XxHash3_128;
use wasmtime::Engine;
use wasmtime::component::Component;

/// How much is read of a file at once.
const CHUNK: usize = 64 * 1024;

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
}

impl Cache {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The component, from the cache if it is there, else compiled and kept.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        wasm: &[u8],
        hash: &str,
    ) -> wasmtime::Result<Component> {
        let path = self.dir.join(format!("{hash}-{:016x}.cwasm", compatibility(engine)));
        if let Some(component) = self.read(engine, &path) {
            return Ok(component);
        }
        let compiled = engine.precompile_component(wasm)?;
        if let Err(error) = self.write(&path, &compiled) {
            tracing::warn!(%error, path = %path.display(), "cannot keep the compiled component");
        }
        deserialize(engine, &compiled)
    }

    fn read(&self, engine: &Engine, path: &Path) -> Option<Component> {
        check_private(&self.dir).ok()?;
        check_private(path).ok()?;
        if !is_whole(path).ok()? {
            tracing::warn!(path = %path.display(), "the compiled component is damaged");
            return None;
        }
        deserialize_file(engine, path).ok()
    }

    fn write(&self, path: &Path, compiled: &[u8]) -> io::Result<()> {
        create_private(&self.dir)?;
        check_private(&self.dir)?;
        // A temporary file is made 0600; renaming it is atomic, so another
        // process sees the whole file or none.
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(compiled)?;
        let mut checksum = Checksum::new(path);
        checksum.write(compiled);
        file.write_all(&checksum.finish())?;
        file.persist(path)?;
        Ok(())
    }
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

/// Whether the checksum at the end of the file holds.
fn is_whole(path: &Path) -> io::Result<bool> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len().checked_sub(Checksum::LENGTH as u64);
    let mut content = BufReader::with_capacity(CHUNK, (&mut file).take(length.unwrap_or(0)));
    let mut checksum = Checksum::new(path);
    loop {
        let chunk = content.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        checksum.write(chunk);
        let count = chunk.len();
        content.consume(count);
    }
    let mut stated = Vec::new();
    file.read_to_end(&mut stated)?;
    Ok(stated == checksum.finish())
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
