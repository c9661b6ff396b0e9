//! A connector that executes the steps in its input and returns everything that
//! it observed. Tests attack the host with it.
//!
//! Its name and declarations are in `config`, which a test overwrites in the
//! component file.

mod bindings;
mod config;
mod describe;
mod steps;

use bindings::exports::workflow::connector as exports;
use bindings::workflow::connector::types::{Failure, FailureKind};
use exports::actions::{OptionList, Outcome};
use serde_json::{Value, json};

/// The component.
struct Puppet;

impl exports::describe::Guest for Puppet {
    fn describe() -> exports::describe::Component {
        describe::describe(&config::config())
    }
}

impl exports::connection::Guest for Puppet {
    fn test(settings: String) -> Result<String, Failure> {
        Ok(settings)
    }
}

impl exports::actions::Guest for Puppet {
    fn run(_action: String, input: String, settings: String) -> Result<Outcome, Failure> {
        let input: Value = serde_json::from_str(&input).map_err(|error| failure(&error))?;
        let steps = input.get("steps").and_then(Value::as_str).unwrap_or("[]");
        let steps: Vec<Value> = serde_json::from_str(steps).map_err(|error| failure(&error))?;
        let mut run = steps::Run::new(input, settings);
        let seen: Vec<Value> = steps.iter().map(|step| run.step(step)).collect();
        if run.fails {
            Err(failure(&Value::Array(seen)))
        } else {
            Ok(Outcome { output: json!(seen).to_string(), metadata: "{}".to_owned() })
        }
    }

    fn options(
        _action: String,
        _property: String,
        _input: String,
        _search: Option<String>,
        _settings: String,
    ) -> Result<OptionList, Failure> {
        Err(failure(&"there are no dynamic options"))
    }

    fn output_schema(_: String, _: String, _: String) -> Result<String, Failure> {
        Ok("{}".to_owned())
    }
}

fn failure(message: &dyn std::fmt::Display) -> Failure {
    Failure {
        kind: FailureKind::Refused,
        message: message.to_string(),
        property: None,
        violations: Vec::new(),
        status: None,
        code: None,
        request_id: None,
        retry_after_ms: None,
        request_sent: false,
        detail: None,
    }
}
