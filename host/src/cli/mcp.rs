//! `connector mcp`.

use connector_host::{AddressPolicy, Connector, FileStore, Functions, Host, HostOptions};

use super::args;
use super::chosen::Connections;
use super::components::Components;
use super::error::Error;
use super::functions::functions;
use super::serve::{api_key, load};
use crate::mcp::{self, Http, Offer, PREFIX, Settings};
use crate::service::End;
use crate::store::Store;

/// Serves until the client goes away or the process is told to stop.
pub fn mcp(args: args::Mcp) -> Result<(), Error> {
    let host = Host::new(HostOptions {
        // Each run may call actions as functions.
        concurrent_runs: args.runs.saturating_mul(1 + Functions::AT_ONCE as u32),
        addresses: args.private.or(AddressPolicy::Any),
        authorities: args.trust.ca_file.clone(),
        ..HostOptions::default()
    })?;
    let components = Components::new(host);
    let connectors = load(&components)?;
    if let Some(dir) = args.input_dir.iter().find(|dir| !dir.is_dir()) {
        let message = format!("`{}` is not a directory", dir.display());
        return Err(Error::usage(message, "--input-dir takes a folder with files for tools"));
    }
    let data = Store::open_for_user(args.data_dir.as_deref())?;
    let connections = Connections::of_several(&data, &connectors, &args.connection)?;
    let store = FileStore::new(data.folder().join("files"), PREFIX);
    let files = store.files();
    let api_key = api_key(args.api_key_file.as_deref())?;
    let settings = Settings {
        offers: connectors.into_iter().map(|connector| offer(connector, &connections)).collect(),
        functions: functions(&components, connections, args.functions.as_deref(), &files)?,
        store,
        files,
        input_dirs: args.input_dir,
        keep: args.keep,
        runs: args.runs as usize,
        run_time: args.timeout,
    };
    let http = args.listen.map(|listen| Http {
        listen,
        api_key,
        end: End { drain: args.drain, until_stdin_closes: false },
    });
    mcp::serve(settings, http).map_err(|error| Error::Service(error.to_string()))
}

/// A connector without a connection is offered all the same: its tools say
/// what is missing.
fn offer(connector: Connector, connections: &Connections) -> Offer {
    let connection = connections.of(&connector).map_err(|error| {
        let advice = error.hints().join("; ");
        match advice.as_str() {
            "" => error.to_string(),
            advice => format!("{error}; whoever starts this server can {advice}"),
        }
    });
    Offer { connector, connection }
}
