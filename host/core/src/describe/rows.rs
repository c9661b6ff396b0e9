//! Builds property tables from a connector's flat list of rows
//! (`wit/describe.wit`) and rejects inconsistent ones.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::contract::json;
use crate::contract::table::{
    Choice, Choices, Comparison, Condition, ControlType, Pattern, Property, PropertyLimits,
    PropertyTable, PropertyType, TableError, key,
};
use crate::input;
use crate::runtime::bindings::types as wit;

/// The maximum number of properties in a table, more than any form has.
const MAX_PROPERTIES: usize = 2_000;
/// The maximum nesting depth of a table, more than any form shows.
const MAX_DEPTH: usize = 16;
/// The maximum number of choices of a property; a longer list would be of no use.
const MAX_CHOICES: usize = 2_000;
/// The maximum number of reported errors of a table.
const MAX_ERRORS: usize = 20;
/// The maximum length of a name.
const MAX_NAME: usize = 64;
/// The maximum number of patterns of a connector, all of which stay compiled.
const MAX_PATTERNS: usize = 200;
/// The maximum length of a chain of conditions that depend on each other. Longer
/// chains produce schemas that are too large for forms.
const MAX_CHAIN: usize = 16;
/// The maximum size of all conditions and defaults in documents, in bytes. The
/// condition of a property includes the conditions that it depends on, and the
/// default of a list repeats the defaults of the members of its items.
const MAX_REPEATED: usize = 8 << 20;
/// The size of a condition without its values and labels.
const CONDITION_OVERHEAD: usize = 256;

/// A connector's flat rows, from which tables are taken. A cycle is impossible,
/// because each row is taken only once and children come after their parent.
pub(crate) struct Rows {
    rows: Vec<Option<wit::Property>>,
    /// The paths of the rows that were taken.
    paths: HashMap<u32, String>,
    /// How many more rows the current table may take.
    left: usize,
    /// How many more patterns all tables may have.
    patterns_left: usize,
    /// How many more bytes conditions and defaults may take.
    repeated_left: usize,
    /// The errors in the current table.
    errors: Vec<TableError>,
}

impl Rows {
    pub(crate) fn new(rows: Vec<wit::Property>) -> Self {
        Self {
            rows: rows.into_iter().map(Some).collect(),
            paths: HashMap::new(),
            left: 0,
            patterns_left: MAX_PATTERNS,
            repeated_left: MAX_REPEATED,
            errors: Vec::new(),
        }
    }

    /// Takes the table whose top-level rows are at these positions.
    pub(crate) fn take_table(&mut self, roots: &[u32]) -> Result<PropertyTable, Vec<TableError>> {
        let properties = self.take_rows(roots)?;
        self.table(properties)
    }

    /// Takes some of the rows of a table.
    pub(super) fn take_rows(&mut self, roots: &[u32]) -> Result<Vec<Property>, Vec<TableError>> {
        self.left = MAX_PROPERTIES;
        let properties = self.take_all(roots, None, "", 0);
        self.unless_invalid(properties)
    }

    /// Returns what was taken, or the errors found while taking it.
    fn unless_invalid<T>(&mut self, taken: T) -> Result<T, Vec<TableError>> {
        let errors = std::mem::take(&mut self.errors);
        if errors.is_empty() { Ok(taken) } else { Err(errors) }
    }

    /// Builds a table from these properties.
    pub(super) fn table(
        &mut self,
        mut properties: Vec<Property>,
    ) -> Result<PropertyTable, Vec<TableError>> {
        check_members(&mut properties, "", &mut self.repeated_left).map_err(|error| vec![error])?;
        Ok(PropertyTable::new(properties))
    }

    /// Takes the shape of an output, whose row may have a name.
    pub(crate) fn take_output(&mut self, root: u32) -> Result<Property, Vec<TableError>> {
        self.left = MAX_PROPERTIES;
        let mut taken = self.take_all(&[root], None, "output", 0);
        self.unless_invalid(())?;
        let Some(mut property) = taken.pop() else { return Err(Vec::new()) };
        if property.condition.is_some() {
            return Err(vec![TableError::new("output", "an output cannot have a condition")]);
        }
        check_below(&mut property, "output", &mut self.repeated_left)
            .map_err(|error| vec![error])?;
        Ok(property)
    }

    /// Checks that no row is left over.
    pub(crate) fn end(self) -> Result<(), TableError> {
        let mut positions = (0..).zip(&self.rows);
        match positions.find(|(_, row)| row.is_some()) {
            Some((unused, _)) => {
                Err(TableError::new(self.shown(unused), "does not belong to a table"))
            }
            None => Ok(()),
        }
    }

    /// A position in a message, with the path or name of its row.
    fn shown(&self, at: u32) -> String {
        let row = self.rows.get(at as usize).and_then(Option::as_ref);
        let name = row.map(|row| &row.name).filter(|name| is_name(name));
        match self.paths.get(&at).or(name) {
            Some(path) => format!("position {at} (`{path}`)"),
            None => format!("position {at}"),
        }
    }

