//! Functions that a provider's model may call during a run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::failure::Failure;

type Call = dyn Fn(Value) -> Result<Value, Failure> + Send + Sync;

/// A registry of functions. Cheap to clone.
#[derive(Clone, Default)]
pub struct Functions(BTreeMap<String, Arc<Function>>);

/// A registered function.
pub(crate) struct Function {
    pub description: String,
    pub parameters: Value,
    pub call: Box<Call>,
}

impl Functions {
    /// No functions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function. `parameters` is a JSON Schema of its arguments;
    /// `description` tells the model what it does. A name that is there
    /// already is replaced.
    pub fn with(
        mut self,
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: Value,
        call: impl Fn(Value) -> Result<Value, Failure> + Send + Sync + 'static,
    ) -> Self {
        let function =
            Function { description: description.into(), parameters, call: Box::new(call) };
        self.0.insert(name.into(), Arc::new(function));
        self
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Function, Failure> {
        self.0.get(name).map(Arc::as_ref).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let known = match known.as_slice() {
                [] => "there are none".to_owned(),
                names => format!("there are: {}", names.join(", ")),
            };
            let message = format!("`{}` is no known function; {known}", name.escape_debug());
            Failure { property: None, ..Failure::invalid_input("", message) }
        })
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
