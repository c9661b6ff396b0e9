//! WebAssembly features that no connector needs.

use super::*;

#[test]
fn unneeded_features_are_disabled() {
    for (feature, module) in [
        ("memory64", "(memory i64 1)"),
        ("multi-memory", "(memory 1) (memory 1)"),
        ("threads", "(memory 1 1 shared)"),
        ("atomics", "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"),
        (
            "relaxed SIMD",
            "(func (param v128) (result v128)
                (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
        ),
        ("tail calls", "(func $f (return_call $f))"),
        ("GC", "(type (struct (field i32)))"),
        ("function references", "(type $f (func)) (func (param (ref $f)))"),
        ("exceptions", "(tag)"),
        ("stack switching", "(type $f (func)) (type $c (cont $f))"),
        (
            "wide arithmetic",
            "(func (param i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 0)))",
        ),
        ("custom page sizes", "(memory 1 (pagesize 1))"),
    ] {
        let component = wat::parse_str(format!("(component (core module {module}))")).unwrap();
        let error = refused(&component);
        assert!(matches!(error, LoadError::NotAComponent(_)), "{feature}: {error:?}");
    }
}

#[test]
fn async_functions_are_disabled() {
    let component = wat::parse_str(
        r#"(component (import "workflow:connector/log@0.1.0" (instance
            (export "write" (func async)))))"#,
    );
    let error = refused(&component.unwrap());
    assert!(matches!(error, LoadError::NotAComponent(_)), "{error:?}");
}
