//! Rules for every endpoint: keys, paths, content types, records.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

use openai_sandbox::Body;
use openai_sandbox::Options;
use openai_sandbox::Sandbox;
use serde_json::json;

use crate::client;

#[test]
fn a_key_is_required() {
    let options = Options { token: Some("sk-right".to_owned()), ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    for (headers, status) in [
        (&[][..], 401),
        (&[("authorization", "Bearer sk-wrong")], 401),
        (&[("authorization", "Basic sk-right")], 401),
        (&[("authorization", "sk-right")], 401),
        (&[("authorization", "Bearer sk-right"), ("authorization", "Bearer sk-right")], 401),
        (&[("authorization", "Bearer sk-right")], 200),
    ] {
        let request = client::write("GET /v1/models", headers, b"");
        let answer = client::exchange(&client::authority(&sandbox), &request).unwrap();
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 401 {
            assert_eq!(answer.json()["error"]["code"], "invalid_api_key");
            assert!(!answer.text().contains("sk-"), "the response must not repeat the key");
        }
    }
}

/// Azure has its own path, header and versions.
#[test]
fn azures_path_accepts_its_key_and_its_versions() {
    let options = Options { token: Some("sk-right".to_owned()), ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    for (path, headers, status) in [
        ("/openai/v1/models", ("api-key", "sk-right"), 200),
        ("/openai/v1/models", ("authorization", "Bearer sk-right"), 200),
        ("/openai/v1/models?api-version=preview", ("api-key", "sk-right"), 200),
        ("/openai/v1/models?api-version=2023-05-15", ("api-key", "sk-right"), 400),
        ("/openai/v1/models", ("api-key", "sk-wrong"), 401),
        ("/v1/models", ("api-key", "sk-right"), 401),
    ] {
        let request = client::write(&format!("GET {path}"), &[headers], b"");
        let answer = client::exchange(&client::authority(&sandbox), &request).unwrap();
        assert_eq!(answer.status, status, "{path} {headers:?}");
    }
}

#[test]
fn any_key_is_accepted_by_default() {
    let sandbox = client::start();
    assert_eq!(client::get(&sandbox, "/v1/models").status, 200);
    let request = client::write("GET /v1/models", &[], b"");
    let answer = client::exchange(&client::authority(&sandbox), &request).unwrap();
    assert_eq!(answer.status, 401);
}

#[test]
fn every_response_has_the_common_headers() {
    let sandbox = client::start();
    let mut ids = Vec::new();
    for path in ["/v1/models", "/nowhere", "/files/none.png"] {
        let answer = client::get(&sandbox, path);
        assert_eq!(answer.header("x-sandbox"), Some("openai-sandbox"), "{path}");
        assert!(answer.header("openai-processing-ms").is_some(), "{path}");
        ids.push(answer.header("x-request-id").unwrap().to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn lists_the_models() {
    let sandbox = client::start();
    let list = client::get(&sandbox, "/v1/models").json();
    assert_eq!(list["object"], "list");
    for model in list["data"].as_array().unwrap() {
        assert!(model["id"].is_string() && model["owned_by"].is_string());
        assert!(model["created"].is_i64() && model["object"] == "model");
    }
}

#[test]
fn models_belong_to_endpoints() {
    let sandbox = client::start();
    let chat = json!({"model": "", "messages": [{"role": "user", "content": "Hi"}]});
    let image = json!({"model": "", "prompt": "cat"});
    let speech = json!({"model": "", "input": "Hi", "voice": "alloy"});
    for (path, body, model, status) in [
        ("/v1/chat/completions", &chat, "whisper-1", 400),
        ("/v1/chat/completions", &chat, "", 400),
        ("/v1/chat/completions", &chat, "ft:gpt-4o:mine", 200),
        ("/v1/images/generations", &image, "gpt-4o", 400),
        ("/v1/images/generations", &image, "gpt-image-9", 200),
        ("/v1/audio/speech", &speech, "dall-e-3", 400),
        ("/v1/audio/speech", &speech, "my-voice", 200),
    ] {
        let body = client::patched(body, &json!({"model": model}));
        let answer = client::post(&sandbox, path, &body);
        assert_eq!(answer.status, status, "{path} {model}");
        if status != 200 {
            assert_eq!(answer.json()["error"]["param"], "model");
        }
    }
}

#[test]
fn unknown_paths_and_methods_are_rejected() {
    let sandbox = client::start();
    for (line, status) in [
        ("GET /v1", 404),
        ("GET /v1/engines", 404),
        ("POST /v1/chat/completions/", 404),
        ("GET /v1/chat/completions", 405),
        ("POST /v1/models", 405),
    ] {
        let answer = client::request(&sandbox, line, &[], b"");
        assert_eq!(answer.status_and_param(), (status, None), "{line}");
    }
}

#[test]
fn bodies_must_match_their_content_type() {
    let sandbox = client::start();
    let good = br#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}"#;
    let (form, form_type) = client::form(&[("model", None, b"whisper-1")]);
    let chat = "POST /v1/chat/completions";
    let transcription = "POST /v1/audio/transcriptions";
    for (line, content_type, body, status) in [
        (chat, "application/json", &good[..], 200),
        (chat, "Application/JSON; charset=utf-8", good, 200),
        (chat, "text/plain", good, 400),
        (chat, "application/x-www-form-urlencoded", good, 400),
        (chat, &form_type, &form, 400),
        (chat, "application/json", b"{", 400),
        (chat, "application/json", b"", 400),
        (chat, "application/json", b"[]", 400),
        (chat, "application/json", b"null", 400),
        (transcription, "application/json", good, 400),
        (transcription, "multipart/form-data", &form, 400),
        (transcription, "multipart/form-data; boundary=other", &form, 400),
    ] {
        let answer = client::request(&sandbox, line, &[("content-type", content_type)], body);
        assert_eq!(answer.status_and_param(), (status, None), "{line} {content_type}");
    }
    let answer = client::request(&sandbox, chat, &[], good);
    assert_eq!(answer.status, 400, "a content type is required");
}

#[test]
fn bodies_are_limited_in_size() {
    let sandbox = client::start();
    let body = vec![b' '; 31 * 1024 * 1024];
    let answer = client::request(
        &sandbox,
        "POST /v1/chat/completions",
        &[("content-type", "application/json")],
        &body,
    );
    assert_eq!(answer.status, 413);
}

#[test]
fn requests_are_recorded() {
    let sandbox = client::start();
    client::request(
        &sandbox,
        "POST /v1/chat/completions?a=b%20c",
        &[("content-type", "application/json"), ("X-Twice", "1"), ("x-twice", "2")],
        br#"{"z": 1, "a": 2}"#,
    );
    let (form, form_type) =
        client::form(&[("model", None, b"m"), ("file", client::WAV, b"\0\xff")]);
    client::request(
        &sandbox,
        "POST /v1/audio/transcriptions",
        &[("content-type", &form_type)],
        &form,
    );
    client::request(&sandbox, "PUT /v1/x", &[("content-type", "text/plain")], b"raw");
    client::get(&sandbox, "/v1/models");

    let requests = sandbox.requests();
    let [chat, transcription, raw, models] = requests.as_slice() else { panic!("four requests") };
    assert_eq!((chat.method.as_str(), chat.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(chat.query.as_deref(), Some("a=b%20c"));
    assert_eq!(chat.header("authorization"), Some("Bearer sk-test"));
    assert_eq!(chat.header_values("x-twice").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(chat.json().unwrap().to_string(), r#"{"z":1,"a":2}"#, "order is kept");
    assert_eq!(chat.status, Some(400));

    let [model, file] = transcription.parts() else { panic!("two parts") };
    assert_eq!((model.name.as_str(), model.text()), ("model", Some("m")));
    assert_eq!(file.filename.as_deref(), Some("a.wav"));
    assert_eq!((&file.bytes[..], file.len), (&b"\0\xff"[..], 2));

    assert_eq!((&raw.body, raw.status), (&Body::Raw(b"raw".to_vec()), Some(404)));
    assert_eq!((&models.body, models.status), (&Body::Empty, Some(200)));

    sandbox.clear();
    assert!(sandbox.requests().is_empty());
}

#[test]
fn connections_are_kept_alive() {
    let sandbox = client::start();
    let mut stream = TcpStream::connect(client::authority(&sandbox)).unwrap();
    let request = "GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n\r\n";
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"]}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(sandbox.requests().len(), 3);
}

#[test]
fn a_dropped_sandbox_stops_listening() {
    let sandbox = client::start();
    let authority = client::authority(&sandbox);
    drop(sandbox);
    assert!(TcpStream::connect(authority).is_err());
}

#[test]
fn only_loopback_addresses_are_accepted() {
    let options = Options { listen: "0.0.0.0:0".parse().unwrap(), ..Options::default() };
    assert_eq!(Sandbox::start(options).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
}
