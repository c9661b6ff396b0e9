//! Everything sent over the wire: every kind of request that the connector
//! makes.
//!
//! The smallest request to each endpoint is written out. The tables in the
//! other files have an input for each kind of request, and the difference from
//! the smallest one. The sandbox accepts each request, and OpenAI's own API
//! description allows it.

mod ask;
mod batches;
mod call_api;
mod cases;
mod connection;
mod edit_image;
mod embeddings;
mod files;
mod images;
mod moderation;
mod responses;
mod speech;
mod transcription;
mod translation;

use std::collections::BTreeSet;
use std::fs;

use connector_host::{
    Connection, ConnectionValues, Connector, Definition, Failure, FailureKind, Files, Functions,
    Property, PropertyType,
};
use connector_tests::steady::{Steady, Verdict};
use connector_tests::{CANARY, in_repository, openai, put_files, sandbox};
use openai_sandbox::{Body, Part, Recorded};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use cases::{Call, Case};

fn all_cases() -> Vec<Case> {
    [described_cases(), call_api::of_other_servers()].concat()
}

/// The cases whose requests OpenAI describes.
fn described_cases() -> Vec<Case> {
    [
        ask::all(),
        images::all(),
        speech::all(),
        transcription::all(),
        edit_image::all(),
        responses::all(),
        translation::all(),
        embeddings::all(),
        moderation::all(),
        files::all(),
        batches::all(),
        call_api::all(),
        connection::all(),
    ]
    .concat()
}

/// Requests match the tables, and the sandbox accepts each of them.
#[test]
fn requests_match_the_tables() {
    let bench = Bench::new();
    let sandbox = sandbox();
    let mut wrong = Vec::new();
    // Collect all differences, so that one run shows them all.
    for case in all_cases() {
        sandbox.clear();
        let made = bench.make(&case, &sandbox.base_url());
        let requests = sandbox.requests();
        if let Err(failure) = made {
            wrong.push(format!("{}: {failure:?}", case.name));
            continue;
        }
        for request in &requests {
            assert_eq!(request.status, Some(200), "{}: {request:?}", case.name);
        }
        let mut before = case.smallest;
        let mut differences = Vec::new();
        for request in &requests {
            let request = normalized(request);
            differences.push(difference(&before, &request));
            before = request;
        }
        if differences != case.differences {
            let differences: Vec<_> = differences.iter().map(Value::to_string).collect();
            wrong.push(format!("{}: {}", case.name, differences.join(" => ")));
        }
    }
    assert!(wrong.is_empty(), "unexpected differences:\n{}", wrong.join("\n"));
}

/// Cases are identified by their names.
#[test]
fn case_names_are_unique() {
    let names: Vec<_> = all_cases().into_iter().map(|case| case.name).collect();
    let different: BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
}

/// Every property, and every value of a closed list, occurs in a case.
#[test]
fn every_property_is_covered_by_a_case() {
    let connector = openai();
    let descriptor = connector.descriptor();
    let cases = all_cases();
    let mut missing = Vec::new();
    for action in &descriptor.actions {
        let inputs = cases.iter().filter_map(|case| match &case.call {
            Call::Run { action: name, input } if *name == action.name => Some(input),
            _ => None,
        });
        let inputs: Vec<_> = inputs.collect();
        for property in &action.properties {
            let path = format!("{} {}", action.name, property.name);
            look_for(property, &path, &members(&inputs, &property.name), &mut missing);
        }
    }
    let connections: Vec<_> = cases.iter().map(|case| settings(case, "http://[::1]/v1")).collect();
    let connections: Vec<_> = connections.iter().collect();
    // `network` tests the host's own properties.
    let is_own = |name: &str| !Definition::HOST_PROPERTIES.contains(&name);
    for property in descriptor.connection.properties.iter().filter(|row| is_own(&row.name)) {
        let path = format!("connection {}", property.name);
        look_for(property, &path, &members(&connections, &property.name), &mut missing);
    }
    assert!(missing.is_empty(), "not covered by any case: {}", missing.join(", "));
}

