//! A case: an input, and how its requests differ from the smallest one.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// A use of the connector that makes at least one request.
#[derive(Clone)]
pub struct Case {
    /// The action, or `connection`, and what the case is about.
    pub name: String,
    /// The call that is made.
    pub call: Call,
    /// The properties of the connection besides the token and the base URL.
    pub connection: Value,
    /// Whether the run streams.
    pub streaming: bool,
    /// The request that the first one is compared with.
    pub smallest: Value,
    /// JSON merge patches: from `smallest` to the first request, and from each
    /// request to the next. They contain every difference.
    pub differences: Vec<Value>,
}

/// A call into the connector.
#[derive(Clone)]
pub enum Call {
    /// An action with an input. A file in it has the name of one of
    /// [`super::files`] as its `url`.
    Run { action: &'static str, input: Value },
    /// The connection test.
    Test,
    /// A query for the options of an action's property.
    Options { action: &'static str, property: &'static str, search: Option<&'static str> },
}

/// The smallest input of an action, and the request it produces.
pub struct Smallest {
    pub action: &'static str,
    pub input: Value,
    pub request: Value,
}

impl Smallest {
    /// The smallest input with additional properties.
    pub fn with(&self, set: &Value) -> Value {
        let mut input = self.input.clone();
        for (name, value) in set.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    }

    /// A case with additional properties, and how the bodies of its requests
    /// differ.
    pub fn case(&self, name: &str, set: &Value, differences: Vec<Value>) -> Case {
        let is_nothing = |difference: &Value| *difference == json!({});
        let in_body = |difference| {
            if is_nothing(&difference) { difference } else { json!({ "body": difference }) }
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
    /// The same case with streaming.
    pub fn streamed(self) -> Self {
        Self { name: format!("{}-streamed", self.name), streaming: true, ..self }
    }
}

/// A table of an action's cases, one per row: the name, the properties added to
/// the smallest input, and the resulting difference in the body. Each additional
/// `=>` is the difference in the next request.
macro_rules! cases {
    ($smallest:expr; $($name:literal: $set:tt $(=> $difference:tt)+;)+) => {{
        let smallest = $smallest;
        vec![$(smallest.case($name, &json!($set), vec![$(json!($difference)),+])),+]
    }};
}
pub(super) use cases;

/// A file of [`super::files`] in base64.
pub fn base64_of(name: &str) -> String {
    let (_, content) = super::files().into_iter().find(|(file, _)| *file == name).unwrap();
    BASE64_STANDARD.encode(content)
}

/// Characters that are special in JSON, forms or HTML, or take several bytes.
pub const ANY_TEXT: &str = "\"Grüße\", \\ & <b>/</b> {x} %41\r\n\t– 😀";
