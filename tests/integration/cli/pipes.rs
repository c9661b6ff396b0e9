//! A command whose reader goes away (`connector list | head -1`) ends quietly.
//! A closed stderr does not end it.

use std::io::{BufRead, BufReader, Read, pipe};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use connector_tests::{CANARY, HANG, command, sandbox};
use openai_sandbox::{Fault, Sandbox};
use tempfile::TempDir;

use super::MESSAGE;

/// Standard output or standard error that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

/// The status and standard error of a command whose output nobody reads.
fn without_reader(command: &mut Command) -> (Option<i32>, String) {
    let output = command.stdout(unread()).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn with_store(sandbox: Option<&Sandbox>, store: &TempDir, arguments: &[&str]) -> Command {
    let mut command = command(sandbox);
    command.env("HOME", store.path()).args(arguments);
    command
}

#[test]
fn every_command_ends_quietly_when_stdout_closes() {
    let (sandbox, store) = (sandbox(), TempDir::new().unwrap());
    let secret = store.path().join("token");
    std::fs::write(&secret, CANARY).unwrap();
    let secret = format!("token={}", secret.display());
    let add = ["connection", "add", "openai", "--name", "work", "--secret-file", &secret];
    let ask = [&["run", "openai/v1/ask"], &MESSAGE[..]].concat();
    let streamed = [&ask[..], &["--stream"]].concat();
    let enveloped = [&ask[..], &["--stream", "--envelope"]].concat();
    let commands: &[&[&str]] = &[
        &["--help"],
        &["run", "--help"],
        &["--version"],
        &["help", "serve"],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["list"],
        &["list", "--json"],
        &["inspect", "openai"],
        &["inspect", "openai", "--json"],
        &["describe", "openai"],
        &["schema", "openai/v1/ask"],
        &["schema", "openai", "--connection", "--form", "ui-schema"],
        &["docs", "openai"],
        &["docs", "openai/v1/ask"],
        &["docs", "openai/v1/ask", "model"],
        &["test", "openai"],
        &["options", "openai/v1/ask", "model"],
        &add,
        &["connection", "list"],
        &["connection", "list", "--json"],
        &["connection", "show", "work"],
        &ask,
        &streamed,
    ];
    for arguments in commands {
        let ended = without_reader(&mut with_store(Some(&sandbox), &store, arguments));
        assert_eq!(ended, (Some(0), String::new()), "{arguments:?}");
    }
    // Output sent to standard error is still read.
    let (status, stderr) = without_reader(&mut with_store(Some(&sandbox), &store, &enveloped));
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stderr.contains("Sandbox answer"), "{stderr}");
}

#[test]
fn a_closed_stderr_does_not_change_the_exit_status() {
    let (sandbox, store) = (sandbox(), TempDir::new().unwrap());
    let ask = [&["run", "openai/v1/ask"], &MESSAGE[..]].concat();
    let with = |more: &[&'static str]| [&ask[..], more].concat();
    for (status, arguments, is_overloaded) in [
        (2, vec!["run", "--no-such-flag"], false),
        (2, vec!["run", "openai/v1/nope"], false),
        (2, vec!["run", "openai/v1/nope", "--json"], false),
        (0, vec!["connection", "list"], false),
        // Messages about attempts and streamed text.
        (0, ask.clone(), true),
        (0, with(&["--stream", "--envelope"]), true),
        (6, with(&["--attempts", "1"]), true),
    ] {
        if is_overloaded {
            sandbox.script(Fault::error(503, "overloaded", "Try later."));
        }
        let mut command = with_store(Some(&sandbox), &store, &arguments);
        let ended = command.stdout(Stdio::null()).stderr(unread()).status().unwrap();
        assert_eq!(ended.code(), Some(status), "{arguments:?}");
        sandbox.clear();
    }
}

#[test]
fn a_streaming_run_stops_when_stdout_closes() {
    let sandbox = sandbox();
    // The rest arrives long after the end of the test.
    sandbox.script(Fault::Pieces { size: 600, pause: Duration::from_millis(200) });
    let mut child = command(Some(&sandbox))
        .args(["run", "openai/v1/ask", "--stream", "--set", "messages[0].role=user", "--set"])
        .arg(format!("messages[0].content={}", "word ".repeat(20_000)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(started.elapsed() < HANG, "the run did not stop");
}

#[test]
fn a_service_keeps_running_when_stdout_closes() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("socket");
    let mut service = command(None)
        .args(["serve", "--until-stdin-closes", "--listen"])
        .arg(format!("unix:{}", socket.display()))
        .arg("--data-dir")
        .arg(folder.path().join("data"))
        .stdin(Stdio::piped())
        .stdout(unread())
        .stderr(unread())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + HANG;
    let mut stream = loop {
        if let Ok(stream) = UnixStream::connect(&socket) {
            break stream;
        }
        assert_eq!(service.try_wait().unwrap(), None, "the service exited");
        assert!(Instant::now() < deadline, "the service is not listening");
        thread::sleep(Duration::from_millis(20));
    };
    std::io::Write::write_all(
        &mut stream,
        b"GET /api/v1/components HTTP/1.1\r\nHost: localhost\r\n\r\n",
    )
    .unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 200 OK\r\n");
    drop(service.stdin.take());
    assert!(service.wait().unwrap().success());
}
