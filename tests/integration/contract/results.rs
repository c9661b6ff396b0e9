//! Connector results that the host cannot use.

use connector_tests::guest::component;

use super::*;

const MIB: usize = 1 << 20;

/// The code of a `run` that returns the `length` bytes at an address.
fn returning(address: &str, length: usize) -> String {
    format!(
        "(i32.store offset=8 (global.get $outcome) (i32.const {address}))
         (i32.store offset=12 (global.get $outcome) (i32.const {length}))
         (global.get $outcome)"
    )
}

#[test]
fn an_output_that_is_not_json_is_an_internal_failure() {
    for output in ["", "not JSON", "{", "{}{}", "NaN", "'a'"] {
        let failure = contained(act(&load(&Guest::good().returns(output))));
        assert_failure(&failure, FailureKind::Internal, "the connector's output is not JSON");
    }
}

#[test]
fn an_output_nested_too_deeply_is_not_json() {
    let failure = contained(act(&load(&Guest::good().returns(&"[".repeat(20_000)))));
    assert_failure(&failure, FailureKind::Internal, "the connector's output is not JSON");
}

#[test]
fn metadata_that_is_not_json_is_an_internal_failure() {
    let outcome = json!({ "ok": { "output": "1", "metadata": "{" } });
    let guest = Guest::good().value("outcome", "actions.run", outcome);
    let failure = contained(act(&load(&guest)));
    assert_failure(&failure, FailureKind::Internal, "the connector's metadata is not JSON");
}

#[test]
fn an_output_above_the_limit_is_too_large() {
    let guest = with_run_body(&returning("0", 2 * MIB)).with("(memory $memory 64)");
    let connector = load(&guest);
    let limits = Limits { output_bytes: MIB, ..Limits::default() };
    let failure = contained(act_within(&connector, limits));
    assert_failure(&failure, FailureKind::TooLarge, "more than 1048576 bytes to the host at once");
}

#[test]
fn an_output_of_millions_of_values_is_an_internal_failure() {
    for item in ["0", "{}", "[[]]"] {
        let output = format!("[{}]", vec![item; 2_000_000].join(","));
        let failure = contained(act(&load(&large().returns(&output))));
        assert_failure(&failure, FailureKind::Internal, "too many values");
    }
}

#[test]
fn a_huge_failure_is_truncated() {
    let result = json!({ "err": {
        "kind": "refused", "message": "é".repeat(1 << 20), "code": "c".repeat(1 << 20),
        "property": "p".repeat(1 << 20), "detail": "d".repeat(1 << 20),
    } });
    let guest = large().value("outcome", "actions.run", result);
    let failure = contained(act(&load(&guest)));
    assert_eq!((failure.kind, failure.message.len()), (FailureKind::Refused, 4096));
    let lengths = [failure.code, failure.property, failure.detail].map(|text| text.unwrap().len());
    assert_eq!(lengths, [512, 512, 16384]);
}

#[test]
fn an_output_outside_the_memory_is_an_internal_failure() {
    for (address, length) in [("0", 100 * MIB), ("0x1fff0", 17), ("-16", 8), ("16", 0xffff_ffff)] {
        let failure = contained(act(&load(&with_run_body(&returning(address, length)))));
        assert_failure(&failure, FailureKind::Internal, "the connector failed");
    }
}

#[test]
fn an_output_that_is_not_utf_8_is_an_internal_failure() {
    let body = format!("(i32.store8 (i32.const 0) (i32.const 0xff)) {}", returning("0", 1));
    let failure = contained(act(&load(&with_run_body(&body))));
    assert_failure(&failure, FailureKind::Internal, "utf-8");
}

#[test]
fn an_invalid_result_is_an_internal_failure() {
    for (what, body) in [
        ("outside of memory", "(i32.const -8)"),
        ("not aligned", "(i32.add (global.get $outcome) (i32.const 1))"),
        ("no such case", "(i32.store8 (global.get $outcome) (i32.const 2)) (global.get $outcome)"),
    ] {
        let failure = contained(act(&load(&with_run_body(body))));
        assert_eq!(failure.kind, FailureKind::Internal, "{what}: {failure:?}");
    }
}

#[test]
fn an_input_buffer_outside_the_memory_is_an_internal_failure() {
    for address in ["-1", "0x1ffff"] {
        let item =
            format!("(func $realloc (param i32 i32 i32 i32) (result i32) (i32.const {address}))");
        let failure = contained(act(&load(&Guest::good().with(&item))));
        assert_failure(&failure, FailureKind::Internal, "realloc");
    }
}

#[test]
fn a_failure_of_the_connector_is_returned_unchanged() {
    let result = json!({ "err": {
        "kind": "rate-limited", "message": "later", "status": 429, "retry-after-ms": 1500,
    } });
    let guest = Guest::good().value("outcome", "actions.run", result);
    let failure = contained(act(&load(&guest)));
    assert_failure(&failure, FailureKind::RateLimited, "later");
    assert_eq!((failure.status, failure.retry_after_ms), (Some(429), Some(1500)));
}

#[test]
fn a_fixed_output_schema_needs_no_call() {
    let mut component = component();
    component["actions"][0]["properties"] = json!([3]);
    component["actions"][0]["output"] = json!({ "fixed": 2 });
    let guest = Guest::good()
        .value("component", "describe.component", component)
        .with("(func $output-schema (type $call) unreachable)");
    let schema = load(&guest).output_schema("act", json!({})).unwrap();
    assert_eq!(schema["x-type"], "FILE_ENTRY");
}

#[test]
fn a_schema_that_is_not_json_is_an_internal_failure() {
    let guest = Guest::good().value("schema", "actions.output-schema", json!({ "ok": "{" }));
    let failure = load(&guest).output_schema("act", json!({})).unwrap_err();
    assert_failure(&failure, FailureKind::Internal, "output schema is not JSON");
    assert_serves(&GOOD);
}
