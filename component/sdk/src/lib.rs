//! The SDK for writing connectors.
//!
//! A connector is one WebAssembly component that describes itself and runs its
//! actions through a host. With this crate, one struct defines an action's
//! input, property table and documentation. The modules provide access to the
//! host: requests, files, events and so on.
//!
//! ```
//! use connector_sdk::prelude::*;
//! connector_sdk::export!(Connector {
//!     connection: Connection {
//!         environment: &[("token", "GREETER_TOKEN")],
//!         ..Connection::bearer("https://greeter.example")
//!     },
//!     actions: &[Action::of::<Greet>()],
//!     ..Connector::new("greeter", "Greeter", "Greets people.")
//! });
//!
//! /// Greets a person.
//! #[derive(Deserialize, Properties)]
//! struct Greet {
//!     /// The name of the person to greet.
//!     name: String,
//! }
//!
//! #[derive(Deserialize, Serialize, Properties)]
//! struct Greeting {
//!     /// The greeting.
//!     text: String,
//! }
//!
//! impl Run for Greet {
//!     type Output = Greeting;
//!     fn run(self, _: &Settings) -> Result<Outcome<Greeting>> {
//!         http::get("/greet").query("name", &self.name).send()?.outcome()
//!     }
//! }
//! ```
//!
//! The connector's `Cargo.toml` depends on this crate and on `serde` with the
//! `derive` feature. To build the component, run
//! `cargo rustc --crate-type cdylib --target wasm32-unknown-unknown` with
//! `wasm-component-ld` as the linker. Tests of a connector run natively, with
//! [`testing`] in place of the host.
//!
//! | task | items |
//! |---|---|
//! | declare a connector | [`Connector`], [`Connection`], [`Authorization`] |
//! | define an action | [`Run`], [`Properties`](macro@Properties), [`Outcome`] |
//! | offer choices | [`Choices`](macro@Choices), [`Options`] |
//! | send requests, read streams and pages | [`http`] |
//! | report failures | [`Failure`], [`errors`] |
//! | check inputs of other actions | [`input`] |
//! | use files, events and functions | [`files`], [`events`], [`functions`] |
//! | wait and clean up | [`lifecycle`] |
//! | test a connector | [`testing`] |
//!
//! # Passing parameters through
//!
//! Parameters that the provider receives unchanged need no code: deserialize
//! the struct from the input and serialize it into the request. Each additional
//! parameter is one more field:
//!
//! ```
//! use connector_sdk::Properties;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Serialize, Properties)]
//! #[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
//! struct Ask {
//!     /// The randomness of the answer.
//!     #[serde(skip_serializing_if = "Option::is_none")]
//!     #[property(minimum = 0, maximum = 1, provider_default = 1)]
//!     temperature: Option<serde_json::Number>,
//!     /// A property that the action interprets itself.
//!     #[serde(skip_serializing)]
//!     response_format: Option<String>,
//! }
//! ```
//!
//! To pass a number through unchanged, use [`serde_json::Number`]: an `f64` is
//! serialized as `1.0` even if the input is `1`.

// The derive macros refer to this crate by name.
extern crate self as connector_sdk;

mod action;
#[cfg(target_arch = "wasm32")]
mod allocator;
#[doc(hidden)]
pub mod bindings;
mod call;
mod connector;
mod describe;
pub mod errors;
pub mod events;
mod failure;
pub mod files;
pub mod functions;
mod host;
pub mod http;
pub mod input;
pub mod json;
pub mod json_schema;
pub mod lifecycle;
pub mod log;
pub mod property;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod values;

pub use action::{
    Action, Effects, Example, OptionItem, Options, OptionsRequest, Outcome, Output, Run, Settings,
};
#[doc(hidden)]
pub use call::Component;
pub use connector::{Authorization, Connection, Connector, Scheme};
pub use connector_sdk_derive::{Choices, Properties};
pub use errors::ErrorResponse;
pub use failure::{Failure, FailureKind, Result, Violation};
pub use files::{File, FileEntry};
pub use property::{Properties, Property, Shape};
pub use serde_json;
pub use values::{BaseUrl, BearerToken, Date, DateTime, Time};

/// The items that most connectors use.
pub mod prelude {
    pub use serde::{Deserialize, Serialize};

    pub use crate::serde_json::{self, Value, json};
    pub use crate::{
        Action, Authorization, BaseUrl, Choices, Connection, Connector, Effects, ErrorResponse,
        Example, Failure, FailureKind, FileEntry, Options, OptionsRequest, Outcome, Properties,
        Result, Run, Settings, http,
    };
}

/// Exports a connector as a component, and defines the static `CONNECTOR` for
/// its tests. Use it once per crate.
#[macro_export]
macro_rules! export {
    ($connector:expr) => {
        /// The connector.
        pub static CONNECTOR: $crate::Connector = $connector;

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Exported;

            impl $crate::Component for Exported {
                fn connector() -> &'static $crate::Connector {
                    &CONNECTOR
                }
            }

    $crate::bindings::export!(Exported with_types_in $crate::bindings);
        };
    };
}
