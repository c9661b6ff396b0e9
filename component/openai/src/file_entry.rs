//! File handles as they stand in the JSON of inputs and outputs.

use alloc::string::String;

use crate::bindings::workflow::connector::types;
use crate::json::input::members;
use crate::json::{Object, ToJson};

members! {
    /// A handle to a file that the host keeps, in an input.
    pub struct FileEntry<'a> {
        /// The text after the last dot of the name.
        pub extension: &'a str = "extension",
        /// The media type.
        pub mime_type: &'a str = "mimeType",
        /// The file's name.
        pub name: &'a str = "name",
        /// Where the host finds the content.
        pub url: &'a str = "url",
    }
}

impl FileEntry<'_> {
    /// The handle that the host takes.
    pub fn handle(&self) -> types::FileEntry {
        types::FileEntry {
            extension: self.extension.into(),
            mime_type: self.mime_type.into(),
            name: self.name.into(),
            url: self.url.into(),
        }
    }
}

impl ToJson for types::FileEntry {
    fn write(&self, text: &mut String) {
        Object::new()
            .set("extension", &self.extension)
            .set("mimeType", &self.mime_type)
            .set("name", &self.name)
            .set("url", &self.url)
            .done()
            .write(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    #[test]
    fn the_members_are_named_and_ordered_as_the_contract_says() {
        let entry = types::FileEntry {
            extension: "mp3".into(),
            mime_type: "audio/mpeg".into(),
            name: "speech.mp3".into(),
            url: "file:1".into(),
        };
        assert_eq!(
            Json::of(entry).text(),
            r#"{"extension":"mp3","mimeType":"audio/mpeg","name":"speech.mp3","url":"file:1"}"#
        );
    }
}
