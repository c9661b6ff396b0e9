//! Request fields, declared as tables.
//!
//! Every endpoint has one table that says which fields exist, which are
//! required, and what each may hold. What depends on more than one field is a
//! rule beside the table, not in it.

use std::fmt;

use serde_json::Map;
use serde_json::Value;

use crate::error::ApiError;

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    presence: Presence,
    pub(crate) rule: Rule,
}

/// Whether a field must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    /// May be left out.
    Optional,
    /// May be left out or be null, which is the same.
    Nullable,
}

impl Field {
    pub(crate) const fn required(name: &'static str, rule: Rule) -> Field {
        Field { name, presence: Presence::Required, rule }
    }

    pub(crate) const fn optional(name: &'static str, rule: Rule) -> Field {
        Field { name, presence: Presence::Optional, rule }
    }

    pub(crate) const fn nullable(name: &'static str, rule: Rule) -> Field {
        Field { name, presence: Presence::Nullable, rule }
    }

    /// A field that only says which variant its object is.
    pub(crate) const fn tag(name: &'static str) -> Field {
        Field::required(name, Rule::TEXT)
    }
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Rule {
    /// `true` or `false`.
    Boolean,
    /// A string of so many characters.
    Text { min: usize, max: usize },
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// A whole number, bounds included.
    Integer { min: i64, max: i64 },
    /// A number, bounds included.
    Number { min: f64, max: f64 },
    /// An array of so many items.
    List { items: &'static Rule, min: usize, max: usize },
    /// An object with these fields and no others.
    Object(&'static [Field]),
    /// An object with any keys and values of one kind.
    Map(&'static Rule),
    /// An object with any keys and values.
    AnyObject,
    /// An object whose fields depend on the value of one of them.
    Tagged { tag: &'static str, variants: &'static [(&'static str, &'static [Field])] },
    /// One of several rules: the first that takes the value's JSON type.
    Either(&'static [Rule]),
    /// A rule, and a check of what it lets through.
    Checked(&'static Rule, fn(&Path, &Value) -> Result<(), ApiError>),
}

impl Rule {
    /// Any string.
    pub(crate) const TEXT: Rule = Rule::Text { min: 0, max: usize::MAX };
    /// Any string but the empty one.
    pub(crate) const NON_EMPTY: Rule = Rule::Text { min: 1, max: usize::MAX };
    /// The name of a function or of a schema.
    pub(crate) const IDENTIFIER: Rule = Rule::Checked(&Rule::TEXT, identifier);

    pub(crate) const fn list(items: &'static Rule) -> Rule {
        Rule::List { items, min: 0, max: usize::MAX }
    }

    pub(crate) const fn non_empty_list(items: &'static Rule) -> Rule {
        Rule::List { items, min: 1, max: usize::MAX }
    }
}

/// Where a value stands, for messages: `messages[0].content`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    pub(crate) fn key(&'a self, name: &'a str) -> Path<'a> {
        Path::Key(self, name)
    }

    pub(crate) fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, name) => f.write_str(name),
            Path::Key(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Checks a request's body against its endpoint's table.
pub(crate) fn check_body<'a>(
    body: &'a Value,
    fields: &[Field],
) -> Result<&'a Map<String, Value>, ApiError> {
    let Value::Object(object) = body else {
        return Err(ApiError::invalid(format!(
            "Invalid type for the request body: expected an object, but got {} instead.",
            kind(body)
        ))
        .code("invalid_type"));
    };
    if let Some(name) = unknown_key(object, fields) {
        return Err(unrecognized(name));
    }
    check_fields(&Path::Root, object, fields)?;
    Ok(object)
}

/// The refusal of a key that an endpoint does not know.
pub(crate) fn unrecognized(name: &str) -> ApiError {
    ApiError::invalid(format!("Unrecognized request argument supplied: {name}")).param(name)
}

/// Checks one value.
pub(crate) fn check(path: &Path, value: &Value, rule: &Rule) -> Result<(), ApiError> {
    match (rule, value) {
        (Rule::Boolean, Value::Bool(_)) => Ok(()),
        (Rule::Text { min, max }, Value::String(text)) => check_text(path, text, *min, *max),
        (Rule::Choice(choices), Value::String(text)) => check_choice(path, text, choices),
        (Rule::Integer { min, max }, Value::Number(number)) if !number.is_f64() => {
            let value = number.as_i128().unwrap_or(i128::MAX);
            check_range(path, "integer", value, i128::from(*min), i128::from(*max))
        }
        (Rule::Number { min, max }, Value::Number(number)) => {
            check_range(path, "decimal", number.as_f64().unwrap_or(f64::INFINITY), *min, *max)
        }
        (Rule::List { items, min, max }, Value::Array(list)) => {
            check_length(path, list.len(), *min, *max)?;
            let mut items_in_place = list.iter().enumerate();
            items_in_place.try_for_each(|(index, item)| check(&path.index(index), item, items))
        }
        (Rule::Object(fields), Value::Object(object)) => check_object(path, object, fields),
        (Rule::Map(values), Value::Object(object)) => {
            object.iter().try_for_each(|(key, value)| check(&path.key(key), value, values))
        }
        (Rule::AnyObject, Value::Object(_)) => Ok(()),
        (Rule::Tagged { tag, variants }, Value::Object(object)) => {
            check_object(path, object, variant(path, object, tag, variants)?)
        }
        (Rule::Either(rules), _) => match rules.iter().find(|rule| rule.takes(value)) {
            Some(rule) => check(path, value, rule),
            None => Err(wrong_type(path, value, rule)),
        },
        (Rule::Checked(rule, also), _) => {
            check(path, value, rule)?;
            also(path, value)
        }
        _ => Err(wrong_type(path, value, rule)),
    }
}

fn check_object(
    path: &Path,
    object: &Map<String, Value>,
    fields: &[Field],
) -> Result<(), ApiError> {
    if let Some(name) = unknown_key(object, fields) {
        let place = path.key(name);
        return Err(ApiError::invalid(format!("Unknown parameter: '{place}'."))
            .param(place)
            .code("unknown_parameter"));
    }
    check_fields(path, object, fields)
}

fn unknown_key<'a>(object: &'a Map<String, Value>, fields: &[Field]) -> Option<&'a str> {
    let known = |key: &&String| fields.iter().any(|field| field.name == key.as_str());
    object.keys().find(|key| !known(key)).map(String::as_str)
}

fn check_fields(
    path: &Path,
    object: &Map<String, Value>,
    fields: &[Field],
) -> Result<(), ApiError> {
    for field in fields {
        let place = path.key(field.name);
        match (object.get(field.name), field.presence) {
            (None, Presence::Required) => return Err(ApiError::missing(place)),
            (None, _) | (Some(Value::Null), Presence::Nullable) => {}
            (Some(value), _) => check(&place, value, &field.rule)?,
        }
    }
    Ok(())
}

/// The fields that go with an object's tag.
fn variant(
    path: &Path,
    object: &Map<String, Value>,
    tag: &'static str,
    variants: &'static [(&'static str, &'static [Field])],
) -> Result<&'static [Field], ApiError> {
    let place = path.key(tag);
    let value = object.get(tag).ok_or_else(|| ApiError::missing(place))?;
    let Value::String(name) = value else { return Err(wrong_type(&place, value, &Rule::TEXT)) };
    match variants.iter().find(|(variant, _)| variant == name) {
        Some((_, fields)) => Ok(fields),
        None => Err(unsupported_choice(&place, name, variants.iter().map(|(name, _)| *name))),
    }
}

