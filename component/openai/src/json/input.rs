//! Reading an input into its type.
//!
//! `members!` declares a type and how it is read at once, so that the two
//! cannot differ. A value that does not fit is an input failure with the path
//! of the property, such as `messages[0].role`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Value, decimal};
use crate::failure::{Failure, Result, item};

/// A type that can be read. It borrows from the value.
pub trait FromJson<'a>: Sized {
    /// Reads a value; an absent one is null.
    fn from_json(value: &'a Value) -> Result<Self>;
}

/// A number as it was written, so that it is sent as it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Number(String);

impl Number {
    /// A number from text that is known to be one.
    pub fn raw(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }

    /// A floating-point number near enough to compare with. The nearest one
    /// would take 14 KB of code and tables.
    pub fn as_f64(&self) -> f64 {
        /// The largest power of ten that is a floating-point number.
        const LARGEST: i64 = 308;
        let (decimal, exponent) = match self.0.split_once(['e', 'E']) {
            Some((decimal, exponent)) => (decimal, Self::raw(exponent).as_f64() as i64),
            None => (self.0.as_str(), 0),
        };
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        let digits = whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit);
        let value = digits.fold(0.0, |value, digit| value * 10.0 + f64::from(digit - b'0'));

        let exponent = exponent.saturating_sub(fraction.len() as i64).clamp(-LARGEST, LARGEST + 1);
        let scale = (0..exponent.abs()).fold(1.0, |scale: f64, _| scale * 10.0);
        let value = match value {
            0.0 => value,
            _ if exponent < 0 => value / scale,
            _ => value * scale,
        };
        if whole.starts_with('-') { -value } else { value }
    }

    /// The value, if it is whole and neither negative nor huge: `5` and `5.0`
    /// alike.
    pub fn as_u64(&self) -> Option<u64> {
        /// Up to here a floating-point number tells whole numbers apart.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let number = self.as_f64();
        let whole = number as u64;
        ((0.0..=EXACT).contains(&number) && whole as f64 == number).then_some(whole)
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(decimal(number))
    }
}

/// An object with keys of the user's choosing, in the order they were given.
#[derive(Debug)]
pub struct Members<'a, T>(pub Vec<(&'a str, T)>);

/// Declares a type that is read from an object, with the key of each member.
macro_rules! members {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident<$life:lifetime> {
        $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty = $key:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        $visibility struct $name<$life> {
            $(
                $(#[$field_meta])*
                #[cfg_attr(test, schemars(rename = $key))]
                $field_visibility $field: $type,
            )*
        }

        impl<$life> $crate::json::input::FromJson<$life> for $name<$life> {
            fn from_json(
                value: &$life $crate::json::Value,
            ) -> $crate::failure::Result<Self> {
                $crate::json::input::require_object(value)?;
                Ok(Self { $($field: $crate::json::input::member(value, $key)?,)* })
            }
        }
    };
}
pub(crate) use members;

/// Reads a member of an object.
pub fn member<'a, T: FromJson<'a>>(object: &'a Value, name: &str) -> Result<T> {
    let value = object.get(name).unwrap_or(&Value::Null);
    T::from_json(value).map_err(|failure| failure.inside(name))
}

/// Fails unless the value is an object.
pub fn require_object(value: &Value) -> Result<()> {
    match value {
        Value::Object(_) => Ok(()),
        _ => Err(misfit(value, "an object")),
    }
}

fn misfit(value: &Value, expected: &str) -> Box<Failure> {
    let message = match value {
        Value::Null => format!("a value is missing: give {expected}"),
        _ => format!("the value does not fit: give {expected}"),
    };
    Failure::invalid_input("", message)
}

impl<'a> FromJson<'a> for &'a Value {
    fn from_json(value: &'a Value) -> Result<Self> {
        match value {
            Value::Null => Err(misfit(value, "one")),
            value => Ok(value),
        }
    }
}

impl<'a> FromJson<'a> for &'a str {
    fn from_json(value: &'a Value) -> Result<Self> {
        value.as_str().ok_or_else(|| misfit(value, "a text"))
    }
}

impl<'a> FromJson<'a> for &'a Number {
    fn from_json(value: &'a Value) -> Result<Self> {
        value.as_number().ok_or_else(|| misfit(value, "a number"))
    }
}

impl FromJson<'_> for u64 {
    fn from_json(value: &Value) -> Result<Self> {
        let number = value.as_number().and_then(Number::as_u64);
        number.ok_or_else(|| misfit(value, "a whole number"))
    }
}

