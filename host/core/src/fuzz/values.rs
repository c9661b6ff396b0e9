//! JSON of every kind.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use serde_json::{Value, json};

/// Keys, mostly ones that tables use.
pub(super) fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(super::rows::NAMES).prop_map(str::to_owned),
        1 => select(&["", "url", "name", "1", "a.b", "a[0]", "{{x}}", "\u{1b}[2J"][..])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Values other than lists and objects.
pub(super) fn scalars() -> impl Strategy<Value = Value> {
    let texts = select(
        &["", "a", "x1", "text", "2026-01-31", "13:30", "2026-01-31T13:30:00Z", "{{a}}", "\u{9b}"]
            [..],
    );
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        3 => (-3..12_i64).prop_map(Value::from),
        2 => (-6..24_i64).prop_map(|half| json!(half as f64 / 2.0)),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        6 => texts.prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ]
}

/// Any values, a few levels deep.
pub(super) fn values() -> impl Strategy<Value = Value> {
    scalars().prop_recursive(4, 32, 5, |value| {
        let file = any::<u8>().prop_map(|n| json!({ "url": format!("file:///{n}.wav") }));
        prop_oneof![
            2 => vec(value.clone(), 0..4).prop_map(Value::from),
            4 => btree_map(keys(), value, 0..5).prop_map(|members| members.into_iter().collect()),
            1 => file,
        ]
    })
}
