//! `connector serve`.

use std::path::Path;

use connector_host::Connector;

use super::args;
use super::components::{Components, FOLDER};
use super::error::Error;
use super::functions::declared;
use crate::service::{self, ApiKey, End, Settings};
use crate::store::Store;

/// Serves until the process is told to stop.
pub fn serve(args: args::Serve) -> Result<(), Error> {
    let components = Components::new(args.reach.host(args.runs)?);
    let connectors = load(&components)?;
    let api_key = api_key(args.api_key_file.as_deref())?;
    let store = Store::open_for_user(args.data_dir.as_deref())?;
    let files_dir = store.folder().join("files");
    let settings = Settings {
        listen: args.listen,
        api_key,
        files_dir,
        keep: args.keep,
        largest_file: u64::from(args.largest_file) << 20,
        runs: args.runs as usize,
        queue: args.queue as usize,
        run_time: args.timeout,
        end: End { drain: args.drain, until_stdin_closes: args.until_stdin_closes },
        functions: declared(components.host(), args.functions.as_deref())?,
    };
    service::serve(connectors, store, settings).map_err(|error| Error::Service(error.to_string()))
}

/// The key in a file, if one is named.
pub fn api_key(file: Option<&Path>) -> Result<Option<ApiKey>, Error> {
    let Some(file) = file else { return Ok(None) };
    let key = ApiKey::from_file(file).map_err(|error| Error::Usage {
        message: format!("cannot use the API key in {}: {error}", file.display()),
        hint: None,
    })?;
    Ok(Some(key))
}

/// All connectors. A service without any is a mistake.
pub fn load(components: &Components) -> Result<Vec<Connector>, Error> {
    let connectors = components.all();
    if connectors.is_empty() {
        return Err(Error::usage(
            "no connectors found",
            format!("looked in {}; ${FOLDER} names another folder", components.shown_folders()),
        ));
    }
    Ok(connectors)
}
