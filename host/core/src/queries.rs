//! What a person waits for who fills a form: a connection's test, current
//! choices, the schema of an output.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use wasmtime::Store;

use crate::budget::{Account, Limits};
use crate::connection::Connection;
use crate::connector::Connector;
use crate::contract::table::{Choice, Property};
use crate::contract::{Failure, FailureKind, Output, json};
use crate::runtime::bindings::Connector as World;
use crate::runtime::call::{Call, Ended};
use crate::runtime::state::{RunState, State};
use crate::{input, render};

/// The current choices of a property, `wit/actions.wit` `option-list`.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionList {
    /// Whether there is no list; the property can be typed all the same.
    pub disabled: bool,
    /// What the empty box shows: if disabled, why.
    pub placeholder: Option<String>,
    /// The choices.
    pub options: Vec<Choice>,
    /// Whether there are more, which a search finds.
    pub more: bool,
}

impl Connector {
    /// Makes the connector's cheapest authorized call and says what was
    /// reached.
    ///
    /// # Errors
    /// Why the provider was not reached.
    pub fn test(&self, connection: &Connection) -> Result<String, Failure> {
        let settings = self.settings(Some(connection))?;
        let (reached, ended) = ask(self, Some(connection), |world, store| {
            world.workflow_connector_connection().call_test(store, &settings)
        })?;
        reached.map_err(|failure| ended.failure(failure.into()))
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
        let list = list.map_err(|failure| ended.failure(failure.into()))?;
        let options = list
            .options
            .into_iter()
            .map(|choice| {
                let value = json::parse(&choice.value).map_err(|error| {
                    let message = format!("the connector's choice is not JSON: {error}");
                    Failure::new(FailureKind::Internal, message)
                })?;
                let description = choice.description;
                Ok(Choice { label: choice.label, value, description })
            })
            .collect::<Result<_, Failure>>()?;
        Ok(OptionList {
            disabled: list.disabled,
            placeholder: list.placeholder,
            options,
            more: list.more,
        })
    }

    /// The JSON Schema of an action's output for this input. Does no I/O.
    ///
    /// # Errors
    /// `invalid-input` as for a run.
    pub fn output_schema(&self, action: &str, input: Value) -> Result<Value, Failure> {
        let action = self.action(action)?;
        let address = self.descriptor().address(action);
        let input = input::prepare(&action.properties, input, &address)?;
        if let Output::Fixed(output) = &action.output {
            return Ok(render::output_schema(output).to_value());
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
    let run = RunState::new(name, route, Limits::default(), account, shared.validator.clone());
    let time = Some(shared.options.ask_time);
    let prepared = Call {
        run: Some(run),
        time,
        limits: Limits::default(),
        cancellation: connector.cancellation.clone(),
    };
    prepared.make(&shared.pre, &shared.options.engine(), call)
}
