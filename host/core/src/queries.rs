//! Queries made while a person fills in a form: the connection test, dynamic
//! choices, and the schema of an output.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use wasmtime::Store;

use crate::budget::{Account, Limits};
use crate::connection::Connection;
use crate::connector::Connector;
use crate::contract::json::{self, CONNECTOR_BUDGET};
use crate::contract::table::{Choice, Property};
use crate::contract::{Failure, FailureKind, Output};
use crate::runtime::bindings::workflow::connector::json_schema::{Invalid, Violation};
use crate::runtime::bindings::{Connector as World, actions};
use crate::runtime::call::{Call, Ended};
use crate::runtime::state::{RunState, State};
use crate::{input, render};

/// The maximum number of choices, more than anyone would look through. A search
/// finds the others.
const MAX_OPTIONS: usize = 10_000;

/// The current choices of a property (`option-list` in `wit/actions.wit`).
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionList {
    /// Whether the list is unavailable. The user can still enter a value.
    pub disabled: bool,
    /// The hint to show in the empty field. If `disabled`, the reason; if the
    /// list is truncated, a note about it.
    pub placeholder: Option<String>,
    /// The choices.
    pub options: Vec<Choice>,
    /// Whether a search may find more choices.
    pub more: bool,
}

impl OptionList {
    /// Reads a connector's list, truncated to [`MAX_OPTIONS`].
    fn read(list: actions::OptionList) -> Result<Self, Failure> {
        let count = list.options.len();
        let is_cut = count > MAX_OPTIONS;
        let cut = is_cut.then(|| format!("the first {MAX_OPTIONS} of {count}"));
        let more = list.more || is_cut;
        let mut left = CONNECTOR_BUDGET;
        let options = list.options.into_iter().take(MAX_OPTIONS).map(|choice| {
            let value = json::parse_within(&choice.value, &mut left).map_err(|error| {
                let message = format!("the connector's choice is not JSON: {error}");
                Failure::new(FailureKind::Internal, message)
            })?;
            Ok(Choice { label: choice.label, value, description: choice.description })
        });
        let options = options.collect::<Result<_, Failure>>()?;
        Ok(Self { disabled: list.disabled, placeholder: cut.or(list.placeholder), options, more })
    }
}

impl Connector {
    /// Makes the connector's cheapest authorized request and returns a description
    /// of what it reached.
    ///
    /// # Errors
    /// If the provider was not reached, with the reason.
    pub fn test(&self, connection: &Connection) -> Result<String, Failure> {
        let settings = self.settings(Some(connection))?;
        let (reached, ended) = ask(self, Some(connection), |world, store| {
            world.workflow_connector_connection().call_test(store, &settings)
        })?;
        reached.map_err(|failure| ended.failure(failure.into()))
    }

    /// Returns the current choices of the property at a path such as `model`.
    ///
    /// # Errors
    /// `invalid-input` if the property has no dynamic choices. If the provider
    /// cannot be reached, this is not an error: the list is `disabled` and its
    /// placeholder gives the reason.
    pub fn options(
        &self,
        connection: &Connection,
        action: &str,
        property: &str,
        input: &Value,
        search: Option<&str>,
    ) -> Result<OptionList, Failure> {
        let action = self.action(action)?;
        let found = action.properties.at_path(property);
        let dynamic = found.and_then(|found| found.choices.as_ref()?.dynamic.as_ref());
        if dynamic.is_none() {
            let is_dynamic = |of: &&Property| {
                of.choices.as_ref().is_some_and(|choices| choices.dynamic.is_some())
            };
            let others: Vec<String> = action
                .properties
                .iter()
                .filter(is_dynamic)
                .map(|of| format!("`{}`", of.name))
                .collect();
            let mut message = format!("`{}` has no dynamic options", property.escape_debug());
            if !others.is_empty() {
                message.push_str(&format!("; available for: {}", others.join(", ")));
            }
            return Err(Failure::invalid_input(property, message));
        }
        let settings = self.settings(Some(connection))?;
        let (list, ended) = ask(self, Some(connection), |world, store| {
            world.workflow_connector_actions().call_options(
                store,
                &action.name,
                property,
                &input.to_string(),
                search,
                &settings,
            )
        })?;
        OptionList::read(list.map_err(|failure| ended.failure(failure.into()))?)
    }

