//! What a connector says about itself, after it was checked: the descriptor of
//! `wit/describe.wit`, with the connection's definition of `wit/connection.wit`.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::base_url::BaseUrl;
use super::table::{Property, PropertyTable, TableError};

/// A connector.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The first part of addresses such as `openai/v1/ask`.
    pub name: String,
    /// The major version, the `v1` of addresses.
    pub version: u32,
    /// The name that people see.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// A square SVG document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Keys such as `artificial-intelligence`.
    pub categories: Vec<String>,
    /// Markdown for the documentation.
    pub help: String,
    /// The actions, in the order people see them.
    pub actions: Vec<Action>,
    /// The connection.
    pub connection: Definition,
}

/// An action.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// The last part of the address.
    pub name: String,
    /// The name that people see.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// Markdown for the documentation.
    pub help: String,
    /// The heading under which it is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether it is only there for stored workflows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// The input.
    pub properties: PropertyTable,
    /// The path of the property that a single text fills, such as
    /// `messages[0].content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_property: Option<String>,
    /// The output.
    #[serde(flatten)]
    pub output: Output,
    /// What a run does.
    pub effects: Effects,
    /// How long a run may well take, if that is longer than the usual minutes.
    #[serde(
        rename = "durationMs",
        skip_serializing_if = "Option::is_none",
        serialize_with = "milliseconds"
    )]
    pub duration: Option<Duration>,
    /// Inputs that people start from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// What an action returns, `wit/describe.wit` `output`.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::large_enum_variant, reason = "an action has one, and few have another variant")]
pub enum Output {
    /// Always this shape.
    #[serde(rename = "output")]
    Fixed(Property),
    /// One of these shapes, whatever the input.
    #[serde(rename = "outputs")]
    OneOf(Vec<Property>),
    /// A shape that depends on the input: ask
    /// [`Connector::output_schema`](crate::Connector::output_schema). These are
    /// the ones that it may be, as far as they are known.
    #[serde(rename = "possibleOutputs")]
    Dynamic(Vec<Property>),
}

/// What a run of an action does, for those who decide whether to run it,
/// `wit/describe.wit` `effects`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effects {
    /// It changes nothing at the provider.
    pub read_only: bool,
    /// It may delete or overwrite something at the provider.
    pub destructive: bool,
    /// The same input again changes nothing further.
    pub idempotent: bool,
    /// The provider charges for it.
    pub billed: bool,
}

/// An input that people start from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// What it shows, in a few words.
    pub title: String,
    /// The input.
    pub input: Map<String, Value>,
}

/// A connection's definition.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// The name that people see: that of its authorization, or of all of them.
    pub title: String,
    /// The version of the definition.
    pub version: u32,
    /// Markdown for the documentation.
    pub help: String,
    /// The ways to authorize requests, the usual one first; at least one.
    pub authorizations: Vec<Authorization>,
    /// What a user fills in: if there are several authorizations, first
    /// [`AUTHORIZATION`](Self::AUTHORIZATION), then the properties of each, which
    /// count if it was picked, then all others.
    pub properties: PropertyTable,
    /// The provider's own base URL.
    pub base_url: BaseUrl,
    /// The property that names another base URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_property: Option<String>,
    /// Properties sent as headers.
    pub headers: Vec<Binding>,
    /// Properties sent as parameters of the query.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Binding>,
    /// The property with headers that the user names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_headers: Option<String>,
    /// Texts in error answers that say that trying again is of no use.
    pub lasting_errors: Vec<String>,
    /// Environment variables from which a command line reads properties.
    pub environment: Vec<Binding>,
}

/// A way to authorize requests, `wit/connection.wit` `authorization`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// The name by which a stored connection remembers it.
    pub name: String,
    /// The name that people see, such as `Bearer Token`.
    pub title: String,
    /// Markdown for the documentation.
    pub help: String,
    /// The names of its properties in [`Definition::properties`].
    pub properties: Vec<String>,
    /// Where the credential goes.
    pub scheme: Scheme,
}

