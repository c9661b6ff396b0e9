//! The functions that the model may call.

use connector_sdk::functions::{self, Function};
use connector_sdk::{Failure, Result};

/// The maximum length of a function name that the API accepts.
const MAX_NAME: usize = 64;

/// Functions, each with a name that the API accepts.
#[derive(Debug, Default)]
pub struct Functions(Vec<(String, Function)>);

/// What `toolChoice` requires.
pub enum ToolChoice<'a> {
    /// Anything (`required`), nothing (`none`), or what it decides (`auto`).
    Mode(&'a str),
    /// The function with this name in the API.
    Function(&'a str),
}

impl Functions {
    /// Looks up functions by the names that the caller registered.
    pub fn named(names: &[String]) -> Result<Self> {
        if names.is_empty() {
            return Ok(Self::default());
        }
        let found = functions::describe(names);
        let mut functions = Self::default();
        for function in found.map_err(|failure: Failure| failure.at("functions"))? {
            let name = functions.free_name(&function.name);
            functions.0.push((name, function));
        }
        Ok(functions)
    }

    /// Converts a name such as `openai/v1/createImage` to
    /// `openai_v1_createImage`, with a number appended if that is taken.
    fn free_name(&self, name: &str) -> String {
        let allowed = |character: char| match character {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => character,
            _ => '_',
        };
        let plain: String = name.chars().map(allowed).take(MAX_NAME).collect();
        let mut name = plain.clone();
        let mut number = 2;
        while self.find(&name).is_some() {
            let suffix = format!("_{number}");
            name = plain.chars().take(MAX_NAME - suffix.len()).collect();
            name.push_str(&suffix);
            number += 1;
        }
        name
    }

    /// The function with this name in the API.
    pub fn find(&self, name: &str) -> Option<&Function> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, function)| function)
    }

    /// The functions with their names in the API.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Function)> {
        self.0.iter().map(|(name, function)| (name.as_str(), function))
    }

    /// What the user requires the model to call, or `None` if there is no such
    /// function. It may have the name that the caller registered, or that in the API.
    pub fn chosen<'a>(&'a self, choice: &'a str) -> Option<ToolChoice<'a>> {
        if matches!(choice, "auto" | "none" | "required") {
            return Some(ToolChoice::Mode(choice));
        }
        let is_it =
            |(name, function): &&(String, Function)| function.name == choice || name == choice;
        self.0.iter().find(is_it).map(|(name, _)| ToolChoice::Function(name))
    }

    /// Whether there are no functions.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
