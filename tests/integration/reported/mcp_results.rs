//! Tool results, and invalid messages.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_tests::mcp::{Client, Server, answered};
use connector_tests::{command, in_repository, sandbox};
use openai_sandbox::Fault;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::config::AutoHeaderValue;

use super::{body, json_body};

/// The largest result that clients accept.
const MAX_RESULT: usize = 1 << 20;
const KB: usize = 1000;

const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{
    "protocolVersion":"2025-11-25","capabilities":{},
    "clientInfo":{"name":"tests","version":"1"}}}"#;
const BEGIN: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

/// Content with the signature of a PNG.
fn png(size: usize) -> Vec<u8> {
    let mut content = b"\x89PNG\r\n\x1a\n".to_vec();
    content.resize(size, 0x5a);
    content
}

fn wav(size: usize) -> Vec<u8> {
    let mut content = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    content.resize(size, 0x5a);
    content
}

/// The response with images of these sizes.
fn images(sizes: &[usize]) -> Fault {
    let images = sizes.iter().map(|size| json!({ "b64_json": STANDARD.encode(png(*size)) }));
    json_body(&json!({ "created": 1_700_000_000, "data": images.collect::<Vec<_>>() }))
}

fn answer(text: &str) -> Fault {
    json_body(&json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "m",
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": { "role": "assistant", "content": text },
        }],
    }))
}

fn draw() -> Value {
    json!({ "imageMessages": [{ "content": "A lighthouse" }] })
}

fn draw_as_text() -> Value {
    json!({
        "imageMessages": [{ "content": "A lighthouse" }], "model": "dall-e-3",
        "responseFormat": "b64_json",
    })
}

fn question() -> Value {
    json!({ "messages": [{ "role": "user", "content": "Hello!" }] })
}

/// A client that knows the output schema of each tool.
struct Session {
    client: Client,
    schemas: HashMap<String, Value>,
}

impl Session {
    fn start(sandbox: &openai_sandbox::Sandbox) -> Self {
        let mut client = Client::start(Some(sandbox), &[]);
        let tools = client.ask(json!(["tools"])).unwrap();
        let schemas =
            tools["tools"].as_array().unwrap().iter().map(|tool| {
                (tool["name"].as_str().unwrap().to_owned(), tool["outputSchema"].clone())
            });
        Self { schemas: schemas.collect(), client }
    }

    /// The result of a call; it must match the tool's schema and stay below the
    /// size limit.
    #[track_caller]
    fn call(&mut self, tool: &str, input: Value) -> Value {
        let result = self.client.call(tool, input);
        assert_ne!(result["isError"], true, "{}", result["content"][0]["text"]);
        let size = result.to_string().len();
        assert!(size < MAX_RESULT, "{tool}: {size} bytes");
        jsonschema::validate(&self.schemas[tool], &result["structuredContent"])
            .unwrap_or_else(|error| panic!("{tool}: {error}"));
        result
    }

    /// The content of a resource.
    fn read(&mut self, uri: &Value) -> Vec<u8> {
        let read = self.client.ask(json!(["read", uri])).unwrap();
        let contents = &read["contents"][0];
        match contents["blob"].as_str() {
            Some(blob) => STANDARD.decode(blob).unwrap(),
            None => contents["text"].as_str().unwrap().into(),
        }
    }
}

fn kinds(result: &Value) -> Vec<&str> {
    let blocks = result["content"].as_array().unwrap().iter();
    blocks.map(|block| block["type"].as_str().unwrap()).collect()
}

