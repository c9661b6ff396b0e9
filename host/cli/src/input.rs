//! The input of a run, assembled from a file and arguments.

use std::io::Read;
use std::path::Path;

use connector_host::{Files, PropertyTable, PropertyType, read_json};
use serde_json::{Map, Value, json};

use super::error::Error;

/// The limit on the index in `--set messages[3].role=…`, so that a typo cannot
/// create a list of a billion items.
const MAX_ITEMS: usize = 1_000;

/// Reads JSON from a file or from standard input (`-`). Returns an empty object
/// if no path is given.
pub fn read(path: Option<&Path>) -> Result<Value, Error> {
    let Some(path) = path else { return Ok(json!({})) };
    let unreadable = |error: std::io::Error| {
        Error::usage(
            format!("cannot read {}: {error}", path.display()),
            "--input takes a JSON file, or `-` for standard input",
        )
    };
    let (bytes, name) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(unreadable)?;
        (bytes, "standard input".into())
    } else {
        (std::fs::read(path).map_err(unreadable)?, path.to_string_lossy())
    };
    read_json(&bytes).map_err(|error| Error::Usage {
        message: format!("the input from {name} {error}"),
        hint: None,
    })
}

/// Sets the action's text property to the given text, or to standard input for `-`.
pub fn text(input: &mut Value, property: &str, text: &str) -> Result<(), Error> {
    let text = match text {
        "-" => std::io::read_to_string(std::io::stdin()).map_err(|error| Error::Usage {
            message: format!("cannot read text from standard input: {error}"),
            hint: None,
        })?,
        text => text.to_owned(),
    };
    put(input, property, text.into())
}

/// Applies `--set PATH=VALUE`.
pub fn set(table: &PropertyTable, input: &mut Value, argument: &str) -> Result<(), Error> {
    let (path, text) = split(argument, "--set", "n=2")?;
    let value = match table.at_path(path).map(|property| property.kind) {
        // A later argument may set a part of these, so they must be parsed here.
        // The host parses strings for all others.
        None | Some(PropertyType::Array | PropertyType::Object | PropertyType::FileEntry) => {
            let json = read_json(text.as_bytes()).ok();
            json.filter(|json| json.is_array() || json.is_object()).unwrap_or(text.into())
        }
        Some(PropertyType::Any) => read_json(text.as_bytes()).unwrap_or(text.into()),
        Some(_) => text.into(),
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

/// Refuses paths to list items that leave a gap before them. The host would drop
/// the gap, and the item would get another index.
pub fn refuse_gaps<'a>(
    input: &Value,
    arguments: impl IntoIterator<Item = &'a String>,
) -> Result<(), Error> {
    for argument in arguments {
        let path = argument.split_once('=').map_or(argument.as_str(), |(path, _)| path);
        let (mut place, mut before) = (Some(input), String::new());
        for step in path.split('.').flat_map(steps) {
            match step? {
                Step::Member(name) => {
                    before =
                        if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                    place = place.and_then(|place| place.get(name));
                }
                Step::Item(index) => {
                    let items = place.and_then(Value::as_array);
                    let gap = items.into_iter().flatten().take(index).position(Value::is_null);
                    if let Some(gap) = gap {
                        return Err(Error::usage(
                            format!("`{path}` leaves a gap: `{before}[{gap}]` is missing"),
                            "the first item has index 0",
                        ));
                    }
                    before = format!("{before}[{index}]");
                    place = place.and_then(|place| place.get(index));
                }
            }
        }
    }
    Ok(())
}

fn split<'a>(argument: &'a str, flag: &str, example: &str) -> Result<(&'a str, &'a str), Error> {
    argument.split_once('=').filter(|(path, _)| !path.is_empty()).ok_or_else(|| {
        Error::usage(
            format!("invalid value `{argument}` for {flag}"),
            format!("for example: {flag} {example}"),
        )
    })
}

/// Sets a value at a path such as `messages[0].role`. Creates missing objects and
/// lists.
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

/// Splits a part of a path: `messages[0]` is a member and an item.
fn steps(part: &str) -> Vec<Result<Step, Error>> {
    let mut pieces = part.split('[');
    let member = pieces.next().map(|name| match name {
        "" => Err(bad_path(part)),
        name => Ok(Step::Member(name.to_owned())),
    });
    let items = pieces.map(|piece| {
        let index = piece.strip_suffix(']').and_then(|digits| digits.parse().ok());
        index.filter(|index| *index < MAX_ITEMS).map(Step::Item).ok_or_else(|| bad_path(part))
    });
    member.into_iter().chain(items).collect()
}

fn bad_path(path: &str) -> Error {
    Error::usage(format!("invalid path `{path}`"), "for example: messages[0].content")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_values_at_paths() {
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
    fn finds_a_gap_in_a_list_regardless_of_the_order_of_arguments() {
        let gap = |arguments: &[&str]| {
            let mut input = json!({"messages": [{"role": "user"}]});
            let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
            for argument in &arguments {
                put(&mut input, argument, json!("x")).unwrap();
            }
            refuse_gaps(&input, &arguments).err().map(|error| error.to_string())
        };
        assert_eq!(gap(&["messages[0].role", "messages[1].role", "stop[0]"]), None);
        assert_eq!(gap(&["stop[1]", "stop[0]"]), None);
        let message = Some("`messages[2].role` leaves a gap: `messages[1]` is missing".to_owned());
        assert_eq!(gap(&["messages[2].role"]), message);
        let message = Some("`a.b[0].c[1]` leaves a gap: `a.b[0].c[0]` is missing".to_owned());
        assert_eq!(gap(&["a.b[0].c[1]"]), message);
    }

    #[test]
    fn refuses_invalid_paths() {
        for invalid in ["", ".a", "a[", "a[x]", "a[-1]", "a[1000000000]", "a..b"] {
            assert!(put(&mut json!({}), invalid, json!(1)).is_err(), "{invalid}");
        }
    }
}
