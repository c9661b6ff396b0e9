//! Property tables as data.
//!
//! An action or a connection declares its properties as one `const` slice of
//! [`Property`]: a tree, written the way people read it. [`flatten`] lays that
//! tree flat for the contract, whose types cannot recurse, and [`schema`]
//! writes the JSON Schema of a value that a row describes.

use crate::bindings::workflow::connector::types;
pub use crate::bindings::workflow::connector::types::{Comparison, ControlType, PropertyType};
use crate::json::{Json, Object};

/// One row: a property, the shape of an array's items, or the shape of a
/// map's values.
#[derive(Clone, Copy)]
pub struct Property {
    /// The key in the JSON object; empty for items and values.
    pub name: &'static str,
    /// What a form shows beside the control.
    pub label: &'static str,
    /// One or more sentences, plain text.
    pub description: &'static str,
    /// Text shown in the empty control.
    pub placeholder: Option<&'static str>,
    /// The kind of value.
    pub kind: PropertyType,
    /// The control.
    pub control: ControlType,
    /// Whether a value must be given.
    pub required: bool,
    /// Whether a form folds the property away at first.
    pub advanced: bool,
    /// Whether the value is a credential.
    pub secret: bool,
    /// The value that holds when none is given.
    pub default: Option<&'static Literal>,
    /// What the provider takes when none is given.
    pub provider_default: Option<&'static Literal>,
    /// The values that are offered.
    pub choices: Option<&'static Choices>,
    /// When the property counts.
    pub condition: Option<&'static Condition>,
    /// The bounds.
    pub limits: &'static Limits,
    /// The members of an object, or the one shape of an array's items.
    pub children: &'static [Property],
    /// The shape of a map's values.
    pub values: Option<&'static Property>,
    /// The request's parameter that carries the value as it was given. None
    /// if the action makes something else of it.
    pub wire: Option<&'static str>,
}

/// A JSON value that a `const` can hold.
#[derive(Clone, Copy)]
pub enum Literal {
    /// A string.
    Text(&'static str),
    /// A whole number.
    Integer(i32),
    /// `true` or `false`.
    Boolean(bool),
}

/// The values that a property offers.
#[derive(Clone, Copy)]
pub struct Choices {
    /// The values known beforehand, in the order a form shows them.
    pub known: &'static [Choice],
    /// Whether other values are allowed too.
    pub open: bool,
    /// Present if `actions.options` has a current list: the properties on
    /// which that list depends.
    pub dynamic: Option<&'static [&'static str]>,
}

/// One value that a property offers.
#[derive(Clone, Copy)]
pub struct Choice {
    /// What a form shows.
    pub label: &'static str,
    /// The value.
    pub value: Literal,
    /// A sentence about it, if the label does not say enough.
    pub description: Option<&'static str>,
}

/// When a property is shown, sent and checked.
#[derive(Clone, Copy)]
pub struct Condition {
    /// Another property of the same object.
    pub property: &'static str,
    /// The comparison.
    pub matches: Comparison,
    /// What is compared with.
    pub values: &'static [Literal],
}

/// Bounds of a value, each inclusive.
#[derive(Clone, Copy)]
pub struct Limits {
    /// The smallest number.
    pub minimum: Option<f64>,
    /// The largest number.
    pub maximum: Option<f64>,
    /// The shortest text, in Unicode scalar values.
    pub min_length: Option<u32>,
    /// The longest text, in Unicode scalar values.
    pub max_length: Option<u32>,
    /// The fewest items or members.
    pub min_items: Option<u32>,
    /// The most items or members.
    pub max_items: Option<u32>,
    /// What a text, or each key of a map, must match.
    pub pattern: Option<&'static str>,
    /// The largest file, in bytes.
    pub max_bytes: Option<u64>,
    /// The file name extensions that are taken.
    pub accept: &'static [&'static str],
}

impl Property {
    /// A string in one line of text.
    pub const fn string(
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(PropertyType::String, ControlType::Text, name, label, description)
    }

    /// A whole number.
    pub const fn integer(
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(PropertyType::Integer, ControlType::Integer, name, label, description)
    }

    /// A number.
    pub const fn number(
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(PropertyType::Number, ControlType::Number, name, label, description)
    }

    /// Yes or no.
    pub const fn boolean(
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(PropertyType::Boolean, ControlType::Select, name, label, description)
    }

    /// A list; `items` holds the one shape of its items.
    pub const fn array(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        items: &'static [Property],
    ) -> Self {
        let row =
            Self::new(PropertyType::Array, ControlType::ArrayBuilder, name, label, description);
        Self { children: items, ..row }
    }

    /// An object with these members.
    pub const fn object(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        members: &'static [Property],
    ) -> Self {
        let row =
            Self::new(PropertyType::Object, ControlType::ObjectBuilder, name, label, description);
        Self { children: members, ..row }
    }

    /// An object with keys of the user's choosing.
    pub const fn map(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        values: &'static Property,
    ) -> Self {
        Self { values: Some(values), ..Self::object(name, label, description, &[]) }
    }

