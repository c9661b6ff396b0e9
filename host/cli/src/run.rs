//! `connector run`.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use connector_host::{
    Action, Cancellation, Connector, Event, Failure, FailureKind, Files, Limits, Outcome,
    PropertyTable, PropertyType, Retries,
};
use serde_json::Value;

use super::address::Address;
use super::args::RunArgs;
use super::chosen::Connections;
use super::components::Components;
use super::error::Error;
use super::functions::Declared;
use super::progress::Progress;
use super::tape::Tape;
use super::{input, print};

/// Runs an action. `quiet` suppresses messages about retries and ignored values.
pub fn run(components: &Components, args: RunArgs, quiet: bool) -> Result<(), Error> {
    let (approved, action) = components.approved_action(&args.action)?;
    let connector = &approved.connector;
    let output_dir = args.output_dir.as_deref();
    let files = Files::new(output_dir.unwrap_or(Path::new(".")));
    let described = connector.descriptor().action(&action);
    let table = described.map(|action| action.properties.clone()).unwrap_or_default();
    let text_property = described.and_then(|action| action.text_property.as_deref());
    let input = assemble(&table, text_property, &files, &args)?;
    let mut connections = Connections::new(connector, &args.chosen)?;
    let tape = Tape::of(&args.tape)?;
    if tape.is_replay() {
        connections = connections.replaying();
    }
    let connection = connections.of(&approved)?;
    let declared = Declared::read(components, &connections, args.functions.as_deref())?;
    let functions = declared.for_run(connector, &connection, &files);
    if output_dir.is_some() || described.is_some_and(Action::makes_files) {
        let hint = "choose another folder with --output-dir";
        files.check_writable().map_err(|failure| Error::usage(failure.message, hint))?;
    }
    let cancellation = Cancellation::new();
    let show = Show {
        deltas: deltas(connector, &action, &input, &args),
        shown: Arc::default(),
        broken: Arc::default(),
        notes: !quiet,
        cancellation: cancellation.clone(),
    };
    cancel_on_interrupt(&cancellation)?;
    let given = args.check_output.then(|| input.clone());
    let run = tape.on_run(connector.run(&action, input));
    let outcome = run
        .connection(&connection)
        .files(&files)
        .functions(&functions)
        .limits(limits(&args, described))
        .retries(Retries { attempts: args.attempts, ..Retries::default() })
        .streaming(args.stream)
        .cancellation(&cancellation)
        .on_event(on_event(show.clone()))
        .start();
    if let Some(kind) = show.broken.get() {
        return Err(Error::Output((*kind).into()));
    }
    let outcome = outcome.map_err(|failure| with_hints(failure, &table, &args.action));
    tape.end(outcome, |outcome| {
        print(&outcome, &args, &show)?;
        match given {
            Some(input) => check_output(connector, &action, input, &outcome.output),
            None => Ok(()),
        }
    })
}

fn check_output(
    connector: &Connector,
    action: &str,
    input: Value,
    output: &Value,
) -> Result<(), Error> {
    let violations = connector.output_violations(action, input, output)?;
    if violations.is_empty() {
        return Ok(());
    }
    let message = format!("the output does not match its schema: {}", violations.join("; "));
    Err(Failure::new(FailureKind::InvalidOutput, message).into())
}

/// Shows events while an action runs.
#[derive(Clone)]
struct Show {
    deltas: Option<Deltas>,
    /// Whether any text was shown.
    shown: Arc<AtomicBool>,
    /// The first error that occurred while showing text.
    broken: Arc<OnceLock<io::ErrorKind>>,
    /// Whether to report retries and ignored values.
    notes: bool,
    /// Stops the run if its output cannot be written.
    cancellation: Cancellation,
}

/// The destination of streamed text.
#[derive(Clone, Copy, PartialEq)]
enum Deltas {
    /// Standard output, because the text is the output.
    Output,
    /// Standard error, because the output is something else and is printed at the
    /// end.
    Aside,
}

fn deltas(connector: &Connector, action: &str, input: &Value, args: &RunArgs) -> Option<Deltas> {
    if !args.stream {
        return None;
    }
    // Without a schema the input is invalid, and the run itself reports that.
    let schema = connector.output_schema(action, input.clone()).unwrap_or_default();
    let is_text = schema.get("type").is_some_and(|kind| kind == "string");
    Some(if is_text && !args.envelope { Deltas::Output } else { Deltas::Aside })
}

