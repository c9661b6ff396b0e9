//! Reading JSON (RFC 8259).

use alloc::string::String;
use alloc::vec::Vec;

use super::Number;
use crate::allocator::{free, free_text};

/// A value that was read.
#[derive(Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Number),
    /// A text.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object, its members in the order they were written.
    Object(Vec<(String, Value)>),
}

/// How deep values may be nested, so that reading never exhausts the stack.
const DEPTH: usize = 128;

/// A number of fewer digits is finite.
const SURELY_FINITE: usize = 308;

impl Value {
    /// Reads a text; none if it is not JSON.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEPTH)?;
        reader.skip_space();
        reader.peek().is_none().then_some(value)
    }

    /// Reads the value with which a text begins. Gives it, and what stands
    /// behind it.
    pub fn parse_first(text: &str) -> Option<(Self, &str)> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEPTH)?;
        Some((value, text.get(reader.at..)?))
    }

    /// Frees the value, which dropping it does not ([`crate::allocator`]).
    pub fn free(self) {
        match self {
            Self::Null | Self::Bool(_) => {}
            Self::Number(number) => free_text(number.into_text()),
            Self::Text(text) => free_text(text),
            Self::List(mut items) => {
                items.drain(..).for_each(Self::free);
                free(items);
            }
            Self::Object(mut members) => {
                for (name, value) in members.drain(..) {
                    free_text(name);
                    value.free();
                }
                free(members);
            }
        }
    }

    /// The member of this name, if this is an object that has one. Of several
    /// it is the last.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.member(name.as_bytes())
    }

    fn member(&self, name: &[u8]) -> Option<&Self> {
        let member = self.as_object()?.iter().rev().find(|(key, _)| key.as_bytes() == name);
        member.map(|(_, value)| value)
    }

    /// The value at the end of a path of members such as `message/content`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.as_bytes().split(|byte| *byte == b'/').try_fold(self, Self::member)
    }

    /// The text at the end of a path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The number at the end of a path.
    pub fn number(&self, path: &str) -> Option<&Number> {
        self.at(path)?.as_number()
    }

    /// The items of the array at the end of a path; none if there is none.
    pub fn items(&self, path: &str) -> &[Self] {
        self.at(path).and_then(Self::as_array).unwrap_or_default()
    }

    /// The members of the object at the end of a path; none if there is none.
    pub fn members(&self, path: &str) -> &[(String, Self)] {
        self.at(path).and_then(Self::as_object).unwrap_or_default()
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The items, if this is an array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }
}

