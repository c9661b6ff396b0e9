//! The reference page of a connector, in Markdown.
//!
//! The layout follows the reference pages of workflow engines: front matter,
//! `## Reference` with the connection and the actions, each with a table of Name,
//! Type, Control Type and Description, and additional instructions at the end.
//! Types are written as on those pages:
//!
//! * an object is `{…}` with its members, apart from advanced ones:
//!   `{STRING\(content), STRING\(role)}`;
//! * a list is `[…]` around its items;
//! * a map, or a value of any type, is `{}`;
//! * everything else is its name.
//!
//! Tables of outputs have the same columns, whereas those pages only list types.
//! The page also contains everything else in the property tables: a description
//! begins with the key and ends with the choices, limits, defaults and condition,
//! nested properties are in a separate table ("Members"), and each action has an
//! example to run.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{FILE_MEMBERS, condition, example, is_template, plain, text};
use crate::contract::table::{
    Choice, Choices, Property, PropertyTable, PropertyType, plain_number, same,
};
use crate::contract::{Action, Definition, Descriptor, Effects, Example, Output, Scheme};

const HEADER: &str = "\
|      Name      |     Type     |     Control Type     |     Description     |
|:--------------:|:------------:|:--------------------:|:-------------------:|
";

/// The reference page of a connector.
pub fn docs(descriptor: &Descriptor) -> String {
    let mut blocks = Blocks::default();
    // A JSON string is a valid YAML string.
    blocks.add(format!(
        "---\ntitle: {}\ndescription: {}\n---\n## Reference\n<hr />",
        json!(text(&descriptor.title)),
        json!(text(&descriptor.description)),
    ));
    blocks.add(prose(&descriptor.description));
    let categories: Vec<String> = descriptor.categories.iter().map(|key| prose(key)).collect();
    blocks.add(format!("Categories: [{}]", categories.join(", ")));
    blocks.add(format!("Version: {}", descriptor.version));
    blocks.add("<hr />");
    blocks.add("## Connections");
    connection(&mut blocks, &descriptor.connection);
    blocks.add("<hr />");
    blocks.add("## Actions");
    for each in &descriptor.actions {
        action(&mut blocks, descriptor, each);
    }
    let help = [descriptor.connection.help.trim(), descriptor.help.trim()];
    if help.iter().any(|help| !help.is_empty()) {
        blocks.add("<hr />");
        blocks.add("# Additional instructions\n<hr />");
    }
    let [connection_help, component_help] = help;
    if !connection_help.is_empty() {
        blocks.add("## CONNECTION");
        blocks.add(text(connection_help));
    }
    blocks.add(text(component_help));
    blocks.page
}

/// The part of the page about one action.
pub fn action_docs(descriptor: &Descriptor, of: &Action) -> String {
    let mut blocks = Blocks::default();
    action(&mut blocks, descriptor, of);
    blocks.page
}

/// The part of the page about the property at a path such as `messages[0].role`, and
/// everything below it.
pub fn property_docs(table: &PropertyTable, path: &str) -> Option<String> {
    let property = table.at_path(path)?;
    let siblings = match path.rsplit_once('.') {
        None => table.as_slice(),
        Some((parent, _)) => {
            let parent = table.at_path(parent)?;
            match parent.children.as_slice() {
                [item] if parent.kind == PropertyType::Array => &item.children,
                members => members,
            }
        }
    };
    let mut blocks = Blocks::default();
    let name = match shown_name(property) {
        "" => code(path),
        name => prose(name),
    };
    blocks.add(format!("### {name}"));
    blocks.add(format!("Type: {}\nControl type: {}", type_text(property), property.control.name()));
    blocks.add(describe(property, siblings, path));
    let mut rows = String::new();
    below(&mut rows, property, path);
    member_table(&mut blocks, &rows);
    Some(blocks.page)
}

/// Blocks of Markdown with one blank line between them.
#[derive(Default)]
struct Blocks {
    page: String,
}

