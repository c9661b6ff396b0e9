//! The sandbox as a program: `openai-sandbox [--listen ADDRESS] [--token-file FILE]`.

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::io::Read;
use std::io::Write;
use std::process::ExitCode;
use std::thread;

use openai_sandbox::Options;
use openai_sandbox::Sandbox;
use tokio::runtime::Runtime;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::oneshot;

const HELP: &str = "\
A stand-in for the OpenAI API on loopback. No request leaves this machine.

usage: openai-sandbox [options]

  --listen ADDRESS         loopback address and port [default: 127.0.0.1:0]
  --token-file FILE        accept only the key in FILE [default: accept any]
  --until-stdin-closes     end when standard input ends
  --help                   print this text
";

/// What was asked for on the command line.
#[derive(Debug)]
enum Arguments {
    Help,
    Serve { options: Options, until_stdin_closes: bool },
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("openai-sandbox: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut stdout = io::stdout();
    match parse(std::env::args_os().skip(1))? {
        Arguments::Help => Ok(stdout.write_all(HELP.as_bytes())?),
        Arguments::Serve { options, until_stdin_closes } => {
            let signals = Signals::listen()?;
            let sandbox = Sandbox::start(options)?;
            writeln!(stdout, "listening on {}", sandbox.base_url())?;
            stdout.flush()?;
            eprintln!("This is a sandbox: it answers by itself and nothing reaches OpenAI.");
            signals.wait(until_stdin_closes);
            Ok(())
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Arguments, Box<dyn Error>> {
    // Nobody can ask a program for its requests, so none are remembered.
    let mut options = Options { remembered: 0, ..Options::default() };
    let mut until_stdin_closes = false;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{} needs a value", argument.display()));
        match argument.to_str() {
            Some("--help" | "-h") => return Ok(Arguments::Help),
            Some("--until-stdin-closes") => until_stdin_closes = true,
            Some("--listen") => {
                let value = value()?;
                let address = value.to_str().and_then(|value| value.parse().ok());
                options.listen = address.ok_or("--listen needs an address such as 127.0.0.1:0")?;
            }
            Some("--token-file") => {
                let path = value()?;
                let token = std::fs::read_to_string(&path)
                    .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                let token = token.trim();
                if token.is_empty() {
                    return Err(format!("{} holds no key", path.display()).into());
                }
                options.token = Some(token.to_owned());
            }
            _ => return Err(format!("unknown argument {}", argument.display()).into()),
        }
    }
    Ok(Arguments::Serve { options, until_stdin_closes })
}

/// The signals to end. They are listened to before the sandbox says where it
/// is: who knows that may send one.
struct Signals {
    runtime: Runtime,
    terminated: Signal,
    interrupted: Signal,
}

impl Signals {
    fn listen() -> io::Result<Signals> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (terminated, interrupted) = {
            let _entered = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        Ok(Signals { runtime, terminated, interrupted })
    }

    /// Waits for one of them, or for the end of standard input.
    fn wait(mut self, until_stdin_closes: bool) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminated.recv() => {}
                _ = self.interrupted.recv() => {}
                () = stdin_closed(until_stdin_closes) => {}
            }
        });
    }
}

/// Waits for the end of standard input, for ever if nobody wants to know.
async fn stdin_closed(wanted: bool) {
    if !wanted {
        return std::future::pending().await;
    }
    let (closed, waiting) = oneshot::channel();
    // Reading standard input cannot be cancelled: the thread is left behind
    // when a signal comes first.
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut buffer = [0; 1024];
        while stdin.read(&mut buffer).is_ok_and(|length| length != 0) {}
        closed.send(())
    });
    // A lost sender also means that nothing more will be read.
    let _ = waiting.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Arguments, Box<dyn Error>> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn arguments() {
        let Ok(Arguments::Serve { options, until_stdin_closes }) =
            parse_line("--listen 127.0.0.1:4010 --until-stdin-closes")
        else {
            panic!("these arguments are good");
        };
        assert_eq!(options.listen.port(), 4010);
        assert!(until_stdin_closes && options.token.is_none());
        assert!(matches!(parse_line("--help"), Ok(Arguments::Help)));
        for wrong in ["--listen", "--listen here", "--token-file /nowhere/at/all", "--token x"] {
            assert!(parse_line(wrong).is_err(), "{wrong}");
        }
    }
}
