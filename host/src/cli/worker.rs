//! `connector worker`.

use std::path::Path;

use zeroize::Zeroizing;

use super::args;
use super::components::Components;
use super::error::Error;
use super::secrets;
use super::serve::{grants, http_functions, load};
use crate::store::Store;
use crate::worker::{self, Access, Making, Settings, User};

/// Works until the process is told to stop.
pub fn work(args: args::Worker) -> Result<(), Error> {
    let user = user(&args)?;
    let components =
        Components::new(args.reach.host(args.runs)?, grants(args.locked, args.data_dir.clone()));
    let connectors = load(&components)?;
    let store = Store::open_for_user(args.data_dir.as_deref())?;
    let settings = Settings {
        access: Access { servers: args.nats, user, authorities: args.nats_ca },
        names: args.prefix,
        making: Making {
            keep: args.keep,
            ack_wait: args.ack_wait,
            replicas: usize::from(args.replicas),
        },
        runs: args.runs as usize,
        deliveries: args.deliveries,
        run_time: args.timeout,
        drain: args.drain,
        files_dir: store.folder().join("worker"),
        largest_file: u64::from(args.largest_file) << 20,
        functions: http_functions(&components, args.functions.as_deref())?,
    };
    worker::work(connectors, store, settings).map_err(|error| Error::Service(error.to_string()))
}

fn user(args: &args::Worker) -> Result<User, Error> {
    if let Some(path) = &args.creds {
        return Ok(User::Credentials(path.clone()));
    }
    let Some(name) = &args.user else { return Ok(User::Anybody) };
    let password = match &args.password_file {
        Some(path) => password(path)?,
        None => Zeroizing::new(std::env::var("NATS_PASSWORD").unwrap_or_default()),
    };
    match password.is_empty() {
        true => Err(Error::usage(
            format!("the NATS user `{name}` has no password"),
            "put it into a file, --password-file FILE, or into $NATS_PASSWORD",
        )),
        false => Ok(User::Password(name.clone(), password)),
    }
}

fn password(path: &Path) -> Result<Zeroizing<String>, Error> {
    secrets::from_path(path).map_err(|error| Error::Usage {
        message: format!("cannot read a password from {}: {error}", path.display()),
        hint: None,
    })
}
