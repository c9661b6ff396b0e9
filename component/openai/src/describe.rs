//! What the connector is and what it offers.
//!
//! It is written when the connector is compiled, and packed: it is a quarter
//! of the component otherwise, and most calls have no use for it.

use alloc::vec::Vec;

use crate::actions::{ALL, Action, ENTRIES, Entry, Output};
use crate::bindings::exports::workflow::connector::describe as contract;
use crate::bindings::workflow::connector::types::Property;
use crate::connection::{self, define};
use crate::packed::{Bytes, unpacked};
use crate::table::read::Reader;
use crate::table::write::Writer;

/// What [`describe`] reads, in that order.
const WRITTEN: Bytes = {
    let mut writer = Writer::new();
    writer.text(
        "Answers questions, makes images, speaks texts and transcribes recordings with OpenAI's \
         models, or those of any server that speaks its protocol.",
    );
    writer.text(include_str!("icon.svg"));
    writer.text(include_str!("describe.md"));
    writer.text(connection::HELP);
    writer.rows(connection::PROPERTIES);
    let mut actions = ALL;
    while let [action, rest @ ..] = actions {
        write(&mut writer, action);
        actions = rest;
    }
    writer.bytes
};

const fn write(writer: &mut Writer, action: &Action) {
    writer.text(action.title);
    writer.text(action.description);
    writer.text(action.help);
    writer.rows(action.properties);
    if let Output::Fixed(root) = action.output {
        writer.row(root);
    }
}

#[allow(long_running_const_eval, reason = "it takes a second")]
const PACKED: Bytes = WRITTEN.packed();
static DESCRIPTION: [u8; PACKED.length()] = PACKED.array();

/// The descriptor.
pub fn describe() -> contract::Component {
    let bytes = unpacked(&DESCRIPTION, WRITTEN.length());
    let mut reader = Reader::new(&bytes);
    let (description, icon, help) = (reader.text(), reader.text(), reader.text());
    let connection = define(&mut reader);
    let actions = ENTRIES.iter().map(|entry| describe_action(entry, &mut reader)).collect();
    contract::Component {
        name: "openai".into(),
        version: 1,
        title: "OpenAI".into(),
        description,
        icon: Some(icon),
        categories: vec!["artificial-intelligence".into()],
        help,
        properties: reader.rows,
        connection,
        actions,
    }
}

fn describe_action(entry: &Entry, reader: &mut Reader) -> contract::Action {
    contract::Action {
        name: entry.name.into(),
        title: reader.text(),
        description: reader.text(),
        help: reader.text(),
        group: None,
        deprecated: false,
        properties: reader.rows(),
        text_property: None,
        output: match entry.output_schema {
            None => contract::Output::Fixed(reader.row()),
            Some(_) => contract::Output::Dynamic(Vec::new()),
        },
        effects: contract::Effects::empty(),
        duration_ms: None,
        examples: Vec::new(),
    }
}

/// The properties of an action.
pub struct Table {
    /// The rows, its own and others.
    pub rows: Vec<Property>,
    /// The positions of its properties.
    pub roots: Vec<u32>,
}

impl Table {
    /// The table of the action of this name; empty if there is none.
    pub fn of(action: &str) -> Self {
        let component = describe();
        let action = component.actions.into_iter().find(|other| other.name == action);
        let roots = action.map(|action| action.properties).unwrap_or_default();
        Self { rows: component.properties, roots }
    }

