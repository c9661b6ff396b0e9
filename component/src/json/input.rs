//! Reading an input into its type.
//!
//! `members!` declares a type and how it is
//! read at once, so that the two cannot differ. A value that does not fit is
//! an input failure with the path of the property, such as
//! `messages[0].role`.

use super::Value;
use crate::failure::{Failure, Result};

/// A type that can be read.
pub trait FromJson: Sized {
    /// Reads a value; an absent one is null.
    fn from_json(value: &Value) -> Result<Self>;
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

    /// The nearest floating-point number.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The value, if it is whole and neither negative nor huge: `5` and `5.0`
    /// alike.
    pub fn as_u64(&self) -> Option<u64> {
        u64::try_from(self.as_i64()?).ok()
    }

    /// The value, if it is whole and not huge: `-5` and `-5.0` alike.
    pub fn as_i64(&self) -> Option<i64> {
        /// Up to here a floating-point number tells whole numbers apart.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        self.0.parse().ok().or_else(|| {
            let number = self.as_f64();
            (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
        })
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

/// An object with keys of the user's choosing, in the order they were given.
#[derive(Debug)]
pub struct Members<T>(pub Vec<(String, T)>);

/// Declares a type that is read from an object, with the key of each member.
macro_rules! members {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty = $key:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        $visibility struct $name {
            $(
                $(#[$field_meta])*
                #[cfg_attr(test, schemars(rename = $key))]
                $field_visibility $field: $type,
            )*
        }

        impl $crate::json::input::FromJson for $name {
            fn from_json(
                value: &$crate::json::Value,
            ) -> $crate::failure::Result<Self> {
                $crate::json::input::require_object(value)?;
                Ok(Self { $($field: $crate::json::input::member(value, $key)?,)* })
            }
        }
    };
}
pub(crate) use members;

/// Reads a member of an object.
pub fn member<T: FromJson>(object: &Value, name: &str) -> Result<T> {
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

impl FromJson for Value {
    fn from_json(value: &Self) -> Result<Self> {
        match value {
            Self::Null => Err(misfit(value, "one")),
            value => Ok(value.clone()),
        }
    }
}

impl FromJson for String {
    fn from_json(value: &Value) -> Result<Self> {
        value.as_str().map(Into::into).ok_or_else(|| misfit(value, "a text"))
    }
}

impl FromJson for Number {
    fn from_json(value: &Value) -> Result<Self> {
        value.as_number().cloned().ok_or_else(|| misfit(value, "a number"))
    }
}

impl FromJson for u64 {
    fn from_json(value: &Value) -> Result<Self> {
        let number = value.as_number().and_then(Number::as_u64);
        number.ok_or_else(|| misfit(value, "a whole number"))
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: &Value) -> Result<Self> {
        match value {
            Value::Null => Ok(None),
            value => T::from_json(value).map(Some),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Value) -> Result<Self> {
        let items = value.as_array().ok_or_else(|| misfit(value, "a list"))?;
        let items = items.iter().enumerate().map(|(index, item)| {
            T::from_json(item).map_err(|failure| failure.inside(&format!("[{index}]")))
        });
        items.collect()
    }
}

impl<T: FromJson> FromJson for Members<T> {
    fn from_json(value: &Value) -> Result<Self> {
        let members = value.as_object().ok_or_else(|| misfit(value, "an object"))?;
        let read = |(name, _): &(String, Value)| Ok((name.clone(), member(value, name)?));
        members.iter().map(read).collect::<Result<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    members! {
        /// Something to read.
        struct Order {
            title: String = "title",
            items: Vec<Item> = "items",
            note: Option<String> = "note",
            prices: Option<Members<Number>> = "prices",
        }
    }

    members! {
        /// A part of it.
        struct Item {
            count: u64 = "count",
        }
    }

    fn read(text: &str) -> Result<Order> {
        Order::from_json(&Value::parse(text).unwrap())
    }

    #[track_caller]
    fn check_failure(text: &str, property: &str, message: &str) {
        let failure = read(text).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some(property));
        assert_eq!(failure.message, message);
    }

    #[test]
    fn what_fits_is_read() {
        let order = read(
            r#"{"title":"t","items":[{"count":1},{"count":2.0}],"note":null,
                "prices":{"b":1.50,"a":2},"unknown":1}"#,
        )
        .unwrap();
        assert_eq!(order.title, "t");
        assert_eq!(order.items.iter().map(|item| item.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(order.note, None);
        let prices = order.prices.unwrap().0;
        assert_eq!(prices, [("b".into(), Number::raw("1.50")), ("a".into(), Number::raw("2"))]);
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
        let failure = read("[]").unwrap_err();
        assert_eq!(failure.property, None);
    }

    #[test]
    fn whole_numbers_are_told_from_others() {
        let whole = |text: &str| Number::raw(text).as_i64();
        assert_eq!(whole("-5"), Some(-5));
        assert_eq!(whole("5.0"), Some(5));
        assert_eq!(whole("1e2"), Some(100));
        assert_eq!(whole("0.5"), None);
        assert_eq!(whole("1e300"), None);
        assert_eq!(Number::raw("-1").as_u64(), None);
    }
}
