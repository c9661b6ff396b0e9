//! The name and the declarations of the connector: JSON inside the component,
//! which tests locate by a marker in front of it and overwrite.

use std::hint::black_box;

use serde::Deserialize;

/// The marker in front of the JSON.
const MARK: &str = "PUPPET:";

/// The JSON, with room for longer JSON.
static CONFIG: [u8; 4096] = padded(br#"PUPPET:{}"#);

/// What the connector declares.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    pub name: String,
    pub title: String,
    pub description: String,
    pub base_url: String,
    /// The header that carries the credential. Absent: `Authorization: Bearer`.
    pub header: Option<String>,
    /// The property that is the credential: `token` or `hint`, for example.
    pub credential: String,
    /// Whether there is a second secret, in the header `x-second`.
    pub second: bool,
    /// Whether the connection has a secret inside an object.
    pub nested: bool,
    /// The environment variables for the token.
    pub environment: Vec<String>,
    /// The environment variables for a setting, which the connector can read.
    pub setting_environment: Vec<String>,
    /// The default of the input's file.
    pub file_default: Option<String>,
    pub lasting_errors: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "puppet".to_owned(),
            title: "Puppet".to_owned(),
            description: "Executes the steps in its input.".to_owned(),
            base_url: "https://puppet.example".to_owned(),
            header: None,
            credential: "token".to_owned(),
            second: false,
            nested: false,
            environment: Vec::new(),
            setting_environment: Vec::new(),
            file_default: None,
            lasting_errors: Vec::new(),
        }
    }
}

/// The current configuration in the component.
pub fn config() -> Config {
    // Tests overwrite the content after compilation, so the compiler must not rely
    // on it.
    let text = String::from_utf8_lossy(black_box(&CONFIG)).into_owned();
    let json = text.strip_prefix(MARK).unwrap_or_default().trim_end_matches(['\0', ' ']);
    serde_json::from_str(json).unwrap_or_default()
}

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut padded = [b' '; N];
    let mut at = 0;
    while at < text.len() {
        padded[at] = text[at];
        at += 1;
    }
    padded
}
