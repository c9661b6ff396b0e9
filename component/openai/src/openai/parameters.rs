//! Between the form's properties and the API's parameters, both ways.

use alloc::string::String;
use alloc::vec::Vec;

use crate::describe::Table;
use crate::json::Value;
use crate::table::PropertyType;

/// The parameters that are `sent` as they were given, in the table's order.
/// What is empty is not sent: it means the same as what is not given, and the
/// API refuses it.
pub fn given<'a>(sent: &[&str], input: &'a Value) -> Vec<(String, &'a Value)> {
    let mut parameters = Vec::new();
    for name in sent {
        if let Some(value) = input.get(name)
            && !is_empty(value)
        {
            parameters.push((parameter(name), value));
        }
    }
    parameters
}

/// The name of the request's parameter: `topP` is `top_p`.
fn parameter(name: &str) -> String {
    let mut parameter = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            parameter.push('_');
        }
        parameter.push(character.to_ascii_lowercase());
    }
    parameter
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
pub fn property(param: &str, table: &Table, aliases: &[(&str, &str)]) -> Option<String> {
    let mut steps = param.split(['.', '[', ']']).filter(|step| !step.is_empty());
    let wire_name = steps.next()?;
    let alias = aliases.iter().find(|(alias, _)| *alias == wire_name);
    let mut row = table.find(&table.roots, |name| match alias {
        Some((_, alias)) => name == *alias,
        None => parameter(name) == wire_name,
    })?;

    let mut path = row.name.clone();
    for step in steps {
        let child = match row.type_ {
            PropertyType::Array if step.parse::<usize>().is_ok() => {
                path = format!("{path}[{step}]");
                table.find(&row.children, |_| true)
            }
            PropertyType::Object => {
                let member = table.find(&row.children, |name| name == step);
                let child = member.or_else(|| table.find(row.values.as_slice(), |_| true));
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
    use crate::table::Property;
    use crate::table::read::Reader;
    use crate::table::write::Writer;

    const TABLE: &[Property] = &[
        Property::array("messages", "", "", &[Property::object("", "", "", &[CONTENT])]),
        Property::number("topP", "", ""),
        Property::integer("maxTokens", "", ""),
        Property::map("logitBias", "", "", &VALUE),
        Property::array("stop", "", "", &[VALUE]),
    ];
    const CONTENT: Property = Property::string("content", "", "");
    const VALUE: Property = Property::string("", "", "");
    const SENT: &[&str] = &["topP", "logitBias", "stop"];
    const ALIASES: &[(&str, &str)] = &[("max_completion_tokens", "maxTokens")];

    #[track_caller]
    fn check(param: &str, expected: Option<&str>) {
        let mut writer = Writer::new();
        writer.rows(TABLE);
        let bytes: [u8; 1000] = writer.bytes.array();
        let mut reader = Reader::new(&bytes);
        let table = Table { roots: reader.rows(), rows: reader.rows };
        assert_eq!(property(param, &table, ALIASES).as_deref(), expected, "{param}");
    }

    #[test]
    fn a_parameter_is_named_after_its_property() {
        for (name, expected) in [("n", "n"), ("topP", "top_p"), ("b64Json", "b64_json")] {
            assert_eq!(parameter(name), expected);
        }
    }

    #[test]
    fn values_are_sent_as_they_were_given_under_their_wire_names() {
        let input = leaked(json!({ "maxTokens": 5, "stop": ["a"], "topP": 0, "other": 1 }));
        assert_eq!(
            given(SENT, input),
            [("top_p".into(), &json!(0).into()), ("stop".into(), &json!(["a"]).into())]
        );
    }

    #[test]
    fn what_is_empty_is_not_sent() {
        assert!(
            given(SENT, leaked(json!({ "topP": null, "stop": [], "logitBias": {} }))).is_empty()
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
