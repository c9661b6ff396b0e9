//! From what a form, a person or an engine hands over to what an action may
//! rely on: blanks dropped, hidden values dropped, defaults filled in,
//! everything else checked. The first value that is not allowed ends it, with
//! its path and what is allowed, before any request is made.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::files::{FileEntry, Files, OpenFile};
use crate::table::{
    Choices, Comparison, Condition, ControlType, Limits, Property, PropertyTable, PropertyType,
    key, plain_number, same,
};

/// The input of an action.
///
/// # Errors
/// `invalid-input` with the path of the property.
pub(crate) fn prepare(table: &PropertyTable, input: Value, of: &str) -> Result<Value, Failure> {
    let object = match input {
        Value::Object(object) => object,
        Value::Null => Map::new(),
        other => {
            let message = format!("the input must be a JSON object (got {})", kind_of(&other));
            return Err(Failure { property: None, ..Failure::invalid_input("", message) });
        }
    };
    prepare_object(table, object, of).map(Value::Object)
}

/// Like [`prepare`], for an object. `of` names its owner in messages.
pub(crate) fn prepare_object(
    table: &PropertyTable,
    object: Map<String, Value>,
    of: &str,
) -> Result<Map<String, Value>, Failure> {
    let owner = Owner { path: String::new(), name: of.to_owned() };
    members(table.as_slice(), None, object, &owner)
}

/// The files that an input names, opened: a file that is not there, too
/// large or of a wrong kind is found before a request is made. Their handles
/// get the names and media types that their contents ask for.
///
/// # Errors
/// `invalid-input` with the path of the property.
pub(crate) fn open_files(
    table: &PropertyTable,
    input: &mut Value,
    files: Option<&Files>,
) -> Result<Vec<OpenFile>, Failure> {
    let mut found = Vec::new();
    for property in table {
        if let Some(value) = input.get_mut(&property.name) {
            collect_files(property, value, &property.name, files, &mut found)?;
        }
    }
    Ok(found)
}

