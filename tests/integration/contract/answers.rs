//! Which parts of a response a connector receives.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::{Event, Functions, HttpFunction};

use super::*;

/// A guest that sends a request and emits what it receives.
fn emitting(how: &str) -> Guest {
    sending(json!({ "method": "get", "path": "/events" }))
        .with(include_str!("../../guests/emit-text.wat"))
        .with(how)
}

/// A guest that emits events whose images are stored.
fn events() -> Guest {
    emitting(include_str!("../../guests/next-event.wat")).value(
        "embedded",
        "http.embedded-files",
        json!({ "path": ["b64"], "name": "image", "mime-type": "image/png" }),
    )
}

/// A guest that emits events unchanged.
fn plain_events() -> Guest {
    events().with("(global $has-embedded i32 (i32.const 0))")
}

/// How a run ended, and the choices and text it emitted.
type Emitted = (Result<Outcome, Failure>, Vec<(u32, String)>);

/// Runs the guest against a server that sends its response with `serve`, which gets
/// a message for each emitted delta.
fn run_with(
    guest: &Guest,
    limits: Limits,
    files: &Files,
    serve: impl FnOnce(&mut TcpStream, Receiver<()>) + Send + 'static,
) -> Emitted {
    let connector = load(guest);
    let server = listener();
    let connection = connection(&connector, &server);
    let (emitted, emitting) = mpsc::channel();
    let (read, reads) = mpsc::channel();
    let served = thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).unwrap();
        // Without a length: the body ends with the connection.
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").unwrap();
        serve(&mut stream, reads);
    });
    let run = connector.run("act", json!({})).connection(&connection).limits(limits).files(files);
    let ended = run
        .on_event(move |event| {
            if let Event::TextDelta { choice, text } = event {
                emitted.send((choice, text)).unwrap();
                // A server that has sent everything no longer listens.
                let _ = read.send(());
            }
        })
        .start();
    served.join().unwrap();
    (ended, emitting.into_iter().collect())
}

/// Runs the guest with this body and without a folder for files.
fn run(guest: &Guest, limits: Limits, body: &[u8]) -> Emitted {
    let body = body.to_vec();
    run_with(guest, limits, &Files::new("/nowhere"), move |stream, _| {
        // A guest that has read enough closes the connection early.
        let _ = stream.write_all(&body);
    })
}

fn event(name: &str, data: &str) -> [(u32, String); 2] {
    [(0, name.to_owned()), (1, data.to_owned())]
}

#[test]
fn a_body_is_read_in_pieces() {
    let read = emitting(include_str!("../../guests/read.wat"));
    let (ended, emitted) = run(&read, Limits::default(), b"0123456789");
    assert_eq!(ended.unwrap().output, json!({ "good": true }));
    assert!(emitted.iter().all(|(_, piece)| (1..=4).contains(&piece.len())), "{emitted:?}");
    assert_eq!(emitted.into_iter().map(|(_, piece)| piece).collect::<String>(), "0123456789");
}

/// The function's own request has a different limit, and has ended by the time
/// the response continues.
#[test]
fn a_silent_response_times_out_even_after_a_function_call() {
    let call = json!({ "name": "f", "arguments": "{}" });
    let guest = emitting(include_str!("../../guests/read.wat"))
        .with(include_str!("../../guests/call-and-read.wat"))
        .value("invocation", "functions.invocation", call);
    let connector = load(&guest);
    let (server, of_function) = (listener(), listener());
    let declaration = HttpFunction {
        name: "f".to_owned(),
        description: "Answers.".to_owned(),
        parameters: json!({ "type": "object" }),
        method: "GET".to_owned(),
        url: format!("http://{}/f", of_function.local_addr().unwrap()),
        header: None,
    };
    let functions = Functions::new().with_http(declaration, &HOST, |_| None).unwrap();
    let connection = connection(&connector, &server);
    let limits = Limits { silence: Duration::from_millis(300), ..Limits::default() };
    let failure = thread::scope(|scope| {
        let run = scope.spawn(|| {
            let input = json!({ "functions": ["f"] });
            let run = connector.run("act", input).connection(&connection);
            run.functions(&functions).limits(limits).start()
        });
        let mut head = [0; 4096];
        let mut silent = server.accept().unwrap().0;
        assert_ne!(silent.read(&mut head).unwrap(), 0);
        silent.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabcd").unwrap();
        let mut answering = of_function.accept().unwrap().0;
        assert_ne!(answering.read(&mut head).unwrap(), 0);
        answering.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        run.join().unwrap().unwrap_err()
    });
    assert_failure(&failure, FailureKind::Timeout, "response stalled");
}