/// OpenAI's description of its API allows every request.
#[test]
fn steady_accepts_every_request() {
    let bench = Bench::new();
    let (steady, sandbox) = (Steady::start(), sandbox());
    let mut complaints = Vec::new();
    // The description does not contain Azure's paths, which serve the same API.
    let is_azure = |case: &Case| case.connection["authorization"] == "apiKey";
    for case in described_cases().into_iter().filter(|case| !is_azure(case)) {
        // Steady's answers are random, so the result does not matter.
        let made = bench.make(&case, &steady.base_url());
        // Its answers also end a run early: none calls a function, and none has the
        // requested vectors. Later requests therefore come from a run with the sandbox.
        sandbox.clear();
        bench.make(&case, &sandbox.base_url()).unwrap();
        for request in sandbox.requests().iter().skip(1) {
            let path = request.path.strip_prefix("/v1").unwrap();
            match &request.body {
                Body::Json(body) => steady.post(path, JSON, &body.to_string()),
                Body::Empty => steady.send(&request.method, path, request.query.as_deref()),
                // The first request of another case is the same form.
                Body::Multipart(_) => {}
                Body::Raw(_) => panic!("neither JSON nor a form: {request:?}"),
            }
        }
        let verdicts = steady.take_verdicts();
        if verdicts.is_empty() {
            complaints.push(format!("{}: no request ({made:?})", case.name));
        }
        let is_newer = |verdict: &Verdict| NEWER.contains(&&*case.name) || is_newer(verdict);
        let bad = verdicts.iter().filter(|verdict| !verdict.is_good() && !is_newer(verdict));
        complaints.extend(bad.map(|verdict| format!("{}: {verdict}", case.name)));
    }
    assert!(complaints.is_empty(), "Steady's complaints:\n{}", complaints.join("\n"));
}

/// Cases whose only purpose is something the API gained after its description was
/// packaged, in May 2026.
const NEWER: &[&str] = &[
    "ask-moderation",
    "ask-moderation-other-modes",
    "ask-prompt-cache-options-explicit",
    "ask-prompt-cache-options-implicit",
    "ask-responses-file-detail-auto",
    "ask-responses-image-detail-original",
    "ask-responses-mcp-servers-tunnel",
    "ask-responses-moderation",
    "ask-responses-reasoning-context-all-turns",
    "ask-responses-reasoning-context-auto",
    "ask-responses-reasoning-context-current-turn",
    "ask-responses-reasoning-mode",
    "ask-responses-web-search-stored-pages",
];

/// Whether every complaint is about something the API gained after its
/// description was packaged.
fn is_newer(verdict: &Verdict) -> bool {
    let newer = ["Unknown property: languages", "Unknown property: keywords"];
    let is_newer = |complaint: &String| newer.iter().any(|newer| complaint.ends_with(newer));
    !verdict.complaints.is_empty() && verdict.complaints.iter().all(is_newer)
}

