//! Functions that a provider's model may call during a run: closures of the
//! embedding program, actions of connectors, and HTTP calls declared in a file.
//! The latter two are implemented in `crate::functions`.

mod calls;
mod granted;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use crate::budget::{Account, Cancellation, Limits, Stopped};
use crate::contract::Failure;
use crate::egress::Retries;
use crate::files::SharedFiles;

pub(crate) use calls::{CallResult, Invocation};
pub(crate) use granted::Granted;

/// A registry of functions. Cheap to clone.
#[derive(Clone, Default)]
pub struct Functions {
    known: BTreeMap<String, Arc<Function>>,
}

/// A registered function.
pub(crate) struct Function {
    pub description: String,
    /// Returns a JSON Schema of the arguments.
    pub parameters: Box<dyn Fn() -> Value + Send + Sync>,
    pub call: Box<FunctionCall>,
}

type FunctionCall = dyn Fn(Value, &Context) -> Result<Value, Failure> + Send + Sync;

/// The context of the run that calls a function. The call ends with the run.
pub(crate) struct Context {
    pub deadline: Instant,
    pub cancellation: Cancellation,
    pub account: Arc<Account>,
    /// The run's limits and retries, which also apply to its functions.
    pub limits: Limits,
    pub retries: Retries,
    /// The files that the run's functions store.
    pub files: SharedFiles,
}

impl Context {
    /// Why no more calls may begin, if the run was stopped.
    fn stopped(&self) -> Option<Stopped> {
        Stopped::of(&self.cancellation, self.deadline)
    }
}

impl Functions {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a closure. `parameters` is a JSON Schema of its arguments.
    /// `description` describes it to the model. Replaces a function of the same
    /// name.
    pub fn with(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: Value,
        call: impl Fn(Value) -> Result<Value, Failure> + Send + Sync + 'static,
    ) -> Self {
        let function = Function {
            description: description.into(),
            parameters: Box::new(move || parameters.clone()),
            call: Box::new(move |arguments, context| {
                // The closure may do anything, including requests that are billed.
                context.account.sent(true, true);
                call(arguments)
            }),
        };
        self.with_function(name.into(), function)
    }

    pub(crate) fn with_function(mut self, name: String, function: Function) -> Self {
        self.known.insert(name, Arc::new(function));
        self
    }

    /// Returns the function with this name.
    ///
    /// # Errors
    /// `invalid-input` with the available names.
    pub(crate) fn get(&self, name: &str) -> Result<&Function, Failure> {
        self.known.get(name).map(Arc::as_ref).ok_or_else(|| {
            let known = match self.known.keys().map(String::as_str).collect::<Vec<_>>().as_slice() {
                [] => "no functions are available".to_owned(),
                names => format!("available: {}", names.join(", ")),
            };
            let message = format!("unknown function `{}`; {known}", name.escape_debug());
            Failure { property: None, ..Failure::invalid_input("", message) }
        })
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn echo(registry: Functions, name: &str) -> Functions {
        registry.with(name, "Returns its arguments.", json!({"type": "object"}), Ok)
    }

    #[test]
    fn an_unknown_name_is_reported_with_the_available_ones() {
        let registry = echo(echo(Functions::new(), "b"), "a");
        let failure = registry.get("c").err().unwrap();
        assert_eq!(failure.message, "unknown function `c`; available: a, b");
        let failure = Functions::new().get("c").err().unwrap();
        assert_eq!(failure.message, "unknown function `c`; no functions are available");
    }
}
