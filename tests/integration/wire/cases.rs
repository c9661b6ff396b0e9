//! A case: an input, and how its requests differ from the smallest one.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// A use of the connector that makes at least one request.
#[derive(Clone)]
pub struct Case {
    /// Its action, or `connection`, and what is special about it.
    pub name: String,
    /// What is called.
    pub call: Call,
    /// The properties of the connection besides the token and the base URL.
    pub connection: Value,
    /// Whether the caller wants the answer as it arrives.
    pub streaming: bool,
    /// What its first request is compared with.
    pub smallest: Value,
    /// How the first request differs from `smallest`, and each further one
    /// from the one before: all that differs, as JSON merge patches.
    pub differences: Vec<Value>,
}

/// A call into the connector.
#[derive(Clone)]
pub enum Call {
    /// Of an action with an input. A file in it has the name of one of
    /// [`super::files`] as its `url`.
    Run { action: &'static str, input: Value },
    /// Of the connection test.
    Test,
    /// For the choices of an action's `model`.
    Models { action: &'static str, search: Option<&'static str> },
}

/// The least that an action asks for, and the request that it makes.
pub struct Smallest {
    pub action: &'static str,
    pub input: Value,
    pub request: Value,
}

impl Smallest {
    /// The least input and what is set besides.
    pub fn with(&self, set: &Value) -> Value {
        let mut input = self.input.clone();
        for (name, value) in set.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    }

    /// A case that sets something, and how the bodies of its requests differ.
    pub fn case(&self, name: &str, set: &Value, differences: Vec<Value>) -> Case {
        let is_nothing = |difference: &Value| *difference == json!({});
        let in_body = |difference| match is_nothing(&difference) {
            true => difference,
            false => json!({ "body": difference }),
        };
        Case {
            name: format!("{}-{name}", self.action),
            call: Call::Run { action: self.action, input: self.with(set) },
            connection: json!({}),
            streaming: false,
            smallest: self.request.clone(),
            differences: differences.into_iter().map(in_body).collect(),
        }
    }
}

impl Case {
    /// The same, with the answer as it arrives.
    pub fn streamed(self) -> Self {
        Self { name: format!("{}-streamed", self.name), streaming: true, ..self }
    }
}

/// A table of an action's cases, one a row: its name, what it sets besides the
/// least, and what of the body differs then; with `=>` again, what differs in
/// the request after that.
macro_rules! cases {
    ($smallest:expr; $($name:literal: $set:tt $(=> $difference:tt)+;)+) => {{
        let smallest = $smallest;
        vec![$(smallest.case($name, &json!($set), vec![$(json!($difference)),+])),+]
    }};
}
pub(super) use cases;

/// A file of [`super::files`] as it stands in JSON.
pub fn base64_of(name: &str) -> String {
    let (_, content) = super::files().into_iter().find(|(file, _)| *file == name).unwrap();
    BASE64_STANDARD.encode(content)
}

/// Characters that have a meaning in JSON, forms or HTML, or take several
/// bytes.
pub const ANY_TEXT: &str = "\"Grüße\", \\ & <b>/</b> {x} %41\r\n\t– 😀";
