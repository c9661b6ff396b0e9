//! Property tables: the rows by which a connector describes inputs, outputs
//! and connections.
//!
//! They are made by [`describe`](crate::describe) from the rows that a connector
//! hands over, which refuses what contradicts itself, so that everything behind
//! it (forms, documents, input checks) can rely on what these types say.

use regex::Regex;
use regex_syntax::ast::parse::Parser;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// What a message holds of a component's own texts.
pub(crate) const MAX_MESSAGE: usize = 300;
/// The compiled size of a `pattern`, which bounds its memory and its time.
const MAX_PATTERN_BYTES: usize = 64 * 1024;

/// A checked property table: the members of one JSON object, in form order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PropertyTable {
    properties: Vec<Property>,
}

/// One row. `wit/types.wit`, record `property`, says what each field means.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// The key; empty for an array's items and a map's values.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What a form shows beside the control.
    pub label: String,
    /// Plain text.
    pub description: String,
    /// Text shown in the empty control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    /// The kind of value.
    #[serde(rename = "type")]
    pub kind: PropertyType,
    /// The control.
    pub control: ControlType,
    /// Whether a value must be given.
    pub required: bool,
    /// The heading under which a form shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether a form folds it away at first.
    pub advanced: bool,
    /// Whether it is only there for what was stored earlier.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Whether it is a credential.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// The media type of the document that a string holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What a value is to those who look at it, such as `markdown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// The value that holds when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What the provider takes when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_default: Option<Value>,
    /// The values that are offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Choices>,
    /// When the property counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// The bounds.
    #[serde(skip_serializing_if = "Limits::is_empty")]
    pub limits: Limits,
    /// An object's members, or the one shape of an array's items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Property>,
    /// The shape of a map's values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Box<Property>>,
}

/// The kind of JSON value, `wit/types.wit` `property-type`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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

/// The control of a form, `wit/types.wit` `control-type`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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
    /// An e-mail address.
    Email,
    /// A telephone number.
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

/// The values that a property offers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Choices {
    /// The values known when the connector was built.
    pub known: Vec<Choice>,
    /// Whether other values are allowed too.
    pub open: bool,
    /// The properties on which the current list depends, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamic: Option<Vec<String>>,
}

/// One offered value.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// What a form shows.
    pub label: String,
    /// The value.
    pub value: Value,
    /// A sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// When a property counts: `property` of the same object `matches` `values`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// The property looked at.
    pub property: String,
    /// The comparison.
    pub matches: Comparison,
    /// What is compared with.
    pub values: Vec<Value>,
}

impl Condition {
    /// Whether it is met by the value of the property that it looks at.
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

/// How a condition compares, `wit/types.wit` `comparison`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// Equals one of the values.
    OneOf,
    /// Is there and equals none of the values.
    NoneOf,
    /// Is there.
    Present,
    /// Is not there.
    Absent,
}

/// Bounds, inclusive, `wit/types.wit` `limits`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// The smallest number.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub minimum: Option<f64>,
    /// The largest number.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub maximum: Option<f64>,
    /// The shortest text, in Unicode scalar values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// The longest text, in Unicode scalar values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// The fewest items or members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u32>,
    /// The most items or members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u32>,
    /// The pattern of a text or of a map's keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    /// The largest file, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// The accepted file name extensions; empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
}

/// A regular expression that a whole text must match.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

/// Why a table was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("property table: {row}: {reason}")]
pub struct TableError {
    /// The row at fault, by its path or its position.
    pub row: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Property {
    /// Whether it or something inside it is a file.
    pub(crate) fn holds_file(&self) -> bool {
        self.kind == PropertyType::FileEntry
            || self.children.iter().chain(self.values.as_deref()).any(Self::holds_file)
    }
}

impl PropertyTable {
    /// A table of rows that were checked.
    pub(crate) fn new(properties: Vec<Property>) -> Self {
        Self { properties }
    }

    /// The rows, in form order.
    pub fn iter(&self) -> std::slice::Iter<'_, Property> {
        self.properties.iter()
    }

    /// The rows as a slice.
    pub fn as_slice(&self) -> &[Property] {
        &self.properties
    }

    /// The top row with this name.
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.iter().find(|property| property.name == name)
    }

    /// The property at a path such as `messages[0].role` or `logitBias.50256`;
    /// indices are ignored.
    pub fn at_path(&self, path: &str) -> Option<&Property> {
        let mut names = path.split('.').map(without_index);
        let mut found = self.get(names.next()?)?;
        for name in names {
            let owner = match found.kind {
                PropertyType::Array => found.children.first()?,
                _ => found,
            };
            let member = owner.children.iter().find(|property| property.name == name);
            found = member.or(owner.values.as_deref())?;
        }
        Some(found)
    }
}

impl<'a> IntoIterator for &'a PropertyTable {
    type Item = &'a Property;
    type IntoIter = std::slice::Iter<'a, Property>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Limits {
    /// Whether there is no bound at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Patterns compare by their source.
impl PartialEq for Limits {
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
    /// A hand-made table, unchecked.
    fn from(properties: Vec<Property>) -> Self {
        Self { properties }
    }
}

impl Pattern {
    /// # Errors
    /// Why it is none. Reads as the end of a sentence.
    pub(crate) fn new(source: String) -> Result<Self, String> {
        // By itself too: `a)|(?:b` would step out of the anchored group.
        Parser::new().parse(&source).map_err(|error| last_line(&error.to_string()))?;
        let regex = build(&anchored(&ascii_classes(&source)))?;
        // As forms read it: `new RegExp(source, "u")`.
        if let Err(error) = regress::Regex::with_flags(&source, "u") {
            return Err(format!("it is none of ECMA-262, which forms go by: {error}"));
        }
        Ok(Self { source, regex })
    }

    /// The pattern as the connector wrote it, without anchors.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The pattern as JSON Schema wants it, anchored.
    pub fn anchored(&self) -> String {
        anchored(&self.source)
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

fn anchored(source: &str) -> String {
    format!("^(?:{source})$")
}

/// The pattern with `\d` and `\w` as ECMA-262 has them, of ASCII only.
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
        regex::Error::Syntax(drawn) => last_line(&drawn),
        _ => "it is too large".to_owned(),
    })
}

/// The reason in a syntax error, which draws the pattern above it.
fn last_line(drawn: &str) -> String {
    let last = drawn.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl PropertyType {
    /// The word of the reference page, such as `FILE_ENTRY`.
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
    /// The word of the reference page, such as `TEXT_AREA`.
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

/// A message with a component's texts in it as a terminal and a log may have it.
pub(crate) fn printable(message: &str) -> String {
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut printable: String = message.chars().take(MAX_MESSAGE).map(plain).collect();
    if printable.len() < message.len() {
        printable.push('…');
    }
    printable
}

/// Equality of JSON values as JSON Schema has it: `1` and `1.0` are the same,
/// wherever they stand.
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

/// A text that is equal for values that are the [`same`].
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

/// A JSON number as people write it: `2`, not `2.0`.
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

    /// Whether a text must be given and may be empty.
    pub(crate) fn may_be_empty(&self) -> bool {
        self.required && self.kind == PropertyType::String && self.limits.min_length == Some(0)
    }

    /// Whether a JSON value is of this property's type, whatever its limits.
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
            // A text is the `url` of a file.
            PropertyType::FileEntry => value.is_object() || value.is_string(),
            PropertyType::Any => true,
        }
    }
}
