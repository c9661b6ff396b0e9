//! `connector serve`.

use std::path::{Path, PathBuf};

use connector_host::{Connector, Functions};
use connector_serve::{self as service, ApiKeyError, ApiKeys, Config, Shutdown};
use connector_store::Store;

use super::args::ServeArgs;
use super::chosen::Connections;
use super::components::{Approved, Components, FOLDER, Grants};
use super::error::Error;
use super::functions::Declared;

/// Serves until a signal stops the process.
pub fn serve(args: ServeArgs) -> Result<(), Error> {
    let components =
        Components::new(args.reach.host(args.runs)?, grants(args.locked, args.data_dir.clone()));
    let connectors = load(&components)?;
    let api_keys = api_keys(args.api_key_file.as_deref())?;
    let store = Store::open_for_user(args.data_dir.as_deref())?;
    let files_dir = store.folder().join("files");
    let config = Config {
        listen: args.listen,
        api_keys,
        files_dir,
        keep: args.keep,
        max_file_size: u64::from(args.max_file_size) << 20,
        max_storage: u64::from(args.max_storage) << 20,
        runs: args.runs as usize,
        queue: args.queue as usize,
        run_time: args.timeout,
        shutdown: Shutdown { drain: args.drain, until_stdin_closes: args.until_stdin_closes },
        functions: http_functions(&components, args.functions.as_deref())?,
    };
    service::serve(connectors, store, config).map_err(|error| Error::Service(error.to_string()))
}

/// Reads the HTTP functions in a file. Refuses actions of other connectors,
/// because a service does not know which connection to run them with.
pub fn http_functions(components: &Components, file: Option<&Path>) -> Result<Functions, Error> {
    let Declared { functions, actions } = Declared::read(components, &Connections::none(), file)?;
    match actions.first() {
        None => Ok(functions),
        Some(declared) => Err(Error::usage(
            format!(
                "cannot declare the action `{}`: in a service, a run can call only actions of its \
                 own connector",
                declared.action
            ),
            "declare only HTTP functions, or use `connector run` or `connector mcp`",
        )),
    }
}

/// Returns the permissions granted to components, without environment variables, because a
/// service does not read them.
pub fn grants(locked: bool, data_dir: Option<PathBuf>) -> Grants {
    Grants { locked, data_dir, ..Grants::default() }
}

/// Reads the keys in a file, if given.
pub fn api_keys(file: Option<&Path>) -> Result<Option<ApiKeys>, Error> {
    let Some(file) = file else { return Ok(None) };
    let keys = ApiKeys::from_file(file).map_err(|error| unusable(file, &error))?;
    Ok(Some(keys))
}

/// Returns all connectors that may be used. Fails if there are none.
pub fn load(components: &Components) -> Result<Vec<Connector>, Error> {
    Ok(load_approved(components)?.into_iter().map(|approved| approved.connector).collect())
}

/// Like [`load`], with the variables that each connector may read.
pub fn load_approved(components: &Components) -> Result<Vec<Approved>, Error> {
    let connectors = components.all_approved();
    if connectors.is_empty() {
        return Err(Error::usage(
            "no connectors found",
            format!("looked in {}; set ${FOLDER} to another folder", components.shown_folders()),
        ));
    }
    Ok(connectors)
}

/// The error for a file of keys.
pub fn unusable(file: &Path, error: &ApiKeyError) -> Error {
    Error::Usage {
        message: format!("cannot use the API key in {}: {error}", file.display()),
        hint: None,
    }
}