/// p09b, p09c: an image or a recording appears once in a result, and as a link
/// only if there is no room.
#[test]
fn each_file_is_shown_once_if_there_is_room() {
    const SEEN: [&str; 3] = ["text", "image", "resource_link"];
    let sandbox = sandbox();
    let mut session = Session::start(&sandbox);
    for (sizes, expected) in [
        (&[300 * KB][..], &SEEN[..]),
        (&[780 * KB], &SEEN),
        (&[900 * KB], &["text", "resource_link"]),
        (&[3_000 * KB], &["text", "resource_link"]),
        (&[300 * KB; 2], &["text", "image", "resource_link", "image", "resource_link"]),
        // A file that is too large leaves room for those after it.
        (&[900 * KB, 300 * KB], &["text", "resource_link", "image", "resource_link"]),
        (&[600 * KB, 600 * KB], &["text", "image", "resource_link", "resource_link"]),
    ] {
        sandbox.script(images(sizes));
        let result = session.call("openai_v1_createImage", draw());
        assert_eq!(kinds(&result), expected, "{sizes:?}");
        let links = result["content"].as_array().unwrap().iter();
        let links: Vec<&Value> = links.filter(|block| block["type"] == "resource_link").collect();
        for (link, size) in links.iter().zip(sizes) {
            assert_eq!(session.read(&link["uri"]), png(*size));
        }
    }
    for (size, expected) in [
        (300 * KB, &["text", "audio", "resource_link"][..]),
        (900 * KB, &["text", "resource_link"]),
    ] {
        sandbox.script(body("audio/wav", wav(size)));
        let input = json!({ "input": "Hi", "voice": "alloy", "responseFormat": "wav" });
        let result = session.call("openai_v1_createSpeech", input);
        assert_eq!(kinds(&result), expected, "{size}");
        let output = &result["structuredContent"]["output"];
        assert_eq!(session.read(&output["url"]), wav(size));
    }
}

/// An output that is too large becomes a file with a link.
#[test]
fn an_output_that_is_too_large_is_a_file() {
    let sandbox = sandbox();
    let mut session = Session::start(&sandbox);
    let text = |size: usize| "Good morning. ".chars().cycle().take(size).collect::<String>();
    for (size, is_shown_twice, is_shown) in
        [(400 * KB, true, true), (700 * KB, false, true), (1_100 * KB, false, false)]
    {
        let text = text(size);
        sandbox.script(answer(&text));
        let result = session.call("openai_v1_ask", question());
        let (shown, structured) =
            (result["content"][0]["text"].as_str().unwrap(), &result["structuredContent"]);
        assert_eq!(shown == text, is_shown_twice, "{size}");
        assert_eq!(structured["output"] == text.as_str(), is_shown, "{size}");
        if is_shown_twice {
            assert_eq!(kinds(&result), ["text"]);
            continue;
        }
        assert!(shown.contains("Good morning. "), "{shown}");
        assert_eq!(kinds(&result), ["text", "resource_link"]);
        let link = &result["content"][1];
        assert!(shown.contains(link["uri"].as_str().unwrap()), "{shown}");
        let whole: Value = serde_json::from_slice(&session.read(&link["uri"])).unwrap();
        assert_eq!(whole["output"], text.as_str());
        if !is_shown {
            assert_eq!(structured["outcomeFile"]["url"], link["uri"]);
        }
    }
    // The base64 text of an image counts like any other text.
    for (size, expected) in [
        (200 * KB, &["text", "image", "resource_link"][..]),
        (600 * KB, &["text", "resource_link", "resource_link"]),
        (900 * KB, &["text", "resource_link", "resource_link"]),
    ] {
        sandbox.script(images(&[size]));
        let result = session.call("openai_v1_createImage", draw_as_text());
        assert_eq!(kinds(&result), expected, "{size}");
        assert_eq!(
            session.read(
                &result["content"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|block| { block["type"] == "resource_link" })
                    .unwrap()["uri"]
            ),
            png(size)
        );
    }
}