fn check_text(path: &Path, text: &str, min: usize, max: usize) -> Result<(), ApiError> {
    let length = text.chars().count();
    let (bound, side, limit, code) = if length < min {
        ("short", "minimum", min, "string_below_min_length")
    } else if max < length {
        ("long", "maximum", max, "string_above_max_length")
    } else {
        return Ok(());
    };
    Err(ApiError::invalid(format!(
        "Invalid '{path}': string too {bound}. Expected a string with {side} length {limit}, but \
         got a string with length {length} instead."
    ))
    .param(path)
    .code(code))
}

fn check_choice(path: &Path, text: &str, choices: &[&str]) -> Result<(), ApiError> {
    if choices.contains(&text) {
        return Ok(());
    }
    Err(unsupported_choice(path, text, choices.iter().copied()))
}

/// The refusal of a string that is not among those known.
pub(crate) fn unsupported_choice<'a>(
    path: &Path,
    text: &str,
    choices: impl Iterator<Item = &'a str>,
) -> ApiError {
    let choices: Vec<String> = choices.map(|choice| format!("'{choice}'")).collect();
    let supported = match choices.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{}, and {last}", rest.join(", ")),
        _ => choices.concat(),
    };
    ApiError::invalid_value(
        path,
        format!("Invalid value: '{text}'. Supported values are: {supported}."),
    )
}

