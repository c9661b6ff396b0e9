//! Loads connectors, renders their forms and runs their actions.
//!
//! A *connector* is one WebAssembly component that implements the package in
//! `wit/`. This crate knows nothing of any particular one.
//!
//! - [`Host`] holds the engine and loads components into [`Connector`]s.
//! - A [`Connector`] carries its checked [`Descriptor`] and makes
//!   [`Connection`]s and [`Run`]s.
//! - A [`Run`] calls an action in a fresh instance, on the calling thread,
//!   and ends in an [`Outcome`] or a [`Failure`].
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

mod account;
mod backtrace;
mod bindings;
mod cache;
mod complexity;
mod connection;
mod connector;
mod content;
mod descriptor;
mod egress;
mod engine;
mod events;
mod failure;
mod file_store;
mod files;
#[cfg(test)]
mod fixture;
mod functions;
#[cfg(test)]
mod fuzz;
mod host;
mod imports;
mod input;
mod json;
mod json_schema;
mod media;
pub mod render;
mod run;
mod state;
mod table;
mod text;

pub use complexity::TooComplex;
pub use connection::{Connection, ConnectionValues};
pub use connector::{Connector, LoadError};
pub use descriptor::{Action, Authorization, Binding, Definition, Descriptor, DescriptorError};
pub use egress::{
    AddressError, AddressPolicy, Authorities, AuthoritiesError, BaseUrl, BaseUrlError, Retries,
};
pub use events::{CancelOnDrop, Cancellation, Event, OnEvent};
pub use failure::{Failure, FailureKind, Violation};
pub use file_store::{FileStore, NewStoredFile, StoredFile};
pub use files::{FileEntry, Files};
pub use functions::{Functions, HttpFunction};
pub use host::{Host, HostError, HostOptions};
pub use json::{JsonError, read_json, read_object};
pub use run::{Limits, OptionList, Outcome, Run};
pub use table::{
    Choice, Choices, Comparison, Condition, ControlType, Limits as PropertyLimits, Pattern,
    Property, PropertyTable, PropertyType, TableError,
};
pub use text::{TextError, read_text, whole_surrogates};