#[test]
fn every_result_matches_its_schema() {
    let sandbox = sandbox();
    let mut session = Session::start(&sandbox);
    let speech = std::fs::read(in_repository("tests/sandbox/samples/speech.mp3")).unwrap();
    let file = json!({
        "url": format!("data:audio/mpeg;base64,{}", STANDARD.encode(speech)), "name": "talk.mp3",
    });
    let image = |created: Value| {
        let image = json!({ "b64_json": STANDARD.encode(png(100)), "revised_prompt": null });
        json_body(&json!({ "created": created, "data": [image] }))
    };
    let link = json!({
        "created": 1, "data": [{ "url": "https://images.example/1.png", "b64_json": null }],
    });
    let with = |input: Value, name: &str, value: Value| {
        let mut input = input;
        input[name] = value;
        input
    };
    let transcribe =
        |format: &str| json!({ "file": file, "responseFormat": format, "model": "whisper-1" });
    for (tool, input, answer) in [
        ("ask", question(), None),
        ("ask", with(question(), "n", json!(2)), None),
        ("ask", with(question(), "responseFormat", json!(1)), Some(answer(r#"{"a":1}"#))),
        ("ask", with(question(), "responseFormat", json!(2)), Some(answer(r#"[1.5,null]"#))),
        ("createImage", draw(), None),
        ("createImage", with(draw(), "n", json!(2)), None),
        ("createImage", draw_as_text(), None),
        ("createImage", draw(), Some(image(json!(1_700_000_000.75)))),
        ("createImage", draw(), Some(image(json!("1700000000")))),
        ("createImage", draw(), Some(image(Value::Null))),
        ("createImage", draw(), Some(json_body(&link))),
        ("createSpeech", json!({ "input": "Hi", "voice": "alloy" }), None),
        ("createTranscription", transcribe("json"), None),
        ("createTranscription", transcribe("text"), None),
        ("createTranscription", transcribe("srt"), None),
        ("createTranscription", transcribe("verbose_json"), None),
    ] {
        answer.into_iter().for_each(|answer| sandbox.script(answer));
        let result = session.call(&format!("openai_v1_{tool}"), input);
        assert!(result["structuredContent"].get("output").is_some(), "{tool}: {result}");
    }
}

/// The responses to lines sent after the handshake. A `ping` at the end is
/// answered too, which shows that the server continues.
fn answers(lines: &[u8], id: Option<u64>) -> Vec<Value> {
    let hello = HELLO.replace('\n', "");
    let ping = r#"{"jsonrpc":"2.0","id":99,"method":"ping"}"#;
    let input =
        [hello.as_bytes(), b"\n", BEGIN.as_bytes(), b"\n", lines, b"\n", ping.as_bytes(), b"\n"];
    let ids: Vec<u64> = [1, 99].into_iter().chain(id).collect();
    let mut answered = answered(command(None), &input.concat(), &ids);
    answered.retain(|answer| answer["id"] != 1 && answer["id"] != 99);
    answered
}

/// p06: an invalid message gets an error, and the server continues.
#[test]
fn an_invalid_line_is_answered_with_an_error() {
    let ping = r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#;
    let none = Value::Null;
    for (line, expected) in [
        (b"hello".as_slice(), Some((-32_700, none.clone()))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":7", Some((-32_700, none.clone()))),
        (b"{'jsonrpc':'2.0'}", Some((-32_700, none.clone()))),
        (b"\xff\xfe\x00", Some((-32_700, none.clone()))),
        (b"GET / HTTP/1.1", Some((-32_700, none.clone()))),
        (b"42", Some((-32_600, none.clone()))),
        (b"[]", Some((-32_600, none.clone()))),
        (format!("[{ping}]").as_bytes(), Some((-32_600, none))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":7}", Some((-32_600, json!(7)))),
        (b"{\"id\":\"a\",\"method\":\"ping\"}", Some((-32_600, json!("a")))),
        (b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"no/such\"}", Some((-32_601, json!(7)))),
        (
            b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{}}",
            Some((-32_602, json!(7))),
        ),
        (b"", None),
        (b"  \t \r", None),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"no/such\"}", None),
    ] {
        let shown = String::from_utf8_lossy(line);
        let id = expected.as_ref().and_then(|(_, id)| id.as_u64());
        let answers = answers(line, id);
        let codes: Vec<(i64, Value)> = answers
            .iter()
            .map(|answer| (answer["error"]["code"].as_i64().unwrap(), answer["id"].clone()))
            .collect();
        assert_eq!(codes, Vec::from_iter(expected), "{shown}: {answers:?}");
    }
    for line in [format!("\u{feff}{ping}"), format!("{ping}\r"), format!("  {ping}  ")] {
        let answers = answers(line.as_bytes(), Some(7));
        assert_eq!((answers.len(), &answers[0]["id"]), (1, &json!(7)), "{line}");
    }
    // The same before the handshake.
    let hello = format!("hello\n{}\n", HELLO.replace('\n', ""));
    let answered = answered(command(None), hello.as_bytes(), &[1]);
    assert_eq!((answered.len(), &answered[0]["error"]["code"]), (2, &json!(-32_700)));
}

#[test]
fn an_oversized_line_is_answered_with_an_error() {
    let long = [b"\"".to_vec(), vec![b'x'; 65 << 20], b"\"".to_vec()].concat();
    let answers = answers(&long, None);
    assert_eq!((answers.len(), &answers[0]["error"]["code"]), (1, &json!(-32_600)));
    let message = answers[0]["error"]["message"].as_str().unwrap();
    assert_eq!(message, "the message is larger than 67108864 bytes");
}

fn post(server: &Server, headers: &[(&str, &str)], body: &str) -> (u16, String, String, String) {
    let config = Agent::config_builder().http_status_as_error(false).accept(AutoHeaderValue::None);
    let agent: Agent = config.build().into();
    let mut request = agent.post(&server.url).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.send(body).unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    let (kind, session) = (header("content-type"), header("mcp-session-id"));
    (response.status().as_u16(), kind, session, response.body_mut().read_to_string().unwrap())
}

/// h03b: a client gets a response it can read.
#[test]
fn simple_http_clients_are_served() {
    const JSON: &str = "application/json";
    const EVENTS: &str = "text/event-stream";
    let sandbox = sandbox();
    let server = Server::start(&sandbox, &[]);
    for (accept, expected) in [
        (Some("*/*"), EVENTS),
        (None, EVENTS),
        (Some("application/json, text/event-stream"), EVENTS),
        (Some("text/event-stream"), EVENTS),
        (Some("text/html, */*;q=0.8"), EVENTS),
        (Some("application/json"), JSON),
        (Some("application/*"), JSON),
    ] {
        let mut headers: Vec<(&str, &str)> =
            accept.map(|accept| ("accept", accept)).into_iter().collect();
        let message = |text: &str| -> Value {
            let data = text.lines().rev().find_map(|line| line.strip_prefix("data: "));
            serde_json::from_str(data.unwrap_or(text)).unwrap_or_else(|_| panic!("{text}"))
        };
        let (status, kind, session, text) = post(&server, &headers, HELLO);
        assert_eq!((status, kind.as_str()), (200, expected), "{accept:?}: {text}");
        assert_eq!(message(&text)["result"]["serverInfo"]["name"], "connector", "{accept:?}");
        headers.push(("mcp-session-id", &session));
        assert_eq!(post(&server, &headers, BEGIN).0, 202, "{accept:?}");
        let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
            "name": "openai_v1_ask", "arguments": question(), "_meta": { "progressToken": "p" },
        }});
        let (status, kind, _, text) = post(&server, &headers, &call.to_string());
        assert_eq!((status, kind.as_str()), (200, expected), "{accept:?}: {text}");
        let output = message(&text)["result"]["structuredContent"]["output"].clone();
        assert!(output.as_str().unwrap().contains("Hello!"), "{accept:?}: {text}");
    }
    let (status, ..) = post(&server, &[("accept", "text/html")], HELLO);
    assert_eq!(status, 406);
    for (text, code) in [("hello", -32_700), ("", -32_700), ("[]", -32_600), ("{}", -32_600)] {
        let (status, kind, _, answer) = post(&server, &[("accept", "*/*")], text);
        assert_eq!((status, kind.as_str()), (400, JSON), "{text}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["error"]["code"], code, "{text}");
    }
}
