//! What a connector says about itself, after it was checked: the descriptor of
//! `wit/describe.wit`, with the connection's definition of `wit/connection.wit`.

use serde::Serialize;

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
    /// The input.
    pub properties: PropertyTable,
    /// The output if it always has the same shape; else ask
    /// [`Connector::output_schema`](crate::Connector::output_schema).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Property>,
}

/// A connection's definition.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// The name that people see.
    pub title: String,
    /// The version of the definition.
    pub version: u32,
    /// Markdown for the documentation.
    pub help: String,
    /// What a user fills in.
    pub properties: PropertyTable,
    /// How requests are authorized.
    pub authorization: Authorization,
    /// The provider's own base URL.
    pub base_url: BaseUrl,
    /// The property that names another base URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_property: Option<String>,
    /// Properties sent as headers.
    pub headers: Vec<Binding>,
    /// Texts in error answers that say that trying again is of no use.
    pub lasting_errors: Vec<String>,
    /// Environment variables from which a command line reads properties.
    pub environment: Vec<Binding>,
}

/// How requests are authorized, `wit/connection.wit` `authorization`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Authorization {
    /// Not at all.
    None,
    /// `Authorization: Bearer <value>` (RFC 6750).
    Bearer {
        /// The secret property.
        property: String,
    },
    /// A header of its own.
    Header {
        /// The header's name.
        header: String,
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
    /// The header or environment variable.
    pub name: String,
}

/// Why a descriptor was refused.
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
    /// Whether its output may hold files, as far as its table shows.
    pub fn makes_files(&self) -> bool {
        self.output.as_ref().is_some_and(Property::holds_file)
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
    /// Whether a connector may learn the value of a property: what is neither
    /// secret nor the base URL. A header that is no secret counts too, since a
    /// provider may repeat it.
    pub fn shows(&self, property: &str) -> bool {
        let is_secret = self.properties.get(property).is_some_and(|row| row.secret);
        !is_secret && self.base_url_property.as_deref() != Some(property)
    }
}
