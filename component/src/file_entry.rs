//! File handles as they stand in the JSON of inputs and outputs.

use crate::bindings::workflow::connector::types;
use crate::json::input::members;
use crate::json::{Json, Object};

members! {
    /// A handle to a file that the host keeps.
    #[derive(Clone)]
    pub struct FileEntry {
        /// The text after the last dot of the name.
        pub extension: String = "extension",
        /// The media type.
        pub mime_type: String = "mimeType",
        /// The file's name.
        pub name: String = "name",
        /// Where the host finds the content.
        pub url: String = "url",
    }
}

impl FileEntry {
    /// The handle as JSON text.
    pub fn json(&self) -> Json {
        Object::new()
            .set("extension", self.extension.as_str())
            .set("mimeType", self.mime_type.as_str())
            .set("name", self.name.as_str())
            .set("url", self.url.as_str())
            .into()
    }
}

impl From<FileEntry> for types::FileEntry {
    fn from(entry: FileEntry) -> Self {
        let FileEntry { extension, mime_type, name, url } = entry;
        Self { extension, mime_type, name, url }
    }
}

impl From<types::FileEntry> for FileEntry {
    fn from(entry: types::FileEntry) -> Self {
        let types::FileEntry { extension, mime_type, name, url } = entry;
        Self { extension, mime_type, name, url }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_are_named_and_ordered_as_the_contract_says() {
        let entry = FileEntry {
            extension: "mp3".into(),
            mime_type: "audio/mpeg".into(),
            name: "speech.mp3".into(),
            url: "file:1".into(),
        };
        assert_eq!(
            entry.json().text(),
            r#"{"extension":"mp3","mimeType":"audio/mpeg","name":"speech.mp3","url":"file:1"}"#
        );
    }
}
