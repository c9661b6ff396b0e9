//! Addresses of actions: `openai/v1/ask`.

use super::error::Error;

/// A parsed address.
#[derive(Debug, Eq, PartialEq)]
pub struct Address {
    /// The connector's name or file.
    pub connector: String,
    /// Its major version.
    pub version: u32,
    /// The action.
    pub action: String,
}

impl Address {
    /// Parses `connector/vN/action`, where the connector may be a path.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.rsplitn(3, '/');
        let (action, version, connector) = (parts.next(), parts.next(), parts.next());
        let version = version.and_then(|part| part.strip_prefix('v')?.parse().ok());
        match (connector, version, action) {
            (Some(connector), Some(version), Some(action)) if !action.is_empty() => {
                Ok(Self { connector: connector.to_owned(), version, action: action.to_owned() })
            }
            _ => Err(Error::usage(
                format!("`{text}` is not an action address"),
                "use the form CONNECTOR/vN/ACTION, such as openai/v1/ask; see `connector list`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_connector_version_and_action() {
        let address = Address::parse("./dir/openai.wasm/v1/ask").unwrap();
        assert_eq!(address.connector, "./dir/openai.wasm");
        assert_eq!((address.version, address.action.as_str()), (1, "ask"));
        for invalid in ["openai", "openai/ask", "openai/1/ask", "openai/v1/", "/", ""] {
            assert!(Address::parse(invalid).is_err(), "{invalid}");
        }
    }
}
