//! The `connector` command.

mod cli;
mod service;
mod store;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
