//! Types of fields that Rust and serde have not.

use serde::{Deserialize, Serialize};

use crate::Properties;

/// Texts that the host has checked.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident),+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
    )+ };
}

texts! {
    /// A date such as `2026-01-31` (RFC 3339 `full-date`).
    Date,
    /// A date and a time (RFC 3339 `date-time`).
    DateTime,
    /// A time of day such as `13:30` or `13:30:00.5`.
    Time
}

/// The property of a bearer token.
#[derive(Debug, Properties)]
#[property(connection)]
pub struct BearerToken {
    /// The secret API key. It is sent to the base URL and nowhere else.
    #[property(secret)]
    pub token: String,
}