    /// Returns the JSON Schema of an action's output for this input. Does no I/O.
    ///
    /// # Errors
    /// `invalid-input`, as for a run.
    pub fn output_schema(&self, action: &str, input: Value) -> Result<Value, Failure> {
        let action = self.action(action)?;
        let address = self.descriptor().address(action);
        let input = input::prepare(&action.properties, input, &address)?;
        match &action.output {
            Output::Fixed(shape) => return Ok(render::output_schema(shape).to_value()),
            Output::OneOf(shapes) => {
                let schemas = shapes.iter().map(|shape| render::output_schema(shape).to_value());
                return Ok(json!({ "anyOf": schemas.collect::<Vec<_>>() }));
            }
            Output::Dynamic(_) => {}
        }
        let settings = self.settings(None)?;
        let (schema, ended) = ask(self, None, |world, store| {
            let actions = world.workflow_connector_actions();
            actions.call_output_schema(store, &action.name, &input.value.to_string(), &settings)
        })?;
        let schema = schema.map_err(|failure| ended.failure(input.as_given(failure.into())))?;
        json::parse(&schema).map_err(|error| {
            let message = format!("the connector's output schema is not JSON: {error}");
            Failure::new(FailureKind::Internal, message)
        })
    }

    /// Returns how an output violates the schema that the action declares for
    /// this input, one message per violation. Runs do not check this; it is meant
    /// for tests of connectors.
    ///
    /// # Errors
    /// As for [`output_schema`](Self::output_schema), and if validating takes too
    /// much time or memory.
    pub fn output_violations(
        &self,
        action: &str,
        input: Value,
        output: &Value,
    ) -> Result<Vec<String>, Failure> {
        let internal = |message: String| Failure::new(FailureKind::Internal, message);
        let schema = self.output_schema(action, input)?;
        let account = Account::new(&Limits::default());
        let validator = &self.shared.validator;
        let (schema, output) = (schema.to_string(), output.to_string());
        match validator.validate(&schema, &output, &account, || None) {
            Ok(Ok(())) => Ok(Vec::new()),
            Ok(Err(Invalid::Schema(reason) | Invalid::NotJson(reason))) => {
                Err(internal(format!("the action's output schema is not a JSON Schema: {reason}")))
            }
            Ok(Err(Invalid::Instance(violations))) => {
                let words = |one: Violation| match one.path.as_str() {
                    "" => one.message,
                    path => format!("`{path}`: {}", one.message),
                };
                Ok(violations.into_iter().map(words).collect())
            }
            Err(error) => Err(internal(format!("the output was not validated: {error:#}"))),
        }
    }
}

fn ask<T>(
    connector: &Connector,
    connection: Option<&Connection>,
    call: impl FnOnce(&World, &mut Store<State>) -> wasmtime::Result<T> + Send,
) -> Result<(T, Ended), Failure> {
    let shared = &connector.shared;
    let name = shared.descriptor.name.clone();
    let account = Account::new(&Limits::default());
    let route = connection.map(Connection::route);
    let mut run = RunState::new(name, route, Limits::default(), account, shared.validator.clone());
    run.record_mode = connector.record_mode.clone();
    let time = Some(shared.options.query_timeout);
    let prepared = Call {
        run: Some(run),
        time,
        limits: Limits::default(),
        cancellation: connector.cancellation.clone(),
    };
    prepared.make(&shared.pre, &shared.options.engine(), call)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::bindings::types as wit;

    #[test]
    fn truncates_a_long_list_of_choices_and_adds_a_note() {
        let choice = |at: usize| wit::Choice {
            label: at.to_string(),
            value: at.to_string(),
            description: None,
        };
        let list = |count| actions::OptionList {
            disabled: false,
            placeholder: Some("Pick one".to_owned()),
            options: (0..count).map(choice).collect(),
            more: false,
        };
        let read = |count| {
            let list = OptionList::read(list(count)).unwrap();
            (list.options.len(), list.placeholder.unwrap(), list.more)
        };
        assert_eq!(read(10_000), (10_000, "Pick one".to_owned(), false));
        assert_eq!(read(200_000), (10_000, "the first 10000 of 200000".to_owned(), true));
    }
}
