//! The files that an input names.

use serde_json::{Value, json};

use crate::contract::table::{Property, PropertyTable, PropertyType};
use crate::contract::{Failure, FileEntry};

use super::granted::Files;
use super::opened::OpenFile;

/// The maximum number of files that an input may name. Each is open during the run.
const MAX_FILES: usize = 128;

/// Opens the files that an input names, so that a file that is missing, too large
/// or of the wrong kind is detected before any request is made. Updates the names
/// and media types of the handles according to the content of the files.
///
/// # Errors
/// `invalid-input` with the path of the property.
pub(crate) fn open_files(
    table: &PropertyTable,
    input: &mut Value,
    files: Option<&Files>,
) -> Result<Vec<OpenFile>, Failure> {
    let mut found = Vec::new();
    for property in table {
        if let Some(value) = input.get_mut(&property.name) {
            collect_files(property, value, &property.name, files, &mut found)?;
        }
    }
    Ok(found)
}

fn collect_files(
    property: &Property,
    value: &mut Value,
    path: &str,
    files: Option<&Files>,
    found: &mut Vec<OpenFile>,
) -> Result<(), Failure> {
    match (property.kind, value) {
        (PropertyType::FileEntry, value) => {
            let Some(entry) = FileEntry::from_json(value) else { return Ok(()) };
            if found.len() >= MAX_FILES {
                let message = format!("`{path}`: an input may name at most {MAX_FILES} files");
                return Err(Failure::invalid_input(path, message));
            }
            let file = open_file(property, &entry, path, files)?;
            *value = json!(file.entry);
            found.push(file);
        }
        (PropertyType::Array, Value::Array(items)) => {
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(shape) = property.children.first() {
                    collect_files(shape, item, &format!("{path}[{index}]"), files, found)?;
                }
            }
        }
        (PropertyType::Object, Value::Object(object)) => {
            for (name, member) in object {
                let shape = property.children.iter().find(|child| child.name == *name);
                if let Some(shape) = shape.or(property.values.as_deref()) {
                    collect_files(shape, member, &format!("{path}.{name}"), files, found)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn open_file(
    property: &Property,
    entry: &FileEntry,
    path: &str,
    files: Option<&Files>,
) -> Result<OpenFile, Failure> {
    let refuse = |why: String| Failure::invalid_input(path, format!("`{path}`: {why}"));
    let files = files.ok_or_else(|| refuse("the run has no `Files` to read from".into()))?;
    let file = files.open(entry).map_err(refuse)?;
    let size = file.content.size();
    if let Some(max) = property.limits.max_bytes
        && size > max
    {
        return Err(refuse(format!("the file must be at most {max} bytes long (it has {size})")));
    }
    if size == 0 {
        return Err(refuse("the file is empty".to_owned()));
    }
    let kind = file.kind().map_err(|error| refuse(format!("it cannot be read: {error}")))?;
    let entry = file.entry.accepted(kind, &property.limits.accept);
    let refuse = |why: String| Failure::invalid_input(path, format!("`{path}` {why}"));
    Ok(OpenFile { entry: entry.map_err(refuse)?, ..file })
}
