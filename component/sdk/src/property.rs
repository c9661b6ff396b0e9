//! Property tables: what a form shows and the host validates (`wit/types.wit`,
//! `property`).
//!
//! A table is `const` data: a tree of [`Property`] values. Use
//! `#[derive(Properties)]` to generate it from a struct, and
//! `#[derive(Choices)]` to generate choices from an enum.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Number, Value, json};

pub use crate::bindings::workflow::connector::types::{
    Comparison, ControlType as Control, PropertyType as Type,
};

/// A property, or the shape of an output or of the values in an array or map.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// The key in the JSON object. Empty for a shape.
    pub name: &'static str,
    /// The key that serde writes, if it is not `name`, the key that serde reads. A
    /// struct marked `#[property(output)]` has the written keys as names.
    pub written: Option<&'static str>,
    /// The label that a form shows next to the control.
    pub label: &'static str,
    /// One or more sentences of plain text.
    pub description: &'static str,
    /// The text shown in the empty control.
    pub placeholder: Option<&'static str>,
    /// The type of the value.
    pub kind: Type,
    /// The control.
    pub control: Control,
    /// Whether a value is required.
    pub required: bool,
    /// The heading under which a form shows the property.
    pub group: Option<&'static str>,
    /// Whether a form initially hides the property in a collapsed section.
    pub advanced: bool,
    /// Whether the property is kept only for existing workflows and connections.
    pub deprecated: bool,
    /// Whether the value is a credential.
    pub secret: bool,
    /// The media type of the document that a string contains.
    pub media_type: Option<&'static str>,
    /// How to display a value, such as `markdown`.
    pub display: Option<&'static str>,
    /// The value to use if none is set.
    pub default: Option<Literal>,
    /// The value that the provider uses if none is set.
    pub provider_default: Option<Literal>,
    /// The values to choose from.
    pub choices: Option<ChoiceList>,
    /// When the property applies.
    pub condition: Option<Condition>,
    /// The limits.
    pub limits: Limits,
    /// The members of an object, or the single shape of an array's items.
    pub children: &'static [Property],
    /// The shape of the values of a map.
    pub values: Option<&'static Property>,
}

/// A JSON value that a `const` can hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Literal {
    /// `true` or `false`.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A string.
    String(&'static str),
}

impl From<Literal> for Value {
    fn from(literal: Literal) -> Self {
        match literal {
            Literal::Boolean(flag) => flag.into(),
            Literal::Integer(number) => number.into(),
            Literal::Number(number) => number.into(),
            Literal::String(text) => text.into(),
        }
    }
}

/// One value to choose from.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// The text that a form shows. Empty: the value itself.
    pub label: &'static str,
    /// The value.
    pub value: Literal,
    /// A sentence of explanation, if the label is not enough. May be empty.
    pub description: &'static str,
}

impl Choice {
    /// Creates a choice whose value is also its label.
    pub const fn text(text: &'static str) -> Self {
        Self { label: "", value: Literal::String(text), description: "" }
    }

    /// Creates a choice with a label.
    pub const fn labelled(label: &'static str, text: &'static str) -> Self {
        Self { label, ..Self::text(text) }
    }

    /// Adds a sentence of explanation.
    pub const fn described(self, description: &'static str) -> Self {
        Self { description, ..self }
    }
}

/// The values to choose from.
#[derive(Debug, Clone, Copy)]
pub struct ChoiceList {
    /// The values known in advance, in the order a form shows them.
    pub known: &'static [Choice],
    /// Whether other values are allowed too.
    pub open: bool,
    /// Present if the action's `options` returns the current choices. Lists the
    /// properties that they depend on.
    pub live: Option<&'static [&'static str]>,
}

/// When a property is shown, sent and validated.
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    /// Another property of the same object.
    pub property: &'static str,
    /// The comparison.
    pub matches: Comparison,
    /// The values to compare with.
    pub values: &'static [Literal],
}

/// The limits of a value. All bounds are inclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The minimum of a number.
    pub minimum: Option<f64>,
    /// The maximum of a number.
    pub maximum: Option<f64>,
    /// The minimum length of a string, in Unicode scalar values. A required
    /// string may be empty only if this is 0.
    pub min_length: Option<u32>,
    /// The maximum length of a string, in Unicode scalar values.
    pub max_length: Option<u32>,
    /// The minimum number of items or members.
    pub min_items: Option<u32>,
    /// The maximum number of items or members.
    pub max_items: Option<u32>,
    /// The pattern that a string, or each key of a map, must match from start
    /// to end.
    pub pattern: Option<&'static str>,
    /// The maximum size of a file, in bytes.
    pub max_bytes: Option<u64>,
    /// The accepted file name extensions. Empty: any.
    pub accept: &'static [&'static str],
}