    /// A file.
    pub const fn file(name: &'static str, label: &'static str, description: &'static str) -> Self {
        Self::new(PropertyType::FileEntry, ControlType::FileEntry, name, label, description)
    }

    /// One of the choices, which may be JSON of any type.
    pub const fn any(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        choices: &'static Choices,
    ) -> Self {
        let row = Self::new(PropertyType::Any, ControlType::Select, name, label, description);
        row.select(choices)
    }

    /// The same property, chosen from a list.
    pub const fn select(self, choices: &'static Choices) -> Self {
        Self { control: ControlType::Select, choices: Some(choices), ..self }
    }

    const fn new(
        kind: PropertyType,
        control: ControlType,
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            label,
            description,
            placeholder: None,
            kind,
            control,
            required: false,
            advanced: false,
            secret: false,
            default: None,
            provider_default: None,
            choices: None,
            condition: None,
            limits: &Limits::NONE,
            children: &[],
            values: None,
            wire: None,
        }
    }
}

impl Choices {
    /// No other value is allowed.
    pub const fn closed(known: &'static [Choice]) -> Self {
        Self { known, open: false, dynamic: None }
    }

    /// Other values are allowed too.
    pub const fn open(known: &'static [Choice]) -> Self {
        Self { known, open: true, dynamic: None }
    }

    /// Other values are allowed too, and the provider has a list of them that
    /// depends on no other property.
    pub const fn live(known: &'static [Choice]) -> Self {
        Self { known, open: true, dynamic: Some(&[]) }
    }
}

impl Choice {
    /// A text that is its own label.
    pub const fn text(value: &'static str) -> Self {
        Self::labelled(value, Literal::Text(value))
    }

    /// A value with a label.
    pub const fn labelled(label: &'static str, value: Literal) -> Self {
        Self { label, value, description: None }
    }

    /// The same choice with a sentence about it.
    pub const fn described(self, description: &'static str) -> Self {
        Self { description: Some(description), ..self }
    }
}

impl Limits {
    /// No bounds.
    pub const NONE: Self = Self {
        minimum: None,
        maximum: None,
        min_length: None,
        max_length: None,
        min_items: None,
        max_items: None,
        pattern: None,
        max_bytes: None,
        accept: &[],
    };

    /// Numbers from `minimum` to `maximum`.
    pub const fn range(minimum: f64, maximum: f64) -> Self {
        Self { minimum: Some(minimum), maximum: Some(maximum), ..Self::NONE }
    }

    /// At least one item.
    pub const NOT_EMPTY: Self = Self { min_items: Some(1), ..Self::NONE };
}

impl Literal {
    /// The value as JSON text.
    pub fn json(self) -> String {
        match self {
            Self::Text(text) => Json::of(text).text(),
            Self::Integer(number) => Json::of(i64::from(number)).text(),
            Self::Boolean(value) => Json::of(value).text(),
        }
    }
}

/// Lays a tree flat: each row before its descendants, in the tree's order.
pub fn flatten(roots: &[Property]) -> types::PropertyTable {
    let mut properties = Vec::new();
    let roots = roots.iter().map(|root| lay(root, &mut properties)).collect();
    types::PropertyTable { properties, roots }
}

/// Appends a row and its descendants, and returns the row's position.
fn lay(property: &Property, rows: &mut Vec<types::Property>) -> u32 {
    let position = rows.len();
    rows.push(row(property));
    let children = property.children.iter().map(|child| lay(child, rows)).collect();
    let values = property.values.map(|values| lay(values, rows));
    if let Some(row) = rows.get_mut(position) {
        row.children = children;
        row.values = values;
    }
    position as u32
}

/// A row by itself, not yet tied to its descendants.
fn row(property: &Property) -> types::Property {
    types::Property {
        name: property.name.into(),
        label: property.label.into(),
        description: property.description.into(),
        placeholder: property.placeholder.map(Into::into),
        type_: property.kind,
        control: property.control,
        required: property.required,
        advanced: property.advanced,
        secret: property.secret,
        default: property.default.map(|literal| literal.json()),
        provider_default: property.provider_default.map(|literal| literal.json()),
        choices: property.choices.map(choices),
        condition: property.condition.map(condition),
        limits: limits(property.limits),
        children: Vec::new(),
        values: None,
    }
}

fn choices(choices: &Choices) -> types::Choices {
    let known = choices.known.iter().map(|choice| types::Choice {
        label: choice.label.into(),
        value: choice.value.json(),
        description: choice.description.map(Into::into),
    });
    types::Choices {
        known: known.collect(),
        open: choices.open,
        dynamic: choices.dynamic.map(owned),
    }
}

fn condition(condition: &Condition) -> types::Condition {
    types::Condition {
        property: condition.property.into(),
        matches: condition.matches,
        values: condition.values.iter().map(|value| value.json()).collect(),
    }
}

