//! Recordings whose names do not reveal their content, or contradict it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::FailureKind::InvalidInput;
use connector_tests::mcp::Client;
use connector_tests::service::Service;
use connector_tests::{command, in_repository, sandbox};
use openai_sandbox::{Recorded, Sandbox};
use serde_json::{Value, json};

use super::{json_body, run};
use crate::service::{API, OPENAI, answer, inline, post, send};

const FLAC: &[u8] = b"fLaC\0\0\0\x22";
const MATROSKA: &[u8] = b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska";
const MOVIE: &[u8] = b"\0\0\0\x20ftypisom";
const MP4: &[u8] = b"\0\0\0\x20ftypM4A \0\0\0\0";
const MPEG: &[u8] = b"\0\0\x01\xba\x44";
const OGG: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0";
const THREE_GP: &[u8] = b"\0\0\0\x20ftyp3gp4";
const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt ";
const WEBM: &[u8] = b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm\x86A_OPUS";
const UNKNOWN: &[u8] = b"\0\x01\x02\x03";

fn mp3() -> Vec<u8> {
    std::fs::read(in_repository("tests/sandbox/samples/speech.mp3")).unwrap()
}

/// A FLAC file with the ID3 tag that some programs put in front.
fn tagged_flac() -> Vec<u8> {
    [b"ID3\x04\0\0\0\0\x20\0", &[0; 4096][..], FLAC].concat()
}

/// The name and the media type of the file that was sent.
fn sent(requests: &[Recorded]) -> (&str, &str) {
    let part = requests.last().unwrap().parts().iter().find(|part| part.name == "file").unwrap();
    (part.filename.as_deref().unwrap(), part.content_type.as_deref().unwrap())
}

#[test]
fn a_recording_is_sent_with_an_extension_that_matches_its_content() {
    let mp3 = mp3();
    for (id, name, content, expected) in [
        ("x01", "voice.oga", OGG, ("voice.ogg", "audio/ogg")),
        ("x02", "voice.opus", OGG, ("voice.ogg", "audio/ogg")),
        ("x08c", "two.MP3.bak", &mp3, ("two.MP3.bak.mp3", "audio/mpeg")),
        ("x12c", "speex.spx", OGG, ("speex.ogg", "audio/ogg")),
        ("x15e", "trailing.mp3 ", &mp3, ("trailing.mp3", "audio/mpeg")),
        ("no extension", "talk", WAV, ("talk.wav", "audio/wav")),
        ("upper case", "TALK.MP3", &mp3, ("TALK.MP3", "audio/mpeg")),
        ("another extension in upper case", "VOICE.OGA", OGG, ("VOICE.ogg", "audio/ogg")),
        ("an alias", "talk.mpga", &mp3, ("talk.mpga", "audio/mpeg")),
        ("another alias", "talk.mpeg", &mp3, ("talk.mpeg", "audio/mpeg")),
        ("a program stream", "talk.mpg", MPEG, ("talk.mpeg", "video/mpeg")),
        ("the wrong extension", "talk.mp3", WAV, ("talk.wav", "audio/wav")),
        ("an extension that is not audio", "talk.txt", WAV, ("talk.wav", "audio/wav")),
        ("an .aac extension", "talk.aac", MP4, ("talk.m4a", "audio/mp4")),
        ("a .mka extension", "talk.mka", WEBM, ("talk.webm", "audio/webm")),
        ("an audio book", "book.m4b", MP4, ("book.m4a", "audio/mp4")),
        ("a film", "film.mp4", MOVIE, ("film.mp4", "video/mp4")),
        ("a video as audio", "talk.m4a", MOVIE, ("talk.m4a", "audio/mp4")),
        ("3GP", "call.3gp", THREE_GP, ("call.mp4", "video/mp4")),
        ("audio in 3GP", "call.m4a", THREE_GP, ("call.m4a", "audio/mp4")),
        ("WebM", "talk.weba", WEBM, ("talk.webm", "audio/webm")),
        ("FLAC after a tag", "talk.mp3", &tagged_flac(), ("talk.flac", "audio/flac")),
        ("MPEG without a tag", "talk", b"\xff\xf3\x90\x64", ("talk.mp3", "audio/mpeg")),
        ("odd characters", "Grüße; \"1\".oga", OGG, ("Grüße; %221%22.ogg", "audio/ogg")),
        ("a dot at the end", "voice.", OGG, ("voice.ogg", "audio/ogg")),
        ("unknown content", "talk.mp3", UNKNOWN, ("talk.mp3", "audio/mpeg")),
    ] {
        let input = json!({ "file": { "url": name } });
        let answer = json_body(&json!({ "text": "Hi" }));
        let ran = run("createTranscription", input).file(name, content).answers([answer]).start();
        assert_eq!(ran.output()["text"], "Hi", "{id}");
        assert_eq!(sent(&ran.sent), expected, "{id}");
    }
}

