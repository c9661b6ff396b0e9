//! Turns the input from a form, a person or an engine into what an action can rely
//! on: drops blank and hidden values, converts values ([`reading`]), fills in
//! defaults, and validates everything else. All violations are reported at once,
//! before any request is made, each with its path and what is allowed.

mod named;
mod reading;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::contract::table::{
    Choice, Choices, ControlType, Property, PropertyLimits, PropertyTable, PropertyType, key,
    plain_number, same,
};
use crate::contract::{Failure, FileEntry, Violations};
pub(crate) use named::{file_urls, listed_strings};
use reading::Reader;

/// An input as the action receives it.
#[derive(Debug)]
pub(crate) struct PreparedInput {
    pub value: Value,
    /// The paths of the values that were dropped because their properties are
    /// hidden. At most [`Violations::MAX`].
    pub hidden: Vec<String>,
    kept: Kept,
}

/// For each list with blank items, which are dropped, the original positions of the
/// other items.
#[derive(Debug, Default)]
struct Kept(HashMap<String, Vec<usize>>);

/// Prepares the input of an action.
///
/// # Errors
/// `invalid-input` with the path of the property.
pub(crate) fn prepare(
    table: &PropertyTable,
    input: Value,
    of: &str,
) -> Result<PreparedInput, Failure> {
    let mut checker = Checker::new();
    let object = match checker.reader.object(input) {
        Value::Object(object) => object,
        Value::Null => Map::new(),
        other => {
            let message = format!("the input must be a JSON object (got {})", kind_of(&other));
            return Err(Failure { property: None, ..Failure::invalid_input("", message) });
        }
    };
    let owner = Owner { path: String::new(), name: of.to_owned() };
    let value = checker.members(table.as_slice(), None, object, &owner)?;
    Ok(PreparedInput { value: Value::Object(value), hidden: checker.hidden, kept: checker.kept })
}

/// Prepares the values of a connection, like [`prepare`].
pub(crate) fn prepare_connection(
    table: &PropertyTable,
    values: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let owner = Owner { path: String::new(), name: "a connection".to_owned() };
    Checker::new().members(table.as_slice(), None, values, &owner)
}

impl PreparedInput {
    /// Translates the path in a connector's failure from the prepared input to the
    /// original input.
    pub fn as_given(&self, mut failure: Failure) -> Failure {
        if let Some(path) = &failure.property {
            let given = self.kept.given(path);
            failure.message = failure.message.replace(&format!("`{path}`"), &format!("`{given}`"));
            failure.property = Some(given);
        }
        failure
    }
}

impl Kept {
    /// Translates a path in the prepared input to the original input.
    fn given(&self, prepared: &str) -> String {
        let mut given = String::with_capacity(prepared.len());
        for piece in prepared.split_inclusive(['[', ']']) {
            let index = piece.strip_suffix(']').and_then(|index| index.parse::<usize>().ok());
            // The part before the index ends with its opening bracket.
            let list = given.strip_suffix('[').and_then(|list| self.0.get(list));
            match index.and_then(|index| list?.get(index)) {
                Some(position) => given.push_str(&format!("{position}]")),
                None => given.push_str(piece),
            }
        }
        given
    }
}

/// The object whose members are checked.
struct Owner {
    path: String,
    name: String,
}

impl Owner {
    fn path_of(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }
}

/// Checks the values of one input.
struct Checker {
    reader: Reader,
    hidden: Vec<String>,
    kept: Kept,
}

impl Checker {
    fn new() -> Self {
        Self { reader: Reader::new(), hidden: Vec::new(), kept: Kept::default() }
    }

    fn members(
        &mut self,
        properties: &[Property],
        others_shape: Option<&Property>,
        mut object: Map<String, Value>,
        owner: &Owner,
    ) -> Result<Map<String, Value>, Failure> {
        object.retain(|name, value| !is_blank(value) || takes_empty(properties, name));
        let mut violations = Violations::default();
        // Reported first, because a missing property is often a misspelled one.
        if others_shape.is_none() {
            let is_unknown = |name: &&String| properties.iter().all(|known| known.name != **name);
            for name in object.keys().filter(is_unknown).take(Violations::MAX) {
                violations.add(unknown_property(name, properties, owner));
            }
        }
        let settled = HashMap::new();
        let mut members =
            Members { properties, given: object, settled, owner, violations, checker: self };
        let mut prepared = Map::new();
        for property in properties {
            if let Ok(Some(value)) = members.settle(property) {
                prepared.insert(property.name.clone(), value);
            }
        }
        let Members { given: others, mut violations, .. } = members;
        if let Some(shape) = others_shape {
            for (name, given) in others {
                let given = self.reader.read(shape, given);
                if is_blank(&given) {
                    continue;
                }
                let value = self.value(shape, given, &owner.path_of(&name));
                prepared.extend(violations.take(value).map(|value| (name, value)));
            }
        }
        violations.or(prepared)
    }

    /// Prepares a value that was already converted.
    fn value(&mut self, property: &Property, given: Value, path: &str) -> Result<Value, Failure> {
        if let Some(choices) = property.choices.as_ref()
            && property.kind != PropertyType::Array
        {
            self.check_choice(property, choices, &given, path)?;
        }
        self.fitting(property, given, path)
    }

    fn fitting(&mut self, property: &Property, given: Value, path: &str) -> Result<Value, Failure> {
        if !property.admits_type(&given) {
            return Err(refused(
                property,
                path,
                &format!("must be {}", expected(property)),
                &given,
            ));
        }
        match (property.kind, given) {
            (PropertyType::Array, Value::Array(items)) => self.items(property, items, path),
            (PropertyType::Object, Value::Object(object)) => self.object(property, object, path),
            (PropertyType::Integer, Value::Number(number)) => {
                let given = Value::Number(number.clone());
                check_limits(property, &given, path)?;
                // `2.0` is an integer in JSON Schema. The action receives `2`.
                Ok(number.as_f64().filter(|_| number.is_f64()).map_or(given, plain_number))
            }
            (PropertyType::FileEntry, given) => file_entry(&given, path),
            (_, given) => {
                check_limits(property, &given, path)?;
                check_date(property, &given, path)?;
                Ok(given)
            }
        }
    }