/// Checks that Steady detects errors wherever one could occur.
#[test]
fn steady_detects_errors() {
    let steady = Steady::start();
    let chat = |set: Value| {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] });
        for (name, value) in set.as_object().unwrap() {
            body[name] = value.clone();
        }
        ("/chat/completions", JSON, body.to_string())
    };
    let form = |name: &str, value: &str| {
        let part = |disposition: &str, content: &str| {
            format!("--x\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
        };
        let body = part("name=\"file\"; filename=\"a.wav\"", "RIFF")
            + &part("name=\"model\"", "whisper-1")
            + &part(&format!("name=\"{name}\""), value)
            + "--x--\r\n";
        ("/audio/transcriptions", FORM, body)
    };
    let image = |value: Value| ("/images/generations", JSON, value.to_string());
    let speech = |value: Value| ("/audio/speech", JSON, value.to_string());

    for (path, content_type, body) in [
        chat(json!({})),
        chat(json!({ "n": 2 })),
        form("language", "en"),
        image(json!({ "prompt": "x", "quality": "hd" })),
        speech(json!({ "model": "m", "input": "x", "voice": "alloy" })),
    ] {
        steady.post(path, content_type, &body);
        let verdicts = steady.take_verdicts();
        assert!(matches!(&verdicts[..], [verdict] if verdict.is_good()), "{body}: {verdicts:?}");
    }
    for (path, content_type, body) in [
        // Keys and values that do not exist.
        chat(json!({ "maxTokens": 1 })),
        chat(json!({ "messages": [{ "role": "user", "content": "Hi", "weight": 1 }] })),
        chat(json!({ "messages": [{ "role": "nobody", "content": "Hi" }] })),
        chat(json!({ "response_format": { "type": "json" } })),
        chat(json!({ "response_format": { "type": "json_object", "schema": {} } })),
        chat(json!({ "tools": [{ "type": "function", "function": { "title": "f" } }] })),
        form("granularity", "word"),
        form("response_format", "xml"),
        image(json!({ "prompt": "x", "weight": 1 })),
        image(json!({ "prompt": "x", "quality": "best" })),
        speech(json!({ "model": "m", "input": "x", "voice": "alloy", "format": "mp3" })),
        speech(json!({ "model": "m", "input": "x", "voice": "alloy", "response_format": "mp4" })),
        // Types and ranges.
        chat(json!({ "temperature": "0.5" })),
        chat(json!({ "temperature": 2.5 })),
        chat(json!({ "logit_bias": { "7": 0.5 } })),
        chat(json!({ "stop": [] })),
        chat(json!({ "stop": ["1", "2", "3", "4", "5"] })),
        image(json!({ "prompt": "x", "n": 11 })),
        image(json!({ "prompt": "x", "size": [256, 256] })),
        speech(json!({ "model": "m", "input": "x", "voice": { "name": "alloy" } })),
        speech(json!({ "model": "m", "input": "x", "voice": "alloy", "speed": 0.1 })),
        form("temperature", "cold"),
        // Missing values.
        chat(json!({ "messages": [] })),
        chat(json!({ "messages": [{ "role": "tool", "content": "x" }] })),
        image(json!({ "model": "dall-e-2" })),
        speech(json!({ "model": "m", "input": "x" })),
        ("/embeddings", JSON, "{}".to_owned()),
    ] {
        steady.post(path, content_type, &body);
        let verdicts = steady.take_verdicts();
        assert!(matches!(&verdicts[..], [verdict] if !verdict.is_good()), "accepted: {body}");
    }
}

const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data; boundary=x";

/// What all cases need to run.
struct Bench {
    connector: Connector,
    functions: Functions,
    files: Files,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files() {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let files = Files::new(folder.path().join("out"));
        Self { connector: openai(), functions: functions(), files, folder }
    }

    /// Makes a case's requests to the server at `base_url`.
    fn make(&self, case: &Case, base_url: &str) -> Result<(), Failure> {
        let connection = self.connection(case, base_url);
        match &case.call {
            Call::Run { action, input } => {
                let mut input = input.clone();
                put_files(&mut input, &self.files, self.folder.path());
                let run = self.connector.run(*action, input).streaming(case.streaming);
                let run = run.connection(&connection).files(&self.files);
                run.functions(&self.functions).start().map(drop)
            }
            Call::Test => self.connector.test(&connection).map(drop),
            Call::Options { action, property, search } => self
                .connector
                .options(&connection, action, property, &json!({}), *search)
                .map(|list| assert!(!list.disabled, "{}: {list:?}", case.name)),
        }
    }

    fn connection(&self, case: &Case, base_url: &str) -> Connection {
        let Value::Object(values) = settings(case, base_url) else { panic!("{}", case.name) };
        self.connector.connection(ConnectionValues::from(values)).unwrap()
    }
}