impl Blocks {
    fn add(&mut self, block: impl AsRef<str>) {
        let block = block.as_ref().trim_end();
        if block.is_empty() {
            return;
        }
        if !self.page.is_empty() {
            self.page.push('\n');
        }
        self.page.push_str(block);
        self.page.push('\n');
    }
}

fn connection(blocks: &mut Blocks, connection: &Definition) {
    blocks.add(format!("Version: {}", connection.version));
    let base_url = code(connection.base_url.as_str());
    for authorization in &connection.authorizations {
        blocks.add(format!("### {}", prose(&authorization.title)));
        let mut where_to = format!("Requests go to {base_url}.{}", carried(&authorization.scheme));
        if connection.authorizations.len() > 1 {
            let (property, name) = (code(Definition::AUTHORIZATION), code(&authorization.name));
            let _ = write!(where_to, " The connection's {property} is {name}.");
        }
        blocks.add(where_to);
        let own = |row: &Property| authorization.properties.contains(&row.name);
        if connection.authorizations.len() > 1 {
            connection_rows(blocks, connection, own);
        } else {
            connection_rows(blocks, connection, |_| true);
        }
        blocks.add(text(authorization.help.trim()));
    }
    if connection.authorizations.len() > 1 {
        let of_one = |row: &Property| {
            let mut names = connection.authorizations.iter().flat_map(|one| &one.properties);
            names.any(|name| *name == row.name)
        };
        if connection.properties.iter().any(|row| !of_one(row)) {
            blocks.add("### Other Properties");
            connection_rows(blocks, connection, |row| !of_one(row));
        }
    }
    members(blocks, &connection.properties);
}

/// The credential that each request carries, in words.
fn carried(scheme: &Scheme) -> String {
    match scheme {
        Scheme::None => String::new(),
        Scheme::Bearer { property } => format!(
            " Each request carries `Authorization: Bearer` and the value of {}.",
            code(property)
        ),
        Scheme::Basic { username, password } => {
            let password = password.as_ref().map(|name| format!(" and {}", code(name)));
            format!(
                " Each request carries `Authorization: Basic` with {}{} (RFC 7617).",
                code(username),
                password.unwrap_or_default()
            )
        }
        Scheme::Header { header, prefix, property } if prefix.is_empty() => format!(
            " Each request carries the header {} with the value of {}.",
            code(header),
            code(property)
        ),
        Scheme::Header { header, prefix, property } => format!(
            " Each request carries the header {} with {} and the value of {}.",
            code(header),
            code(prefix.trim()),
            code(property)
        ),
        Scheme::Query { parameter, property } => format!(
            " Each request carries the parameter {} with the value of {}.",
            code(parameter),
            code(property)
        ),
    }
}

/// Adds a table of some properties of the connection.
fn connection_rows(
    blocks: &mut Blocks,
    connection: &Definition,
    is_wanted: impl Fn(&Property) -> bool,
) {
    let rows = connection.properties.iter().filter(|row| is_wanted(row));
    let mut table = HEADER.to_owned();
    for property in rows {
        let mut notes = String::new();
        if connection.base_url_property.as_ref() == Some(&property.name) {
            notes.push_str(" Replaces the URL above.");
        }
        for header in connection.headers.iter().filter(|header| header.property == property.name) {
            let _ = write!(notes, " Sent as the header {}.", code(&header.name));
        }
        for parameter in connection.query.iter().filter(|query| query.property == property.name) {
            let _ = write!(notes, " Sent as the parameter {}.", code(&parameter.name));
        }
        if connection.user_headers.as_ref() == Some(&property.name) {
            notes.push_str(" Each member is sent as a header.");
        }
        let variables = connection.environment.iter();
        let variables: Vec<String> = variables
            .filter(|variable| variable.property == property.name)
            .map(|variable| code(&variable.name))
            .collect();
        if !variables.is_empty() {
            let _ = write!(notes, " Environment variable: {}.", variables.join(" or "));
        }
        let description = describe(property, connection.properties.as_slice(), &property.name);
        row(&mut table, property, &format!("{description}{notes}"));
    }
    if table != HEADER {
        blocks.add("#### Properties");
        blocks.add(table);
    }
}

