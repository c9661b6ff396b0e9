//! Files that the provider stores: Upload File, List Files and Delete File.

mod delete_file;
mod list_files;
#[cfg(test)]
mod tests;
mod upload_file;

use std::cmp::Reverse;

use connector_sdk::{OptionItem, Options, OptionsRequest, Properties, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::delete_file::DeleteFile;
pub use self::list_files::ListFiles;
pub use self::upload_file::UploadFile;
use crate::lenient::lenient;
use crate::pages;

/// The maximum number of files in one page.
const PAGE: usize = 10_000;

/// A file at the provider. Members that the provider did not send are absent.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(serialize = "camelCase"))]
#[property(output)]
pub struct StoredFile {
    /// The ID of the file, for use in other actions and requests.
    #[property(label = "ID")]
    id: String,
    /// The name of the file.
    #[serde(default, deserialize_with = "lenient")]
    #[property(label = "File name")]
    filename: Option<String>,
    /// The size of the file, in bytes.
    #[serde(default, deserialize_with = "lenient")]
    bytes: Option<u64>,
    /// What the file is for, such as batch.
    #[serde(default, deserialize_with = "lenient")]
    purpose: Option<String>,
    /// The time at which the file was uploaded, in seconds since 1970.
    #[serde(default, deserialize_with = "lenient")]
    #[property(display = "unix-time")]
    created_at: Option<u64>,
    /// The time at which the provider deletes the file, in seconds since 1970.
    #[serde(default, deserialize_with = "lenient")]
    #[property(display = "unix-time")]
    expires_at: Option<u64>,
}

/// When the provider deletes a file.
#[derive(Deserialize, Properties)]
pub struct ExpiresAfter {
    /// The event from which the time is counted. If empty, the creation of the file.
    #[property(choices("created_at": "The creation of the file."))]
    anchor: Option<String>,
    /// How long to keep the file, in seconds: an hour is 3600, a day 86400.
    #[property(minimum = 3_600, maximum = 2_592_000)]
    seconds: u64,
}

impl ExpiresAfter {
    /// The value of the parameter, whose members are both required.
    pub fn parameter(&self) -> Value {
        let anchor = self.anchor.as_deref().unwrap_or("created_at");
        json!({ "anchor": anchor, "seconds": self.seconds })
    }
}

impl StoredFile {
    /// Reads a file in a response. Only the ID is required.
    fn of(sent: &Value) -> Option<Self> {
        Self::deserialize(sent).ok().filter(|file| !file.id.is_empty())
    }

    fn description(&self) -> Option<String> {
        let purpose = self.purpose.as_ref().map(|purpose| format!("Purpose: {purpose}."));
        let size = self.bytes.map(|bytes| format!("Size: {}.", size(bytes)));
        let parts: Vec<_> = [purpose, size].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

impl From<StoredFile> for OptionItem {
    fn from(file: StoredFile) -> Self {
        let description = file.description();
        let label = file.filename.unwrap_or_else(|| file.id.clone());
        Self { description, ..(label, file.id).into() }
    }
}

/// A size for people, such as `1.5 MB`.
fn size(bytes: u64) -> String {
    const UNITS: &[(u64, &str)] = &[(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        None => format!("{bytes} bytes"),
    }
}

/// The stored files as options of a property, newest first.
fn options(request: &OptionsRequest) -> Result<Options> {
    let files = pages::listed("/files", json!({}), None).take(PAGE);
    let files: Vec<Value> = files.collect::<Result<_>>()?;
    let mut files: Vec<_> = files.iter().filter_map(StoredFile::of).collect();
    files.sort_by_key(|file| Reverse(file.created_at));
    Ok(Options::from_list(files).matching(request))
}
