//! Field types that Rust and serde do not provide.

use serde::{Deserialize, Serialize};

use crate::Properties;

/// Strings that the host has validated.
macro_rules! strings {
    ($($(#[$doc:meta])* $name:ident),+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
    )+ };
}

strings! {
    /// A date such as `2026-01-31` (RFC 3339 `full-date`).
    Date,
    /// A date and a time (RFC 3339 `date-time`).
    DateTime,
    /// A time of day such as `13:30` or `13:30:00.5`.
    Time
}

/// The property that holds the URL of another server with the same API, if the
/// user selects one:
///
/// ```
/// use connector_sdk::{BaseUrl, Connection, Properties};
///
/// const CONNECTION: Connection = Connection {
///     properties: BaseUrl::PROPERTIES,
///     base_url_property: Some("baseUrl"),
///     ..Connection::bearer("https://api.example.com/v1")
/// };
/// ```
#[derive(Debug, Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
pub struct BaseUrl {
    /// The URL of the API, if not the default. The credential is sent there.
    #[property(control = url, advanced)]
    pub base_url: Option<String>,
}

/// The property that holds a bearer token.
#[derive(Debug, Properties)]
#[property(connection)]
pub struct BearerToken {
    /// The secret API key. It is sent to the base URL and nowhere else.
    #[property(secret)]
    pub token: String,
}
