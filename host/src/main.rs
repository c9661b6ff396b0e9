//! The `connector` command.
// They panic when their reader has gone away: see `cli/print.rs`.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod approval;
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
