//! What the connector is and what it offers.

use crate::actions::{ALL, Action, Output};
use crate::bindings::exports::workflow::connector::describe as contract;
use crate::table::flatten;

/// The descriptor.
pub fn describe() -> contract::Component {
    contract::Component {
        name: "openai".into(),
        version: 1,
        title: "OpenAI".into(),
        description: "Answers questions, makes images, speaks texts and transcribes recordings \
                      with OpenAI's models, or those of any server that speaks its protocol."
            .into(),
        icon: Some(include_str!("icon.svg").into()),
        categories: vec!["artificial-intelligence".into()],
        help: include_str!("describe.md").into(),
        actions: ALL.iter().map(action).collect(),
    }
}

fn action(action: &Action) -> contract::Action {
    contract::Action {
        name: action.name.into(),
        title: action.title.into(),
        description: action.description.into(),
        help: action.help.into(),
        properties: flatten(action.properties),
        output: match action.output {
            Output::Fixed(root) => contract::Output::Fixed(flatten(&[*root])),
            Output::Dynamic(_) => contract::Output::Dynamic,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::workflow::connector::types::{Property, PropertyTable};
    use crate::connection::define;

    /// A row in one line: label, type and control.
    fn line(table: &PropertyTable, position: u32) -> String {
        let row = &table.properties[position as usize];
        let control = format!("{:?}", row.control);
        let control = control.rsplit("::").next().unwrap().to_owned();
        format!("{} | {} | {control}", row.label, type_(table, row))
    }

    /// A type as the reference page prints it.
    fn type_(table: &PropertyTable, row: &Property) -> String {
        let children = row.children.iter().map(|child| {
            let child = &table.properties[*child as usize];
            match child.name.as_str() {
                "" => type_(table, child),
                name => format!("{}({name})", type_(table, child)),
            }
        });
        let children = children.collect::<Vec<_>>().join(", ");
        match format!("{:?}", row.type_).rsplit("::").next().unwrap() {
            "Array" => format!("[{children}]"),
            "Object" | "Any" => format!("{{{children}}}"),
            name => name.to_uppercase(),
        }
    }

    fn lines(table: &PropertyTable) -> Vec<String> {
        table.roots.iter().map(|root| line(table, *root)).collect()
    }

    fn input(name: &str) -> Vec<String> {
        let component = describe();
        lines(&component.actions.iter().find(|action| action.name == name).unwrap().properties)
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
        assert_eq!(lines(&define().properties)[0], "Token | STRING | Text");
    }

    #[test]
    fn an_image_has_the_output_of_the_reference_page_and_the_files() {
        let component = describe();
        let contract::Output::Fixed(table) = &component.actions[1].output else { panic!() };
        let root = &table.properties[table.roots[0] as usize];
        let rows: Vec<_> = root.children.iter().map(|child| line(table, *child)).collect();
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
        for action in describe().actions {
            for row in action.properties.properties {
                let is_shape = row.name.is_empty();
                assert_eq!(row.label.is_empty(), is_shape, "{} {}", action.name, row.name);
                assert!(is_shape || row.description.ends_with('.'), "{} {}", action.name, row.name);
            }
        }
    }

    #[test]
    fn nothing_that_models_may_refuse_has_a_default() {
        for action in describe().actions {
            for row in &action.properties.properties {
                let may_default = ["model", "responseFormat", "size"].contains(&row.name.as_str());
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
