//! A connector's description of itself, validated: the descriptor of
//! `wit/describe.wit`, with the connection definition of `wit/connection.wit`.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::base_url::BaseUrl;
use super::table::{Property, PropertyTable, TableError};

/// A connector.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Descriptor {
    /// The first part of addresses such as `openai/v1/ask`.
    pub name: String,
    /// The major version, the `v1` of addresses.
    pub version: u32,
    /// The display name.
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
    /// The actions, in display order.
    pub actions: Vec<Action>,
    /// The connection.
    pub connection: Definition,
}

/// An action.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Action {
    /// The last part of the address.
    pub name: String,
    /// The display name.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// Markdown for the documentation.
    pub help: String,
    /// The heading under which it is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether it is kept only for existing workflows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// The input.
    pub properties: PropertyTable,
    /// The path of the property that is set when the input is a single string,
    /// such as `messages[0].content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_property: Option<String>,
    /// The output.
    #[serde(flatten)]
    pub output: Output,
    /// The effects of a run.
    pub effects: Effects,
    /// How long a run may reasonably take, if that is longer than a few minutes.
    #[serde(
        rename = "durationMs",
        skip_serializing_if = "Option::is_none",
        serialize_with = "milliseconds"
    )]
    pub duration: Option<Duration>,
    /// Sample inputs to start from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// The output of an action (`output` in `wit/describe.wit`).
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::large_enum_variant, reason = "one per action, and most are `Fixed`")]
#[non_exhaustive]
pub enum Output {
    /// Always this shape.
    #[serde(rename = "output")]
    Fixed(Property),
    /// One of these shapes, whatever the input.
    #[serde(rename = "outputs")]
    OneOf(Vec<Property>),
    /// A shape that depends on the input:
    /// [`Connector::output_schema`](crate::Connector::output_schema) returns it.
    /// These are the possible shapes, as far as they are known.
    #[serde(rename = "possibleOutputs")]
    Dynamic(Vec<Property>),
}

/// The effects of running an action, for deciding whether to run it (`effects` in
/// `wit/describe.wit`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effects {
    /// It does not change anything at the provider.
    pub read_only: bool,
    /// It may delete or overwrite something at the provider.
    pub destructive: bool,
    /// Running it again with the same input has no further effect.
    pub idempotent: bool,
    /// The provider charges for it.
    pub billed: bool,
}

/// A sample input to start from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Example {
    /// What it demonstrates, in a few words.
    pub title: String,
    /// The input.
    pub input: Map<String, Value>,
}

/// The definition of a connection.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Definition {
    /// The display name: the titles of its authorizations.
    pub title: String,
    /// The version of the definition.
    pub version: u32,
    /// Markdown for the documentation.
    pub help: String,
    /// The ways to authorize requests, the usual one first. Never empty.
    pub authorizations: Vec<Authorization>,
    /// What a user fills in. If there are several authorizations:
    /// [`AUTHORIZATION`](Self::AUTHORIZATION), then the properties of each
    /// authorization, which apply if it is selected, then all others, then those
    /// of the host, [`HOST_PROPERTIES`](Self::HOST_PROPERTIES).
    pub properties: PropertyTable,
    /// The provider's own base URL.
    pub base_url: BaseUrl,
    /// The property that overrides the base URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_property: Option<String>,
    /// Properties sent as headers.
    pub headers: Vec<Binding>,
    /// Properties sent as query parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Binding>,
    /// The property that holds the user's own headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_headers: Option<String>,
    /// Strings in error responses that mean that retrying is pointless.
    pub lasting_errors: Vec<String>,
    /// Environment variables from which the command reads properties.
    pub environment: Vec<Binding>,
}

/// A way to authorize requests (`authorization` in `wit/connection.wit`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Authorization {
    /// The name used in stored connections.
    pub name: String,
    /// The display name, such as `Bearer Token`.
    pub title: String,
    /// Markdown for the documentation.
    pub help: String,
    /// The names of its properties in [`Definition::properties`].
    pub properties: Vec<String>,
    /// Where the credential goes.
    pub scheme: Scheme,
}

