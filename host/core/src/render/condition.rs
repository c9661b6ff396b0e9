//! Renders conditions as schemas, expressions and sentences.

use serde_json::{Map, Value, json};

use super::{is_template, plain, text};
use crate::contract::table::{
    Choice, Comparison, Condition, Property, PropertyTable, PropertyType, same,
};

/// The schema that an object with `members` matches if and only if the property
/// applies. `None` if it always applies.
///
/// An absent value counts as the property's default. If the default meets the
/// condition, an absent member meets it too. Otherwise, the schema lists the member
/// in `required`, because `properties` alone accepts an absent member. A hidden
/// property has no value, so this schema includes the condition of the property
/// that the condition refers to.
pub(super) fn schema(property: &Property, members: &[Property]) -> Option<Value> {
    let condition = property.condition.as_ref()?;
    if condition.values.iter().any(is_template) {
        return None;
    }
    let referenced = members.iter().find(|member| member.name == condition.property)?;
    let met = met(condition, referenced);
    // `json!` would copy its operands, again for each condition of a chain.
    let keyword = |name: &str, value| Value::Object(Map::from_iter([(name.to_owned(), value)]));
    Some(match (schema(referenced, members), condition.matches) {
        (None, _) => met,
        (Some(counts), Comparison::Absent) => {
            keyword("anyOf", Value::Array(vec![keyword("not", counts), met]))
        }
        (Some(counts), _) => keyword("allOf", Value::Array(vec![counts, met])),
    })
}

/// Whether the property applies in this object, by the same rules.
pub(super) fn holds(
    property: &Property,
    members: &[Property],
    object: &Map<String, Value>,
) -> bool {
    let Some(condition) = &property.condition else { return true };
    let referenced = members.iter().find(|member| member.name == condition.property);
    let Some(referenced) = referenced else { return true };
    if condition.values.iter().any(is_template) {
        return true;
    }
    let given = || object.get(&referenced.name).or(referenced.default.as_ref());
    let value = if holds(referenced, members, object) { given() } else { None };
    condition.holds(value)
}

fn met(condition: &Condition, referenced: &Property) -> Value {
    let name = &referenced.name;
    let default = referenced.default.as_ref();
    let listed = |value: &Value| condition.values.iter().any(|other| same(value, other));
    match condition.matches {
        Comparison::OneOf => {
            let test = any_of(&condition.values);
            member(name, test, default.is_some_and(listed))
        }
        Comparison::NoneOf => {
            let met_by_default = default.is_some_and(|value| !listed(value));
            let mut others = condition.values.clone();
            if !met_by_default {
                others.extend_from_slice(blanks(referenced.kind));
            }
            member(name, json!({ "not": any_of(&others) }), met_by_default)
        }
        Comparison::Present if default.is_some() => json!({}),
        Comparison::Absent if default.is_some() => json!({ "not": {} }),
        Comparison::Present => present(referenced),
        Comparison::Absent => json!({ "not": present(referenced) }),
    }
}

fn present(referenced: &Property) -> Value {
    match blanks(referenced.kind) {
        [] => json!({ "required": [referenced.name] }),
        blanks => member(&referenced.name, json!({ "not": any_of(blanks) }), false),
    }
}

fn member(name: &str, test: Value, met_by_absence: bool) -> Value {
    let mut schema = Map::new();
    schema.insert("properties".to_owned(), json!({ name: test }));
    if !met_by_absence {
        schema.insert("required".to_owned(), json!([name]));
    }
    Value::Object(schema)
}

fn any_of(values: &[Value]) -> Value {
    match values {
        [value] => json!({ "const": value }),
        values => json!({ "enum": values }),
    }
}

/// The values of this type that mean "not given" to the host.
fn blanks(kind: PropertyType) -> &'static [Value] {
    static TEXT: [Value; 1] = [Value::String(String::new())];
    static ANY: [Value; 2] = [Value::String(String::new()), Value::Null];
    match kind {
        PropertyType::String | PropertyType::Date | PropertyType::DateTime | PropertyType::Time => {
            &TEXT
        }
        PropertyType::Any => &ANY,
        _ => &[],
    }
}

/// The condition as an expression for engines: `responseFormat != 0`.
pub(super) fn expression(condition: &Condition) -> String {
    let compare = |operator: &str, conjunction: &str| {
        let parts = condition.values.iter().map(|value| {
            let value = match value {
                Value::String(value) => format!("'{}'", value.replace('\'', "''")),
                other => other.to_string(),
            };
            format!("{} {operator} {value}", condition.property)
        });
        parts.collect::<Vec<_>>().join(conjunction)
    };
    let expression = match condition.matches {
        Comparison::OneOf => compare("==", " or "),
        Comparison::NoneOf => compare("!=", " and "),
        Comparison::Present => format!("{} != null", condition.property),
        Comparison::Absent => format!("{} == null", condition.property),
    };
    text(&expression)
}

