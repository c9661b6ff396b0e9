//! `connector mcp`.

use connector_host::{FileStore, Host};

use super::args;
use super::chosen::Connections;
use super::components::{Approved, Components};
use super::error::Error;
use super::functions::Declared;
use super::serve::{api_keys, load_approved, unusable};
use crate::mcp::{self, Http, InputDir, Offer, PREFIX, Settings};
use crate::service::End;
use crate::store::Store;

/// Serves until the client goes away or the process is told to stop.
pub fn mcp(args: args::Mcp) -> Result<(), Error> {
    let host = Host::new(args.reach.options(args.runs))?;
    let components = Components::new(host, args.granted.grants(args.data_dir.as_deref()));
    let connectors = load_approved(&components)?;
    let input_dirs = args.input_dir.iter().map(|dir| {
        InputDir::open(dir).map_err(|error| {
            let message = match dir.is_dir() {
                true => format!("cannot open `{}`: {}", dir.display(), error.kind()),
                false => format!("`{}` is not a directory", dir.display()),
            };
            Error::usage(message, "--input-dir takes a folder with files for tools")
        })
    });
    let input_dirs = input_dirs.collect::<Result<_, Error>>()?;
    let data = Store::open_for_user(args.data_dir.as_deref())?;
    let connections = Connections::of_several(&data, &connectors, &args.connection)?;
    let store = FileStore::new(data.folder().join("files"), PREFIX);
    let files = store.files();
    let mut api_keys = api_keys(args.api_key_file.as_deref())?;
    // All clients share the connections of the tools, and files.
    if let (Some(file), Some(keys)) = (&args.api_key_file, api_keys.take()) {
        api_keys = Some(keys.single().map_err(|error| unusable(file, &error))?);
    }
    let declared = Declared::read(&components, &connections, args.functions.as_deref())?;
    let settings = Settings {
        offers: connectors.into_iter().map(|approved| offer(approved, &connections)).collect(),
        functions: Box::new(move |connector, connection, files| {
            declared.for_run(connector, connection, files)
        }),
        store,
        files,
        input_dirs,
        keep: args.keep,
        runs: args.runs as usize,
        run_time: args.timeout,
    };
    let http = args.listen.map(|listen| Http {
        listen,
        api_keys,
        end: End { drain: args.drain, until_stdin_closes: false },
    });
    mcp::serve(settings, http).map_err(|error| Error::Service(error.to_string()))
}

/// A connector without a connection is offered all the same: its tools say
/// what is missing.
fn offer(approved: Approved, connections: &Connections) -> Offer {
    let connection = connections.of(&approved).map_err(|error| {
        let advice = error.hints().join("; ");
        match advice.as_str() {
            "" => error.to_string(),
            advice => format!("{error}; whoever starts this server can {advice}"),
        }
    });
    Offer { connector: approved.connector, connection }
}