/// The properties of a case's connection. Azure has its own path and credential.
fn settings(case: &Case, base_url: &str) -> Value {
    let origin = base_url.trim_end_matches("/v1");
    let mut settings = match case.connection["authorization"].as_str() {
        Some("apiKey") => json!({ "apiKey": CANARY, "baseUrl": format!("{origin}/openai/v1") }),
        _ => json!({ "token": CANARY, "baseUrl": base_url }),
    };
    for (name, value) in case.connection.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

/// The functions that the cases use.
fn functions() -> Functions {
    let place = json!({
        "type": "object", "properties": { "place": { "type": "string" } }, "required": ["place"],
    });
    let weather = |_| Ok(json!({ "degrees": 21.5 }));
    let closed = |_| Err(Failure::new(FailureKind::Network, "it is closed"));
    Functions::new()
        .with("weather/v1/today", "Today's weather.", place, weather)
        .with("weather.today", "The same.", json!({ "type": "object" }), weather)
        .with("closed", "Always fails.", json!({ "type": "object" }), closed)
}

/// Files by name, one of each type that an action accepts: a sample of the
/// sandbox if there is one, otherwise a file signature.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let sample = |name: &str| fs::read(in_repository("tests/sandbox/samples").join(name)).unwrap();
    let begins = |bytes: &[u8]| [bytes, &[0; 1_000]].concat();
    vec![
        ("speech.wav", wav(4_000)),
        ("Größe \"1\"; a=b.wav", wav(4_000)),
        ("voice.wav", wav(24_000)),
        ("speech.flac", sample("speech.flac")),
        ("speech.mp3", sample("speech.mp3")),
        ("speech.mpga", sample("speech.mp3")),
        ("speech.ogg", sample("speech.opus")),
        ("speech.m4a", begins(b"\0\0\0\x18ftypM4A ")),
        ("speech.mp4", begins(b"\0\0\0\x18ftypisom")),
        ("speech.mpeg", begins(b"\0\0\x01\xba")),
        ("speech.webm", begins(b"\x1a\x45\xdf\xa3")),
        ("square.png", SQUARE.to_vec()),
        ("picture.png", begins(b"\x89PNG\r\n\x1a\n")[..20].to_vec()),
        ("picture.png.txt", begins(b"\x89PNG\r\n\x1a\n")[..21].to_vec()),
        ("picture.jpg", begins(b"\xff\xd8\xff\xe0")[..20].to_vec()),
        ("picture.gif", begins(b"GIF89a")[..20].to_vec()),
        ("picture.webp", begins(b"RIFF\0\0\0\0WEBPVP8 ")[..20].to_vec()),
        ("report.pdf", b"%PDF-1.7\n%%EOF\n".to_vec()),
        ("requests.jsonl", b"{}\n".to_vec()),
        ("Notizen \"1\".md", "# Grüße\n".into()),
        ("inputs.jsonl", INPUTS.into()),
    ]
}

/// A PNG of 16x16 transparent pixels, which is also a mask.
const SQUARE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0\
    \x1f\xf3\xff\x61\0\0\0\x12IDAT\x78\xda\x63\x60\x18\x05\xa3\x60\x14\x8c\x02\x08\0\0\
    \x04\x10\0\x01\xaf\x45\x88\x2c\0\0\0\0IEND\xae\x42\x60\x82";

/// Two inputs of `ask`, one per line.
const INPUTS: &str = "{\"messages\":[{\"content\":\"Hello!\"}]}\n\
                      {\"messages\":[{\"content\":\"Hello again!\"}]}\n";

/// Silence: 8 kHz, mono, 8 bits.
fn wav(samples: u32) -> Vec<u8> {
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + samples).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(b"\x01\0\x08\0data");
    wav.extend(samples.to_le_bytes());
    wav.resize(wav.len() + samples as usize, 0x80);
    wav
}

/// The difference between two requests, as a JSON merge patch (RFC 7396).
fn difference(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let gone = from.keys().filter(|name| !to.contains_key(*name));
    let gone = gone.map(|name| (name.clone(), Value::Null));
    let changed = to.iter().filter(|(name, value)| from.get(*name) != Some(value));
    let changed = changed.map(|(name, value)| {
        // In a patch, null marks a missing member.
        assert!(!value.is_null(), "`{name}` is sent as null");
        (name.clone(), difference(from.get(name).unwrap_or(&Value::Null), value))
    });
    gone.chain(changed).collect()
}

/// A request in the form used by the tables.
fn normalized(request: &Recorded) -> Value {
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        let value = match name.as_str() {
            // Headers that depend on where and when the test runs.
            "host" | "content-length" | "user-agent" => continue,
            "authorization" | "api-key" => value.replace(CANARY, "****"),
            "content-type" => normalized_type(value),
            _ => value.clone(),
        };
        assert_eq!(headers.insert(name.clone(), value.into()), None, "duplicate header: {name}");
    }
    let path = normalized_path(&request.path);
    let mut normalized = json!({ "method": request.method, "path": path, "headers": headers });
    if let Some(query) = &request.query {
        normalized["query"] = query.as_str().into();
    }
    match &request.body {
        Body::Empty => {}
        Body::Json(value) => normalized["body"] = without_digest(value.clone()),
        Body::Multipart(parts) => normalized["body"] = normalized_form(parts),
        Body::Raw(_) => panic!("neither JSON nor a form: {request:?}"),
    }
    assert!(!normalized.to_string().contains(CANARY), "{normalized}");
    normalized
}

