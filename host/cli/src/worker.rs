//! `connector worker`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use connector_store::Store;
use connector_worker::{self as worker, Config, Names, NatsAccess, Provisioning, Servers, User};
use zeroize::Zeroizing;

use super::args::{ReachArgs, duration};
use super::components::Components;
use super::error::Error;
use super::secrets;
use super::serve::{grants, http_functions, load};

/// The arguments of `worker`.
#[derive(Debug, clap::Args)]
pub struct WorkerArgs {
    /// The NATS server, or the servers of a cluster, separated by commas
    #[arg(long, value_name = "URL", env = "NATS_URL", default_value = "nats://127.0.0.1:4222")]
    pub nats: Servers,
    /// The user's credentials file, as created by `nsc`
    #[arg(long, value_name = "FILE", env = "NATS_CREDS")]
    pub creds: Option<PathBuf>,
    /// The user's name; the password is read from --password-file or $NATS_PASSWORD
    #[arg(long, value_name = "NAME", env = "NATS_USER", conflicts_with = "creds")]
    pub user: Option<String>,
    /// A file with the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// The certificate authorities to trust instead of the system's: a PEM file
    #[arg(long, value_name = "FILE", env = "NATS_CA")]
    pub nats_ca: Option<PathBuf>,
    /// The prefix of all names in NATS
    #[arg(long, value_name = "NAME", default_value = "connector")]
    pub prefix: Names,
    /// Maximum number of runs at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub runs: u32,
    /// Maximum deliveries of a run, if its workers die or its provider is overloaded
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub deliveries: u32,
    /// Maximum time for a run
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub timeout: Duration,
    /// How long runs may continue after Ctrl-C or SIGTERM
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub drain: Duration,
    /// Time without a heartbeat before another worker takes over; applies to a new queue
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub ack_wait: Duration,
    /// How long outcomes and files are kept; applies to new buckets
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub keep: Duration,
    /// Number of servers in the cluster that store a copy; applies to new queues and buckets
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub replicas: u8,
    /// Maximum size of an input file, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_file_size: u32,
    /// Where connections are stored [default: a folder in the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Use only the exact files that were approved, not rebuilt ones that ask for the same
    /// permissions
    #[arg(long)]
    pub locked: bool,
    /// The servers that connections may reach.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// HTTP functions that a model may call, declared in a JSON file as for `run`
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
}

/// Processes runs until a signal stops the process.
pub fn work(args: WorkerArgs) -> Result<(), Error> {
    let user = user(&args)?;
    let components =
        Components::new(args.reach.host(args.runs)?, grants(args.locked, args.data_dir.clone()));
    let connectors = load(&components)?;
    let store = Store::open_for_user(args.data_dir.as_deref())?;
    let config = Config {
        access: NatsAccess { servers: args.nats, user, authorities: args.nats_ca },
        names: args.prefix,
        provisioning: Provisioning {
            keep: args.keep,
            ack_wait: args.ack_wait,
            replicas: usize::from(args.replicas),
        },
        runs: args.runs as usize,
        deliveries: args.deliveries,
        run_time: args.timeout,
        drain: args.drain,
        files_dir: store.folder().join("worker"),
        max_file_size: u64::from(args.max_file_size) << 20,
        functions: http_functions(&components, args.functions.as_deref())?,
    };
    worker::work(connectors, store, config).map_err(|error| Error::Service(error.to_string()))
}

fn user(args: &WorkerArgs) -> Result<User, Error> {
    if let Some(path) = &args.creds {
        return Ok(User::Credentials(path.clone()));
    }
    let Some(name) = &args.user else { return Ok(User::Anonymous) };
    let password = match &args.password_file {
        Some(path) => password(path)?,
        None => Zeroizing::new(std::env::var("NATS_PASSWORD").unwrap_or_default()),
    };
    if password.is_empty() {
        return Err(Error::usage(
            format!("the NATS user `{name}` has no password"),
            "use --password-file FILE or set $NATS_PASSWORD",
        ));
    }
    Ok(User::Password(name.clone(), password))
}

fn password(path: &Path) -> Result<Zeroizing<String>, Error> {
    secrets::from_path(path).map_err(|error| Error::Usage {
        message: format!("cannot read a password from {}: {error}", path.display()),
        hint: None,
    })
}
