//! What users attach to their messages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::chat::PATH;
use crate::chat::ask;
use crate::chat::base;
use crate::chat::content;
use crate::client;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
const GIF: &[u8] = b"GIF89a\x01\0\x01\0";
const JPEG: &[u8] = include_bytes!("../../../samples/picture.jpeg");
const WEBP: &[u8] = include_bytes!("../../../samples/picture.webp");
const MP3: &[u8] = include_bytes!("../../../samples/speech.mp3");
const FLAC: &[u8] = include_bytes!("../../../samples/speech.flac");
const PDF: &[u8] = b"%PDF-1.7\n%%EOF\n";

fn message(role: &str, parts: &[Value]) -> Value {
    json!({"messages": [{"role": role, "content": parts}]})
}

fn user(part: Value) -> Value {
    message("user", &[part])
}

fn data_url(media_type: &str, content: &[u8]) -> String {
    format!("data:{media_type};base64,{}", STANDARD.encode(content))
}

fn picture(url: &str) -> Value {
    json!({"type": "image_url", "image_url": {"url": url}})
}

fn recording(format: &str, content: &[u8]) -> Value {
    let data = STANDARD.encode(content);
    json!({"type": "input_audio", "input_audio": {"data": data, "format": format}})
}

fn document(file: Value) -> Value {
    json!({"type": "file", "file": file})
}

#[test]
fn pictures() {
    let at = |url: &str| user(picture(url));
    let inline = |media_type: &str, content: &[u8]| at(&data_url(media_type, content));
    let url = Some("messages[0].content[0].image_url.url");
    let detail = |detail: &str| {
        user(json!({"type": "image_url",
                    "image_url": {"url": "https://example.com/a", "detail": detail}}))
    };
    client::check_rules(
        PATH,
        &base(),
        &[
            (at("https://example.com/a.png"), None),
            (at("http://127.0.0.1:8080/a?b=c#d"), None),
            (at(""), url),
            (at("a.png"), url),
            (at("https://"), url),
            (at("https:///a.png"), url),
            (at("https://example.com/a b.png"), url),
            (at("ftp://example.com/a.png"), url),
            (at("file:///a.png"), url),
            (inline("image/png", PNG), None),
            (inline("image/jpeg", JPEG), None),
            (inline("image/webp", WEBP), None),
            (inline("image/gif", GIF), None),
            (inline("image/jpg", JPEG), url),
            (inline("image/png", JPEG), url),
            (inline("image/webp", PNG), url),
            (inline("text/plain", PNG), url),
            (inline("image/bmp", b"BM0000"), url),
            (inline("image/png", b""), url),
            (inline("image/png", PDF), url),
            (inline("image/webp", &client::silence(0.1)), url),
            (at("data:image/png;base64,iVBORw0KGgo"), url),
            (at("data:image/png;base64,iVBOR w0KGgo="), url),
            (at("data:image/png;base64,iVBORw0KGgo="), None),
            (at("data:image/png,iVBORw0KGgo="), url),
            (at(&STANDARD.encode(PNG)), url),
            (detail("auto"), None),
            (detail("low"), None),
            (detail("high"), None),
            (detail("max"), Some("messages[0].content[0].image_url.detail")),
            (
                user(json!({"type": "image_url", "image_url": "https://example.com/a.png"})),
                Some("messages[0].content[0].image_url"),
            ),
            (user(json!({"type": "image_url", "image_url": {}})), url),
            (
                user(json!({"type": "image_url", "image_url": {"url": "https://a", "name": "b"}})),
                Some("messages[0].content[0].image_url.name"),
            ),
        ],
    );
}

#[test]
fn recordings() {
    let heard = |format: &str, content: &[u8]| user(recording(format, content));
    let wav = client::silence(0.5);
    let data = Some("messages[0].content[0].input_audio.data");
    let format = Some("messages[0].content[0].input_audio.format");
    let raw = |audio: Value| user(json!({"type": "input_audio", "input_audio": audio}));
    client::check_rules(
        PATH,
        &base(),
        &[
            (heard("wav", &wav), None),
            (heard("mp3", MP3), None),
            (heard("mp3", &wav), format),
            (heard("wav", MP3), format),
            (heard("wav", FLAC), format),
            (heard("flac", FLAC), format),
            (heard("wav", b""), data),
            (heard("wav", b"RIFF\0\0\0\0WAVE"), data),
            (heard("wav", &wav[..40]), data),
            (heard("mp3", PNG), data),
            (heard("wav", WEBP), data),
            (raw(json!({"data": "!", "format": "wav"})), data),
            (raw(json!({"data": data_url("audio/wav", &wav), "format": "wav"})), data),
            (raw(json!({"format": "wav"})), data),
            (raw(json!({"data": STANDARD.encode(&wav)})), format),
            (
                raw(json!({"data": STANDARD.encode(&wav), "format": "wav", "id": "a"})),
                Some("messages[0].content[0].input_audio.id"),
            ),
        ],
    );
}

