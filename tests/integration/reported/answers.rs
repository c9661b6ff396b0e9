//! A response is read according to its content, whatever was requested and
//! however it is labeled. If it cannot be read, the failure describes it.

use connector_host::FailureKind;
use openai_sandbox::Fault;
use serde_json::json;

use super::{body, run};

const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";

/// Chat responses that say `Hello`, each with its media type.
fn hellos() -> Vec<(&'static str, Fault)> {
    let whole = json!({
        "id": "c1", "object": "chat.completion", "model": "m",
        "choices": [{
            "index": 0, "message": { "role": "assistant", "content": "Hello" },
            "finish_reason": "stop",
        }],
    });
    let pretty = serde_json::to_string_pretty(&whole).unwrap();
    let chunk = |text: &str, reason: Option<&str>| json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": reason }] });
    let chunks = format!("data: {}\n\ndata: {}\n\n", chunk("Hel", None), chunk("lo", Some("stop")));
    vec![
        ("a17, a byte order mark in front of JSON", body(JSON, format!("\u{feff}{whole}"))),
        ("a byte order mark in front of a stream", body(STREAM, format!("\u{feff}{chunks}"))),
        ("a18, labeled as a stream", body(STREAM, format!("{whole}\n\ndata: [DONE]\n\n"))),
        ("a18, labeled as JSON", body(JSON, format!("{whole}\n\ndata: [DONE]\n\n"))),
        ("a18, with one line break", body(STREAM, format!("{whole}\ndata: [DONE]\n"))),
        ("JSON labeled as a stream", body(STREAM, whole.to_string())),
        ("indented JSON labeled as a stream", body(STREAM, pretty.clone())),
        (
            "indented JSON followed by a [DONE] marker",
            body(STREAM, format!("{pretty}\n\ndata: [DONE]\n\n")),
        ),
        ("JSON labeled as HTML", body("text/html", whole.to_string())),
        ("JSON after blank lines", body(JSON, format!("\n\n   \n{pretty}\n"))),
        ("JSON as the only event", body(STREAM, format!("data: {whole}\n\ndata: [DONE]\n\n"))),
        ("JSON as the only event, labeled as JSON", body(JSON, format!("data: {whole}\n\n"))),
        ("a stream", body(STREAM, chunks.clone() + "data: [DONE]\n\n")),
        ("a stream labeled as JSON", body(JSON, chunks.clone())),
        ("a stream labeled as text", body("text/plain; charset=utf-8", chunks)),
    ]
}

#[test]
fn a_chat_response_is_read_according_to_its_content() {
    for is_streamed in [false, true] {
        for (case, answer) in hellos() {
            let input = json!({ "messages": [{ "content": "Hi" }] });
            let ran = run("ask", input).answers([answer]);
            let ran = if is_streamed { ran.streamed() } else { ran }.start();
            assert_eq!(ran.output(), "Hello", "{case}, streamed: {is_streamed}");
            assert_eq!(ran.sent.len(), 1, "{case}");
            if !is_streamed {
                assert_eq!(ran.streamed, "", "{case}");
            }
        }
    }
}

#[test]
fn an_unreadable_chat_response_is_described() {
    for (case, answer, words) in [
        ("an HTML page", body("text/html", "<!doctype html><title>Log in</title>"), "a web page"),
        ("HTML labeled as JSON", body(JSON, "\n<html></html>"), "a web page"),
        ("HTML labeled as a stream", body(STREAM, "<html>\n\n</html>"), "a web page"),
        ("nothing", body(JSON, ""), "is empty"),
        ("plain text", body(JSON, "Hello"), "is not JSON"),
        ("a truncated object", body(JSON, "{\"choices\": [{"), "is not JSON"),
        ("two objects", body(JSON, "{}{}"), "is not JSON"),
        ("other JSON", body(JSON, "{\"hello\": 1}"), "no answer"),
        (
            "JSON with a message",
            body(JSON, "{\"detail\": \"Not authenticated\"}"),
            "Not authenticated",
        ),
        (
            "plain text in an event",
            body(STREAM, "data: {\"detail\": \"Not authenticated\"}\n\n"),
            "Not authenticated",
        ),
    ] {
        for is_streamed in [false, true] {
            let input = json!({ "messages": [{ "content": "Hi" }] });
            let ran = run("ask", input).answers([answer.clone()]);
            let ran = if is_streamed { ran.streamed() } else { ran }.start();
            let failure = ran.failure(FailureKind::InvalidOutput);
            assert!(failure.message.contains(words), "{case}: {}", failure.message);
        }
    }
}
