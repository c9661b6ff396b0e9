//! Request bodies: forms as a strict parser reads them, files in JSON as base64,
//! and the declared length of both.

use std::cell::Cell;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fuzzing::try_all;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;

use crate::egress::body::{Body, FormPart, FormValue, JsonPiece};
use crate::egress::progress::Progress;
use crate::files::Content;

/// A part to send.
#[derive(Clone, Debug)]
struct Part {
    name: String,
    content: Vec<u8>,
    /// The name and media type, if the part is a file.
    file: Option<(String, String)>,
}

/// A part as it was parsed.
#[derive(Debug, PartialEq)]
struct Found {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    content: Vec<u8>,
}

fn names() -> impl Strategy<Value = String> {
    let odd =
        select(&["\"", "\r\n", "\n\n", "\r", "; name=x", "%22", "\\", "\0", "ä", "a", "--"][..]);
    prop_oneof![
        2 => "[a-z\\[\\]_.]{1,10}",
        3 => vec(odd, 0..6).prop_map(|words| words.concat()),
        1 => any::<String>(),
    ]
}

fn contents() -> impl Strategy<Value = Vec<u8>> {
    const ODD: &[&[u8]] =
        &[b"\r\n", b"--form-", b"--", b"\n", b"Content-Disposition: ", b"\0", b"x"];
    prop_oneof![vec(any::<u8>(), 0..40), vec(select(ODD), 0..8).prop_map(|words| words.concat())]
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let media_types = prop_oneof![
        2 => select(&["audio/wav", "text/plain; charset=utf-8", "image/png"][..]).prop_map(str::to_owned),
        1 => "[ -~]{0,12}",
        1 => "[a-z/]{0,4}[\r\n\0\tä]x: y",
    ];
    let part = (names(), contents(), option::of((names(), media_types)));
    vec(part.prop_map(|(name, content, file)| Part { name, content, file }), 0..5)
}

/// The numbered files of a test.
struct Files {
    folder: tempfile::TempDir,
    count: Cell<usize>,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), count: Cell::new(0) }
    }

    fn content(&self, content: &[u8]) -> Content {
        // A few names are reused in turn, so the folder stays small.
        let number = self.count.replace((self.count.get() + 1) % 16);
        let path = self.folder.path().join(number.to_string());
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, content).unwrap();
        Content::open(&path).unwrap()
    }
}

#[test]
fn a_form_is_parsed_as_it_was_built() {
    let files = Files::new();
    try_all(file!(), 5_000, &parts(), |parts| {
        let form = parts.iter().map(|part| form_part(part, &files)).collect();
        let may_be_media_type = |(_, media_type): &(String, String)| {
            !media_type.is_empty() && media_type.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        };
        let body = match Body::form(form) {
            Ok(body) => body,
            Err(failure) => {
                let odd = parts.iter().filter_map(|part| part.file.as_ref());
                assert!(!odd.into_iter().all(may_be_media_type), "{failure:?}");
                return;
            }
        };
        let bytes = sent(&body);
        assert_eq!(bytes.len() as u64, body.length);
        assert_eq!(sent(&body), bytes, "sending it again yields different bytes");
        let content_type = body.content_type.unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let expected: Vec<Found> = parts.iter().map(expected_part).collect();
        assert_eq!(read(&bytes, boundary), expected);
    });
}

