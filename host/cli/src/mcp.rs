//! `connector mcp`.

use std::path::PathBuf;
use std::time::Duration;

use connector_host::{FileStore, Host};
use connector_mcp::{self as mcp, Config, Http, InputDir, Offer, PREFIX};
use connector_serve::{Listen, Shutdown};
use connector_store::Store;

use super::args::{GrantArgs, LocalReachArgs, duration};
use super::chosen::Connections;
use super::components::{Approved, Components};
use super::error::Error;
use super::functions::Declared;
use super::serve::{api_keys, load_approved, unusable};

/// The maximum total size of files in bytes. Once it is reached, no more are stored.
const MAX_FILES_SIZE: u64 = 10 << 30;

/// The arguments of `mcp`.
#[derive(Debug, clap::Args)]
pub struct McpArgs {
    /// Use a stored connection instead of environment variables; may be given once per connector
    #[arg(long, value_name = "ID|NAME")]
    pub connection: Vec<String>,
    /// A folder with files that tools may read by `file:` URL; may be given several times
    #[arg(long, value_name = "DIR")]
    pub input_dir: Vec<PathBuf>,
    /// Listen for streamable HTTP instead: an IP address and a port, or `unix:PATH`
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<Listen>,
    /// A file with the key that clients send as `Authorization: Bearer …`
    ///
    /// Without it, the server accepts requests only from this machine.
    #[arg(long, value_name = "FILE", requires = "listen")]
    pub api_key_file: Option<PathBuf>,
    /// Where connections and files are stored [default: a folder in the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Maximum number of runs at the same time; further calls wait
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub runs: u32,
    /// Maximum time for a run
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub timeout: Duration,
    /// How long requests over HTTP may continue after Ctrl-C or SIGTERM
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub drain: Duration,
    /// How long files are kept
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub keep: Duration,
    /// Functions that a model may call, declared in a JSON file as for `run`
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
    /// The permissions granted to components.
    #[command(flatten)]
    pub granted: GrantArgs,
    /// The servers that connections may reach.
    #[command(flatten)]
    pub reach: LocalReachArgs,
}

/// Serves until the client disconnects or a signal stops the process.
pub fn mcp(args: McpArgs) -> Result<(), Error> {
    let host = Host::new(args.reach.options(args.runs))?;
    let components = Components::new(host, args.granted.grants(args.data_dir.as_deref()));
    let connectors = load_approved(&components)?;
    let input_dirs = args.input_dir.iter().map(|dir| {
        InputDir::open(dir).map_err(|error| {
            let message = if dir.is_dir() {
                format!("cannot open `{}`: {}", dir.display(), error.kind())
            } else {
                format!("`{}` is not a directory", dir.display())
            };
            Error::usage(message, "--input-dir takes a folder with files for tools")
        })
    });
    let input_dirs = input_dirs.collect::<Result<_, Error>>()?;
    let data = Store::open_for_user(args.data_dir.as_deref())?;
    let connections = Connections::for_connectors(&data, &connectors, &args.connection)?;
    let store = FileStore::new(data.folder().join("files"), PREFIX).limited(MAX_FILES_SIZE);
    let files = store.files();
    let mut api_keys = api_keys(args.api_key_file.as_deref())?;
    // All clients share the tools' connections and files.
    if let (Some(file), Some(keys)) = (&args.api_key_file, api_keys.take()) {
        api_keys = Some(keys.single().map_err(|error| unusable(file, &error))?);
    }
    let declared = Declared::read(&components, &connections, args.functions.as_deref())?;
    let config = Config {
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
        shutdown: Shutdown { drain: args.drain, until_stdin_closes: false },
    });
    mcp::serve(config, http).map_err(|error| Error::Service(error.to_string()))
}

/// Offers a connector even without a connection. Its tools then report what is
/// missing.
fn offer(approved: Approved, connections: &Connections) -> Offer {
    let connection = connections.of(&approved).map_err(|error| {
        let advice = error.hints().join("; ");
        match advice.as_str() {
            "" => error.to_string(),
            advice => format!("{error}; when starting this server, {advice}"),
        }
    });
    Offer { connector: approved.connector, connection }
}