    /// Prepares the items of a list, without the blank ones unless their shape allows
    /// empty strings. Messages refer to items by their original positions.
    fn items(&mut self, list: &Property, items: Vec<Value>, path: &str) -> Result<Value, Failure> {
        let shape = list.children.first();
        let keeps_blanks = shape.is_some_and(Property::admits_empty_text);
        let count = items.len();
        let mut given: Vec<(usize, Value)> = Vec::with_capacity(count);
        for (index, item) in items.into_iter().enumerate() {
            let item = match shape {
                Some(shape) if !is_blank(&item) => self.reader.read(shape, item),
                _ => item,
            };
            if !is_blank(&item) {
                given.push((index, item));
            } else if keeps_blanks {
                given.push((index, "".into()));
            }
        }
        if given.len() < count {
            let positions = given.iter().map(|(index, _)| *index).collect();
            self.kept.0.insert(path.to_owned(), positions);
        }
        let mut violations = Violations::default();
        violations.take(check_count(&list.limits, given.len(), "items", path));
        let mut seen = HashSet::new();
        let mut prepared = Vec::with_capacity(given.len());
        for (index, item) in given {
            let path = format!("{path}[{index}]");
            let is_duplicate = list.control == ControlType::MultiSelect && !seen.insert(key(&item));
            let checked = if is_duplicate {
                Err(Failure::invalid_input(&path, format!("`{path}` is a duplicate")))
            } else {
                self.item(list, item, &path)
            };
            prepared.extend(violations.take(checked));
        }
        violations.or(Value::Array(prepared))
    }

    fn check_choice(
        &mut self,
        property: &Property,
        choices: &Choices,
        given: &Value,
        path: &str,
    ) -> Result<(), Failure> {
        if choices.open {
            return Ok(());
        }
        if !self.reader.may_compare(choices) {
            let what = "cannot be compared with its choices: the input has too many values";
            return Err(refused(property, path, what, given));
        }
        if choices.known.iter().any(|choice| same(&choice.value, given)) {
            return Ok(());
        }
        let allowed: Vec<String> = choices.known.iter().map(named).collect();
        Err(refused(property, path, &format!("must be one of: {}", allowed.join(", ")), given))
    }

    fn item(&mut self, list: &Property, item: Value, path: &str) -> Result<Value, Failure> {
        if let Some(choices) = &list.choices {
            self.check_choice(list, choices, &item, path)?;
        }
        match list.children.first() {
            Some(shape) => self.value(shape, item, path),
            None => Ok(item),
        }
    }

    fn object(
        &mut self,
        property: &Property,
        mut object: Map<String, Value>,
        path: &str,
    ) -> Result<Value, Failure> {
        object.retain(|name, member| !is_blank(member) || takes_empty(&property.children, name));
        let mut violations = Violations::default();
        violations.take(check_count(&property.limits, object.len(), "entries", path));
        violations.take(check_keys(&property.limits, &object, path));
        let is_open = property.children.is_empty() && property.values.is_none();
        if is_open {
            return violations.or(Value::Object(object));
        }
        let owner = Owner { path: path.to_owned(), name: format!("`{path}`") };
        let members = self.members(&property.children, property.values.as_deref(), object, &owner);
        let members = violations.take(members).unwrap_or_default();
        violations.or(Value::Object(members))
    }
}

/// The members of an object while they are being prepared.
struct Members<'a, 'b> {
    properties: &'a [Property],
    /// The given members that are not processed yet.
    given: Map<String, Value>,
    /// What the action receives for each processed property, if anything.
    settled: HashMap<&'a str, Result<Option<Value>, Wrong>>,
    owner: &'a Owner,
    violations: Violations,
    checker: &'b mut Checker,
}

/// A value, or one on which it depends, is invalid. The violation has been
/// recorded.
#[derive(Clone, Copy)]
struct Wrong;

impl<'a> Members<'a, '_> {
    /// Returns what the action receives for a property. A condition is evaluated on
    /// what the action receives for another property, which is therefore settled
    /// first.
    fn settle(&mut self, property: &'a Property) -> Result<Option<Value>, Wrong> {
        if let Some(settled) = self.settled.get(property.name.as_str()) {
            return settled.clone();
        }
        let given = self.given.remove(&property.name);
        let settled = match self.is_shown(property) {
            Ok(true) => {
                let prepared = self.prepare(property, given);
                self.violations.take(prepared).ok_or(Wrong)
            }
            Ok(false) => {
                self.drop_hidden(property, given);
                Ok(None)
            }
            Err(Wrong) => Err(Wrong),
        };
        self.settled.insert(&property.name, settled.clone());
        settled
    }

    /// Whether a property's condition holds. A hidden property counts as having no
    /// value.
    fn is_shown(&mut self, property: &Property) -> Result<bool, Wrong> {
        let Some(condition) = &property.condition else { return Ok(true) };
        let properties = self.properties;
        match properties.iter().find(|other| other.name == condition.property) {
            Some(referenced) => Ok(condition.holds(self.settle(referenced)?.as_ref())),
            None => Ok(false),
        }
    }

    /// Drops the value of a hidden property. Notes it, unless the value means nothing:
    /// it is blank, or the property's default, which forms fill in.
    fn drop_hidden(&mut self, property: &Property, given: Option<Value>) {
        let Some(given) = given.filter(|_| self.checker.hidden.len() < Violations::MAX) else {
            return;
        };
        let given = self.checker.reader.read(property, given);
        let is_default = property.default.as_ref().is_some_and(|default| same(default, &given));
        if !is_default && !is_blank_throughout(&given) {
            self.checker.hidden.push(self.owner.path_of(&property.name));
        }
    }

    fn prepare(
        &mut self,
        property: &Property,
        given: Option<Value>,
    ) -> Result<Option<Value>, Failure> {
        let path = self.owner.path_of(&property.name);
        if property.may_be_empty() && given.as_ref().is_some_and(is_blank) {
            return Ok(Some(Value::from("")));
        }
        let given = given.map(|given| self.checker.reader.read(property, given));
        let given = given.filter(|given| !is_left_empty(property, given));
        let prepared = given.map(|given| self.checker.value(property, given, &path)).transpose()?;
        // An object is empty if everything inside it was blank.
        let prepared = prepared.filter(|prepared| !is_empty(prepared));
        let refused = |why: &str| Err(Failure::invalid_input(&path, format!("`{path}` {why}")));
        match (prepared, &property.default) {
            (None, Some(default)) if !self.checker.reader.may_fill_in(default) => {
                refused("cannot be set to its default: the input has too many values")
            }
            (None, None) if property.required => refused("is required"),
            (prepared, default) => Ok(prepared.or_else(|| default.clone())),
        }
    }
}

/// Forms send an empty field as `""` or `null`.
fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_str().is_some_and(str::is_empty)
}

