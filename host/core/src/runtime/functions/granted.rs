//! The functions that a run may call: those that its input names.
//!
//! A registry contains all functions that an embedding program offers. A connector
//! that could call any of them could run up costs at other providers without anyone
//! asking for it. So a run gets only the functions that its caller named in the
//! input ([`listed_strings`](crate::input::listed_strings)). Values that a
//! connector declares or fills in do not count.

use std::collections::BTreeSet;

use crate::contract::Failure;

use super::{Function, Functions};

/// The functions that a run may call.
#[derive(Default)]
pub(crate) struct Granted {
    registry: Functions,
    names: BTreeSet<String>,
}

impl Granted {
    /// Returns the function with this name.
    ///
    /// # Errors
    /// `invalid-input` if the input does not name the function, or if there is none
    /// with this name.
    pub(crate) fn get(&self, name: &str) -> Result<&Function, Failure> {
        if self.names.contains(name) {
            return self.registry.get(name);
        }
        let message = format!("the input does not name the function `{}`", name.escape_debug());
        Err(Failure { property: None, ..Failure::invalid_input("", message) })
    }
}

impl Functions {
    /// Grants the functions with these names.
    pub(crate) fn granted(self, names: BTreeSet<String>) -> Granted {
        Granted { registry: self, names }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn grants_only_functions_that_the_input_names() {
        let registry = ["weather", "pay"].into_iter().fold(Functions::new(), |registry, name| {
            registry.with(name, "For tests.", json!({"type": "object"}), Ok)
        });
        let granted = registry.granted(["weather", "other"].map(str::to_owned).into());
        assert!(granted.get("weather").is_ok());
        let failure = granted.get("pay").err().unwrap();
        assert_eq!(failure.message, "the input does not name the function `pay`");
        let failure = granted.get("other").err().unwrap();
        assert_eq!(failure.message, "unknown function `other`; available: pay, weather");
    }
}
