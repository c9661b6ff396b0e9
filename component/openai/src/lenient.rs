//! What servers write that is not quite the API's.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What a value has at a path of members such as `function.name`; null if it
/// has nothing there.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let mut names = path.split('.');
    names.try_fold(value, |value, name| value.get(name)).unwrap_or(&Value::Null)
}

/// A text; empty if it is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list; none if it is no list.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Reads a member of an answer. What is of another type, such as `null`, is as
/// good as absent.
pub fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}
