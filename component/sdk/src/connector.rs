//! The declaration of a connector (`wit/describe.wit`, `wit/connection.wit`):
//! `const` data, converted to the contract's records when the host calls
//! `describe`.

use crate::property::{Properties, Property};
use crate::{Action, BearerToken, ErrorResponse, Failure, Result, Settings};

/// A connector: its name, its connection and its actions.
#[derive(Debug, Clone, Copy)]
pub struct Connector {
    /// The first part of addresses such as `greeter/v1/greet`: a letter, then
    /// letters, digits, `_` and `-`.
    pub name: &'static str,
    /// The major version: the `v1` in addresses.
    pub version: u32,
    /// The display name.
    pub title: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// A square SVG document.
    pub icon: Option<&'static str>,
    /// Keys such as `artificial-intelligence`.
    pub categories: &'static [&'static str],
    /// Documentation in Markdown.
    pub help: &'static str,
    /// How to reach the provider and authorize requests.
    pub connection: Connection,
    /// The actions, in display order.
    pub actions: &'static [Action],
    /// Headers sent with every request, such as the version of the API.
    pub request_headers: &'static [(&'static str, &'static str)],
    /// Converts an error response to a failure. The default is
    /// [`ErrorResponse::failure`].
    pub errors: fn(&ErrorResponse) -> Failure,
}

impl Connector {
    /// Creates a connector without actions. The description is one sentence.
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

/// How to reach the provider and authorize requests.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    /// The version of this definition.
    pub version: u32,
    /// Documentation in Markdown.
    pub help: &'static str,
    /// The ways to authorize requests, the most common first.
    pub authorizations: &'static [Authorization],
    /// The other properties that the user fills in.
    pub properties: &'static [Property],
    /// The provider's URL. All request paths are relative to it.
    pub base_url: &'static str,
    /// The property that holds the URL of another server with the same API, if
    /// the user selects one.
    pub base_url_property: Option<&'static str>,
    /// The hint added to a message if the base URL appears to be wrong.
    pub base_url_hint: &'static str,
    /// Properties that the host sends as headers: `(property, header)`.
    pub headers: &'static [(&'static str, &'static str)],
    /// Properties that the host sends in the query: `(property, parameter)`.
    pub query: &'static [(&'static str, &'static str)],
    /// The property that holds additional headers from the user.
    pub user_headers: Option<&'static str>,
    /// Strings in an error response that indicate a lasting error: the host does
    /// not retry the request.
    pub lasting_errors: &'static [&'static str],
    /// Environment variables from which the command line reads properties:
    /// `(property, variable)`.
    pub environment: &'static [(&'static str, &'static str)],
    /// Makes the cheapest authorized request and returns one sentence about
    /// what it reached. The default sends nothing, and says so: no request is
    /// known to be cheap and to need authorization.
    pub test: fn(&Settings) -> Result<String>,
}

impl Connection {
    /// Creates a connection to this URL without authorization.
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
            test: |_| Ok("no request was sent: this connector has no connection test".to_owned()),
        }
    }

    /// Creates a connection to this URL with [`Authorization::BEARER`].
    pub const fn bearer(base_url: &'static str) -> Self {
        Self { authorizations: &[Authorization::BEARER], ..Self::new(base_url) }
    }
}

/// A way to authorize requests. The host adds the credential to each request;
/// a connector never sees it.
#[derive(Debug, Clone, Copy)]
pub struct Authorization {
    /// The identifier saved in stored connections.
    pub name: &'static str,
    /// The display name.
    pub title: &'static str,
    /// How to get a credential, in Markdown.
    pub help: &'static str,
    /// The properties that the user fills in.
    pub properties: &'static [Property],
    /// Where the credential goes.
    pub scheme: Scheme,
}

/// Where the host puts the credential in each request.
#[derive(Debug, Clone, Copy)]
pub enum Scheme {
    /// Requests carry no credential.
    None,
    /// `Authorization: Bearer …` with this property.
    Bearer(&'static str),
    /// `Authorization: Basic …`.
    Basic {
        /// The property that holds the user name.
        username: &'static str,
        /// The property that holds the password. `None`: the password is empty.
        password: Option<&'static str>,
    },
    /// A custom header.
    Header {
        /// The name of the header, such as `x-api-key`.
        header: &'static str,
        /// Text sent before the value, such as `Token `.
        prefix: &'static str,
        /// The property that holds the value.
        property: &'static str,
    },
    /// A query parameter.
    Query {
        /// The name of the parameter, such as `key`.
        parameter: &'static str,
        /// The property that holds the value.
        property: &'static str,
    },
}

impl Authorization {
    /// No authorization.
    pub const NONE: Self =
        Self { name: "none", title: "None", help: "", properties: &[], scheme: Scheme::None };

    /// `Authorization: Bearer …` with the property `token`.
    pub const BEARER: Self = Self::bearer::<BearerToken>("token");

    /// Returns `Authorization: Bearer …` with a property of `T`.
    pub const fn bearer<T: Properties>(property: &'static str) -> Self {
        Self::new::<T>("bearer", "Bearer Token", Scheme::Bearer(property))
    }

    /// Returns `Authorization: Basic …` with two properties of `T`.
    pub const fn basic<T: Properties>(username: &'static str, password: &'static str) -> Self {
        let password = Some(password);
        Self::new::<T>("basic", "User Name and Password", Scheme::Basic { username, password })
    }

    /// Returns a custom header with a property of `T`.
    pub const fn header<T: Properties>(header: &'static str, property: &'static str) -> Self {
        Self::new::<T>("apiKey", "API Key", Scheme::Header { header, prefix: "", property })
    }

    /// Returns a query parameter with a property of `T`. Use it only if the
    /// provider accepts nothing else, because servers often log URLs.
    pub const fn query<T: Properties>(parameter: &'static str, property: &'static str) -> Self {
        Self::new::<T>("apiKey", "API Key", Scheme::Query { parameter, property })
    }

    const fn new<T: Properties>(name: &'static str, title: &'static str, scheme: Scheme) -> Self {
        Self { name, title, help: "", properties: T::PROPERTIES, scheme }
    }
}