/// The condition in words: `Response Format is Object or List`.
pub(super) fn words(condition: &Condition, members: &[Property]) -> String {
    let referenced = members.iter().find(|member| member.name == condition.property);
    let label = referenced.map_or(&condition.property, |property| match property.label.as_str() {
        "" => &property.name,
        _ => &property.label,
    });
    let named = |value: &Value| {
        let choice = choice(referenced, value);
        choice.map_or_else(|| plain(value), |choice| choice.label.clone())
    };
    sentence(condition, referenced, label, ("has a value", "has no value"), named)
}

/// The condition in words, for readers who write values and do not see labels:
/// `` `responseFormat` is 1 (Object) or 2 (List)``.
pub(super) fn by_name(condition: &Condition, members: &[Property]) -> String {
    let referenced = members.iter().find(|member| member.name == condition.property);
    let name = format!("`{}`", condition.property);
    let named = |value: &Value| {
        let shown = plain(value);
        match choice(referenced, value) {
            Some(choice) if choice.label != shown => format!("{shown} ({})", choice.label),
            _ => shown,
        }
    };
    sentence(condition, referenced, &name, ("is given", "is not given"), named)
}

/// A sentence for each value that the host ignored, because the property at this path
/// does not apply.
pub(crate) fn ignored(table: &PropertyTable, paths: &[String]) -> Vec<String> {
    let sentence = |path: &String| {
        let found = table.member_at(path);
        let condition = found.and_then(|(row, members)| Some((row.condition.as_ref()?, members)));
        let reason = condition.map_or_else(
            || "it does not apply".to_owned(),
            |(condition, members)| format!("it is only used if {}", by_name(condition, members)),
        );
        format!("`{}` was ignored: {reason}", text(path))
    };
    paths.iter().map(sentence).collect()
}

fn choice<'a>(referenced: Option<&'a Property>, value: &Value) -> Option<&'a Choice> {
    let known = &referenced?.choices.as_ref()?.known;
    known.iter().find(|choice| same(&choice.value, value))
}

fn sentence(
    condition: &Condition,
    referenced: Option<&Property>,
    name: &str,
    (present, absent): (&str, &str),
    named: impl Fn(&Value) -> String,
) -> String {
    let choices = referenced.and_then(|property| property.choices.as_ref());
    let is_closed = choices.is_some_and(|choices| !choices.open && choices.dynamic.is_none());
    let known = choices.map_or(&[][..], |choices| &choices.known);
    let listed = |value: &Value| condition.values.iter().any(|other| same(value, other));
    let rest: Vec<&Value> =
        known.iter().map(|choice| &choice.value).filter(|value| !listed(value)).collect();
    let words = match condition.matches {
        Comparison::Present => format!("{name} {present}"),
        Comparison::Absent => format!("{name} {absent}"),
        Comparison::OneOf => {
            format!("{name} is {}", enumeration(condition.values.iter().map(named), "or"))
        }
        // For a closed list, the allowed values read better than the excluded ones.
        Comparison::NoneOf if is_closed && !rest.is_empty() => {
            format!("{name} is {}", enumeration(rest.into_iter().map(named), "or"))
        }
        Comparison::NoneOf => {
            let others = enumeration(condition.values.iter().map(named), "and");
            format!("{name} has a value other than {others}")
        }
    };
    text(&words)
}

