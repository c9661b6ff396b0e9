//! Outgoing requests: what a run sends, whatever the provider does and whatever
//! the environment contains.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connector_host::{
    AddressPolicy, Cancellation, Connection, ConnectionValues, Connector, Event, Failure,
    FailureKind, Files, Host, HostOptions, Limits, Outcome,
};
use connector_tests::{
    CANARY, FOREVER, command, component, connection, connection_values, openai, ran, sandbox,
};
use openai_sandbox::{Fault, Options, Sandbox};
use serde_json::{Value, json};

fn question(text: &str) -> Value {
    json!({"messages": [{"role": "user", "content": text}]})
}

fn ask(connector: &Connector, connection: &Connection) -> Result<Outcome, Failure> {
    connector.run("ask", question("Hi")).connection(connection).start()
}

/// A connection to a port on this machine.
fn connection_to(connector: &Connector, port: u16) -> Connection {
    let base_url = format!("http://127.0.0.1:{port}/v1");
    let values = ConnectionValues::new().set("token", CANARY).set("baseUrl", base_url);
    connector.connection(values).unwrap()
}

/// Reads a request whose body has a length.
fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).unwrap();
        request.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let length = text
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split_once("\r\n")?.0.parse::<usize>().ok())
            .unwrap_or(0);
        let head = text.find("\r\n\r\n").map(|end| end + 4);
        if count == 0 || head.is_some_and(|head| head + length <= request.len()) {
            return request;
        }
    }
}

#[test]
fn proxies_from_the_environment_are_ignored() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let sandbox = sandbox();
    let mut test = command(Some(&sandbox));
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    {
        test.env(name, &address);
    }
    let ran = ran(test.args(["test", "openai"]));
    assert_eq!(ran.status, 0, "{ran:?}");
    let waiting = proxy.accept().map_err(|error| error.kind());
    assert!(matches!(waiting, Err(std::io::ErrorKind::WouldBlock)), "{waiting:?}");
}

#[test]
fn a_request_reveals_no_more_than_necessary() {
    let (sandbox, connector) = (sandbox(), openai());
    ask(&connector, &connection(&connector, &sandbox)).unwrap();
    let request = &sandbox.requests()[0];
    let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        names,
        ["accept", "authorization", "content-length", "content-type", "host", "user-agent"]
    );
    assert!(request.header("user-agent").unwrap().starts_with("workflow-connector/"));
}

#[test]
fn a_cancelled_run_closes_its_connection() {
    let (sandbox, connector) = (sandbox(), openai());
    sandbox.script(Fault::Delay(FOREVER));
    let cancellation = Cancellation::new();
    let connection = connection(&connector, &sandbox);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let run = connector.run("ask", question("Hi")).connection(&connection);
            run.cancellation(&cancellation).start()
        });
        while sandbox.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        cancellation.cancel();
        let failure = run.join().unwrap().unwrap_err();
        assert_eq!((failure.kind, failure.request_sent), (FailureKind::Cancelled, true));
    });
    // The connection is still usable.
    sandbox.clear();
    ask(&connector, &connection).unwrap();
}

#[test]
fn responses_are_limited_in_size() {
    let (sandbox, connector) = (sandbox(), openai());
    let connection = connection(&connector, &sandbox);
    let run = |limits: Limits| {
        connector.run("ask", question("Hi")).connection(&connection).limits(limits).start()
    };
    // The sandbox announces the length, so the body is not even read.
    let failure = run(Limits { response_bytes: 100, ..Limits::default() }).unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge, "{failure:?}");
    assert!(failure.message.contains("larger than 100 bytes"), "{failure:?}");
    let failure = run(Limits { request_bytes: 10, ..Limits::default() }).unwrap_err();
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::TooLarge, false));
}

