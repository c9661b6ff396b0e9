//! Input that an action rejects before sending anything: each model's own
//! rules, and files that are not what they should be.

use std::fs;

use connector_host::{Failure, FailureKind, Files};
use connector_tests::{connection, openai, put_files, sandbox};
use serde_json::{Value, json};

/// An action, the property with the error, and an input with only that error.
type Mistake = (&'static str, &'static str, Value);

/// Errors in inputs to the models.
fn mistakes() -> Vec<Mistake> {
    let ask = |set: Value| with(json!({ "messages": [{ "role": "user", "content": "Hi" }] }), set);
    let image = |model: &str, set: Value| {
        let least = json!({ "model": model, "imageMessages": [{ "content": "A cat" }] });
        // The default size is one that all models accept.
        with(least, set)
    };
    let speech = |model: &str, set: Value| {
        with(json!({ "model": model, "input": "Hi", "voice": "alloy" }), set)
    };
    let transcription = |model: &str, set: Value| {
        with(json!({ "model": model, "file": { "url": "talk.wav" } }), set)
    };
    let translation = |set: Value| with(json!({ "file": { "url": "talk.wav" } }), set);
    let call = |set: Value| with(json!({ "method": "POST", "path": "/files" }), set);
    let weight = |weight: Value| json!({ "imageMessages": [{ "content": "a" }, { "content": "b", "weight": weight }] });
    let speaker = || json!([{ "name": "Ada", "recording": { "url": "talk.wav" } }]);
    let diarize = "gpt-4o-transcribe-diarize";
    vec![
        // Ask
        ("ask", "stop", ask(json!({ "model": "o4-mini", "stop": ["END"] }))),
        ("ask", "n", ask(json!({ "n": 2, "functions": ["f"] }))),
        ("ask", "functions", ask(json!({ "functions": ["nobody/v1/nothing"] }))),
        ("ask", "responseSchema", ask(json!({ "responseFormat": 1, "responseSchema": "{" }))),
        ("ask", "logitBias.7", ask(json!({ "logitBias": { "7": 0.5 } }))),
        ("ask", "attachments[0]", ask(json!({ "attachments": [{ "url": "archive.zip" }] }))),
        (
            "ask",
            "attachments[1]",
            ask(json!({ "attachments": [
                { "url": "notes.txt" }, { "url": "talk.ogg" },
            ]})),
        ),
        ("ask", "attachments[0]", ask(json!({ "attachments": [{ "url": "broken.txt" }] }))),
        ("ask", "attachments[0]", ask(json!({ "attachments": [{ "url": "long.txt" }] }))),
        ("ask", "attachments[0]", ask(json!({ "attachments": [{ "url": "huge.png" }] }))),
        (
            "ask",
            "attachments[2]",
            ask(json!({ "attachments": [
                { "url": "large.png" }, { "url": "large.png" }, { "url": "large.png" },
            ]})),
        ),
        (
            "ask",
            "attachments",
            json!({
                "messages": [{ "role": "system", "content": "Be brief." }],
                "attachments": [{ "url": "notes.txt" }],
            }),
        ),
        // Create Image
        ("createImage", "size", image("gpt-image-1", json!({ "size": "256x256" }))),
        ("createImage", "size", image("gpt-image-1.5", json!({ "size": [1792, 1024] }))),
        ("createImage", "size", image("gpt-image-2", json!({ "size": [1000, 1000] }))),
        ("createImage", "size", image("gpt-image-2", json!({ "size": "4096x1024" }))),
        ("createImage", "size", image("dall-e-2", json!({ "size": "auto" }))),
        ("createImage", "size", image("dall-e-3", json!({ "size": "512x512" }))),
        ("createImage", "size", image("gpt-image-1", json!({ "size": [1024] }))),
        ("createImage", "quality", image("gpt-image-1", json!({ "quality": "hd" }))),
        ("createImage", "quality", image("dall-e-3", json!({ "quality": "high" }))),
        ("createImage", "quality", image("dall-e-2", json!({ "quality": "hd" }))),
        ("createImage", "style", image("gpt-image-1", json!({ "style": "vivid" }))),
        ("createImage", "style", image("dall-e-2", json!({ "style": "vivid" }))),
        ("createImage", "n", image("dall-e-3", json!({ "n": 2 }))),
        ("createImage", "background", image("dall-e-3", json!({ "background": "opaque" }))),
        (
            "createImage",
            "background",
            image(
                "gpt-image-1",
                json!({
                    "background": "transparent", "outputFormat": "jpeg",
                }),
            ),
        ),
        ("createImage", "outputFormat", image("dall-e-3", json!({ "outputFormat": "png" }))),
        (
            "createImage",
            "outputCompression",
            image(
                "gpt-image-1",
                json!({
                    "outputFormat": "webp", "outputCompression": 101,
                }),
            ),
        ),
        ("createImage", "moderation", image("dall-e-2", json!({ "moderation": "low" }))),
        ("createImage", "partialImages", image("dall-e-3", json!({ "partialImages": 1 }))),
        (
            "createImage",
            "imageMessages",
            image(
                "dall-e-2",
                json!({
                    "imageMessages": [{ "content": "ü".repeat(1_001) }],
                }),
            ),
        ),
        ("createImage", "imageMessages[1].weight", image("gpt-image-1", weight(json!(0)))),
        ("createImage", "imageMessages[1].weight", image("gpt-image-1", weight(json!(-1)))),
        // Text-To-Speech
        ("createSpeech", "instructions", speech("tts-1", json!({ "instructions": "Calm" }))),
        ("createSpeech", "instructions", speech("tts-1-hd", json!({ "instructions": "Calm" }))),
        ("createSpeech", "input", speech("tts-1", json!({ "input": "ü".repeat(4_097) }))),
        ("createSpeech", "speed", speech("tts-1", json!({ "speed": 4.5 }))),
        ("createSpeech", "responseFormat", speech("tts-1", json!({ "responseFormat": "mp4" }))),
        ("createSpeech", "voice", speech("tts-1", json!({ "voice": { "name": "alloy" } }))),
        // Create Transcriptions
        (
            "createTranscription",
            "responseFormat",
            transcription(
                "gpt-4o-transcribe",
                json!({
                    "responseFormat": "srt",
                }),
            ),
        ),
        (
            "createTranscription",
            "responseFormat",
            transcription(
                diarize,
                json!({
                    "responseFormat": "vtt",
                }),
            ),
        ),
        (
            "createTranscription",
            "responseFormat",
            transcription(
                "whisper-1",
                json!({
                    "responseFormat": "diarized_json",
                }),
            ),
        ),
        ("createTranscription", "prompt", transcription(diarize, json!({ "prompt": "Graz" }))),
        (
            "createTranscription",
            "includeLogprobs",
            transcription(
                "whisper-1",
                json!({
                    "includeLogprobs": true,
                }),
            ),
        ),
        (
            "createTranscription",
            "knownSpeakers",
            transcription(
                "whisper-1",
                json!({
                    "knownSpeakers": speaker(),
                }),
            ),
        ),
        (
            "createTranscription",
            "knownSpeakers[0].recording",
            transcription(
                diarize,
                json!({
                    "knownSpeakers": [{ "name": "Ada", "recording": { "url": "picture.mp3" } }],
                }),
            ),
        ),
        (
            "createTranscription",
            "languages",
            transcription(
                "whisper-1",
                json!({
                    "languages": ["de"],
                }),
            ),
        ),
        (
            "createTranscription",
            "keywords",
            transcription(
                "gpt-4o-transcribe",
                json!({
                    "keywords": ["Graz"],
                }),
            ),
        ),
        (
            "createTranscription",
            "timestampGranularities[0]",
            transcription(
                "whisper-1",
                json!({
                    "responseFormat": "verbose_json", "timestampGranularities": ["letter"],
                }),
            ),
        ),
        ("createTranscription", "file", json!({ "file": { "url": "notes.txt" } })),
        ("createTranscription", "file", json!({ "file": { "url": "picture.mp3" } })),
        ("createTranscription", "file", json!({ "file": { "url": "words.mp3" } })),
        ("createTranscription", "file", json!({ "file": { "url": "huge.wav" } })),
        // Create Translation
        ("createTranslation", "model", translation(json!({ "model": "gpt-4o-transcribe" }))),
        ("createTranslation", "responseFormat", translation(json!({ "responseFormat": "xml" }))),
        ("createTranslation", "temperature", translation(json!({ "temperature": 1.1 }))),
        ("createTranslation", "file", translation(json!({ "file": { "url": "notes.txt" } }))),
        ("createTranslation", "file", translation(json!({ "file": { "url": "huge.wav" } }))),
        // Embed
        ("createEmbeddings", "input", json!({ "input": [] })),
        ("createEmbeddings", "input", json!({ "input": "" })),
        ("createEmbeddings", "input[1]", json!({ "input": ["a", "", "b"] })),
        ("createEmbeddings", "input[1]", json!({ "input": ["a", null, "b"] })),
        ("createEmbeddings", "input", json!({ "input": vec!["a"; 10_001] })),
        ("createEmbeddings", "input", json!({ "input": vec!["a"; 501], "batchSize": 1 })),
        ("createEmbeddings", "dimensions", json!({ "input": ["a"], "dimensions": 1_537 })),
        (
            "createEmbeddings",
            "dimensions",
            json!({ "input": ["a"], "dimensions": 8, "model": "text-embedding-ada-002" }),
        ),
        // Moderate
        ("createModeration", "input", json!({})),
        ("createModeration", "input[0]", json!({ "input": ["", "a"] })),
        ("createModeration", "imageUrls[0]", json!({ "imageUrls": ["picture.png"] })),
        ("createModeration", "images[0]", json!({ "images": [{ "url": "notes.txt" }] })),
        ("createModeration", "images[0]", json!({ "images": [{ "url": "huge.png" }] })),
        (
            "createModeration",
            "imageUrls",
            json!({ "model": "text-moderation-latest", "imageUrls": ["https://a.example/b.png"] }),
        ),
        // Create Batch
        (
            "createBatch",
            "outputExpiresAfter.seconds",
            json!({ "inputs": [ask(json!({}))], "outputExpiresAfter": { "seconds": 3_599 } }),
        ),
        // Call the API
        ("callApi", "path", call(json!({ "path": "/../models" }))),
        ("callApi", "body", call(json!({ "body": "[]" }))),
        (
            "callApi",
            "formFields",
            call(json!({ "body": "{}", "formFields": { "purpose": "user_data" } })),
        ),
        (
            "callApi",
            "formFiles",
            call(json!({
                "body": "{}", "formFiles": [{ "name": "file", "file": { "url": "notes.txt" } }],
            })),
        ),
        ("callApi", "headers.Authorization", call(json!({ "headers": { "Authorization": "b" } }))),
        ("callApi", "headers.Content-Type", call(json!({ "headers": { "Content-Type": "a/b" } }))),
        ("callApi", "headers.X-Range", call(json!({ "headers": { "X-Range": "bytes=0-1" } }))),
        ("callApi", "headers.X-A", call(json!({ "headers": { "X-A": "a\r\nHost: b" } }))),
        ("callApi", "headers", call(json!({ "headers": { "X A": "b" } }))),
    ]
}

