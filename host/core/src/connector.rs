//! A loaded connector.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use wasmtime::component::Linker;

use crate::bindings::ConnectorPre as WorldPre;
use crate::cache::{Compiled, InUse};
use crate::complexity::TooComplex;
use crate::connection::{Connection, ConnectionValues};
use crate::descriptor::{Descriptor, DescriptorError};
use crate::failure::Failure;
use crate::host::{Host, HostOptions};
use crate::run::{self, Run};
use crate::state::State;

/// The package of `wit/` and its version. A connector built for another
/// track (semver: `0.1.x`) is refused.
pub(crate) const PACKAGE: &str = "workflow:connector";
pub(crate) const VERSION: (u64, u64, u64) = (0, 1, 0);

/// A loaded connector. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub pre: WorldPre<State>,
    pub descriptor: Descriptor,
    pub options: HostOptions,
    imports: Vec<String>,
    hash: String,
    size: usize,
    _in_use: Option<InUse>,
}

/// Why a component was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Something else than WebAssembly.
    #[error("not a WebAssembly component")]
    NotWebAssembly,
    /// What a component is made of.
    #[error("a WebAssembly core module, not a component")]
    CoreModule,
    /// A component that is damaged or uses features that are off.
    #[error("not a component this host can run: {0}")]
    NotAComponent(String),
    /// Compiling it would take too much time or memory.
    #[error("the component is too complicated to be compiled: {0}")]
    TooComplex(#[from] TooComplex),
    /// It wants more than a connector may have.
    #[error("the component imports `{0}`, and a connector may import {PACKAGE}/* only (no WASI)")]
    ForeignImport(String),
    /// Built for another version of the WIT package.
    #[error("the component speaks {PACKAGE}@{found}, and this host {PACKAGE}@{supported}")]
    UnsupportedVersion {
        /// The component's.
        found: String,
        /// The host's.
        supported: String,
    },
    /// It lacks an export, or an import or export has another type.
    #[error("the component does not fit {PACKAGE}: {0}")]
    Mismatch(String),
    /// Describing itself failed.
    #[error("the connector cannot describe itself: {0}")]
    Describe(Failure),
    /// What it says about itself contradicts itself.
    #[error("the connector's description is not valid: {0}")]
    Description(#[from] DescriptorError),
}

impl LoadError {
    pub(crate) fn mismatch(error: wasmtime::Error) -> Self {
        Self::Mismatch(format!("{error:#}"))
    }
}

impl Connector {
    pub(crate) fn new(
        host: &Host,
        linker: &Linker<State>,
        compiled: Compiled,
        hash: String,
        size: usize,
    ) -> Result<Self, LoadError> {
        let Compiled { component, in_use } = compiled;
        let kind = component.component_type();
        let imports: Vec<String> =
            kind.imports(&host.engine).map(|(name, _)| name.to_owned()).collect();
        let exports = kind.exports(&host.engine).map(|(name, _)| name.to_owned());
        for name in imports.iter() {
            check_import(name)?;
        }
        for name in exports {
            check_version(&name)?;
        }
        let pre = linker
            .instantiate_pre(&component)
            .and_then(WorldPre::new)
            .map_err(LoadError::mismatch)?;
        let descriptor = Descriptor::parse(run::describe(&pre, &host.options)?)?;
        let options = host.options.clone();
        let shared = Shared { pre, descriptor, options, imports, hash, size, _in_use: in_use };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What the connector says about itself.
    pub fn descriptor(&self) -> &Descriptor {
        &self.shared.descriptor
    }

    /// The interfaces it imports, such as `workflow:connector/http@0.1.0`.
    pub fn imports(&self) -> &[String] {
        &self.shared.imports
    }

    /// The SHA-256 of the component, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.shared.hash
    }

    /// The component's size in bytes.
    pub fn size(&self) -> usize {
        self.shared.size
    }

    /// Makes a connection from the values of the connection's properties.
    ///
    /// # Errors
    /// `invalid-input` with the property that is missing or not allowed;
    /// `unauthorized` if it is the credential that is missing.
    pub fn connection(&self, values: ConnectionValues) -> Result<Connection, Failure> {
        Connection::new(&self.shared.descriptor, values, &self.shared.options)
    }

    /// Prepares a run of an action with a JSON object as input.
    pub fn run(&self, action: impl Into<String>, input: Value) -> Run<'_> {
        Run::new(self, action.into(), input)
    }

    /// Makes the connector's cheapest authorized call and says what was
    /// reached.
    ///
    /// # Errors
    /// Why the provider was not reached.
    pub fn test(&self, connection: &Connection) -> Result<String, Failure> {
        run::test(self, connection)
    }

    /// The current choices of a property at a path such as `model`.
    ///
    /// # Errors
    /// `invalid-input` if the property has no dynamic choices. A provider
    /// that cannot be asked is no failure: the list is then `disabled` and
    /// says why.
    pub fn options(
        &self,
        connection: &Connection,
        action: &str,
        property: &str,
        input: &Value,
        search: Option<&str>,
    ) -> Result<run::OptionList, Failure> {
        run::options(self, connection, action, property, input, search)
    }

    /// The JSON Schema of an action's output for this input. Does no I/O.
    ///
    /// # Errors
    /// `invalid-input` as for a run.
    pub fn output_schema(&self, action: &str, input: Value) -> Result<Value, Failure> {
        run::output_schema(self, action, input)
    }
}

fn check_import(name: &str) -> Result<(), LoadError> {
    let ours = name.strip_prefix(PACKAGE).is_some_and(|rest| rest.starts_with('/'));
    if !ours {
        return Err(LoadError::ForeignImport(name.to_owned()));
    }
    check_version(name)
}

/// `workflow:connector/http@0.1.3` fits `0.1.0`; `@0.2.0` does not.
fn check_version(name: &str) -> Result<(), LoadError> {
    let Some((interface, found)) = name.split_once('@') else { return Ok(()) };
    if !interface.starts_with(PACKAGE) {
        return Ok(());
    }
    let (major, minor, patch) = VERSION;
    let mut parts = found.split('.').map(str::parse);
    let same_track = match major {
        0 => parts.next() == Some(Ok(major)) && parts.next() == Some(Ok(minor)),
        _ => parts.next() == Some(Ok(major)),
    };
    match same_track {
        true => Ok(()),
        false => Err(LoadError::UnsupportedVersion {
            found: found.to_owned(),
            supported: format!("{major}.{minor}.{patch}"),
        }),
    }
}