    /// Takes the rows at `positions` and everything below them. Continues after an
    /// invalid row, to report all errors.
    fn take_all(
        &mut self,
        positions: &[u32],
        parent: Option<u32>,
        path: &str,
        depth: usize,
    ) -> Vec<Property> {
        if depth > MAX_DEPTH {
            let reason = format!("nested deeper than {MAX_DEPTH} levels");
            self.errors.push(TableError::new(path, reason));
            return Vec::new();
        }
        let mut taken = Vec::new();
        for at in positions {
            if self.errors.len() >= MAX_ERRORS {
                break;
            }
            match self.take(*at, parent, path, depth) {
                Ok(property) => taken.push(property),
                // A limit on the whole table is reported only once.
                Err(error) if self.errors.contains(&error) => {}
                Err(error) => self.errors.push(error),
            }
        }
        taken
    }

    fn take(
        &mut self,
        at: u32,
        parent: Option<u32>,
        parent_path: &str,
        depth: usize,
    ) -> Result<Property, TableError> {
        let fail = |reason: String| TableError::new(parent_path, reason);
        if parent.is_some_and(|parent| at <= parent) {
            return Err(fail(format!("{} must come after its parent", self.shown(at))));
        }
        let slot = self.rows.get_mut(at as usize);
        let slot = slot.ok_or_else(|| fail(format!("no row at position {at}")))?;
        let Some(row) = slot.take() else {
            return Err(fail(format!("{} is used twice", self.shown(at))));
        };
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            TableError::new("table", format!("more than {MAX_PROPERTIES} properties"))
        })?;
        if row.name.len() > MAX_NAME {
            return Err(fail(format!("the name at position {at} is too long")));
        }
        // Checked first, because later messages about the row contain the name.
        if !row.name.is_empty() && !is_name(&row.name) {
            return Err(fail(invalid_name(&row.name)));
        }
        if row.limits.as_ref().is_some_and(|limits| limits.pattern.is_some()) {
            self.patterns_left = self.patterns_left.checked_sub(1).ok_or_else(|| {
                TableError::new("table", format!("more than {MAX_PATTERNS} patterns"))
            })?;
        }
        let path = match (parent_path, row.name.as_str()) {
            (parent, "") => format!("{parent}[]"),
            ("", name) => name.to_owned(),
            (parent, name) => format!("{parent}.{name}"),
        };
        self.paths.insert(at, path.clone());
        let errors_before = self.errors.len();
        let children = self.take_all(&row.children, Some(at), &path, depth + 1);
        let values = self.take_all(row.values.as_slice(), Some(at), &path, depth + 1).pop();
        let condition = row.condition.map(|condition| parse_condition(condition, &path));
        let property = Property {
            name: row.name,
            label: row.label,
            description: row.description,
            placeholder: row.placeholder,
            kind: row.type_.into(),
            control: row.control.into(),
            required: row.required,
            group: row.group.filter(|group| !group.trim().is_empty()),
            advanced: row.advanced,
            deprecated: row.deprecated,
            secret: row.secret,
            media_type: row.media_type.or_else(|| usual_media_type(row.control)),
            display: row.display,
            default: parse_json(row.default, &path, "default")?,
            provider_default: parse_json(row.provider_default, &path, "provider default")?,
            choices: row.choices.map(|choices| parse_choices(choices, &path)).transpose()?,
            condition: condition.transpose()?,
            limits: row
                .limits
                .map_or(Ok(PropertyLimits::default()), |limits| parse_limits(limits, &path))?,
            children,
            values: values.map(Box::new),
        };
        // An error below may be the reason for an error here.
        if self.errors.len() == errors_before {
            check_property(&property, &path)?;
        }
        Ok(property)
    }
}

/// Whether a property is a map whose values are strings.
fn is_map_of_strings(property: &Property) -> bool {
    let is_string = |values: &Property| values.kind == PropertyType::String;
    property.children.is_empty() && property.values.as_deref().is_some_and(is_string)
}

/// The media type of a string that is edited with this control.
fn usual_media_type(control: wit::ControlType) -> Option<String> {
    let holds_schema = control == wit::ControlType::JsonSchemaBuilder;
    holds_schema.then(|| "application/schema+json".to_owned())
}

fn parse_json(text: Option<String>, path: &str, what: &str) -> Result<Option<Value>, TableError> {
    text.map(|text| {
        json::parse(&text)
            .map_err(|error| TableError::new(path, format!("its {what} is not JSON: {error}")))
    })
    .transpose()
}

