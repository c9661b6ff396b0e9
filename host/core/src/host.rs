//! The host: an engine, a cache, and what it lets connectors reach.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings::Connector as World;
use crate::cache::{Cache, Compiled};
use crate::complexity;
use crate::connector::{Connector, LoadError};
use crate::egress::{AddressPolicy, Authorities, BaseUrl};
use crate::engine::{EngineOptions, engine};
use crate::state::State;

/// What WebAssembly begins with: the magic number, the version and the layer, by
/// which a core module differs from a component.
const PREAMBLE: usize = 8;
const MAGIC: &[u8] = b"\0asm";
const CORE_LAYER: &[u8] = &[0, 0];

/// Loads connectors. Cheap to clone; clones share the engine.
#[derive(Clone)]
pub struct Host {
    pub(crate) engine: Engine,
    linker: Arc<Linker<State>>,
    cache: Option<Cache>,
    pub(crate) options: HostOptions,
}

/// How a host is set up.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The most runs at the same time. Actions that a run calls as functions
    /// do not count: each run has room for those. Default: 64.
    pub concurrent_runs: u32,
    /// Where compiled components are kept, a folder only this user may write
    /// to. `None` compiles at each load. Default: the user's cache folder.
    pub cache_dir: Option<PathBuf>,
    /// Which addresses connections may lead to. Default: any by `https`,
    /// loopback by `http`; [`AddressPolicy::PrivateHttp`] allows a server of
    /// one's own, such as Ollama on the local network.
    pub addresses: AddressPolicy,
    /// The base URLs whose origins alone connections may lead to, whatever
    /// connectors and connections say. Default: any origin.
    pub origins: Option<Vec<BaseUrl>>,
    /// The most linear memory of a run in bytes. Default: 64 MiB.
    pub max_memory: usize,
    /// The most stack of a guest in bytes. Default: 512 KiB.
    pub max_stack: usize,
    /// How long opening a connection may take. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long a connection test, a list of choices or an output's schema may
    /// take, which a person waits for. Default: 30 s.
    pub ask_time: Duration,
    /// Further certificate authorities that connections trust, for servers of
    /// one's own. Default: the public ones only.
    pub authorities: Option<Authorities>,
}

impl Default for HostOptions {
    fn default() -> Self {
        let cache_dir = directories::ProjectDirs::from("", "", "connector")
            .map(|dirs| dirs.cache_dir().join("compiled"));
        Self {
            concurrent_runs: 64,
            cache_dir,
            addresses: AddressPolicy::Any,
            origins: None,
            max_memory: 64 << 20,
            max_stack: 512 << 10,
            connect_timeout: Duration::from_secs(10),
            ask_time: Duration::from_secs(30),
            authorities: None,
        }
    }
}

/// The engine could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the WebAssembly engine: {0}")]
pub struct HostError(String);

impl Host {
    /// Makes a host.
    ///
    /// # Errors
    /// If the machine cannot run WebAssembly at all.
    pub fn new(options: HostOptions) -> Result<Self, HostError> {
        let fail = |error: wasmtime::Error| HostError(format!("{error:#}"));
        let engine = engine(EngineOptions {
            concurrent_runs: options.concurrent_runs,
            max_memory: options.max_memory,
            max_stack: options.max_stack,
        })
        .map_err(fail)?;
        let mut linker = Linker::new(&engine);
        World::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(fail)?;
        let cache = options.cache_dir.clone().map(Cache::new);
        Ok(Self { engine, linker: Arc::new(linker), cache, options })
    }

    /// Loads a connector from a `.wasm` file.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load_file(&self, path: impl AsRef<Path>) -> Result<Connector, LoadError> {
        let path = path.as_ref();
        let wasm = std::fs::read(path)
            .map_err(|error| LoadError::Read { path: path.to_owned(), error })?;
        self.load(&wasm)
    }

    /// Whether a component is in the cache, so that loading it compiles
    /// nothing.
    pub fn is_compiled(&self, wasm: &[u8]) -> bool {
        let cache = self.cache.as_ref();
        cache.is_some_and(|cache| cache.find(&self.engine, &hash(wasm)).is_some())
    }

    /// Loads a connector: compiles it or takes it from the cache, checks what
    /// it imports and exports, and lets it describe itself.
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
        let hash = hash(wasm);
        let cached = self.cache.as_ref().and_then(|cache| cache.find(&self.engine, &hash));
        let compiled = match (cached, &self.cache) {
            (Some(compiled), _) => Ok(compiled),
            (None, cache) => {
                complexity::check(wasm)?;
                match cache {
                    Some(cache) => cache.compile(&self.engine, wasm, &hash),
                    None => Component::from_binary(&self.engine, wasm)
                        .map(|component| Compiled { component, in_use: None }),
                }
            }
        };
        let compiled = compiled.map_err(|error| LoadError::NotAComponent(format!("{error:#}")))?;
        Connector::new(self, &self.linker, compiled, hash, wasm.len())
    }
}

fn hash(wasm: &[u8]) -> String {
    format!("{:x}", Sha256::digest(wasm))
}