impl FromJson<'_> for bool {
    fn from_json(value: &Value) -> Result<Self> {
        match value {
            Value::Bool(value) => Ok(*value),
            value => Err(misfit(value, "true or false")),
        }
    }
}

impl<'a, T: FromJson<'a>> FromJson<'a> for Option<T> {
    fn from_json(value: &'a Value) -> Result<Self> {
        match value {
            Value::Null => Ok(None),
            value => T::from_json(value).map(Some),
        }
    }
}

impl<'a, T: FromJson<'a>> FromJson<'a> for Vec<T> {
    fn from_json(value: &'a Value) -> Result<Self> {
        let mut items = Self::new();
        for value in value.as_array().ok_or_else(|| misfit(value, "a list"))? {
            let read = T::from_json(value);
            items.push(read.map_err(|failure| failure.inside(&item("", items.len())))?);
        }
        Ok(items)
    }
}

impl<'a, T: FromJson<'a>> FromJson<'a> for Members<'a, T> {
    fn from_json(value: &'a Value) -> Result<Self> {
        let mut members = Vec::new();
        for (name, _) in value.as_object().ok_or_else(|| misfit(value, "an object"))? {
            members.push((name.as_str(), member(value, name)?));
        }
        Ok(Self(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    members! {
        /// Something to read.
        struct Order<'a> {
            title: &'a str = "title",
            items: Vec<Item<'a>> = "items",
            note: Option<&'a str> = "note",
            prices: Option<Members<'a, &'a Number>> = "prices",
        }
    }

    members! {
        /// A part of it.
        struct Item<'a> {
            name: Option<&'a str> = "name",
            count: u64 = "count",
        }
    }

    #[track_caller]
    fn check_failure(text: &str, property: &str, message: &str) {
        let value = Value::parse(text).unwrap();
        let failure = Order::from_json(&value).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some(property));
        assert_eq!(failure.message, message);
    }

    #[test]
    fn what_fits_is_read() {
        let value = Value::parse(
            r#"{"title":"t","items":[{"count":1},{"name":"n","count":2.0}],"note":null,
                "prices":{"b":1.50,"a":2},"unknown":1}"#,
        )
        .unwrap();
        let order = Order::from_json(&value).unwrap();
        assert_eq!(order.title, "t");
        assert_eq!(order.items.iter().map(|item| item.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(order.note, None);
        let prices = order.prices.unwrap().0;
        assert_eq!(prices, [("b", &Number::raw("1.50")), ("a", &Number::raw("2"))]);
        assert_eq!(order.items[1].name, Some("n"));
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        check_failure("{}", "title", "a value is missing: give a text");
        check_failure(r#"{"title":1}"#, "title", "the value does not fit: give a text");
        check_failure(r#"{"title":"","items":{}}"#, "items", "the value does not fit: give a list");
        check_failure(
            r#"{"title":"","items":[{"count":1},{"count":1.5}]}"#,
            "items[1].count",
            "the value does not fit: give a whole number",
        );
        check_failure(
            r#"{"title":"","items":[1]}"#,
            "items[0]",
            "the value does not fit: give an object",
        );
        check_failure(
            r#"{"title":"","items":[],"prices":{"a":"1"}}"#,
            "prices.a",
            "the value does not fit: give a number",
        );
    }

    #[test]
    fn an_input_is_an_object() {
        let failure = Order::from_json(&Value::List(Vec::new())).unwrap_err();
        assert_eq!(failure.property, None);
    }

    #[test]
    fn numbers_are_near_enough() {
        for text in ["0", "-0.5", "1.25e2", "5E-1", "100", "0.001", "-12.75", "3.0", "1e+2"] {
            assert_eq!(Number::raw(text).as_f64(), text.parse::<f64>().unwrap(), "{text}");
        }
        for beyond in ["1e99999999999", "1e309", "-2e308", "0.2e309"] {
            assert!(Number::raw(beyond).as_f64().is_infinite(), "{beyond}");
        }
        assert!(1e307 < Number::raw("0.1e309").as_f64());
        assert!(Number::raw("1e-99999999999").as_f64() < 1e-307);
        assert_eq!(Number::raw("0e99999999999").as_f64(), 0.0);
    }

    #[test]
    fn whole_numbers_are_told_from_others() {
        let whole = |text: &str| Number::raw(text).as_u64();
        assert_eq!(whole("5"), Some(5));
        assert_eq!(whole("5.0"), Some(5));
        assert_eq!(whole("1e2"), Some(100));
        assert_eq!(whole("0.5"), None);
        assert_eq!(whole("1e300"), None);
        assert_eq!(whole("-1"), None);
    }
}
