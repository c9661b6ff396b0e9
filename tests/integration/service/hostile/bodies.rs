//! Bodies without an end: too large, or too slow.

use std::thread;
use std::time::Instant;

use super::*;

/// So much a refused body may cost, in KiB: what is read of it before it is
/// too large, twice.
const LITTLE: u64 = 48 << 10;

fn run_path() -> String {
    format!("{OPENAI}/actions/ask/run")
}

fn head(path: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         connection: close\r\n{length}\r\n\r\n"
    )
}

/// Sends pieces until the service takes no more, and reads its answer.
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
fn a_body_that_is_too_large_is_refused_as_soon_as_that_is_known() {
    let service = Service::start_with(&["--largest-file", "1"]);
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
        let (told, sent) = flood(&service, head, piece);
        // The answer may be lost with what the service did not read any more.
        assert!(matches!(statuses(&told)[..], [] | [413]), "{head}: {told}");
        assert!(sent < 64 << 20, "{head}: {sent} bytes were taken");
    }
    assert!(grown(&service, before) < LITTLE, "{} KiB", grown(&service, before));
    assert_eq!(service.files(), [""; 0]);
    // One that is read to its end gets the answer.
    let large = vec![b' '; (8 << 20) + 1];
    let refused = answer(send(&service, "POST", &run_path(), &[JSON], large));
    assert_eq!(refused.problem(413), "too-large");
    assert_serves(&service);
}

#[test]
fn a_file_that_is_announced_as_too_large_is_not_waited_for() {
    let service = Service::start();
    let told =
        raw(&service, head(&format!("{API}/files"), "content-length: 99999999999").as_bytes());
    assert_eq!(statuses(&told), [413], "{told}");
    assert!(told.contains("urn:connector:problem:too-large"), "{told}");
}

pub fn a_body_that_trickles_or_stops_is_given_up() {
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
                let begun = Instant::now();
                stream.write_all(head.as_bytes()).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
                let (mut told, mut buffer) = (Vec::new(), [0; 2048]);
                loop {
                    match stream.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(count) => told.extend_from_slice(&buffer[..count]),
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => break,
                    }
                    if stream.write_all(piece.as_bytes()).is_err() {
                        break;
                    }
                    assert!(begun.elapsed() < HANG, "{head} goes on");
                }
                let told = String::from_utf8_lossy(&told).into_owned();
                assert!(matches!(statuses(&told)[..], [] | [400]), "{told}");
            });
        }
    });
    assert_eq!(service.files(), [""; 0]);
    assert_serves(&service);
}