fn collect_files(
    property: &Property,
    value: &mut Value,
    path: &str,
    files: Option<&Files>,
    found: &mut Vec<OpenFile>,
) -> Result<(), Failure> {
    match (property.kind, value) {
        (PropertyType::FileEntry, value) => {
            let Some(entry) = FileEntry::from_json(value) else { return Ok(()) };
            let file = open_file(property, &entry, path, files)?;
            *value = json!(file.entry);
            found.push(file);
        }
        (PropertyType::Array, Value::Array(items)) => {
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(shape) = property.children.first() {
                    collect_files(shape, item, &format!("{path}[{index}]"), files, found)?;
                }
            }
        }
        (PropertyType::Object, Value::Object(object)) => {
            for (name, member) in object {
                let shape = property.children.iter().find(|child| child.name == *name);
                if let Some(shape) = shape.or(property.values.as_deref()) {
                    collect_files(shape, member, &format!("{path}.{name}"), files, found)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn open_file(
    property: &Property,
    entry: &FileEntry,
    path: &str,
    files: Option<&Files>,
) -> Result<OpenFile, Failure> {
    let refuse = |why: String| Failure::invalid_input(path, format!("`{path}`: {why}"));
    let files = files.ok_or_else(|| refuse("this run was given no `Files` to read from".into()))?;
    let file = files.open(entry).map_err(refuse)?;
    if let Some(max) = property.limits.max_bytes
        && file.size > max
    {
        let size = file.size;
        return Err(refuse(format!("the file must be at most {max} bytes long (it has {size})")));
    }
    if file.size == 0 {
        return Err(refuse("the file is empty".to_owned()));
    }
    let kind = file.kind().map_err(|error| refuse(format!("it cannot be read: {error}")))?;
    let entry = file.entry.accepted(kind, &property.limits.accept);
    let refuse = |why: String| Failure::invalid_input(path, format!("`{path}` {why}"));
    Ok(OpenFile { entry: entry.map_err(refuse)?, ..file })
}

/// The object whose members are looked at.
struct Owner {
    path: String,
    name: String,
}

impl Owner {
    fn path_of(&self, member: &str) -> String {
        if self.path.is_empty() { member.to_owned() } else { format!("{}.{member}", self.path) }
    }
}

fn members(
    properties: &[Property],
    further: Option<&Property>,
    object: Map<String, Value>,
    owner: &Owner,
) -> Result<Map<String, Value>, Failure> {
    let mut members = Members { properties, given: object, settled: HashMap::new(), owner };
    members.given.retain(|_, value| !is_blank(value));
    let mut prepared = Map::new();
    for property in properties {
        if let Some(value) = members.settle(property)? {
            prepared.insert(property.name.clone(), value);
        }
    }
    for (name, given) in members.given {
        let path = owner.path_of(&name);
        match further {
            Some(shape) => {
                prepared.insert(name, value(shape, given, &path)?);
            }
            None => return Err(unknown(&name, &path, properties, owner)),
        }
    }
    Ok(prepared)
}

/// The members of one object on their way to what the action gets.
struct Members<'a> {
    properties: &'a [Property],
    /// What was given and is not looked at yet.
    given: Map<String, Value>,
    /// What the action gets of each, if anything.
    settled: HashMap<&'a str, Option<Value>>,
    owner: &'a Owner,
}

impl<'a> Members<'a> {
    /// What the action gets of a property. A condition looks at what the
    /// action gets of another one, so that one comes first.
    fn settle(&mut self, property: &'a Property) -> Result<Option<Value>, Failure> {
        if let Some(settled) = self.settled.get(property.name.as_str()) {
            return Ok(settled.clone());
        }
        let given = self.given.remove(&property.name);
        let settled = match self.is_shown(property)? {
            true => self.prepare(property, given)?,
            false => None,
        };
        self.settled.insert(&property.name, settled.clone());
        Ok(settled)
    }

    /// Whether a property's condition holds. One that looks at a hidden
    /// property sees no value there.
    fn is_shown(&mut self, property: &Property) -> Result<bool, Failure> {
        let Some(condition) = &property.condition else { return Ok(true) };
        let properties = self.properties;
        match properties.iter().find(|other| other.name == condition.property) {
            Some(looked_at) => Ok(holds(condition, self.settle(looked_at)?.as_ref())),
            None => Ok(false),
        }
    }

    fn prepare(&self, property: &Property, given: Option<Value>) -> Result<Option<Value>, Failure> {
        let path = self.owner.path_of(&property.name);
        let given = given.map(|value| without_blanks(property, value));
        let given = given.filter(|given| !is_empty(given));
        let prepared = given.map(|given| value(property, given, &path)).transpose()?;
        // An object of which nothing is left was blank further down.
        match prepared.filter(|prepared| !is_empty(prepared)).or_else(|| property.default.clone()) {
            None if property.required => {
                Err(Failure::invalid_input(&path, format!("`{path}` is required")))
            }
            settled => Ok(settled),
        }
    }
}

/// Forms send an empty box as `""` or `null`.
fn is_blank(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_str().is_some_and(str::is_empty)
}

/// What is left of a list or map when its blanks are gone.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        other => is_blank(other),
    }
}

fn without_blanks(property: &Property, value: Value) -> Value {
    match (property.kind, value) {
        (PropertyType::Array, Value::Array(items)) => {
            Value::Array(items.into_iter().filter(|item| !is_blank(item)).collect())
        }
        (PropertyType::Object, Value::Object(members)) => {
            Value::Object(members.into_iter().filter(|(_, member)| !is_blank(member)).collect())
        }
        (_, other) => other,
    }
}

fn holds(condition: &Condition, value: Option<&Value>) -> bool {
    let listed = |value: &Value| condition.values.iter().any(|other| same(other, value));
    match condition.matches {
        Comparison::OneOf => value.is_some_and(listed),
        Comparison::NoneOf => value.is_some_and(|value| !listed(value)),
        Comparison::Present => value.is_some(),
        Comparison::Absent => value.is_none(),
    }
}

/// A default as an action gets it: what is given instead of it would become the
/// same.
///
/// # Errors
/// `invalid-input`, if the property does not take it.
pub(crate) fn default(property: &Property, default: Value, path: &str) -> Result<Value, Failure> {
    value(property, without_blanks(property, default), path)
}

/// One value as an action gets it.
fn value(property: &Property, given: Value, path: &str) -> Result<Value, Failure> {
    if let Some(choices) = property.choices.as_ref().filter(|_| property.admits_type(&given)) {
        check_choice(choices, property.kind, &given, path)?;
    }
    fitting(property, given, path)
}

/// One value as an action gets it, whatever the property offers.
pub(crate) fn fitting(property: &Property, given: Value, path: &str) -> Result<Value, Failure> {
    if !property.admits_type(&given) {
        return Err(refused(path, &format!("must be {}", expected(property)), &given));
    }
    check_distinct(property, &given, path)?;
    check_limits(&property.limits, property.kind, &given, path)?;
    match (property.kind, given) {
        (PropertyType::Integer, Value::Number(number)) => {
            // `2.0` is an integer to JSON Schema, and reaches the action as one.
            Ok(number
                .as_f64()
                .filter(|_| number.is_f64())
                .map_or(Value::Number(number), plain_number))
        }
        (PropertyType::Array, Value::Array(items)) => {
            let Some(shape) = property.children.first() else { return Ok(Value::Array(items)) };
            let items = items.into_iter().enumerate();
            items.map(|(index, item)| value(shape, item, &format!("{path}[{index}]"))).collect()
        }
        (PropertyType::Object, Value::Object(object)) => {
            let open = property.children.is_empty() && property.values.is_none();
            if open {
                return Ok(Value::Object(object));
            }
            let owner = Owner { path: path.to_owned(), name: format!("`{path}`") };
            members(&property.children, property.values.as_deref(), object, &owner)
                .map(Value::Object)
        }
        (PropertyType::FileEntry, given) => file_entry(&given, path),
        (PropertyType::Date | PropertyType::DateTime | PropertyType::Time, given) => {
            check_date(property.kind, &given, path).map(|()| given)
        }
        (_, given) => Ok(given),
    }
}

/// A handle, complete: only its `url` must be given. What the file is, is
/// looked at when it is opened.
fn file_entry(given: &Value, path: &str) -> Result<Value, Failure> {
    let entry = FileEntry::from_json(given).ok_or_else(|| {
        let message = format!("`{path}` must be a file: an object with at least a `url`");
        Failure::invalid_input(path, message)
    })?;
    Ok(json!(entry))
}

fn check_choice(
    choices: &Choices,
    kind: PropertyType,
    given: &Value,
    path: &str,
) -> Result<(), Failure> {
    if choices.open {
        return Ok(());
    }
    let offered = |value: &Value| choices.known.iter().any(|choice| same(&choice.value, value));
    let allowed = || {
        let values: Vec<String> = choices.known.iter().map(|choice| shown(&choice.value)).collect();
        format!("must be one of: {}", values.join(", "))
    };
    match (kind, given) {
        (PropertyType::Array, Value::Array(items)) => {
            match items.iter().enumerate().find(|(_, item)| !offered(item)) {
                Some((index, item)) => Err(refused(&format!("{path}[{index}]"), &allowed(), item)),
                None => Ok(()),
            }
        }
        _ if offered(given) => Ok(()),
        _ => Err(refused(path, &allowed(), given)),
    }
}

/// Several of the choices are each chosen once.
fn check_distinct(property: &Property, given: &Value, path: &str) -> Result<(), Failure> {
    let items = given.as_array().filter(|_| property.control == ControlType::MultiSelect);
    let mut before = HashSet::new();
    match items.into_iter().flatten().position(|item| !before.insert(key(item))) {
        Some(index) => {
            let path = format!("{path}[{index}]");
            let message = format!("`{path}` stands there twice");
            Err(Failure::invalid_input(path, message))
        }
        None => Ok(()),
    }
}

fn check_limits(
    limits: &Limits,
    kind: PropertyType,
    given: &Value,
    path: &str,
) -> Result<(), Failure> {
    match given {
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let below = limits.minimum.is_some_and(|minimum| number < minimum);
            let above = limits.maximum.is_some_and(|maximum| maximum < number);
            if below || above {
                let range =
                    range(limits.minimum.map(plain_number), limits.maximum.map(plain_number));
                return Err(refused(path, &format!("must be {range}"), given));
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
                return Err(refused(path, &format!("must match {}", pattern.source()), given));
            }
        }
        Value::Array(_) | Value::Object(_) if kind != PropertyType::FileEntry => {
            let (count, things) = match given {
                Value::Array(items) => (items.len() as u64, "items"),
                _ => (given.as_object().map_or(0, Map::len) as u64, "entries"),
            };
            if outside(count, limits.min_items, limits.max_items) {
                let range = range(limits.min_items, limits.max_items);
                let message = format!("`{path}` must have {range} {things} (it has {count})");
                return Err(Failure::invalid_input(path, message));
            }
            let keys = given.as_object().into_iter().flat_map(Map::keys);
            if let Some(pattern) = &limits.pattern
                && let Some(key) = keys.into_iter().find(|key| !pattern.matches(key))
            {
                let message = format!(
                    "the keys of `{path}` must match {} (got `{}`)",
                    pattern.source(),
                    excerpt(key)
                );
                return Err(Failure::invalid_input(path, message));
            }
        }
        _ => {}
    }
    Ok(())
}