#[test]
fn invalid_input_is_rejected_before_sending() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::new(folder.path().join("out"));
    for name in FILES {
        fs::write(folder.path().join(name), content(name)).unwrap();
    }
    let connector = openai();
    let sandbox = sandbox();
    let connection = connection(&connector, &sandbox);
    for (action, property, mut input) in mistakes() {
        put_files(&mut input, &files, folder.path());
        let shown = input.to_string();
        let run =
            connector.run(action, input).connection(&connection).files(&files).streaming(true);
        let failure: Failure = run.start().unwrap_err();
        let case = format!("{action} {property}, {failure:?}, {shown:.200}");
        let kind = match failure.kind {
            FailureKind::TooLarge => FailureKind::InvalidInput,
            kind => kind,
        };
        assert_eq!(kind, FailureKind::InvalidInput, "{case}");
        assert_eq!(failure.property.as_deref(), Some(property), "{case}");
        assert!(!failure.request_sent, "{case}");
        assert!(sandbox.requests().is_empty(), "{case}");
    }
    assert!(!folder.path().join("out").exists(), "files were stored");
}

/// An input with additional properties.
fn with(mut input: Value, set: Value) -> Value {
    let Value::Object(set) = set else { panic!("no members") };
    input.as_object_mut().unwrap().extend(set);
    input
}