fn parse_choices(choices: wit::Choices, path: &str) -> Result<Choices, TableError> {
    if choices.known.len() > MAX_CHOICES {
        return Err(TableError::new(path, format!("has more than {MAX_CHOICES} choices")));
    }
    let mut known: Vec<Choice> = Vec::with_capacity(choices.known.len());
    let mut values = HashSet::new();
    for choice in choices.known {
        let value = parse_json(Some(choice.value), path, "choice")?.unwrap_or_default();
        if !values.insert(key(&value)) {
            return Err(TableError::new(path, format!("has a duplicate choice: {value}")));
        }
        known.push(Choice { label: choice.label, value, description: choice.description });
    }
    Ok(Choices { known, open: choices.open, dynamic: choices.dynamic })
}

fn parse_condition(condition: wit::Condition, path: &str) -> Result<Condition, TableError> {
    let values = condition
        .values
        .into_iter()
        .map(|value| Ok(parse_json(Some(value), path, "condition's value")?.unwrap_or_default()))
        .collect::<Result<Vec<_>, TableError>>()?;
    let matches = match condition.matches {
        wit::Comparison::OneOf => Comparison::OneOf,
        wit::Comparison::NoneOf => Comparison::NoneOf,
        wit::Comparison::Present => Comparison::Present,
        wit::Comparison::Absent => Comparison::Absent,
    };
    let needs_values = matches!(matches, Comparison::OneOf | Comparison::NoneOf);
    if needs_values == values.is_empty() {
        return Err(TableError::new(
            path,
            "its condition must have values if it is `one-of` or `none-of`, and no values otherwise",
        ));
    }
    Ok(Condition { property: condition.property, matches, values })
}

fn parse_limits(limits: wit::Limits, path: &str) -> Result<PropertyLimits, TableError> {
    let pattern = limits
        .pattern
        .map(|source| {
            Pattern::new(source)
                .map_err(|error| TableError::new(path, format!("its pattern is invalid: {error}")))
        })
        .transpose()?;
    let ordered =
        |low: Option<u32>, high: Option<u32>| low.zip(high).is_none_or(|(low, high)| low <= high);
    let numbers = [limits.minimum, limits.maximum];
    if numbers.into_iter().flatten().any(|bound| !bound.is_finite())
        || limits.minimum.zip(limits.maximum).is_some_and(|(low, high)| high < low)
        || !ordered(limits.min_length, limits.max_length)
        || !ordered(limits.min_items, limits.max_items)
    {
        return Err(TableError::new(path, "no value is within its limits"));
    }
    if let Some(odd) = limits.accept.iter().find(|extension| !is_extension(extension)) {
        let reason =
            format!("accepts `{}`, which is not a file name extension", odd.escape_debug());
        return Err(TableError::new(path, reason));
    }
    Ok(PropertyLimits {
        minimum: limits.minimum,
        maximum: limits.maximum,
        min_length: limits.min_length,
        max_length: limits.max_length,
        min_items: limits.min_items,
        max_items: limits.max_items,
        pattern,
        max_bytes: limits.max_bytes,
        accept: limits.accept,
    })
}

/// Checks a property by itself.
fn check_property(property: &Property, path: &str) -> Result<(), TableError> {
    let fail = |reason: &str| Err(TableError::new(path, reason));
    match property.kind {
        PropertyType::Array if property.children.len() > 1 => {
            return fail("an array can only have one shape of items");
        }
        PropertyType::Array | PropertyType::Object => {}
        _ if !property.children.is_empty() => {
            return fail("has children but is neither an array nor an object");
        }
        _ => {}
    }
    if property.values.is_some() && property.kind != PropertyType::Object {
        return fail("has a shape of values but is not an object");
    }
    let items = property.children.iter().filter(|_| property.kind == PropertyType::Array);
    for shape in items.chain(property.values.as_deref()) {
        if !shape.name.is_empty() {
            return fail("the shape of items or values cannot have a name");
        }
        if shape.condition.is_some() {
            return fail("the shape of items or values cannot have a condition");
        }
    }
    let has_choices = property
        .choices
        .as_ref()
        .is_some_and(|choices| !choices.known.is_empty() || choices.dynamic.is_some());
    let is_select = matches!(property.control, ControlType::Select | ControlType::MultiSelect);
    if is_select && !has_choices && property.kind != PropertyType::Boolean {
        return fail("is a select without choices");
    }
    if property.secret && property.kind != PropertyType::String && !is_map_of_strings(property) {
        return fail("a secret must be a string or a map of strings");
    }
    if let Some(display) = &property.display
        && !is_name(display)
    {
        return fail("its display must be a word such as `markdown`");
    }
    if property.secret && property.default.is_some() {
        return fail("a secret cannot have a default");
    }
    // A default would name files that the person who runs the action has not named.
    if property.default.is_some() && property.holds_file() {
        return fail("a property that holds a file cannot have a default");
    }
    if let Some(media_type) = &property.media_type {
        if property.kind != PropertyType::String {
            return fail("has a media type but is not a string");
        }
        if !is_media_type(media_type) {
            return fail("its media type is invalid; expected one such as application/json");
        }
    }
    if let Some(default) = &property.default
        && !property.admits_type(default)
    {
        return fail("its default has the wrong type");
    }
    if property.kind == PropertyType::Integer && !admits_integer(&property.limits) {
        return fail("no value is within its limits");
    }
    check_choices(property, path)
}

