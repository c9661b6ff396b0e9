//! JSON beside serde_json: what is taken, what it means, and what is written.

use fuzzing::{mutated_text, try_all};
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;

use crate::json::{Json, Number, Value};

const SEEDS: &[&str] = &[
    r#"{"a":1,"b":{"c":[true,null,false]},"":"","a":2}"#,
    r#"["\ud83d\ude00","\ud83d","\ude00\u0041","\u00e9\/\b\f\n\r\t\\\""]"#,
    "[0,-0,1.5e3,-12.25E-2,1e+2,123456789012345678901234567890,1e999]",
    " [ 1 , [ ] , { } ] \n",
    r#""😀\u2028é""#,
];

const WORDS: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\u0000",
    "null",
    "true",
    "false",
    "-",
    "+",
    ".",
    "e",
    "E",
    "0",
    "1e9",
    "\u{feff}",
    "\n",
    "\u{1f}",
    "NaN",
    "é",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
];

/// The text of a string, with escapes where there need be none, and halves of
/// surrogate pairs.
fn strings() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ !#-\\[\\]-~ä€😀]{0,6}",
        1 => select(&["\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\t"][..]).prop_map(str::to_owned),
        2 => any::<char>().prop_map(|character| {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units).iter();
            units.map(|unit| format!("\\u{unit:04X}")).collect()
        }),
        1 => (0xd800..0xe000_u32).prop_map(|half| format!("\\u{half:04x}")),
    ];
    vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn numbers() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,10})?([eE][+-]?[0-9]{1,3})?"
}

fn texts() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        1 => select(&["null", "true", "false"][..]).prop_map(str::to_owned),
        2 => numbers(),
        3 => strings(),
    ];
    let value = leaf.prop_recursive(5, 40, 5, |value| {
        let blank = select(&["", " ", "\r\n\t"][..]);
        let list = (vec(value.clone(), 0..5), blank.clone())
            .prop_map(|(items, blank)| format!("[{blank}{}{blank}]", items.join(",")));
        let object = (vec((strings(), value), 0..5), blank).prop_map(|(members, blank)| {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name}{blank}:{value}")).collect();
            format!("{{{}}}", members.join(&format!("{blank},")))
        });
        prop_oneof![list, object]
    });
    // Around the deepest that is read.
    let deep = (100..140_usize, value.clone())
        .prop_map(|(depth, value)| "[".repeat(depth) + &value + &"]".repeat(depth));
    prop_oneof![5 => value, 4 => mutated_text(SEEDS, WORDS), 1 => deep, 1 => any::<String>()]
        .boxed()
}

/// What serde_json does not read and this reader does, on purpose: numbers that
/// no float holds, half a surrogate pair, one level more.
fn is_lenient(error: &serde_json::Error) -> bool {
    let error = error.to_string();
    let known = ["number out of range", "surrogate", "hex escape", "recursion limit"];
    known.iter().any(|words| error.contains(words))
}

#[test]
fn the_same_texts_are_json_and_mean_the_same() {
    try_all(file!(), 60_000, &texts(), |text| {
        let value = Value::parse(&text);
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(expected) => {
                let value = value.expect("serde_json reads it");
                let written = Json::of(&value);
                assert_eq!(written, expected);
                assert_eq!(Value::parse(written.as_str()), Some(value));
            }
            Err(error) if is_lenient(&error) => {
                // Read or not: what is read can be written and read again.
                if let Some(value) = value {
                    assert_eq!(Value::parse(&Json::of(&value).text()), Some(value));
                }
            }
            Err(error) => assert_eq!(value, None, "{error}"),
        }
    });
}

#[test]
fn every_text_is_written_so_that_it_is_read_again() {
    let texts = prop_oneof![any::<String>(), vec(any::<char>(), 0..8).prop_map(String::from_iter)];
    try_all(file!(), 15_000, &texts, |text| {
        let written = Json::of(&text);
        assert_eq!(serde_json::from_str::<String>(written.as_str()).unwrap(), text);
        assert_eq!(Value::parse(written.as_str()), Some(Value::Text(text)));
    });
}

#[test]
fn numbers_are_near_enough() {
    let whole = (0..1_u64 << 53).prop_map(|number| number.to_string());
    let decimals = "-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,14})?([eE][+-]?[0-9]{1,2})?";
    let inputs = prop_oneof![whole, decimals.boxed(), Just("-0".to_owned())];
    try_all(file!(), 20_000, &inputs, |text| {
        let number = Number::raw(&text);
        let exact: f64 = text.parse().unwrap();
        let near = number.as_f64();
        assert!((near - exact).abs() <= exact.abs() * 1e-12, "{text}: {near}, not {exact}");
        if let Ok(whole) = text.parse::<u64>() {
            assert_eq!(number.as_u64(), Some(whole).filter(|whole| *whole <= 1 << 53), "{text}");
        }
        if exact < 0.0 {
            assert_eq!(number.as_u64(), None, "{text}");
        }
    });
}