fn check_range<T: PartialOrd + fmt::Display>(
    path: &Path,
    kind: &str,
    value: T,
    min: T,
    max: T,
) -> Result<(), ApiError> {
    let (side, sign, limit, below) = if value < min {
        ("below minimum", ">=", min, true)
    } else if max < value {
        ("above maximum", "<=", max, false)
    } else {
        return Ok(());
    };
    let code = match (kind, below) {
        ("integer", true) => "integer_below_min_value",
        ("integer", false) => "integer_above_max_value",
        (_, true) => "decimal_below_min_value",
        (_, false) => "decimal_above_max_value",
    };
    Err(ApiError::invalid(format!(
        "Invalid '{path}': {kind} {side} value. Expected a value {sign} {limit}, but got {value} \
         instead."
    ))
    .param(path)
    .code(code))
}

fn check_length(path: &Path, length: usize, min: usize, max: usize) -> Result<(), ApiError> {
    if length == 0 && min != 0 {
        return Err(ApiError::invalid(format!(
            "Invalid '{path}': empty array. Expected an array with minimum length {min}, but got \
             an empty array instead."
        ))
        .param(path)
        .code("empty_array"));
    }
    if max < length {
        return Err(ApiError::invalid(format!(
            "Invalid '{path}': array too long. Expected an array with maximum length {max}, but \
             got an array with length {length} instead."
        ))
        .param(path)
        .code("array_above_max_length"));
    }
    Ok(())
}

fn wrong_type(path: &Path, value: &Value, rule: &Rule) -> ApiError {
    ApiError::invalid(format!(
        "Invalid type for '{path}': expected {}, but got {} instead.",
        rule.expected(),
        kind(value)
    ))
    .param(path)
    .code("invalid_type")
}

impl Rule {
    /// Whether a value has this rule's JSON type.
    fn takes(&self, value: &Value) -> bool {
        match self {
            Rule::Boolean => value.is_boolean(),
            Rule::Text { .. } | Rule::Choice(_) => value.is_string(),
            Rule::Integer { .. } | Rule::Number { .. } => value.is_number(),
            Rule::List { .. } => value.is_array(),
            Rule::Object(_) | Rule::Map(_) | Rule::AnyObject | Rule::Tagged { .. } => {
                value.is_object()
            }
            Rule::Either(rules) => rules.iter().any(|rule| rule.takes(value)),
            Rule::Checked(rule, _) => rule.takes(value),
        }
    }

    /// What a message calls the expected type.
    fn expected(&self) -> String {
        match self {
            Rule::Boolean => "a boolean".to_owned(),
            Rule::Text { .. } | Rule::Choice(_) => "a string".to_owned(),
            Rule::Integer { .. } => "an integer".to_owned(),
            Rule::Number { .. } => "a decimal".to_owned(),
            Rule::List { .. } => "an array".to_owned(),
            Rule::Object(_) | Rule::Map(_) | Rule::AnyObject | Rule::Tagged { .. } => {
                "an object".to_owned()
            }
            Rule::Either(rules) => {
                let expected: Vec<_> = rules.iter().map(Rule::expected).collect();
                format!("one of {}", expected.join(" or "))
            }
            Rule::Checked(rule, _) => rule.expected(),
        }
    }
}

