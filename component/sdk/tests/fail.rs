//! Tests of the macros' error messages; see `fail/README.md`.

#[test]
fn reports_mistakes_in_attributes() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