fn limits(limits: &Limits) -> types::Limits {
    types::Limits {
        minimum: limits.minimum,
        maximum: limits.maximum,
        min_length: limits.min_length,
        max_length: limits.max_length,
        min_items: limits.min_items,
        max_items: limits.max_items,
        pattern: limits.pattern.map(Into::into),
        max_bytes: limits.max_bytes,
        accept: owned(limits.accept),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).into()).collect()
}

/// The JSON Schema of a value that a row describes.
pub fn schema(property: &Property) -> Json {
    let (type_, format) = match property.kind {
        PropertyType::String => ("string", None),
        PropertyType::Date => ("string", Some("date")),
        PropertyType::DateTime => ("string", Some("date-time")),
        PropertyType::Time => ("string", Some("time")),
        PropertyType::Integer => ("integer", None),
        PropertyType::Number => ("number", None),
        PropertyType::Boolean => ("boolean", None),
        PropertyType::Array => ("array", None),
        PropertyType::Object | PropertyType::FileEntry => ("object", None),
        PropertyType::Any => return Object::new().done(),
    };
    let mut object = Object::new();
    object.set("type", type_).set_some("format", format);
    match property.kind {
        PropertyType::Array => {
            object.set_some("items", property.children.first().map(schema)).done()
        }
        PropertyType::Object => members(object, property.children),
        PropertyType::FileEntry => members(object, FILE_ENTRY),
        _ => object.done(),
    }
}

/// The members of a file handle.
const FILE_ENTRY: &[Property] = &[
    Property { required: true, ..Property::string("extension", "", "") },
    Property { required: true, ..Property::string("mimeType", "", "") },
    Property { required: true, ..Property::string("name", "", "") },
    Property { required: true, ..Property::string("url", "", "") },
];

/// The schema of an object, with its members.
fn members(mut object: Object, members: &[Property]) -> Json {
    let mut properties = Object::new();
    let mut required = Vec::new();
    for member in members {
        properties.set(member.name, schema(member));
        if member.required {
            required.push(Json::of(member.name));
        }
    }
    object.set("properties", properties.done()).set("required", Json::list(&required)).done()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ITEM: Property = Property::object(
        "",
        "",
        "",
        &[
            Property { required: true, ..Property::string("content", "Content", "What is said.") },
            Property::number("weight", "Weight", ""),
        ],
    );
    const BIAS: Property = Property::number("", "", "");
    const TABLE: &[Property] = &[
        Property::array("messages", "Messages", "", &[ITEM]),
        Property::map("logitBias", "Logit Bias", "", &BIAS),
        Property {
            default: Some(&Literal::Integer(0)),
            ..Property::integer("format", "Format", "").select(&Choices::closed(&[
                Choice::labelled("Text", Literal::Integer(0)),
                Choice::labelled("Object", Literal::Integer(1)).described("A JSON object."),
            ]))
        },
        Property {
            condition: Some(&Condition {
                property: "format",
                matches: Comparison::NoneOf,
                values: &[Literal::Integer(0)],
            }),
            ..Property::string("schema", "Schema", "")
        },
    ];

    #[test]
    fn rows_stand_before_their_descendants() {
        let table = flatten(TABLE);
        let names: Vec<_> = table.properties.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(
            names,
            ["messages", "", "content", "weight", "logitBias", "", "format", "schema"]
        );
        assert_eq!(table.roots, [0, 4, 6, 7]);
        assert_eq!(table.properties[0].children, [1]);
        assert_eq!(table.properties[1].children, [2, 3]);
        assert_eq!(table.properties[4].values, Some(5));
        assert!(table.properties[4].children.is_empty());
    }

    #[test]
    fn every_row_but_a_root_has_exactly_one_parent() {
        let table = flatten(TABLE);
        let mut parents = vec![0; table.properties.len()];
        for (position, row) in table.properties.iter().enumerate() {
            for child in row.children.iter().chain(&row.values) {
                assert!(position < *child as usize);
                parents[*child as usize] += 1;
            }
        }
        for (position, parents) in parents.into_iter().enumerate() {
            assert_eq!(parents, i32::from(!table.roots.contains(&(position as u32))));
        }
    }

    #[test]
    fn values_are_json_text() {
        let table = flatten(TABLE);
        let format = &table.properties[6];
        assert_eq!(format.default.as_deref(), Some("0"));
        let choices = format.choices.as_ref().unwrap();
        assert_eq!(choices.known[1].value, "1");
        assert_eq!(choices.known[1].description.as_deref(), Some("A JSON object."));
        let condition = table.properties[7].condition.as_ref().unwrap();
        assert_eq!(condition.values, ["0"]);
        assert_eq!(Literal::Text("say \"hi\"").json(), r#""say \"hi\"""#);
    }

    #[test]
    fn a_row_has_a_json_schema() {
        assert_eq!(
            schema(&TABLE[0]),
            json!({
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "content": { "type": "string" },
                        "weight": { "type": "number" },
                    },
                    "required": ["content"],
                },
            })
        );
    }
}
