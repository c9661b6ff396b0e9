//! Functions that a provider's model may call (`wit/functions.wit`). A run has
//! those that its input names in a list of texts, and no others.

use serde_json::Value;

use crate::bindings::workflow::connector::functions as contract;
use crate::{Failure, Result, host};

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// The name under which the caller registered it.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// A JSON Schema of its arguments.
    pub parameters: Value,
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The function's name.
    pub name: String,
    /// The arguments: a JSON object.
    pub arguments: Value,
}

/// Looks functions up, in the order of the names.
pub fn describe(names: &[String]) -> Result<Vec<Function>> {
    let functions = host::describe_functions(names)?;
    functions.into_iter().map(function).collect()
}

fn function(function: contract::Function) -> Result<Function> {
    let contract::Function { name, description, parameters } = function;
    let parameters = json(&parameters)?;
    Ok(Function { name, description, parameters })
}

/// Calls functions, all at the same time, and waits for all. The results are
/// in the order of the calls; a failure is that of its call alone.
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
        .map_err(|error| Failure::internal(format!("the host handed over no JSON: {error}")))
}
