//! Servers that close an idle connection (w07). A request that the server did
//! not read is repeated on a new connection; one that it read is not.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{sleep, spawn};
use std::time::Duration;

use connector_host::{Authorities, Connection, Connector, Failure, FailureKind, Host, HostOptions};
use connector_tests::tls::{Authority, Validity, answer_once};
use connector_tests::{component, connection_values, target_dir};
use serde_json::json;

use super::OPENAI;

/// What a server does with a connection after its first response.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Closes it after this many milliseconds.
    Close(u64),
    /// Closes only the sending side after this many milliseconds.
    ShutDown(u64),
    /// Closes it when the next request arrives, without reading it.
    CloseUnread,
    /// Reads the next request, then closes the connection.
    CloseRead,
    /// Answers the next request.
    Answer,
}

fn answer() -> Vec<u8> {
    let body = json!({"choices": [{"message": {"role": "assistant", "content": "Hi"}}]});
    let body = body.to_string();
    let head = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
    format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").into_bytes()
}

/// A server that counts the requests it reads, and its base URL.
fn server(then: Then) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&read);
    spawn(move || {
        for client in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            spawn(move || serve(client, then, &count));
        }
    });
    (base_url, read)
}

fn serve(mut client: TcpStream, then: Then, count: &AtomicUsize) -> io::Result<()> {
    client.set_nodelay(true)?;
    while read_request(&mut client)? {
        count.fetch_add(1, Ordering::SeqCst);
        client.write_all(&answer())?;
        match then {
            Then::Close(after) => {
                sleep(Duration::from_millis(after));
                return Ok(());
            }
            Then::ShutDown(after) => {
                sleep(Duration::from_millis(after));
                return client.shutdown(Shutdown::Write);
            }
            Then::CloseUnread => {
                client.peek(&mut [0])?;
                return client.shutdown(Shutdown::Write);
            }
            Then::CloseRead => {
                if read_request(&mut client)? {
                    count.fetch_add(1, Ordering::SeqCst);
                }
                return Ok(());
            }
            Then::Answer => {}
        }
    }
    Ok(())
}

/// Reads a request whose body has a length; returns `false` at the end of
/// the connection.
fn read_request(client: &mut TcpStream) -> io::Result<bool> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ").map_or("0", |(_, rest)| rest);
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            if length <= body.len() {
                return Ok(true);
            }
        }
        match client.read(&mut chunk)? {
            0 => return Ok(false),
            count => request.extend_from_slice(&chunk[..count]),
        }
    }
}

fn ask(connector: &Connector, connection: &Connection) -> Result<u64, Failure> {
    let input = json!({"messages": [{"role": "user", "content": "Hi"}]});
    let outcome = connector.run("ask", input).connection(connection).start()?;
    Ok(outcome.metadata["attempts"].as_u64().unwrap())
}

#[test]
fn w07_an_unread_request_is_repeated_on_a_new_connection() {
    for then in [
        Then::Close(0),
        Then::Close(1),
        Then::Close(5),
        Then::ShutDown(1),
        Then::ShutDown(5),
        Then::CloseUnread,
        Then::Answer,
    ] {
        let (base_url, read) = server(then);
        let connection = OPENAI.connection(connection_values(&base_url)).unwrap();
        for round in 1..=8 {
            // This does not count as another attempt, because nothing was
            // attempted.
            assert_eq!(ask(&OPENAI, &connection), Ok(1), "{then:?}, {round}");
            assert_eq!(read.load(Ordering::SeqCst), round, "{then:?}");
        }
    }
}

#[test]
fn w07_a_request_that_was_read_is_not_repeated() {
    for _ in 0..4 {
        let (base_url, read) = server(Then::CloseRead);
        let connection = OPENAI.connection(connection_values(&base_url)).unwrap();
        assert_eq!(ask(&OPENAI, &connection), Ok(1));
        let failure = ask(&OPENAI, &connection).unwrap_err();
        assert_eq!((failure.kind, failure.request_sent), (FailureKind::Network, true));
        assert_eq!(read.load(Ordering::SeqCst), 2, "{failure:?}");
    }
}

#[test]
fn w07_an_unread_request_is_repeated_over_tls() {
    let ours = Authority::new();
    let authorities: Authorities = ours.pem().parse().unwrap();
    let options = HostOptions {
        authorities: Some(authorities),
        cache_dir: Some(target_dir().join("test-cache")),
        ..HostOptions::default()
    };
    let connector = Host::new(options).unwrap().load_file(component()).unwrap();
    let port = answer_once(ours.sign("localhost", Validity::Current), answer());
    let base_url = format!("https://localhost:{port}/v1");
    let connection = connector.connection(connection_values(&base_url)).unwrap();
    for round in 1..=8 {
        assert_eq!(ask(&connector, &connection), Ok(1), "{round}");
    }
}
