//! Property tables, with which a connector describes inputs, outputs and
//! connections.
//!
//! [`describe`](crate::describe) builds them from a connector's rows and rejects
//! inconsistent ones, so forms, documents and input validation can rely on them.

use regex::Regex;
use regex_syntax::ast::parse::Parser;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The maximum length of a message that contains strings from a component.
pub(crate) const MAX_MESSAGE: usize = 300;
/// The maximum compiled size of a `pattern`, which bounds its memory and time.
const MAX_PATTERN_BYTES: usize = 64 * 1024;

/// A validated property table: the members of a JSON object, in form order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PropertyTable {
    properties: Vec<Property>,
}

/// A property. The record `property` in `wit/types.wit` explains each field.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Property {
    /// The key. Empty for the items of an array and the values of a map.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The label of the form field.
    pub label: String,
    /// The description, in plain text.
    pub description: String,
    /// The text shown in the empty field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    /// The kind of value.
    #[serde(rename = "type")]
    pub kind: PropertyType,
    /// The control.
    pub control: ControlType,
    /// Whether a value is required.
    pub required: bool,
    /// The heading under which a form shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether a form hides it at first.
    pub advanced: bool,
    /// Whether it is kept only for existing workflows and connections.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Whether it is a credential.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// The media type of the document that a string holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// How to display a value, such as `markdown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// The value used when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The value that the provider uses when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_default: Option<Value>,
    /// The choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Choices>,
    /// The condition under which the property applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// The limits.
    #[serde(skip_serializing_if = "PropertyLimits::is_empty")]
    pub limits: PropertyLimits,
    /// The members of an object, or the shape of an array's items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Property>,
    /// The shape of the values of a map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Box<Property>>,
}

/// The kind of JSON value (`property-type` in `wit/types.wit`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum PropertyType {
    /// A JSON string.
    String,
    /// A JSON number without a fraction.
    Integer,
    /// A JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An RFC 3339 `full-date`.
    Date,
    /// An RFC 3339 `date-time`.
    DateTime,
    /// An RFC 3339 `partial-time`.
    Time,
    /// A JSON array.
    Array,
    /// A JSON object.
    Object,
    /// A file handle.
    FileEntry,
    /// Any JSON value.
    Any,
}

/// The control in a form (`control-type` in `wit/types.wit`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ControlType {
    /// One line of text.
    Text,
    /// Several lines of text.
    TextArea,
    /// Formatted text.
    RichText,
    /// Source code.
    CodeEditor,
    /// A JSON Schema.
    JsonSchemaBuilder,
    /// An email address.
    Email,
    /// A phone number.
    Phone,
    /// A URL.
    Url,
    /// Masked text.
    Password,
    /// A calendar date.
    Date,
    /// A date and a time.
    DateTime,
    /// A time of day.
    Time,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// One of the choices.
    Select,
    /// Several of the choices.
    MultiSelect,
    /// A list edited item by item.
    ArrayBuilder,
    /// An object edited member by member.
    ObjectBuilder,
    /// A file picker.
    FileEntry,
    /// No control.
    None,
}

/// The choices of a property.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Choices {
    /// The choices known when the connector was built.
    pub known: Vec<Choice>,
    /// Whether other values are allowed too.
    pub open: bool,
    /// The properties on which the dynamic list depends, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic: Option<Vec<String>>,
}

/// A choice.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Choice {
    /// The label shown in a form.
    pub label: String,
    /// The value.
    pub value: Value,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The condition under which a property applies: `property` of the same object
/// `matches` `values`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Condition {
    /// The property that it compares.
    pub property: String,
    /// The comparison.
    pub matches: Comparison,
    /// The values to compare with.
    pub values: Vec<Value>,
}

impl Condition {
    /// Whether a value of that property meets the condition.
    pub(crate) fn holds(&self, value: Option<&Value>) -> bool {
        let listed = |value: &Value| self.values.iter().any(|other| same(other, value));
        match self.matches {
            Comparison::OneOf => value.is_some_and(listed),
            Comparison::NoneOf => value.is_some_and(|value| !listed(value)),
            Comparison::Present => value.is_some(),
            Comparison::Absent => value.is_none(),
        }
    }
}

/// How a condition compares (`comparison` in `wit/types.wit`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Comparison {
    /// Equals one of the values.
    OneOf,
    /// Is present and equals none of the values.
    NoneOf,
    /// Is present.
    Present,
    /// Is absent.
    Absent,
}

/// Inclusive limits (`limits` in `wit/types.wit`).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PropertyLimits {
    /// The minimum number.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub minimum: Option<f64>,
    /// The maximum number.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub maximum: Option<f64>,
    /// The minimum length of a string, in Unicode scalar values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// The maximum length of a string, in Unicode scalar values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// The minimum number of items or members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u32>,
    /// The maximum number of items or members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u32>,
    /// The pattern of a string or of the keys of a map.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    /// The maximum size of a file, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// The accepted file name extensions. If empty, any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
}

