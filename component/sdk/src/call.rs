//! The exports of the component, for the connector that
//! [`export!`](crate::export) names.

use std::cell::Cell;

use crate::action::{Options, OptionsRequest, OutcomeText, parse};
use crate::bindings::exports::workflow::connector as exports;
use crate::bindings::workflow::connector::types;
use crate::{Action, Connector, Failure, FailureKind, Result, Settings, describe};

thread_local! {
    static CONNECTOR: Cell<Option<&'static Connector>> = const { Cell::new(None) };
    static ACTION: Cell<Option<&'static Action>> = const { Cell::new(None) };
}

/// Returns the connector that is being called.
pub(crate) fn connector() -> Option<&'static Connector> {
    CONNECTOR.get()
}

/// Returns the action that is being run.
pub(crate) fn action() -> Option<&'static Action> {
    ACTION.get()
}

/// Runs `call` with this connector as the current one.
pub(crate) fn enter<T>(connector: &'static Connector, call: impl FnOnce() -> T) -> T {
    let before = (CONNECTOR.replace(Some(connector)), ACTION.take());
    let result = call();
    CONNECTOR.set(before.0);
    ACTION.set(before.1);
    result
}

/// Runs `call` with another action as the current one.
pub(crate) fn with_action<T>(name: &str, call: impl FnOnce() -> T) -> T {
    let before = ACTION.replace(find(name).ok());
    let result = call();
    ACTION.set(before);
    result
}

/// Runs an action.
pub(crate) fn run(action: &str, input: &str, settings: &str) -> Result<OutcomeText> {
    let action = find(action)?;
    ACTION.set(Some(action));
    (action.run)(input, &Settings(settings))
}

/// Returns the current choices of a property. If the provider cannot be
/// reached, the list is disabled.
pub(crate) fn options(action: &str, request: &OptionsRequest) -> Result<Options> {
    use FailureKind::{Cancelled, Internal, InvalidInput};

    let action = find(action)?;
    ACTION.set(Some(action));
    match (action.options)(request) {
        Ok(options) => Ok(options.within_limits()),
        Err(failure) if matches!(failure.kind, Cancelled | Internal | InvalidInput) => Err(failure),
        Err(failure) => Ok(Options::disabled(&failure.message)),
    }
}

/// Returns the JSON Schema of an action's output.
pub(crate) fn output_schema(action: &str, input: &str, settings: &str) -> Result<String> {
    let schema = (find(action)?.output_schema)(parse("the input", input)?, &Settings(settings))?;
    Ok(schema.to_string())
}

fn find(name: &str) -> Result<&'static Action> {
    let actions = connector().map_or(&[][..], |connector| connector.actions);
    actions.iter().find(|action| action.name == name).ok_or_else(|| {
        let names: Vec<_> = actions.iter().map(|action| action.name).collect();
        let message = format!("unknown action `{name}`; expected one of: {}", names.join(", "));
        Failure::new(FailureKind::InvalidInput, message)
    })
}

/// A type with a connector, defined by [`export!`](crate::export).
pub trait Component {
    /// Returns the connector.
    fn connector() -> &'static Connector;
}

/// Logs panics. The host uses the logged message for the failure, because it
/// sees only a trap.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        // The location and the message on one line.
        crate::log::error(panic.to_string().replacen(":\n", ": ", 1));
    }));
}

/// Handles a call of an export that can fail.
fn call<T: Component, R>(call: impl FnOnce() -> Result<R>) -> Result<R, types::Failure> {
    log_panics();
    enter(T::connector(), call).map_err(Failure::into_record)
}

impl<T: Component> exports::describe::Guest for T {
    fn describe() -> exports::describe::Component {
        log_panics();
        describe::describe(T::connector())
    }
}

impl<T: Component> exports::connection::Guest for T {
    fn test(settings: String) -> Result<String, types::Failure> {
        call::<T, _>(|| (T::connector().connection.test)(&Settings(&settings)))
    }
}

impl<T: Component> exports::actions::Guest for T {
    fn run(
        action: String,
        input: String,
        settings: String,
    ) -> Result<exports::actions::Outcome, types::Failure> {
        call::<T, _>(|| {
            let OutcomeText { output, metadata } = run(&action, &input, &settings)?;
            Ok(exports::actions::Outcome { output, metadata })
        })
    }

    fn options(
        action: String,
        property: String,
        input: String,
        search: Option<String>,
        settings: String,
    ) -> Result<exports::actions::OptionList, types::Failure> {
        call::<T, _>(|| {
            let options = options(
                &action,
                &OptionsRequest {
                    property: &property,
                    input: parse("the input", &input)?,
                    search: search.as_deref(),
                    settings: &Settings(&settings),
                },
            )?;
            let choices = options.options.into_iter().map(|item| types::Choice {
                label: item.label,
                value: item.value.to_string(),
                description: item.description,
            });
            Ok(exports::actions::OptionList {
                disabled: options.disabled,
                placeholder: options.placeholder,
                options: choices.collect(),
                more: options.more,
            })
        })
    }

    fn output_schema(
        action: String,
        input: String,
        settings: String,
    ) -> Result<String, types::Failure> {
        call::<T, _>(|| output_schema(&action, &input, &settings))
    }
}