/// Checks that each choice is a valid value of the property. Choices cannot be
/// lists, objects or files, because input validation may change those: it adds
/// defaults to objects and completes file handles.
fn check_choices(property: &Property, path: &str) -> Result<(), TableError> {
    let Some(choices) = &property.choices else { return Ok(()) };
    let fail = |reason: &str| Err(TableError::new(path, reason));
    let shape = match property.kind {
        PropertyType::Array => property.children.first(),
        _ => Some(property),
    };
    let Some(shape) = shape else { return Ok(()) };
    if shape.kind == PropertyType::FileEntry
        || shape.kind == PropertyType::Object
        || shape.kind == PropertyType::Array
    {
        return fail("choices cannot be lists, objects or files");
    }
    if !std::ptr::eq(shape, property) && shape.choices.is_some() {
        return fail("a list and its items cannot both have choices");
    }
    for choice in &choices.known {
        if let Err(failure) = input::fitting(shape, choice.value.clone(), path) {
            return fail(&format!("a choice is invalid: {}", failure.message));
        }
    }
    Ok(())
}

fn admits_integer(limits: &PropertyLimits) -> bool {
    limits.minimum.zip(limits.maximum).is_none_or(|(low, high)| low.ceil() <= high.floor())
}

/// Checks the members of one object together. Subtracts the size of their
/// conditions and defaults from `left`.
fn check_members(members: &mut [Property], path: &str, left: &mut usize) -> Result<(), TableError> {
    let path_of = |member: &Property| match path {
        "" => member.name.clone(),
        path => format!("{path}.{}", member.name),
    };
    let mut names = HashSet::new();
    for member in &*members {
        let at = path_of(member);
        if !is_name(&member.name) {
            return Err(TableError::new(path, invalid_name(&member.name)));
        }
        if !names.insert(member.name.as_str()) {
            return Err(TableError::new(at, "is declared twice"));
        }
        if let Some(condition) = &member.condition
            && (condition.property == member.name
                || members.iter().all(|other| other.name != condition.property))
        {
            let reason = format!(
                "its condition refers to `{}`, which is not another property of the same object",
                condition.property
            );
            return Err(TableError::new(at, reason));
        }
    }
    check_condition_chains(members, path, left)?;
    for member in members {
        let at = path_of(member);
        check_below(member, &at, left)?;
    }
    Ok(())
}

/// Checks everything below a property, and then its default, which must be a valid
/// input.
fn check_below(property: &mut Property, path: &str, left: &mut usize) -> Result<(), TableError> {
    match property.kind {
        PropertyType::Object => check_members(&mut property.children, path, left)?,
        _ => {
            for shape in &mut property.children {
                check_below(shape, &format!("{path}[]"), left)?;
            }
        }
    }
    if let Some(shape) = &mut property.values {
        check_below(shape, &format!("{path}[]"), left)?;
    }
    if let Some(default) = property.default.take() {
        let default = input::default(property, default, path).map_err(|failure| {
            TableError::new(path, format!("its default is invalid: {}", failure.message))
        })?;
        take(left, default.to_string().len(), path)?;
        property.default = Some(default);
    }
    Ok(())
}

/// Checks that no chain of conditions is a cycle or too long, and subtracts the size
/// of the conditions from `left`.
fn check_condition_chains(
    members: &[Property],
    path: &str,
    left: &mut usize,
) -> Result<(), TableError> {
    let by_name: HashMap<&str, &Property> =
        members.iter().map(|member| (member.name.as_str(), member)).collect();
    let referenced =
        |member: &Property| by_name.get(member.condition.as_ref()?.property.as_str()).copied();
    for member in members {
        let mut chain = std::iter::successors(referenced(member), |next| referenced(next));
        let links = chain.by_ref().take(MAX_CHAIN).position(|next| next.name == member.name);
        let reason = match (links, chain.next()) {
            (Some(_), _) => format!("the condition of `{}` depends on itself", member.name),
            (None, Some(_)) => {
                format!(
                    "the condition of `{}` depends on more than {MAX_CHAIN} other properties",
                    member.name
                )
            }
            (None, None) => continue,
        };
        return Err(TableError::new(path, reason));
    }
    let size = |member: &Property| match (&member.condition, referenced(member)) {
        (Some(condition), Some(referenced)) => size_of_condition(condition, referenced),
        _ => 0,
    };
    let sizes: HashMap<&str, usize> =
        members.iter().map(|member| (member.name.as_str(), size(member))).collect();
    for member in members {
        let chain = std::iter::successors(Some(member), |next| referenced(next));
        take(left, chain.filter_map(|link| sizes.get(link.name.as_str())).sum(), path)?;
    }
    Ok(())
}

