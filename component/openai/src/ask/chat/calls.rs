//! Function calls that arrive in pieces.
//!
//! A piece belongs to the call with the same `index` or ID. But some servers
//! give every call the same index or the same ID, send neither, or give each
//! piece a different ID. A call has exactly one name, and its arguments are
//! exactly one object, so a second name or a second object begins a new call.

use connector_sdk::json;
use serde_json::Value;

use super::stream::{grow, index, is_blank};
use crate::lenient::{at, text};

/// Adds a piece of a call.
pub fn add(calls: &mut Vec<Value>, mut piece: Value) {
    match same(calls, &piece).and_then(|at| calls.get_mut(at)) {
        Some(call) => {
            if repeats_arguments(call, &piece)
                && let Some(function) = piece.get_mut("function").and_then(Value::as_object_mut)
            {
                function.remove("arguments");
            }
            grow(call, "", piece);
        }
        None => {
            // Calls are ordered by index, not by arrival.
            let place = index(&piece);
            let is_behind = |other: &Value| place.is_some() && index(other) > place;
            let at = calls.iter().position(is_behind).unwrap_or(calls.len());
            let mut call = Value::Null;
            grow(&mut call, "", piece);
            calls.insert(at, call);
        }
    }
}

/// The position of the call that a piece belongs to, or `None` if it begins a new
/// one.
fn same(calls: &[Value], piece: &Value) -> Option<usize> {
    let (place, id) = (index(piece), text(at(piece, "id")));
    let has_place = |call: &Value| place.is_some() && index(call) == place;
    let has_id = |call: &Value| !id.is_empty() && at(call, "id") == id;
    let is_nameless = name(piece).is_empty();
    let last = |is_same: &dyn Fn(&Value) -> bool| calls.iter().rposition(is_same);
    let at = last(&|call| has_place(call) && has_id(call))
        .or_else(|| last(&has_place))
        .or_else(|| last(&has_id).filter(|_| place.is_none() || is_nameless))
        .or_else(|| {
            last(&|_| true).filter(|_| place.is_none() && (id.is_empty() || is_nameless))
        })?;
    calls.get(at).filter(|call| !begins_another(call, piece))?;
    Some(at)
}

/// Whether a piece with the index or ID of a call nevertheless begins another
/// call.
fn begins_another(call: &Value, piece: &Value) -> bool {
    if name(piece).is_empty() || name(call).is_empty() {
        return false;
    }
    let (id, known) = (text(at(piece, "id")), text(at(call, "id")));
    let has_other_id = !id.is_empty() && !known.is_empty() && id != known;
    let has_other_arguments =
        !is_blank(arguments(piece)) && has_whole_arguments(call) && !repeats_arguments(call, piece);
    name(piece) != name(call) || has_other_id || has_other_arguments
}

/// Whether a piece repeats the complete arguments of a call.
fn repeats_arguments(call: &Value, piece: &Value) -> bool {
    has_whole_arguments(call) && arguments(call) == arguments(piece)
}

fn has_whole_arguments(call: &Value) -> bool {
    match arguments(call) {
        Value::String(text) => json::from_str(text).is_ok_and(|value: Value| value.is_object()),
        arguments => arguments.is_object(),
    }
}

fn name(call: &Value) -> &str {
    text(at(call, "function.name"))
}

fn arguments(call: &Value) -> &Value {
    at(call, "function.arguments")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn assembles_calls_however_their_pieces_are_identified() {
        let at = |index: u32, id: &str, name: &str, arguments: &str| {
            let function = json!({ "name": name, "arguments": arguments });
            json!({ "index": index, "id": id, "type": "function", "function": function })
        };
        let one = |id: &str, name: &str, arguments: &str| {
            let function = json!({ "name": name, "arguments": arguments });
            json!({ "id": id, "function": function })
        };
        let (a, b) = (r#"{"a":1}"#, r#"{"b":2}"#);
        for (case, pieces, expected) in [
            (
                "as the API sends them",
                vec![
                    at(0, "x", "f", ""),
                    at(1, "y", "g", ""),
                    at(0, "", "", "{"),
                    at(1, "", "", "{}"),
                    at(0, "", "", "}"),
                ],
                vec![("f", "{}"), ("g", "{}")],
            ),
            (
                "in another order",
                vec![at(1, "y", "g", b), at(0, "x", "f", a)],
                vec![("f", a), ("g", b)],
            ),
            (
                "one index, no id, two names",
                vec![at(0, "", "f", a), at(0, "", "g", b)],
                vec![("f", a), ("g", b)],
            ),
            (
                "one index, no id, one name",
                vec![at(0, "", "f", a), at(0, "", "f", b)],
                vec![("f", a), ("f", b)],
            ),
            (
                "one index, two ids, in pieces",
                vec![
                    at(0, "x", "f", ""),
                    at(0, "", "", "{}"),
                    at(0, "y", "f", "{"),
                    at(0, "y", "", "}"),
                    at(0, "x", "", " "),
                ],
                vec![("f", "{} "), ("f", "{}")],
            ),
            (
                "one index and one id",
                vec![at(0, "x", "f", a), at(0, "x", "f", b)],
                vec![("f", a), ("f", b)],
            ),
            (
                "one id, two indices",
                vec![at(0, "x", "f", a), at(1, "x", "f", a)],
                vec![("f", a), ("f", a)],
            ),
            (
                "neither index nor id",
                vec![one("", "f", "{"), one("", "", "}"), one("", "g", b)],
                vec![("f", "{}"), ("g", b)],
            ),
            (
                "ids but no indices",
                vec![one("x", "f", "{"), one("y", "f", "{"), one("x", "", "}"), one("y", "", "}")],
                vec![("f", "{}"), ("f", "{}")],
            ),
            (
                "an id for each piece",
                vec![at(0, "x", "f", "{"), at(0, "y", "", "}")],
                vec![("f", "{}")],
            ),
            (
                "an index for each piece",
                vec![at(0, "x", "f", "{"), at(1, "x", "", "}")],
                vec![("f", "{}")],
            ),
            (
                "id and name with each piece",
                vec![at(0, "x", "f", "{"), at(0, "x", "f", "}"), at(0, "x", "f", "")],
                vec![("f", "{}")],
            ),
            (
                "the name with each piece",
                vec![at(0, "", "f", "{"), at(0, "", "f", "}")],
                vec![("f", "{}")],
            ),
            (
                "the whole call repeated",
                vec![at(0, "x", "f", ""), at(0, "", "", a), at(0, "x", "f", a)],
                vec![("f", a)],
            ),
            ("the id before the name", vec![at(0, "x", "", ""), at(0, "", "f", a)], vec![("f", a)]),
        ] {
            let mut calls = Vec::new();
            for piece in pieces {
                add(&mut calls, piece);
            }
            let calls: Vec<_> =
                calls.iter().map(|call| (name(call), text(arguments(call)))).collect();
            assert_eq!(calls, expected, "{case}");
        }
    }

    #[test]
    fn arguments_may_be_an_object() {
        let call = |name: &str| {
            let function = json!({ "name": name, "arguments": { "x": [{ "index": 0 }] } });
            json!({ "function": function })
        };
        let mut calls = Vec::new();
        for name in ["f", "f", "g"] {
            add(&mut calls, call(name));
        }
        assert_eq!(calls, [call("f"), call("g")]);
    }
}
