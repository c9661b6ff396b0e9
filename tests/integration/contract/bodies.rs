//! Requests with files embedded in JSON.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::{Event, Retries};

use super::*;

/// A guest that posts `{"image":"<the file>"}`.
fn posting(entry: &FileEntry) -> Guest {
    let pieces = json!([{ "text": "{\"image\":\"" }, { "file": null }, { "text": "\"}" }]);
    let body = json!({ "json-with-files": pieces });
    opening(&entry.url)
        .with(include_str!("../../guests/send.wat"))
        .with(include_str!("../../guests/send-file.wat"))
        .value("request", "http.request", json!({ "method": "post", "path": "/a", "body": body }))
}

/// The head and the body of a request.
type Posted = (String, Vec<u8>);

/// A server that answers one request with each of these statuses, each on a new
/// connection, and returns the requests it received.
fn server(statuses: &'static [u16]) -> (TcpListener, JoinHandle<Vec<Posted>>) {
    let server = listener();
    let serving = server.try_clone().unwrap();
    let serve = move |status: &u16| {
        let (mut stream, _) = serving.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let (_, length) = head.split_once("content-length: ").unwrap();
        let length = length.split_once("\r\n").unwrap().0.parse().unwrap();
        // A client that sends more than the buffers hold has to wait, and
        // reports its progress.
        thread::sleep(Duration::from_millis(150));
        let mut body = Vec::new();
        (&stream).take(length).read_to_end(&mut body).unwrap();
        let answer =
            format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
        // A client that gave up no longer reads.
        let _ = stream.write_all(answer.as_bytes());
        (head, body)
    };
    (server, thread::spawn(move || statuses.iter().map(serve).collect()))
}

/// Posts a file to a server. `on_event` also receives the file's path.
fn post(
    bytes: &[u8],
    limits: Limits,
    server: &TcpListener,
    on_event: impl Fn(Event, &Path) + Send + Sync + 'static,
) -> Result<Outcome, Failure> {
    let dir = tempfile::tempdir().unwrap();
    let (files, entry) = granted(&dir, 1);
    let path = dir.path().join("f.txt");
    std::fs::write(&path, bytes).unwrap();
    let connector = load(&posting(&entry));
    let pause = Duration::from_millis(1);
    connector
        .run("act", json!({ "file": entry }))
        .files(&files)
        .connection(&connection(&connector, server))
        .limits(limits)
        .retries(Retries { attempts: 4, pause, longest: pause, ..Retries::default() })
        .on_event(move |event| on_event(event, &path))
        .start()
}

#[test]
fn a_file_in_json_is_sent_as_base64_in_every_attempt() {
    // The connector has room for 64 KiB.
    let bytes: Vec<u8> = (0..1_000_003_u32).map(|at| (at * 31 % 251) as u8).collect();
    let (listener, served) = server(&[503, 200]);
    let outcome = post(&bytes, Limits::default(), &listener, |_, _| ()).unwrap();
    assert_eq!(outcome.metadata["attempts"], 2);
    let expected = format!("{{\"image\":\"{}\"}}", STANDARD.encode(&bytes));
    for (head, body) in served.join().unwrap() {
        assert!(head.starts_with("post /v1/a http/1.1\r\n"), "{head}");
        assert!(head.contains("content-type: application/json\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", expected.len())), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
        assert!(body == expected.as_bytes(), "unexpected body of {} bytes", body.len());
    }
}

#[test]
fn the_base64_length_of_a_file_counts_toward_the_limit() {
    let listener = listener();
    let limit = |request_bytes| Limits { request_bytes, ..Limits::default() };
    // 12 bytes of JSON around 136 base64 characters.
    let failure = post(&[7; 100], limit(147), &listener, |_, _| ()).unwrap_err();
    assert_failure(&failure, FailureKind::TooLarge, "148 bytes long; the limit is 147");
    assert!(!failure.request_sent, "{failure:?}");
    let (listener, served) = server(&[200]);
    post(&[7; 100], limit(148), &listener, |_, _| ()).unwrap();
    served.join().unwrap();
}

#[test]
fn reports_progress_while_a_file_in_json_is_sent() {
    let (listener, served) = server(&[200]);
    let reported = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&reported);
    let size = 24_000_000;
    post(&vec![7; size], Limits::default(), &listener, move |event, _| {
        keep.lock().unwrap().push(event);
    })
    .unwrap();
    served.join().unwrap();
    let reported = reported.lock().unwrap();
    let length = size as u64 / 3 * 4 + 12;
    let is_progress = |event: &Event| match event {
        Event::Progress { unit, done, total } => {
            unit == "bytes" && *total == Some(length) && *done <= length
        }
        _ => false,
    };
    assert!(!reported.is_empty() && reported.iter().all(is_progress), "{reported:?}");
}

#[test]
fn a_file_that_shrinks_fails_the_request() {
    let (listener, served) = server(&[503, 200]);
    // One byte fewer, but base64 of the same length.
    let failure = post(&[7; 99_999], Limits::default(), &listener, |event, path| {
        if let Event::Retry { .. } = event {
            std::fs::File::options().write(true).open(path).unwrap().set_len(99_998).unwrap();
        }
    })
    .unwrap_err();
    assert_failure(&failure, FailureKind::Network, "a file shrank");
    assert!(failure.request_sent, "{failure:?}");
    let bodies: Vec<usize> = served.join().unwrap().iter().map(|(_, body)| body.len()).collect();
    assert_eq!(bodies[0], 133_332 + 12);
    assert!(bodies[1] < bodies[0], "{bodies:?}");
}
