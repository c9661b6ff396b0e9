//! Redaction must not become an oracle: what a connector sees must not depend
//! on whether a response contains part of its token. Two tokens of the same
//! length must be indistinguishable, even to a connector that knows one of them
//! and sends every part of it.

use connector_host::Files;
use connector_tests::puppet::{self, Echo};
use serde_json::{Value, json};

const TOKENS: [&str; 2] = ["sk-9f2Kq7Zr1Lw8Xc4VgT6n", "sk-3hT6yB0nM5pQe2JaUd8w"];

/// Every substring of both tokens.
fn parts() -> Vec<&'static str> {
    let parts = |token: &'static str| {
        (1..token.len()).flat_map(move |length| {
            (0..=token.len() - length).map(move |at| &token[at..at + length])
        })
    };
    TOKENS.into_iter().flat_map(parts).collect()
}

/// The ways to read a response, each with the path that produces it.
fn ways() -> Vec<(&'static str, Value)> {
    let all = |max: u32| json!({ "readAll": { "max": max } });
    vec![
        ("body", all(1)),
        ("body", all(7)),
        ("body", all(19)),
        ("body", all(64)),
        ("body", all(100_000)),
        ("body", json!({ "text": {} })),
        ("error", json!({ "text": {} })),
        ("error", json!({ "json": {} })),
        ("json", json!({ "json": {} })),
        ("broken", json!({ "json": {} })),
        ("broken", json!({ "json": { "path": ["t"] } })),
        ("header", json!({ "header": { "name": "x-echo" } })),
        ("event", json!({ "event": {} })),
        ("event", json!({ "event": { "path": ["t"] } })),
        ("image", json!({ "json": { "path": ["data", "*", "b64"], "keep": true } })),
        ("base64", json!({ "text": {} })),
        ("percent", all(64)),
        ("unicode", json!({ "json": {} })),
        ("file", json!({ "save": {} })),
    ]
}

/// All parts read in all ways, as the steps of several runs.
fn runs() -> Vec<Vec<Value>> {
    let mut runs = vec![Vec::new()];
    for (number, part) in parts().into_iter().enumerate() {
        // Various distances from the points where data is split.
        let padding = "x".repeat([0, 1, 30, 2040, 16_380][number % 5]);
        if runs.last().is_some_and(|steps| steps.len() > 900) {
            runs.push(Vec::new());
        }
        for (path, read) in ways() {
            let send = json!({ "path": path, "body": format!("{padding}{part}") });
            runs.last_mut().unwrap().extend([json!({ "send": send }), read, json!({ "drop": {} })]);
        }
    }
    runs
}

/// The output of a run with this token: everything the connector saw.
fn seen(header: Option<&str>, token: &str, echo: &Echo, steps: &[Value]) -> Value {
    let connector = puppet::load(&json!({ "header": header, "lastingErrors": [&TOKENS[0][..6]] }));
    let connection = puppet::connection(&connector, &echo.base_url(), token);
    let folder = tempfile::tempdir().unwrap();
    let run = puppet::run(&connector, &connection, &json!(steps));
    let mut seen = run.files(&Files::new(folder.path())).start().unwrap().output;
    remove_folders(&mut seen);
    seen
}

/// Removes the test's folders from the `url`s of files, including those in JSON
/// strings.
fn remove_folders(value: &mut Value) {
    match value {
        Value::String(text) => {
            let mut pieces = text.split("file:///");
            let mut without = pieces.next().unwrap().to_owned();
            for piece in pieces {
                let (url, rest) = piece.split_at(piece.find('"').unwrap_or(piece.len()));
                without.push_str(url.rsplit('/').next().unwrap());
                without.push_str(rest);
            }
            *text = without;
        }
        Value::Array(items) => items.iter_mut().for_each(remove_folders),
        Value::Object(members) => members.values_mut().for_each(remove_folders),
        _ => {}
    }
}

