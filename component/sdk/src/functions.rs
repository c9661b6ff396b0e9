//! Functions that the provider's model may call (`wit/functions.wit`). A run can
//! use only the functions that its input names in a list of strings.

use serde_json::Value;

use crate::bindings::workflow::connector::functions as contract;
use crate::{Failure, Result, host};

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// The name that the caller registered.
    pub name: String,
    /// What the function does, for the model.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: Value,
}

/// A function call.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The name of the function.
    pub name: String,
    /// The arguments: a JSON object.
    pub arguments: Value,
}

/// Looks up functions and returns them in the order of `names`.
pub fn describe(names: &[String]) -> Result<Vec<Function>> {
    let functions = host::describe_functions(names)?;
    functions.into_iter().map(function).collect()
}

fn function(function: contract::Function) -> Result<Function> {
    let contract::Function { name, description, parameters } = function;
    let parameters = json(&parameters)?;
    Ok(Function { name, description, parameters })
}

/// Calls functions concurrently and waits for all of them. Returns the results
/// in the order of the calls. A failure of one call does not affect the others.
pub fn call(calls: &[Invocation]) -> Vec<Result<Value>> {
    let invocation = |Invocation { name, arguments }: &Invocation| contract::Invocation {
        name: name.clone(),
        arguments: arguments.to_string(),
    };
    let calls: Vec<_> = calls.iter().map(invocation).collect();
    let results = host::call_functions(&calls).into_iter();
    results.map(|result| json(&result?)).collect()
}

fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|error| Failure::internal(format!("the host returned invalid JSON: {error}")))
}
