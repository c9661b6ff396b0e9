//! The summary of `make test`: a failure of any kind is in it, and in its exit
//! status.

use std::io::Write;
use std::process::{Command, Stdio};

use connector_tests::in_repository;

const UNIT: &str =
    "     Running unittests src/lib.rs (target/release/deps/connector_host-0a1b2c3d)\n";
const WHOLE: &str = "     Running integration/main.rs (/target/release/deps/integration-4e5f)\n";
const DOCS: &str = "   Doc-tests connector_host\n";

/// What `cargo test` prints at the end of a program's tests.
fn result(passed: u32, failed: u32, ignored: u32) -> String {
    let word = if failed == 0 { "ok" } else { "FAILED" };
    format!(
        "\ntest result: {word}. {passed} passed; {failed} failed; {ignored} ignored; \
         0 measured; 0 filtered out; finished in 0.01s\n\n"
    )
}

/// The summary of what was printed, and whether everything passed.
fn summary(printed: &[&str]) -> (String, bool) {
    let mut awk = Command::new("awk");
    awk.arg("-f").arg(in_repository("tests/summary.awk"));
    let mut awk = awk.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    awk.stdin.take().unwrap().write_all(printed.concat().as_bytes()).unwrap();
    let output = awk.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

#[test]
fn all_programs_are_counted() {
    let printed = [UNIT, &result(3, 0, 0), WHOLE, &result(40, 0, 0), DOCS, &result(1, 0, 0)];
    assert_eq!(summary(&printed), ("44 passed, 0 failed\n".to_owned(), true));
}

#[test]
fn what_was_skipped_is_counted() {
    let printed = [UNIT, &result(3, 0, 2), WHOLE, &result(40, 0, 1)];
    assert_eq!(summary(&printed), ("43 passed, 0 failed, 3 skipped\n".to_owned(), true));
}

#[test]
fn tests_that_failed_are_named_also_behind_their_output() {
    let output =
        "\nfailures:\n\n---- a::b stdout ----\n    not a name\n\nfailures:\n    a::b\n    c\n";
    let printed = [UNIT, output, &result(3, 2, 0), WHOLE, &result(40, 0, 0)];
    let told = "failed: a::b in unittests src/lib.rs (connector_host)\n\
                failed: c in unittests src/lib.rs (connector_host)\n\
                43 passed, 2 failed\n";
    assert_eq!(summary(&printed), (told.to_owned(), false));
}

#[test]
fn a_program_that_dies_has_failed() {
    let died = "test a::b ... ok\nerror: test failed (signal: 4, SIGILL: illegal instruction)\n";
    let told = "failed: integration/main.rs (integration), which ended before its tests did\n";
    for printed in [
        vec![WHOLE, died, UNIT, &result(3, 0, 0)],
        vec![UNIT, &result(3, 0, 0), WHOLE, died, "cargo test ended with status 101\n"],
    ] {
        assert_eq!(summary(&printed), (format!("{told}3 passed, 1 failed\n"), false));
    }
}

#[test]
fn a_test_that_does_not_compile_has_failed() {
    let printed = ["error: could not compile\n", "cargo test ended with status 101\n"];
    let told = "failed: cargo test ended with status 101\n0 passed, 1 failed\n";
    assert_eq!(summary(&printed), (told.to_owned(), false));
}

#[test]
fn tests_that_tried_nothing_have_failed() {
    let printed = [UNIT, &result(3, 0, 0), "tally ended with status 1\n"];
    let told = "failed: tally ended with status 1\n3 passed, 1 failed\n";
    assert_eq!(summary(&printed), (told.to_owned(), false));
}

#[test]
fn no_tests_are_no_success() {
    assert_eq!(summary(&[]), ("failed: no test ran\n0 passed, 1 failed\n".to_owned(), false));
}
