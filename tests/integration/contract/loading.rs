//! Components that the host refuses to load.

use super::*;

fn foreign_import(wasm: &[u8]) -> String {
    match refused(wasm) {
        LoadError::ForeignImport(name) => name,
        other => panic!("{other:?}"),
    }
}

fn not_a_component(wasm: &[u8]) -> String {
    match refused(wasm) {
        LoadError::NotAComponent(reason) => reason,
        other => panic!("{other:?}"),
    }
}

fn unsupported(wasm: &[u8]) -> (String, String) {
    match refused(wasm) {
        LoadError::UnsupportedVersion { found, supported } => (found, supported),
        other => panic!("{other:?}"),
    }
}

fn mismatch(guest: &Guest) -> String {
    match refused(&guest.build()) {
        LoadError::Mismatch(reason) => reason,
        other => panic!("{other:?}"),
    }
}

/// A guest that imports and calls a function of another package.
fn importing(package: &str, interface: &str, version: &str) -> Vec<u8> {
    let import = format!("{package}/{interface}@{version}");
    Guest::good()
        .edit(
            "world connector {",
            &format!(
                "package {package}@{version} {{ interface {interface} {{ ask: func() -> u32; }} }}
                world connector {{ import {import};"
            ),
        )
        .with(&format!("(import \"{import}\" \"ask\" (func $ask (result i32)))"))
        .with("(func $run (type $call) (drop (call $ask)) (global.get $outcome))")
        .build()
}

/// The file is not even read.
#[test]
fn an_oversized_file_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    std::fs::File::create(&path).unwrap().set_len(100 << 30).unwrap();
    let Err(error) = connector_tests::host().load_file(&path) else {
        panic!("loaded an invalid component")
    };
    assert!(error.to_string().contains("larger than 67108864 bytes"), "{error}");
}

#[test]
fn a_wasi_import_is_rejected_by_name() {
    let wasm = importing("wasi:cli", "environment", "0.2.0");
    assert_eq!(foreign_import(&wasm), "wasi:cli/environment@0.2.0");
    assert!(refused(&wasm).to_string().contains("no WASI"));
}

#[test]
fn an_import_of_an_unknown_package_is_rejected_by_name() {
    let wasm = importing("evil:escape", "shell", "0.1.0");
    assert_eq!(foreign_import(&wasm), "evil:escape/shell@0.1.0");
}

#[test]
fn a_package_that_only_shares_the_contracts_prefix_is_foreign() {
    let wasm = importing("workflow:connector-extra", "shell", "0.1.0");
    assert_eq!(foreign_import(&wasm), "workflow:connector-extra/shell@0.1.0");
}

#[test]
fn an_import_without_a_package_is_rejected_by_name() {
    let component = wat::parse_str(r#"(component (import "shell" (func)))"#).unwrap();
    assert_eq!(foreign_import(&component), "shell");
}

#[test]
fn an_interface_missing_from_the_contract_is_a_mismatch() {
    let guest = Guest::good()
        .edit("interface log {", "interface shell { ask: func() -> u32; }\ninterface log {")
        .edit("import log;", "import log; import shell;")
        .with(
            "(import \"workflow:connector/shell@0.1.0\" \"ask\" (func $ask (result i32)))\n\n\
             (func $run (type $call) (drop (call $ask)) (global.get $outcome))",
        );
    assert!(mismatch(&guest).contains("workflow:connector/shell@0.1.0"));
}

#[test]
fn files_that_are_not_components_are_rejected() {
    let good = Guest::good().build();
    let module = wat::parse_str("(module)").unwrap();
    let half = good.get(..good.len() / 2).unwrap();
    let cases: [(&str, &[u8]); 6] = [
        ("empty", b""),
        ("garbage", b"not WebAssembly at all"),
        ("a core module", &module),
        ("only a header", good.get(..8).unwrap()),
        ("truncated", half),
        ("text", b"(component)"),
    ];
    for (what, wasm) in cases {
        let error = refused(wasm);
        let is_expected = match what {
            "a core module" => matches!(error, LoadError::CoreModule),
            // Eight bytes of header are a valid, empty component.
            "only a header" => matches!(error, LoadError::Mismatch(_)),
            "truncated" => matches!(error, LoadError::NotAComponent(_)),
            _ => matches!(error, LoadError::NotWebAssembly),
        };
        assert!(is_expected, "{what}: {error:?}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let Err(error) = HOST.load_file("no/such/connector.wasm") else {
        panic!("loaded a missing file")
    };
    assert!(matches!(error, LoadError::Read { .. }), "{error:?}");
    assert!(error.to_string().contains("no/such/connector.wasm"));
}

#[test]
fn another_contract_version_is_rejected_and_both_versions_are_named() {
    for version in ["0.2.0", "1.0.0", "0.0.9"] {
        let guest = Guest::good().edit("@0.1.0", &format!("@{version}"));
        let (found, supported) = unsupported(&guest.build());
        assert_eq!((found.as_str(), supported.as_str()), (version, "0.1.0"));
    }
}

#[test]
fn another_version_of_a_single_import_is_rejected() {
    let name = "workflow:connector/log@0.2.0";
    let component = format!(r#"(component (import "{name}" (instance)))"#);
    let (found, supported) = unsupported(&wat::parse_str(component).unwrap());
    assert_eq!((found.as_str(), supported.as_str()), ("0.2.0", "0.1.0"));
}

#[test]
fn a_later_patch_version_of_the_contract_is_accepted() {
    let guest = Guest::good()
        .with(include_str!("../../guests/log.wat"))
        .value("message", "types.choice", json!({ "label": "hello" }))
        .edit("@0.1.0", "@0.1.7");
    let connector = load(&guest);
    assert!(connector.imports().contains(&"workflow:connector/log@0.1.7".to_owned()));
    assert_serves(&connector);
}

#[test]
fn every_export_is_required() {
    for export in ["describe", "connection", "actions"] {
        let guest = Guest::good().edit(&format!("export {export};"), "");
        let reason = mismatch(&guest);
        assert!(reason.contains(&format!("workflow:connector/{export}@0.1.0")), "{reason}");
    }
}

#[test]
fn an_export_with_another_type_is_a_mismatch() {
    for (from, to, reason) in [
        ("test: func(settings: json)", "test: func(settings: list<u8>)", "found `list`"),
        ("record option-list {", "record option-list { pages: u32,", "found 5 fields"),
        ("        internal,\n", "", "expected enum of 14 names"),
        ("timeout,", "too-late,", "found too-late"),
    ] {
        let message = mismatch(&Guest::good().edit(from, to));
        assert!(message.contains(reason), "{from}: {message}");
    }
}

#[test]
fn an_export_with_another_name_is_a_mismatch() {
    let renamed = Guest::good().edit("output-schema", "result-schema");
    let renamed = renamed.value("schema", "actions.result-schema", json!({ "ok": "{}" }));
    let message = mismatch(&renamed);
    assert!(message.contains("output-schema"), "{message}");
}

#[test]
fn a_component_with_many_instances_is_rejected() {
    // Append more instances of the core module to the good component. Each
    // has a memory, and would take a slot in the pool that other runs need.
    let more = "(core instance (instantiate 0))".repeat(50);
    let appended = wat::parse_str(format!("(component (core module) {more})")).unwrap();
    // Skip its header and its empty module.
    let appended = appended.get(8 + 10..).unwrap();
    let wasm = [Guest::good().build().as_slice(), appended].concat();
    let reason = not_a_component(&wasm);
    assert!(reason.contains("instances"), "{reason}");
}
