//! A loaded connector.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Linker;

use crate::budget::{Cancellation, Limits};
use crate::connection::{Connection, ConnectionValues};
use crate::contract::{Action, Descriptor, DescriptorErrors, Failure, FailureKind};
use crate::egress::{Player, RecordMode, Recorder};
use crate::options::HostOptions;
use crate::runtime::bindings::{ConnectorPre as WorldPre, describe as wit_describe};
use crate::runtime::cache::{Compiled, InUse};
use crate::runtime::call::Call;
use crate::runtime::complexity::TooComplex;
use crate::runtime::engine::EngineOptions;
use crate::runtime::json_schema::Validator;
use crate::runtime::state::State;

/// The package in `wit/` and its version. A connector built for a version that is
/// not semver-compatible (`0.1.x`) is rejected.
pub(crate) const PACKAGE: &str = "workflow:connector";
pub(crate) const VERSION: (u64, u64, u64) = (0, 1, 0);

/// A connector that takes longer to describe itself is probably in a loop.
const DESCRIBE_TIME: Duration = Duration::from_secs(5);
/// About a hundred times the largest known description.
const DESCRIBE_BYTES: usize = 8 << 20;

/// A loaded connector. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    pub(crate) shared: Arc<Shared>,
    /// Cancels its queries.
    pub(crate) cancellation: Cancellation,
    /// Records or replays queries.
    pub(crate) record_mode: Option<RecordMode>,
}