/// The server sends slowly until progress has been reported.
#[test]
fn reports_progress_while_a_file_arrives() {
    const SIZE: usize = 1_000_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (report, reported) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: audio/pcm\r\nContent-Length: {SIZE}\r\n\r\n"
        )
        .unwrap();
        let mut sent = 0;
        while sent < SIZE / 2 && reported.recv_timeout(Duration::from_millis(10)).is_err() {
            stream.write_all(&[7; 100]).unwrap();
            sent += 100;
        }
        let first = sent as u64;
        stream.write_all(&vec![7; SIZE - sent]).unwrap();
        first
    });
    let (connector, dir) = (openai(), tempfile::tempdir().unwrap());
    let events = Arc::new(Mutex::new(Vec::new()));
    let received = Arc::clone(&events);
    let outcome = connector
        .run("createSpeech", json!({"input": "Hi", "voice": "alloy"}))
        .connection(&connection_to(&connector, port))
        .files(&Files::new(dir.path()))
        .on_event(move |event| {
            // The request itself may have been reported too, if sending it took
            // long enough.
            if let Event::Progress { total: Some(total), .. } = event
                && total == SIZE as u64
            {
                received.lock().unwrap().push(event);
                // The server stops after the first progress event of the
                // response.
                let _ = report.send(());
            }
        })
        .start()
        .unwrap();
    let first = server.join().unwrap();
    let events = events.lock().unwrap();
    let Some(Event::Progress { unit, done, .. }) = events.first() else { panic!("{events:?}") };
    assert_eq!(unit, "bytes");
    assert!((1..=first).contains(done), "{done} of {first}");
    let kept = dir.path().join(outcome.output["name"].as_str().unwrap());
    assert_eq!(std::fs::metadata(kept).unwrap().len(), SIZE as u64);
}

#[test]
fn a_service_cannot_reach_local_addresses() {
    let sandbox = sandbox();
    let options = HostOptions { addresses: AddressPolicy::Public, ..HostOptions::default() };
    let connector = Host::new(options).unwrap().load_file(component()).unwrap();
    for base_url in [sandbox.base_url(), sandbox.base_url().replace("http:", "https:")] {
        let failure = connector.connection(connection_values(&base_url)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(failure.property.as_deref(), Some("baseUrl"));
        assert!(failure.message.contains("--allow-private-addresses"), "{failure:?}");
    }
    assert!(sandbox.requests().is_empty());
}

/// Two accounts on one host at the same time: each request carries the token of
/// its own run.
#[test]
fn concurrent_connections_share_nothing() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let connector = openai();
    let connect = |token: &str| {
        let base_url = sandbox.base_url();
        let values = ConnectionValues::new().set("token", token).set("baseUrl", base_url.as_str());
        connector.connection(values).unwrap()
    };
    let accounts = ["sk-account-one", "sk-account-two"].map(|token| (token, connect(token)));
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (token, connection) = &accounts[worker % 2];
            let connector = &connector;
            scope.spawn(move || {
                for _ in 0..25 {
                    connector.run("ask", question(token)).connection(connection).start().unwrap();
                }
            });
        }
    });
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 200);
    for request in requests {
        let content =
            request.json().unwrap()["messages"][0]["content"].as_str().unwrap().to_owned();
        assert_eq!(request.header("authorization"), Some(format!("Bearer {content}").as_str()));
    }
}

#[test]
fn a_connection_works_only_with_its_connector_and_hides_its_values() {
    let (sandbox, connector) = (sandbox(), openai());
    let shown = format!("{:?}", connection(&connector, &sandbox));
    assert!(shown.contains("openai") && !shown.contains("canary"), "{shown}");
    let values = ConnectionValues::new().set("token", CANARY);
    assert_eq!(format!("{values:?}"), "{\"token\"}");
    for (token, message) in [
        (
            "two words",
            "`token` must consist of visible ASCII characters, without spaces or line breaks",
        ),
        (
            "sk-x\r\nHost: evil",
            "`token` must consist of visible ASCII characters, without spaces or line breaks",
        ),
    ] {
        let failure =
            connector.connection(ConnectionValues::new().set("token", token)).unwrap_err();
        assert_eq!(failure.message, message);
    }
}