fn action(blocks: &mut Blocks, descriptor: &Descriptor, action: &Action) {
    let address = descriptor.address(action);
    blocks.add(format!("### {}\n{}", prose(&action.title), prose(&action.description)));
    blocks.add(format!("Address: {}", code(&address)));
    blocks.add(about(action));
    let properties = &action.properties;
    if !properties.as_slice().is_empty() {
        blocks.add("#### Properties");
        let mut table = HEADER.to_owned();
        for property in properties {
            let description = describe(property, properties.as_slice(), &property.name);
            row(&mut table, property, &description);
        }
        blocks.add(table);
        members(blocks, properties);
    }
    blocks.add("### Output");
    match &action.output {
        Output::Fixed(shape) => output(blocks, shape),
        Output::OneOf(shapes) => {
            blocks.add("One of these:");
            labelled(blocks, shapes);
        }
        Output::Dynamic(shapes) => {
            blocks.add(format!(
                "The shape of the output depends on the input. Its JSON Schema for an input in \
                 `input.json`:\n\n```sh\nconnector schema {address} --form output --input input.json\n```"
            ));
            labelled(blocks, shapes);
        }
    }
    if !action.help.trim().is_empty() {
        blocks.add("#### Notes");
        blocks.add(text(action.help.trim()));
    }
    for Example { title, input } in &action.examples {
        let input = serde_json::to_string_pretty(input).unwrap_or_default();
        if !input.contains("{{") && !input.contains("```") {
            blocks.add(format!("#### Example: {}", prose(title)));
            blocks.add(format!("```json\n{input}\n```"));
        }
    }
    usage(blocks, &address, properties);
}

