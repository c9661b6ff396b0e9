//! `connector serve`.

use std::path::{Path, PathBuf};

use connector_host::{Connector, Functions};
use connector_serve::{self as service, ApiKeyError, ApiKeys, Settings, Shutdown};
use connector_store::Store;

use super::args;
use super::chosen::Connections;
use super::components::{Approved, Components, FOLDER, Grants};
use super::error::Error;
use super::functions::Declared;

/// Serves until the process is told to stop.
pub fn serve(args: args::Serve) -> Result<(), Error> {
    let components =
        Components::new(args.reach.host(args.runs)?, grants(args.locked, args.data_dir.clone()));
    let connectors = load(&components)?;
    let api_keys = api_keys(args.api_key_file.as_deref())?;
    let store = Store::open_for_user(args.data_dir.as_deref())?;
    let files_dir = store.folder().join("files");
    let settings = Settings {
        listen: args.listen,
        api_keys,
        files_dir,
        keep: args.keep,
        largest_file: u64::from(args.largest_file) << 20,
        all_files: u64::from(args.all_files) << 20,
        runs: args.runs as usize,
        queue: args.queue as usize,
        run_time: args.timeout,
        shutdown: Shutdown { drain: args.drain, until_stdin_closes: args.until_stdin_closes },
        functions: http_functions(&components, args.functions.as_deref())?,
    };
    service::serve(connectors, store, settings).map_err(|error| Error::Service(error.to_string()))
}

/// The HTTP functions of a file. Which connection another connector's action
/// would be run with, a service cannot know.
pub fn http_functions(components: &Components, file: Option<&Path>) -> Result<Functions, Error> {
    let Declared { functions, actions } = Declared::read(components, &Connections::none(), file)?;
    match actions.first() {
        None => Ok(functions),
        Some(declared) => Err(Error::usage(
            format!(
                "`{}` is an action, and a run calls those of its own connector only here",
                declared.action
            ),
            "declare HTTP functions, or use `connector run` or `connector mcp`",
        )),
    }
}

/// What components are given: no variable of the environment, which a service
/// does not read.
pub fn grants(locked: bool, data_dir: Option<PathBuf>) -> Grants {
    Grants { locked, data_dir, ..Grants::default() }
}

/// The keys in a file, if one is named.
pub fn api_keys(file: Option<&Path>) -> Result<Option<ApiKeys>, Error> {
    let Some(file) = file else { return Ok(None) };
    let keys = ApiKeys::from_file(file).map_err(|error| unusable(file, &error))?;
    Ok(Some(keys))
}

/// All connectors that may be used. A service without any is a mistake.
pub fn load(components: &Components) -> Result<Vec<Connector>, Error> {
    Ok(load_approved(components)?.into_iter().map(|approved| approved.connector).collect())
}

/// The same, with what each may be given.
pub fn load_approved(components: &Components) -> Result<Vec<Approved>, Error> {
    let connectors = components.all_approved();
    if connectors.is_empty() {
        return Err(Error::usage(
            "no connectors found",
            format!("looked in {}; ${FOLDER} names another folder", components.shown_folders()),
        ));
    }
    Ok(connectors)
}

/// The error of a file of keys.
pub fn unusable(file: &Path, error: &ApiKeyError) -> Error {
    Error::Usage {
        message: format!("cannot use the API key in {}: {error}", file.display()),
        hint: None,
    }
}
