//! The values of a stored connection, including its secrets.

use std::fmt;

use connector_host::{ConnectionValues, Property, PropertyTable};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

/// Decrypted values. Their `Debug` output contains only their names, and they
/// are overwritten when dropped.
pub struct Values(Map<String, Value>);

/// The values of a connection that may be shown.
#[derive(Debug)]
pub struct ShownValues {
    /// The values without secrets.
    pub values: Map<String, Value>,
    /// The names of the secret properties that are set.
    pub secrets: Vec<String>,
}

impl Values {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().map(Self)
    }

    /// Separates values that may be shown from secrets, using the connection's
    /// property table. A value that is not in the table counts as secret;
    /// without a table, all values do.
    pub fn shown(&self, table: Option<&PropertyTable>) -> ShownValues {
        let is_public = |name: &str| {
            table.and_then(|table| table.get(name)).is_some_and(|found| !holds_secret(found))
        };
        let (public, secret): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|(name, _)| is_public(name));
        ShownValues {
            values: public.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            secrets: secret.into_iter().map(|(name, _)| name.clone()).collect(),
        }
    }

    /// Adds the secrets that a replacement omits, because a form never contains
    /// them. Returns their names.
    pub fn keep_secrets(
        &self,
        new: &mut Map<String, Value>,
        table: Option<&PropertyTable>,
    ) -> Vec<String> {
        let secrets = self.shown(table).secrets.into_iter();
        let kept: Vec<String> = secrets.filter(|name| !new.contains_key(name)).collect();
        for name in &kept {
            if let Some(value) = self.0.get(name) {
                new.insert(name.clone(), value.clone());
            }
        }
        kept
    }

    #[cfg(test)]
    pub(super) fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns the values in the form that the host expects.
    pub fn connection_values(&self) -> ConnectionValues {
        self.0.clone().into()
    }
}

/// Serializes the values for encryption.
pub(super) fn to_text(values: &Map<String, Value>) -> Zeroizing<Vec<u8>> {
    // Cannot fail: all keys are strings.
    Zeroizing::new(serde_json::to_vec(values).unwrap_or_default())
}

fn holds_secret(property: &Property) -> bool {
    property.secret
        || property.children.iter().any(holds_secret)
        || property.values.as_deref().is_some_and(holds_secret)
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_output_contains_only_names() {
        let values = Values::parse(br#"{"token":"sk-canary","nested":{"a":["sk-canary"]}}"#);
        assert_eq!(format!("{:?}", values.unwrap()), r#"{"token", "nested"}"#);
    }

    #[test]
    fn without_a_table_all_values_are_secret() {
        let values = Values::parse(br#"{"token":"sk-canary","baseUrl":"https://a.test"}"#).unwrap();
        let shown = values.shown(None);
        assert_eq!(
            (shown.values.len(), shown.secrets),
            (0, vec!["token".into(), "baseUrl".into()])
        );
    }

    #[test]
    fn wiping_reaches_every_string() {
        let mut value = json!({"a": ["sk-canary", {"b": "sk-canary"}], "c": 1});
        wipe(&mut value);
        assert_eq!(value, json!({"a": ["", {"b": ""}], "c": 1}));
    }
}
