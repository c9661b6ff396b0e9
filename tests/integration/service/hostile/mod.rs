//! Callers that mean harm, and pages that are made to: each is refused with a
//! typed problem or loses its connection, costs little while it tries, and
//! the service goes on with the others.

mod bodies;
mod connections;
mod files;
mod heads;
mod idempotency;
mod json;
mod keys;
mod pages;
mod streams;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use connector_tests::HANG;
use connector_tests::service::Service;

use super::{API, Answer, JSON, OPENAI, answer, get, send};

/// At the same time, because each takes as long as the service is patient.
#[test]
fn every_wait_for_a_caller_has_an_end() {
    thread::scope(|scope| {
        for wait in [
            connections::idle_connections_keep_nobody_out_cost_little_and_are_closed,
            heads::a_head_that_comes_a_byte_at_a_time_has_an_end,
            bodies::a_body_that_trickles_or_stops_is_given_up,
            streams::a_caller_that_does_not_read_its_events_loses_its_run,
            streams::a_caller_that_asks_again_and_again_and_does_not_read_is_given_up,
        ] {
            scope.spawn(wait);
        }
    });
}

/// A connection to the service.
fn connect(service: &Service) -> TcpStream {
    let stream = TcpStream::connect(service.url().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream.set_write_timeout(Some(HANG)).unwrap();
    stream
}

/// Sends bytes as they are, and reads until the service closes the connection.
fn raw(service: &Service, bytes: &[u8]) -> String {
    let mut stream = connect(service);
    // It may refuse before it has read everything.
    let _ = stream.write_all(bytes);
    rest(stream)
}

/// What comes until the service closes the connection.
#[track_caller]
fn rest(mut stream: TcpStream) -> String {
    let mut told = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => told.extend_from_slice(&piece[..count]),
            // It closed while there was more to read.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the connection is still open: {error}"),
        }
    }
    String::from_utf8_lossy(&told).into_owned()
}

/// The statuses of what came over a connection.
fn statuses(told: &str) -> Vec<u16> {
    let lines = told.split("HTTP/1.1 ").chain(told.split("HTTP/1.0 ").skip(1)).skip(1);
    lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
}

/// The service does its work for others as if nothing had happened.
#[track_caller]
fn assert_serves(service: &Service) {
    assert_eq!(get(service, &format!("{API}/components")).status, 200);
}

/// How much memory the service has taken since, in KiB.
fn grown(service: &Service, before: u64) -> u64 {
    service.process().figures().memory.saturating_sub(before)
}

/// A problem of the caller's that says nothing of the inside.
#[track_caller]
fn assert_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.text);
    answer.problem(answer.status);
    for inside in [".rs", "/tmp/", "/root", "panicked", "serde", "axum", "hyper", "sqlite"] {
        assert!(!answer.text.contains(inside), "{what}: {inside} is in {}", answer.text);
    }
}