fn take(left: &mut usize, bytes: usize, path: &str) -> Result<(), TableError> {
    *left = left.checked_sub(bytes).ok_or_else(|| {
        let reason = format!("conditions and defaults take more than {MAX_REPEATED} bytes");
        TableError::new(path, reason)
    })?;
    Ok(())
}

/// The cost of a condition: its values, and the labels of the property's choices. To
/// write the condition as a sentence, the labels are searched for each value.
fn size_of_condition(condition: &Condition, referenced: &Property) -> usize {
    let known = referenced.choices.as_ref().map_or(&[][..], |choices| &choices.known);
    let labels: usize = known.iter().map(|choice| 1 + choice.label.len()).sum();
    let values = condition.values.iter().map(|value| size_of::<Value>() + value.to_string().len());
    let labels = labels.saturating_mul(1 + condition.values.len());
    CONDITION_OVERHEAD + referenced.label.len() + values.sum::<usize>() + labels
}

/// Whether it is an extension in lower case without the leading dot, such as
/// `tar.gz`.
fn is_extension(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-._".contains(c);
    !text.is_empty() && !text.starts_with('.') && text.chars().all(is_plain)
}

/// Whether it is a type and a subtype, without parameters (RFC 6838 §4.2).
fn is_media_type(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "!#$&^_.+-".contains(c);
        !part.is_empty() && part.len() <= 127 && part.chars().all(is_plain)
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_part(kind) && is_part(subtype))
}

fn invalid_name(name: &str) -> String {
    format!("`{}` is not a valid property name", name.escape_debug())
}