impl Limits {
    /// No limits.
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
}

impl Property {
    /// Creates a shape with only a type and a control.
    pub const fn of(kind: Type, control: Control) -> Self {
        Self {
            name: "",
            written: None,
            label: "",
            description: "",
            placeholder: None,
            kind,
            control,
            required: false,
            group: None,
            advanced: false,
            deprecated: false,
            secret: false,
            media_type: None,
            display: None,
            default: None,
            provider_default: None,
            choices: None,
            condition: None,
            limits: Limits::NONE,
            children: &[],
            values: None,
        }
    }

    /// Returns the shape as a JSON Schema, for
    /// [`Run::output_schema`](crate::Run::output_schema). It contains types,
    /// members, items and which members are required.
    pub fn json_schema(&self) -> Value {
        let kind = match self.kind {
            Type::Boolean => "boolean",
            Type::Integer => "integer",
            Type::Number => "number",
            Type::Array => "array",
            Type::Object | Type::FileEntry => "object",
            Type::String | Type::Date | Type::DateTime | Type::Time => "string",
            Type::Any => return json!({}),
        };
        let mut schema = Map::from_iter([("type".to_owned(), kind.into())]);
        let mut set = |name: &str, value: Value| schema.insert(name.to_owned(), value);
        if let (Type::Array, [item]) = (self.kind, self.children) {
            set("items", item.json_schema());
        } else if !self.children.is_empty() {
            let members = self.children.iter();
            let schemas = members.clone().map(|row| (row.name.to_owned(), row.json_schema()));
            set("properties", schemas.collect());
            let required: Vec<_> = members.filter(|row| row.required).map(|row| row.name).collect();
            if !required.is_empty() {
                set("required", required.into());
            }
        }
        if let Some(values) = self.values {
            set("additionalProperties", values.json_schema());
        }
        schema.into()
    }

    /// Returns the shape of an array's items or of a map's values.
    #[allow(clippy::panic, reason = "evaluated at compile time")]
    pub const fn item(&self) -> Self {
        match (self.values, self.children) {
            (Some(values), _) => *values,
            (None, [item]) => *item,
            _ => panic!("only arrays and maps have items"),
        }
    }

    /// Replaces the shape of the items or values.
    pub const fn with_item(self, item: &'static Self) -> Self {
        match self.values {
            Some(_) => Self { values: Some(item), ..self },
            None => Self { children: std::slice::from_ref(item), ..self },
        }
    }
}

/// What `#[derive(Properties)]` implements for a struct.
///
/// ```
/// use connector_sdk::{Properties, property::Type};
///
/// #[derive(serde::Deserialize, Properties)]
/// #[serde(rename_all = "camelCase")]
/// struct Input {
///     /// The maximum length of the answer.
///     #[property(minimum = 1, default = 4096)]
///     max_tokens: u64,
/// }
///
/// let row = Input::PROPERTIES[0];
/// assert_eq!((row.name, row.label), ("maxTokens", "Max Tokens"));
/// assert_eq!((row.kind, row.required), (Type::Integer, true));
/// ```
pub trait Properties {
    /// The properties, one for each field that a form shows.
    const PROPERTIES: &'static [Property];
    /// The struct's name in camel case: `createImage` for `CreateImage`.
    const NAME: &'static str;
    /// The struct's name in title case: `Create Image`.
    const TITLE: &'static str;
    /// The first paragraph of the struct's doc comment.
    const DESCRIPTION: &'static str;
}

/// A type that a property may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a property",
    note = "derive `Properties` for a struct and `Choices` for an enum",
    note = "the other supported types are `String`, `bool`, integers of up to 64 bits, `f64`, \
            `serde_json::Number`, `serde_json::Value`, `FileEntry`, `Date`, `DateTime`, `Time`, \
            and `Option`, `Vec` and `BTreeMap` of these"
)]
pub trait Shape {
    /// The shape of a value.
    const SHAPE: Property;
    /// Whether a field of this type may be absent.
    const OPTIONAL: bool = false;
}

/// Implements [`Shape`] for types that need only a type and a control.
macro_rules! shapes {
    ($($kind:ident, $control:ident: $($type:ty),+;)+) => { $($(
        impl Shape for $type {
            const SHAPE: Property = Property::of(Type::$kind, Control::$control);
        }
    )+)+ };
}

