//! Form fields as JSON, so that one kind of table serves every endpoint.
//!
//! All fields of a form are text. The table says what they mean: numbers and
//! booleans are parsed, lists collect the values of `name[]`, and objects are
//! sent as JSON text or as `name[key]`. A list's name without brackets is an
//! unknown name: the API documents it with them.

use serde_json::Map;
use serde_json::Value;

use crate::error::ApiError;
use crate::fields;
use crate::fields::Field;
use crate::fields::Rule;
use crate::record::Part;

/// The fields of a form as an object.
pub(crate) fn object(parts: &[&Part], fields: &[Field]) -> Result<Map<String, Value>, ApiError> {
    let mut object = Map::new();
    for part in parts {
        let (name, suffix) = split_name(&part.name);
        let field = fields.iter().find(|field| field.name == name);
        let field = field.ok_or_else(|| fields::unrecognized(name))?;
        add(&mut object, part, field, suffix)?;
    }
    Ok(object)
}

/// Adds a part to the field it belongs to.
fn add(
    object: &mut Map<String, Value>,
    part: &Part,
    field: &Field,
    suffix: Option<&str>,
) -> Result<(), ApiError> {
    let text = text(part)?;
    let old = match (&field.rule, suffix) {
        (Rule::List { items, .. }, Some("")) => {
            let list = object.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(value(text, items));
            }
            None
        }
        (Rule::Either(rules), Some(key)) => {
            let rule = member_rule(rules, key);
            let rule = rule.ok_or_else(|| fields::unrecognized(&part.name))?;
            let whole = object.entry(field.name).or_insert_with(|| Value::Object(Map::new()));
            let whole = whole.as_object_mut().ok_or_else(|| duplicate(field.name))?;
            whole.insert(key.to_owned(), value(text, rule))
        }
        (Rule::List { .. }, None) | (_, Some(_)) => {
            return Err(fields::unrecognized(&part.name));
        }
        (rule, None) => object.insert(field.name.to_owned(), value(text, rule)),
    };
    if old.is_some() { Err(duplicate(&part.name)) } else { Ok(()) }
}

/// The refusal of a field that is there twice.
pub(crate) fn duplicate(name: &str) -> ApiError {
    ApiError::invalid_value(name, format!("Duplicate parameter: '{name}'."))
}

/// `list[]` as `list` and an empty suffix, `object[key]` likewise.
fn split_name(name: &str) -> (&str, Option<&str>) {
    let split = name.strip_suffix(']').and_then(|name| name.split_once('['));
    split.map_or((name, None), |(name, suffix)| (name, Some(suffix)))
}

fn member_rule(rules: &'static [Rule], key: &str) -> Option<&'static Rule> {
    let mut members = rules.iter().filter_map(|rule| match rule {
        Rule::Object(fields) => fields.iter().find(|field| field.name == key),
        _ => None,
    });
    members.next().map(|field| &field.rule)
}

fn text(part: &Part) -> Result<&str, ApiError> {
    match part.text() {
        Some(text) if part.filename.is_none() => Ok(text),
        _ => Err(ApiError::invalid(format!(
            "Invalid type for '{}': expected text, but got a file instead.",
            part.name
        ))
        .param(&part.name)
        .code("invalid_type")),
    }
}

/// What a text means to a rule. Text that means nothing stays a string, which
/// the rule then refuses.
fn value(text: &str, rule: &Rule) -> Value {
    let parsed = || serde_json::from_str::<Value>(text).ok();
    let meant = match rule {
        Rule::Boolean => parsed().filter(Value::is_boolean),
        Rule::Integer { .. } | Rule::Number { .. } => parsed().filter(Value::is_number),
        Rule::Either(_) => parsed().filter(Value::is_object),
        _ => None,
    };
    meant.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TABLE: &[Field] = &[
        Field::optional("text", Rule::TEXT),
        Field::optional("on", Rule::Boolean),
        Field::optional("number", Rule::Number { min: 0.0, max: 1.0 }),
        Field::optional("list", Rule::List { items: &Rule::TEXT, min: 0, max: 9 }),
        Field::optional(
            "either",
            Rule::Either(&[
                Rule::Choice(&["auto"]),
                Rule::Object(&[Field::optional("n", Rule::Integer { min: 0, max: 9 })]),
            ]),
        ),
    ];

    fn read(form: &[(&str, &str)]) -> Option<Value> {
        let part = |(name, text): &(&str, &str)| Part {
            name: (*name).to_owned(),
            filename: None,
            content_type: None,
            bytes: text.as_bytes().to_vec(),
            len: text.len(),
        };
        let parts: Vec<Part> = form.iter().map(part).collect();
        let parts: Vec<&Part> = parts.iter().collect();
        object(&parts, TABLE).ok().map(Value::Object)
    }

    #[test]
    fn texts_become_what_the_table_says() {
        for (form, expected) in [
            (&[("text", "1")][..], json!({"text": "1"})),
            (&[("on", "true"), ("number", "0.5")], json!({"on": true, "number": 0.5})),
            (&[("number", "half")], json!({"number": "half"})),
            (&[("list[]", "a"), ("list[]", "b")], json!({"list": ["a", "b"]})),
            (&[("either", "auto")], json!({"either": "auto"})),
            (&[("either", "{\"n\": 1}")], json!({"either": {"n": 1}})),
            (&[("either[n]", "1")], json!({"either": {"n": 1}})),
        ] {
            assert_eq!(read(form), Some(expected));
        }
        for form in [
            &[("list", "a")][..],
            &[("text[]", "a")],
            &[("other", "a")],
            &[("either[x]", "1")],
            &[("text", "a"), ("text", "b")],
            &[("either", "auto"), ("either[n]", "1")],
        ] {
            assert_eq!(read(form), None, "{form:?}");
        }
    }
}