fn outside(count: u64, least: Option<u32>, most: Option<u32>) -> bool {
    least.is_some_and(|least| count < u64::from(least))
        || most.is_some_and(|most| u64::from(most) < count)
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

/// RFC 3339 by its digits; the provider knows its calendar.
fn check_date(kind: PropertyType, given: &Value, path: &str) -> Result<(), Failure> {
    const DATE: &str = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])";
    const TIME: &str = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d|:60)?(\.\d+)?";
    let (pattern, example) = match kind {
        PropertyType::Date => (DATE.to_owned(), "a date such as 2026-01-31"),
        PropertyType::Time => (TIME.to_owned(), "a time such as 13:30:00"),
        _ => (
            format!(r"{DATE}[Tt ]{TIME}([Zz]|[+-]\d\d:\d\d)"),
            "a date and time such as 2026-01-31T13:30:00Z",
        ),
    };
    let matches = regex::Regex::new(&format!("^{pattern}$"))
        .is_ok_and(|regex| given.as_str().is_some_and(|text| regex.is_match(text)));
    if matches { Ok(()) } else { Err(refused(path, &format!("must be {example}"), given)) }
}

fn unknown(name: &str, path: &str, properties: &[Property], owner: &Owner) -> Failure {
    let names: Vec<&str> = properties.iter().map(|property| property.name.as_str()).collect();
    let nearest = names
        .iter()
        .map(|known| (distance(name, known), known))
        .filter(|(distance, known)| *distance <= known.len().div_ceil(3) && *distance < known.len())
        .min();
    let path = excerpt(path);
    let message = match nearest {
        Some((_, known)) => {
            format!("`{path}` is no property of {}; did you mean `{known}`?", owner.name)
        }
        None => {
            format!("`{path}` is no property of {}, which has: {}", owner.name, names.join(", "))
        }
    };
    Failure::invalid_input(path, message)
}

