//! Responses that are compressed without being requested. They yield a failure
//! that reports this, or an error of the right kind, but never compressed bytes
//! as content.

use connector_host::FailureKind::{self, InvalidOutput, RateLimited, Refused, Unauthorized};
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::{Ran, run};

/// `{"error":{"message":"no"}}` in gzip.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xabVJ-*\xca/R\xb2\xaaV\xcaM-.NLOU\xb2R\xca\xcbW\xaa\xad\x05\x00";
/// The beginning of a Zstandard frame.
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x20\x05\x29\x00\x00hello";

fn packed(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Fault {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Fault::Status { status, headers: headers.collect(), body: body.to_vec() }
}

fn inputs() -> [(&'static str, Value, bool); 4] {
    let ask = json!({"messages": [{"role": "user", "content": "Hi"}]});
    [
        ("ask", ask.clone(), false),
        ("ask", ask, true),
        ("createImage", json!({"imageMessages": [{"content": "A boat"}]}), false),
        ("createSpeech", json!({"input": "Hi", "voice": "alloy"}), false),
    ]
}

fn answered(action: &'static str, input: Value, streaming: bool, answer: &Fault) -> Ran {
    let case = run(action, input).answers(vec![answer.clone(); 4]);
    if streaming { case.streamed().start() } else { case.start() }
}

#[test]
fn a_compressed_response_is_reported() {
    let gzip = [("content-type", "application/json"), ("content-encoding", "gzip")];
    for (answer, words) in [
        (packed(200, &gzip, GZIP), "`content-encoding: gzip`"),
        (packed(200, &[("content-encoding", "X-Gzip")], GZIP), "`content-encoding: X-Gzip`"),
        (packed(200, &[("content-encoding", "deflate")], b"\x78\x9c"), "deflate"),
        (packed(200, &[("content-encoding", "br")], b"\x0b\x02"), "`content-encoding: br`"),
        (packed(200, &[("content-encoding", "zstd")], ZSTD), "`content-encoding: zstd`"),
        (packed(200, &[("content-encoding", "identity, gzip")], GZIP), "gzip"),
    ] {
        for (action, input, streaming) in inputs() {
            let ran = answered(action, input, streaming, &answer);
            let failure = ran.failure(InvalidOutput);
            assert!(failure.message.contains("compressed response"), "{action}: {failure:?}");
            assert!(failure.message.contains(words), "{action}: {failure:?}");
            assert!(failure.request_sent);
            assert_eq!((ran.sent.len(), ran.streamed.as_str()), (1, ""), "{action}");
        }
    }
}

#[test]
fn an_unlabelled_compressed_response_is_detected() {
    let events = [("content-type", "text/event-stream")];
    let json = [("content-type", "application/json")];
    for (body, words) in [(GZIP, "gzip"), (ZSTD, "zstd")] {
        for (action, input, streaming) in inputs().into_iter().take(3) {
            let headers: &[(&str, &str)] = if streaming { &events } else { &json };
            let ran = answered(action, input, streaming, &packed(200, headers, body));
            let failure = ran.failure(InvalidOutput);
            assert!(failure.message.contains("compressed response"), "{action}: {failure:?}");
            assert!(failure.message.contains(words), "{action}: {failure:?}");
        }
        // A response requested as text would be accepted unchanged.
        let file = json!({"url": "talk.mp3"});
        let text = json!({"file": file, "model": "whisper-1", "responseFormat": "vtt"});
        let ran = run("createTranscription", text)
            .file("talk.mp3", b"ID3\x04\x00\x00\x00\x00\x00\x00".as_slice())
            .answers([packed(200, &[("content-type", "text/vtt")], body)])
            .start();
        assert!(ran.failure(InvalidOutput).message.contains(words));
    }
}

/// The kind comes from the status, because the body cannot be read.
#[test]
fn a_compressed_error_keeps_its_kind() {
    let kinds: [(u16, FailureKind); 3] = [(400, Refused), (401, Unauthorized), (429, RateLimited)];
    for (status, kind) in kinds {
        for headers in [&[("content-encoding", "gzip")][..], &[]] {
            for (action, input, streaming) in inputs() {
                let answer = packed(status, headers, GZIP).with_header("retry-after-ms", "1");
                let ran = answered(action, input, streaming, &answer);
                let failure = ran.failure(kind);
                assert_eq!(failure.status, Some(status), "{action}: {failure:?}");
                assert!(failure.message.contains("compressed response"), "{failure:?}");
            }
        }
    }
}

#[test]
fn identity_is_not_compression() {
    let answer = json!({"choices": [{"message": {"role": "assistant", "content": "Hello"}}]});
    for coding in ["identity", "Identity", "identity, identity", ""] {
        let headers = [("content-type", "application/json"), ("content-encoding", coding)];
        let ran = run("ask", json!({"messages": [{"role": "user", "content": "Hi"}]}))
            .answers([packed(200, &headers, answer.to_string().as_bytes())])
            .start();
        assert_eq!(ran.output(), "Hello", "{coding:?}");
    }
}
