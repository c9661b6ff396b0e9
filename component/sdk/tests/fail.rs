//! What the macros refuse, and what they say then: see `fail/README.md`.

#[test]
fn mistakes_are_named_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
