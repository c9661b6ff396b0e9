//! JSON: reading it, writing it, and taking inputs out of it.
//!
//! The component brings its own: with the general crates for it, the component
//! was twice its size. It has no other use for them. [`Value`] is what was
//! read, with its members in order and its numbers as they were written.
//! [`Json`] and [`Object`] are text in the making: what goes out is written at
//! once. [`input::FromJson`] reads an action's input into its type.

pub mod input;
mod read;

use alloc::string::String;
use core::mem;

pub use self::input::{FromJson, Number};
pub use self::read::Value;
#[cfg(test)]
pub use self::read::leaked;

/// What can be written as JSON.
pub trait ToJson {
    /// Writes the value behind the text.
    fn write(&self, text: &mut String);
}

/// One value as JSON text.
#[derive(Debug, Clone)]
pub struct Json(String);

impl Json {
    /// Text that is known to be JSON.
    pub fn raw(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A value as text.
    pub fn of(value: impl ToJson) -> Self {
        let mut text = String::new();
        value.write(&mut text);
        Self(text)
    }

    /// An array.
    pub fn list(items: &[Self]) -> Self {
        Self::of(items)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn text(self) -> String {
        self.0
    }
}

/// Room for most requests and outputs: a text that grows is copied.
const ROOM: usize = 512;

/// An object whose unset members are left out. Request bodies are made with
/// it, so that the provider's own defaults hold and a model that does not know
/// a parameter is not told one; so are outputs and metadata.
#[derive(Debug)]
pub struct Object(String);

impl Object {
    /// An empty object.
    #[expect(clippy::new_without_default, reason = "there is one way to begin an object")]
    pub fn new() -> Self {
        let mut text = String::with_capacity(ROOM);
        text.push('{');
        Self(text)
    }

    /// Sets a member, which must not be set yet.
    pub fn set(&mut self, name: &str, value: impl ToJson) -> &mut Self {
        self.push(name, &value);
        self
    }

    /// Sets a member, if there is a value.
    pub fn set_some(&mut self, name: &str, value: Option<impl ToJson>) -> &mut Self {
        if let Some(value) = value {
            self.push(name, &value);
        }
        self
    }

    /// Sets members, none of which may be set yet.
    pub fn set_all(&mut self, members: &[(String, &Value)]) -> &mut Self {
        for (name, value) in members {
            self.push(name, *value);
        }
        self
    }

    /// Takes the finished object.
    pub fn done(&mut self) -> Json {
        self.0.push('}');
        Json(mem::take(&mut self.0))
    }

    fn push(&mut self, name: &str, value: &dyn ToJson) {
        write_member(&mut self.0, name, value);
    }
}

/// A whole number as text. With `{}` and `to_string`, it would be 2 KB of code
/// and tables.
pub fn decimal(number: u64) -> String {
    let mut text = String::new();
    let mut rest = number;
    loop {
        text.insert(0, char::from(b'0' + (rest % 10) as u8));
        rest /= 10;
        if rest == 0 {
            return text;
        }
    }
}

/// Puts a comma behind all but the bracket at the beginning.
fn separate(text: &mut String) {
    if !matches!(text.as_bytes().last(), Some(b'{' | b'[')) {
        text.push(',');
    }
}

/// Writes a member of an object.
fn write_member(text: &mut String, name: &str, value: &dyn ToJson) {
    separate(text);
    name.write(text);
    text.push(':');
    value.write(text);
}

impl ToJson for Json {
    fn write(&self, text: &mut String) {
        text.push_str(&self.0);
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn write(&self, text: &mut String) {
        (*self).write(text);
    }
}

impl<T: ToJson> ToJson for [T] {
    fn write(&self, text: &mut String) {
        text.push('[');
        for item in self {
            separate(text);
            item.write(text);
        }
        text.push(']');
    }
}

impl ToJson for str {
    fn write(&self, text: &mut String) {
        text.push('"');
        let mut written = 0;
        // What must be escaped is ASCII: a byte tells.
        for (at, byte) in self.bytes().enumerate() {
            if !matches!(byte, b'"' | b'\\' | ..b' ') {
                continue;
            }
            text.push_str(self.get(written..at).unwrap_or_default());
            written = at + 1;
            match byte {
                b'\n' => text.push_str("\\n"),
                b'\r' => text.push_str("\\r"),
                b'\t' => text.push_str("\\t"),
                // Below the space there are 32 characters.
                ..b' ' => {
                    text.push_str(if byte < 16 { "\\u000" } else { "\\u001" });
                    text.extend(char::from_digit(u32::from(byte) % 16, 16));
                }
                _ => {
                    text.push('\\');
                    text.push(byte.into());
                }
            }
        }
        text.push_str(self.get(written..).unwrap_or_default());
        text.push('"');
    }
}

impl ToJson for String {
    fn write(&self, text: &mut String) {
        self.as_str().write(text);
    }
}

impl ToJson for Number {
    fn write(&self, text: &mut String) {
        text.push_str(self.text());
    }
}

impl ToJson for u64 {
    fn write(&self, text: &mut String) {
        text.push_str(&decimal(*self));
    }
}

impl ToJson for bool {
    fn write(&self, text: &mut String) {
        text.push_str(if *self { "true" } else { "false" });
    }
}

impl ToJson for Value {
    fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => value.write(text),
            Self::Number(number) => number.write(text),
            Self::Text(value) => value.write(text),
            Self::List(items) => items.write(text),
            Self::Object(members) => {
                text.push('{');
                for (name, value) in members {
                    write_member(text, name, value);
                }
                text.push('}');
            }
        }
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
        let mut object = Object::new();
        object.set("model", "m").set_some("n", Some(0_u64)).set_some("user", None::<&str>);
        assert_eq!(object.done().text(), r#"{"model":"m","n":0}"#);
        assert_eq!(Object::new().done().text(), "{}");
    }

    #[test]
    fn members_stand_in_the_order_they_were_set() {
        assert_eq!(
            Object::new().set("z", true).set("a", 2_u64).done().text(),
            r#"{"z":true,"a":2}"#
        );
    }

    #[test]
    fn texts_are_quoted_and_raw_text_is_not() {
        assert_eq!(Json::of("a\"\n").text(), r#""a\"\n""#);
        let list = [Json::raw("1.10"), Json::of("x")];
        assert_eq!(
            Object::new().set("a\"", Json::list(&list)).done().text(),
            r#"{"a\"":[1.10,"x"]}"#
        );
        assert_eq!(Json::list(&[]).text(), "[]");
    }

    #[test]
    fn every_text_is_written_as_json() {
        let text: String = ('\0'..='\u{ff}').chain(['€', '😀', '\u{2028}']).collect();
        assert_eq!(serde_json::from_str::<String>(&Json::of(&text).text()).unwrap(), text);
    }

    #[test]
    fn whole_numbers_are_written_in_full() {
        for number in [0, 7, 10, 1_020_300, u64::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
    }
}
