//! The host: an engine, a cache, and the limits on what connectors can reach.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::connector::{Connector, LoadError};
use crate::options::HostOptions;
use crate::runtime::bindings::Connector as World;
use crate::runtime::cache::{self, Cache};
use crate::runtime::complexity::{self, MAX_COMPONENT};
use crate::runtime::engine::engine;
use crate::runtime::json_schema::Validator;
use crate::runtime::state::State;

/// The length of a WebAssembly preamble: the magic number, the version and the
/// layer, which distinguishes a core module from a component.
const PREAMBLE: usize = 8;
const MAGIC: &[u8] = b"\0asm";
const CORE_LAYER: &[u8] = &[0, 0];

/// Loads connectors. Cheap to clone; clones share the engine.
#[derive(Clone)]
pub struct Host {
    engine: Engine,
    linker: Arc<Linker<State>>,
    validator: Validator,
    cache: Option<Cache>,
    pub(crate) options: HostOptions,
}

/// The engine could not be created.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the WebAssembly engine: {0}")]
pub struct HostError(String);

impl Host {
    /// Creates a host.
    ///
    /// # Errors
    /// If the machine cannot run WebAssembly.
    pub fn new(options: HostOptions) -> Result<Self, HostError> {
        let fail = |error: wasmtime::Error| HostError(format!("{error:#}"));
        let engine = engine(options.engine()).map_err(fail)?;
        let mut linker = Linker::new(&engine);
        World::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(fail)?;
        let cache = options.cache_dir.clone().map(Cache::new);
        let validator = Validator::new(cache.clone());
        Ok(Self { engine, linker: Arc::new(linker), validator, cache, options })
    }

    /// Reads a `.wasm` file.
    ///
    /// # Errors
    /// [`LoadError::Read`], also if the path is not a regular file.
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, LoadError> {
        let path = path.as_ref();
        read_file(path).map_err(|error| LoadError::Read { path: path.to_owned(), error })
    }

    /// Loads a connector from a `.wasm` file.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load_file(&self, path: impl AsRef<Path>) -> Result<Connector, LoadError> {
        let wasm = Self::read(path)?;
        self.load(&wasm)
    }

    /// Whether a component is in the cache, so that loading it does not compile
    /// anything.
    pub fn is_compiled(&self, wasm: &[u8]) -> bool {
        let cache = self.cache.as_ref();
        cache.is_some_and(|cache| cache.find(&self.engine, &cache::hash(wasm)).is_some())
    }

    /// Loads a connector: compiles it or takes it from the cache, checks its
    /// imports and exports, and reads its description.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(&self, wasm: &[u8]) -> Result<Connector, LoadError> {
        match wasm.get(..PREAMBLE) {
            Some(preamble) if preamble.starts_with(MAGIC) => {
                if preamble.ends_with(CORE_LAYER) {
                    return Err(LoadError::CoreModule);
                }
            }
            _ => return Err(LoadError::NotWebAssembly),
        }
        let (cache, hash) = (self.cache.as_ref(), cache::hash(wasm));
        let compiled = match cache.and_then(|cache| cache.find(&self.engine, &hash)) {
            Some(compiled) => Ok(compiled),
            None => {
                complexity::check(wasm)?;
                cache::compile(cache, &self.engine, wasm, &hash)
            }
        };
        let compiled = compiled.map_err(|error| LoadError::NotAComponent(format!("{error:#}")))?;
        let validator = self.validator.clone();
        Connector::new(&self.options, &self.linker, validator, compiled, hash, wasm.len())
    }
}

/// Reads a regular file. A pipe could block, and a device may have no end.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    if metadata.len() > MAX_COMPONENT as u64 {
        let message = format!("larger than {MAX_COMPONENT} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    fs::read(path)
}
