//! JSON: reading it, writing it, and taking inputs out of it.
//!
//! The component brings its own, a few kilobytes, because the general crates
//! for it made three quarters of the component's size. [`Value`] is what was
//! read, with its members in order and its numbers as they were written.
//! [`Json`] and [`Object`] are text in the making: what goes out is written at
//! once. [`input::FromJson`] reads an action's input into its type.

pub mod input;
mod read;

pub use self::input::Number;
pub use self::read::Value;

/// One value as JSON text.
#[derive(Debug, Clone)]
pub struct Json(String);

impl Json {
    /// Text that is known to be JSON.
    pub fn raw(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// An array.
    pub fn list(items: &[Self]) -> Self {
        let mut text = String::from("[");
        for item in items {
            if 1 < text.len() {
                text.push(',');
            }
            text.push_str(&item.0);
        }
        text.push(']');
        Self(text)
    }

    /// The text.
    pub fn text(self) -> String {
        self.0
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        let mut quoted = String::from("\"");
        for character in text.chars() {
            match character {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                ..' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
                _ => quoted.push(character),
            }
        }
        quoted.push('"');
        Self(quoted)
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&Number> for Json {
    fn from(number: &Number) -> Self {
        Self(number.text().into())
    }
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::raw("null"),
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => number.into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => Self::list(&items.iter().map(Self::from).collect::<Vec<_>>()),
            Value::Object(members) => Object::of(members).into(),
        }
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl From<u32> for Json {
    fn from(number: u32) -> Self {
        Self(number.to_string())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::raw(if value { "true" } else { "false" })
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self(object.0 + "}")
    }
}

/// An object whose unset members are left out. Request bodies are made with
/// it, so that the provider's own defaults hold and a model that does not know
/// a parameter is not told one; so are outputs and metadata.
#[derive(Debug)]
pub struct Object(String);

impl Object {
    /// An empty object.
    #[expect(clippy::new_without_default, reason = "there is one way to begin an object")]
    pub fn new() -> Self {
        Self("{".into())
    }

    /// An object with these members.
    pub fn of(members: &[(String, Value)]) -> Self {
        members.iter().fold(Self::new(), |object, (name, value)| object.set(name, value))
    }

    /// With a member, which must not be set yet.
    pub fn set(self, name: &str, value: impl Into<Json>) -> Self {
        self.with(name, value.into())
    }

    /// With a member, if there is a value.
    pub fn set_some(self, name: &str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value.into()),
            None => self,
        }
    }

    /// The object as text.
    pub fn text(self) -> String {
        Json::from(self).text()
    }

    fn with(mut self, name: &str, value: Json) -> Self {
        if 1 < self.0.len() {
            self.0.push(',');
        }
        self.0.push_str(&Json::from(name).0);
        self.0.push(':');
        self.0.push_str(&value.0);
        self
    }
}

/// Tests compare the values that the texts mean.
#[cfg(test)]
impl PartialEq<serde_json::Value> for Json {
    fn eq(&self, other: &serde_json::Value) -> bool {
        serde_json::from_str::<serde_json::Value>(&self.0).unwrap() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_left_out() {
        let object = Object::new()
            .set("model", "m")
            .set_some("n", Some(0_u32))
            .set_some("user", None::<&str>);
        assert_eq!(object.text(), r#"{"model":"m","n":0}"#);
        assert_eq!(Object::new().text(), "{}");
    }

    #[test]
    fn members_stand_in_the_order_they_were_set() {
        assert_eq!(Object::new().set("z", true).set("a", 2_u64).text(), r#"{"z":true,"a":2}"#);
    }

    #[test]
    fn texts_are_quoted_and_raw_text_is_not() {
        assert_eq!(Json::from("a\"\n").text(), r#""a\"\n""#);
        let list = [Json::raw("1.10"), Json::from("x")];
        assert_eq!(Object::new().set("a\"", Json::list(&list)).text(), r#"{"a\"":[1.10,"x"]}"#);
        assert_eq!(Json::list(&[]).text(), "[]");
    }

    #[test]
    fn every_text_is_written_as_json() {
        let text: String = ('\0'..='\u{ff}').chain(['€', '😀', '\u{2028}']).collect();
        assert_eq!(
            serde_json::from_str::<String>(&Json::from(text.as_str()).text()).unwrap(),
            text
        );
    }
}
