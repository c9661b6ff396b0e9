//! The functions that a model may call in a run of the command line.

use std::path::Path;

use connector_host::{Connection, Connector, Files, Functions, HttpFunction, read_json};
use serde_json::Value;

use super::chosen::Connections;
use super::components::Components;
use super::error::Error;

/// What a file of functions declares: HTTP functions, and actions of other
/// connectors than the run's own. The actions of the run's own connector are
/// added to them run by run.
pub struct Declared {
    pub functions: Functions,
    pub actions: Vec<DeclaredAction>,
}

/// An action of a connector and the connection that it is run with.
#[derive(Clone)]
pub struct DeclaredAction {
    pub connector: Connector,
    pub action: String,
    pub connection: Connection,
}

impl Declared {
    /// Reads a file, if one is named.
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

    /// The functions of a run.
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
        _ => Err(invalid(file, "it must be a list".to_owned())),
    }
}

fn invalid(file: &Path, what: String) -> Error {
    wrong(format!("invalid functions in {}: {what}", file.display()))
}

fn wrong(message: String) -> Error {
    Error::usage(message, "`connector run --help` shows what --functions takes")
}