/// A text and how far it was read. All that JSON gives a meaning to is ASCII,
/// so it is read byte by byte.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_space();
        match self.peek()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.list(depth.checked_sub(1)?),
            b'"' => self.text().map(Value::Text),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut members = Vec::new();
        self.separated(b'}', &mut |reader| {
            reader.skip_space();
            let name = reader.text()?;
            reader.skip_space();
            reader.take(b':').then_some(())?;
            members.push((name, reader.value(depth)?));
            Some(())
        })?;
        Some(Value::Object(members))
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.separated(b']', &mut |reader| {
            items.push(reader.value(depth)?);
            Some(())
        })?;
        Some(Value::List(items))
    }

    /// Reads what stands between brackets, separated by commas. The first
    /// bracket was looked at.
    fn separated(
        &mut self,
        close: u8,
        item: &mut dyn FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.at += 1;
        self.skip_space();
        if self.take(close) {
            return Some(());
        }
        loop {
            item(self)?;
            self.skip_space();
            if self.take(close) {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }

    fn text(&mut self) -> Option<String> {
        self.take(b'"').then_some(())?;
        let mut text = String::new();
        loop {
            text.push_str(self.skip_while(|byte| !matches!(byte, b'"' | b'\\' | ..b' ')));
            if self.take(b'"') {
                return Some(text);
            }
            self.take(b'\\').then_some(())?;
            text.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => byte.into(),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return None,
        })
    }

    /// A character by its number, or by the two halves of a surrogate pair. A
    /// half by itself is no character and becomes U+FFFD.
    fn unicode(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        let after_high = self.at;
        if (0xd800..0xdc00).contains(&high) && self.take(b'\\') && self.take(b'u') {
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                return char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
        }
        self.at = after_high;
        Some(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.chars().try_fold(0, |number, digit| Some(number * 16 + digit.to_digit(16)?))
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        let has_exponent = self.take(b'e') || self.take(b'E');
        if has_exponent {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let number = Number::raw(self.text.get(start..self.at)?);
        // Other readers refuse what is infinite, the host's among them.
        let is_finite = !has_exponent && self.at - start < SURELY_FINITE;
        (is_finite || number.as_f64().is_finite()).then_some(Value::Number(number))
    }

    /// At least one digit.
    fn digits(&mut self) -> Option<()> {
        let digits = self.skip_while(|byte| byte.is_ascii_digit());
        (!digits.is_empty()).then_some(())
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        word.bytes().all(|byte| self.take(byte)).then_some(value)
    }

    fn skip_space(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Goes behind all bytes that are meant, and returns them. What comes
    /// before or behind a character in several bytes is none of its bytes.
    fn skip_while(&mut self, is_meant: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&is_meant) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Goes behind a byte if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The next byte. A call would take more code than looking.
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// A value for a test's input, which borrows from it. Tests do not last.
#[cfg(test)]
pub fn leaked(value: serde_json::Value) -> &'static Value {
    Box::leak(Box::new(value.into()))
}

/// Tests write values as `json!`.
#[cfg(test)]
impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        Self::parse(&value.to_string()).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    /// Reads and writes a text, and asks serde_json whether that is right.
    #[track_caller]
    fn check(text: &str) {
        let value = Value::parse(text);
        let expected = serde_json::from_str::<serde_json::Value>(text);
        assert_eq!(value.is_some(), expected.is_ok(), "{text}");
        if let Some(value) = value {
            assert_eq!(Json::of(&value), expected.unwrap(), "{text}");
        }
    }

    #[test]
    fn json_is_read() {
        for text in [
            "null",
            " true\n",
            "false",
            "0",
            "-0",
            "1.5e3",
            "-12.25E-2",
            r#""""#,
            r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀""#,
            "[]",
            "[ ]",
            "[1, [2], {}]",
            "{}",
            r#"{"a":1,"b":{"c":[true,null]}, "":"" }"#,
        ] {
            check(text);
            assert!(Value::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "nul",
            "truex",
            "01",
            "+1",
            "1.",
            ".5",
            "1e",
            "-",
            "--1",
            "0x1",
            "\"",
            "\"\n\"",
            r#""\x""#,
            r#""\u12""#,
            r#""\u12g4""#,
            r#""\u+123""#,
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            "{a:1}",
            "{1:1}",
            "1 2",
            "[]]",
            "'a'",
            "NaN",
            "1e999",
            "[-1e999]",
            "\u{feff}1",
        ] {
            check(text);
            assert_eq!(Value::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_and_members_stay_as_they_were_written() {
        let text = r#"{"z":1.10,"a":12345678901234567890123,"m":1E2}"#;
        assert_eq!(Json::of(Value::parse(text).unwrap()).text(), text);
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        for (text, expected) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ude00""#, "\u{fffd}"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
        ] {
            assert_eq!(Value::parse(text).unwrap().as_str(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Value::parse(&nested(DEPTH)).is_some());
        assert!(Value::parse(&nested(DEPTH + 1)).is_none());
        assert!(Value::parse(&"[".repeat(1_000_000)).is_none());
    }

    #[test]
    fn a_value_may_have_something_behind_it() {
        let (value, rest) = Value::parse_first(" [1] and {").unwrap();
        assert_eq!((value, rest), (Value::parse("[1]").unwrap(), " and {"));
        assert!(Value::parse_first("{\"cut\":").is_none());
    }

    #[test]
    fn members_are_found() {
        let value = Value::parse(r#"{"a":{"b":1,"b":2},"c":[{"d":3}]}"#).unwrap();
        assert_eq!(value.at("a/b"), Value::parse("2").as_ref());
        assert_eq!(value.at("a/x"), None);
        assert_eq!(value.at("c/d"), None);
        assert_eq!(value.get("a/b"), None);
    }
}
