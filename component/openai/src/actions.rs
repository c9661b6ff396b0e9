//! The actions: what they have in common, and the list of them.

pub mod ask;
pub mod create_image;
pub mod create_speech;
pub mod create_transcription;

use alloc::string::String;
use alloc::vec::Vec;

use crate::bindings::exports::workflow::connector::actions::{OptionList, Outcome};
use crate::connection::Settings;
use crate::describe::Table;
use crate::failure::{Failure, FailureKind, Result};
use crate::json::Value;
use crate::openai::models;
use crate::table::Property;

/// An action: what it is, and what it does.
pub struct Action {
    /// The name in addresses such as `openai/v1/ask`.
    pub name: &'static str,
    /// The name that people see.
    pub title: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// More for the documentation, Markdown.
    pub help: &'static str,
    /// The input.
    pub properties: &'static [Property],
    /// The output.
    pub output: Output,
    /// Runs the action with its input.
    pub run: fn(&str, &Settings) -> Result<Outcome>,
    /// Whether a model of this name is likely to be made for the action.
    pub suits: fn(&str) -> bool,
}

/// What an action returns.
pub enum Output {
    /// Always this shape.
    Fixed(&'static Property),
    /// A shape that depends on the input, as a JSON Schema.
    Dynamic(fn(&str) -> Result<String>),
}

/// All actions, in the order people see them.
pub const ALL: &[Action] =
    &[ask::ACTION, create_image::ACTION, create_speech::ACTION, create_transcription::ACTION];

/// What is left of an action when it runs. All else is in the descriptor.
pub struct Entry {
    /// As in [`Action`].
    pub name: &'static str,
    /// The shape of the output, if it depends on the input.
    pub output_schema: Option<fn(&str) -> Result<String>>,
    run: fn(&str, &Settings) -> Result<Outcome>,
    suits: fn(&str) -> bool,
}

/// The entries of [`ALL`].
pub static ENTRIES: &[Entry] = &[
    ask::ACTION.entry(),
    create_image::ACTION.entry(),
    create_speech::ACTION.entry(),
    create_transcription::ACTION.entry(),
];

/// Runs an action.
pub fn run(action: &str, input: &str, settings: &str) -> Result<Outcome> {
    (Entry::find(action)?.run)(input, &Settings::parse(settings)?)
}

/// The current choices of a property of an action.
pub fn options(action: &str, property: &str, search: Option<&str>) -> Result<OptionList> {
    let entry = Entry::find(action)?;
    let known = entry.known_models(property)?;
    Ok(models::options(search, &known, entry.suits))
}

/// The shape of an action's output for an input that may be incomplete.
pub fn output_schema(action: &str, input: &str) -> Result<String> {
    match Entry::find(action)?.output_schema {
        Some(schema) => schema(input),
        // The host knows it from the descriptor and does not ask.
        None => Err(Failure::new(FailureKind::Internal, "the output always has the same shape")),
    }
}

impl Action {
    const fn entry(&self) -> Entry {
        let output_schema = match self.output {
            Output::Fixed(_) => None,
            Output::Dynamic(schema) => Some(schema),
        };
        Entry { name: self.name, output_schema, run: self.run, suits: self.suits }
    }
}

impl Entry {
    /// The action of this name.
    fn find(name: &str) -> Result<&'static Self> {
        ENTRIES.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let names: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
            let message = format!("there is no action `{name}`; there are {}", names.join(", "));
            Failure::new(FailureKind::InvalidInput, message)
        })
    }

    /// The models that the connector offers itself as a property. Models are the
    /// one thing that the API lists.
    fn known_models(&self, property: &str) -> Result<Vec<String>> {
        let table = Table::of(self.name);
        let row = table.find(&table.roots, |name| name == property);
        let choices = row.and_then(|row| row.choices.as_ref());
        match choices.filter(|choices| choices.dynamic.is_some()) {
            Some(choices) => Ok(choices.known.iter().map(|choice| choice.label.clone()).collect()),
            None => {
                let message =
                    format!("`{property}` of `{}` has no list of choices to ask for", self.name);
                Err(Failure::invalid_input(property, message))
            }
        }
    }
}

/// Reads an input, from which an action then takes its members. The host has
/// checked it against the table; what it let through and does not fit is an
/// input failure all the same.
pub fn parse(input: &str) -> Result<Value> {
    Value::parse(input)
        .ok_or_else(|| Failure::new(FailureKind::InvalidInput, "the input is not JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_action_is_told_which_there_are() {
        let failure = Entry::find("asks").err().unwrap();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(
            failure.message,
            "there is no action `asks`; there are ask, createImage, createSpeech, \
             createTranscription"
        );
    }

    #[test]
    fn every_model_has_a_list_and_nothing_else_has() {
        for (action, entry) in ALL.iter().zip(ENTRIES) {
            for row in action.properties {
                assert_eq!(entry.known_models(row.name).is_ok(), row.name == "model");
            }
            assert!(entry.known_models("nothing").is_err());
        }
    }
}