/// A regular expression that must match a whole string.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

/// Why a table was rejected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("property table: {row}: {reason}")]
#[non_exhaustive]
pub struct TableError {
    /// The path or position of the invalid row.
    pub row: String,
    /// Why it is invalid.
    pub reason: String,
}

impl Property {
    /// A property with only a name, which is also its label, a type and a control.
    pub(crate) fn new(name: &str, kind: PropertyType, control: ControlType) -> Self {
        Self {
            name: name.to_owned(),
            label: name.to_owned(),
            description: String::new(),
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
            limits: PropertyLimits::default(),
            children: Vec::new(),
            values: None,
        }
    }

    /// Whether it is or contains a file.
    pub(crate) fn holds_file(&self) -> bool {
        self.kind == PropertyType::FileEntry
            || self.children.iter().chain(self.values.as_deref()).any(Self::holds_file)
    }
}

impl PropertyTable {
    /// Creates a table from validated properties.
    pub(crate) fn new(properties: Vec<Property>) -> Self {
        Self { properties }
    }

    /// The properties, in form order.
    pub fn iter(&self) -> std::slice::Iter<'_, Property> {
        self.properties.iter()
    }

    /// The properties as a slice.
    pub fn as_slice(&self) -> &[Property] {
        &self.properties
    }

    /// The top-level property with this name.
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.iter().find(|property| property.name == name)
    }

    /// The property at a path such as `messages[0].role` or `logitBias.50256`.
    /// Indices are ignored.
    pub fn at_path(&self, path: &str) -> Option<&Property> {
        self.member_at(path).map(|(property, _)| property)
    }

    /// The property at a path, like [`at_path`](Self::at_path), and the members of the
    /// object that it belongs to.
    pub(crate) fn member_at(&self, path: &str) -> Option<(&Property, &[Property])> {
        let mut names = path.split('.').map(without_index);
        let mut members = self.as_slice();
        let mut found = self.get(names.next()?)?;
        for name in names {
            let owner = match found.kind {
                PropertyType::Array => found.children.first()?,
                _ => found,
            };
            members = &owner.children;
            let member = members.iter().find(|property| property.name == name);
            found = member.or(owner.values.as_deref())?;
        }
        Some((found, members))
    }
}

impl<'a> IntoIterator for &'a PropertyTable {
    type Item = &'a Property;
    type IntoIter = std::slice::Iter<'a, Property>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PropertyLimits {
    /// Whether there are no limits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares patterns by their source.
impl PartialEq for PropertyLimits {
    fn eq(&self, other: &Self) -> bool {
        let source = |limits: &Self| limits.pattern.as_ref().map(|pattern| pattern.source.clone());
        self.minimum == other.minimum
            && self.maximum == other.maximum
            && self.min_length == other.min_length
            && self.max_length == other.max_length
            && self.min_items == other.min_items
            && self.max_items == other.max_items
            && source(self) == source(other)
            && self.max_bytes == other.max_bytes
            && self.accept == other.accept
    }
}

#[cfg(test)]
impl From<Vec<Property>> for PropertyTable {
    /// Creates a table without validating it.
    fn from(properties: Vec<Property>) -> Self {
        Self { properties }
    }
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// If it is not a valid pattern, with the reason.
    pub(crate) fn new(source: String) -> Result<Self, String> {
        // Also check it alone: `a)|(?:b` would escape the anchored group.
        Parser::new().parse(&source).map_err(|error| last_line(&error.to_string()))?;
        let regex = build(&anchored(&ascii_classes(&source)))?;
        // Forms use `new RegExp(source, "u")`.
        if let Err(error) = regress::Regex::with_flags(&source, "u") {
            return Err(format!(
                "forms cannot use it because it is not a valid ECMA-262 pattern: {error}"
            ));
        }
        Ok(Self { source, regex })
    }

    /// The pattern as the connector wrote it, without anchors.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The pattern with anchors, for JSON Schema.
    pub fn anchored(&self) -> String {
        anchored(&self.source)
    }

