//! No part of a stream is silently dropped, however the server deviates from
//! the format.

use connector_host::{FailureKind, Functions};
use serde_json::{Value, json};

use super::{body, events, run};

fn question() -> Value {
    json!({ "messages": [{ "content": "Hi" }] })
}

/// A stream of these lines.
fn lines(lines: &[&str]) -> openai_sandbox::Fault {
    body("text/event-stream", lines.join("\n\n") + "\n\n")
}

fn delta(delta: &Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
}

fn end(reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

#[test]
fn the_text_arrives_complete() {
    let thought = json!([{ "type": "thinking", "thinking": [{ "type": "text", "text": "Hm." }] }]);
    let part = |text: &str| json!([{ "type": "text", "text": text }]);
    for (case, chunks) in [
        (
            "s16",
            vec![
                delta(&json!({ "content": thought })),
                delta(&json!({ "content": part("Hel") })),
                delta(&json!({ "content": part("lo") })),
            ],
        ),
        (
            "reasoning as a list, the answer as text",
            vec![
                delta(&json!({ "role": "assistant", "content": "" })),
                delta(&json!({ "content": thought })),
                delta(&json!({ "content": "Hel" })),
                delta(&json!({ "content": part("l") })),
                delta(&json!({ "content": null })),
                delta(&json!({ "content": "o" })),
            ],
        ),
        (
            "a message instead of a delta",
            vec![
                json!({ "choices": [{ "index": 0, "message": { "content": "Hel" } }] }),
                json!({ "choices": [{ "index": 0, "message": { "content": "lo" } }] }),
            ],
        ),
        (
            "the whole message next to each delta",
            vec![
                json!({ "choices": [{ "delta": { "content": "Hel" }, "message": { "content": "Hel" } }] }),
                json!({ "choices": [{ "delta": { "content": "lo" }, "message": { "content": "Hello" } }] }),
            ],
        ),
        (
            "a last chunk without choices",
            vec![
                delta(&json!({ "content": "Hello" })),
                end("stop"),
                json!({ "choices": [], "usage": { "total_tokens": 3 } }),
            ],
        ),
        (
            "choices that are null",
            vec![json!({ "choices": null }), delta(&json!({ "content": "Hello" }))],
        ),
    ] {
        let ran = run("ask", question()).answers([events(&chunks)]).streamed().start();
        assert_eq!(ran.output(), "Hello", "{case}");
        assert_eq!(ran.streamed, "Hello", "{case}");
    }
}

#[test]
fn empty_lines_are_skipped() {
    let text = |text: &str| format!("data: {}", delta(&json!({ "content": text })));
    let (hel, lo, stop) = (text("Hel"), text("lo"), format!("data: {}", end("stop")));
    for (case, stream) in [
        ("empty data", vec!["data:", &hel, "data: ", &lo, "data:  ", "data: [DONE]"]),
        ("comments", vec![": OPENROUTER PROCESSING", &hel, ":", &lo, ": x", "data: [DONE]"]),
        ("events without data", vec!["event: ping", &hel, "id: 1\nretry: 1", &lo, "data: [DONE]"]),
        ("no [DONE]", vec![&hel, &lo, &stop]),
        ("no reason", vec![&hel, &lo, "data: [DONE]"]),
        ("[DONE] twice", vec![&hel, &lo, "data: [DONE]", "data: [DONE]"]),
    ] {
        let ran = run("ask", question()).answers([lines(&stream)]).streamed().start();
        assert_eq!(ran.output(), "Hello", "{case}");
        assert_eq!(ran.streamed, "Hello", "{case}");
    }
}

#[test]
fn an_incomplete_stream_fails_and_keeps_the_text_so_far() {
    let half = delta(&json!({ "content": "Hel" }));
    let blank =
        json!({ "choices": [{ "index": 0, "delta": { "content": "" }, "finish_reason": "" }] });
    for (case, stream) in [
        ("no end", format!("data: {half}\n\n")),
        ("a reason that is empty", format!("data: {half}\n\ndata: {blank}\n\n")),
        ("something else", format!("data: {half}\n\ndata: oops\n\n")),
        ("an HTML page", format!("data: {half}\n\n<html>\n\n")),
    ] {
        let answer = body("text/event-stream", stream);
        let ran = run("ask", question()).answers([answer]).streamed().start();
        let failure = ran.failure(FailureKind::InvalidOutput);
        assert_eq!(failure.detail.as_deref(), Some("Hel"), "{case}");
    }
}

/// Some servers repeat the index, id or name with each piece of a call, and
/// some omit them.
#[test]
fn every_function_call_is_executed() {
    let call = |marks: Value, city: &str| {
        let arguments = json!({ "city": city }).to_string();
        let mut call = marks;
        call["function"]["arguments"] = arguments.into();
        call
    };
    let whole = |index: Value, id: Value, name: &str, city: &str| {
        let mut marks = json!({ "type": "function", "function": { "name": name } });
        for (member, value) in [("index", index), ("id", id)] {
            if !value.is_null() {
                marks[member] = value;
            }
        }
        call(marks, city)
    };
    let null = || json!(null);
    for (case, pieces, expected) in [
        (
            "f08b",
            vec![
                whole(json!(0), null(), "weather", "Bern"),
                whole(json!(0), null(), "time", "Rome"),
            ],
            vec!["weather Bern", "time Rome"],
        ),
        (
            "f08b, one function",
            vec![
                whole(json!(0), null(), "weather", "Bern"),
                whole(json!(0), null(), "weather", "Rome"),
            ],
            vec!["weather Bern", "weather Rome"],
        ),
        (
            "f05b",
            vec![
                whole(json!(0), json!("call_0"), "weather", "Bern"),
                whole(json!(1), json!("call_0"), "time", "Rome"),
            ],
            vec!["weather Bern", "time Rome"],
        ),
        (
            "one index, two ids",
            vec![
                whole(json!(0), json!("a"), "weather", "Bern"),
                whole(json!(0), json!("b"), "weather", "Rome"),
            ],
            vec!["weather Bern", "weather Rome"],
        ),
        (
            "no index",
            vec![
                whole(null(), json!("a"), "weather", "Bern"),
                whole(null(), json!("b"), "weather", "Rome"),
            ],
            vec!["weather Bern", "weather Rome"],
        ),
        (
            "neither",
            vec![whole(null(), null(), "weather", "Bern"), whole(null(), null(), "time", "Rome")],
            vec!["weather Bern", "time Rome"],
        ),
        (
            "id and name with each piece",
            vec![
                json!({ "index": 0, "id": "a", "function": { "name": "weather", "arguments": "{\"city\":" } }),
                json!({ "index": 0, "id": "a", "function": { "name": "weather", "arguments": "\"Bern\"}" } }),
            ],
            vec!["weather Bern"],
        ),
        (
            "the name with each piece",
            vec![
                json!({ "index": 0, "function": { "name": "weather", "arguments": "{\"city\":" } }),
                json!({ "index": 0, "function": { "name": "weather", "arguments": "\"Bern\"}" } }),
            ],
            vec!["weather Bern"],
        ),
        (
            "arguments as an object",
            vec![
                json!({ "index": 0, "function": { "name": "weather", "arguments": { "city": "Bern" } } }),
            ],
            vec!["weather Bern"],
        ),
    ] {
        // Each piece in its own chunk, and all pieces in one chunk.
        let one_by_one: Vec<_> =
            pieces.iter().map(|piece| delta(&json!({ "tool_calls": [piece] }))).collect();
        let together = vec![delta(&json!({ "tool_calls": pieces }))];
        for mut chunks in [one_by_one, together] {
            chunks.push(end("tool_calls"));
            let called = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
            let function = |name: &'static str| {
                let called = std::sync::Arc::clone(&called);
                move |arguments: Value| {
                    let city = arguments["city"].as_str().unwrap_or("nowhere").to_owned();
                    called.lock().unwrap().push(format!("{name} {city}"));
                    Ok(json!({ "of": city }))
                }
            };
            let parameters = json!({ "type": "object" });
            let functions = Functions::new()
                .with("weather", "Returns the weather.", parameters.clone(), function("weather"))
                .with("time", "Returns the time.", parameters, function("time"));
            let input = json!({
                "messages": [{ "content": "Hi" }], "functions": ["weather", "time"],
            });
            let answers =
                [events(&chunks), events(&[delta(&json!({ "content": "Done." })), end("stop")])];
            let ran = run("ask", input).answers(answers).functions(functions).streamed().start();
            assert_eq!(ran.output(), "Done.", "{case}");
            let mut called = called.lock().unwrap().clone();
            // The functions run concurrently.
            called.sort();
            let mut expected = expected.clone();
            expected.sort_unstable();
            assert_eq!(called, expected, "{case}");
            let bodies = ran.bodies();
            let messages = bodies[1]["messages"].as_array().unwrap();
            assert_eq!(messages.len(), 2 + expected.len(), "{case}");
        }
    }
}