/// What a message calls the type of a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Whether a name has 1 to 64 letters, digits, underscores and dashes, as the
/// names of functions and of schemas must.
fn is_identifier(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

/// Checks [`is_identifier`].
fn identifier(path: &Path, value: &Value) -> Result<(), ApiError> {
    if value.as_str().is_some_and(is_identifier) {
        return Ok(());
    }
    Err(ApiError::invalid_value(
        path,
        format!(
            "Invalid '{path}': string does not match pattern. Expected a string that matches the \
             pattern '^[a-zA-Z0-9_-]{{1,64}}$'."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TABLE: &[Field] = &[
        Field::required("name", Rule::Text { min: 1, max: 3 }),
        Field::optional("on", Rule::Boolean),
        Field::nullable("n", Rule::Integer { min: 1, max: 9 }),
        Field::optional("level", Rule::Number { min: 0.0, max: 2.0 }),
        Field::optional("tier", Rule::Choice(&["low", "high"])),
        Field::optional("list", Rule::List { items: &Rule::NON_EMPTY, min: 1, max: 2 }),
        Field::optional("nested", Rule::Object(&[Field::required("id", Rule::TEXT)])),
        Field::optional("open", Rule::Map(&Rule::TEXT)),
        Field::optional(
            "part",
            Rule::Tagged {
                tag: "type",
                variants: &[
                    ("a", &[Field::required("type", Rule::TEXT)]),
                    (
                        "b",
                        &[Field::required("type", Rule::TEXT), Field::required("b", Rule::Boolean)],
                    ),
                ],
            },
        ),
        Field::optional(
            "stop",
            Rule::Either(&[Rule::TEXT, Rule::List { items: &Rule::TEXT, min: 1, max: 4 }]),
        ),
        Field::optional("id", Rule::Checked(&Rule::TEXT, identifier)),
    ];

    fn outcome(extra: Value) -> String {
        let mut body = json!({"name": "abc"});
        let fields = body.as_object_mut().unwrap();
        for (key, value) in extra.as_object().unwrap() {
            fields.insert(key.clone(), value.clone());
        }
        match check_body(&body, TABLE) {
            Ok(_) => "ok".to_owned(),
            Err(error) => {
                let text = format!("{error:?}");
                let param = text.split("param: ").nth(1).unwrap();
                param.trim_end_matches(" }").to_owned()
            }
        }
    }

    #[test]
    fn the_table_decides() {
        let refused = |param: &str, code: &str| format!("Some({param:?}), code: Some({code:?})");
        for (extra, expected) in [
            (json!({}), "ok".to_owned()),
            (json!({"on": true, "n": null, "level": 2, "list": ["a"]}), "ok".to_owned()),
            (json!({"stop": "a", "part": {"type": "b", "b": true}}), "ok".to_owned()),
            (json!({"name": ""}), refused("name", "string_below_min_length")),
            (json!({"name": "abcd"}), refused("name", "string_above_max_length")),
            (json!({"name": null}), refused("name", "invalid_type")),
            (json!({"on": "true"}), refused("on", "invalid_type")),
            (json!({"on": null}), refused("on", "invalid_type")),
            (json!({"n": 0}), refused("n", "integer_below_min_value")),
            (json!({"n": 10}), refused("n", "integer_above_max_value")),
            (json!({"n": 18446744073709551615u64}), refused("n", "integer_above_max_value")),
            (json!({"n": 1.0}), refused("n", "invalid_type")),
            (json!({"level": -0.1}), refused("level", "decimal_below_min_value")),
            (json!({"level": 2.1}), refused("level", "decimal_above_max_value")),
            (json!({"tier": "mid"}), refused("tier", "invalid_value")),
            (json!({"list": []}), refused("list", "empty_array")),
            (json!({"list": ["a", "b", "c"]}), refused("list", "array_above_max_length")),
            (json!({"list": ["a", ""]}), refused("list[1]", "string_below_min_length")),
            (json!({"nested": {}}), refused("nested.id", "missing_required_parameter")),
            (json!({"nested": {"id": "", "x": 1}}), refused("nested.x", "unknown_parameter")),
            (json!({"open": {"any": 1}}), refused("open.any", "invalid_type")),
            (json!({"part": {}}), refused("part.type", "missing_required_parameter")),
            (json!({"part": {"type": "c"}}), refused("part.type", "invalid_value")),
            (json!({"part": {"type": 1}}), refused("part.type", "invalid_type")),
            (json!({"part": {"type": "b"}}), refused("part.b", "missing_required_parameter")),
            (json!({"stop": 1}), refused("stop", "invalid_type")),
            (json!({"stop": [1]}), refused("stop[0]", "invalid_type")),
            (json!({"id": "a b"}), refused("id", "invalid_value")),
            (json!({"unknown": 1}), "Some(\"unknown\"), code: None".to_owned()),
        ] {
            assert_eq!(outcome(extra.clone()), expected, "{extra}");
        }
        assert!(check_body(&json!([]), TABLE).is_err());
        assert!(check_body(&json!({}), TABLE).is_err());
    }
}
