//! Functions that a provider's model may call during a run: closures of the
//! embedding program, actions of connectors ([`actions`]) and HTTP calls that
//! a file declares ([`http`]).

mod actions;
mod calls;
mod http;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use serde_json::Value;

use crate::events::Cancellation;
use crate::failure::Failure;
use crate::state::Stopped;

pub(crate) use calls::Invocation;
pub use http::HttpFunction;

/// A registry of functions. Cheap to clone.
#[derive(Clone, Default)]
pub struct Functions {
    known: BTreeMap<String, Arc<Function>>,
    further: Option<Arc<Further>>,
}

type Further = LazyLock<Functions, Box<dyn FnOnce() -> Functions + Send>>;

/// A registered function.
pub(crate) struct Function {
    pub description: String,
    /// A JSON Schema of the arguments, made when it is asked for.
    pub parameters: Box<dyn Fn() -> Value + Send + Sync>,
    pub call: Box<Call>,
}

type Call = dyn Fn(Value, &Context) -> Result<Value, Failure> + Send + Sync;

/// The run in which a function is called: a call ends with it.
pub(crate) struct Context {
    pub deadline: Instant,
    pub cancellation: Cancellation,
}

impl Context {
    /// Why nothing may be begun any more, if nothing may.
    fn stopped(&self) -> Option<Stopped> {
        Stopped::of(&self.cancellation, self.deadline)
    }
}

impl Functions {
    /// No functions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a closure. `parameters` is a JSON Schema of its arguments;
    /// `description` tells the model what it does. A name that is there
    /// already is replaced.
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
            call: Box::new(move |arguments, _| call(arguments)),
        };
        self.with_function(name.into(), function)
    }

    /// Adds functions that are made when a name is not found otherwise: they
    /// cost nothing in a run that calls none.
    pub fn with_further(mut self, make: impl FnOnce() -> Self + Send + 'static) -> Self {
        let make: Box<dyn FnOnce() -> Self + Send> = Box::new(make);
        self.further = Some(Arc::new(LazyLock::new(make)));
        self
    }

    fn with_function(mut self, name: String, function: Function) -> Self {
        self.known.insert(name, Arc::new(function));
        self
    }

    /// The function with this name.
    ///
    /// # Errors
    /// `invalid-input`, with the names that there are.
    pub(crate) fn get(&self, name: &str) -> Result<&Function, Failure> {
        self.find(name).ok_or_else(|| {
            let known = match self.names().as_slice() {
                [] => "there are none".to_owned(),
                names => format!("there are: {}", names.join(", ")),
            };
            let message = format!("`{}` is no known function; {known}", name.escape_debug());
            Failure { property: None, ..Failure::invalid_input("", message) }
        })
    }

    fn find(&self, name: &str) -> Option<&Function> {
        let known = self.known.get(name).map(Arc::as_ref);
        known.or_else(|| self.further.as_deref()?.find(name))
    }

    fn names(&self) -> Vec<&str> {
        let further = self.further.as_deref().map(|further| further.names()).unwrap_or_default();
        self.known.keys().map(String::as_str).chain(further).collect()
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
        registry.with(name, "Gives back what it gets.", json!({"type": "object"}), Ok)
    }

    #[test]
    fn an_unknown_name_is_met_with_the_known_ones() {
        let registry = echo(echo(Functions::new(), "b"), "a");
        let failure = registry.get("c").err().unwrap();
        assert_eq!(failure.message, "`c` is no known function; there are: a, b");
        let failure = Functions::new().get("c").err().unwrap();
        assert_eq!(failure.message, "`c` is no known function; there are none");
    }

    #[test]
    fn further_functions_are_made_when_they_are_needed() {
        let registry = echo(Functions::new(), "a").with_further(|| echo(Functions::new(), "b"));
        let made =
            |registry: &Functions| LazyLock::get(registry.further.as_deref().unwrap()).is_some();
        assert!(registry.get("a").is_ok());
        assert!(!made(&registry));
        assert!(registry.get("b").is_ok());
        assert!(made(&registry));
    }
}
