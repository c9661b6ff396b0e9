//! Between the form's properties and the API's parameters, both ways.

use connector_sdk::property::{Property, Type};
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

/// The path of the property that the `param` of one of the API's errors means,
/// as far as `table` goes. The API names what it declines by its wire name, in
/// several spellings: `top_p`, `messages[0].content`, `messages.[0].content`,
/// `messages.0.content`. People know the form's names.
///
/// `aliases` are the parameters that actions make themselves, each with the
/// property that it is made of.
pub fn property(param: &str, aliases: &[(&str, &str)], table: &[Property]) -> Option<String> {
    let mut steps = param.split(['.', '[', ']']).filter(|step| !step.is_empty());
    let wire_name = steps.next()?;
    let is_alias = |row: &&Property| aliases.contains(&(wire_name, row.name));
    let is_named = |row: &&Property| parameter(row.name) == wire_name;
    let mut row = table.iter().find(is_alias).or_else(|| table.iter().find(is_named))?;

    let mut path = row.name.to_owned();
    for step in steps {
        let child = match row.kind {
            Type::Array if step.parse::<usize>().is_ok() => {
                path = format!("{path}[{step}]");
                row.children.first()
            }
            Type::Object => {
                let child = row.children.iter().find(|row| row.name == step).or(row.values);
                if child.is_some() {
                    path = format!("{path}.{step}");
                }
                child
            }
            _ => None,
        };
        match child {
            Some(child) => row = child,
            None => break,
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use connector_sdk::Properties;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize, Serialize, Properties)]
    #[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
    struct Input {
        #[serde(skip_serializing)]
        messages: Vec<Message>,
        top_p: Option<f64>,
        #[serde(skip_serializing)]
        max_tokens: Option<u64>,
        logit_bias: Option<BTreeMap<String, f64>>,
        stop: Option<Vec<String>>,
    }

    #[derive(Deserialize, Properties)]
    struct Message {
        content: String,
    }

    #[test]
    fn what_is_set_is_sent_under_its_wire_name() {
        let sent = |input: Value| {
            let input: Input = serde_json::from_value(input).unwrap();
            assert!(input.messages.iter().all(|message| message.content == "Hi"));
            assert_ne!(input.max_tokens, Some(0));
            Value::Object(given(&input).unwrap())
        };
        assert_eq!(
            sent(json!({ "messages": [{ "content": "Hi" }], "maxTokens": 5, "topP": 0.5 })),
            json!({ "top_p": 0.5 })
        );
        assert_eq!(sent(json!({ "messages": [], "stop": [], "logitBias": {} })), json!({}));
    }

    #[test]
    fn a_param_is_the_path_of_a_property_as_far_as_the_table_goes() {
        for (param, expected) in [
            ("top_p", Some("topP")),
            ("max_completion_tokens", Some("maxTokens")),
            ("stop", Some("stop")),
            ("messages", Some("messages")),
            ("messages[0].content", Some("messages[0].content")),
            ("messages.[0].content", Some("messages[0].content")),
            ("messages.0.content", Some("messages[0].content")),
            ("stop[3]", Some("stop[3]")),
            ("logit_bias.50256", Some("logitBias.50256")),
            ("messages[2].content[1].text", Some("messages[2].content")),
            ("messages[2].tool_calls", Some("messages[2]")),
            ("messages.content", Some("messages")),
            ("top_p.x", Some("topP")),
            ("seed", None),
            ("topP", None),
            ("", None),
            ("ünknown_ü", None),
        ] {
            let aliases = [("max_completion_tokens", "maxTokens")];
            let property = property(param, &aliases, Input::PROPERTIES);
            assert_eq!(property.as_deref(), expected, "{param}");
        }
    }
}
