//! The sources that an answer cites: web pages and files.

use connector_sdk::Properties;
use serde::Serialize;
use serde_json::Value;
use serde_with::skip_serializing_none;

use crate::lenient::at;

/// A source.
#[skip_serializing_none]
#[derive(Debug, Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
pub struct Citation {
    /// The URL of the page.
    #[property(label = "URL", control = url)]
    url: Option<String>,
    /// The title of the page, or the name of the file.
    title: Option<String>,
    /// The ID of the file.
    #[property(label = "File ID")]
    file_id: Option<String>,
    /// The ID of the code interpreter's container that has the file.
    #[property(label = "Container ID")]
    container_id: Option<String>,
    /// The position in the answer at which the citation begins, in characters.
    start_index: Option<u64>,
    /// The position in the answer at which the citation ends.
    end_index: Option<u64>,
}

impl Citation {
    /// Reads an annotation of an answer. Chat Completions puts its members into an
    /// object of their own.
    pub fn of(annotation: &Value) -> Option<Self> {
        let members = match at(annotation, "url_citation") {
            Value::Null => annotation,
            members => members,
        };
        let text = |name: &str| {
            let text = at(members, name).as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let number = |name: &str| at(members, name).as_u64();
        let citation = Self {
            url: text("url"),
            title: text("title").or_else(|| text("filename")),
            file_id: text("file_id"),
            container_id: text("container_id"),
            start_index: number("start_index"),
            end_index: number("end_index"),
        };
        (citation.url.is_some() || citation.file_id.is_some()).then_some(citation)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_the_annotations_of_both_apis() {
        let page = json!({
            "url": "https://a.example", "title": "A", "start_index": 3, "end_index": 9,
        });
        let expected = json!({
            "url": "https://a.example", "title": "A", "startIndex": 3, "endIndex": 9,
        });
        let mut flat = page.clone();
        flat["type"] = "url_citation".into();
        for (annotation, expected) in [
            (json!({ "type": "url_citation", "url_citation": page }), Some(expected.clone())),
            (flat, Some(expected)),
            (
                json!({ "type": "file_citation", "file_id": "file-1", "filename": "a.pdf",
                        "index": 0 }),
                Some(json!({ "title": "a.pdf", "fileId": "file-1" })),
            ),
            (
                json!({ "type": "container_file_citation", "file_id": "f", "container_id": "c",
                        "filename": "a.csv", "start_index": 0, "end_index": 4 }),
                Some(json!({ "title": "a.csv", "fileId": "f", "containerId": "c",
                             "startIndex": 0, "endIndex": 4 })),
            ),
            (json!({ "type": "file_path", "file_id": "f" }), Some(json!({ "fileId": "f" }))),
            (json!({ "type": "url_citation", "url": "", "title": null }), None),
            (json!({ "type": "new" }), None),
            (json!(null), None),
        ] {
            let citation = Citation::of(&annotation).map(|citation| json!(citation));
            assert_eq!(citation, expected, "{annotation}");
        }
    }
}
