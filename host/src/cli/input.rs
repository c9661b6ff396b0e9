//! The input of a run, put together from a file and from arguments.

use std::io::Read;
use std::path::Path;

use connector_host::{Files, PropertyTable, PropertyType};
use serde_json::{Map, Value, json};

use super::error::Error;

/// The largest index in `--set messages[3].role=…`: a slip of the finger must
/// not make a list of a billion items.
const MOST_ITEMS: usize = 1_000;

/// JSON from a file, from standard input (`-`), or nothing.
pub fn read(path: Option<&Path>) -> Result<Value, Error> {
    let Some(path) = path else { return Ok(json!({})) };
    let unreadable = |error: std::io::Error| {
        Error::usage(
            format!("cannot read {}: {error}", path.display()),
            "--input takes a JSON file, or `-` for standard input",
        )
    };
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
    } else {
        text = std::fs::read_to_string(path).map_err(unreadable)?;
    }
    serde_json::from_str(&text).map_err(|error| {
        let name = if path.as_os_str() == "-" {
            "standard input".into()
        } else {
            path.display().to_string()
        };
        Error::Usage { message: format!("the input in {name} is not JSON: {error}"), hint: None }
    })
}

/// Applies `--set PATH=VALUE`.
pub fn set(table: &PropertyTable, input: &mut Value, argument: &str) -> Result<(), Error> {
    let (path, text) = split(argument, "--set", "n=2")?;
    let property = table.at_path(path);
    let is_text = property.is_some_and(|property| {
        matches!(
            property.kind,
            PropertyType::String | PropertyType::Date | PropertyType::DateTime | PropertyType::Time
        )
    });
    let value = match serde_json::from_str(text) {
        Ok(value) if !is_text => value,
        _ => Value::from(text),
    };
    put(input, path, value)
}

/// Applies `--file PROPERTY=FILE`.
pub fn file(files: &Files, input: &mut Value, argument: &str) -> Result<(), Error> {
    let (path, file) = split(argument, "--file", "file=talk.mp3")?;
    let entry = files.grant(file).map_err(|error| Error::Usage {
        message: format!("cannot read {file}: {error}"),
        hint: None,
    })?;
    put(input, path, json!(entry))
}

fn split<'a>(argument: &'a str, flag: &str, example: &str) -> Result<(&'a str, &'a str), Error> {
    argument.split_once('=').filter(|(path, _)| !path.is_empty()).ok_or_else(|| {
        Error::usage(
            format!("`{argument}` is no value of {flag}"),
            format!("write it like {flag} {example}"),
        )
    })
}

/// Puts a value at a path such as `messages[0].role`, making the objects and
/// lists on the way.
fn put(input: &mut Value, path: &str, value: Value) -> Result<(), Error> {
    let mut place = input;
    for step in path.split('.').flat_map(steps) {
        place = match step? {
            Step::Member(name) => {
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                match place {
                    Value::Object(object) => object.entry(name).or_insert(Value::Null),
                    _ => return Err(bad_path(path)),
                }
            }
            Step::Item(index) => {
                if !place.is_array() {
                    *place = Value::Array(Vec::new());
                }
                match place {
                    Value::Array(items) => {
                        if items.len() <= index {
                            items.resize(index + 1, Value::Null);
                        }
                        items.get_mut(index).ok_or_else(|| bad_path(path))?
                    }
                    _ => return Err(bad_path(path)),
                }
            }
        };
    }
    *place = value;
    Ok(())
}

enum Step {
    Member(String),
    Item(usize),
}

/// `messages[0]` is a member and an item.
fn steps(part: &str) -> Vec<Result<Step, Error>> {
    let mut pieces = part.split('[');
    let member = pieces.next().map(|name| match name {
        "" => Err(bad_path(part)),
        name => Ok(Step::Member(name.to_owned())),
    });
    let items = pieces.map(|piece| {
        let index = piece.strip_suffix(']').and_then(|digits| digits.parse().ok());
        index.filter(|index| *index < MOST_ITEMS).map(Step::Item).ok_or_else(|| bad_path(part))
    });
    member.into_iter().chain(items).collect()
}

fn bad_path(path: &str) -> Error {
    Error::usage(format!("`{path}` is no path of a property"), "a path is like messages[0].content")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_values_at_paths() {
        let mut input = json!({"n": 1});
        put(&mut input, "messages[1].content", json!("Hi")).unwrap();
        put(&mut input, "messages[0].role", json!("user")).unwrap();
        put(&mut input, "logitBias.50256", json!(-100)).unwrap();
        put(&mut input, "n", json!(2)).unwrap();
        assert_eq!(
            input,
            json!({
                "n": 2,
                "messages": [{"role": "user"}, {"content": "Hi"}],
                "logitBias": {"50256": -100},
            })
        );
    }

    #[test]
    fn refuses_what_is_no_path() {
        for odd in ["", ".a", "a[", "a[x]", "a[-1]", "a[1000000000]", "a..b"] {
            assert!(put(&mut json!({}), odd, json!(1)).is_err(), "{odd}");
        }
    }
}
