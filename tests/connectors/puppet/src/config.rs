//! What the connector calls itself and asks for: JSON at a place in the
//! component that tests find by the text in front of it.

use std::hint::black_box;

use serde::Deserialize;

/// The text in front of the JSON.
const MARK: &str = "PUPPET:";

/// The JSON, and room for other JSON.
static CONFIG: [u8; 4096] = padded(br#"PUPPET:{}"#);

/// What it calls itself and asks for.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    pub name: String,
    pub title: String,
    pub description: String,
    pub base_url: String,
    /// The header of the credential; else `Authorization: Bearer`.
    pub header: Option<String>,
    /// The property that is the credential; `token` and `hint` are two.
    pub credential: String,
    /// Whether there is a second secret, in the header `x-second`.
    pub second: bool,
    /// Whether the connection has a secret inside an object.
    pub nested: bool,
    /// The variables that the token is read from.
    pub environment: Vec<String>,
    /// The same for a setting, which the connector sees.
    pub setting_environment: Vec<String>,
    /// The default of the file of its input.
    pub file_default: Option<String>,
    pub lasting_errors: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "puppet".to_owned(),
            title: "Puppet".to_owned(),
            description: "Does what it is told.".to_owned(),
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

/// What the file says now.
pub fn config() -> Config {
    // Read where it is, since it is not what it was compiled as.
    let text = String::from_utf8_lossy(black_box(&CONFIG)).into_owned();
    let json = text.strip_prefix(MARK).unwrap_or_default().trim_end_matches(['\0', ' ']);
    serde_json::from_str(json).unwrap_or_default()
}

#[allow(clippy::indexing_slicing, reason = "it is evaluated when it is compiled")]
const fn padded<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut padded = [b' '; N];
    let mut at = 0;
    while at < text.len() {
        padded[at] = text[at];
        at += 1;
    }
    padded
}
