//! What goes over the wire: every kind of request that the connector makes.
//!
//! The table in [`cases`] holds an input for each. Its requests are compared
//! with the snapshots beside this file, after the sandbox has accepted them,
//! and then judged by OpenAI's own description of its API.

mod cases;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use connector_host::{
    Connection, ConnectionValues, Connector, Failure, FailureKind, Files, Functions, Property,
    PropertyType,
};
use connector_tests::steady::{Steady, Verdict};
use connector_tests::{CANARY, in_repository, openai, put_files, sandbox};
use openai_sandbox::{Body, Part, Recorded};
use serde_json::{Value, json};
use tempfile::TempDir;

use cases::{Call, Case};

/// Requests are as the snapshots say, and the sandbox takes each of them.
#[test]
fn requests_are_as_recorded() {
    let bench = Bench::new();
    let sandbox = sandbox();
    let mut wrong = Vec::new();
    for case in cases::all() {
        sandbox.clear();
        let made = bench.make(&case, &sandbox.base_url());
        let requests = sandbox.requests();
        if let Err(failure) = made {
            wrong.push(format!("{}: {failure:?}", case.name));
            continue;
        }
        assert!(!requests.is_empty(), "{}: no request", case.name);
        for request in &requests {
            assert_eq!(request.status, Some(200), "{}: {request:?}", case.name);
        }
        let text = [written_call(&case)].into_iter().chain(requests.iter().map(written));
        let text = text.collect::<Vec<_>>().join("\n\n");
        // A difference does not end the test: one run shows them all.
        if catch_unwind(AssertUnwindSafe(|| assert_recorded(&case.name, &text))).is_err() {
            wrong.push(format!("{}: not as recorded", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each case has a snapshot of its own, and no other snapshots are kept.
#[test]
fn snapshots_and_cases_belong_together() {
    let cases = cases::all();
    let names: BTreeSet<_> = cases.iter().map(|case| format!("{}.snap", case.name)).collect();
    assert_eq!(names.len(), cases.len(), "two cases have the same name");
    let folder = fs::read_dir(in_repository("tests/integration/wire/snapshots")).unwrap();
    let files = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files.filter(|name| name.ends_with(".snap")).collect();
    let odd: Vec<_> = files.symmetric_difference(&names).collect();
    assert!(odd.is_empty(), "without a case, or missing: {odd:?}");
}

/// No property is without a case, and no value of a closed list.
#[test]
fn every_property_is_in_a_case() {
    let connector = openai();
    let descriptor = connector.descriptor();
    let cases = cases::all();
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
    for property in &descriptor.connection.properties {
        let path = format!("connection {}", property.name);
        look_for(property, &path, &members(&connections, &property.name), &mut missing);
    }
    assert!(missing.is_empty(), "in no case: {}", missing.join(", "));
}

/// OpenAI's description of its API allows every request.
#[test]
fn the_judge_has_no_complaint() {
    let bench = Bench::new();
    let (steady, sandbox) = (Steady::start(), sandbox());
    let mut complaints = Vec::new();
    for case in cases::all() {
        // Its answers are random: what comes of them does not matter.
        let made = bench.make(&case, &steady.base_url());
        // Nor do they ask for a function: what follows when one does is taken
        // from a run with the sandbox.
        sandbox.clear();
        bench.make(&case, &sandbox.base_url()).unwrap();
        for request in sandbox.requests().iter().skip(1) {
            steady.post("/chat/completions", JSON, &request.json().unwrap().to_string());
        }
        let verdicts = steady.take_verdicts();
        if verdicts.is_empty() {
            complaints.push(format!("{}: no request ({made:?})", case.name));
        }
        let bad = verdicts.iter().filter(|verdict| !verdict.is_good() && !is_newer(verdict));
        complaints.extend(bad.map(|verdict| format!("{}: {verdict}", case.name)));
    }
    assert!(complaints.is_empty(), "Steady complains:\n{}", complaints.join("\n"));
}

/// Whether a complaint is of nothing but what the API has learned since its
/// description was packaged.
fn is_newer(verdict: &Verdict) -> bool {
    let newer = ["Unknown property: languages", "Unknown property: keywords"];
    let is_newer = |complaint: &String| newer.iter().any(|newer| complaint.ends_with(newer));
    !verdict.complaints.is_empty() && verdict.complaints.iter().all(is_newer)
}

/// The judge would see a mistake: in each place where there could be one, it
/// does.
#[test]
fn the_judge_sees_mistakes() {
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
        // What must be there.
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

/// What all cases are run with.
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
            Call::Models { action, search } => self
                .connector
                .options(&connection, action, "model", &json!({}), *search)
                .map(|list| assert!(!list.disabled, "{}: {list:?}", case.name)),
        }
    }

    fn connection(&self, case: &Case, base_url: &str) -> Connection {
        let Value::Object(values) = settings(case, base_url) else { panic!("{}", case.name) };
        self.connector.connection(ConnectionValues::from(values)).unwrap()
    }
}

/// The properties of a case's connection.
fn settings(case: &Case, base_url: &str) -> Value {
    let mut settings = json!({ "token": CANARY, "baseUrl": base_url });
    for (name, value) in case.connection.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

/// The functions that cases name.
fn functions() -> Functions {
    let place = json!({
        "type": "object", "properties": { "place": { "type": "string" } }, "required": ["place"],
    });
    let weather = |_| Ok(json!({ "degrees": 21.5 }));
    let closed = |_| Err(Failure::new(FailureKind::Network, "it is closed"));
    Functions::new()
        .with("weather/v1/today", "The weather of today.", place, weather)
        .with("weather.today", "The same.", json!({ "type": "object" }), weather)
        .with("closed", "Always fails.", json!({ "type": "object" }), closed)
}

/// Files by name, one of each kind that an action takes: real ones where the
/// sandbox has a sample, else what such a file begins with.
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
        ("picture.png", begins(b"\x89PNG\r\n\x1a\n")[..20].to_vec()),
        ("picture.png.txt", begins(b"\x89PNG\r\n\x1a\n")[..21].to_vec()),
        ("picture.jpg", begins(b"\xff\xd8\xff\xe0")[..20].to_vec()),
        ("picture.gif", begins(b"GIF89a")[..20].to_vec()),
        ("picture.webp", begins(b"RIFF\0\0\0\0WEBPVP8 ")[..20].to_vec()),
        ("report.pdf", b"%PDF-1.7\n%%EOF\n".to_vec()),
        ("Notizen \"1\".md", "# Grüße\n".into()),
    ]
}

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

/// Compares a case's requests with its snapshot.
fn assert_recorded(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter("boundary=form-[0-9a-f]{32}", "boundary=…");
    // Longer base64 says nothing to people.
    settings.add_filter("[A-Za-z0-9+/]{100,}=*", "…");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// What was called, as a snapshot begins.
fn written_call(case: &Case) -> String {
    let call = match &case.call {
        Call::Run { action, input } => format!("{action} {input:#}"),
        Call::Test => "test".to_owned(),
        Call::Models { action, search: None } => format!("options {action} model"),
        Call::Models { action, search: Some(search) } => {
            format!("options {action} model --search {search}")
        }
    };
    let call = if case.streaming { format!("{call}\nstreamed") } else { call };
    match &case.connection {
        Value::Object(values) if values.is_empty() => call,
        values => format!("{call}\nconnection {values:#}"),
    }
}

/// A request as a snapshot shows it.
fn written(request: &Recorded) -> String {
    assert_eq!(request.query, None);
    let mut text = format!("{} {}", request.method, request.path);
    let mut headers: Vec<_> = request.headers.iter().collect();
    headers.sort();
    for (name, value) in headers {
        let value = match name.as_str() {
            // These depend on where and when the test runs.
            "host" | "content-length" | "user-agent" => continue,
            "authorization" => {
                assert_eq!(*value, format!("Bearer {CANARY}"));
                "Bearer ****"
            }
            _ => value,
        };
        write!(text, "\n{name}: {value}").unwrap();
    }
    match &request.body {
        Body::Empty => {}
        Body::Json(value) => write!(text, "\n\n{value:#}").unwrap(),
        Body::Multipart(parts) => {
            text.push('\n');
            for part in parts {
                write!(text, "\n{}", written_part(part)).unwrap();
            }
        }
        Body::Raw(_) => panic!("neither JSON nor a form: {request:?}"),
    }
    assert!(!text.contains(CANARY), "{text}");
    text
}

fn written_part(part: &Part) -> String {
    let Part { name, filename, content_type, len, .. } = part;
    match (filename, content_type) {
        (Some(filename), Some(kind)) => format!("{name}: file {filename:?}, {kind}, {len} bytes"),
        (None, None) => format!("{name}: {}", json!(part.text().unwrap())),
        _ => panic!("neither a file nor a text: {part:?}"),
    }
}

/// Adds to `missing` what of a property none of its values has.
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

/// The members of this name.
fn members<'a>(values: &[&'a Value], name: &str) -> Vec<&'a Value> {
    values.iter().filter_map(|value| value.get(name)).collect()
}

/// The items of lists and the values of maps.
fn each<'a>(values: &[&'a Value]) -> Vec<&'a Value> {
    let items = values.iter().filter_map(|value| value.as_array()).flatten();
    let members = values.iter().filter_map(|value| value.as_object()).flat_map(|map| map.values());
    items.chain(members).collect()
}