#[test]
fn files_in_json_are_sent_as_base64() {
    let files = Files::new();
    // Small, and near multiples of the 12 KiB that are encoded at once.
    let sizes =
        prop_oneof![3 => 0..100_usize, 1 => 12_280..12_300_usize, 1 => 24_570..24_590_usize];
    let piece = prop_oneof![
        "[ -~ä]{0,20}".prop_map(Ok),
        (sizes, any::<u8>()).prop_map(|(size, first)| {
            Err((0..size).map(|at| first.wrapping_add((at % 251) as u8)).collect::<Vec<u8>>())
        }),
    ];
    try_all(file!(), 1_000, &vec(piece, 0..5), |pieces| {
        let expected: String = pieces
            .iter()
            .map(|piece| match piece {
                Ok(text) => text.clone(),
                Err(content) => STANDARD.encode(content),
            })
            .collect();
        let body = Body::json(
            pieces
                .iter()
                .map(|piece| match piece {
                    Ok(text) => JsonPiece::Text(text.clone()),
                    Err(content) => JsonPiece::File(files.content(content)),
                })
                .collect(),
        );
        assert_eq!(String::from_utf8(sent(&body)).unwrap(), expected);
        assert_eq!(body.length, expected.len() as u64);
    });
}

fn form_part(part: &Part, files: &Files) -> FormPart {
    let value = match &part.file {
        None => FormValue::Text(text(part)),
        Some((name, mime_type)) => FormValue::File {
            content: files.content(&part.content),
            name: name.clone(),
            mime_type: mime_type.clone(),
        },
    };
    FormPart { name: part.name.clone(), value }
}

fn text(part: &Part) -> String {
    String::from_utf8_lossy(&part.content).into_owned()
}

fn expected_part(part: &Part) -> Found {
    Found {
        name: unescaped(&part.name),
        file_name: part.file.as_ref().map(|(name, _)| unescaped(name)),
        content_type: part.file.as_ref().map(|(_, media_type)| media_type.clone()),
        content: match part.file {
            None => text(part).into_bytes(),
            Some(_) => part.content.clone(),
        },
    }
}

/// Reads a body a few bytes at a time, as a slow socket does.
fn sent(body: &Body) -> Vec<u8> {
    let mut reader = body.reader(Progress::new(None));
    let (mut bytes, mut piece) = (Vec::new(), [0; 97]);
    loop {
        match reader.read(&mut piece).unwrap() {
            0 => return bytes,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

/// Parses a form strictly according to RFC 2046 and RFC 7578: nothing before the
/// first boundary, nothing after the last, no unknown headers.
fn read(mut form: &[u8], boundary: &str) -> Vec<Found> {
    let mut found = Vec::new();
    loop {
        let delimiter = format!("--{boundary}");
        form = form.strip_prefix(delimiter.as_bytes()).expect("a boundary");
        if form == b"--\r\n" {
            return found;
        }
        form = form.strip_prefix(b"\r\n").expect("the end of the boundary's line");
        let (head, rest) = split(form, b"\r\n\r\n");
        let (content, _) = split(rest, format!("\r\n{delimiter}").as_bytes());
        form = &rest[content.len() + 2..];
        found.push(read_part(std::str::from_utf8(head).unwrap(), content));
    }
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> (&'a [u8], &'a [u8]) {
    let end = memchr::memmem::find(bytes, at).expect("an end");
    (&bytes[..end], &bytes[end + at.len()..])
}

fn read_part(head: &str, content: &[u8]) -> Found {
    let mut lines = head.split("\r\n");
    let disposition = lines.next().unwrap();
    let names = disposition.strip_prefix("Content-Disposition: form-data; name=\"").unwrap();
    assert!(!disposition.contains(['\r', '\n']), "{head:?}");
    let (name, rest) = names.split_once('"').unwrap();
    let file_name = match rest {
        "" => None,
        rest => Some(rest.strip_prefix("; filename=\"").unwrap().strip_suffix('"').unwrap()),
    };
    let content_type = lines.next().map(|line| line.strip_prefix("Content-Type: ").unwrap());
    assert_eq!((lines.next(), content_type.is_some()), (None, file_name.is_some()));
    Found {
        name: unescaped(name),
        file_name: file_name.map(unescaped),
        content_type: content_type.map(str::to_owned),
        content: content.to_vec(),
    }
}

/// Unescapes a name. The HTML standard escapes three characters but not `%`, so text
/// that looks like an escape is unescaped too.
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}
