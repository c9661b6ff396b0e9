//! Endless bodies: too large, or too slow.

use std::thread;
use std::time::Instant;

use super::*;

/// How much memory a rejected body may cost, in KiB: twice what is read before
/// it is rejected.
const MAX_GROWTH: u64 = 48 << 10;

fn run_path() -> String {
    format!("{OPENAI}/actions/ask/run")
}

fn head(path: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         connection: close\r\n{length}\r\n\r\n"
    )
}

/// Sends pieces until the service accepts no more, and reads its response.
fn flood(service: &Service, head: &str, piece: &[u8]) -> (String, usize) {
    let mut stream = connect(service);
    stream.write_all(head.as_bytes()).unwrap();
    let mut sent = 0;
    while sent < 1 << 30 && stream.write_all(piece).is_ok() {
        sent += piece.len();
    }
    (rest(stream), sent)
}

#[test]
fn an_oversized_body_is_rejected_as_early_as_possible() {
    let service = Service::start_with(&["--max-file-size", "1"]);
    assert_serves(&service);
    let before = service.process().figures().memory;
    let files = format!("{API}/files?name=a.bin");
    let piece = [b'a'; 64 << 10];
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(&piece);
    chunk.extend_from_slice(b"\r\n");
    let announced = "content-length: 1099511627776";
    let chunked = "transfer-encoding: chunked";
    let floods = [
        (head(&run_path(), announced), &piece[..]),
        (head(&run_path(), chunked), &chunk),
        (head(&files, announced), &piece),
        (head(&files, chunked), &chunk),
    ];
    for (head, piece) in &floods {
        let (received, sent) = flood(&service, head, piece);
        // The response may be lost together with the data that the service did
        // not read.
        assert!(matches!(statuses(&received)[..], [] | [413]), "{head}: {received}");
        assert!(sent < 64 << 20, "{head}: {sent} bytes were accepted");
    }
    assert!(grown(&service, before) < MAX_GROWTH, "{} KiB", grown(&service, before));
    assert_eq!(service.files(), [""; 0]);
    // If the whole body is read, the caller gets the response.
    let large = vec![b' '; (8 << 20) + 1];
    let refused = answer(send(&service, "POST", &run_path(), &[JSON], large));
    assert_eq!(refused.problem(413), "too-large");
    assert_serves(&service);
}

#[test]
fn a_file_announced_as_too_large_is_rejected_at_once() {
    let service = Service::start();
    let received =
        raw(&service, head(&format!("{API}/files"), "content-length: 99999999999").as_bytes());
    assert_eq!(statuses(&received), [413], "{received}");
    assert!(received.contains("urn:connector:problem:too-large"), "{received}");
}

pub fn a_body_that_trickles_or_stops_times_out() {
    let service = Service::start();
    let files = format!("{API}/files?name=slow.bin");
    let length = "content-length: 1000000";
    let requests = [
        (head(&run_path(), length), "a"),
        (head(&run_path(), "transfer-encoding: chunked"), "1\r\na\r\n"),
        (head(&files, length), "a"),
        (head(&files, length), ""),
    ];
    thread::scope(|scope| {
        for (head, piece) in &requests {
            let mut stream = connect(&service);
            scope.spawn(move || {
                let started = Instant::now();
                stream.write_all(head.as_bytes()).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
                let (mut received, mut buffer) = (Vec::new(), [0; 2048]);
                loop {
                    match stream.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(count) => received.extend_from_slice(&buffer[..count]),
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => break,
                    }
                    if stream.write_all(piece.as_bytes()).is_err() {
                        break;
                    }
                    assert!(started.elapsed() < HANG, "{head} is still open");
                }
                let received = String::from_utf8_lossy(&received).into_owned();
                assert!(matches!(statuses(&received)[..], [] | [400]), "{received}");
            });
        }
    });
    assert_eq!(service.files(), [""; 0]);
    assert_serves(&service);
}
