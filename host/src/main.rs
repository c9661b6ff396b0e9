//! The `connector` command.

mod cli;
mod mcp;
mod members;
mod service;
mod store;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