/// Whether a blank value is meaningful for the property with this name.
fn takes_empty(properties: &[Property], name: &str) -> bool {
    properties.iter().any(|property| property.name == name && property.may_be_empty())
}

/// Whether a prepared value, from which blanks were dropped, is empty.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        other => is_blank(other),
    }
}

/// Whether a value contains nothing but blanks, at any depth.
fn is_blank_throughout(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_blank_throughout),
        Value::Object(members) => members.values().all(is_blank_throughout),
        other => is_blank(other),
    }
}

/// Whether a property's value is empty once its blanks are dropped.
fn is_left_empty(property: &Property, value: &Value) -> bool {
    match (property.kind, value) {
        (PropertyType::Array, Value::Array(items)) => items.iter().all(is_blank),
        (PropertyType::Object, Value::Object(members)) => members.values().all(is_blank),
        (_, other) => is_empty(other),
    }
}

/// Prepares a default in the same way as a given value.
///
/// # Errors
/// `invalid-input`, if the default is not valid for the property.
pub(crate) fn default(property: &Property, default: Value, path: &str) -> Result<Value, Failure> {
    Checker::new().value(property, default, path)
}

/// Prepares one value without comparing it with the property's choices.
pub(crate) fn fitting(property: &Property, given: Value, path: &str) -> Result<Value, Failure> {
    Checker::new().fitting(property, given, path)
}

/// Completes a file handle, of which only `url` is required. The content is checked
/// when the file is opened.
fn file_entry(given: &Value, path: &str) -> Result<Value, Failure> {
    let entry = FileEntry::from_json(given).ok_or_else(|| {
        let message = format!("`{path}` must be a file: an object with at least a `url`");
        Failure::invalid_input(path, message)
    })?;
    Ok(json!(entry))
}

/// Formats a choice for a message: its value, and its label if it has one.
fn named(choice: &Choice) -> String {
    match &choice.value {
        Value::String(text) => format!("`{}`", excerpt(text)),
        value if choice.label.is_empty() => shown(value),
        value => format!("{} ({})", shown(value), excerpt(&choice.label)),
    }
}

/// Checks the limits of a number or a string.
fn check_limits(property: &Property, given: &Value, path: &str) -> Result<(), Failure> {
    let limits = &property.limits;
    match given {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let below = limits.minimum.is_some_and(|minimum| number < minimum);
            let above = limits.maximum.is_some_and(|maximum| number > maximum);
            if below || above {
                let range =
                    range(limits.minimum.map(plain_number), limits.maximum.map(plain_number));
                return Err(refused(property, path, &format!("must be {range}"), given));
            }
        }
        Value::String(text) => {
            let length = text.chars().count() as u64;
            if outside(length, limits.min_length, limits.max_length) {
                let range = range(limits.min_length, limits.max_length);
                let message = format!("`{path}` must be {range} characters long (it has {length})");
                return Err(Failure::invalid_input(path, message));
            }
            if let Some(pattern) = limits.pattern.as_ref().filter(|pattern| !pattern.matches(text))
            {
                let must = format!("must match {}", pattern.source());
                return Err(refused(property, path, &must, given));
            }
        }
        _ => {}
    }
    Ok(())
}

fn check_count(limits: &PropertyLimits, count: usize, of: &str, path: &str) -> Result<(), Failure> {
    if !outside(count as u64, limits.min_items, limits.max_items) {
        return Ok(());
    }
    let range = range(limits.min_items, limits.max_items);
    let message = format!("`{path}` must have {range} {of} (it has {count})");
    Err(Failure::invalid_input(path, message))
}

fn check_keys(
    limits: &PropertyLimits,
    object: &Map<String, Value>,
    path: &str,
) -> Result<(), Failure> {
    let Some(pattern) = &limits.pattern else { return Ok(()) };
    let Some(key) = object.keys().find(|key| !pattern.matches(key)) else { return Ok(()) };
    let message =
        format!("the keys of `{path}` must match {} (got \"{}\")", pattern.source(), excerpt(key));
    Err(Failure::invalid_input(path, message))
}

fn outside(count: u64, least: Option<u32>, most: Option<u32>) -> bool {
    least.is_some_and(|least| count < u64::from(least))
        || most.is_some_and(|most| count > u64::from(most))
}

fn range(least: Option<impl ToString>, most: Option<impl ToString>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => {
            format!("between {} and {}", least.to_string(), most.to_string())
        }
        (Some(least), None) => format!("at least {}", least.to_string()),
        (None, Some(most)) => format!("at most {}", most.to_string()),
        (None, None) => String::new(),
    }
}

/// Checks the RFC 3339 syntax, and that the day exists.
fn check_date(property: &Property, given: &Value, path: &str) -> Result<(), Failure> {
    const DATE: &str = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
    const TIME: &str = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]|:60)?(\.[0-9]+)?";
    let pattern = match property.kind {
        PropertyType::Date => DATE.to_owned(),
        PropertyType::Time => TIME.to_owned(),
        PropertyType::DateTime => format!(r"{DATE}[Tt ]{TIME}([Zz]|[+-][0-9]{{2}}:[0-9]{{2}})"),
        _ => return Ok(()),
    };
    let matches = regex::Regex::new(&format!("^{pattern}$"))
        .is_ok_and(|regex| given.as_str().is_some_and(|text| regex.is_match(text)));
    let is_date = property.kind != PropertyType::Time;
    if matches && (!is_date || given.as_str().is_some_and(is_in_calendar)) {
        return Ok(());
    }
    Err(refused(property, path, &format!("must be {}", expected(property)), given))
}

/// Whether the month of a date, `YYYY-MM-DD`, has that day.
fn is_in_calendar(date: &str) -> bool {
    let number = |range: std::ops::Range<usize>| {
        date.get(range).and_then(|digits| digits.parse::<u32>().ok())
    };
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap_year => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    day <= days
}

fn unknown_property(name: &str, properties: &[Property], owner: &Owner) -> Failure {
    let names: Vec<&str> = properties.iter().map(|property| property.name.as_str()).collect();
    let nearest = names
        .iter()
        .map(|known| (distance(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().div_ceil(3) && *distance < known.len())
        .min();
    let path = excerpt(&owner.path_of(name));
    let advice = match (nearest, names.is_empty()) {
        (Some((_, known)), _) => format!("did you mean `{known}`?"),
        (None, false) => format!("expected one of: {}", names.join(", ")),
        (None, true) => format!("{} has no properties", owner.name),
    };
    Failure::invalid_input(&path, format!("unknown property `{path}`; {advice}"))
}

/// The edit distance, ignoring case, `-` and `_`.
fn distance(a: &str, b: &str) -> usize {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !"-_".contains(*c)).take(64).flat_map(char::to_lowercase).collect()
    };
    strsim::levenshtein(&plain(a), &plain(b))
}