pub(crate) struct Shared {
    pub pre: WorldPre<State>,
    pub descriptor: Descriptor,
    pub options: HostOptions,
    pub validator: Validator,
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
        /// The I/O error.
        error: io::Error,
    },
    /// Not WebAssembly.
    #[error("not a WebAssembly component")]
    NotWebAssembly,
    /// A core module, which is not a component.
    #[error("a WebAssembly core module, not a component")]
    CoreModule,
    /// A component that is damaged or uses features that are disabled.
    #[error("not a component this host can run: {0}")]
    NotAComponent(String),
    /// Compiling it would take too much time or memory.
    #[error("the component is too complex to compile: {0}")]
    TooComplex(#[from] TooComplex),
    /// It imports something that connectors may not use.
    #[error("the component imports `{0}`; a connector may only import {PACKAGE}/* (no WASI)")]
    ForeignImport(String),
    /// Built for another version of the WIT package.
    #[error("the component uses {PACKAGE}@{found}, but this host supports {PACKAGE}@{supported}")]
    UnsupportedVersion {
        /// The component's version.
        found: String,
        /// The host's version.
        supported: String,
    },
    /// An export is missing, or an import or export has the wrong type.
    #[error("the component does not implement {PACKAGE}: {0}")]
    Mismatch(String),
    /// The call to `describe` failed.
    #[error("the connector cannot describe itself: {0}")]
    Describe(Failure),
    /// The description is invalid.
    #[error("the connector's description is not valid: {0}")]
    Description(#[from] DescriptorErrors),
}

impl LoadError {
    pub(crate) fn mismatch(error: wasmtime::Error) -> Self {
        Self::Mismatch(format!("{error:#}"))
    }
}

impl Connector {
    pub(crate) fn new(
        options: &HostOptions,
        linker: &Linker<State>,
        validator: Validator,
        compiled: Compiled,
        hash: String,
        size: usize,
    ) -> Result<Self, LoadError> {
        let Compiled { component, in_use } = compiled;
        let kind = component.component_type();
        let engine = linker.engine();
        let imports: Vec<String> = kind.imports(engine).map(|(name, _)| name.to_owned()).collect();
        let exports = kind.exports(engine).map(|(name, _)| name.to_owned());
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
        let descriptor = Descriptor::parse(describe(&pre, &options.engine())?)?;
        let options = options.clone();
        let shared =
            Shared { pre, descriptor, options, validator, imports, hash, size, _in_use: in_use };
        Ok(Self {
            shared: Arc::new(shared),
            cancellation: Cancellation::default(),
            record_mode: None,
        })
    }

    /// Sets the token that cancels [`test`](Self::test), [`options`](Self::options)
    /// and [`output_schema`](Self::output_schema) when the caller stops waiting for
    /// them. Runs have their own token
    /// ([`Run::cancellation`](crate::Run::cancellation)).
    #[must_use]
    pub fn queries_stopped_by(mut self, cancellation: &Cancellation) -> Self {
        self.cancellation = cancellation.clone();
        self
    }

    /// Records the requests and responses of [`test`](Self::test) and
    /// [`options`](Self::options). [`Run::record`](crate::Run::record) records runs.
    #[must_use]
    pub fn queries_recorded_by(mut self, recorder: &Recorder) -> Self {
        self.record_mode = Some(RecordMode::Record(recorder.clone()));
        self
    }

    /// Answers the requests of [`test`](Self::test) and [`options`](Self::options)
    /// from a recording.
    #[must_use]
    pub fn queries_replayed_by(mut self, player: &Player) -> Self {
        self.record_mode = Some(RecordMode::Replay(player.clone()));
        self
    }

    /// The connector's description.
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

    /// Creates a connection from the values of its properties.
    ///
    /// # Errors
    /// `invalid-input` with the property that is missing or invalid, or
    /// `unauthorized` if the credential is missing.
    pub fn connection(&self, values: ConnectionValues) -> Result<Connection, Failure> {
        Connection::new(&self.shared.descriptor, values, &self.shared.options)
    }

    /// The action with this name.
    ///
    /// # Errors
    /// `invalid-input`, with the names of the available actions.
    pub(crate) fn action(&self, name: &str) -> Result<&Action, Failure> {
        let descriptor = self.descriptor();
        descriptor.action(name).ok_or_else(|| {
            let names: Vec<&str> =
                descriptor.actions.iter().map(|action| action.name.as_str()).collect();
            let message = format!(
                "`{}` has no action `{}`; available: {}",
                descriptor.name,
                name.escape_debug(),
                names.join(", ")
            );
            Failure::new(FailureKind::InvalidInput, message)
        })
    }

    /// The part of a connection that the connector may see, as JSON.
    ///
    /// # Errors
    /// If the connection belongs to another connector.
    pub(crate) fn settings(&self, connection: Option<&Connection>) -> Result<String, Failure> {
        match connection {
            None => Ok("{}".to_owned()),
            Some(connection) => {
                connection.check_belongs_to(self.descriptor())?;
                Ok(connection.settings().to_string())
            }
        }
    }
}

fn check_import(name: &str) -> Result<(), LoadError> {
    let ours = name.strip_prefix(PACKAGE).is_some_and(|rest| rest.starts_with('/'));
    if !ours {
        return Err(LoadError::ForeignImport(name.to_owned()));
    }
    check_version(name)
}

/// `workflow:connector/http@0.1.3` is compatible with `0.1.0`; `@0.2.0` is not.
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
    if same_track {
        return Ok(());
    }
    Err(LoadError::UnsupportedVersion {
        found: found.to_owned(),
        supported: format!("{major}.{minor}.{patch}"),
    })
}

/// Calls `describe` with every import denied.
///
/// # Errors
/// `Mismatch` if the type of an export differs from `wit/`, which wasmtime only
/// detects after instantiation, or `Describe` if the guest fails.
fn describe(
    pre: &WorldPre<State>,
    options: &EngineOptions,
) -> Result<wit_describe::Component, LoadError> {
    let call = Call {
        run: None,
        time: Some(DESCRIBE_TIME),
        limits: Limits { output_bytes: DESCRIBE_BYTES, ..Limits::default() },
        cancellation: Cancellation::default(),
    };
    let described = call.make_on_instance(pre, options, |instance, store| {
        match pre.exports(&mut *store, instance) {
            Ok(world) => world.workflow_connector_describe().call_describe(store).map(Ok),
            Err(mismatch) => Ok(Err(mismatch)),
        }
    });
    let (component, _) = described.map_err(LoadError::Describe)?;
    component.map_err(LoadError::mismatch)
}
