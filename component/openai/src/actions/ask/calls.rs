//! Calls of functions that arrive in pieces.
//!
//! A piece says by its `index` or by the call's id which call it is more of.
//! Some servers give every call the same of one of them, give neither, or give
//! each piece another id. But a call has one name, and arguments that are one
//! object: where those say that a piece begins another call, it does.

use alloc::vec::Vec;
use core::mem;

use super::stream::{grown, is_blank, place};
use crate::json::Value;

/// Takes a piece of a call in.
pub fn add(calls: &mut Vec<Value>, mut piece: Value) {
    let index = place(&piece);
    match same(calls, &piece).and_then(|at| calls.get_mut(at)) {
        Some(call) => {
            if says_again(call, &piece) {
                remove(&mut piece, "arguments");
            }
            *call = grown(mem::replace(call, Value::Null), "", piece);
        }
        None => {
            // In the order of their places, whichever begins first.
            let behind = |other: &Value| index.is_some() && index < place(other);
            let at = calls.iter().position(behind).unwrap_or(calls.len());
            calls.insert(at, grown(Value::Null, "", piece));
        }
    }
}

/// Takes the places out of calls that are whole: they belong to the stream.
pub fn remove_places(calls: &mut [Value]) {
    for call in calls {
        if let Value::Object(members) = call {
            members.retain(|(name, _)| name != "index");
        }
    }
}

/// The position of the call that a piece is more of; none if it begins another
/// one.
fn same(calls: &[Value], piece: &Value) -> Option<usize> {
    let (index, id) = (place(piece), word(piece, "id"));
    let last = |is_same: &dyn Fn(&Value) -> bool| calls.iter().rposition(is_same);
    let has_index = |call: &Value| index.is_some() && place(call) == index;
    let has_id = |call: &Value| id.is_some() && word(call, "id") == id;
    let is_nameless = word(piece, "function/name").is_none();
    let at = last(&|call| has_index(call) && has_id(call))
        .or_else(|| last(&has_index))
        .or_else(|| last(&has_id).filter(|_| index.is_none() || is_nameless))
        .or_else(|| last(&|_| true).filter(|_| index.is_none() && (id.is_none() || is_nameless)))?;
    calls.get(at).filter(|call| !begins_another(call, piece))?;
    Some(at)
}

/// Whether a piece with the place or the id of a call begins another one all
/// the same.
fn begins_another(call: &Value, piece: &Value) -> bool {
    let (Some(name), Some(known)) = (word(piece, "function/name"), word(call, "function/name"))
    else {
        return false;
    };
    let differ = |(id, known)| id != known;
    let has_other_id = word(piece, "id").zip(word(call, "id")).is_some_and(differ);
    let brings_arguments = piece.at("function/arguments").is_some_and(|it| !is_blank(it));
    let has_other_arguments = brings_arguments && is_complete(call) && !says_again(call, piece);
    name != known || has_other_id || has_other_arguments
}

/// Whether a piece repeats arguments that are there already.
fn says_again(call: &Value, piece: &Value) -> bool {
    is_complete(call) && call.at("function/arguments") == piece.at("function/arguments")
}

/// Whether the arguments of a call are whole.
fn is_complete(call: &Value) -> bool {
    match call.at("function/arguments") {
        Some(Value::Text(text)) => Value::parse(text).is_some_and(|it| it.as_object().is_some()),
        Some(Value::Object(_)) => true,
        _ => false,
    }
}

/// A text that is there and not empty.
fn word<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.text(path).filter(|text| !text.is_empty())
}

/// Removes a member of a call's function.
fn remove(call: &mut Value, name: &str) {
    if let Value::Object(members) = call
        && let Some((_, Value::Object(function))) =
            members.iter_mut().find(|(other, _)| other == "function")
    {
        function.retain(|(other, _)| other != name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::Json;

    /// A piece of a call.
    fn piece(index: Option<u64>, id: &str, name: &str, arguments: &str) -> serde_json::Value {
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
    fn check(case: &str, pieces: &[serde_json::Value], expected: &[(&str, &str)]) {
        let mut calls = Vec::new();
        for piece in pieces {
            add(&mut calls, piece.clone().into());
        }
        let text = |call: &Value, path| call.text(path).unwrap_or_default().to_owned();
        let made: Vec<_> = calls
            .iter()
            .map(|call| (text(call, "function/name"), text(call, "function/arguments")))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, arguments)| ((*name).to_owned(), (*arguments).to_owned()))
            .collect();
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
            add(&mut calls, call(name).into());
        }
        assert_eq!(Json::of(Value::List(calls)), json!([call("f"), call("g")]));
    }

    #[test]
    fn what_a_provider_adds_to_a_call_stays() {
        let mut begin = piece(Some(0), "a", "f", "");
        begin["extra_content"] = json!({ "google": { "thought_signature": "s1" } });
        let mut calls = Vec::new();
        add(&mut calls, begin.into());
        add(&mut calls, piece(Some(0), "", "", "{}").into());
        remove_places(&mut calls);
        let mut expected = piece(None, "a", "f", "{}");
        expected["extra_content"] = json!({ "google": { "thought_signature": "s1" } });
        assert_eq!(Json::of(Value::List(calls)), json!([expected]));
    }
}