#[track_caller]
fn assert_indistinguishable(header: Option<&str>) {
    let echo = Echo::start();
    for steps in runs() {
        let [one, other] = TOKENS.map(|token| seen(header, token, &echo, &steps));
        assert!(one == other, "the tokens can be told apart:\n{one}\n{other}");
    }
    let requests = echo.requests();
    assert!(requests >= 20_000, "{requests}");
}

#[test]
fn bearer_tokens_of_equal_length_are_indistinguishable() {
    assert_indistinguishable(None);
}

#[test]
fn tokens_of_equal_length_in_a_custom_header_are_indistinguishable() {
    assert_indistinguishable(Some("x-key"));
}

/// The whole token is replaced, wherever the response is split.
#[test]
fn the_token_is_redacted_however_the_response_is_read() {
    let echo = Echo::start();
    for header in [None, Some("x-key")] {
        let connector = puppet::load(&json!({ "header": header }));
        for (token, (path, read)) in TOKENS.into_iter().cycle().zip(ways()) {
            let connection = puppet::connection(&connector, &echo.base_url(), token);
            let steps = json!([
                { "send": { "path": path, "body": format!("1 {token} 2") } },
                read,
                { "send": { "path": "head" } },
                { "text": {} },
            ]);
            let folder = tempfile::tempdir().unwrap();
            let run = puppet::run(&connector, &connection, &steps);
            let seen = run.files(&Files::new(folder.path())).start().unwrap().output;
            // Bytes are shown in hexadecimal.
            let hexadecimal: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
            let seen = seen.to_string();
            let pieces = seen.replace("\",\"", "");
            assert!(!seen.contains(token) && !pieces.contains(&hexadecimal), "{path}: {seen}");
            assert!(seen.contains("****"), "{path}: {seen}");
            for file in std::fs::read_dir(&folder).unwrap() {
                let saved = std::fs::read_to_string(file.unwrap().path()).unwrap();
                assert!(!saved.contains(token) && saved.contains("****"), "{path}: {saved}");
            }
        }
    }
}

#[test]
fn the_third_response_with_the_token_ends_the_run() {
    let echo = Echo::start();
    let connector = puppet::load(&json!({}));
    let connection = puppet::connection(&connector, &echo.base_url(), TOKENS[0]);
    let ask = [json!({ "send": { "path": "head" } }), json!({ "text": {} })];
    let often = |times| json!([{ "repeat": { "times": times, "steps": ask } }]);
    assert!(puppet::act(&connector, &connection, &often(2)).is_ok());
    let failure = puppet::act(&connector, &connection, &often(20)).unwrap_err();
    assert!(failure.message.contains("contained a secret from the connection"), "{failure:?}");
    assert_eq!(echo.requests(), 2 + 3);
}

/// This includes a secret that is not a credential but has a header of its own.
#[test]
fn every_secret_of_a_connection_is_redacted() {
    let echo = Echo::start();
    let connector = puppet::load(&json!({ "second": true }));
    let values = connector_host::ConnectionValues::new()
        .set("token", TOKENS[0])
        .set("second", TOKENS[1])
        .set("baseUrl", echo.base_url());
    let connection = connector.connection(values).unwrap();
    let steps = json!([{ "send": { "path": "head" } }, { "text": {} }, { "settings": {} }]);
    let seen = puppet::act(&connector, &connection, &steps).unwrap().to_string();
    assert!(seen.contains("x-second: ****") && seen.contains("Bearer ****"), "{seen}");
    assert!(!seen.contains(TOKENS[0]) && !seen.contains(TOKENS[1]), "{seen}");
}

#[test]
fn a_secret_inside_an_object_is_rejected() {
    let wasm = puppet::puppet(&json!({ "nested": true }));
    let Err(error) = connector_tests::host().load(&wasm) else {
        panic!("loaded an invalid component")
    };
    assert!(error.to_string().contains("a secret must be a top-level property"), "{error}");
}
