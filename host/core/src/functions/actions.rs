//! Actions of connectors as functions: `openai/v1/createImage`.

use std::time::Instant;

use serde_json::Value;

use crate::budget::Limits;
use crate::connection::Connection;
use crate::connector::Connector;
use crate::contract::Failure;
use crate::files::Files;
use crate::render;
use crate::runtime::functions::{Context, Function, Functions};

impl Functions {
    /// Adds every action of a connector. The name of each function is the action's
    /// address. Each call is a separate run with this connection and these files,
    /// within the time of the calling run.
    pub fn with_actions(
        self,
        connector: &Connector,
        connection: &Connection,
        files: &Files,
    ) -> Self {
        let actions = connector.descriptor().actions.iter();
        actions.fold(self, |functions, action| {
            functions.with_action(connector, &action.name, connection, files)
        })
    }

    /// Adds one action of a connector, like [`with_actions`](Self::with_actions).
    /// An action that does not exist is ignored.
    pub fn with_action(
        self,
        connector: &Connector,
        action: &str,
        connection: &Connection,
        files: &Files,
    ) -> Self {
        let descriptor = connector.descriptor();
        let Some(action) = descriptor.action(action) else { return self };
        let target = (connector.clone(), connection.clone(), files.clone());
        let described = (connector.clone(), action.name.clone());
        let name = action.name.clone();
        let function = Function {
            description: action.description.clone(),
            parameters: Box::new(move || parameters(&described.0, &described.1)),
            call: Box::new(move |arguments, context| {
                let (connector, connection, files) = &target;
                run(connector, connection, files, &name, arguments, context)
            }),
        };
        self.with_function(descriptor.address(action), function)
    }
}

fn parameters(connector: &Connector, action: &str) -> Value {
    let action = connector.descriptor().action(action);
    action.map(|action| render::parameters(&action.properties)).unwrap_or_default()
}

fn run(
    connector: &Connector,
    connection: &Connection,
    files: &Files,
    action: &str,
    arguments: Value,
    context: &Context,
) -> Result<Value, Failure> {
    let time = context.deadline.saturating_duration_since(Instant::now());
    connector
        .run(action, arguments)
        .connection(connection)
        .files(files)
        .limits(Limits { time, ..context.limits.clone() })
        .retries(context.retries.clone())
        .cancellation(&context.cancellation)
        .within(context)
        .start()
        .map(|outcome| outcome.output)
}
