//! The token is never in the connector's memory.
//!
//! This is a separate program, because it searches all linear memories of its
//! process when a call has ended, while the instance still exists.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use connector_host::{Files, Host, HostOptions};
use connector_tests::{CANARY, component, connection, sandbox};
use serde_json::{Value, json};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// A string in the input. Finding it shows that the right memory is searched.
const MARK: &str = "a-mark-that-the-input-carries";

#[derive(Clone, Default)]
struct Scanner(Arc<Mutex<Vec<Scan>>>);

#[derive(Debug)]
struct Scan {
    bytes: usize,
    mark: bool,
    token: bool,
}

impl<S: tracing::Subscriber> Layer<S> for Scanner {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut message = String::new();
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                message = format!("{value:?}");
            }
        });
        if message != "the call has ended" {
            return;
        }
        let memory = linear_memories();
        let has = |text: &[u8]| memory.windows(text.len()).any(|window| window == text);
        let scan = Scan {
            bytes: memory.len(),
            mark: has(MARK.as_bytes()),
            token: has(&CANARY.as_bytes()[..14]),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scan);
    }
}

/// The linear memories of this process. wasmtime maps the initial image of a
/// memory from a file with a known name; memory added later follows directly.
fn linear_memories() -> Vec<u8> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut bytes = Vec::new();
    let mut end_of_memory = 0;
    let mut scan = |start: u64, end: u64| {
        let mut piece = vec![0; usize::try_from(end - start).unwrap()];
        memory.seek(SeekFrom::Start(start)).unwrap();
        memory.read_exact(&mut piece).unwrap();
        bytes.extend(piece);
    };
    // The stack is directly before the data image.
    let mut before = 0..0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let start = u64::from_str_radix(start, 16).unwrap();
        let end = u64::from_str_radix(end, 16).unwrap();
        if !rest.starts_with("rw") {
            continue;
        }
        let image = rest.contains("wasm-memory-image");
        if image && before.end == start {
            scan(before.start, before.end);
        }
        if image || start == end_of_memory {
            end_of_memory = end;
            scan(start, end);
        }
        before = start..end;
    }
    bytes
}

fn inputs(recording: &Value) -> [(&'static str, Value); 4] {
    [
        ("ask", json!({"messages": [{"role": "user", "content": MARK}]})),
        ("createImage", json!({"imageMessages": [{"content": MARK}]})),
        ("createSpeech", json!({"input": MARK, "voice": "alloy"})),
        ("createTranscription", json!({"file": recording, "prompt": MARK})),
    ]
}

#[test]
fn the_connector_never_holds_the_token() {
    let scanner = Scanner::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(scanner.clone()))
        .unwrap();
    let sandbox = sandbox();
    // A cached component would map its image from the cache file.
    let host = Host::new(HostOptions { cache_dir: None, ..HostOptions::default() }).unwrap();
    let connector = host.load_file(component()).unwrap();
    let connection = connection(&connector, &sandbox);
    let dir = tempfile::tempdir().unwrap();
    let files = Files::new(dir.path());
    let speech = json!({"input": "Hi", "voice": "alloy", "responseFormat": "wav"});
    let run = |action: &str, input: Value| {
        connector.run(action, input).connection(&connection).files(&files).start().unwrap()
    };
    let recording = run("createSpeech", speech).output;
    files.grant(dir.path().join("speech.wav")).unwrap();
    for (action, input) in inputs(&recording) {
        scanner.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        run(action, input);
        let scans = std::mem::take(&mut *scanner.0.lock().unwrap_or_else(PoisonError::into_inner));
        let [scan] = scans.as_slice() else { panic!("{action}: {scans:?}") };
        assert!(scan.mark && scan.bytes > 100_000, "{action}: wrong memory: {scan:?}");
        assert!(!scan.token, "{action}: the connector's memory contains the token");
    }
    let seen = sandbox.requests();
    assert_eq!(seen.len(), 5);
    for request in seen {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
    }
}