fn refused(property: &Property, path: &str, what: &str, given: &Value) -> Failure {
    // Never repeats a secret, not even an invalid one.
    let got = if property.secret { String::new() } else { format!(" (got {})", shown(given)) };
    Failure::invalid_input(path, format!("`{path}` {what}{got}"))
}

fn expected(property: &Property) -> &'static str {
    match property.kind {
        PropertyType::String => "a string",
        PropertyType::Integer => "a whole number",
        PropertyType::Number => "a number",
        PropertyType::Boolean => "true or false",
        PropertyType::Date => "a date such as 2026-01-31",
        PropertyType::DateTime => "a date and time such as 2026-01-31T13:30:00Z",
        PropertyType::Time => "a time such as 13:30:00",
        PropertyType::Array => "a list",
        PropertyType::Object => "an object",
        PropertyType::FileEntry => "a file: an object with at least a `url`",
        PropertyType::Any => "a value",
    }
}

/// Formats a value for a message, shortened and with strings in quotes.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", excerpt(text)),
        Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
        other => excerpt(&other.to_string()),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn excerpt(text: &str) -> String {
    const MAX: usize = 60;
    let start: String = text.chars().take(MAX).collect();
    // Quotes are harmless. Only terminal control sequences need escaping.
    let plain = start.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
    let short: String = plain.chars().take(MAX).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::Comparison;
    use crate::fixture::{array, closed, object, open, row, shape, string, when};

    fn number(name: &str) -> Property {
        row(name, PropertyType::Number, ControlType::Number)
    }

    fn integer(name: &str) -> Property {
        row(name, PropertyType::Integer, ControlType::Integer)
    }

    fn required(property: Property) -> Property {
        Property { required: true, ..property }
    }

    fn limited(property: Property, limits: PropertyLimits) -> Property {
        Property { limits, ..property }
    }

    #[track_caller]
    fn becomes(table: Vec<Property>, input: Value, expected: Value) {
        let prepared = prepare(&PropertyTable::from(table), input, "it");
        assert_eq!(prepared.map(|prepared| prepared.value), Ok(expected));
    }

    #[track_caller]
    fn refuses(table: Vec<Property>, input: Value, property: &str, message: &str) {
        let failure = prepare(&PropertyTable::from(table), input, "it").unwrap_err();
        assert_eq!(
            (failure.property.as_deref(), failure.message.as_str()),
            (Some(property), message)
        );
        assert!(!failure.request_sent);
    }

    #[test]
    fn blank_values_count_as_absent() {
        let table = || {
            let items = array("list", shape(PropertyType::String, ControlType::Text));
            vec![string("text"), number("number"), items, object("object", vec![string("inner")])]
        };
        let blank =
            json!({"text": "", "number": null, "list": ["", null], "object": {"inner": ""}});
        becomes(table(), blank, json!({}));
        becomes(table(), json!({"list": ["a", "", "b"]}), json!({"list": ["a", "b"]}));
        becomes(table(), json!({"number": 0}), json!({"number": 0}));
        becomes(table(), Value::Null, json!({}));
    }

    #[test]
    fn fills_in_a_default_when_nothing_is_given() {
        let table = || vec![Property { default: Some(json!("a")), ..required(string("text")) }];
        becomes(table(), json!({}), json!({"text": "a"}));
        becomes(table(), json!({"text": ""}), json!({"text": "a"}));
        becomes(table(), json!({"text": "b"}), json!({"text": "b"}));
    }

    #[test]
    fn nested_blank_values_count_as_absent() {
        let inner = || object("inner", vec![string("text")]);
        let table = || vec![required(object("object", vec![inner()]))];
        let blank = json!({"object": {"inner": {"text": ""}}});
        refuses(table(), blank.clone(), "object", "`object` is required");
        let shown = Property { condition: when("object", Comparison::Present, &[]), ..string("a") };
        becomes(vec![object("object", vec![inner()]), shown], blank, json!({}));
        let list = array("list", shape(PropertyType::String, ControlType::Text));
        let shown = Property { condition: when("list", Comparison::Absent, &[]), ..string("a") };
        becomes(vec![list, shown], json!({"list": [""], "a": "x"}), json!({"a": "x"}));
    }

    #[test]
    fn a_required_string_may_be_empty_if_its_minimum_length_is_zero() {
        let table = || {
            let limits = PropertyLimits { min_length: Some(0), ..PropertyLimits::default() };
            let said = Property { limits, ..required(string("said")) };
            vec![array("list", object("", vec![said, string("by")]))]
        };
        for blank in [json!(""), Value::Null] {
            becomes(
                table(),
                json!({"list": [{"said": blank, "by": "a"}]}),
                json!({"list": [{"said": "", "by": "a"}]}),
            );
        }
        let missing = json!({"list": [{"by": "a"}]});
        refuses(table(), missing, "list[0].said", "`list[0].said` is required");
    }

    #[test]
    fn a_list_keeps_blank_items_if_their_minimum_length_is_zero() {
        let table = || {
            let limits = PropertyLimits { min_length: Some(0), ..PropertyLimits::default() };
            let items = limited(shape(PropertyType::String, ControlType::Text), limits);
            vec![required(array("list", items))]
        };
        becomes(
            table(),
            json!({"list": ["a", "", null, "b"]}),
            json!({"list": ["a", "", "", "b"]}),
        );
        refuses(table(), json!({"list": ["", null]}), "list", "`list` is required");
    }

    #[test]
    fn limits_the_comparisons_of_a_long_list_with_many_choices() {
        let labels: Vec<String> = (0..2_000).map(|number| format!("Label {number}")).collect();
        let offered: Vec<(&str, Value)> =
            labels.iter().map(|label| (label.as_str(), json!(label.to_lowercase()))).collect();
        let choices = closed(&offered);
        let items = shape(PropertyType::String, ControlType::Text);
        let list = Property { choices, ..array("list", items) };
        let few = vec!["LABEL 1999"; 1_000];
        becomes(
            vec![list.clone()],
            json!({"list": few}),
            json!({"list": vec!["label 1999"; 1_000]}),
        );
        let many = json!({ "list": vec!["label 1999"; 100_000] });
        let message = "`list[0]` cannot be compared with its choices: the input has too many \
                       values (got \"label 1999\")";
        refuses(vec![list], many, "list[0]", message);
    }

    #[test]
    fn limits_how_often_a_default_is_filled_in() {
        let text = Property { default: Some(json!("a".repeat(100_000))), ..string("text") };
        let list = array("list", object("", vec![text, string("a")]));
        let items = |count| json!({ "list": vec![json!({"a": "b"}); count] });
        let of = |count| prepare(&vec![list.clone()].into(), items(count), "a/v1/b");
        assert!(of(100).is_ok());
        let failure = of(1_000).unwrap_err();
        assert!(failure.message.contains("the input has too many values"), "{}", failure.message);
    }

    #[test]
    fn rejects_a_duplicate_choice() {
        let choices = closed(&[("A", json!("a")), ("B", json!("b"))]);
        let items = array("pick", shape(PropertyType::String, ControlType::Text));
        let several = || Property {
            choices: choices.clone(),
            control: ControlType::MultiSelect,
            ..items.clone()
        };
        becomes(vec![several()], json!({"pick": ["b", "a"]}), json!({"pick": ["b", "a"]}));
        let twice = json!({"pick": ["a", "a"]});
        refuses(vec![several()], twice, "pick[1]", "`pick[1]` is a duplicate");
    }

    #[test]
    fn hidden_values_are_dropped_and_not_checked() {
        let table = || {
            let kind = Property {
                default: Some(json!(0)),
                choices: closed(&[("No", json!(0)), ("Yes", json!(1))]),
                ..integer("kind")
            };
            let condition = when("kind", Comparison::NoneOf, &[json!(0)]);
            vec![kind, Property { condition, ..required(integer("more")) }]
        };
        becomes(table(), json!({"more": "left over"}), json!({"kind": 0}));
        becomes(table(), json!({"kind": 1, "more": 2}), json!({"kind": 1, "more": 2}));
        refuses(table(), json!({"kind": 1}), "more", "`more` is required");
    }

    #[test]
    fn notes_hidden_values_that_mean_something() {
        let shown = |property| {
            let condition = when("kind", Comparison::Present, &[]);
            Property { condition, ..property }
        };
        let text = array("list", shape(PropertyType::String, ControlType::Text));
        let first = Property { default: Some(json!(1)), ..integer("first") };
        let inner = || vec![integer("kind"), shown(string("name"))];
        let table = PropertyTable::from(vec![
            integer("kind"),
            shown(first),
            shown(string("text")),
            shown(text),
            shown(object("object", vec![string("a"), object("b", vec![string("c")])])),
            array("items", object("", inner())),
        ]);
        let hidden = |input: Value| prepare(&table, input, "it").unwrap().hidden;
        for blank in [
            json!({ "first": "1", "text": "", "list": [""], "object": { "b": { "c": null } } }),
            json!({ "first": 1, "text": null, "list": [], "object": {} }),
            json!({ "kind": 0, "first": 2, "text": "a", "list": ["a"], "object": { "a": "a" } }),
        ] {
            assert_eq!(hidden(blank.clone()), [""; 0], "{blank}");
        }
        let given = json!({
            "first": 2, "text": "a", "list": ["a"], "object": { "b": { "c": "d" } },
            "items": [null, { "kind": 1, "name": "a" }, { "name": "b" }],
        });
        assert_eq!(hidden(given), ["first", "text", "list", "object", "items[2].name"]);
    }

    #[test]
    fn a_condition_on_a_hidden_property_does_not_hold() {
        let table = || {
            let first = when("a", Comparison::Present, &[]);
            let second = when("b", Comparison::OneOf, &[json!("x")]);
            vec![
                string("a"),
                Property { condition: first, default: Some(json!("x")), ..string("b") },
                Property { condition: second, ..string("c") },
            ]
        };
        becomes(table(), json!({"b": "x", "c": "1"}), json!({}));
        becomes(table(), json!({"a": "1", "c": "1"}), json!({"a": "1", "b": "x", "c": "1"}));
    }

    #[test]
    fn reports_the_path_of_the_invalid_value() {
        let message = || object("", vec![required(string("content")), number("weight")]);
        let table = || vec![array("messages", message())];
        let deep = json!({"messages": [{"content": "a"}, {"content": "b", "weight": "heavy"}]});
        refuses(
            table(),
            deep,
            "messages[1].weight",
            "`messages[1].weight` must be a number (got \"heavy\")",
        );
        let missing = json!({"messages": [{"weight": 1}]});
        refuses(table(), missing, "messages[0].content", "`messages[0].content` is required");
        let unknown = json!({"messages": [{"content": "a", "contents": "b"}]});
        refuses(
            table(),
            unknown,
            "messages[0].contents",
            "unknown property `messages[0].contents`; did you mean `content`?",
        );
    }

    #[test]
    fn limits_are_inclusive_and_reported() {
        let between =
            PropertyLimits { minimum: Some(0.25), maximum: Some(4.0), ..PropertyLimits::default() };
        let table = || vec![limited(number("speed"), between.clone())];
        becomes(table(), json!({"speed": 0.25}), json!({"speed": 0.25}));
        becomes(table(), json!({"speed": 4}), json!({"speed": 4}));
        refuses(
            table(),
            json!({"speed": 4.01}),
            "speed",
            "`speed` must be between 0.25 and 4 (got 4.01)",
        );

        let short = PropertyLimits { max_length: Some(3), ..PropertyLimits::default() };
        let table = || vec![limited(string("text"), short.clone())];
        // Lengths are in characters, not bytes.
        becomes(table(), json!({"text": "äöü"}), json!({"text": "äöü"}));
        refuses(
            table(),
            json!({"text": "four"}),
            "text",
            "`text` must be at most 3 characters long (it has 4)",
        );
    }

    #[test]
    fn a_map_checks_its_keys_and_values() {
        let value = limited(
            shape(PropertyType::Number, ControlType::Number),
            PropertyLimits {
                minimum: Some(-100.0),
                maximum: Some(100.0),
                ..PropertyLimits::default()
            },
        );
        let pattern = crate::contract::table::Pattern::new("[0-9]+".to_owned()).ok();
        let map = Property {
            values: Some(Box::new(value)),
            limits: PropertyLimits { pattern, ..PropertyLimits::default() },
            ..row("bias", PropertyType::Object, ControlType::ObjectBuilder)
        };
        becomes(
            vec![map.clone()],
            json!({"bias": {"50256": -100}}),
            json!({"bias": {"50256": -100}}),
        );
        refuses(
            vec![map.clone()],
            json!({"bias": {"a": 1}}),
            "bias",
            "the keys of `bias` must match [0-9]+ (got \"a\")",
        );
        refuses(
            vec![map],
            json!({"bias": {"1": 101}}),
            "bias.1",
            "`bias.1` must be between -100 and 100 (got 101)",
        );
    }

    #[test]
    fn accepts_integers_with_a_decimal_point() {
        becomes(vec![integer("n")], json!({"n": 2.0}), json!({"n": 2}));
        refuses(vec![integer("n")], json!({"n": 2.5}), "n", "`n` must be a whole number (got 2.5)");
    }

    #[test]
    fn only_open_choices_allow_other_values() {
        let choices = [("One", json!("one")), ("Two", json!("two"))];
        let select = |choices| vec![Property { choices, ..string("pick") }];
        becomes(select(open(&choices)), json!({"pick": "three"}), json!({"pick": "three"}));
        refuses(
            select(closed(&choices)),
            json!({"pick": "three"}),
            "pick",
            "`pick` must be one of: `one`, `two` (got \"three\")",
        );
    }

    #[test]
    fn a_file_only_needs_its_url() {
        let file = |accept: &[&str]| {
            let accept = accept.iter().map(|&extension| extension.to_owned()).collect();
            let limits = PropertyLimits { accept, ..PropertyLimits::default() };
            vec![limited(row("file", PropertyType::FileEntry, ControlType::FileEntry), limits)]
        };
        let whole = json!({
            "extension": "wav", "mimeType": "audio/wav", "name": "a.wav", "url": "file:///tmp/a.wav",
        });
        becomes(
            file(&["wav"]),
            json!({"file": {"url": "file:///tmp/a.wav"}}),
            json!({"file": whole}),
        );
        becomes(file(&[]), json!({"file": "file:///tmp/a.wav"}), json!({"file": whole}));
        let message = "`file` must be a file: an object with at least a `url`";
        refuses(file(&[]), json!({"file": {"name": "a.wav"}}), "file", message);
        let whole = json!({"file": {
            "extension": "wav", "mimeType": "audio/wav", "name": "a.wav", "url": "file:///tmp/a.wav",
        }});
        for text in ["file:///tmp/a.wav", "{\"url\": \"file:///tmp/a.wav\"}"] {
            becomes(file(&[]), json!({"file": text}), whole.clone());
        }
    }

    #[test]
    fn dates_are_rfc_3339() {
        let date = |kind| vec![row("at", kind, ControlType::Date)];
        becomes(date(PropertyType::Date), json!({"at": "2026-01-31"}), json!({"at": "2026-01-31"}));
        becomes(date(PropertyType::Time), json!({"at": "13:30"}), json!({"at": "13:30"}));
        let moment = json!({"at": "2026-01-31T13:30:00Z"});
        becomes(date(PropertyType::DateTime), moment.clone(), moment);
        refuses(
            date(PropertyType::Date),
            json!({"at": "31.1.2026"}),
            "at",
            "`at` must be a date such as 2026-01-31 (got \"31.1.2026\")",
        );
        for (kind, at) in [
            (PropertyType::Date, "2026-02-30"),
            (PropertyType::Date, "2026-04-31"),
            (PropertyType::Date, "2026-02-29"),
            (PropertyType::Date, "2100-02-29"),
            (PropertyType::Date, "٢٠٢٦-01-31"),
            (PropertyType::DateTime, "2026-02-30T13:30:00Z"),
            (PropertyType::Time, "24:00"),
        ] {
            let failure = prepare(&date(kind).into(), json!({ "at": at }), "it").unwrap_err();
            assert_eq!(failure.property.as_deref(), Some("at"), "{at}: {failure:?}");
        }
        for leap_day in ["2024-02-29", "2000-02-29"] {
            let input = json!({ "at": leap_day });
            becomes(date(PropertyType::Date), input.clone(), input);
        }
    }

    #[test]
    fn messages_shorten_and_escape_values() {
        let escape = json!({"n": "\u{1b}[2J".to_owned() + &"x".repeat(100)});
        let failure = prepare(&PropertyTable::from(vec![integer("n")]), escape, "it").unwrap_err();
        assert!(failure.message.starts_with("`n` must be a whole number (got \"\\u{1b}[2J"));
        assert!(failure.message.len() < 120, "{}", failure.message);
    }

    #[test]
    fn converts_strings_to_the_propertys_type() {
        let table = || {
            let list = |name: &str, kind| array(name, shape(kind, ControlType::None));
            let date = |name: &str, kind| row(name, kind, ControlType::None);
            let schema = Property {
                media_type: Some("application/schema+json".to_owned()),
                ..string("schema")
            };
            vec![
                integer("i"),
                number("n"),
                row("b", PropertyType::Boolean, ControlType::Select),
                string("t"),
                schema,
                list("texts", PropertyType::String),
                list("numbers", PropertyType::Number),
                list("files", PropertyType::FileEntry),
                array("rows", object("", vec![number("weight")])),
                object("o", vec![integer("i")]),
                row("free", PropertyType::Object, ControlType::ObjectBuilder),
                Property {
                    values: Some(Box::new(shape(PropertyType::Number, ControlType::Number))),
                    ..row("map", PropertyType::Object, ControlType::ObjectBuilder)
                },
                row("any", PropertyType::Any, ControlType::None),
                date("at", PropertyType::Date),
            ]
        };
        for (name, given, read) in [
            // Whole numbers.
            ("i", json!("100"), json!(100)),
            ("i", json!(" -7\n"), json!(-7)),
            ("i", json!("+7"), json!(7)),
            ("i", json!("007"), json!(7)),
            ("i", json!("1.0"), json!(1)),
            ("i", json!("1e2"), json!(100)),
            ("i", json!(1.0), json!(1)),
            ("i", json!("9007199254740993"), json!(9_007_199_254_740_993_u64)),
            ("i", json!("18446744073709551615"), json!(u64::MAX)),
            // Numbers.
            ("n", json!("0.7"), json!(0.7)),
            ("n", json!(" 0.7 "), json!(0.7)),
            ("n", json!("-0.5"), json!(-0.5)),
            ("n", json!(".5"), json!(0.5)),
            ("n", json!("1E-3"), json!(0.001)),
            ("n", json!("0"), json!(0)),
            // Yes and no.
            ("b", json!("true"), json!(true)),
            ("b", json!("True"), json!(true)),
            ("b", json!("FALSE"), json!(false)),
            ("b", json!(" yes "), json!(true)),
            ("b", json!("No"), json!(false)),
            ("b", json!("on"), json!(true)),
            ("b", json!("0"), json!(false)),
            ("b", json!(1), json!(true)),
            ("b", json!(0.0), json!(false)),
            // Strings.
            ("t", json!(12345), json!("12345")),
            ("t", json!(9_007_199_254_740_993_u64), json!("9007199254740993")),
            ("t", json!(0.5), json!("0.5")),
            ("t", json!(true), json!("true")),
            ("t", json!("null"), json!("null")),
            ("t", json!(" 1 "), json!(" 1 ")),
            ("t", json!("{\"a\":1}"), json!("{\"a\":1}")),
            ("schema", json!({"b": 1, "a": [2]}), json!("{\"b\":1,\"a\":[2]}")),
            ("schema", json!([1]), json!("[1]")),
            ("schema", json!(true), json!("true")),
            ("schema", json!(" {} "), json!("{}")),
            // Lists.
            ("texts", json!("[\"a\", 1]"), json!(["a", "1"])),
            ("texts", json!("END"), json!(["END"])),
            ("texts", json!("a, b"), json!(["a, b"])),
            ("texts", json!("[a"), json!(["[a"])),
            ("texts", json!("\n"), json!(["\n"])),
            ("texts", json!(7), json!(["7"])),
            ("numbers", json!(["1", 2.5, "3e0"]), json!([1, 2.5, 3])),
            ("numbers", json!("[1,2]"), json!([1, 2])),
            ("numbers", json!("0.5"), json!([0.5])),
            ("numbers", json!(["null", "1"]), json!([1])),
            (
                "rows",
                json!([{"weight": "0.5"}, "{\"weight\": \"1\"}"]),
                json!([{"weight": 0.5}, {"weight": 1}]),
            ),
            ("rows", json!("[{\"weight\": 2}]"), json!([{"weight": 2}])),
            // Objects.
            ("o", json!("{\"i\": \"1\"}"), json!({"i": 1})),
            ("free", json!("{\"a\": \"1\"}"), json!({"a": "1"})),
            ("map", json!("{\"50256\": \"-100\"}"), json!({"50256": -100})),
            ("map", json!({"1": "", "2": "2"}), json!({"2": 2})),
            ("any", json!("[1]"), json!("[1]")),
            ("any", json!("1"), json!("1")),
            ("at", json!(" 2026-01-31\n"), json!("2026-01-31")),
        ] {
            let expected = json!({name: read});
            becomes(table(), json!({name: given}), expected.clone());
            // The input itself may be a string of JSON.
            becomes(table(), Value::from(json!({name: given}).to_string()), expected);
        }
        let entry = json!({
            "extension": "wav", "mimeType": "audio/wav", "name": "a.wav", "url": "file:///tmp/a.wav",
        });
        for one in [json!("file:///tmp/a.wav"), json!({"url": "file:///tmp/a.wav"})] {
            becomes(table(), json!({"files": one}), json!({"files": [entry]}));
        }
        for (name, nothing) in [
            ("i", "null"),
            ("n", " "),
            ("b", "null"),
            ("numbers", " \n"),
            ("texts", "null"),
            ("texts", "[]"),
            ("o", "null"),
            ("o", "{}"),
            ("map", " "),
            ("rows", "null"),
            ("at", " "),
            ("schema", " \n"),
            ("files", "null"),
        ] {
            becomes(table(), json!({name: nothing}), json!({}));
        }
        for (name, given, message) in [
            ("i", json!("1.5x"), "`i` must be a whole number (got \"1.5x\")"),
            ("i", json!("1.5"), "`i` must be a whole number (got \"1.5\")"),
            ("i", json!("0x10"), "`i` must be a whole number (got \"0x10\")"),
            ("i", json!("1 000"), "`i` must be a whole number (got \"1 000\")"),
            ("i", json!("1_000"), "`i` must be a whole number (got \"1_000\")"),
            (
                "i",
                json!("9007199254740993.0"),
                "`i` must be a whole number (got \"9007199254740993.0\")",
            ),
            (
                "i",
                json!("99999999999999999999"),
                "`i` must be a whole number (got \"99999999999999999999\")",
            ),
            ("i", json!(true), "`i` must be a whole number (got true)"),
            ("i", json!([1]), "`i` must be a whole number (got a list)"),
            ("n", json!("0,7"), "`n` must be a number (got \"0,7\")"),
            ("n", json!("NaN"), "`n` must be a number (got \"NaN\")"),
            ("n", json!("Infinity"), "`n` must be a number (got \"Infinity\")"),
            ("n", json!("-inf"), "`n` must be a number (got \"-inf\")"),
            ("n", json!("1e999"), "`n` must be a number (got \"1e999\")"),
            ("n", json!("50%"), "`n` must be a number (got \"50%\")"),
            ("n", json!("it's \"5\""), "`n` must be a number (got \"it's \"5\"\")"),
            ("b", json!("maybe"), "`b` must be true or false (got \"maybe\")"),
            ("b", json!(2), "`b` must be true or false (got 2)"),
            ("t", json!({"a": 1}), "`t` must be a string (got an object)"),
            ("t", json!(["a"]), "`t` must be a string (got a list)"),
            ("t", json!(1e22), "`t` must be a string (got 1e+22)"),
            ("numbers", json!("1, 2"), "`numbers[0]` must be a number (got \"1, 2\")"),
            ("rows", json!("heavy"), "`rows` must be a list (got \"heavy\")"),
            ("rows", json!({"weight": 1}), "`rows` must be a list (got an object)"),
            ("o", json!("[1]"), "`o` must be an object (got \"[1]\")"),
            ("map", json!("{\"a\""), "`map` must be an object (got \"{\"a\"\")"),
        ] {
            let path = message.split('`').nth(1).unwrap();
            refuses(table(), json!({name: given}), path, message);
        }
    }

    #[test]
    fn json_in_strings_is_parsed_within_a_budget() {
        let list = || vec![array("list", shape(PropertyType::Number, ControlType::Number))];
        let zeros = |count| format!("[{}0]", "0,".repeat(count));
        assert!(prepare(&list().into(), json!({"list": zeros(10_000)}), "it").is_ok());
        let failure = prepare(&list().into(), json!({"list": zeros(1_000_000)}), "it").unwrap_err();
        assert!(
            failure.message.starts_with("`list[0]` must be a number (got \"[0,0,"),
            "{failure}"
        );
    }

    #[test]
    fn a_choice_is_recognized_by_its_value_its_text_or_its_label() {
        let table = || {
            let formats = [("Text", json!(0)), ("Object", json!(1)), ("List", json!(2))];
            let twins =
                [("A", json!("x")), ("a", json!("y")), ("Z", json!("z")), ("z", json!("w"))];
            let any = row("any", PropertyType::Any, ControlType::Select);
            let several = array("several", shape(PropertyType::String, ControlType::Text));
            vec![
                Property { choices: closed(&formats), ..integer("format") },
                Property {
                    choices: closed(&[("2", json!(1)), ("1", json!(2))]),
                    ..integer("crossed")
                },
                Property { choices: closed(&twins), ..string("twins") },
                Property { choices: closed(&[("1", json!("1"))]), ..string("digit") },
                Property { choices: open(&[("English", json!("en"))]), ..string("language") },
                Property { choices: open(&[("gpt", json!("gpt"))]), ..string("model") },
                Property { choices: open(&[("Auto", json!("auto")), ("Two", json!(2))]), ..any },
                Property {
                    choices: closed(&[("mp3", json!("mp3")), ("wav", json!("wav"))]),
                    ..several
                },
            ]
        };
        for (name, given, chosen) in [
            ("format", json!("Object"), json!(1)),
            ("format", json!("object"), json!(1)),
            ("format", json!(" LIST\n"), json!(2)),
            ("format", json!("1"), json!(1)),
            ("format", json!("1.0"), json!(1)),
            ("format", json!(2.0), json!(2)),
            ("crossed", json!("1"), json!(1)),
            ("crossed", json!(2), json!(2)),
            ("twins", json!("A"), json!("x")),
            ("twins", json!("a"), json!("y")),
            // A value takes precedence over a label.
            ("twins", json!("z"), json!("z")),
            ("digit", json!(1), json!("1")),
            ("language", json!("english"), json!("en")),
            ("language", json!(" fr\n"), json!("fr")),
            ("model", json!(" gpt \r\n"), json!("gpt")),
            // This could be another model.
            ("model", json!("GPT"), json!("GPT")),
            ("any", json!("Auto"), json!("auto")),
            ("any", json!("AUTO"), json!("AUTO")),
            ("any", json!("2"), json!(2)),
            ("any", json!("two"), json!(2)),
            ("any", json!("3"), json!("3")),
            ("any", json!("{\"id\": 3}"), json!({"id": 3})),
            ("several", json!(["MP3", " wav "]), json!(["mp3", "wav"])),
            ("several", json!("mp3"), json!(["mp3"])),
        ] {
            becomes(table(), json!({name: given}), json!({name: chosen}));
        }
        let message = "`format` must be one of: 0 (Text), 1 (Object), 2 (List) (got 3)";
        refuses(table(), json!({"format": "3"}), "format", message);
        let message = "`format` must be one of: 0 (Text), 1 (Object), 2 (List) (got \"Table\")";
        refuses(table(), json!({"format": "Table"}), "format", message);
        let message = "`several[1]` must be one of: `mp3`, `wav` (got \"ogg\")";
        refuses(table(), json!({"several": ["mp3", "ogg"]}), "several[1]", message);
    }

    #[test]
    fn reports_all_violations_at_once() {
        let table = || {
            let message = object("", vec![required(string("content")), number("weight")]);
            let shown = when("n", Comparison::Present, &[]);
            vec![
                array("messages", message),
                integer("n"),
                Property { condition: shown, ..required(string("shown")) },
                required(string("name")),
            ]
        };
        let input = json!({
            "messages": [{"weight": "heavy"}, {"content": "a"}, {"content": "b", "wieght": 1}],
            "n": "many",
            "nam": "x",
        });
        let failure = prepare(&table().into(), input, "it").unwrap_err();
        let found: Vec<_> = failure.violations.iter().map(|each| each.property.as_str()).collect();
        // It is unknown whether `shown` is required.
        let expected =
            ["nam", "messages[0].content", "messages[0].weight", "messages[2].wieght", "n", "name"];
        assert_eq!(found, expected);
        assert_eq!(failure.message, "unknown property `nam`; did you mean `name`?");
        assert_eq!(failure.property.as_deref(), Some("nam"));

        let one = prepare(&table().into(), json!({}), "it").unwrap_err();
        assert_eq!((one.violations.len(), one.property.as_deref()), (0, Some("name")));

        let list = array("list", shape(PropertyType::Number, ControlType::Number));
        let many = json!({"list": vec!["x"; 1_000]});
        let failure = prepare(&vec![list].into(), many, "it").unwrap_err();
        assert_eq!(failure.violations.len(), 100);
    }

    #[test]
    fn paths_contain_the_original_positions_of_items() {
        let message = object("", vec![required(string("content")), array("parts", string(""))]);
        let table = || vec![array("messages", message.clone())];
        let content = |content: &str| json!({"content": content});
        let wrong = json!({"messages": [null, content("a"), "", content("")]});
        refuses(table(), wrong, "messages[3].content", "`messages[3].content` is required");

        let given = json!({"messages": [null, {"content": "a", "parts": ["", "b"]}]});
        let prepared = prepare(&table().into(), given, "it").unwrap();
        assert_eq!(prepared.value, json!({"messages": [{"content": "a", "parts": ["b"]}]}));
        for (path, given) in [
            ("messages[0].parts[0]", "messages[1].parts[1]"),
            ("messages[0]", "messages[1]"),
            ("messages[7]", "messages[7]"),
            ("other[0]", "other[0]"),
            ("odd]0[", "odd]0["),
        ] {
            let failure = Failure::invalid_input(path, format!("`{path}` is odd"));
            let failure = prepared.as_given(failure);
            assert_eq!(failure.property.as_deref(), Some(given));
            assert_eq!(failure.message, format!("`{given}` is odd"));
        }
    }

    #[test]
    fn a_secret_is_trimmed_and_never_repeated() {
        let pattern = crate::contract::table::Pattern::new("sk-[a-z]+".to_owned()).ok();
        let limits = PropertyLimits { pattern, ..PropertyLimits::default() };
        let table = || vec![limited(Property { secret: true, ..string("token") }, limits.clone())];
        becomes(table(), json!({"token": " sk-a\r\n"}), json!({"token": "sk-a"}));
        refuses(table(), json!({"token": "pk-1"}), "token", "`token` must match sk-[a-z]+");
        let choices = closed(&[("a", json!("x"))]);
        let chosen = Property { secret: true, choices, ..string("token") };
        refuses(vec![chosen], json!({"token": "pk-1"}), "token", "`token` must be one of: `x`");
    }
}
