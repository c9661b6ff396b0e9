//! The `connector` command: a thin layer that turns arguments into library calls,
//! outcomes into text on standard output, and failures into a message on standard
//! error and an exit status.
// These macros panic if the reader has closed the pipe (see `print.rs`).
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod address;
mod args;
mod check;
mod chosen;
mod compile;
mod components;
mod connections;
mod error;
mod functions;
mod input;
#[cfg(feature = "mcp")]
mod mcp;
mod memory;
mod new;
mod print;
mod progress;
mod run;
mod secrets;
mod serve;
mod show;
mod tape;
mod trust;
#[cfg(feature = "worker")]
mod worker;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use connector_host::{Connection, Failure, FailureKind, Host, OptionList};

use args::{Cli, Command, ConnectionArgs, TapeArgs};
use chosen::Connections;
use components::{Approved, Components};
use error::Error;
use tape::Tape;

fn main() -> ExitCode {
    memory::return_large_blocks();
    let args = Cli::parse();
    log_to_stderr(args.command.is_daemon());
    let json = args.json;
    match dispatch(args) {
        Ok(()) => ExitCode::SUCCESS,
        // `connector list | head -1`: the reader needs no more output.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => error.report(json),
    }
}

fn dispatch(args: Cli) -> Result<(), Error> {
    if let Command::Completions { shell } = args.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "connector", &mut script);
        return print::line(String::from_utf8_lossy(&script).trim_end());
    }
    match args.command {
        Command::Serve(args) => return serve::serve(args),
        #[cfg(feature = "mcp")]
        Command::Mcp(args) => return mcp::mcp(args),
        #[cfg(feature = "worker")]
        Command::Worker(args) => return worker::work(args),
        Command::New { name, lang } => return new::new(&name, lang),
        Command::Compile { file } => return compile::compile(&file),
        Command::Man { folder } => {
            return clap_mangen::generate_to(Cli::command(), folder).map_err(Error::Output);
        }
        _ => {}
    }
    let components =
        Components::new(Host::new(args.command.host_options())?, args.command.grants());
    match args.command {
        Command::List => show::list(&components, args.json),
        Command::Check { connector, strict } => {
            check::check(&components, &connector, strict, args.json)
        }
        Command::Inspect { connector } => show::inspect(&components, &connector, args.json),
        Command::Describe { connector } => show::describe(&components, &connector),
        Command::Schema { of, connection, form, input } => {
            show::schema(&components, &of, connection, form, input.as_deref())
        }
        Command::Docs { of, property } => show::docs(&components, &of, property.as_deref()),
        Command::Test { connector, chosen, tape } => test(&components, &connector, &chosen, &tape),
        Command::Options { action, property, search, input, set, chosen, tape } => {
            let (approved, action) = components.approved_action(&action)?;
            let tape = Tape::of(&tape)?;
            let connector = &tape.on_queries(&approved.connector);
            let connection = connection(&approved, &chosen, &tape)?;
            let described = connector.descriptor().action(&action);
            let table = described.map(|action| action.properties.clone()).unwrap_or_default();
            let mut input = input::read(input.as_deref())?;
            for argument in &set {
                input::set(&table, &mut input, argument)?;
            }
            let list =
                connector.options(&connection, &action, &property, &input, search.as_deref());
            tape.end(list.map_err(Error::from), |list| {
                print::json(&list)?;
                if list.disabled { Err(unavailable(&property, &list)) } else { Ok(()) }
            })
        }
        Command::Run(run) => run::run(&components, run, args.json),
        Command::Connection(command) => connections::connection(&components, command, args.json),
        Command::Trust { connector, yes, data } => {
            trust::trust(&components, &connector, yes, data.data_dir.as_deref())
        }
        Command::Lock { folder } => trust::lock(&components, &folder),
        // Dispatched above.
        _ => Ok(()),
    }
}

fn test(
    components: &Components,
    name: &str,
    chosen: &ConnectionArgs,
    tape: &TapeArgs,
) -> Result<(), Error> {
    let approved = components.approved(name)?;
    let tape = Tape::of(tape)?;
    let connection = connection(&approved, chosen, &tape)?;
    let reached = tape.on_queries(&approved.connector).test(&connection);
    tape.end(reached.map_err(Error::from), |reached| print::line(&print::plain(&reached)))
}

/// A form shows a disabled list with its reason; for a command, it is a failure.
fn unavailable(property: &str, list: &OptionList) -> Error {
    let reason = list.placeholder.as_deref().unwrap_or("the connector gives no reason");
    let message = format!("the options of `{property}` are not available: {reason}");
    Failure::new(FailureKind::Refused, message).into()
}

/// The chosen connection. A replay needs no secret.
fn connection(
    approved: &Approved,
    chosen: &ConnectionArgs,
    tape: &Tape,
) -> Result<Connection, Error> {
    let connections = Connections::new(&approved.connector, chosen)?;
    if tape.is_replay() { connections.replaying() } else { connections }.of(approved)
}

/// Logs to standard error if `RUST_LOG` is set, as in `RUST_LOG=debug connector …`.
/// A service logs its requests by default.
fn log_to_stderr(serves: bool) {
    let asked = std::env::var("RUST_LOG").ok();
    let own = serves.then(|| "warn,connector=info,tower_http=info".to_owned());
    if let Some(filter) = asked.or(own) {
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
            .with_ansi(io::stderr().is_terminal())
            .with_writer(io::stderr)
            // Internal errors would be printed to standard error too. If that is a
            // file on a full disk, printing them would panic and end every request.
            .log_internal_errors(false)
            .init();
    }
}
