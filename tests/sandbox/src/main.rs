//! The sandbox as a program. It listens on a free port until it is stopped:
//! `openai-sandbox`.

use std::io::{self, Write};
use std::thread;

use openai_sandbox::Options;
use openai_sandbox::Sandbox;

fn main() -> io::Result<()> {
    // Nothing can query a program's requests, so none are remembered.
    let sandbox = Sandbox::start(Options { remembered: 0, ..Options::default() })?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", sandbox.base_url())?;
    stdout.flush()?;
    eprintln!("This is a sandbox: it generates its own answers and sends nothing to OpenAI.");
    loop {
        thread::park();
    }
}
