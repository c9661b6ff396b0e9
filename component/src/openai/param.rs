//! From the `param` of the API's errors to the property of the form.
//!
//! The API names what it declines by its wire name, in several spellings:
//! `top_p`, `messages[0].content`, `messages.[0].content`,
//! `messages.0.content`. People know the form's names.

use crate::table::{Property, PropertyType};

/// The path of the property that `param` means, as far as `table` goes.
/// `aliases` are the wire names that are not the property's name in
/// `snake_case`, each with its property.
pub fn property(param: &str, table: &[Property], aliases: &[(&str, &str)]) -> Option<String> {
    let mut steps = param.split(['.', '[', ']']).filter(|step| !step.is_empty());
    let wire_name = steps.next()?;
    let alias = aliases.iter().find(|(alias, _)| *alias == wire_name);
    let name = alias.map_or_else(|| camel_case(wire_name), |(_, property)| (*property).into());

    let mut row = table.iter().find(|row| row.name == name)?;
    let mut path = name;
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

/// `frequency_penalty` as `frequencyPenalty`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Property] = &[
        Property::array("messages", "", "", &[Property::object("", "", "", &[CONTENT])]),
        Property::number("topP", "", ""),
        Property::integer("maxTokens", "", ""),
        Property::map("logitBias", "", "", &VALUE),
        Property::array("stop", "", "", &[Property::string("", "", "")]),
    ];
    const CONTENT: Property = Property::string("content", "", "");
    const VALUE: Property = Property::number("", "", "");
    const ALIASES: &[(&str, &str)] = &[("max_completion_tokens", "maxTokens")];

    #[track_caller]
    fn check(param: &str, expected: Option<&str>) {
        assert_eq!(property(param, TABLE, ALIASES).as_deref(), expected, "{param}");
    }

    #[test]
    fn wire_names_become_property_names() {
        check("top_p", Some("topP"));
        check("max_completion_tokens", Some("maxTokens"));
        check("stop", Some("stop"));
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
        check("", None);
        check("ünknown_ü", None);
    }
}
