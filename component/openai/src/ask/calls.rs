//! Calls of functions that arrive in pieces.
//!
//! The `index` of a piece or the call's id is that of the call which it is more
//! of. Some servers give every call the same of one of them, give neither, or
//! give each piece another id. But a call has one name, and arguments that are
//! one object: where those show that a piece begins another call, it does.

use connector_sdk::json;
use serde_json::Value;

use super::choice::text;
use super::stream::{grow, index, is_blank};

/// Takes a piece of a call in.
pub fn add(calls: &mut Vec<Value>, mut piece: Value) {
    match same(calls, &piece).and_then(|at| calls.get_mut(at)) {
        Some(call) => {
            if repeats_arguments(call, &piece)
                && let Some(function) = piece["function"].as_object_mut()
            {
                function.remove("arguments");
            }
            grow(call, "", piece);
        }
        None => {
            // In the order of their places, whichever begins first.
            let place = index(&piece);
            let is_behind = |other: &Value| place.is_some() && index(other) > place;
            let at = calls.iter().position(is_behind).unwrap_or(calls.len());
            let mut call = Value::Null;
            grow(&mut call, "", piece);
            calls.insert(at, call);
        }
    }
}

/// The position of the call that a piece is more of; none if it begins another
/// one.
fn same(calls: &[Value], piece: &Value) -> Option<usize> {
    let (place, id) = (index(piece), text(&piece["id"]));
    let has_place = |call: &Value| place.is_some() && index(call) == place;
    let has_id = |call: &Value| !id.is_empty() && call["id"] == id;
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

/// Whether a piece with the place or the id of a call begins another one all
/// the same.
fn begins_another(call: &Value, piece: &Value) -> bool {
    if name(piece).is_empty() || name(call).is_empty() {
        return false;
    }
    let (id, known) = (text(&piece["id"]), text(&call["id"]));
    let has_other_id = !id.is_empty() && !known.is_empty() && id != known;
    let has_other_arguments =
        !is_blank(arguments(piece)) && has_whole_arguments(call) && !repeats_arguments(call, piece);
    name(piece) != name(call) || has_other_id || has_other_arguments
}

/// Whether a piece repeats arguments that are there already.
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
    text(&call["function"]["name"])
}

fn arguments(call: &Value) -> &Value {
    &call["function"]["arguments"]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A piece of a call.
    fn piece(index: Option<u64>, id: &str, name: &str, arguments: &str) -> Value {
        let mut function = json!({ "arguments": arguments });
        if !name.is_empty() {
            function["name"] = name.into();
        }
        let mut piece = json!({ "type": "function", "function": function });
        if let Some(index) = index {
            piece["index"] = index.into();
        }
        if !id.is_empty() {
            piece["id"] = id.into();
        }
        piece
    }

    /// The names and arguments of the calls that these pieces make.
    #[track_caller]
    fn check(case: &str, pieces: &[Value], expected: &[(&str, &str)]) {
        let mut calls = Vec::new();
        for piece in pieces {
            add(&mut calls, piece.clone());
        }
        let made: Vec<_> = calls.iter().map(|call| (name(call), text(arguments(call)))).collect();
        assert_eq!(made, expected, "{case}");
    }

    #[test]
    fn every_call_is_put_together_however_its_pieces_are_marked() {
        let at = Some;
        check(
            "as the API has it",
            &[
                piece(at(0), "a", "f", ""),
                piece(at(1), "b", "g", ""),
                piece(at(0), "", "", r#"{"x""#),
                piece(at(1), "", "", "{}"),
                piece(at(0), "", "", ":1}"),
            ],
            &[("f", r#"{"x":1}"#), ("g", "{}")],
        );
        check(
            "in another order",
            &[piece(at(1), "b", "g", "{}"), piece(at(0), "a", "f", "{}")],
            &[("f", "{}"), ("g", "{}")],
        );
        check(
            "f08b: the same place, no id, two names",
            &[piece(at(0), "", "f", r#"{"x":1}"#), piece(at(0), "", "g", r#"{"x":2}"#)],
            &[("f", r#"{"x":1}"#), ("g", r#"{"x":2}"#)],
        );
        check(
            "the same place, no id, one name",
            &[piece(at(0), "", "f", r#"{"x":1}"#), piece(at(0), "", "f", r#"{"x":2}"#)],
            &[("f", r#"{"x":1}"#), ("f", r#"{"x":2}"#)],
        );
        check(
            "the same place, two ids, in pieces",
            &[
                piece(at(0), "a", "f", ""),
                piece(at(0), "", "", "{}"),
                piece(at(0), "b", "f", r#"{"x""#),
                piece(at(0), "b", "", ":2}"),
                piece(at(0), "a", "", " "),
            ],
            &[("f", "{} "), ("f", r#"{"x":2}"#)],
        );
        check(
            "the same place and the same id",
            &[piece(at(0), "a", "f", r#"{"x":1}"#), piece(at(0), "a", "f", r#"{"x":2}"#)],
            &[("f", r#"{"x":1}"#), ("f", r#"{"x":2}"#)],
        );
        check(
            "f05b: the same id at two places",
            &[piece(at(0), "a", "f", "{}"), piece(at(1), "a", "f", "{}")],
            &[("f", "{}"), ("f", "{}")],
        );
        check(
            "neither place nor id",
            &[piece(None, "", "f", "{"), piece(None, "", "", "}"), piece(None, "", "g", "{}")],
            &[("f", "{}"), ("g", "{}")],
        );
        check(
            "ids and no places",
            &[
                piece(None, "a", "f", "{"),
                piece(None, "b", "f", "{"),
                piece(None, "a", "", "}"),
                piece(None, "b", "", "}"),
            ],
            &[("f", "{}"), ("f", "{}")],
        );
        check(
            "an id for each piece",
            &[piece(at(0), "a", "f", "{"), piece(at(0), "b", "", "}")],
            &[("f", "{}")],
        );
        check(
            "a place for each piece",
            &[piece(at(0), "a", "f", "{"), piece(at(1), "a", "", "}")],
            &[("f", "{}")],
        );
        check(
            "id and name with each piece",
            &[
                piece(at(0), "a", "f", r#"{"x""#),
                piece(at(0), "a", "f", ":1}"),
                piece(at(0), "a", "f", ""),
            ],
            &[("f", r#"{"x":1}"#)],
        );
        check(
            "the name with each piece",
            &[piece(at(0), "", "f", r#"{"x""#), piece(at(0), "", "f", ":1}")],
            &[("f", r#"{"x":1}"#)],
        );
        check(
            "the whole call once more",
            &[
                piece(at(0), "a", "f", ""),
                piece(at(0), "", "", r#"{"x":1}"#),
                piece(at(0), "a", "f", r#"{"x":1}"#),
            ],
            &[("f", r#"{"x":1}"#)],
        );
        check(
            "the id before the name",
            &[piece(at(0), "a", "", ""), piece(at(0), "", "f", "{}")],
            &[("f", "{}")],
        );
    }

    #[test]
    fn arguments_may_be_an_object() {
        let call = |name: &str| json!({ "function": { "name": name, "arguments": { "x": [{ "index": 0 }] } } });
        let mut calls = Vec::new();
        for name in ["f", "f", "g"] {
            add(&mut calls, call(name));
        }
        assert_eq!(calls, [call("f"), call("g")]);
    }
}
