//! The OpenAI connector: a WebAssembly component that asks OpenAI's models,
//! or those of any server that speaks its protocol.
//!
//! The contract is in `wit/`. This file only wires its three exports:
//! [`describe`] says what the connector is, [`connection`] how its provider is
//! reached, and [`actions`] holds what it does, one file per action. Each
//! action declares its properties as a table of data ([`table`]), makes its
//! request and reads the answer in pure functions, and calls the host's
//! imports only in its short `run`. What the API's endpoints have in common is
//! in [`openai`].
//!
//! The crate builds natively as well, where all of it but the imports is
//! tested.

#![cfg_attr(target_arch = "wasm32", no_std)]

#[macro_use]
extern crate alloc;

pub mod actions;
mod allocator;
mod bindings;
pub mod connection;
pub mod describe;
#[cfg(test)]
mod drift;
pub mod failure;
pub mod file_entry;
#[cfg(test)]
mod fuzz;
pub mod json;
pub mod openai;
mod packed;
#[cfg(target_arch = "wasm32")]
mod panic;
pub mod table;

use alloc::string::String;

use bindings::exports::workflow::connector as exports;
use exports::actions::{OptionList, Outcome};
use failure::Failure;

/// The component.
struct Openai;

impl exports::describe::Guest for Openai {
    fn describe() -> exports::describe::Component {
        describe::describe()
    }
}

impl exports::connection::Guest for Openai {
    fn test(_settings: String) -> Result<String, Failure> {
        connection::test().map_err(|failure| *failure)
    }
}

impl exports::actions::Guest for Openai {
    fn run(action: String, input: String, settings: String) -> Result<Outcome, Failure> {
        actions::run(&action, &input, &settings).map_err(|failure| *failure)
    }

    fn options(
        action: String,
        property: String,
        _input: String,
        search: Option<String>,
        _settings: String,
    ) -> Result<OptionList, Failure> {
        actions::options(&action, &property, search.as_deref()).map_err(|failure| *failure)
    }

    fn output_schema(action: String, input: String, _settings: String) -> Result<String, Failure> {
        actions::output_schema(&action, &input).map_err(|failure| *failure)
    }
}
