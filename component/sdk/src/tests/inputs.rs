//! Tests of inputs of other actions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::json_schema::Violation as SchemaViolation;
use crate::prelude::*;
use crate::testing::{Host, Invalid};
use crate::{FileEntry, Violation, input};

/// Prints a document.
#[derive(Deserialize, Serialize, Properties, Debug)]
#[serde(rename_all = "camelCase")]
struct Print {
    /// The text.
    #[property(min_length = 0, max_length = 5)]
    text: String,
    /// The number of copies.
    #[property(default = 1, minimum = 1, maximum = 9)]
    copies: u64,
    /// The scale.
    #[property(minimum = 0.5)]
    #[serde(skip_serializing_if = "Option::is_none")]
    scale: Option<f64>,
    /// The paper.
    #[property(default = 4, choices(3 as "A3", 4 as "A4"))]
    paper: i64,
    /// Whether to print on both sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplex: Option<bool>,
    /// The edge along which pages are bound.
    #[property(when(duplex = true), choices("long", "short"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<String>,
    /// The trays.
    #[serde(default)]
    #[property(max_items = 2, choices("top", "bottom"))]
    trays: Vec<String>,
    /// The lines of the footer.
    #[serde(default)]
    #[property(item(min_length = 0))]
    footer: Vec<String>,
    /// Notes.
    #[serde(default)]
    notes: Vec<Note>,
    /// Tags.
    #[serde(default)]
    #[property(pattern = "[a-z]+", item(max_length = 3))]
    tags: BTreeMap<String, String>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<FileEntry>,
    /// A template.
    #[property(media_type = "application/json")]
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
}

/// A note.
#[derive(Deserialize, Serialize, Properties, Debug)]
struct Note {
    /// The page.
    page: u64,
    /// The note.
    #[property(default = "see below")]
    text: String,
}

fn read(given: Value) -> Result<Value> {
    input::read::<Print>(given).map(|print| json!(print))
}

/// The violations in an input, as `path: message`.
fn violations(given: Value) -> Vec<String> {
    let failure = read(given).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(!failure.request_sent);
    let line = |Violation { property, message }: &Violation| format!("{property}: {message}");
    failure.violations.iter().map(line).collect()
}

#[test]
fn fills_in_defaults_and_drops_what_is_blank_or_hidden() {
    let smallest = json!({
        "text": "Hi", "copies": 1, "paper": 4, "trays": [], "footer": [], "notes": [], "tags": {},
    });
    assert_eq!(read(json!({ "text": "Hi" })).unwrap(), smallest);
    let blanks = json!({
        "text": "Hi", "copies": null, "scale": "", "paper": "", "bound": "long", "trays": [""],
        "notes": [null], "tags": { "a": "" }, "picture": null,
    });
    assert_eq!(read(blanks).unwrap(), smallest);
    assert_eq!(read(json!({ "text": "" })).unwrap()["text"], "");
    let footer = |lines: Value| read(json!({ "text": "Hi", "footer": lines })).unwrap();
    assert_eq!(footer(json!(["a", "", null, "b"]))["footer"], json!(["a", "", "", "b"]));
    assert_eq!(footer(json!(["", null]))["footer"], json!([]));
    let bound = json!({ "text": "Hi", "duplex": true, "bound": "long" });
    assert_eq!(read(bound).unwrap()["bound"], "long");
    let notes = read(json!({ "text": "Hi", "notes": [{ "page": 2 }] })).unwrap();
    assert_eq!(notes["notes"], json!([{ "page": 2, "text": "see below" }]));
}

#[test]
fn converts_values_if_nothing_is_lost() {
    for (name, given, expected) in [
        ("text", json!(17), json!("17")),
        ("text", json!(true), json!("true")),
        ("copies", json!("3"), json!(3)),
        ("copies", json!(3.0), json!(3)),
        ("scale", json!(" 1.5 "), json!(1.5)),
        ("duplex", json!("true"), json!(true)),
        ("paper", json!("a3"), json!(3)),
        ("paper", json!("3"), json!(3)),
        ("trays", json!("top"), json!(["top"])),
        ("template", json!({ "a": 1 }), json!("{\"a\":1}")),
    ] {
        let mut input = json!({ "text": "Hi" });
        input[name] = given.clone();
        assert_eq!(read(input).unwrap()[name], expected, "{name}: {given}");
    }
}

#[test]
fn reports_all_violations_with_their_paths() {
    let file = json!({ "extension": "png", "mimeType": "image/png", "name": "a.png", "url": "a" });
    assert_eq!(read(json!({ "text": "Hi", "picture": file })).unwrap()["picture"], file);
    for (given, expected) in [
        (json!({}), vec!["text: `text` is required"]),
        (
            json!({ "text": "too long", "copies": 10, "scale": 0, "paper": 5 }),
            vec![
                "text: `text` must be between 0 and 5 characters long (it has 8)",
                "copies: `copies` must be between 1 and 9 (got 10)",
                "scale: `scale` must be at least 0.5 (got 0)",
                "paper: `paper` must be one of: 3 (A3), 4 (A4) (got 5)",
            ],
        ),
        (
            json!({ "text": ["Hi"], "copies": "many", "duplex": 2, "trays": { "a": 1 } }),
            vec![
                "text: `text` must be a string (got a list)",
                "copies: `copies` must be a whole number (got \"many\")",
                "duplex: `duplex` must be true or false (got 2)",
                "trays: `trays` must be a list (got an object)",
            ],
        ),
        (
            json!({ "text": "Hi", "notes": [{ "page": 1 }, { "text": "x", "line": 2 }, 7] }),
            vec![
                "notes[1].page: `notes[1].page` is required",
                "notes[1].line: unknown property `notes[1].line`; expected one of: page, text",
                "notes[2]: `notes[2]` must be an object (got 7)",
            ],
        ),
        (
            json!({ "text": "Hi", "trays": ["top", "left", "bottom"] }),
            vec![
                "trays: `trays` must have at most 2 items (it has 3)",
                "trays[1]: `trays[1]` must be one of: `top`, `bottom` (got \"left\")",
            ],
        ),
        (
            json!({ "text": "Hi", "tags": { "a": "long" }, "picture": { "name": "a.png" } }),
            vec![
                "tags.a: `tags.a` must be at most 3 characters long (it has 4)",
                "picture: `picture` must be a file (got an object)",
            ],
        ),
        (
            json!({ "text": "Hi", "duplex": true, "bound": "left" }),
            vec!["bound: `bound` must be one of: `long`, `short` (got \"left\")"],
        ),
    ] {
        assert_eq!(violations(given.clone()), expected, "{given}");
    }
}

#[test]
fn only_objects_are_inputs() {
    let failure = read(json!(["Hi"])).unwrap_err();
    assert_eq!(failure.message, "the input must be a JSON object (got a list)");
}

#[test]
fn the_host_evaluates_patterns() {
    let host = Host::new(&super::CONNECTOR);
    let host = host.invalid(Invalid::Instance(vec![SchemaViolation {
        path: String::new(),
        message: "no match".to_owned(),
    }]));
    let failure = super::run(&host, || read(json!({ "text": "Hi", "tags": { "A": "b" } })));
    let failure = failure.unwrap_err();
    assert_eq!(failure.message, "`tags` must have keys that match [a-z]+ (got \"A\")");
    assert_eq!(failure.property.as_deref(), Some("tags"));
}

#[test]
fn stops_after_twenty_violations() {
    let notes: Vec<_> = (0..50).map(|_| json!({})).collect();
    assert_eq!(violations(json!({ "text": "Hi", "notes": notes })).len(), 20);
}
