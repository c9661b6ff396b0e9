//! The functions that the model may call.

use alloc::string::String;
use alloc::vec::Vec;

use crate::bindings::workflow::connector::functions::Function;
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{Json, Object, Value, decimal};

/// The longest name of a function on the wire.
const NAME: usize = 64;

/// Functions under names that the API takes.
#[derive(Debug, Default)]
pub struct Functions(Vec<Named>);

/// A function under its name on the wire.
#[derive(Debug)]
struct Named {
    wire_name: String,
    name: String,
    parameters: String,
    tool: Json,
}

impl Functions {
    /// Gives each function a name that the API takes.
    pub fn new(functions: Vec<Function>) -> Result<Self> {
        let mut named: Vec<Named> = Vec::new();
        for function in functions {
            let taken = |name: &str| named.iter().any(|other| other.wire_name == name);
            let wire_name = wire_name(&function.name, &taken);
            let tool = tool(&wire_name, &function)?;
            let Function { name, parameters, .. } = function;
            named.push(Named { wire_name, name, parameters, tool });
        }
        Ok(Self(named))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The request's `tools`.
    pub fn tools(&self) -> Option<Json> {
        let tools: Vec<_> = self.0.iter().map(|named| named.tool.clone()).collect();
        (!tools.is_empty()).then(|| Json::list(&tools))
    }

    /// The name under which a function was registered, and the schema of its
    /// arguments.
    pub fn registered(&self, wire_name: &str) -> Option<(&str, &str)> {
        let named = self.0.iter().find(|named| named.wire_name == wire_name)?;
        Some((&named.name, &named.parameters))
    }
}

/// `openai/v1/createImage` as `openai_v1_createImage`; with a number behind it
/// where that is taken.
fn wire_name(name: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let allowed = |character: char| match character {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => character,
        _ => '_',
    };
    let plain: String = name.chars().map(allowed).take(NAME).collect();
    let mut candidate = plain.clone();
    let mut number = 2_u64;
    while taken(&candidate) {
        let suffix = format!("_{}", decimal(number));
        let kept: String = plain.chars().take(NAME - suffix.len()).collect();
        candidate = kept + &suffix;
        number += 1;
    }
    candidate
}

fn tool(wire_name: &str, function: &Function) -> Result<Json> {
    let Function { name, description, parameters } = function;
    if Value::parse(parameters).is_none() {
        let message = format!("the parameters of `{name}` are not JSON");
        return Err(Failure::new(FailureKind::Internal, message).at("functions"));
    }
    let function = Object::new()
        .set("name", wire_name)
        .set("description", description)
        .set("parameters", Json::raw(parameters))
        .done();
    Ok(Object::new().set("type", "function").set("function", function).done())
}

#[cfg(test)]
pub mod tests {
    use serde_json::json;

    use super::*;

    /// A function without parameters.
    pub fn function(name: &str) -> Function {
        Function {
            name: name.into(),
            description: format!("Does {name}."),
            parameters: r#"{"type":"object"}"#.into(),
        }
    }

    #[test]
    fn functions_are_tools() {
        let functions = Functions::new(vec![function("openai/v1/createImage")]).unwrap();
        assert_eq!(
            functions.tools().unwrap(),
            json!([{
                "type": "function",
                "function": {
                    "name": "openai_v1_createImage",
                    "description": "Does openai/v1/createImage.",
                    "parameters": { "type": "object" },
                },
            }])
        );
        assert!(Functions::default().tools().is_none());
    }

    #[test]
    fn names_lead_back_to_their_function() {
        let names = ["a/b", "a_b", "a.b"];
        let functions = Functions::new(names.map(function).into()).unwrap();
        let name = |wire_name| functions.registered(wire_name).map(|(name, _)| name);
        assert_eq!(name("a_b"), Some("a/b"));
        assert_eq!(name("a_b_2"), Some("a_b"));
        assert_eq!(name("a_b_3"), Some("a.b"));
        assert_eq!(name("a/b"), None);
    }

    #[test]
    fn long_names_stay_apart() {
        let long = "ü".repeat(70);
        let functions = Functions::new(vec![function(&long), function(&long)]).unwrap();
        assert!(functions.0.iter().all(|named| named.wire_name.len() == NAME));
        assert_ne!(functions.0[0].wire_name, functions.0[1].wire_name);
    }

    #[test]
    fn parameters_that_are_no_json_are_a_defect() {
        let broken = Function { parameters: "{".into(), ..function("f") };
        assert_eq!(Functions::new(vec![broken]).unwrap_err().kind, FailureKind::Internal);
    }
}
