//! Parameters that go out as they came in.

use connector_sdk::{Failure, Result};
use serde::Serialize;
use serde_json::{Map, Value};

/// The parameters that an input sends as they were given. What is empty is not
/// sent: it means the same as what is not given, and the API refuses it.
pub fn given(input: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(input) {
        Ok(Value::Object(mut parameters)) => {
            parameters.retain(|_, value| !is_empty(value));
            Ok(parameters)
        }
        _ => Err(Failure::internal("an input is an object")),
    }
}

/// Whether a value says nothing.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The name of a property's parameter: `topP` is `top_p`.
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
    fn what_is_empty_is_not_sent() {
        let input = json!({ "top_p": 0, "off": false, "seed": null, "stop": [], "logit_bias": {} });
        assert_eq!(Value::Object(given(&input).unwrap()), json!({ "top_p": 0, "off": false }));
    }
}
