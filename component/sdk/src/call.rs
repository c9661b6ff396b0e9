//! The component's exports: what the host calls, for whatever connector
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

/// The connector that is being called.
pub(crate) fn connector() -> Option<&'static Connector> {
    CONNECTOR.get()
}

/// The action that is being run.
pub(crate) fn action() -> Option<&'static Action> {
    ACTION.get()
}

/// Calls a connector.
pub(crate) fn enter<T>(connector: &'static Connector, call: impl FnOnce() -> T) -> T {
    let before = (CONNECTOR.replace(Some(connector)), ACTION.take());
    let result = call();
    CONNECTOR.set(before.0);
    ACTION.set(before.1);
    result
}

/// Runs an action.
pub(crate) fn run(action: &str, input: &str, settings: &str) -> Result<OutcomeText> {
    let action = find(action)?;
    ACTION.set(Some(action));
    (action.run)(input, &Settings(settings))
}

/// The current choices of a property. A provider that cannot be asked is a
/// list that is disabled.
pub(crate) fn options(action: &str, request: &OptionsRequest) -> Result<Options> {
    use FailureKind::{Cancelled, Internal, InvalidInput};

    match (find(action)?.options)(request) {
        Ok(options) => Ok(options.within_limits()),
        Err(failure) if matches!(failure.kind, Cancelled | Internal | InvalidInput) => Err(failure),
        Err(failure) => Ok(Options::disabled(&failure.message)),
    }
}

/// The shape of an action's output.
pub(crate) fn output_schema(action: &str, input: &str, settings: &str) -> Result<String> {
    let schema = (find(action)?.output_schema)(parse("the input", input)?, &Settings(settings))?;
    Ok(schema.to_string())
}

fn find(name: &str) -> Result<&'static Action> {
    let actions = connector().map_or(&[][..], |connector| connector.actions);
    actions.iter().find(|action| action.name == name).ok_or_else(|| {
        let names: Vec<_> = actions.iter().map(|action| action.name).collect();
        let message = format!("there is no action `{name}`; there are {}", names.join(", "));
        Failure::new(FailureKind::InvalidInput, message)
    })
}

/// A type that has a connector: [`export!`](crate::export) makes one.
pub trait Component {
    /// The connector.
    fn connector() -> &'static Connector;
}

/// Calls the connector of a component. What a panic would have printed goes to
/// the log: the host sees no more than that the component has stopped.
fn call<T: Component, R>(call: impl FnOnce() -> Result<R>) -> Result<R, types::Failure> {
    std::panic::set_hook(Box::new(|panic| {
        // Its place and its message, in one line.
        crate::log::error(panic.to_string().replacen(":\n", ": ", 1));
    }));
    enter(T::connector(), call).map_err(Failure::into_record)
}

impl<T: Component> exports::describe::Guest for T {
    fn describe() -> exports::describe::Component {
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
