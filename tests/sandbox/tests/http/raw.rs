//! The byte-level server as a client sees it.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;
use std::time::Instant;

use openai_sandbox::RawServer;
use openai_sandbox::Sandbox;
use openai_sandbox::Step;

use crate::client;

fn start() -> (Sandbox, RawServer) {
    let sandbox = client::start();
    let server = RawServer::in_front_of(&sandbox).unwrap();
    (sandbox, server)
}

fn connect(server: &RawServer) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// A request with a body, in two parts.
const HEAD: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n";
const BODY: &[u8] = b"body";

#[test]
fn refuses_connections_until_it_has_steps_to_play() {
    let (_sandbox, server) = start();
    let refused = TcpStream::connect(server.address()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    server.play(vec![Step::Write(b"x".to_vec())]).unwrap();
    let mut text = String::new();
    connect(&server).read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), server.connections()), ("x", 1));
}

#[test]
fn forwards_connections_without_steps() {
    let (_sandbox, server) = start();
    server.forward().unwrap();
    let request = client::write("GET /v1/models", &[("authorization", "Bearer k")], b"");
    let answer = client::exchange(&server.address().to_string(), &request).unwrap();
    assert_eq!((answer.status, answer.is_whole), (200, true));
}

#[test]
fn reads_the_whole_request_before_responding() {
    let (_sandbox, server) = start();
    server.play(vec![Step::ReadHead, Step::Write(b"1".to_vec())]).unwrap();
    let mut stream = connect(&server);
    stream.write_all(HEAD).unwrap();
    let mut byte = [0];
    stream.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"1");

    server.play(vec![Step::ReadRequest, Step::Write(b"2".to_vec())]).unwrap();
    let mut stream = connect(&server);
    stream.write_all(HEAD).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert_eq!(stream.read(&mut byte).unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(BODY).unwrap();
    stream.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"2");
}

#[test]
fn a_reset_differs_from_a_close() {
    let (_sandbox, server) = start();
    let mut rest = Vec::new();
    server.play(vec![Step::Read(1), Step::Reset]).unwrap();
    let mut stream = connect(&server);
    stream.write_all(HEAD).unwrap();
    assert_eq!(stream.read_to_end(&mut rest).unwrap_err().kind(), ErrorKind::ConnectionReset);

    server.play(vec![Step::Read(1)]).unwrap();
    let mut stream = connect(&server);
    stream.write_all(HEAD).unwrap();
    assert_eq!(stream.read_to_end(&mut rest).unwrap(), 0);
}

#[test]
fn bytes_may_arrive_slowly_endlessly_or_never() {
    let (_sandbox, server) = start();
    let pause = Duration::from_millis(5);
    server.play(vec![Step::Drip(b"0123456789".to_vec(), pause)]).unwrap();
    let (started, mut text) = (Instant::now(), String::new());
    connect(&server).read_to_string(&mut text).unwrap();
    assert!(text == "0123456789" && started.elapsed() >= pause * 10);

    server.play(vec![Step::Flood(b"flood".to_vec())]).unwrap();
    let mut flood = vec![0; 1 << 20];
    connect(&server).read_exact(&mut flood).unwrap();
    assert!(flood.starts_with(b"floodflood"));

    server.play(vec![Step::Hold]).unwrap();
    let mut stream = connect(&server);
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}