/// Makes Ctrl-C and SIGTERM cancel the run, which removes half-written files. A
/// second signal ends the program.
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

fn limits(args: &RunArgs, action: Option<&Action>) -> Limits {
    let usual = action.map(Limits::of_action).unwrap_or_default();
    Limits { time: args.timeout.unwrap_or(usual.time), first_byte: args.first_byte, ..usual }
}

fn assemble(
    table: &PropertyTable,
    text_property: Option<&str>,
    files: &Files,
    args: &RunArgs,
) -> Result<Value, Error> {
    let mut value = input::read(args.input.as_deref())?;
    if let Some(text) = &args.text {
        let property = text_property.ok_or_else(|| {
            let message = format!("{} has no main text property", args.action);
            Error::usage(message, "set its properties with --set PROPERTY=VALUE")
        })?;
        input::text(&mut value, property, text)?;
    }
    for argument in &args.set {
        input::set(table, &mut value, argument)?;
    }
    // The user named these files in the command.
    files.grant_named_in(table, &value);
    for argument in &args.file {
        input::file(files, &mut value, argument)?;
    }
    input::refuse_gaps(&value, args.set.iter().chain(&args.file))?;
    Ok(value)
}

/// Prints text as it arrives, and shows the progress of transfers.
fn on_event(show: Show) -> impl Fn(Event) + Send + Sync {
    let progress = Progress::new(io::stderr().is_terminal());
    move |event| match event {
        Event::TextDelta { choice: 0, text } => {
            match show.deltas {
                Some(Deltas::Output) => {
                    if let Err(error) = print::part(&text) {
                        // Keeps the first error.
                        let _ = show.broken.set(error.kind());
                        show.cancellation.cancel();
                    }
                }
                Some(Deltas::Aside) => print::note_part(text),
                None => return,
            }
            show.shown.store(true, Ordering::Relaxed);
        }
        Event::Retry { attempt, pause_ms, reason } if show.notes => {
            let (reason, seconds) = (print::plain(&reason), pause_ms as f64 / 1000.0);
            print::note(format_args!("attempt {attempt}: {reason}; retrying in {seconds:.1} s"));
        }
        Event::File { file } if show.deltas.is_some() => {
            print::note(format_args!("preview: {}", print::plain(&file.url)));
        }
        Event::Metadata { metadata } if show.notes => {
            let warnings = metadata.get("warnings").and_then(Value::as_array);
            for warning in warnings.into_iter().flatten().filter_map(Value::as_str) {
                print::note(format_args!("warning: {}", print::plain(warning)));
            }
        }
        Event::Progress { unit, done, total } if unit == "bytes" => progress.show(done, total),
        _ => {}
    }
}

/// Prints the output. If it was streamed, only adds a line break.
fn print(outcome: &Outcome, args: &RunArgs, show: &Show) -> Result<(), Error> {
    if show.shown.load(Ordering::Relaxed) {
        match show.deltas {
            Some(Deltas::Output) => return print::line(""),
            _ => print::note(""),
        }
    }
    match &outcome.output {
        _ if args.envelope => print::json(outcome),
        Value::String(text) if args.raw => {
            let text = format!("{}\n", text.trim_end_matches('\n'));
            print::part(&text).map_err(Error::Output)
        }
        output => print::json(output),
    }
}

fn with_hints(failure: Failure, table: &PropertyTable, address: &str) -> Error {
    let hint = match (failure.kind, &failure.property) {
        (FailureKind::InvalidInput, Some(path))
            if table.at_path(path).is_some_and(|row| row.kind == PropertyType::FileEntry) =>
        {
            Some(format!("pass a file with --file {}=FILE", shell_word(path)))
        }
        (FailureKind::InvalidInput, Some(path)) if table.at_path(path).is_some() => {
            Some(format!("see `connector docs {} {}`", shell_word(address), shell_word(path)))
        }
        (FailureKind::InvalidInput, Some(_)) => {
            Some(format!("see `connector docs {}`", shell_word(address)))
        }
        (FailureKind::Unauthorized, _) => Address::parse(address).ok().map(|address| {
            format!("`connector docs {}` describes the connection", shell_word(&address.connector))
        }),
        _ => None,
    };
    Error::Failure { failure, hints: hint.into_iter().collect() }
}

/// Quotes an argument for a shell, in which brackets and spaces are special.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