/// The files that the inputs use.
const FILES: [&str; 11] = [
    "notes.txt",
    "words.mp3",
    "broken.txt",
    "long.txt",
    "picture.mp3",
    "large.png",
    "huge.png",
    "talk.wav",
    "huge.wav",
    "talk.ogg",
    "archive.zip",
];

/// The content of the file with this name.
fn content(name: &str) -> Vec<u8> {
    let padded = |beginning: &[u8], size: usize| {
        let mut content = beginning.to_vec();
        content.resize(size, 0);
        content
    };
    match name {
        "notes.txt" => b"Remember the milk.".to_vec(),
        "words.mp3" => b"This is text, not a recording.".to_vec(),
        "broken.txt" => [&[b'a'; 1_000][..], b"\xff"].concat(),
        "long.txt" => vec![b'a'; (1 << 20) + 1],
        "picture.mp3" => padded(b"\x89PNG\r\n\x1a\n", 100),
        "large.png" => padded(b"\x89PNG\r\n\x1a\n", 15 << 20),
        "huge.png" => padded(b"\x89PNG\r\n\x1a\n", (20 << 20) + 1),
        "talk.wav" => padded(b"RIFF\0\0\0\0WAVE", 1_000),
        "huge.wav" => padded(b"RIFF\0\0\0\0WAVE", 26_214_401),
        "talk.ogg" => padded(b"OggS", 100),
        "archive.zip" => padded(b"PK\x03\x04", 100),
        name => panic!("add the content of {name}"),
    }
}
