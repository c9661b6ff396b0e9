//! The rules for a connector's description: no imports, no delay, no
//! contradictions. (`host/core/src/table.rs` tests the contradictions within a
//! table.)

use std::thread;

use connector_host::{BaseUrl, DescriptorError};
use connector_tests::guest::component;

use super::*;

fn describe_failure(guest: &Guest) -> Failure {
    match refused(&guest.build()) {
        LoadError::Describe(failure) => {
            assert!(!failure.request_sent);
            failure
        }
        other => panic!("{other:?}"),
    }
}

/// The only error in the description of a guest.
fn description_error(guest: &Guest) -> DescriptorError {
    match refused(&guest.build()) {
        LoadError::Description(errors) => {
            assert_eq!(errors.iter().count(), 1, "{errors:?}");
            errors.iter().next().unwrap().clone()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_import_can_be_called_while_describing() {
    let imports = [
        ("http", "send", 13, false),
        ("files", "open", 9, false),
        ("files", "create", 7, false),
        ("events", "streaming", 0, true),
        ("functions", "describe", 3, false),
        ("functions", "call", 3, false),
        ("json-schema", "validate", 5, false),
    ];
    for (interface, function, parameters, answers) in imports {
        let result = if answers { "(result i32)" } else { "" };
        let drop = if answers { "drop" } else { "" };
        let import = format!(
            "(import \"workflow:connector/{interface}@0.1.0\" \"{function}\" \
             (func $import (param{}) {result}))",
            " i32".repeat(parameters)
        );
        let call = format!("{} call $import {drop}", "i32.const 0 ".repeat(parameters));
        let describe = format!("(func $describe (result i32) {call} global.get $component)");
        let failure = describe_failure(&Guest::good().with(&import).with(&describe));
        assert_failure(&failure, FailureKind::Internal, "while it describes itself");
    }
}

#[test]
fn a_panic_while_describing_reports_its_message_and_location() {
    let guest = Guest::good()
        .with("(import \"workflow:connector/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))")
        .with(
            "(func $describe (result i32)
                 (call $log (i32.const 4) (i32.load (global.get $words))
                   (i32.load offset=4 (global.get $words)))
                 unreachable)",
        )
        .value("words", "types.json", json!("panicked at src/lib.rs:7: no such\n\u{1b}[31mrow"));
    let failure = describe_failure(&guest);
    assert_eq!(failure.message, r"the connector panicked at src/lib.rs:7: no such\n\u{1b}[31mrow");
}

#[test]
fn no_import_can_be_called_while_starting() {
    let guest = Guest::good().with(
        "(import \"workflow:connector/events@0.1.0\" \"streaming\" (func $import (result i32)))\n\n\
         (func $init (drop (call $import)))\n\n\
         (start $init)",
    );
    let failure = describe_failure(&guest);
    assert_failure(&failure, FailureKind::Internal, "while it describes itself");
}

#[test]
fn describing_must_finish() {
    let endless = [
        format!("(func $describe (result i32) {LOOP})"),
        format!("(func $init {LOOP})\n\n(start $init)"),
    ];
    thread::scope(|scope| {
        for item in &endless {
            scope.spawn(|| {
                let failure = describe_failure(&Guest::good().with(item));
                assert_failure(&failure, FailureKind::Timeout, "exceeded its time limit");
            });
        }
    });
}

#[test]
fn describing_must_not_trap() {
    for item in
        ["(func $describe (result i32) unreachable)", "(func $init unreachable)\n\n(start $init)"]
    {
        let failure = describe_failure(&Guest::good().with(item));
        assert_failure(&failure, FailureKind::Internal, "unreachable");
    }
}

#[test]
fn a_description_must_be_within_memory() {
    for address in ["-8", "1"] {
        let item = format!("(func $describe (result i32) (i32.const {address}))");
        let failure = describe_failure(&Guest::good().with(&item));
        assert_eq!(failure.kind, FailureKind::Internal, "{failure:?}");
    }
}

/// A guest with an edited descriptor.
fn describing(edit: impl FnOnce(&mut Value)) -> Guest {
    let mut component = component();
    edit(&mut component);
    Guest::good().value("component", "describe.component", component)
}

/// A guest with an edited connection definition.
fn defining(edit: impl FnOnce(&mut Value)) -> Guest {
    describing(|component| edit(&mut component["connection"]))
}

#[test]
fn names_must_be_valid() {
    for name in ["", "a/b", "../x", "a b", "ä", "1", "a\u{1b}[31m"] {
        let error = description_error(&describing(|c| c["name"] = json!(name)));
        assert!(error.to_string().contains("is not a valid connector name"), "{error}");
        let error = description_error(&describing(|c| c["actions"][0]["name"] = json!(name)));
        assert!(error.to_string().contains("is not a valid action name"), "{error}");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}

#[test]
fn rejects_duplicate_actions() {
    let error = description_error(&describing(|component| {
        let twice = component["actions"][0].clone();
        component["actions"].as_array_mut().unwrap().push(twice);
    }));
    assert_eq!(error, DescriptorError::Other("duplicate action `act`".to_owned()));
}

#[test]
fn an_error_in_a_table_names_the_action_and_the_property() {
    let error = description_error(&describing(|component| {
        component["properties"][2] =
            json!({ "name": "size", "type": "integer", "default": "\"big\"" });
    }));
    let DescriptorError::Table { of, error } = error else { panic!("{error:?}") };
    assert_eq!((of.as_str(), error.row.as_str()), ("action `act`", "size"));
    assert_eq!(error.reason, "its default has the wrong type");
}

#[test]
fn each_property_belongs_to_exactly_one_table() {
    for (action, reason) in [
        (
            json!({ "output": { "fixed": 2 } }),
            "action `act`: property table: output: position 2 (`file`) is used twice",
        ),
        (
            json!({ "output": { "fixed": 7 } }),
            "action `act`: property table: output: no row at position 7",
        ),
        (
            json!({ "properties": [] }),
            "descriptor: property table: position 2 (`file`): does not belong to a table",
        ),
        (
            json!({ "properties": [1, 2] }),
            "connection: property table: table: position 1 (`baseUrl`) is used twice",
        ),
    ] {
        let error = description_error(&describing(|component| {
            for (member, value) in action.as_object().unwrap() {
                component["actions"][0][member] = value.clone();
            }
        }));
        assert_eq!(error.to_string(), reason);
    }
}

/// Tables of the action. Their rows follow the two rows of the connection.
#[test]
fn rejects_tables_that_contradict_themselves() {
    let many = |count: usize, row: &dyn Fn(usize) -> Value| (0..count).map(row).collect::<Vec<_>>();
    let text = |name: &str| json!({ "name": name, "type": "string" });
    let on = |name: &str, other: &str| {
        json!({ "name": name, "type": "string",
            "condition": { "property": other, "matches": "present" } })
    };
    let limited = |limits: Value| json!({ "name": "a", "type": "integer", "limits": limits });
    for (rows, reason) in [
        (vec![on("a", "b"), on("b", "a")], "depends on itself"),
        (vec![on("a", "a")], "which is not another property"),
        (vec![on("a", "nobody")], "which is not another property"),
        (
            vec![json!({ "name": "a", "type": "object", "children": [2] })],
            "must come after its parent",
        ),
        (vec![json!({ "name": "a", "type": "object", "children": [99] })], "no row at position 99"),
        (vec![json!({ "name": "a", "type": "object", "values": 99 })], "no row at position 99"),
        (vec![limited(json!({ "minimum": 2.0, "maximum": 1.0 }))], "no value is within its limits"),
        (vec![limited(json!({ "min-items": 2, "max-items": 1 }))], "no value is within its limits"),
        (vec![limited(json!({ "min-length": 2, "max-length": 1 }))], "no value is within"),
        (vec![limited(json!({ "pattern": "(" }))], "its pattern"),
        (vec![limited(json!({ "pattern": "a{100000}" }))], "its pattern"),
        (vec![limited(json!({ "accept": ["{{alert(1)}}"] }))], "not a file name extension"),
        (vec![json!({ "name": "a", "type": "string", "control": "select" })], "without choices"),
        (vec![text("a"), text("a")], "is declared twice"),
        (vec![text("")], "is not a valid property name"),
        (vec![text("a\u{1b}]0;evil\u{7}")], "is not a valid property name"),
        (vec![text(&"a".repeat(100_000))], "is too long"),
        (vec![json!({ "name": "a", "type": "string", "default": "{" })], "is not JSON"),
        (
            vec![json!({ "name": "a", "type": "string", "choices": {
                "known": many(3_000, &|n| json!({ "label": "c", "value": n.to_string() })) } })],
            "more than 2000 choices",
        ),
        (
            many(300, &|n| {
                json!({ "name": format!("p{n}"), "type": "string",
                "limits": { "pattern": "a{50}" } })
            }),
            "more than 200 patterns",
        ),
        (many(3_000, &|n| text(&format!("p{n}"))), "more than 2000 properties"),
    ] {
        let guest = describing(|component| {
            let action: Vec<usize> = (2..2 + rows.len()).collect();
            let properties = component["properties"].as_array_mut().unwrap();
            properties.truncate(2);
            properties.extend(rows);
            component["actions"][0]["properties"] = json!(action);
        });
        let guest = guest.with(LARGE);
        let error = description_error(&guest).to_string();
        assert!(error.contains(reason), "{reason}: {error}");
        assert!(error.len() < 2_000 && !error.contains(char::is_control), "{error:?}");
    }
}

#[test]
fn rejects_an_oversized_description() {
    let guest = describing(|component| component["description"] = json!("x".repeat(9 << 20)));
    let guest = guest.with(LARGE);
    let failure = describe_failure(&guest);
    assert_failure(&failure, FailureKind::TooLarge, "more than 8388608 bytes to the host at once");
}

#[test]
fn rejects_a_secret_outside_the_connection() {
    let error = description_error(&describing(|component| {
        component["properties"][2] = json!({ "name": "key", "type": "string", "secret": true });
    }));
    assert!(error.to_string().contains("action `act`: an input cannot contain a secret"));
}

#[test]
fn a_credential_must_be_secret() {
    for scheme in [
        json!({ "bearer": "baseUrl" }),
        json!({ "header": { "header": "x-api-key", "property": "baseUrl" } }),
        json!({ "query": { "parameter": "key", "property": "baseUrl" } }),
        json!({ "basic": { "username": "baseUrl" } }),
    ] {
        let error = description_error(&defining(|definition| {
            definition["properties"] = json!([]);
            definition["authorizations"][0]["properties"] = json!([0, 1]);
            definition["authorizations"][0]["scheme"] = scheme;
        }));
        assert_eq!(error.to_string(), "connection: `baseUrl` is a credential but not secret");
    }
    let error = description_error(&defining(|definition| {
        definition["authorizations"][0]["scheme"] = json!({ "bearer": "baseUrl" });
    }));
    assert!(error.to_string().contains("among the properties of the authorization `token`"));
}

#[test]
fn a_connection_refers_only_to_its_own_properties() {
    let binding = json!([{ "property": "nobody", "name": "X-Nobody" }]);
    let scheme = json!([{ "name": "token", "properties": [0], "scheme": { "bearer": "nobody" } }]);
    for (member, value, what) in [
        ("authorizations", scheme, "an authorization"),
        ("base-url", json!({ "default": "https://a.test", "property": "nobody" }), "the base URL"),
        ("headers", binding.clone(), "a header"),
        ("query", binding.clone(), "a query parameter"),
        ("environment", binding, "a variable"),
        ("user-headers", json!("nobody"), "the user's headers"),
    ] {
        let error = description_error(&defining(|definition| definition[member] = value));
        let words = format!("connection: {what} refers to `nobody`, which is not a property");
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn declaring_an_origin_does_not_grant_it() {
    let granted = BaseUrl::parse("https://api.example.com/v1").unwrap();
    let host = without_cache(HostOptions { origins: Some(vec![granted]), ..Default::default() });
    let token = || ConnectionValues::new().set("token", TOKEN);
    for (declared, asked, is_granted) in [
        ("https://api.example.com/v2", None, true),
        ("https://evil.test", Some("https://api.example.com"), true),
        ("https://evil.test", None, false),
        ("https://*.example.com", None, false),
        ("https://api.example.com", Some("https://api.example.com.evil.test"), false),
        ("https://api.example.com", Some("https://api.example.com:8443"), false),
        ("https://api.example.com", Some("http://127.0.0.1:1"), false),
    ] {
        let guest = defining(|definition| definition["base-url"]["default"] = json!(declared));
        let connector = host.load(&guest.build()).unwrap();
        let values = asked.into_iter().fold(token(), |values, url| values.set("baseUrl", url));
        match connector.connection(values) {
            Ok(_) => assert!(is_granted, "{declared} {asked:?}"),
            Err(failure) => {
                assert!(!is_granted, "{failure:?}");
                assert_failure(&failure, FailureKind::InvalidInput, "are not allowed here");
                assert_failure(&failure, FailureKind::InvalidInput, "https://api.example.com");
            }
        }
    }
}

#[test]
fn rejects_a_base_url_that_is_not_plain() {
    for url in
        ["", "api.test", "ftp://api.test", "https://a@b.test", "https://a.test/?x", "file:///"]
    {
        let error = description_error(&defining(|d| d["base-url"]["default"] = json!(url)));
        assert!(error.to_string().contains("the base URL"), "{url}: {error}");
    }
}

/// The user approves this base URL, so a table must not change it.
#[test]
fn a_table_cannot_change_the_base_url() {
    let choice = json!([{ "label": "https://api.test", "value": "\"https://evil.test\"" }]);
    for (member, value) in [
        ("default", json!("\"https://evil.test\"")),
        ("choices", json!({ "known": choice })),
        ("condition", json!({ "property": "token", "matches": "present", "values": [] })),
    ] {
        let guest = describing(|component| {
            let rows = component["properties"].as_array_mut().unwrap();
            let row = rows.iter_mut().find(|row| row["name"] == "baseUrl").unwrap();
            row[member] = value;
        });
        let error = description_error(&guest).to_string();
        assert!(error.contains("`baseUrl` is the base URL"), "{member}: {error}");
    }
}

#[test]
fn a_connection_cannot_set_headers_reserved_for_the_host() {
    for name in ["X-Forwarded-Host", "x_forwarded_host", "Cookie", "TE", "Host", "Proxy-X", "a b"] {
        let headers = json!([{ "property": "baseUrl", "name": name }]);
        let error = description_error(&defining(|definition| definition["headers"] = headers));
        assert!(error.to_string().contains("is set by the host"), "{name}: {error}");
    }
}

/// A provider can repeat whatever a header contains.
#[test]
fn the_variable_of_a_secret_cannot_fill_a_visible_property() {
    let error = description_error(&defining(|definition| {
        definition["base-url"] = json!({ "default": "https://a.test" });
        definition["headers"] = json!([{ "property": "baseUrl", "name": "X-Copy" }]);
        definition["environment"] = json!(
            ["token", "baseUrl"].map(|property| json!({ "property": property, "name": "V" }))
        );
    }));
    assert!(error.to_string().contains("the connector may see"), "{error}");
}

/// A form that depends on the secret would reveal it to the connector.
#[test]
fn nothing_depends_on_the_value_of_a_secret() {
    let row = |name: &str, member: &str, value: Value| {
        description_error(&describing(|component| {
            let rows = component["properties"].as_array_mut().unwrap();
            let row = rows.iter_mut().find(|row| row["name"] == name).unwrap();
            row[member] = value;
        }))
        .to_string()
    };
    let known = json!({ "known": [{ "label": "a", "value": "\"x\"" }] });
    let condition = |property: &str, matches: &str| json!({ "property": property, "matches": matches, "values": ["\"sk-1\""] });
    assert!(row("token", "choices", known).contains("`token` is secret"));
    let error = row("token", "condition", condition("baseUrl", "one-of"));
    assert!(error.contains("`token` is a property of an authorization and cannot"), "{error}");
    // A setting whose condition refers to the secret.
    for (matches, is_taken) in
        [("one-of", false), ("none-of", false), ("present", true), ("absent", true)]
    {
        let guest = describing(|component| {
            component["connection"]["base-url"] = json!({ "default": "https://a.test" });
            let rows = component["properties"].as_array_mut().unwrap();
            let row = rows.iter_mut().find(|row| row["name"] == "baseUrl").unwrap();
            row["condition"] = condition("token", matches);
            if is_taken {
                row["condition"]["values"] = json!([]);
            }
        });
        let loaded = without_cache(HostOptions::default()).load(&guest.build());
        match loaded {
            Ok(_) => assert!(is_taken, "{matches}"),
            Err(error) => {
                let error = error.to_string();
                assert!(!is_taken && error.contains("compares the secret"), "{matches}: {error}");
            }
        }
    }
}