#[test]
fn an_unsupported_file_is_rejected_with_its_actual_type() {
    let adts = [b"\xff\xf1\x50\x80\x02\x1f\xfc", &[0; 9][..], b"\xff\xf1\x50\x80"].concat();
    for (name, content, found) in [
        ("talk.aac", &adts[..], "audio/aac"),
        ("talk.mp3", &adts, "audio/aac"),
        ("talk.aiff", b"FORM\0\0\0\0AIFFCOMM", "audio/x-aiff"),
        ("talk.amr", b"#!AMR\n\0\0\0\0\0\0", "audio/amr"),
        ("talk.wma", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "audio/x-ms-wma"),
        ("talk.mka", MATROSKA, "audio/x-matroska"),
        ("talk.webm", MATROSKA, "audio/x-matroska"),
        ("talk.mp3", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("talk.wav", b"dear diary", "text/plain"),
        ("talk.mp4", b"PK\x03\x04\x14\0", "application/zip"),
        ("talk.xyz", UNKNOWN, "not recognized"),
        ("talk", UNKNOWN, "not recognized"),
    ] {
        let input = json!({ "file": { "url": name } });
        let ran = run("createTranscription", input).file(name, content).start();
        let failure = ran.failure(InvalidInput);
        let kinds = "flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav, webm";
        assert_eq!(
            failure.message,
            format!(
                "`file` must be one of these file types: {kinds} (the content of `{name}` is {found})"
            )
        );
        assert_eq!(failure.property.as_deref(), Some("file"));
        assert!(ran.sent.is_empty(), "{name}");
    }
}

#[test]
fn the_type_of_a_speakers_recording_is_detected_from_its_content_too() {
    let input = json!({
        "file": { "url": "talk.mp3" }, "model": "gpt-4o-transcribe-diarize",
        "knownSpeakers": [{ "name": "Anna", "recording": { "url": "anna.oga" } }],
    });
    let case = run("createTranscription", input).file("talk.mp3", mp3()).file("anna.oga", OGG);
    let ran = case.answers([json_body(&json!({ "text": "Hi" }))]).start();
    ran.output();
    let parts = ran.sent[0].parts();
    let voice = parts.iter().find(|part| part.name == "known_speaker_references[]").unwrap();
    assert!(voice.text().unwrap().starts_with("data:audio/ogg;base64,T2dnUw"), "{voice:?}");
}

#[test]
fn types_of_attachments_are_detected_from_their_content() {
    for (name, content, part) in [
        ("photo.png", &b"\xff\xd8\xff\xe0"[..], "data:image/jpeg;base64,/9j/4A=="),
        ("photo", b"\x89PNG\r\n\x1a\n", "data:image/png;base64,iVBORw0KGgo="),
        ("talk.txt", WAV, "\"format\":\"wav\""),
        ("LICENSE", b"Do what you like", "LICENSE:\\n\\nDo what you like"),
        ("table.csv", b"a;b\n", "table.csv:\\n\\na;b\\n"),
    ] {
        let input = json!({
            "messages": [{ "role": "user", "content": "Look" }],
            "attachments": [{ "url": name }],
        });
        let ran = run("ask", input).file(name, content).start();
        assert!(ran.bodies()[0].to_string().contains(part), "{name}: {:?}", ran.result);
    }
    for (name, content) in [("a.png", &b"no picture"[..]), ("a.pdf", UNKNOWN), ("a.png", UNKNOWN)] {
        let input = json!({
            "messages": [{ "role": "user", "content": "Look" }],
            "attachments": [{ "url": name }],
        });
        let ran = run("ask", input).file(name, content).start();
        match content {
            UNKNOWN => drop(ran.failure(InvalidInput).clone()),
            // Text is accepted whatever its name is.
            _ => assert!(ran.bodies()[0].to_string().contains("no picture")),
        }
    }
}

/// Runs a transcription on the service.
fn transcribed(service: &Service, sandbox: &Sandbox, file: &Value) -> Value {
    sandbox.script(json_body(&json!({ "text": "Hi" })));
    let body = json!({ "input": { "file": file }, "connection": inline(sandbox) });
    post(service, &format!("{OPENAI}/actions/createTranscription/run"), &body).json()
}

#[test]
fn an_upload_without_a_name_gets_one() {
    let (service, sandbox) = (Service::start(), sandbox());
    for (id, name, kind, content, expected) in [
        ("q02c", None, "audio/webm;codecs=opus", WEBM, "file.webm"),
        ("q02d", None, "audio/x-m4a", MP4, "file.m4a"),
        ("bytes", None, "application/octet-stream", WAV, "file.wav"),
        ("no type", None, "", OGG, "file.ogg"),
        ("unknown content", None, "audio/webm", UNKNOWN, "file.webm"),
        ("other unknown content", None, "audio/x-m4a", UNKNOWN, "file.m4a"),
        ("a name without an extension", Some("talk"), "audio/mpeg", FLAC, "talk.flac"),
    ] {
        let query = name.map_or(String::new(), |name| format!("?name={name}"));
        let upload = send(
            &service,
            "POST",
            &format!("{API}/files{query}"),
            &[("content-type", kind)],
            content,
        );
        let file = answer(upload).expect(201).json();
        assert_eq!(file["name"], expected, "{id}");
        let outcome = transcribed(&service, &sandbox, &file);
        assert_eq!(outcome["output"]["text"], "Hi", "{id}: {outcome}");
        assert_eq!(sent(&sandbox.requests()).0, expected, "{id}");
        // The URL alone is sufficient.
        let outcome = transcribed(&service, &sandbox, &file["url"]);
        assert_eq!(outcome["output"]["text"], "Hi", "{id}: {outcome}");
    }
}

#[test]
fn a_data_url_needs_no_name() {
    let sandbox = sandbox();
    let mut client = Client::start(Some(&sandbox), &[]);
    let mp3 = mp3();
    for (id, kind, name, content, expected) in [
        ("p12", "audio/ogg", Some("voice.oga"), OGG, "voice.ogg"),
        ("p12b", "audio/mpeg", None, &mp3, "file.mp3"),
        ("p12c", "audio/ogg; codecs=opus", None, OGG, "file.ogg"),
        ("p12m4", "audio/webm", None, WEBM, "file.webm"),
        ("p12m7", "audio/x-m4a", None, MP4, "file.m4a"),
        ("p12m10", "application/octet-stream", None, WAV, "file.wav"),
        ("no type", "", None, FLAC, "file.flac"),
    ] {
        let base64 = STANDARD.encode(content);
        let url = format!("data:{kind};base64,{base64}");
        let mut given = vec![json!({ "url": url, "name": name })];
        if name.is_none() {
            // p12d: only the URL.
            given.push(json!(url));
        }
        for file in given {
            sandbox.script(json_body(&json!({ "text": "Hi" })));
            let result = client.call("openai_v1_createTranscription", json!({ "file": file }));
            assert_eq!(result["structuredContent"]["output"]["text"], "Hi", "{id}: {result}");
            assert_eq!(sent(&sandbox.requests()).0, expected, "{id}");
        }
    }
}

#[test]
fn the_url_of_a_file_may_be_given_instead_of_an_entry() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("voice.oga");
    std::fs::write(&path, OGG).unwrap();
    let input = json!({ "file": format!("file://{}", path.display()) });
    let sandbox = sandbox();
    sandbox.script(json_body(&json!({ "text": "Hi" })));
    let mut run = command(Some(&sandbox));
    run.args(["run", "openai/v1/createTranscription", "--set"]);
    let output = run.arg(format!("file={}", input["file"].as_str().unwrap())).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(sent(&sandbox.requests()), ("voice.ogg", "audio/ogg"));
}