/// Mistral's API and some of Azure's do not support `stream_options`.
#[test]
fn stream_options_are_dropped_if_the_server_rejects_them() {
    let refusal = |body: Value| openai_sandbox::Fault::Status {
        status: 422,
        headers: Vec::new(),
        body: body.to_string().into(),
    };
    let s19 = json!({ "object": "error", "message": { "detail": [{
        "type": "extra_forbidden", "loc": ["body", "stream_options", "include_usage"],
        "msg": "Extra inputs are not permitted",
    }]}});
    let words =
        json!({ "error": { "message": "Unrecognized request argument supplied: stream_options" } });
    for refused in [s19.clone(), words] {
        let answer = events(&[delta(&json!({ "content": "Hello" })), end("stop")]);
        let ran = run("ask", question()).answers([refusal(refused), answer]).streamed().start();
        assert_eq!(ran.output(), "Hello");
        let bodies = ran.bodies();
        let asked: Vec<_> = bodies.iter().map(|body| body.get("stream_options")).collect();
        assert_eq!(asked, [Some(&json!({ "include_usage": true })), None]);
        assert_eq!(bodies[1]["stream"], true);
    }
    // The request is repeated only once.
    let ran =
        run("ask", question()).answers([refusal(s19.clone()), refusal(s19)]).streamed().start();
    let failure = ran.failure(FailureKind::Refused);
    assert_eq!(failure.message, "`stream_options.include_usage`: Extra inputs are not permitted");
    assert_eq!(ran.sent.len(), 2);
}
