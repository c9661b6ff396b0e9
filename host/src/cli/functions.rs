//! The functions that a model may call in a run of the command line.

use std::path::Path;

use connector_host::{Files, Functions, Host, HttpFunction, read_text, whole_surrogates};

use super::chosen::Connections;
use super::components::Components;
use super::error::Error;

/// Those of a file, and the actions of all connectors that have a connection.
pub fn functions(
    components: &Components,
    connections: Connections,
    file: Option<&Path>,
    files: &Files,
) -> Result<Functions, Error> {
    let functions = declared(components.host(), file)?;
    let (components, files) = (components.clone(), files.clone());
    Ok(functions.with_further(move || actions(&components, &connections, &files)))
}

/// Those that a file declares.
pub fn declared(host: &Host, file: Option<&Path>) -> Result<Functions, Error> {
    let mut functions = Functions::new();
    for declaration in declarations(file)? {
        let lookup = |name: &str| std::env::var(name).ok();
        functions = functions.with_http(declaration, host, lookup)?;
    }
    Ok(functions)
}

fn declarations(file: Option<&Path>) -> Result<Vec<HttpFunction>, Error> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let bytes = std::fs::read(file);
    let file = file.display();
    let wrong = |message: String| {
        Error::usage(message, "`connector run --help` shows what --functions takes")
    };
    let bytes = bytes.map_err(|error| wrong(format!("cannot read {file}: {error}")))?;
    let invalid = |what: String| wrong(format!("invalid functions in {file}: {what}"));
    let text = read_text(&bytes).map_err(|error| invalid(format!("the file {error}")))?;
    serde_json::from_str(&whole_surrogates(text)).map_err(|error| invalid(error.to_string()))
}

fn actions(components: &Components, connections: &Connections, files: &Files) -> Functions {
    let loaded = components.try_all().into_iter().filter_map(Result::ok);
    loaded.fold(Functions::new(), |functions, connector| match connections.of(&connector) {
        Ok(connection) => functions.with_actions(&connector, &connection, files),
        Err(_) => functions,
    })
}
