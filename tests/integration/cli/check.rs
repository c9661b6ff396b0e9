//! `connector check`: reports every error and every warning by name.

use std::path::{Path, PathBuf};

use connector_tests::guest::{self, Guest};
use connector_tests::{Ran, command, component, openai, ran, test_component};
use serde_json::{Value, json};
use tempfile::TempDir;

fn check(file: &Path, more: &[&str]) -> Ran {
    ran(command(None).arg("check").arg(file).args(more))
}

/// Writes a guest with an edited descriptor to a file.
fn describing(folder: &TempDir, edit: impl FnOnce(&mut Value)) -> PathBuf {
    let mut descriptor = guest::component();
    edit(&mut descriptor);
    let guest = Guest::good().value("component", "describe.component", descriptor);
    let file = folder.path().join("guest.wasm");
    std::fs::write(&file, guest.build()).unwrap();
    file
}

#[test]
fn the_rust_connectors_have_no_warnings() {
    let of_openai = openai().descriptor().actions.len();
    for (file, address, actions) in [
        (component(), "openai/v1", of_openai),
        (test_component("anthropic"), "anthropic/v1", 2),
        (test_component("helpdesk"), "helpdesk/v1", 4),
    ] {
        let found = format!("{address}: {actions} actions, no errors, no warnings\n");
        let found = found.as_str();
        let ran = check(&file, &["--strict"]);
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, found, ""));
    }
}

#[test]
fn reports_every_error_not_just_the_first() {
    let folder = TempDir::new().unwrap();
    let file = describing(&folder, |descriptor| {
        descriptor["properties"] = json!([
            { "name": "token", "type": "string", "required": true },
            { "name": "baseUrl", "type": "string", "control": "url", "default": "\"x\"" },
            { "name": "file", "type": "integer", "limits": { "minimum": 2.0, "maximum": 1.0 } },
            { "name": "functions", "type": "array", "children": [4] },
            { "name": "item", "type": "string" },
        ]);
        descriptor["actions"][0]["text-property"] = json!("question");
        let mut second = descriptor["actions"][0].clone();
        second["name"] = json!("a b");
        descriptor["actions"].as_array_mut().unwrap().push(second);
    });
    let ran = check(&file, &[]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran:?}");
    for error in [
        "action `act`: property table: file: no value is within its limits",
        "action `act`: property table: functions: the shape of items or values cannot have a name",
        "`a b` is not a valid action name",
        "connection: `token` is a credential but not secret",
        "connection: `baseUrl` is the base URL: it must be a string without a default",
    ] {
        assert!(ran.stderr.contains(error), "{error:?} is not in {}", ran.stderr);
    }
    // Loading reports the same errors.
    let loaded = command(None).arg("inspect").arg(&file).output().unwrap();
    assert_eq!(String::from_utf8(loaded.stderr).unwrap(), ran.stderr);
}

#[test]
fn reports_questionable_declarations_as_warnings() {
    let folder = TempDir::new().unwrap();
    let file = describing(&folder, |descriptor| {
        descriptor["description"] = json!("Does nothing.");
        descriptor["icon"] = json!("<html>");
        descriptor["properties"] = json!([
            { "name": "token", "label": "Token", "description": "The key.", "type": "string", "required": true, "secret": true },
            { "name": "baseUrl", "label": "Base URL", "description": "The server.", "type": "string", "control": "url" },
            { "name": "file", "label": "File", "description": "A file.", "type": "file-entry", "control": "file-entry" },
            {
                "name": "functions", "label": "Functions", "type": "array",
                "control": "array-builder", "children": [4],
            },
            { "type": "string" },
            {
                "name": "model", "label": "Model", "description": "The model.", "type": "string",
                "control": "select", "choices": { "open": true, "dynamic": ["provider"] },
            },
            { "name": "result", "type": "any" },
            {
                "name": "cache", "label": "Cache", "description": "The cache.", "type": "object",
                "control": "object-builder", "children": [8],
            },
            {
                "name": "mode", "label": "Mode", "description": "The mode.", "type": "string",
                "default": "\"auto\"",
            },
        ]);
        let action = &mut descriptor["actions"][0];
        action["description"] = json!("Does nothing.");
        action["properties"].as_array_mut().unwrap().extend([json!(5), json!(7)]);
        action["output"] = json!({ "fixed": 6 });
        action["examples"] = json!([{ "title": "Old", "input": "{\"modle\":\"m\"}" }]);
    });
    let warnings = [
        "connector: the icon is not an SVG document",
        "action `act`: the choices of `model` depend on `provider`, which is not a property",
        "action `act`: `functions` has no description",
        "action `act`: `cache` is optional, but forms always send it because `cache.mode` has a default",
        "action `act`: the output is named `result`, but outputs have no names",
        "action `act`, example `Old`: ",
    ];
    let ran = check(&file, &[]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{ran:?}");
    for warning in warnings {
        assert!(ran.stdout.contains(&format!("warning: {warning}")), "{warning} {}", ran.stdout);
    }
    assert_eq!(check(&file, &["--strict"]).status, 1);
    let json = check(&file, &["--json"]).json();
    assert_eq!(json["errors"], json!([]));
    let all = json["warnings"].as_array().unwrap();
    for (found, warning) in all.iter().zip(warnings) {
        assert!(found.as_str().unwrap().starts_with(warning), "{found} {warning}");
    }
    assert!(all[5].as_str().unwrap().contains("modle"), "{all:?}");
    assert_eq!(all.len(), warnings.len(), "{all:?}");
}

#[test]
fn reports_dynamic_choices_that_the_connector_does_not_return() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("guest.wasm");
    let mut descriptor = guest::component();
    let rows = descriptor["properties"].as_array_mut().unwrap();
    let row = rows.len();
    rows.push(json!({
        "name": "model", "label": "Model", "description": "The model.", "type": "string",
        "control": "select", "choices": { "open": true, "dynamic": [] },
    }));
    descriptor["actions"][0]["properties"].as_array_mut().unwrap().push(json!(row));
    let missing = json!({ "err": {
        "kind": "invalid-input", "message": "`model` has no dynamic options",
    } });
    let warning = "warning: action `act`: the choices of `model` are dynamic, but `options` fails: \
                   `model` has no dynamic options\n";
    for (choices, is_reported) in [(json!({ "ok": {} }), false), (missing, true)] {
        let guest = Guest::good()
            .value("component", "describe.component", descriptor.clone())
            .value("choices", "actions.options", choices);
        std::fs::write(&file, guest.build()).unwrap();
        let ran = check(&file, &["--strict"]);
        assert_eq!(ran.stdout.contains(warning), is_reported, "{ran:?}");
    }
}

#[test]
fn explains_how_to_build_a_component_from_other_files() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("odd.wasm");
    for (bytes, error, hint) in [
        (&b"hello"[..], "not a WebAssembly component", "--target wasm32-unknown-unknown"),
        (b"\0asm\x01\0\0\0", "a WebAssembly core module, not a component", "wasm-component-ld"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let ran = check(&file, &[]);
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.contains(error) && ran.stderr.contains(hint), "{ran:?}");
        let json = check(&file, &["--json"]).json();
        assert!(json["errors"][0].as_str().unwrap().contains(error), "{json}");
    }
}
