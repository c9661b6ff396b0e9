//! The `connector` command.

mod cli;
mod store;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