/// Whether it is a valid name. Names are used as JSON keys, in paths and in
/// command-line arguments.
pub(crate) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|next| next.is_ascii_alphanumeric() || next == '_' || next == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::MAX_MESSAGE;
    use crate::fixture::{no_limits, wit_row as row};

    fn text(name: &str) -> wit::Property {
        row(name, wit::PropertyType::String)
    }

    fn object(name: &str, children: &[u32]) -> wit::Property {
        wit::Property { children: children.to_vec(), ..row(name, wit::PropertyType::Object) }
    }

    fn array(name: &str, children: &[u32]) -> wit::Property {
        wit::Property { children: children.to_vec(), ..row(name, wit::PropertyType::Array) }
    }

    fn with_limits(limits: wit::Limits) -> wit::Property {
        wit::Property { limits: Some(limits), ..text("a") }
    }

    fn offering(values: &[&str]) -> wit::Choices {
        let choice = |value: &&str| wit::Choice {
            label: String::new(),
            value: (*value).to_owned(),
            description: None,
        };
        wit::Choices { known: values.iter().map(choice).collect(), open: false, dynamic: None }
    }

    fn on(property: &str, matches: wit::Comparison, values: &[&str]) -> Option<wit::Condition> {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Some(wit::Condition { property: property.to_owned(), matches, values })
    }

    fn refused(properties: Vec<wit::Property>, roots: &[u32]) -> (String, String) {
        let mut rows = Rows::new(properties);
        let taken = rows.take_table(roots).and_then(|_| rows.end().map_err(|error| vec![error]));
        let TableError { row, reason } = taken.unwrap_err().swap_remove(0);
        (row, reason)
    }

    #[track_caller]
    fn assert_refused(properties: Vec<wit::Property>, roots: &[u32], row: &str, reason: &str) {
        let (at, found) = refused(properties, roots);
        assert_eq!(at, row, "{found}");
        assert!(found.contains(reason), "{reason:?} is not in {found:?}");
    }

    #[test]
    fn reports_every_invalid_row() {
        let odd = |name: &str| wit::Property { default: Some("{".to_owned()), ..text(name) };
        let rows = vec![odd("a"), object("b", &[2, 3]), odd("c"), text("d"), odd("e")];
        let errors = Rows::new(rows).take_table(&[0, 1, 4]).unwrap_err();
        let names: Vec<_> = errors.iter().map(|error| error.row.as_str()).collect();
        assert_eq!(names, ["a", "b.c", "e"]);
        let many: Vec<_> = (0..100).map(|at| odd(&format!("a{at}"))).collect();
        let errors = Rows::new(many).take_table(&Vec::from_iter(0..100)).unwrap_err();
        assert_eq!(errors.len(), MAX_ERRORS);
    }

    #[test]
    fn takes_a_tree_of_rows() {
        let rows = vec![object("a", &[1, 2]), text("b"), array("c", &[3]), text("")];
        let table = Rows::new(rows).take_table(&[0]).unwrap();
        assert_eq!(table.at_path("a.b").unwrap().name, "b");
        assert_eq!(table.at_path("a.c[0]").unwrap().children.len(), 1);
        assert!(table.at_path("a.d").is_none());
    }

    #[test]
    fn rejects_a_position_without_a_row() {
        assert_refused(vec![], &[0], "table", "no row at position 0");
        assert_refused(vec![object("a", &[9])], &[0], "a", "no row at position 9");
        assert_refused(vec![object("a", &[u32::MAX])], &[0], "a", "no row at position");
    }

    #[test]
    fn a_row_belongs_to_one_parent() {
        assert_refused(vec![text("a")], &[0, 0], "table", "position 0 (`a`) is used twice");
        let rows = vec![object("a", &[2]), object("b", &[2]), text("c")];
        assert_refused(rows, &[0, 1], "b", "position 2 (`a.c`) is used twice");
        let rows = vec![text("a"), text("b")];
        assert_refused(rows, &[0], "position 1 (`b`)", "does not belong to a table");
    }

    #[test]
    fn a_row_belongs_to_one_table() {
        let mut rows = Rows::new(vec![object("a", &[1]), text("b"), text("c")]);
        rows.take_table(&[0]).unwrap();
        let twice = rows.take_output(1).unwrap_err().swap_remove(0);
        assert_eq!(
            (twice.row.as_str(), twice.reason.as_str()),
            ("output", "position 1 (`a.b`) is used twice")
        );
        rows.take_output(2).unwrap();
        rows.end().unwrap();
    }

    #[test]
    fn rejects_a_cycle_of_rows() {
        assert_refused(
            vec![object("a", &[0])],
            &[0],
            "a",
            "position 0 (`a`) must come after its parent",
        );
        let rows = vec![object("a", &[1]), object("b", &[0])];
        assert_refused(rows, &[0], "a.b", "position 0 (`a`) must come after its parent");
        let map = wit::Property { values: Some(0), ..object("a", &[]) };
        assert_refused(vec![map], &[0], "a", "position 0 (`a`) must come after its parent");
    }

    #[test]
    fn limits_the_depth_and_length_of_a_table() {
        let deep = (0..100).map(|at| object("a", &[at + 1])).chain([text("z")]).collect();
        assert!(refused(deep, &[0]).1.contains("nested deeper"));
        let long = (0..=2_000).map(|at| text(&format!("a{at}"))).collect();
        let roots: Vec<u32> = (0..=2_000).collect();
        assert_refused(long, &roots, "table", "more than 2000 properties");
    }

    #[test]
    fn members_have_valid_and_unique_names() {
        assert_refused(vec![text("a"), text("a")], &[0, 1], "a", "is declared twice");
        let rows = vec![object("o", &[1, 2]), text("a"), text("a")];
        assert_refused(rows, &[0], "o.a", "is declared twice");
        for name in ["", "1a", "a.b", "a b", "a[0]", "ä", "a\u{1b}"] {
            let (_, reason) = refused(vec![text(name)], &[0]);
            assert!(reason.contains("is not a valid property name"), "{name:?}: {reason}");
            assert!(!reason.contains('\u{1b}'), "{reason:?}");
        }
    }

    #[test]
    fn only_arrays_and_objects_have_children() {
        let with_child = wit::Property { children: vec![1], ..text("a") };
        assert_refused(vec![with_child, text("b")], &[0], "a", "neither an array nor an object");
        let with_values = wit::Property { values: Some(1), ..text("a") };
        assert_refused(vec![with_values, text("")], &[0], "a", "is not an object");
        let rows = vec![array("a", &[1, 2]), text(""), text("")];
        assert_refused(rows, &[0], "a", "one shape of items");
        assert_refused(vec![array("a", &[1]), text("b")], &[0], "a", "cannot have a name");
    }

    #[test]
    fn only_members_have_conditions() {
        let condition = || on("a", wit::Comparison::Present, &[]);
        let rows = vec![
            array("a", &[1]),
            wit::Property { condition: condition(), ..row("", wit::PropertyType::String) },
        ];
        assert_refused(rows, &[0], "a", "the shape of items or values cannot have a condition");
        let output = wit::Property { condition: condition(), ..text("a") };
        let error = Rows::new(vec![output]).take_output(0).unwrap_err().swap_remove(0);
        assert!(error.reason.contains("cannot have a condition"), "{error:?}");
    }

    #[test]
    fn choices_and_defaults_are_valid_values() {
        let limits = wit::Limits { maximum: Some(2.0), ..no_limits() };
        let small = || wit::Property {
            limits: Some(limits.clone()),
            ..row("a", wit::PropertyType::Integer)
        };
        let odd = wit::Property { choices: Some(offering(&["1", "3"])), ..small() };
        assert_refused(vec![odd], &[0], "a", "a choice is invalid");
        let odd = wit::Property { default: Some("3".to_owned()), ..small() };
        assert_refused(vec![odd], &[0], "a", "its default is invalid");
        let odd = wit::Property {
            choices: Some(offering(&["1", "2"])),
            default: Some("0".to_owned()),
            ..small()
        };
        assert_refused(vec![odd], &[0], "a", "its default is invalid");
        let odd = wit::Property {
            choices: Some(offering(&["{}"])),
            ..row("a", wit::PropertyType::Object)
        };
        assert_refused(vec![odd], &[0], "a", "choices cannot be lists, objects or files");
    }

    /// A default is checked like an input, and with a cycle the check would never end.
    #[test]
    fn finds_a_cycle_of_conditions_before_it_checks_a_default() {
        let condition = |seen| on(seen, wit::Comparison::Present, &[]);
        let whole =
            wit::Property { default: Some("{\"a\":\"x\"}".to_owned()), ..object("o", &[1, 2]) };
        let a = wit::Property { condition: condition("b"), ..text("a") };
        let b = wit::Property { condition: condition("a"), ..text("b") };
        assert_refused(vec![whole, a, b], &[0], "o", "depends on itself");
    }

    #[test]
    fn limits_a_chain_of_conditions() {
        let chain = |length: usize| -> Vec<wit::Property> {
            let link = |at: usize| {
                let condition = match at {
                    0 => None,
                    at => on(&format!("a{}", at - 1), wit::Comparison::Present, &[]),
                };
                wit::Property { condition, ..text(&format!("a{at}")) }
            };
            (0..length).map(link).collect()
        };
        let roots = |length: u32| (0..length).collect::<Vec<u32>>();
        assert!(Rows::new(chain(17)).take_table(&roots(17)).is_ok());
        assert_refused(chain(18), &roots(18), "table", "`a17` depends on more than 16");
        assert_refused(chain(2_000), &roots(2_000), "table", "depends on more than 16");
    }

    #[test]
    fn limits_the_total_size_of_conditions() {
        let values: Vec<String> = (0..200).map(|at| format!("\"value {at}\"")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let table = |rows: u32, values: &[&str]| {
            let link = |at: u32| wit::Property {
                condition: match at {
                    0 => None,
                    1..16 => on(&format!("a{}", at - 1), wit::Comparison::NoneOf, values),
                    _ => on("a15", wit::Comparison::Present, &[]),
                },
                ..text(&format!("a{at}"))
            };
            Rows::new((0..rows).map(link).collect()).take_table(&Vec::from_iter(0..rows)).map(drop)
        };
        table(200, &values[..20]).unwrap();
        let refused = table(200, &values).unwrap_err()[0].to_string();
        assert!(refused.contains("take more than 8388608 bytes"), "{refused}");

        let label = "label ".repeat(1_000);
        let known = |value: &&str| wit::Choice {
            label: label.clone(),
            value: (*value).to_owned(),
            description: None,
        };
        let choices = wit::Choices { known: values.iter().map(known).collect(), ..offering(&[]) };
        let select = wit::Property { choices: Some(choices), ..text("a") };
        let looks =
            wit::Property { condition: on("a", wit::Comparison::OneOf, &values), ..text("b") };
        assert_refused(vec![select, looks], &[0, 1], "table", "conditions and defaults take more");
    }

    #[test]
    fn limits_the_total_size_of_defaults() {
        let rows = |length: usize| {
            let default = serde_json::json!(vec![serde_json::json!({"b": "x"}); 1_000]).to_string();
            let long = format!("\"{}\"", "a".repeat(length));
            vec![
                wit::Property { default: Some(default), ..array("list", &[1]) },
                object("", &[2, 3]),
                wit::Property { default: Some(long), ..text("a") },
                text("b"),
            ]
        };
        Rows::new(rows(1_000)).take_table(&[0]).unwrap();
        assert_refused(rows(10_000), &[0], "list", "conditions and defaults take more");
        assert_refused(rows(100_000), &[0], "list", "the input has too many values");
    }

    #[test]
    fn messages_are_short_and_safe_whatever_names_a_connector_uses() {
        let name = "\u{1b}[31m\u{9b}".repeat(1_000);
        let limits = wit::Limits { pattern: Some("(".to_owned()), ..no_limits() };
        for odd in [
            wit::Property { limits: Some(limits), ..text(&name) },
            wit::Property { choices: Some(offering(&["\"\u{9b}\"", "\"\u{9b}\""])), ..text("a") },
            wit::Property { condition: on(&name, wit::Comparison::Present, &[]), ..text("a") },
        ] {
            let (row, reason) = refused(vec![odd], &[0]);
            let message = row + &reason;
            assert!(!message.chars().any(char::is_control), "{message:?}");
            assert!(message.chars().count() < 2 * MAX_MESSAGE, "{message:?}");
        }
    }

    #[test]
    fn rejects_limits_that_no_value_satisfies() {
        for limits in [
            wit::Limits { minimum: Some(2.0), maximum: Some(1.0), ..no_limits() },
            wit::Limits { minimum: Some(f64::NAN), ..no_limits() },
            wit::Limits { maximum: Some(f64::INFINITY), ..no_limits() },
            wit::Limits { min_length: Some(2), max_length: Some(1), ..no_limits() },
            wit::Limits { min_items: Some(2), max_items: Some(1), ..no_limits() },
        ] {
            assert_refused(vec![with_limits(limits)], &[0], "a", "no value is within its limits");
        }
        let between = wit::Limits { minimum: Some(0.2), maximum: Some(0.8), ..no_limits() };
        let integer =
            wit::Property { limits: Some(between), ..row("a", wit::PropertyType::Integer) };
        assert_refused(vec![integer], &[0], "a", "no value is within its limits");
    }

    #[test]
    fn rejects_invalid_and_large_patterns() {
        for pattern in ["(", "(?=a)", r"(a)\1", "a{100000}", "(a{1000}){1000}", "a)|(?:b", "(?i)a"]
        {
            let limits = wit::Limits { pattern: Some(pattern.to_owned()), ..no_limits() };
            assert_refused(vec![with_limits(limits)], &[0], "a", "its pattern");
        }
    }

    #[test]
    fn rejects_values_that_are_not_json() {
        let row = wit::Property { default: Some("{".to_owned()), ..text("a") };
        assert_refused(vec![row], &[0], "a", "its default is not JSON");
        let row = wit::Property { provider_default: Some(String::new()), ..text("a") };
        assert_refused(vec![row], &[0], "a", "its provider default is not JSON");
        let row = wit::Property { choices: Some(offering(&["big"])), ..text("a") };
        assert_refused(vec![row], &[0], "a", "its choice is not JSON");
        let condition = on("b", wit::Comparison::OneOf, &["big"]);
        let row = wit::Property { condition, ..text("a") };
        assert_refused(vec![row, text("b")], &[0, 1], "a", "its condition's value is not JSON");
    }

    #[test]
    fn rejects_a_default_of_the_wrong_type() {
        use wit::PropertyType as Type;
        for (type_, default) in [
            (Type::String, "1"),
            (Type::Integer, "1.5"),
            (Type::Number, "\"1\""),
            (Type::Boolean, "0"),
            (Type::Array, "{}"),
            (Type::Object, "[]"),
        ] {
            let row = wit::Property { default: Some(default.to_owned()), ..row("a", type_) };
            assert_refused(vec![row], &[0], "a", "its default has the wrong type");
        }
    }

    #[test]
    fn a_select_has_choices_and_no_duplicates() {
        for control in [wit::ControlType::Select, wit::ControlType::MultiSelect] {
            let row = wit::Property { control, choices: Some(offering(&[])), ..text("a") };
            assert_refused(vec![row], &[0], "a", "a select without choices");
        }
        let twice = wit::Property {
            choices: Some(offering(&["1", "2", "1"])),
            ..row("a", wit::PropertyType::Any)
        };
        assert_refused(vec![twice], &[0], "a", "has a duplicate choice: 1");
        let deep = ["[{\"b\":1,\"c\":2}]", "[{\"c\":2.0,\"b\":1.0}]"];
        for same in [["1", "1.0"], deep] {
            let any = wit::Property {
                choices: Some(offering(&same)),
                ..row("a", wit::PropertyType::Any)
            };
            assert_refused(vec![any], &[0], "a", "duplicate choice");
        }
    }

    #[test]
    fn a_condition_refers_to_another_property() {
        for seen in ["a", "nobody"] {
            let condition = on(seen, wit::Comparison::Present, &[]);
            let row = wit::Property { condition, ..text("a") };
            assert_refused(vec![row, text("b")], &[0, 1], "a", "which is not another property");
        }
        for condition in
            [on("b", wit::Comparison::OneOf, &[]), on("b", wit::Comparison::Absent, &["1"])]
        {
            let row = wit::Property { condition, ..text("a") };
            assert_refused(vec![row, text("b")], &[0, 1], "a", "its condition must have values");
        }
    }

    #[test]
    fn rejects_a_cycle_of_conditions() {
        let condition = |seen| on(seen, wit::Comparison::Present, &[]);
        let a = wit::Property { condition: condition("b"), ..text("a") };
        let b = wit::Property { condition: condition("c"), ..text("b") };
        let c = wit::Property { condition: condition("a"), ..text("c") };
        assert_refused(vec![a, b, c], &[0, 1, 2], "table", "`a` depends on itself");
    }

    #[test]
    fn a_secret_is_a_string_without_a_default() {
        let row = wit::Property { secret: true, ..row("a", wit::PropertyType::Integer) };
        assert_refused(vec![row], &[0], "a", "a secret must be a string");
        let row = wit::Property { secret: true, default: Some("\"x\"".to_owned()), ..text("a") };
        assert_refused(vec![row], &[0], "a", "a secret cannot have a default");
    }
}