/// Where a credential goes (`scheme` in `wit/connection.wit`). All fields except
/// `header`, `prefix` and `parameter` are names of properties.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
#[non_exhaustive]
pub enum Scheme {
    /// No credential.
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
    /// A header other than `Authorization`.
    Header {
        /// The name of the header.
        header: String,
        /// What is sent before the value.
        #[serde(skip_serializing_if = "String::is_empty")]
        prefix: String,
        /// The secret property.
        property: String,
    },
    /// A query parameter.
    Query {
        /// The name of the parameter.
        parameter: String,
        /// The secret property.
        property: String,
    },
}

/// Sends or reads a property under another name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The property.
    pub property: String,
    /// The header, query parameter or environment variable.
    pub name: String,
}

/// The errors in a descriptor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescriptorErrors(pub(crate) Vec<DescriptorError>);

impl DescriptorErrors {
    /// The errors, in the order in which they were found. Never empty.
    pub fn iter(&self) -> std::slice::Iter<'_, DescriptorError> {
        self.0.iter()
    }
}

impl From<DescriptorError> for DescriptorErrors {
    fn from(error: DescriptorError) -> Self {
        Self(vec![error])
    }
}

/// Prints the first error and the number of remaining ones.
impl fmt::Display for DescriptorErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.iter();
        match (errors.next(), errors.count()) {
            (Some(first), 0) => write!(formatter, "{first}"),
            (Some(first), more) => write!(formatter, "{first} (and {more} more)"),
            (None, _) => formatter.write_str("no errors"),
        }
    }
}

impl std::error::Error for DescriptorErrors {}

/// An error in a descriptor.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptorError {
    /// A property table is inconsistent.
    #[error("{of}: {error}")]
    Table {
        /// `connection`, the action, or `descriptor` for a row that belongs to neither.
        of: String,
        /// The error.
        error: TableError,
    },
    /// Another violation of the rules in `wit/`.
    #[error("{0}")]
    Other(String),
}

impl Action {
    /// Whether its output may contain files, as far as its tables show.
    pub fn makes_files(&self) -> bool {
        self.output.shapes().iter().any(Property::holds_file)
    }
}

impl Output {
    /// The possible shapes, as far as they are known.
    pub fn shapes(&self) -> &[Property] {
        match self {
            Self::Fixed(shape) => std::slice::from_ref(shape),
            Self::OneOf(shapes) | Self::Dynamic(shapes) => shapes,
        }
    }
}

impl Scheme {
    /// The properties that make up the credential.
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
    /// The property that selects one of several authorizations by name.
    pub const AUTHORIZATION: &str = "authorization";

    /// The property that holds the URL of a proxy.
    pub const PROXY: &str = "proxy";
    /// The property that holds the user name for the proxy.
    pub const PROXY_USERNAME: &str = "proxyUsername";
    /// The property that holds the password for the proxy.
    pub const PROXY_PASSWORD: &str = "proxyPassword";
    /// The property that holds additional certificate authorities, as PEM text.
    pub const AUTHORITIES: &str = "certificateAuthorities";
    /// The properties that the host adds to every connection. They describe the
    /// network between the host and the provider, so no connector sees them.
    pub const HOST_PROPERTIES: [&str; 4] =
        [Self::PROXY, Self::PROXY_USERNAME, Self::PROXY_PASSWORD, Self::AUTHORITIES];

    /// The authorization with this name.
    pub fn authorization(&self, name: &str) -> Option<&Authorization> {
        self.authorizations.iter().find(|authorization| authorization.name == name)
    }

    /// Whether the connector may see the value of a property. It may see every
    /// value that is neither secret nor the base URL nor the host's, including
    /// headers that are not secret, because a provider may repeat them.
    pub fn shows(&self, property: &str) -> bool {
        let is_secret = self.properties.get(property).is_some_and(|row| row.secret);
        let is_of_host = Self::HOST_PROPERTIES.contains(&property);
        !is_secret && !is_of_host && self.base_url_property.as_deref() != Some(property)
    }
}

fn milliseconds<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.and_then(|time| u64::try_from(time.as_millis()).ok()).serialize(serializer)
}