shapes! {
    String, Text: String;
    Boolean, Select: bool;
    Integer, Integer: i64, isize;
    Number, Number: f32, f64, Number;
    Any, TextArea: Value;
    FileEntry, FileEntry: crate::FileEntry;
    Date, Date: crate::Date;
    DateTime, DateTime: crate::DateTime;
    Time, Time: crate::Time;
}

/// Implements [`Shape`] for integer types that cannot hold every JSON integer.
macro_rules! bounded {
    ($($type:ty: $minimum:expr, $maximum:expr;)+) => { $(
        impl Shape for $type {
            const SHAPE: Property = Property {
                limits: Limits { minimum: $minimum, maximum: $maximum, ..Limits::NONE },
                ..Property::of(Type::Integer, Control::Integer)
            };
        }
    )+ };
}

bounded! {
    i8: Some(i8::MIN as f64), Some(i8::MAX as f64);
    i16: Some(i16::MIN as f64), Some(i16::MAX as f64);
    i32: Some(i32::MIN as f64), Some(i32::MAX as f64);
    u8: Some(0.0), Some(u8::MAX as f64);
    u16: Some(0.0), Some(u16::MAX as f64);
    u32: Some(0.0), Some(u32::MAX as f64);
    u64: Some(0.0), None;
    usize: Some(0.0), None;
}

impl<T: Shape> Shape for Option<T> {
    const SHAPE: Property = T::SHAPE;
    const OPTIONAL: bool = true;
}

impl<T: Shape> Shape for Box<T> {
    const SHAPE: Property = T::SHAPE;
    const OPTIONAL: bool = T::OPTIONAL;
}

impl<T: Shape> Shape for Vec<T> {
    const SHAPE: Property =
        Property { children: &[T::SHAPE], ..Property::of(Type::Array, Control::ArrayBuilder) };
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    const SHAPE: Property =
        Property { values: Some(&T::SHAPE), ..Property::of(Type::Object, Control::ObjectBuilder) };
}

impl<T: Shape, S> Shape for HashMap<String, T, S> {
    const SHAPE: Property = <BTreeMap<String, T>>::SHAPE;
}

impl Shape for Map<String, Value> {
    const SHAPE: Property = <BTreeMap<String, Value>>::SHAPE;
}

/// Returns the path of the property that a provider's parameter refers to, or
/// as much of the path as the table contains. Providers write `top_p`,
/// `messages[0].content`, `messages.[0].content`, `messages.0.content` and the
/// JSON Pointer `/messages/0/content`. Some also name the enclosing object, as in
/// `ticket.due_date`. Users know only the keys of the properties.
pub(crate) fn property_path(table: &[Property], param: &str) -> Option<String> {
    let is_same = |key: &str, name: &str| {
        let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
        plain(key) == plain(name)
    };
    let find = |name: &str| table.iter().find(|row| is_same(row.name, name));
    let mut steps = param.split(['.', '[', ']', '/']).filter(|step| !step.is_empty());
    let first = steps.next()?;
    let mut row = match find(first) {
        Some(row) => row,
        // The enclosing object in the body: `ticket.due_date`.
        None => find(steps.next()?)?,
    };
    let mut path = row.name.to_owned();
    for step in steps {
        let member = || row.children.iter().find(|member| is_same(member.name, step));
        match (row.kind, row.children) {
            (Type::Array, [item]) if step.parse::<usize>().is_ok() => {
                path = format!("{path}[{step}]");
                row = item;
            }
            (Type::Object, _) if let Some(member) = member() => {
                path = format!("{path}.{}", member.name);
                row = member;
            }
            (Type::Object, _) if let Some(values) = row.values => {
                path = format!("{path}.{step}");
                row = values;
            }
            _ => break,
        }
    }
    Some(path)
}

/// Returns the total number of rows in several tables.
#[doc(hidden)]
#[allow(clippy::indexing_slicing, reason = "iterators are not available in a const fn")]
pub const fn length(tables: &[&[Property]]) -> usize {
    let (mut length, mut table) = (0, 0);
    while table < tables.len() {
        length += tables[table].len();
        table += 1;
    }
    length
}

/// Concatenates several tables, for flattened structs.
#[doc(hidden)]
#[allow(clippy::indexing_slicing, reason = "iterators are not available in a const fn")]
pub const fn concatenated<const LENGTH: usize>(tables: &[&[Property]]) -> [Property; LENGTH] {
    let mut rows = [Property::of(Type::Any, Control::None); LENGTH];
    let (mut length, mut table) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            rows[length] = tables[table][row];
            (length, row) = (length + 1, row + 1);
        }
        table += 1;
    }
    rows
}
