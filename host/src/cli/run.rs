//! `connector run`.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use connector_host::{
    Cancellation, Connector, Event, Failure, FailureKind, Files, Limits, Outcome, PropertyTable,
    Retries,
};
use serde_json::Value;

use super::args::Run;
use super::chosen::Connections;
use super::components::Components;
use super::error::{Error, harmless};
use super::functions::functions;
use super::progress::Progress;
use super::{input, print_json, print_line};

/// Runs an action. `quiet` says nothing of what happens on the way.
pub fn run(components: &Components, args: Run, quiet: bool) -> Result<(), Error> {
    let (connector, action) = components.action(&args.action)?;
    let files = Files::new(&args.output_dir).allow_any_local();
    let table = table(&connector, &action);
    let input = assemble(&table, &files, &args)?;
    let connections = Connections::new(&connector, &args.chosen)?;
    let connection = connections.of(&connector)?;
    let functions = functions(components, connections, args.functions.as_deref(), &files)?;
    let show = Show {
        deltas: deltas(&connector, &action, &input, &args),
        begun: Arc::new(AtomicBool::new(false)),
        retries: !quiet,
    };
    let cancellation = Cancellation::new();
    cancel_on_interrupt(&cancellation)?;
    let outcome = connector
        .run(&action, input)
        .connection(&connection)
        .files(&files)
        .functions(&functions)
        .limits(Limits { time: args.timeout, first_byte: args.first_byte, ..Limits::default() })
        .retries(Retries { attempts: args.attempts, ..Retries::default() })
        .streaming(args.stream)
        .cancellation(&cancellation)
        .on_event(on_event(show.clone()))
        .start()
        .map_err(|failure| with_hints(failure, &args.action))?;
    print(&outcome, &args, &show)
}

/// What is shown while an action runs.
#[derive(Clone)]
struct Show {
    deltas: Option<Deltas>,
    /// Whether text was shown.
    begun: Arc<AtomicBool>,
    retries: bool,
}

/// Where text goes that arrives.
#[derive(Clone, Copy, PartialEq)]
enum Deltas {
    /// To standard output: it is the output.
    Output,
    /// To standard error: the output is something else, and comes whole.
    Aside,
}

fn deltas(connector: &Connector, action: &str, input: &Value, args: &Run) -> Option<Deltas> {
    if !args.stream {
        return None;
    }
    // Without a schema the input is wrong, which the run itself says better.
    let schema = connector.output_schema(action, input.clone()).unwrap_or_default();
    let is_text = schema.get("type").is_some_and(|of| of == "string");
    Some(if is_text && !args.envelope { Deltas::Output } else { Deltas::Aside })
}

/// Ctrl-C and SIGTERM end the run in good order: half-written files are
/// removed. A second one ends the program.
fn cancel_on_interrupt(cancellation: &Cancellation) -> Result<(), Error> {
    let cancellation = cancellation.clone();
    ctrlc::set_handler(move || {
        if cancellation.is_cancelled() {
            std::process::exit(130);
        }
        cancellation.cancel();
    })
    .map_err(|error| Error::Usage { message: format!("cannot handle Ctrl-C: {error}"), hint: None })
}

fn table(connector: &Connector, action: &str) -> PropertyTable {
    let action = connector.descriptor().action(action);
    action.map(|action| action.properties.clone()).unwrap_or_default()
}

fn assemble(table: &PropertyTable, files: &Files, args: &Run) -> Result<Value, Error> {
    let mut value = input::read(args.input.as_deref())?;
    for argument in &args.set {
        input::set(table, &mut value, argument)?;
    }
    for argument in &args.file {
        input::file(files, &mut value, argument)?;
    }
    input::refuse_gaps(&value, args.set.iter().chain(&args.file))?;
    Ok(value)
}

/// Text goes to standard output as it comes; the progress of a transfer to a
/// bar, on a terminal.
fn on_event(show: Show) -> impl Fn(Event) + Send + Sync {
    let progress = Progress::new(io::stderr().is_terminal());
    move |event| match event {
        Event::TextDelta { choice: 0, text } => {
            // A reader that went away shows when the output is printed.
            match show.deltas {
                Some(Deltas::Output) => {
                    let mut stdout = io::stdout().lock();
                    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
                }
                Some(Deltas::Aside) => eprint!("{text}"),
                None => return,
            }
            show.begun.store(true, Ordering::Relaxed);
        }
        Event::Retry { attempt, pause_ms, reason } if show.retries => {
            let seconds = pause_ms as f64 / 1000.0;
            eprintln!("attempt {attempt}: {}; again in {seconds:.1} s", harmless(&reason));
        }
        Event::File { file } if show.deltas.is_some() => {
            eprintln!("preview: {}", harmless(&file.url));
        }
        Event::Progress { unit, done, total } if unit == "bytes" => progress.show(done, total),
        _ => {}
    }
}

/// What was streamed is not printed again; a line break ends it.
fn print(outcome: &Outcome, args: &Run, show: &Show) -> Result<(), Error> {
    if show.begun.load(Ordering::Relaxed) {
        match show.deltas {
            Some(Deltas::Output) => return print_line(""),
            _ => eprintln!(),
        }
    }
    match &outcome.output {
        _ if args.envelope => print_json(outcome),
        Value::String(text) if args.raw => print_line(text.trim_end_matches('\n')),
        output => print_json(output),
    }
}

fn with_hints(failure: Failure, address: &str) -> Error {
    let connector = address.split('/').next().unwrap_or(address);
    let hints = match failure.kind {
        FailureKind::InvalidInput if failure.property.is_some() => {
            vec![format!("`connector schema {address}` prints what is allowed")]
        }
        FailureKind::Unauthorized => {
            vec![format!("`connector docs {connector}` tells how to get and set a token")]
        }
        _ => Vec::new(),
    };
    Error::Failure { failure, hints }
}
