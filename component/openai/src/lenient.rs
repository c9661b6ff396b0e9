//! Lenient reading of responses that deviate from the API.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The value at a path of members such as `function.name`, or null if there is
/// none.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let mut names = path.split('.');
    names.try_fold(value, |value, name| value.get(name)).unwrap_or(&Value::Null)
}

/// A string, or the empty string if the value is something else.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of an array, or none if the value is something else.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Reads a member of a response. A value of another type, such as `null`, counts
/// as absent.
pub fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}
