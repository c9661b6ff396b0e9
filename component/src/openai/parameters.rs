//! Between the form's properties and the API's parameters, both ways.

use crate::json::Value;
use crate::table::{Property, PropertyType};

/// The parameters that are sent as they were given, in the table's order.
/// What is empty is not sent: it means the same as what is not given, and the
/// API refuses it.
pub fn given<'a>(table: &[Property], input: &'a Value) -> Vec<(String, &'a Value)> {
    let mut parameters = Vec::new();
    for row in table {
        if row.sent
            && let Some(value) = input.get(row.name)
            && !is_empty(value)
        {
            parameters.push((row.parameter(), value));
        }
    }
    parameters
}

/// Whether a value says nothing.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The path of the property that the `param` of one of the API's errors means,
/// as far as `table` goes. The API names what it declines by its wire name, in
/// several spellings: `top_p`, `messages[0].content`, `messages.[0].content`,
/// `messages.0.content`. People know the form's names.
///
/// `aliases` are the parameters that actions make themselves, each with the
/// property that it is made of.
pub fn property(param: &str, table: &[Property], aliases: &[(&str, &str)]) -> Option<String> {
    let mut steps = param.split(['.', '[', ']']).filter(|step| !step.is_empty());
    let wire_name = steps.next()?;
    let alias = aliases.iter().find(|(alias, _)| *alias == wire_name);
    let mut row = table.iter().find(|row| match alias {
        Some((_, name)) => row.name == *name,
        None => row.parameter() == wire_name,
    })?;

    let mut path = String::from(row.name);
    for step in steps {
        let child = match row.kind {
            PropertyType::Array if step.parse::<usize>().is_ok() => {
                path = format!("{path}[{step}]");
                row.children.first()
            }
            PropertyType::Object => {
                let member = row.children.iter().find(|child| child.name == step);
                let child = member.or(row.values);
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
    use serde_json::json;

    use super::*;
    use crate::json::leaked;

    const TABLE: &[Property] = &[
        Property::array("messages", "", "", &[Property::object("", "", "", &[CONTENT])]),
        Property { sent: true, ..Property::number("topP", "", "") },
        Property::integer("maxTokens", "", ""),
        Property { sent: true, ..Property::map("logitBias", "", "", &VALUE) },
        Property { sent: true, ..Property::array("stop", "", "", &[VALUE]) },
    ];
    const CONTENT: Property = Property::string("content", "", "");
    const VALUE: Property = Property::string("", "", "");
    const ALIASES: &[(&str, &str)] = &[("max_completion_tokens", "maxTokens")];

    #[track_caller]
    fn check(param: &str, expected: Option<&str>) {
        assert_eq!(property(param, TABLE, ALIASES).as_deref(), expected, "{param}");
    }

    #[test]
    fn values_are_sent_as_they_were_given_under_their_wire_names() {
        let input = leaked(json!({ "maxTokens": 5, "stop": ["a"], "topP": 0, "other": 1 }));
        assert_eq!(
            given(TABLE, input),
            [("top_p".into(), &json!(0).into()), ("stop".into(), &json!(["a"]).into())]
        );
    }

    #[test]
    fn what_is_empty_is_not_sent() {
        assert!(
            given(TABLE, leaked(json!({ "topP": null, "stop": [], "logitBias": {} }))).is_empty()
        );
    }

    #[test]
    fn wire_names_become_property_names() {
        check("top_p", Some("topP"));
        check("max_completion_tokens", Some("maxTokens"));
        check("stop", Some("stop"));
        check("messages", Some("messages"));
    }

    #[test]
    fn every_spelling_of_a_path_is_understood() {
        check("messages[0].content", Some("messages[0].content"));
        check("messages.[0].content", Some("messages[0].content"));
        check("messages.0.content", Some("messages[0].content"));
        check("stop[3]", Some("stop[3]"));
        check("logit_bias.50256", Some("logitBias.50256"));
    }

    #[test]
    fn a_path_ends_where_the_table_ends() {
        check("messages[2].content[1].text", Some("messages[2].content"));
        check("messages[2].tool_calls", Some("messages[2]"));
        check("messages.content", Some("messages"));
        check("top_p.x", Some("topP"));
    }

    #[test]
    fn other_names_belong_to_no_property() {
        check("seed", None);
        check("topP", None);
        check("", None);
        check("ünknown_ü", None);
    }
}
