//! Actions of connectors as functions: `openai/v1/createImage`.

use std::time::Instant;

use serde_json::Value;

use crate::connection::Connection;
use crate::connector::Connector;
use crate::failure::Failure;
use crate::files::Files;
use crate::render;
use crate::run::Limits;

use super::{Context, Function, Functions};

impl Functions {
    /// Adds every action of a connector under its address, to be run with
    /// this connection and these files. A call is a run of its own, within
    /// the time of the run that calls.
    pub fn with_actions(
        mut self,
        connector: &Connector,
        connection: &Connection,
        files: &Files,
    ) -> Self {
        let descriptor = connector.descriptor();
        for action in &descriptor.actions {
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
            self = self.with_function(descriptor.address(action), function);
        }
        self
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
        .limits(Limits { time, ..Limits::default() })
        .cancellation(&context.cancellation)
        .start()
        .map(|outcome| outcome.output)
}
