//! What users attach to their messages: pictures, recordings and documents.
//!
//! Each is looked into, for a server refuses what it cannot open: a picture
//! that a client spoilt on the way must not pass for one that arrived.

use axum::http::Uri;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::chat::messages::TEXT_PART;
use crate::data_url::DataUrl;
use crate::error::ApiError;
use crate::fields::Field;
use crate::fields::Path;
use crate::fields::Rule;
use crate::sound;

/// The parts of a user's message.
pub(crate) const USER_PARTS: &[(&str, &[Field])] = &[
    ("text", TEXT_PART),
    (
        "image_url",
        &[
            Field::tag("type"),
            Field::required(
                "image_url",
                Rule::Object(&[
                    Field::required("url", Rule::Checked(&Rule::TEXT, picture)),
                    Field::optional("detail", Rule::Choice(&["auto", "low", "high"])),
                ]),
            ),
        ],
    ),
    (
        "input_audio",
        &[
            Field::tag("type"),
            Field::required("input_audio", Rule::Checked(&Rule::Object(RECORDING), recording)),
        ],
    ),
    (
        "file",
        &[
            Field::tag("type"),
            Field::required("file", Rule::Checked(&Rule::Object(DOCUMENT), document)),
        ],
    ),
];

const RECORDING: &[Field] = &[
    Field::required("data", Rule::NON_EMPTY),
    Field::required("format", Rule::Choice(&["wav", "mp3"])),
];

const DOCUMENT: &[Field] = &[
    Field::optional("filename", Rule::NON_EMPTY),
    Field::optional("file_data", Rule::Checked(&Rule::TEXT, pdf)),
    Field::optional("file_id", Rule::NON_EMPTY),
];

type IsKind = fn(&[u8]) -> bool;

/// The kinds of pictures that models see, and how their files begin.
const PICTURES: &[(&str, IsKind)] = &[
    ("image/png", |file| file.starts_with(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", |file| file.starts_with(b"\xff\xd8\xff")),
    ("image/webp", |file| file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP")),
    ("image/gif", |file| file.starts_with(b"GIF87a") || file.starts_with(b"GIF89a")),
];

/// Describes an attachment, so that who reads an answer can tell what arrived.
pub(crate) fn label(part: &Value) -> Option<String> {
    let kind = part.get("type")?.as_str()?;
    let content = part.get(kind)?;
    let field = |name| content.get(name).and_then(Value::as_str);
    let what = match kind {
        "image_url" => match DataUrl::parse(field("url")?) {
            Some(data) => format!("{}, {} bytes", data.media_type, data.bytes.len()),
            None => field("url")?.to_owned(),
        },
        "input_audio" => {
            let length = STANDARD.decode(field("data")?).ok()?.len();
            format!("{}, {length} bytes", field("format")?)
        }
        _ => match field("file_data").and_then(DataUrl::parse) {
            Some(data) => format!("{}, {} bytes", field("filename")?, data.bytes.len()),
            None => field("file_id")?.to_owned(),
        },
    };
    Some(format!("[{kind}: {what}]"))
}

/// Pictures come by URL: from the web, or whole in a `data:` URL.
fn picture(path: &Path, value: &Value) -> Result<(), ApiError> {
    let url = value.as_str().unwrap_or("");
    if !url.starts_with("data:") {
        return if is_web_address(url) { Ok(()) } else { Err(invalid_url(path)) };
    }
    let data = DataUrl::parse(url).ok_or_else(|| invalid_url(path))?;
    let kind = PICTURES.iter().find(|(_, is_kind)| is_kind(&data.bytes));
    let Some((media_type, _)) = kind else {
        return Err(ApiError::invalid(
            "You uploaded an unsupported image. Please make sure your image is valid and has one \
             of the following formats: ['png', 'jpeg', 'gif', 'webp'].",
        )
        .param(path)
        .code("invalid_image_format"));
    };
    if data.media_type == *media_type {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "Invalid '{path}': the media type is '{}', but the image is of type '{media_type}'.",
        data.media_type
    ))
    .param(path)
    .code("invalid_image_format"))
}

fn is_web_address(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| {
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        is_web && uri.host().is_some_and(|host| !host.is_empty())
    })
}

fn invalid_url(path: &Path) -> ApiError {
    ApiError::invalid(format!(
        "Invalid '{path}'. Expected a valid URL or base64-encoded data in a data URL, but got a \
         value with an invalid format."
    ))
    .param(path)
    .code("invalid_image_url")
}

fn recording(path: &Path, value: &Value) -> Result<(), ApiError> {
    let field = |name| value.get(name).and_then(Value::as_str).unwrap_or("");
    let place = path.key("data");
    let bytes = STANDARD.decode(field("data")).map_err(|_| {
        ApiError::invalid_value(place, format!("Invalid '{place}': expected base64-encoded data."))
    })?;
    let kind = sound::kind(&bytes).ok_or_else(|| {
        ApiError::invalid_value(
            place,
            "The audio data you provided does not represent a valid audio file.",
        )
    })?;
    let format = field("format");
    if kind.has_extension(format) {
        return Ok(());
    }
    let place = path.key("format");
    Err(ApiError::invalid_value(place, format!("Invalid '{place}': the audio is not '{format}'.")))
}

/// A document is uploaded before, or comes with its name.
fn document(path: &Path, value: &Value) -> Result<(), ApiError> {
    let has = |name| value.get(name).is_some();
    match (has("file_id"), has("file_data"), has("filename")) {
        (true, false, _) | (false, true, true) => Ok(()),
        (false, true, false) => Err(ApiError::missing(path.key("filename"))),
        (false, false, _) => Err(ApiError::missing(path.key("file_id"))),
        (true, true, _) => {
            Err(ApiError::invalid_value(path, "A file has either 'file_id' or 'file_data'."))
        }
    }
}

fn pdf(path: &Path, value: &Value) -> Result<(), ApiError> {
    let data = DataUrl::parse(value.as_str().unwrap_or("")).ok_or_else(|| {
        ApiError::invalid_value(
            path,
            format!(
                "Invalid '{path}': expected a base64-encoded data URL with a MIME type (e.g. \
                 'data:application/pdf;base64,aW1nIGJ5dGVz'), but got a value without it."
            ),
        )
    })?;
    if data.media_type != "application/pdf" {
        return Err(ApiError::invalid_value(
            path,
            format!(
                "Invalid file data: '{path}'. Expected a file with an application/pdf MIME type, \
                 but got unsupported MIME type '{}'.",
                data.media_type
            ),
        ));
    }
    if data.bytes.starts_with(b"%PDF-") {
        return Ok(());
    }
    Err(ApiError::invalid_value(path, format!("Invalid '{path}': the file is not a PDF.")))
}
