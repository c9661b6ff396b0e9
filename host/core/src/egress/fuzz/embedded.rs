//! Files in JSON responses, compared with serde_json and a simple implementation
//! of the replacement.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fuzzing::{cut, mutated, try_all};
use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::budget::{Account, Limits};
use crate::egress::embedded::{EmbeddedFiles, Stored, parse};
use crate::egress::redact::Redactor;
use crate::files::{Files, RunFiles, SharedFiles};

const SEEDS: &[&[u8]] = &[
    br#"{"created":1,"data":[{"b64_json":"aGVsbG8="},{"b64_json":"aGVsbG8"}],"usage":{"n":1.5}}"#,
    br#"{"data":[{"b64_json":"\u0061GVsbG8=","x":[null,true,-0.0,1e300]}]}"#,
    br#"{"data":[{"b64_json":""},{"b64_json":"!"},{"b64_json":7},{"b64_json":null}]}"#,
    br#"{"data":{"b64_json":"aGVsbG8="},"*":["aGVsbG8="]}"#,
    br#"[["aGVsbG8="],{"a":"aGVsbG8="},"aGVsbG8="]"#,
    br#"{"a":1,"a":2,"data":[{"b64_json":"YQ==","b64_json":"Yg=="}]}"#,
    br#""aGVsbG8=""#,
];

const WORDS: &[&[u8]] = &[
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"b64_json\":",
    b"\"data\":",
    b"\"aGVsbG8=\"",
    b"null",
    b"1e999",
    b"-",
    b"\\u0041",
    b"\\",
    b"=",
    b"\xff",
    b" ",
];

const PATHS: &[&[&str]] =
    &[&["data", "*", "b64_json"], &["data", "b64_json"], &["*", "*"], &["*", "a"], &[], &["a"]];

/// Values that contain files in various places.
fn values() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        2 => vec(any::<u8>(), 1..12).prop_map(|bytes| STANDARD.encode(bytes)),
        1 => any::<String>(),
    ];
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        3 => text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |value| {
        let key = select(&["data", "b64_json", "a", "*", "ä"][..]).prop_map(str::to_owned);
        prop_oneof![
            vec(value.clone(), 0..4).prop_map(Value::from),
            btree_map(key, value, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

#[test]
fn a_response_is_parsed_like_serde_json_with_files_replaced_by_handles() {
    let texts = prop_oneof![
        values().prop_map(|value| value.to_string().into_bytes()),
        mutated(SEEDS, WORDS),
    ];
    let inputs = (texts, select(PATHS), any::<bool>(), vec(any::<Index>(), 0..4));
    try_all(file!(), 2_500, &inputs, |(text, path, keep, places)| {
        let folder = tempfile::tempdir().unwrap();
        let account = Account::new(&Limits::default());
        let mut files = RunFiles::new(
            Some(Files::new(folder.path())),
            Vec::new(),
            SharedFiles::default(),
            account,
        );
        let embedded = EmbeddedFiles {
            path: path.iter().map(|step| (*step).to_owned()).collect(),
            name: "image".to_owned(),
            mime_type: "application/x-unheard-of".to_owned(),
            keep,
        };
        let stored = Stored::default();
        let pieces = Pieces(cut(&text, &places).into_iter().map(std::io::Cursor::new).collect());
        let parsed = parse(pieces, &embedded, &mut files, &stored, &Redactor::default());
        let whole: Option<Value> = serde_json::from_slice(&text).ok();
        let mut found = Vec::new();
        let expected = whole
            .clone()
            .and_then(|mut value| replace(&mut value, path, keep, &mut found).then_some(value));
        let whole = whole.unwrap_or_default();
        match (parsed, expected) {
            (Ok(mut value), Some(expected)) => {
                let contents = take_files(&mut value, path, &folder);
                assert_eq!(value, expected);
                assert_eq!(contents, found);
                assert_eq!(stored.files.get(), found.len());
                let names = std::fs::read_dir(folder.path()).unwrap().count();
                assert_eq!(names, found.len(), "files without a handle");
            }
            // Duplicate names are rejected where files may be.
            (Err(_), Some(_)) => assert!(members(&whole) < keys(&text), "valid JSON was rejected"),
            (Err(_), None) => {}
            (Ok(value), None) => panic!("an invalid response was accepted: {value}"),
        }
    });
}

/// The number of members in all objects, counting duplicate names once.
fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        _ => 0,
    }
}

/// The number of members in a JSON text, including duplicate names.
fn keys(text: &[u8]) -> usize {
    let text = std::str::from_utf8(text).unwrap();
    let strings = regex::Regex::new(r#""(?:[^"\\]|\\.)*"(\s*:)?"#).unwrap();
    strings.captures_iter(text).filter(|found| found.get(1).is_some()).count()
}

/// Bytes that arrive in pieces.
struct Pieces(Vec<std::io::Cursor<Vec<u8>>>);

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while let Some(first) = self.0.first_mut() {
            match first.read(into)? {
                0 => drop(self.0.remove(0)),
                count => return Ok(count),
            }
        }
        Ok(0)
    }
}

/// Calls `each` with every value at the path.
fn at_path(value: &mut Value, path: &[&str], each: &mut dyn FnMut(&mut Value)) {
    let Some((step, rest)) = path.split_first() else { return each(value) };
    match value {
        Value::Array(items) if *step == "*" => {
            items.iter_mut().for_each(|item| at_path(item, rest, each));
        }
        Value::Object(members) => {
            if let Some(member) = members.get_mut(*step) {
                at_path(member, rest, each);
            }
        }
        _ => {}
    }
}

/// Replaces each file with a placeholder and collects its content. Returns whether
/// all of them are valid files.
fn replace(value: &mut Value, path: &[&str], keep: bool, found: &mut Vec<Vec<u8>>) -> bool {
    let mut all = true;
    at_path(value, path, &mut |value| {
        let Some(text) = value.as_str().map(str::to_owned) else { return };
        let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let text = text.replace('-', "+").replace('_', "/");
        let padded = text.trim_end_matches('=').to_owned();
        let missing = (4 - padded.len() % 4) % 4;
        let padded = padded + &"=".repeat(missing);
        let given = text.len() - text.trim_end_matches('=').len();
        match STANDARD.decode(&padded) {
            Ok(bytes) if !bytes.is_empty() && (given == 0 || given == missing) => found.push(bytes),
            _ => all = false,
        }
        *value = json!({ "file": null });
        if keep {
            value["base64"] = padded.into();
        }
    });
    all
}

/// Replaces each handle with the same placeholder and reads its file.
fn take_files(value: &mut Value, path: &[&str], folder: &tempfile::TempDir) -> Vec<Vec<u8>> {
    let mut contents = Vec::new();
    at_path(value, path, &mut |value| {
        if let Some(file) = value.get_mut("file").filter(|file| file["url"].is_string()) {
            let name = file["name"].as_str().unwrap();
            contents.push(std::fs::read(folder.path().join(name)).unwrap());
            *file = Value::Null;
        }
    });
    contents
}
