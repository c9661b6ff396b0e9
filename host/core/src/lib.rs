//! Loads connectors, renders their forms and runs their actions.
//!
//! A *connector* is a WebAssembly component that implements the package in
//! `wit/`. Nothing in this crate is specific to a particular connector.
//!
//! - [`Host`] holds the engine and loads components into [`Connector`]s.
//! - A [`Connector`] has a validated [`Descriptor`] and creates
//!   [`Connection`]s and [`Run`]s.
//! - A [`Run`] calls an action in a fresh instance, on the calling thread,
//!   and returns an [`Outcome`] or a [`Failure`].
//! - [`render`] turns property tables into JSON Schema, form descriptions and
//!   documentation.
//!
//! ```no_run
//! use connector_host::{ConnectionValues, Files, Host, HostOptions};
//! use serde_json::json;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::new(HostOptions::default())?;
//! let openai = host.load_file("target/components/openai.wasm")?;
//! let token = std::env::var("OPENAI_API_KEY")?;
//! let connection = openai.connection(ConnectionValues::new().set("token", token))?;
//!
//! let outcome = openai
//!     .run("createSpeech", json!({ "input": "Hello", "voice": "alloy" }))
//!     .connection(&connection)
//!     .files(&Files::new("out"))
//!     .start()?;
//! println!("{}", outcome.output["url"]);
//! # Ok(())
//! # }
//! ```

mod budget;
mod connection;
mod connector;
mod contract;
mod describe;
mod egress;
mod files;
#[cfg(test)]
mod fixture;
mod functions;
#[cfg(test)]
mod fuzz;
mod host;
mod input;
mod network;
mod options;
mod queries;
pub mod render;
mod run;
mod runtime;

pub use budget::{CancelOnDrop, Cancellation, Limits};
pub use connection::{Connection, ConnectionValues};
pub use connector::{Connector, LoadError};
pub use contract::json::{JsonError, read_json, read_object};
pub use contract::table::{
    Choice, Choices, Comparison, Condition, ControlType, Pattern, Property, PropertyLimits,
    PropertyTable, PropertyType, TableError,
};
pub use contract::text::{TextError, is_unsafe_for_terminal, read_text, replace_lone_surrogates};
pub use contract::{
    Action, AddressError, AddressPolicy, Authorization, BaseUrl, BaseUrlError, Binding, Definition,
    Descriptor, DescriptorError, DescriptorErrors, Effects, Event, Example, Failure, FailureKind,
    FileEntry, OnEvent, Output, Scheme, Violation,
};
pub use egress::{
    Authorities, AuthoritiesError, Exchange, Player, RecordedBody, RecordedRequest,
    RecordedResponse, Recorder, Recording, RecordingError, Retries,
};
pub use files::{FileStore, Files, NewStoredFile, StoredFile};
pub use functions::HttpFunction;
pub use host::{Host, HostError};
pub use options::HostOptions;
pub use queries::OptionList;
pub use run::{Outcome, Run};
pub use runtime::complexity::TooComplex;
pub use runtime::functions::Functions;
