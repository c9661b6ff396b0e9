//! Which files are taken.

use crate::client;
use crate::client::Field;
use crate::transcriptions::PATH;
use crate::transcriptions::send;

const MODEL: Field = ("model", None, b"whisper-1");
const MP3: &[u8] = include_bytes!("../../../samples/speech.mp3");
const FLAC: &[u8] = include_bytes!("../../../samples/speech.flac");
const OPUS: &[u8] = include_bytes!("../../../samples/speech.opus");
const AAC: &[u8] = include_bytes!("../../../samples/speech.aac");

fn file<'a>(name: &'a str, media_type: &'a str, content: &'a [u8]) -> Field<'a> {
    ("file", Some((name, media_type)), content)
}

fn wav(content: &[u8]) -> Field<'_> {
    file("a.wav", "audio/wav", content)
}

/// What a file begins with that has no sample, and enough bytes to be heard.
fn begun(magic: &[u8]) -> Vec<u8> {
    [magic, &[0; 1000]].concat()
}

#[test]
fn name_type_and_content_agree() {
    let sandbox = client::start();
    let wav = client::silence(1.0);
    let (mp4, webm) = (begun(b"\0\0\0\x18ftypM4A "), begun(b"\x1a\x45\xdf\xa3"));
    let stream = begun(b"\0\0\x01\xba");
    let rows: &[(&str, &str, &[u8], u16)] = &[
        ("a.flac", "audio/flac", FLAC, 200),
        ("a.flac", "audio/x-flac", FLAC, 200),
        ("a.mp3", "audio/mpeg", MP3, 200),
        ("a.mpga", "audio/mpeg", MP3, 200),
        ("a.mpeg", "video/mpeg", MP3, 200),
        ("a.mpeg", "video/mpeg", &stream, 200),
        ("a.mp4", "video/mp4", &mp4, 200),
        ("a.m4a", "audio/x-m4a", &mp4, 200),
        ("a.ogg", "audio/ogg; codecs=opus", OPUS, 200),
        ("a.wav", "audio/wav", &wav, 200),
        ("A.B.WAV", "Audio/X-Wav", &wav, 200),
        ("a.webm", "audio/webm", &webm, 200),
        ("a.webm", "video/webm", &webm, 200),
        // The name is another kind's, or nobody's.
        ("a.mp3", "audio/wav", &wav, 400),
        ("a.wav", "audio/mpeg", MP3, 400),
        ("a.mp3", "video/mpeg", &stream, 400),
        ("a.flac", "audio/ogg", OPUS, 400),
        ("a.txt", "audio/wav", &wav, 400),
        ("a.aac", "audio/aac", AAC, 400),
        ("wav", "audio/wav", &wav, 400),
        ("", "audio/wav", &wav, 400),
        // The type is.
        ("a.wav", "audio/mpeg", &wav, 400),
        ("a.wav", "application/octet-stream", &wav, 400),
        ("a.wav", "text/plain", &wav, 400),
        ("a.wav", "video/wav", &wav, 400),
        ("a.wav", "", &wav, 400),
        ("a.mp4", "audio/mpeg", &mp4, 400),
        // The content is.
        ("a.wav", "audio/wav", b"these are only words", 400),
        ("a.wav", "audio/wav", b"RIFF\0\0\0\0WAVE", 400),
        ("a.wav", "audio/wav", b"", 400),
        ("a.mp3", "audio/mpeg", AAC, 400),
        ("a.mp3", "audio/mpeg", &wav, 400),
    ];
    for (name, media_type, content, status) in rows {
        let answer = send(&sandbox, &[MODEL, file(name, media_type, content)]);
        let param = (*status != 200).then(|| "file".to_owned());
        assert_eq!(answer.blame(), (*status, param), "{name} {media_type}");
    }
}

#[test]
fn one_file_of_some_length() {
    let sandbox = client::start();
    let one = client::silence(1.0);
    let mut huge = one.clone();
    huge.resize(25 * 1024 * 1024, 0);
    let mut too_huge = huge.clone();
    too_huge.push(0);
    let tiny = client::silence(0.05);
    let rows: &[(&[Field], u16)] = &[
        (&[MODEL, wav(&one)], 200),
        (&[wav(&one), MODEL], 200),
        (&[MODEL, wav(&tiny)], 400),
        (&[MODEL, file("a.mp3", "audio/mpeg", b"\xff\xfb\x90\0")], 400),
        (&[MODEL, ("file", None, &one)], 400),
        (&[MODEL, wav(&one), wav(&one)], 400),
        (&[MODEL], 400),
        (&[MODEL, wav(&huge)], 200),
        (&[MODEL, wav(&too_huge)], 413),
    ];
    for (row, (fields, status)) in rows.iter().enumerate() {
        let answer = send(&sandbox, fields);
        let param = (*status != 200).then(|| "file".to_owned());
        assert_eq!(answer.blame(), (*status, param), "row {row}");
    }
    let recorded = sandbox.requests();
    let file = &recorded.last().unwrap().parts()[1];
    assert_eq!((file.bytes.len(), file.len), (1024 * 1024, too_huge.len()));
}

#[test]
fn a_form_may_come_in_chunks() {
    let sandbox = client::start();
    let audio = client::silence(1.0);
    let (body, content_type) =
        client::form(&[("model", None, b"whisper-1"), ("file", client::WAV, &audio)]);
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer k\r\n\
         content-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    for chunk in body.chunks(1000) {
        request.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        request.extend(chunk);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    let answer = client::exchange(&client::authority(&sandbox), &request).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}
