//! What a connector declares (`wit/describe.wit`, `wit/connection.wit`): `const`
//! data, of which the host's records are made only when it asks for them.

use crate::property::{Properties, Property};
use crate::{Action, BearerToken, ErrorResponse, Failure, Result, Settings};

/// A connector: what it is, how its provider is reached, what it does.
#[derive(Debug, Clone, Copy)]
pub struct Connector {
    /// The first part of addresses such as `greeter/v1/greet`: a letter, then
    /// letters, digits, `_`, `-`.
    pub name: &'static str,
    /// The major version, the `v1` of addresses.
    pub version: u32,
    /// The name that people see.
    pub title: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// A square SVG document.
    pub icon: Option<&'static str>,
    /// Keys such as `artificial-intelligence`.
    pub categories: &'static [&'static str],
    /// More for the documentation, Markdown.
    pub help: &'static str,
    /// How the provider is reached and authorized.
    pub connection: Connection,
    /// The actions, in the order people see them.
    pub actions: &'static [Action],
    /// Headers that every request has, such as the version of an API.
    pub request_headers: &'static [(&'static str, &'static str)],
    /// Makes the failure of a response that is an error. By default
    /// [`ErrorResponse::failure`].
    pub errors: fn(&ErrorResponse) -> Failure,
}

impl Connector {
    /// A connector without actions: its name, its title and one sentence.
    pub const fn new(name: &'static str, title: &'static str, description: &'static str) -> Self {
        Self {
            name,
            version: 1,
            title,
            description,
            icon: None,
            categories: &[],
            help: "",
            connection: Connection::new(""),
            actions: &[],
            request_headers: &[],
            errors: |response| response.failure(),
        }
    }
}

/// How a provider is reached and authorized.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    /// The version of this definition.
    pub version: u32,
    /// More for the documentation, Markdown.
    pub help: &'static str,
    /// The ways to authorize requests, the usual one first.
    pub authorizations: &'static [Authorization],
    /// What a user fills in besides.
    pub properties: &'static [Property],
    /// The provider's own URL, under which all requests go.
    pub base_url: &'static str,
    /// The property by which a user names another server that has the same
    /// API.
    pub base_url_property: Option<&'static str>,
    /// What a message recommends when the base URL seems to be wrong.
    pub base_url_hint: &'static str,
    /// Properties that the host sends as headers: `(property, header)`.
    pub headers: &'static [(&'static str, &'static str)],
    /// Properties that the host sends in the query: `(property, parameter)`.
    pub query: &'static [(&'static str, &'static str)],
    /// The property by which users add headers of their own.
    pub user_headers: Option<&'static str>,
    /// Texts in an error that mean that the same request cannot succeed later.
    pub lasting_errors: &'static [&'static str],
    /// Environment variables from which a command line reads properties:
    /// `(property, variable)`.
    pub environment: &'static [(&'static str, &'static str)],
    /// Makes the cheapest authorized call and returns in one sentence what was
    /// reached.
    pub test: fn(&Settings) -> Result<String>,
}

impl Connection {
    /// A connection to this URL without authorization.
    pub const fn new(base_url: &'static str) -> Self {
        Self {
            version: 1,
            help: "",
            authorizations: &[Authorization::NONE],
            properties: &[],
            base_url,
            base_url_property: None,
            base_url_hint: "check the base URL",
            headers: &[],
            query: &[],
            user_headers: None,
            lasting_errors: &[],
            environment: &[],
            test: |_| {
                Ok("nothing was sent: this connector has no test of its connection".to_owned())
            },
        }
    }

    /// A connection to this URL with [`Authorization::BEARER`].
    pub const fn bearer(base_url: &'static str) -> Self {
        Self { authorizations: &[Authorization::BEARER], ..Self::new(base_url) }
    }
}

/// A way to authorize requests. The host adds the credential to each request;
/// a connector never sees it.
#[derive(Debug, Clone, Copy)]
pub struct Authorization {
    /// The name by which a stored connection remembers it.
    pub name: &'static str,
    /// The name that people see.
    pub title: &'static str,
    /// How a credential is got, Markdown.
    pub help: &'static str,
    /// What a user fills in for it.
    pub properties: &'static [Property],
    /// Where the credential goes.
    pub scheme: Scheme,
}

/// Where the host puts a credential.
#[derive(Debug, Clone, Copy)]
pub enum Scheme {
    /// There is none.
    None,
    /// `Authorization: Bearer …` with this property.
    Bearer(&'static str),
    /// `Authorization: Basic …`.
    Basic {
        /// The property with the user name.
        username: &'static str,
        /// The property with the password; an empty password without it.
        password: Option<&'static str>,
    },
    /// A header of its own.
    Header {
        /// The header's name, such as `x-api-key`.
        header: &'static str,
        /// What is sent in front of the value, such as `Token `.
        prefix: &'static str,
        /// The property whose value is sent.
        property: &'static str,
    },
    /// A parameter of the query.
    Query {
        /// The parameter's name, such as `key`.
        parameter: &'static str,
        /// The property whose value is sent.
        property: &'static str,
    },
}

impl Authorization {
    /// No authorization.
    pub const NONE: Self =
        Self { name: "none", title: "None", help: "", properties: &[], scheme: Scheme::None };

    /// `Authorization: Bearer …` with the property `token`.
    pub const BEARER: Self = Self::bearer::<BearerToken>("token");

    /// `Authorization: Bearer …` with a property of `T`.
    pub const fn bearer<T: Properties>(property: &'static str) -> Self {
        Self::new::<T>("bearer", "Bearer Token", Scheme::Bearer(property))
    }

    /// `Authorization: Basic …` with two properties of `T`.
    pub const fn basic<T: Properties>(username: &'static str, password: &'static str) -> Self {
        let password = Some(password);
        Self::new::<T>("basic", "User Name and Password", Scheme::Basic { username, password })
    }

    /// A header of its own with a property of `T`.
    pub const fn header<T: Properties>(header: &'static str, property: &'static str) -> Self {
        Self::new::<T>("apiKey", "API Key", Scheme::Header { header, prefix: "", property })
    }

    /// A parameter of the query with a property of `T`. For providers that
    /// take a credential nowhere else: servers often log URLs.
    pub const fn query<T: Properties>(parameter: &'static str, property: &'static str) -> Self {
        Self::new::<T>("apiKey", "API Key", Scheme::Query { parameter, property })
    }

    const fn new<T: Properties>(name: &'static str, title: &'static str, scheme: Scheme) -> Self {
        Self { name, title, help: "", properties: T::PROPERTIES, scheme }
    }
}