#[test]
fn an_event_is_delivered_as_soon_as_it_is_complete() {
    let (ended, emitted) =
        run_with(&plain_events(), Limits::default(), &Files::new("/nowhere"), |stream, emitted| {
            stream.write_all(b": begun\n\nevent: one\ndata: 1\r\n\r").unwrap();
            // For the event's name and its data, before anything else is sent.
            emitted.recv().unwrap();
            emitted.recv().unwrap();
            stream.write_all(b"\ndata: 2\ndata: 3\n\nevent: last\ndata: 4").unwrap();
        });
    ended.unwrap();
    assert_eq!(emitted, [event("one", "1"), event("message", "2\n3"), event("last", "4")].concat());
}

#[test]
fn a_credential_in_events_is_redacted_however_they_are_split() {
    let (first, second) = TOKEN.split_at(7);
    let stream = [
        format!("event: {TOKEN}\ndata: {first}"),
        format!("{second} is wrong\n\ndata: {first}"),
        "\n\ndata: {\"a\":\"".to_owned(),
        format!("{first}{second}\"}}\n\n"),
    ];
    for guest in [plain_events(), events()] {
        let stream = stream.clone();
        let files = Files::new("/nowhere");
        let (ended, emitted) = run_with(&guest, Limits::default(), &files, move |server, _| {
            for piece in stream {
                server.write_all(piece.as_bytes()).unwrap();
                // Make it likely that the pieces arrive one by one.
                thread::sleep(Duration::from_millis(20));
            }
        });
        ended.unwrap();
        let expected = [
            event("****", "**** is wrong"),
            event("message", first),
            event("message", "{\"a\":\"****\"}"),
        ];
        assert_eq!(emitted, expected.concat());
    }
}

#[test]
fn events_are_limited() {
    let limits = Limits { response_bytes: 100, file_bytes: 200, ..Limits::default() };
    let one = format!("data: {}\n\n", "x".repeat(50));
    let (ended, emitted) = run(&plain_events(), limits.clone(), one.repeat(2).as_bytes());
    assert_eq!(ended.unwrap_err().kind, FailureKind::TooLarge);
    assert_eq!(emitted, event("message", &"x".repeat(50)));
    let endless = "data: ".to_owned() + &"x".repeat(100_000);
    for (guest, max) in [(plain_events(), 100), (events(), 200)] {
        let (ended, emitted) = run(&guest, limits.clone(), endless.as_bytes());
        let failure = ended.unwrap_err();
        assert_failure(&failure, FailureKind::TooLarge, &format!("larger than {max} bytes"));
        assert_eq!(emitted, []);
    }
    assert_serves(&GOOD);
}

/// The beginning of a PNG, padded to this size.
fn image(size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.resize(size, 7);
    bytes
}

#[test]
fn images_in_events_are_stored_as_files() {
    let dir = tempfile::tempdir().unwrap();
    // The connector has room for 64 KiB.
    let (large, small) = (image(1_000_000), image(100));
    let stream = format!(
        "event: partial\ndata: {{\"b64\":\"{}\"}}\n\ndata: {{\"b64\":\"{}\",\"n\":1}}\n\n\
         data: {{\"b64\":\"%\"\n\ndata: [DONE]\n\n",
        STANDARD.encode(&large),
        STANDARD.encode(&small),
    );
    let files = Files::new(dir.path());
    let (ended, emitted) = run_with(&events(), Limits::default(), &files, move |server, _| {
        server.write_all(stream.as_bytes()).unwrap();
    });
    ended.unwrap();
    let data = |index: usize| serde_json::from_str::<Value>(&emitted[index].1).unwrap();
    assert_eq!(emitted[0].1, "partial");
    assert_eq!(data(1)["b64"]["file"]["name"], "image.png");
    assert_eq!(data(3)["b64"]["file"]["name"], "image-2.png");
    assert_eq!(data(3)["n"], 1);
    assert_eq!((emitted[5].1.as_str(), emitted[7].1.as_str()), ("{\"b64\":\"%\"", "[DONE]"));
    assert_eq!(emitted.len(), 8);
    assert_eq!(std::fs::read(dir.path().join("image.png")).unwrap(), large);
    assert_eq!(std::fs::read(dir.path().join("image-2.png")).unwrap(), small);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn an_invalid_image_in_an_event_fails_the_run() {
    for data in [r#"{"b64":"%"}"#, r#"{"b64":""}"#, r#"{"a":1,"a":2}"#] {
        let (ended, _) = run(&events(), Limits::default(), format!("data: {data}\n\n").as_bytes());
        assert_eq!(ended.unwrap_err().kind, FailureKind::InvalidOutput, "{data}");
    }
}
