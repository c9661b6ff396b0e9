//! The functions that a model may call, declared in a file.

use std::path::Path;

use connector_host::{Connection, Connector, Files, Functions, HttpFunction, read_json};
use serde_json::Value;

use super::chosen::Connections;
use super::components::Components;
use super::error::Error;

/// The declared HTTP functions and actions of other connectors. Each run adds the
/// actions of its own connector.
pub struct Declared {
    pub functions: Functions,
    pub actions: Vec<DeclaredAction>,
}

/// An action of a connector, and the connection to run it with.
#[derive(Clone)]
pub struct DeclaredAction {
    pub connector: Connector,
    pub action: String,
    pub connection: Connection,
}

impl Declared {
    /// Reads a file, if given.
    pub fn read(
        components: &Components,
        connections: &Connections,
        file: Option<&Path>,
    ) -> Result<Self, Error> {
        let mut declared = Self { functions: Functions::new(), actions: Vec::new() };
        let Some(file) = file else { return Ok(declared) };
        for declaration in declarations(file)? {
            match declaration {
                Value::String(address) => {
                    let (approved, action) = components.approved_action(&address)?;
                    let connection = connections.of(&approved)?;
                    let connector = approved.connector;
                    declared.actions.push(DeclaredAction { connector, action, connection });
                }
                declaration => {
                    let declaration: HttpFunction = serde_json::from_value(declaration)
                        .map_err(|error| invalid(file, error.to_string()))?;
                    let lookup = |name: &str| std::env::var(name).ok();
                    let host = components.host();
                    declared.functions = declared.functions.with_http(declaration, host, lookup)?;
                }
            }
        }
        Ok(declared)
    }

    /// Returns the functions of a run.
    pub fn for_run(
        &self,
        connector: &Connector,
        connection: &Connection,
        files: &Files,
    ) -> Functions {
        let own = self.functions.clone().with_actions(connector, connection, files);
        self.actions.iter().fold(own, |functions, declared| {
            let DeclaredAction { connector, action, connection } = declared;
            functions.with_action(connector, action, connection, files)
        })
    }
}

fn declarations(file: &Path) -> Result<Vec<Value>, Error> {
    let bytes = std::fs::read(file)
        .map_err(|error| wrong(format!("cannot read {}: {error}", file.display())))?;
    let declared = read_json(&bytes).map_err(|error| invalid(file, format!("the file {error}")))?;
    match declared {
        Value::Array(declarations) => Ok(declarations),
        _ => Err(invalid(file, "expected a list".to_owned())),
    }
}

fn invalid(file: &Path, what: String) -> Error {
    wrong(format!("invalid functions in {}: {what}", file.display()))
}

fn wrong(message: String) -> Error {
    Error::usage(message, "`connector run --help` describes the format of --functions")
}
