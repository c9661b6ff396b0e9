//! Parameters that are sent unchanged.

use connector_sdk::{Failure, Result};
use serde::Serialize;
use serde_json::{Map, Value};

/// The parameters that an input sends unchanged. Empty values are left out: they
/// mean the same as absent ones, but the API rejects them.
pub fn given(input: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(input) {
        Ok(Value::Object(mut parameters)) => {
            parameters.retain(|_, value| !is_empty(value));
            Ok(parameters)
        }
        _ => Err(Failure::internal("the input is not an object")),
    }
}

/// An object of the members that have a value.
pub fn object<'a>(
    members: impl IntoIterator<Item = (&'a str, Option<Value>)>,
) -> Map<String, Value> {
    let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    given.collect()
}

/// Whether a value is null or has no items or members.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The fields of a form or a query for a parameter, as OpenAI's own clients write
/// them: `name[]` for each item of a list, `name[key]` for each member of an
/// object.
pub fn fields(name: &str, value: Value) -> Vec<(String, String)> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => {
            let name = format!("{name}[]");
            items.into_iter().flat_map(|item| fields(&name, item)).collect()
        }
        Value::Object(members) => {
            let members = members.into_iter();
            members.flat_map(|(key, value)| fields(&format!("{name}[{key}]"), value)).collect()
        }
        value => vec![(name.to_owned(), form_text(value))],
    }
}

/// A parameter's value as the text of a form field.
pub fn form_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => value.to_string(),
    }
}

/// The parameter name of a property: `top_p` for `topP`.
pub fn parameter(property: &str) -> String {
    let mut parameter = String::new();
    for character in property.chars() {
        if character.is_ascii_uppercase() {
            parameter.push('_');
        }
        parameter.push(character.to_ascii_lowercase());
    }
    parameter
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_may_have_several_fields() {
        for (value, expected) in [
            (json!(1), vec!["a=1"]),
            (json!("x"), vec!["a=x"]),
            (json!(null), vec![]),
            (json!(["x", 2, null]), vec!["a[]=x", "a[]=2"]),
            (json!({ "b": true, "c": [1], "d": { "e": "x" } }), {
                vec!["a[b]=true", "a[c][]=1", "a[d][e]=x"]
            }),
        ] {
            let fields = fields("a", value).into_iter();
            let fields: Vec<_> = fields.map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(fields, expected);
        }
    }

    #[test]
    fn leaves_out_empty_values() {
        let input = json!({ "top_p": 0, "off": false, "seed": null, "stop": [], "logit_bias": {} });
        assert_eq!(Value::Object(given(&input).unwrap()), json!({ "top_p": 0, "off": false }));
    }
}