fn enumeration(words: impl Iterator<Item = String>, conjunction: &str) -> String {
    let words: Vec<String> = words.collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, front)) => format!("{} {conjunction} {last}", front.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::ControlType;
    use crate::fixture::{array, closed, object, row, string, when};

    fn format(default: Option<Value>) -> Property {
        Property {
            label: "Format".to_owned(),
            default,
            choices: closed(&[("Text", json!(0)), ("Object", json!(1)), ("List", json!(2))]),
            ..row("format", PropertyType::Integer, ControlType::Select)
        }
    }

    fn conditional(matches: Comparison, values: &[Value]) -> Property {
        Property { condition: when("format", matches, values), ..string("schema") }
    }

    /// Checks which instances the schema of the condition accepts.
    fn check(members: &[Property], expected: &[(Value, bool)]) {
        let schema = schema(members.last().unwrap(), members).unwrap();
        for (instance, holds) in expected {
            assert_eq!(jsonschema::is_valid(&schema, instance), *holds, "{schema} {instance}");
        }
    }

    #[test]
    fn none_of_requires_a_value() {
        let members = [format(None), conditional(Comparison::NoneOf, &[json!(0)])];
        assert_eq!(
            schema(&members[1], &members).unwrap(),
            json!({
                "properties": { "format": { "not": { "const": 0 } } },
                "required": ["format"],
            })
        );
        check(
            &members,
            &[(json!({}), false), (json!({"format": 0}), false), (json!({"format": 2}), true)],
        );
    }

    #[test]
    fn an_absent_value_is_the_default() {
        let none_of = |default| [format(default), conditional(Comparison::NoneOf, &[json!(0)])];
        check(&none_of(Some(json!(0))), &[(json!({}), false), (json!({"format": 1}), true)]);
        check(&none_of(Some(json!(1))), &[(json!({}), true), (json!({"format": 0}), false)]);
        let one_of = |default| [format(default), conditional(Comparison::OneOf, &[json!(1)])];
        check(&one_of(Some(json!(1))), &[(json!({}), true), (json!({"format": 0}), false)]);
        check(&one_of(Some(json!(0))), &[(json!({}), false), (json!({"format": 1}), true)]);
        let present = [format(Some(json!(0))), conditional(Comparison::Present, &[])];
        check(&present, &[(json!({}), true)]);
        let absent = [format(Some(json!(0))), conditional(Comparison::Absent, &[])];
        check(&absent, &[(json!({}), false)]);
    }

    #[test]
    fn an_empty_string_counts_as_absent() {
        let present = [string("format"), conditional(Comparison::Present, &[])];
        check(
            &present,
            &[(json!({}), false), (json!({"format": ""}), false), (json!({"format": "a"}), true)],
        );
        let absent = [string("format"), conditional(Comparison::Absent, &[])];
        check(&absent, &[(json!({}), true), (json!({"format": ""}), true)]);
        let none_of = [string("format"), conditional(Comparison::NoneOf, &[json!("a")])];
        check(&none_of, &[(json!({"format": ""}), false), (json!({"format": "b"}), true)]);
    }

    #[test]
    fn a_hidden_property_has_no_value() {
        let outer = string("outer");
        let format = Property {
            condition: when("outer", Comparison::Present, &[]),
            ..format(Some(json!(1)))
        };
        let one_of = [outer.clone(), format.clone(), conditional(Comparison::OneOf, &[json!(1)])];
        check(&one_of, &[(json!({"format": 1}), false), (json!({"outer": "a"}), true)]);
        let absent = [outer, format, conditional(Comparison::Absent, &[])];
        check(&absent, &[(json!({"format": 1}), true), (json!({"outer": "a"}), false)]);
    }

    #[test]
    fn renders_expressions() {
        let expression =
            |matches, values: &[Value]| expression(&when("format", matches, values).unwrap());
        assert_eq!(expression(Comparison::NoneOf, &[json!(0)]), "format != 0");
        assert_eq!(
            expression(Comparison::OneOf, &[json!("a"), json!("it's")]),
            "format == 'a' or format == 'it''s'"
        );
        assert_eq!(expression(Comparison::Present, &[]), "format != null");
        assert_eq!(expression(Comparison::Absent, &[]), "format == null");
    }

    #[test]
    fn says_why_a_value_was_ignored() {
        let members = vec![format(None), conditional(Comparison::OneOf, &[json!(2)])];
        let list = array("list", object("", members.clone()));
        let table = PropertyTable::from([members, vec![list]].concat());
        let paths = ["schema", "list[1].schema", "format"].map(str::to_owned);
        assert_eq!(
            ignored(&table, &paths),
            [
                "`schema` was ignored: it is only used if `format` is 2 (List)",
                "`list[1].schema` was ignored: it is only used if `format` is 2 (List)",
                "`format` was ignored: it does not apply",
            ]
        );
    }

    #[test]
    fn renders_sentences() {
        let words = |matches, values: &[Value]| {
            words(&when("format", matches, values).unwrap(), &[format(None)])
        };
        assert_eq!(words(Comparison::NoneOf, &[json!(0)]), "Format is Object or List");
        assert_eq!(words(Comparison::OneOf, &[json!(2)]), "Format is List");
        assert_eq!(words(Comparison::OneOf, &[json!(7)]), "Format is 7");
        assert_eq!(words(Comparison::Present, &[]), "Format has a value");
        assert_eq!(words(Comparison::Absent, &[]), "Format has no value");
        let by_name = |matches, values: &[Value]| {
            by_name(&when("format", matches, values).unwrap(), &[format(None)])
        };
        assert_eq!(by_name(Comparison::NoneOf, &[json!(0)]), "`format` is 1 (Object) or 2 (List)");
        assert_eq!(by_name(Comparison::OneOf, &[json!(7)]), "`format` is 7");
        assert_eq!(by_name(Comparison::Present, &[]), "`format` is given");
        assert_eq!(by_name(Comparison::Absent, &[]), "`format` is not given");
    }
}