/// The group of an action, and the effects of a run.
fn about(action: &Action) -> String {
    let Effects { read_only, destructive, idempotent, billed } = action.effects;
    let sentences = [
        action.group.as_ref().map(|group| format!("Group: {}.", prose(group))),
        action.deprecated.then(|| "Deprecated.".to_owned()),
        billed.then(|| "The provider charges for it.".to_owned()),
        destructive.then(|| "It may delete or overwrite something at the provider.".to_owned()),
        read_only.then(|| "It changes nothing at the provider.".to_owned()),
        (idempotent && !read_only)
            .then(|| "Running it again with the same input has no further effect.".to_owned()),
    ];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn labelled(blocks: &mut Blocks, shapes: &[Property]) {
    for shape in shapes {
        blocks.add(format!("#### {}", prose(&shape.label)));
        output(blocks, shape);
    }
}

fn output(blocks: &mut Blocks, output: &Property) {
    blocks.add(format!("Type: {}", output.kind.name()));
    if !output.description.is_empty() {
        blocks.add(prose(&output.description));
    }
    let mut table = HEADER.to_owned();
    let mut rows = String::new();
    match output.kind {
        PropertyType::Object => {
            for member in &output.children {
                let path = &member.name;
                row(&mut table, member, &describe(member, &output.children, path));
                below(&mut rows, member, path);
            }
        }
        PropertyType::Array => {
            for item in &output.children {
                row(&mut table, item, &describe(item, &[], "[]"));
                below(&mut rows, item, "[]");
            }
        }
        PropertyType::FileEntry => {
            for (name, label) in FILE_MEMBERS {
                let _ = writeln!(table, "| {label} | STRING | TEXT  |  {}  |", code(name));
            }
        }
        _ => {}
    }
    if table == HEADER {
        return;
    }
    blocks.add("#### Properties");
    blocks.add(table);
    member_table(blocks, &rows);
}

/// Adds a table of everything below the rows of a table.
fn members(blocks: &mut Blocks, table: &PropertyTable) {
    let mut rows = String::new();
    for property in table {
        below(&mut rows, property, &property.name);
    }
    member_table(blocks, &rows);
}

fn member_table(blocks: &mut Blocks, rows: &str) {
    if !rows.is_empty() {
        blocks.add("#### Members");
        blocks.add(format!("{HEADER}{rows}"));
    }
}

/// Adds rows for everything below a property. An unnamed shape only has a row if
/// there is more to describe than its type.
fn below(table: &mut String, property: &Property, path: &str) {
    match property.kind {
        PropertyType::Object => {
            for member in &property.children {
                let path = match path {
                    "" => member.name.clone(),
                    _ => format!("{path}.{}", member.name),
                };
                row(table, member, &describe(member, &property.children, &path));
                below(table, member, &path);
            }
        }
        PropertyType::Array => {
            for item in &property.children {
                shape(table, item, &format!("{path}[]"));
            }
        }
        _ => {}
    }
    if let Some(values) = &property.values {
        shape(table, values, &format!("{path}.*"));
    }
}

fn shape(table: &mut String, shape: &Property, path: &str) {
    let description = describe(shape, &[], path);
    if description != code(path) {
        row(table, shape, &description);
    }
    below(table, shape, path);
}

fn row(table: &mut String, property: &Property, description: &str) {
    let _ = writeln!(
        table,
        "| {} | {} | {}  |  {}  |",
        prose(shown_name(property)),
        type_text(property),
        property.control.name(),
        description,
    );
}

fn shown_name(property: &Property) -> &str {
    if property.label.is_empty() { &property.name } else { &property.label }
}

/// A type in the notation of the module documentation.
fn type_text(property: &Property) -> String {
    let list = |children: &[Property]| {
        let shown = children.iter().filter(|child| !child.advanced);
        let each = shown.map(|child| match child.name.as_str() {
            "" => type_text(child),
            name => format!("{}\\({name})", type_text(child)),
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let written = match property.kind {
        PropertyType::Object => format!("{{{}}}", list(&property.children)),
        PropertyType::Array => format!("[{}]", list(&property.children)),
        PropertyType::Any => "{}".to_owned(),
        kind => kind.name().to_owned(),
    };
    // In an object whose first member is an object, both braces stay visible.
    written.replace("{{", "{\\{")
}

/// The description of a row: the key, the description of the property, and all its
/// rules.
fn describe(property: &Property, siblings: &[Property], path: &str) -> String {
    let mut sentences = vec![prose(&property.description)];
    if property.required && property.default.is_none() {
        sentences.push("Required.".to_owned());
    }
    if let Some(condition) = &property.condition {
        sentences.push(format!("Shown when {}.", prose(&condition::words(condition, siblings))));
    }
    if let Some(choices) = &property.choices {
        choice_sentences(&mut sentences, choices, property.kind);
    }
    if property.kind == PropertyType::FileEntry {
        let members = FILE_MEMBERS.map(|(name, _)| code(name));
        sentences.push(format!("An object with {}.", members.join(", ")));
    }
    limit_sentences(&mut sentences, property);
    if let Some(value) = property.default.as_ref() {
        sentences.push(format!("Default: {}.", value_text(value, property)));
    }
    if let Some(value) = property.provider_default.as_ref() {
        sentences.push(format!("Provider default: {}.", value_text(value, property)));
    }
    if property.secret {
        sentences.push("Secret.".to_owned());
    }
    if let Some(group) = &property.group {
        sentences.push(format!("Group: {}.", prose(group)));
    }
    if property.advanced {
        sentences.push("Advanced.".to_owned());
    }
    if property.deprecated {
        sentences.push("Deprecated.".to_owned());
    }
    sentences.retain(|sentence| !sentence.is_empty());
    let sentences = sentences.join(" ");
    match sentences.as_str() {
        "" => code(path),
        _ => format!("{}: {sentences}", code(path)),
    }
}

fn choice_sentences(sentences: &mut Vec<String>, choices: &Choices, kind: PropertyType) {
    let is_list = kind == PropertyType::Array;
    if !choices.known.is_empty() {
        let known: Vec<String> = choices.known.iter().map(choice_text).collect();
        let intro = match (choices.open || choices.dynamic.is_some(), is_list) {
            (true, _) => "Known values",
            (false, true) => "Any of",
            (false, false) => "One of",
        };
        sentences.push(format!("{intro}: {}.", known.join("; ")));
    }
    match choices.dynamic.as_deref() {
        None => {}
        Some([]) => sentences.push("The connector can list the current values.".to_owned()),
        Some(names) => {
            let names: Vec<_> = names.iter().map(|name| code(name)).collect();
            let names = names.join(" and ");
            sentences.push(format!(
                "The connector can list the current values, which depend on {names}."
            ));
        }
    }
    if choices.open {
        sentences.push("Other values are accepted.".to_owned());
    }
}

/// `` `gpt` ``, or `` Object (`1`) – a description ``.
fn choice_text(choice: &Choice) -> String {
    let value = value_code(&choice.value);
    let named = if plain(&choice.value) == choice.label || choice.label.is_empty() {
        value
    } else {
        format!("{} ({value})", prose(&choice.label))
    };
    match choice.description.as_deref().map(|text| prose(text.trim_end_matches('.'))) {
        Some(description) if !description.is_empty() => format!("{named} – {description}"),
        _ => named,
    }
}

/// A value, with its label if it is one of the property's choices.
fn value_text(value: &Value, property: &Property) -> String {
    let known = property.choices.as_ref().map_or(&[][..], |choices| &choices.known);
    match known.iter().find(|choice| same(&choice.value, value)) {
        Some(choice) => choice_text(&Choice { description: None, ..choice.clone() }),
        None => value_code(value),
    }
}

fn limit_sentences(sentences: &mut Vec<String>, property: &Property) {
    let limits = &property.limits;
    let mut add = |sentence: Option<String>| sentences.extend(sentence);
    add(range(limits.minimum.map(plain_number), limits.maximum.map(plain_number), None));
    let shortest = limits.min_length.filter(|shortest| *shortest > 0);
    add(range(shortest, limits.max_length, Some(("character", "characters"))));
    let is_object = property.kind == PropertyType::Object;
    let unit = if is_object { ("entry", "entries") } else { ("item", "items") };
    add(range(limits.min_items, limits.max_items, Some(unit)));
    add(limits.pattern.as_ref().map(|pattern| {
        let subject = if property.kind == PropertyType::Object { "Keys match" } else { "Matches" };
        format!("{subject} {}.", code(pattern.source()))
    }));
    add(limits.max_bytes.map(|bytes| format!("At most {}.", bytes_text(bytes))));
    if !limits.accept.is_empty() {
        let accept: Vec<String> = limits.accept.iter().map(|extension| code(extension)).collect();
        add(Some(format!("File types: {}.", accept.join(", "))));
    }
}

/// A range in words. The unit has a singular and a plural.
fn range<T: ToString>(
    least: Option<T>,
    most: Option<T>,
    unit: Option<(&str, &str)>,
) -> Option<String> {
    let with_unit = |bound: &str| match unit {
        None => bound.to_owned(),
        Some((one, _)) if bound == "1" => format!("1 {one}"),
        Some((_, many)) => format!("{bound} {many}"),
    };
    let least = least.map(|bound| bound.to_string());
    let most = most.map(|bound| bound.to_string());
    Some(match (least, most) {
        (None, None) => return None,
        (Some(least), None) => format!("At least {}.", with_unit(&least)),
        (None, Some(most)) => format!("At most {}.", with_unit(&most)),
        (Some(least), Some(most)) if least == most => format!("Exactly {}.", with_unit(&least)),
        (Some(least), Some(most)) => format!("Between {least} and {}.", with_unit(&most)),
    })
}

/// `26214400 bytes (25 MiB)`.
fn bytes_text(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    match bytes % MIB {
        0 if bytes >= MIB => format!("{bytes} bytes ({} MiB)", bytes / MIB),
        _ => format!("{bytes} bytes"),
    }
}

/// Adds an example input and the command that runs the action with it. Files are
/// passed on the command line rather than in the input.
fn usage(blocks: &mut Blocks, address: &str, properties: &PropertyTable) {
    let mut input = match example(properties) {
        Value::Object(input) => input,
        _ => Map::new(),
    };
    let mut files = String::new();
    for property in properties.iter().filter(|property| property.kind == PropertyType::FileEntry) {
        if let Some(entry) = input.shift_remove(&property.name) {
            let name = entry.get("name").and_then(Value::as_str).unwrap_or("file.bin");
            let _ = write!(files, " --file {}={}", property.name, text(name));
        }
    }
    let input = Value::Object(input);
    let json = serde_json::to_string_pretty(&input).unwrap_or_default();
    blocks.add("#### Example");
    blocks.add(format!("`input.json`:\n\n```json\n{json}\n```"));
    blocks.add(format!("```sh\nconnector run {address} --input input.json{files}\n```"));
}

/// Escapes text from a component as one line of Markdown that shows it verbatim.
fn prose(words: &str) -> String {
    let mut escaped = String::new();
    for character in text(words.trim()).chars() {
        match character {
            '\\' | '|' | '*' | '_' | '`' | '<' | '[' | ']' | '&' | '~' | '$' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\n' => escaped.push(' '),
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}

/// A code span that shows the text verbatim, including in a table.
fn code(words: &str) -> String {
    let words = text(words).replace(|character: char| character.is_control(), " ");
    let words = words.replace('|', "\\|");
    if words.is_empty() {
        return "``".to_owned();
    }
    // CommonMark: the fence must be longer than any inside, and a backtick must be
    // separated from it by a space.
    match words.split(|character| character != '`').map(str::len).max() {
        None | Some(0) => format!("`{words}`"),
        Some(longest) => {
            let fence = "`".repeat(longest + 1);
            format!("{fence} {words} {fence}")
        }
    }
}

/// A JSON value in a code span. Double braces, which would otherwise be separated by
/// a space, are escaped to preserve the value.
fn value_code(value: &Value) -> String {
    match value {
        value if is_template(value) => code(&value.to_string().replace("{{", r"{\u007b")),
        value => code(&plain(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::table::{Comparison, ControlType, Pattern, PropertyLimits};
    use crate::fixture::{
        action, array, binding, closed, definition, object, open, row, shape, string, when,
    };

    fn number(name: &str, limits: PropertyLimits) -> Property {
        Property { limits, ..row(name, PropertyType::Number, ControlType::Number) }
    }

    /// Checks the description of a row.
    fn check(property: Property, expected: &str) {
        assert_eq!(describe(&property, &[], "a"), expected);
    }

    #[test]
    fn writes_types_like_reference_pages() {
        let check = |property: Property, expected: &str| {
            assert_eq!(type_text(&property), expected);
        };
        check(string("a"), "STRING");
        check(row("a", PropertyType::FileEntry, ControlType::FileEntry), "FILE_ENTRY");
        check(row("a", PropertyType::Any, ControlType::Select), "{}");
        let map = Property {
            values: Some(Box::new(shape(PropertyType::Number, ControlType::Number))),
            ..object("a", Vec::new())
        };
        check(map, "{}");
        check(array("a", shape(PropertyType::String, ControlType::Text)), "[STRING]");
        let message =
            || object("", vec![string("content"), number("weight", PropertyLimits::default())]);
        check(array("a", message()), r"[{STRING\(content), NUMBER\(weight)}]");
        let inner = Property { name: "inner".to_owned(), ..message() };
        check(object("a", vec![inner]), r"{\{STRING\(content), NUMBER\(weight)}\(inner)}");
        let advanced = Property { advanced: true, ..string("detail") };
        check(object("a", vec![string("content"), advanced]), r"{STRING\(content)}");
    }

    #[test]
    fn a_description_begins_with_the_key() {
        check(string("a"), "`a`");
        check(Property { description: "Two\nlines.".to_owned(), ..string("a") }, "`a`: Two lines.");
    }

    #[test]
    fn describes_requirements_and_defaults() {
        check(Property { required: true, ..string("a") }, "`a`: Required.");
        let default = Property { default: Some(json!("x")), ..string("a") };
        check(Property { required: true, ..default }, "`a`: Default: `x`.");
        check(
            Property { provider_default: Some(json!(1)), ..string("a") },
            "`a`: Provider default: `1`.",
        );
        check(Property { secret: true, ..string("a") }, "`a`: Secret.");
        check(Property { advanced: true, ..string("a") }, "`a`: Advanced.");
    }

    #[test]
    fn describes_every_limit() {
        let check = |limits: PropertyLimits, expected: &str| {
            check(Property { limits, ..string("a") }, &format!("`a`: {expected}"));
        };
        let none = PropertyLimits::default;
        check(
            PropertyLimits { minimum: Some(-2.0), maximum: Some(0.5), ..none() },
            "Between -2 and 0.5.",
        );
        check(PropertyLimits { minimum: Some(1.0), ..none() }, "At least 1.");
        check(PropertyLimits { max_length: Some(4096), ..none() }, "At most 4096 characters.");
        check(
            PropertyLimits { min_items: Some(2), max_items: Some(2), ..none() },
            "Exactly 2 items.",
        );
        check(
            PropertyLimits { max_bytes: Some(26_214_400), ..none() },
            "At most 26214400 bytes (25 MiB).",
        );
        check(
            PropertyLimits { accept: vec!["mp3".to_owned(), "wav".to_owned()], ..none() },
            "File types: `mp3`, `wav`.",
        );
        let pattern = Pattern::new("a|b".to_owned()).unwrap();
        check(PropertyLimits { pattern: Some(pattern), ..none() }, r"Matches `a\|b`.");
    }

    #[test]
    fn describes_every_choice() {
        let mut choices =
            closed(&[("Text", json!(0)), ("Object", json!(1)), ("mp3", json!("mp3"))]);
        choices.as_mut().unwrap().known[1].description = Some("JSON.".to_owned());
        let select = Property { choices, default: Some(json!(0)), ..string("a") };
        check(select, "`a`: One of: Text (`0`); Object (`1`) – JSON; `mp3`. Default: Text (`0`).");
        let choices = open(&[("m", json!("m"))])
            .map(|choices| Choices { dynamic: Some(Vec::new()), ..choices });
        check(
            Property { choices, ..string("a") },
            "`a`: Known values: `m`. The connector can list the current values. Other values are accepted.",
        );
    }

    #[test]
    fn describes_the_condition() {
        let format = Property {
            label: "Format".to_owned(),
            choices: closed(&[("Text", json!(0)), ("Object", json!(1)), ("List", json!(2))]),
            ..row("format", PropertyType::Integer, ControlType::Select)
        };
        let schema = Property {
            condition: when("format", Comparison::NoneOf, &[json!(0)]),
            ..string("schema")
        };
        assert_eq!(
            describe(&schema, &[format], "schema"),
            "`schema`: Shown when Format is Object or List."
        );
    }

    #[test]
    fn escapes_text_code_and_values() {
        assert_eq!(prose("a|b *c* <d>\n[e](f)"), r"a\|b \*c\* \<d> \[e\](f)");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(value_code(&json!("{{x}}")), r#"`"{\u007bx}}"`"#);
    }

    #[test]
    fn renders_a_complete_page() {
        let message = object(
            "",
            vec![
                Property {
                    label: "Role".to_owned(),
                    required: true,
                    choices: closed(&[("user", json!("user")), ("tool", json!("tool"))]),
                    ..row("role", PropertyType::String, ControlType::Select)
                },
                Property {
                    label: "Content".to_owned(),
                    description: "The text of the message.".to_owned(),
                    required: true,
                    ..string("content")
                },
            ],
        );
        let messages = Property {
            label: "Messages".to_owned(),
            description: "The conversation so far.".to_owned(),
            required: true,
            ..array("messages", message)
        };
        let file = Property {
            label: "File".to_owned(),
            required: true,
            limits: PropertyLimits { accept: vec!["mp3".to_owned()], ..PropertyLimits::default() },
            ..row("file", PropertyType::FileEntry, ControlType::FileEntry)
        };
        let count = Property {
            description: "How many.".to_owned(),
            ..row("count", PropertyType::Integer, ControlType::Integer)
        };
        let url = row("url", PropertyType::String, ControlType::Url);
        let descriptor = Descriptor {
            name: "sample".to_owned(),
            version: 1,
            title: "Sample".to_owned(),
            description: "A \"sample\" provider.".to_owned(),
            icon: None,
            categories: vec!["artificial-intelligence".to_owned()],
            help: "## LIMITS\n\nNone.".to_owned(),
            actions: vec![
                Action {
                    description: "Talks.".to_owned(),
                    help: "Be polite.".to_owned(),
                    ..action(
                        "talk",
                        "Talk",
                        vec![messages, file].into(),
                        Output::Fixed(object(
                            "",
                            vec![count, array("data", object("", vec![url]))],
                        )),
                    )
                },
                Action {
                    description: "Waits.".to_owned(),
                    ..action("wait", "Wait", PropertyTable::default(), Output::Dynamic(Vec::new()))
                },
            ],
            connection: Definition {
                help: "[Get a key](https://example.com/keys)".to_owned(),
                environment: vec![binding("token", "SAMPLE_API_KEY")],
                ..definition(
                    "Bearer Token",
                    Scheme::Bearer { property: "token".to_owned() },
                    vec![Property {
                        label: "Token".to_owned(),
                        required: true,
                        secret: true,
                        ..string("token")
                    }]
                    .into(),
                )
            },
        };
        insta::assert_snapshot!(docs(&descriptor), @r###"
        ---
        title: "Sample"
        description: "A \"sample\" provider."
        ---
        ## Reference
        <hr />

        A "sample" provider.

        Categories: [artificial-intelligence]

        Version: 1

        <hr />

        ## Connections

        Version: 1

        ### Bearer Token

        Requests go to `https://api.example.com/v1`. Each request carries `Authorization: Bearer` and the value of `token`.

        #### Properties

        |      Name      |     Type     |     Control Type     |     Description     |
        |:--------------:|:------------:|:--------------------:|:-------------------:|
        | Token | STRING | TEXT  |  `token`: Required. Secret. Environment variable: `SAMPLE_API_KEY`.  |

        <hr />

        ## Actions

        ### Talk
        Talks.

        Address: `sample/v1/talk`

        #### Properties

        |      Name      |     Type     |     Control Type     |     Description     |
        |:--------------:|:------------:|:--------------------:|:-------------------:|
        | Messages | [{STRING\(role), STRING\(content)}] | ARRAY_BUILDER  |  `messages`: The conversation so far. Required.  |
        | File | FILE_ENTRY | FILE_ENTRY  |  `file`: Required. An object with `extension`, `mimeType`, `name`, `url`. File types: `mp3`.  |

        #### Members

        |      Name      |     Type     |     Control Type     |     Description     |
        |:--------------:|:------------:|:--------------------:|:-------------------:|
        | Role | STRING | SELECT  |  `messages[].role`: Required. One of: `user`; `tool`.  |
        | Content | STRING | TEXT  |  `messages[].content`: The text of the message. Required.  |

        ### Output

        Type: OBJECT

        #### Properties

        |      Name      |     Type     |     Control Type     |     Description     |
        |:--------------:|:------------:|:--------------------:|:-------------------:|
        | count | INTEGER | INTEGER  |  `count`: How many.  |
        | data | [{STRING\(url)}] | ARRAY_BUILDER  |  `data`  |

        #### Members

        |      Name      |     Type     |     Control Type     |     Description     |
        |:--------------:|:------------:|:--------------------:|:-------------------:|
        | url | STRING | URL  |  `data[].url`  |

        #### Notes

        Be polite.

        #### Example

        `input.json`:

        ```json
        {
          "messages": [
            {
              "role": "user",
              "content": "text"
            }
          ]
        }
        ```

        ```sh
        connector run sample/v1/talk --input input.json --file file=file.mp3
        ```

        ### Wait
        Waits.

        Address: `sample/v1/wait`

        ### Output

        The shape of the output depends on the input. Its JSON Schema for an input in `input.json`:

        ```sh
        connector schema sample/v1/wait --form output --input input.json
        ```

        #### Example

        `input.json`:

        ```json
        {}
        ```

        ```sh
        connector run sample/v1/wait --input input.json
        ```

        <hr />

        # Additional instructions
        <hr />

        ## CONNECTION

        [Get a key](https://example.com/keys)

        ## LIMITS

        None.
        "###);
    }
}