/// The Levenshtein distance, without regard to case, `-` and `_`.
fn distance(a: &str, b: &str) -> usize {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| !"-_".contains(*c)).take(64).flat_map(char::to_lowercase).collect()
    };
    let (a, b) = (plain(a), plain(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for ((y, above), left_above) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            next.push((left_above + usize::from(x != y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

fn refused(path: &str, what: &str, given: &Value) -> Failure {
    Failure::invalid_input(path, format!("`{path}` {what} (got {})", shown(given)))
}

fn expected(property: &Property) -> &'static str {
    match property.kind {
        PropertyType::String => "a text",
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

/// A value in a message: texts as they are, everything short.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", excerpt(text)),
        Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
        other => excerpt(&other.to_string()),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn excerpt(text: &str) -> String {
    let plain: String = text.escape_debug().take(60).collect();
    if plain.len() < text.len() { format!("{plain}…") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn limited(property: Property, limits: Limits) -> Property {
        Property { limits, ..property }
    }

    #[track_caller]
    fn becomes(table: Vec<Property>, input: Value, expected: Value) {
        assert_eq!(prepare(&PropertyTable::from(table), input, "it"), Ok(expected));
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
    fn blanks_of_a_form_are_absent() {
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
    fn a_default_holds_when_nothing_is_given() {
        let table = || vec![Property { default: Some(json!("a")), ..required(string("text")) }];
        becomes(table(), json!({}), json!({"text": "a"}));
        becomes(table(), json!({"text": ""}), json!({"text": "a"}));
        becomes(table(), json!({"text": "b"}), json!({"text": "b"}));
    }

    #[test]
    fn what_is_blank_further_down_is_absent_too() {
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
    fn several_choices_differ() {
        let choices = closed(&[("A", json!("a")), ("B", json!("b"))]);
        let items = array("pick", shape(PropertyType::String, ControlType::Text));
        let several = || Property {
            choices: choices.clone(),
            control: ControlType::MultiSelect,
            ..items.clone()
        };
        becomes(vec![several()], json!({"pick": ["b", "a"]}), json!({"pick": ["b", "a"]}));
        let twice = json!({"pick": ["a", "a"]});
        refuses(vec![several()], twice, "pick[1]", "`pick[1]` stands there twice");
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
    fn what_a_hidden_property_decides_is_hidden() {
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
    fn paths_lead_to_the_value_at_fault() {
        let message = || object("", vec![required(string("content")), number("weight")]);
        let table = || vec![array("messages", message())];
        let deep = json!({"messages": [{"content": "a"}, {"content": "b", "weight": "heavy"}]});
        refuses(
            table(),
            deep,
            "messages[1].weight",
            "`messages[1].weight` must be a number (got `heavy`)",
        );
        let missing = json!({"messages": [{"weight": 1}]});
        refuses(table(), missing, "messages[0].content", "`messages[0].content` is required");
        let unknown = json!({"messages": [{"content": "a", "contents": "b"}]});
        refuses(
            table(),
            unknown,
            "messages[0].contents",
            "`messages[0].contents` is no property of `messages[0]`; did you mean `content`?",
        );
    }

    #[test]
    fn limits_are_inclusive_and_named() {
        let between = Limits { minimum: Some(0.25), maximum: Some(4.0), ..Limits::default() };
        let table = || vec![limited(number("speed"), between.clone())];
        becomes(table(), json!({"speed": 0.25}), json!({"speed": 0.25}));
        becomes(table(), json!({"speed": 4}), json!({"speed": 4}));
        refuses(
            table(),
            json!({"speed": 4.01}),
            "speed",
            "`speed` must be between 0.25 and 4 (got 4.01)",
        );

        let short = Limits { max_length: Some(3), ..Limits::default() };
        let table = || vec![limited(string("text"), short.clone())];
        // Characters count, not bytes.
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
            Limits { minimum: Some(-100.0), maximum: Some(100.0), ..Limits::default() },
        );
        let pattern = crate::table::Pattern::new("[0-9]+".to_owned()).ok();
        let map = Property {
            values: Some(Box::new(value)),
            limits: Limits { pattern, ..Limits::default() },
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
            "the keys of `bias` must match [0-9]+ (got `a`)",
        );
        refuses(
            vec![map],
            json!({"bias": {"1": 101}}),
            "bias.1",
            "`bias.1` must be between -100 and 100 (got 101)",
        );
    }

    #[test]
    fn integers_may_be_written_with_a_point() {
        becomes(vec![integer("n")], json!({"n": 2.0}), json!({"n": 2}));
        refuses(vec![integer("n")], json!({"n": 2.5}), "n", "`n` must be a whole number (got 2.5)");
        refuses(vec![integer("n")], json!({"n": "2"}), "n", "`n` must be a whole number (got `2`)");
    }

    #[test]
    fn a_closed_list_takes_its_values_only_and_an_open_one_any() {
        let choices = [("One", json!("one")), ("Two", json!("two"))];
        let select = |choices| vec![Property { choices, ..string("pick") }];
        becomes(select(open(&choices)), json!({"pick": "three"}), json!({"pick": "three"}));
        refuses(
            select(closed(&choices)),
            json!({"pick": "three"}),
            "pick",
            "`pick` must be one of: `one`, `two` (got `three`)",
        );
    }

    #[test]
    fn a_file_needs_no_more_than_its_url() {
        let file = |accept: &[&str]| {
            let accept = accept.iter().map(|&extension| extension.to_owned()).collect();
            let limits = Limits { accept, ..Limits::default() };
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
            "`at` must be a date such as 2026-01-31 (got `31.1.2026`)",
        );
    }

    #[test]
    fn long_and_odd_values_are_shown_short_and_harmless() {
        let escape = json!({"n": "\u{1b}[2J".to_owned() + &"x".repeat(100)});
        let failure = prepare(&PropertyTable::from(vec![integer("n")]), escape, "it").unwrap_err();
        assert!(failure.message.starts_with("`n` must be a whole number (got `\\u{1b}[2J"));
        assert!(failure.message.len() < 120, "{}", failure.message);
    }
}
