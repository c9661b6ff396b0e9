//! Out of file descriptors, and out of threads.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use connector_tests::sandbox;
use connector_tests::service::Setup;
use rustix::process::Resource;

use super::*;

/// A connection that stays open between requests.
struct KeepAlive(BufReader<TcpStream>);

impl KeepAlive {
    fn new(service: &Service) -> Self {
        let stream = TcpStream::connect(service.url().strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(HANG)).unwrap();
        Self(BufReader::new(stream))
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    /// The status of the next response.
    fn status(&mut self) -> u16 {
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                None if line.trim_end().is_empty() => break,
                None => status = line.split(' ').nth(1).and_then(|status| status.parse().ok()),
                Some(("content-length", given)) => length = given.parse().unwrap(),
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        status.unwrap()
    }
}

#[test]
fn without_file_descriptors_only_the_affected_requests_fail() {
    let (service, sandbox) = (Service::start(), sandbox());
    let question = question(&sandbox).to_string();
    let mut before = KeepAlive::new(&service);
    before.ask("GET", "/health/live", "");
    assert_eq!(before.status(), 200);
    // No more than standard input, output and error.
    service.process().limit(Resource::Nofile, Some(3));
    // These requests need a file and a socket to the provider.
    before.ask("POST", &format!("{API}/files?name=a.txt"), "content");
    assert_eq!(before.status(), 500);
    before.ask("POST", &run_of("ask"), &question);
    assert_eq!(before.status(), 502);
    assert!(sandbox.requests().is_empty());
    // A connection that is not yet accepted waits.
    let mut waiting = KeepAlive::new(&service);
    waiting.ask("GET", "/health/live", "");
    before.ask("GET", "/health/live", "");
    assert_eq!(before.status(), 200);
    service.process().limit(Resource::Nofile, None);
    assert_eq!(waiting.status(), 200);
    before.ask("POST", &run_of("ask"), &question);
    assert_eq!(before.status(), 200);
    assert_eq!(service.files(), [""; 0]);
}

#[test]
fn without_threads_only_the_affected_requests_fail() {
    let service = Service::set_up(&Setup { limited: true, ..Setup::default() });
    let sandbox = sandbox();
    ask(&service, &sandbox).expect(200);
    sandbox.clear();
    service.limit_threads(Some(1));
    for failed in [
        ask(&service, &sandbox),
        ask_with_key(&service, "k1", &question(&sandbox)),
        speak(&service, &sandbox),
    ] {
        let kind = failed.problem(failed.status);
        assert!(matches!(kind.as_str(), "internal" | "busy"), "{}", failed.text);
        assert!(failed.text.contains("could not start a thread"), "{}", failed.text);
    }
    assert!(sandbox.requests().is_empty());
    service.limit_threads(None);
    ask(&service, &sandbox).expect(200);
    ask_with_key(&service, "k1", &question(&sandbox)).expect(200);
}
