//! What the author of a connector uses.
//!
//! A connector is one WebAssembly component that describes itself and runs its
//! actions through a host. This crate is its Rust side: a struct is the input
//! of an action, its property table and its documentation at once, and all
//! that a connector does outside itself is a function of a module here.
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
//! Its `Cargo.toml` names this crate and `serde` with the feature `derive`.
//! `cargo rustc --crate-type cdylib --target wasm32-unknown-unknown`, with
//! `wasm-component-ld` as the linker, makes the component. Its tests run
//! natively, with [`testing`] in the place of the host.
//!
//! | what a connector needs | where it is |
//! |---|---|
//! | what it declares | [`Connector`], [`Connection`], [`Authorization`] |
//! | an action | [`Run`], [`Properties`](macro@Properties), [`Outcome`] |
//! | choices of a form | [`Choices`](macro@Choices), [`Options`] |
//! | requests, streams, pages | [`http`] |
//! | failures | [`Failure`], [`errors`] |
//! | files, events, functions | [`files`], [`events`], [`functions`] |
//! | waiting, cleaning up | [`lifecycle`] |
//! | tests | [`testing`] |
//!
//! # Parameters that pass through
//!
//! What a provider takes as it was given is a struct that is read from the
//! input and written into the request. A further parameter costs one field:
//!
//! ```
//! use connector_sdk::Properties;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Serialize, Properties)]
//! #[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
//! struct Ask {
//!     /// How freely words are chosen.
//!     #[serde(skip_serializing_if = "Option::is_none")]
//!     #[property(minimum = 0, maximum = 1, provider_default = 1)]
//!     temperature: Option<serde_json::Number>,
//!     /// What the action makes something of.
//!     #[serde(skip_serializing)]
//!     response_format: Option<String>,
//! }
//! ```
//!
//! A number that goes out as it came in is a [`serde_json::Number`]: an `f64`
//! would write `1` as `1.0`.

// The derive macros name this crate by its path.
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

/// What most connectors name.
pub mod prelude {
    pub use serde::{Deserialize, Serialize};

    pub use crate::serde_json::{self, Value, json};
    pub use crate::{
        Action, Authorization, BaseUrl, Choices, Connection, Connector, Effects, ErrorResponse,
        Example, Failure, FailureKind, FileEntry, Options, OptionsRequest, Outcome, Properties,
        Result, Run, Settings, http,
    };
}

/// Makes a component of a connector, and the static `CONNECTOR` for its tests.
/// A crate has one.
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