#[test]
fn documents() {
    let file = |file: Value| user(document(file));
    let named = |data: &str| file(json!({"filename": "a.pdf", "file_data": data}));
    let inline = |media_type: &str, content: &[u8]| named(&data_url(media_type, content));
    let data = Some("messages[0].content[0].file.file_data");
    let place = "messages[0].content[0].file";
    client::check_rules(
        PATH,
        &base(),
        &[
            (inline("application/pdf", PDF), None),
            (inline("application/pdf", b"%PDF"), data),
            (inline("application/pdf", PNG), data),
            (inline("application/pdf", b""), data),
            (inline("text/plain", PDF), data),
            (named(&STANDARD.encode(PDF)), data),
            (named("data:application/pdf;base64,JVBERi0"), data),
            (named("https://example.com/a.pdf"), data),
            (
                file(json!({"file_data": data_url("application/pdf", PDF)})),
                Some("messages[0].content[0].file.filename"),
            ),
            (
                file(json!({"filename": "", "file_data": data_url("application/pdf", PDF)})),
                Some("messages[0].content[0].file.filename"),
            ),
            (file(json!({"file_id": "file-1"})), None),
            (file(json!({})), Some("messages[0].content[0].file.file_id")),
            (file(json!({"filename": "a.pdf"})), Some("messages[0].content[0].file.file_id")),
            (
                file(json!({
                    "file_id": "file-1", "filename": "a.pdf",
                    "file_data": data_url("application/pdf", PDF),
                })),
                Some(place),
            ),
            (
                file(json!({"file_id": "file-1", "url": "x"})),
                Some("messages[0].content[0].file.url"),
            ),
        ],
    );
}

#[test]
fn only_users_attach() {
    let refused = Some("messages[0].content[0].type");
    let mut rows = vec![
        (user(json!({"type": "video_url"})), refused),
        (user(json!({"type": "refusal", "refusal": "no"})), refused),
    ];
    for part in [
        picture(&data_url("image/png", PNG)),
        recording("mp3", MP3),
        document(json!({"file_id": "file-1"})),
    ] {
        let mut with_more = part.clone();
        with_more["more"] = json!(1);
        rows.push((user(part.clone()), None));
        rows.push((user(with_more), Some("messages[0].content[0].more")));
        for role in ["system", "developer", "assistant", "tool"] {
            rows.push((message(role, std::slice::from_ref(&part)), refused));
        }
    }
    client::check_rules(PATH, &base(), &rows);
}

#[test]
fn answers_tell_what_was_attached() {
    let parts = [
        json!({"type": "text", "text": "Look:"}),
        picture("https://example.com/items.json"),
        picture(&data_url("image/jpeg", JPEG)),
        recording("mp3", MP3),
        document(json!({"filename": "a.pdf", "file_data": data_url("application/pdf", PDF)})),
        document(json!({"file_id": "file-1"})),
    ];
    let answer = ask(message("user", &parts));
    let quoted = "\"Look:\n\
        [image_url: https://example.com/items.json]\n\
        [image_url: image/jpeg, 2979 bytes]\n\
        [input_audio: mp3, 6816 bytes]\n\
        [file: a.pdf, 15 bytes]\n\
        [file: file-1]\"";
    assert!(content(&answer).contains(quoted), "{}", content(&answer));
    assert_eq!(answer["usage"]["prompt_tokens"], 2, "only words are counted");

    // What an attachment is called is none of the user's words.
    let json = client::patched(
        &message("user", &parts),
        &json!({"response_format": {"type": "json_object"}}),
    );
    client::check_rules(PATH, &base(), &[(json, Some("messages"))]);
}
