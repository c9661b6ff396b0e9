//! The Anthropic connector, for its Messages API.
//!
//! It was written from README's "Write a connector" and from `wit/` alone.

mod api;
mod ask;
mod bindings;
mod connection;
mod count_tokens;
mod describe;
mod models;
mod rows;

use bindings::exports::workflow::connector as exports;
use bindings::workflow::connector::types::{Failure, FailureKind};
use exports::actions::{OptionList, Outcome};

/// The component.
struct Anthropic;

impl exports::describe::Guest for Anthropic {
    fn describe() -> exports::describe::Component {
        describe::describe()
    }
}

impl exports::connection::Guest for Anthropic {
    fn test(_settings: String) -> Result<String, Failure> {
        models::test()
    }
}

impl exports::actions::Guest for Anthropic {
    fn run(action: String, input: String, _settings: String) -> Result<Outcome, Failure> {
        match action.as_str() {
            ask::NAME => ask::run(&input),
            count_tokens::NAME => count_tokens::run(&input),
            _ => Err(unknown(&action)),
        }
    }

    fn options(
        _action: String,
        property: String,
        _input: String,
        search: Option<String>,
        _settings: String,
    ) -> Result<OptionList, Failure> {
        match property.as_str() {
            "model" => Ok(models::options(search.as_deref())),
            _ => Err(unknown(&property)),
        }
    }

    fn output_schema(action: String, input: String, _settings: String) -> Result<String, Failure> {
        match action.as_str() {
            ask::NAME => ask::output_schema(&input),
            _ => Err(unknown(&action)),
        }
    }
}

/// The host asks only for what `describe` names.
fn unknown(name: &str) -> Failure {
    api::failure(FailureKind::Internal, format!("the connector has no `{name}`"))
}