/// Where a credential goes, `wit/connection.wit` `scheme`. Its fields are names
/// of properties, but for `header`, `prefix` and `parameter`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Scheme {
    /// There is none.
    None,
    /// `Authorization: Bearer <value>` (RFC 6750).
    Bearer {
        /// The secret property.
        property: String,
    },
    /// `Authorization: Basic <base64>` (RFC 7617).
    Basic {
        /// The property with the user name.
        username: String,
        /// The property with the password, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    },
    /// A header of its own.
    Header {
        /// The header's name.
        header: String,
        /// What is sent in front of the value.
        #[serde(skip_serializing_if = "String::is_empty")]
        prefix: String,
        /// The secret property.
        property: String,
    },
    /// A parameter of the query.
    Query {
        /// The parameter's name.
        parameter: String,
        /// The secret property.
        property: String,
    },
}

/// A property under another name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The property.
    pub property: String,
    /// The header, parameter of the query or environment variable.
    pub name: String,
}

/// All that is wrong with a descriptor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescriptorErrors(pub(crate) Vec<DescriptorError>);

impl DescriptorErrors {
    /// The errors, in the order in which they were found; at least one.
    pub fn iter(&self) -> std::slice::Iter<'_, DescriptorError> {
        self.0.iter()
    }
}

impl From<DescriptorError> for DescriptorErrors {
    fn from(error: DescriptorError) -> Self {
        Self(vec![error])
    }
}

/// The first error, and how many there are besides.
impl fmt::Display for DescriptorErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.iter();
        match (errors.next(), errors.count()) {
            (Some(first), 0) => write!(formatter, "{first}"),
            (Some(first), more) => write!(formatter, "{first} (and {more} more)"),
            (None, _) => formatter.write_str("nothing is wrong"),
        }
    }
}

impl std::error::Error for DescriptorErrors {}

/// Something that is wrong with a descriptor.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DescriptorError {
    /// A table contradicts itself.
    #[error("{of}: {error}")]
    Table {
        /// `connection`, the action, or `descriptor` for a row of neither.
        of: String,
        /// What is wrong.
        error: TableError,
    },
    /// Something else is not as `wit/` asks for it.
    #[error("{0}")]
    Other(String),
}

impl Action {
    /// Whether its output may hold files, as far as its tables show.
    pub fn makes_files(&self) -> bool {
        self.output.shapes().iter().any(Property::holds_file)
    }
}

impl Output {
    /// The shapes that it may have, as far as they are known.
    pub fn shapes(&self) -> &[Property] {
        match self {
            Self::Fixed(shape) => std::slice::from_ref(shape),
            Self::OneOf(shapes) | Self::Dynamic(shapes) => shapes,
        }
    }
}

impl Scheme {
    /// The properties whose values authorize.
    pub fn properties(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::Bearer { property }
            | Self::Header { property, .. }
            | Self::Query { property, .. } => {
                vec![property]
            }
            Self::Basic { username, password } => {
                std::iter::once(username).chain(password).map(String::as_str).collect()
            }
        }
    }
}

impl Descriptor {
    /// The action with this name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.name == name)
    }

    /// The connector's address, such as `openai/v1`.
    pub fn own_address(&self) -> String {
        format!("{}/v{}", self.name, self.version)
    }

    /// The address of an action, such as `openai/v1/ask`.
    pub fn address(&self, action: &Action) -> String {
        format!("{}/{}", self.own_address(), action.name)
    }
}

impl Definition {
    /// The property that says which of several authorizations is meant, by its
    /// name.
    pub const AUTHORIZATION: &str = "authorization";

    /// The authorization of this name.
    pub fn authorization(&self, name: &str) -> Option<&Authorization> {
        self.authorizations.iter().find(|authorization| authorization.name == name)
    }

    /// Whether a connector may learn the value of a property: what is neither
    /// secret nor the base URL. A header that is no secret counts too, since a
    /// provider may repeat it.
    pub fn shows(&self, property: &str) -> bool {
        let is_secret = self.properties.get(property).is_some_and(|row| row.secret);
        !is_secret && self.base_url_property.as_deref() != Some(property)
    }
}

fn milliseconds<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.and_then(|time| u64::try_from(time.as_millis()).ok()).serialize(serializer)
}