    /// Whether the pattern matches the whole string.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

fn anchored(source: &str) -> String {
    format!("^(?:{source})$")
}

/// Replaces `\d` and `\w` with ASCII character classes, which is what they mean in
/// ECMA-262.
fn ascii_classes(source: &str) -> String {
    let mut plain = String::with_capacity(source.len());
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        let class = match character {
            '\\' => characters.next(),
            _ => None,
        };
        match class {
            Some('d') => plain.push_str("[0-9]"),
            Some('D') => plain.push_str("[^0-9]"),
            Some('w') => plain.push_str("[0-9A-Za-z_]"),
            Some('W') => plain.push_str("[^0-9A-Za-z_]"),
            other => {
                plain.push(character);
                plain.extend(other);
            }
        }
    }
    plain
}

fn build(source: &str) -> Result<Regex, String> {
    let built = regex::RegexBuilder::new(source).size_limit(MAX_PATTERN_BYTES).build();
    built.map_err(|error| match error {
        regex::Error::Syntax(diagram) => last_line(&diagram),
        _ => "it is too large".to_owned(),
    })
}

/// The reason for a syntax error: the last line, below a diagram of the pattern.
fn last_line(diagram: &str) -> String {
    let last = diagram.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl PropertyType {
    /// The name on reference pages, such as `FILE_ENTRY`.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Integer => "INTEGER",
            Self::Number => "NUMBER",
            Self::Boolean => "BOOLEAN",
            Self::Date => "DATE",
            Self::DateTime => "DATE_TIME",
            Self::Time => "TIME",
            Self::Array => "ARRAY",
            Self::Object => "OBJECT",
            Self::FileEntry => "FILE_ENTRY",
            Self::Any => "ANY",
        }
    }
}

impl ControlType {
    /// The name on reference pages, such as `TEXT_AREA`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::TextArea => "TEXT_AREA",
            Self::RichText => "RICH_TEXT",
            Self::CodeEditor => "CODE_EDITOR",
            Self::JsonSchemaBuilder => "JSON_SCHEMA_BUILDER",
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Url => "URL",
            Self::Password => "PASSWORD",
            Self::Date => "DATE",
            Self::DateTime => "DATE_TIME",
            Self::Time => "TIME",
            Self::Integer => "INTEGER",
            Self::Number => "NUMBER",
            Self::Select => "SELECT",
            Self::MultiSelect => "MULTI_SELECT",
            Self::ArrayBuilder => "ARRAY_BUILDER",
            Self::ObjectBuilder => "OBJECT_BUILDER",
            Self::FileEntry => "FILE_ENTRY",
            Self::None => "NONE",
        }
    }
}

impl TableError {
    pub(crate) fn new(row: impl Into<String>, reason: impl Into<String>) -> Self {
        let row = row.into();
        let row = if row.is_empty() { "table".to_owned() } else { printable(&row) };
        Self { row, reason: printable(&reason.into()) }
    }
}

/// Makes a message with strings from a component safe for terminals and logs.
pub(crate) fn printable(message: &str) -> String {
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut printable: String = message.chars().take(MAX_MESSAGE).map(plain).collect();
    if printable.len() < message.len() {
        printable.push('…');
    }
    printable
}

/// Compares JSON values by the rules of JSON Schema: `1` and `1.0` are equal, at
/// every level.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.is_f64() != right.is_f64() && left.as_f64() == right.as_f64()
        }
        _ => left == right,
    }
}

/// A string that is equal for two values if they are the [`same`].
pub(crate) fn key(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(number) => plain_number(number).to_string(),
            None => number.to_string(),
        },
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(key).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name:?}:{}", key(value))).collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

/// A JSON number as people write it: `2` rather than `2.0`.
pub(crate) fn plain_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

fn number<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    number.map(plain_number).serialize(serializer)
}

fn without_index(name: &str) -> &str {
    name.split_once('[').map_or(name, |(name, _)| name)
}

impl Property {
    /// Whether it is a string that holds JSON.
    pub(crate) fn holds_json(&self) -> bool {
        self.media_type.as_ref().is_some_and(|media_type| {
            let media_type = media_type.to_ascii_lowercase();
            media_type == "application/json" || media_type.ends_with("+json")
        })
    }

    /// Whether it is a required string that may be empty.
    pub(crate) fn may_be_empty(&self) -> bool {
        self.required && self.admits_empty_text()
    }

    /// Whether it is a string whose minimum length is 0. A list of such strings keeps
    /// blank items.
    pub(crate) fn admits_empty_text(&self) -> bool {
        self.kind == PropertyType::String && self.limits.min_length == Some(0)
    }

    /// Whether a JSON value has this property's type, regardless of its limits.
    pub(crate) fn admits_type(&self, value: &Value) -> bool {
        match self.kind {
            PropertyType::String
            | PropertyType::Date
            | PropertyType::DateTime
            | PropertyType::Time => value.is_string(),
            PropertyType::Integer => {
                value.is_i64()
                    || value.is_u64()
                    || value.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            PropertyType::Number => value.is_number(),
            PropertyType::Boolean => value.is_boolean(),
            PropertyType::Array => value.is_array(),
            PropertyType::Object => value.is_object(),
            // A string is the `url` of a file.
            PropertyType::FileEntry => value.is_object() || value.is_string(),
            PropertyType::Any => true,
        }
    }
}