    /// The first row at some positions whose name is wanted.
    pub fn find(&self, positions: &[u32], wanted: impl Fn(&str) -> bool) -> Option<&Property> {
        let mut rows = positions.iter().filter_map(|position| self.rows.get(*position as usize));
        rows.find(|row| wanted(&row.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows at some positions and below them.
    fn below(rows: &[Property], positions: &[u32]) -> Vec<Property> {
        let mut all = Vec::new();
        for position in positions {
            let row = &rows[*position as usize];
            all.push(row.clone());
            all.extend(below(rows, &row.children));
            all.extend(below(rows, row.values.as_slice()));
        }
        all
    }

    /// Each row in one line: label, type and control.
    fn lines(rows: &[Property], positions: &[u32]) -> Vec<String> {
        let line = |position: &u32| {
            let row = &rows[*position as usize];
            let control = format!("{:?}", row.control);
            let control = control.rsplit("::").next().unwrap();
            format!("{} | {} | {control}", row.label, type_(rows, row))
        };
        positions.iter().map(line).collect()
    }

    /// A type as the reference page prints it.
    fn type_(rows: &[Property], row: &Property) -> String {
        let children = row.children.iter().map(|child| {
            let child = &rows[*child as usize];
            match child.name.as_str() {
                "" => type_(rows, child),
                name => format!("{}({name})", type_(rows, child)),
            }
        });
        let children = children.collect::<Vec<_>>().join(", ");
        match format!("{:?}", row.type_).rsplit("::").next().unwrap() {
            "Array" => format!("[{children}]"),
            "Object" | "Any" => format!("{{{children}}}"),
            name => name.to_uppercase(),
        }
    }

    fn input(name: &str) -> Vec<String> {
        let component = describe();
        let action = component.actions.iter().find(|action| action.name == name).unwrap();
        lines(&component.properties, &action.properties)
    }

    #[test]
    fn the_actions_are_those_of_the_reference_page() {
        let component = describe();
        let titles: Vec<_> =
            component.actions.iter().map(|a| (a.name.as_str(), a.title.as_str())).collect();
        assert_eq!(
            titles,
            [
                ("ask", "Ask"),
                ("createImage", "Create Image"),
                ("createSpeech", "Text-To-Speech"),
                ("createTranscription", "Create Transcriptions"),
            ]
        );
    }

    #[test]
    fn ask_begins_with_the_rows_of_the_reference_page() {
        assert_eq!(
            input("ask")[..14],
            [
                "Model | STRING | Select",
                "Messages | [{STRING(content), STRING(role)}] | ArrayBuilder",
                "Response Format | INTEGER | Select",
                "Response Schema | STRING | TextArea",
                "Max Tokens | INTEGER | Integer",
                "Number of Chat Completion Choices | INTEGER | Integer",
                "Temperature | NUMBER | Number",
                "Top P | NUMBER | Number",
                "Frequency Penalty | NUMBER | Number",
                "Presence Penalty | NUMBER | Number",
                "Logit Bias | {} | ObjectBuilder",
                "Stop | [STRING] | ArrayBuilder",
                "Functions | [STRING] | ArrayBuilder",
                "User | STRING | Text",
            ]
        );
    }

    #[test]
    fn create_image_begins_with_the_rows_of_the_reference_page() {
        assert_eq!(
            input("createImage")[..8],
            [
                "Model | STRING | Select",
                "Messages | [{STRING(content), NUMBER(weight)}] | ArrayBuilder",
                "Size | {} | Select",
                "Number of responses | INTEGER | Integer",
                "Response format | STRING | Select",
                "Quality | STRING | Select",
                "Style | STRING | Select",
                "User | STRING | Text",
            ]
        );
    }

    #[test]
    fn create_speech_begins_with_the_rows_of_the_reference_page() {
        assert_eq!(
            input("createSpeech")[..5],
            [
                "Model | STRING | Select",
                "Input | STRING | Text",
                "Voice | {} | Select",
                "Response format | {} | Select",
                "Speed | NUMBER | Number",
            ]
        );
    }

    #[test]
    fn create_transcription_begins_with_the_rows_of_the_reference_page() {
        assert_eq!(
            input("createTranscription")[..6],
            [
                "File | FILEENTRY | FileEntry",
                "Model | STRING | Select",
                "Language | STRING | Select",
                "Prompt | STRING | Text",
                "Response format | {} | Select",
                "Temperature | NUMBER | Number",
            ]
        );
    }

    #[test]
    fn the_connection_begins_with_the_row_of_the_reference_page() {
        let component = describe();
        let rows = lines(&component.properties, &component.connection.properties);
        assert_eq!(rows[0], "Token | STRING | Text");
    }

    #[test]
    fn an_image_has_the_output_of_the_reference_page_and_the_files() {
        let component = describe();
        let contract::Output::Fixed(root) = component.actions[1].output else { panic!() };
        let root = &component.properties[root as usize];
        let rows = lines(&component.properties, &root.children);
        assert_eq!(
            rows[..2].iter().map(|row| row.split_once(" | ").unwrap().1).collect::<Vec<_>>(),
            [
                "INTEGER | Integer",
                "[{STRING(url), STRING(b64Json), STRING(revisedPrompt)}] | ArrayBuilder",
            ]
        );
        assert!(rows[2].ends_with("[FILEENTRY] | ArrayBuilder"));
    }

    #[test]
    fn every_row_that_people_fill_in_is_explained() {
        let component = describe();
        for action in component.actions {
            for row in below(&component.properties, &action.properties) {
                let is_shape = row.name.is_empty();
                assert_eq!(row.label.is_empty(), is_shape, "{} {}", action.name, row.name);
                assert!(is_shape || row.description.ends_with('.'), "{} {}", action.name, row.name);
            }
        }
    }

    #[test]
    fn nothing_that_models_may_refuse_has_a_default() {
        let component = describe();
        for action in component.actions {
            for row in below(&component.properties, &action.properties) {
                let may_default =
                    ["model", "responseFormat", "role", "size"].contains(&row.name.as_str());
                assert!(row.default.is_none() || may_default, "{} {}", action.name, row.name);
            }
        }
    }

    #[test]
    fn the_icon_is_a_self_contained_square() {
        let icon = describe().icon.unwrap();
        assert!(icon.starts_with("<svg ") && icon.contains(r#"viewBox="0 0 24 24""#));
        assert!(!icon.contains("<script") && !icon.contains("href"));
    }
}