/// A path without the ID that the sandbox derived from a request.
fn normalized_path(path: &str) -> String {
    let id = path.split('/').find(|segment| segment.starts_with("resp_sandbox"));
    match id.filter(|id| id.len() == "resp_sandbox".len() + 16) {
        Some(id) => path.replace(id, "resp_…"),
        None => path.to_owned(),
    }
}

/// A content type without its random boundary.
fn normalized_type(value: &str) -> String {
    let Some((kind, boundary)) = value.split_once("boundary=form-") else {
        return value.to_owned();
    };
    let is_random = boundary.len() == 32 && boundary.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_random, "{value}");
    format!("{kind}boundary=…")
}

/// JSON without the digest of the inputs of a batch.
fn without_digest(mut body: Value) -> Value {
    if let Some(digest) = body.pointer_mut("/metadata/inputs_digest") {
        *digest = "…".into();
    }
    body
}

/// The name of a file without digests.
fn normalized_name(name: &str) -> &str {
    let digests = name.strip_prefix("batch-").and_then(|name| name.strip_suffix(".jsonl"));
    let is_digest =
        |digest: &str| digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digests {
        Some(digests) if digests.split('-').all(is_digest) => "batch-….jsonl",
        _ => name,
    }
}

/// The parts of a form by their names; those whose name ends in `[]` are lists.
fn normalized_form(parts: &[Part]) -> Value {
    let mut form = Map::new();
    for part in parts {
        let content = match (&part.filename, &part.content_type) {
            (Some(filename), Some(kind)) => {
                let filename = normalized_name(filename);
                json!({ "filename": filename, "type": kind, "length": part.len })
            }
            (None, None) => json!(part.text().unwrap()),
            _ => panic!("neither a file nor text: {part:?}"),
        };
        if part.name.ends_with("[]") {
            let list = form.entry(part.name.as_str()).or_insert_with(|| json!([]));
            list.as_array_mut().unwrap().push(content);
        } else {
            assert_eq!(
                form.insert(part.name.clone(), content),
                None,
                "duplicate field: {}",
                part.name
            );
        }
    }
    form.into()
}

/// Adds to `missing` each part of a property that none of the values cover.
fn look_for(property: &Property, path: &str, values: &[&Value], missing: &mut Vec<String>) {
    let is_blank = |value: &Value| value.is_null() || value == "";
    let values: Vec<_> = values.iter().copied().filter(|value| !is_blank(value)).collect();
    if values.is_empty() {
        missing.push(path.to_owned());
        return;
    }
    let chosen = if property.kind == PropertyType::Array { each(&values) } else { values.clone() };
    for choice in property.choices.iter().filter(|choices| !choices.open).flat_map(|c| &c.known) {
        if !chosen.contains(&&choice.value) {
            missing.push(format!("{path} = {}", choice.value));
        }
    }
    for child in &property.children {
        let (path, below) = match property.kind {
            PropertyType::Array => (format!("{path}[]"), each(&values)),
            _ => (format!("{path}.{}", child.name), members(&values, &child.name)),
        };
        look_for(child, &path, &below, missing);
    }
    if let Some(shape) = &property.values {
        look_for(shape, &format!("{path}.*"), &each(&values), missing);
    }
}

/// The members with this name.
fn members<'a>(values: &[&'a Value], name: &str) -> Vec<&'a Value> {
    values.iter().filter_map(|value| value.get(name)).collect()
}

/// The items of lists and the values of maps.
fn each<'a>(values: &[&'a Value]) -> Vec<&'a Value> {
    let items = values.iter().filter_map(|value| value.as_array()).flatten();
    let members = values.iter().filter_map(|value| value.as_object()).flat_map(|map| map.values());
    items.chain(members).collect()
}
