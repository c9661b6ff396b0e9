//! Reads recordings made by `connector run --record`.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Answer;
use crate::http::{self, Body, JsonPiece, Part};

#[derive(Deserialize)]
struct Recording {
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Exchange {
    request: Request,
    response: Response,
}

/// A recorded request.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Request {
    method: String,
    path: String,
    #[serde(default)]
    query: Vec<(String, String)>,
    #[serde(flatten)]
    body: Content,
}

#[derive(Deserialize)]
struct Response {
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(flatten)]
    body: Content,
}

/// A recorded body. At most one member is set, depending on the content.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct Content {
    json: Option<Value>,
    text: Option<String>,
    base64: Option<String>,
    file: Option<String>,
}

/// Returns the answers in a recording. The error is a message.
pub(super) fn answers(path: &Path) -> Result<Vec<Answer>, String> {
    let named =
        |path: &Path, reason: &dyn ToString| format!("{}: {}", path.display(), reason.to_string());
    let text = fs::read_to_string(path).map_err(|error| named(path, &error))?;
    let recording: Recording = serde_json::from_str(&text).map_err(|error| named(path, &error))?;
    let bytes = |content: &Content| match content {
        Content { file: Some(file), .. } => {
            if Path::new(file).file_name() != Some(file.as_ref()) {
                return Err(named(
                    path,
                    &format!("`{file}` must be the name of a file in the same directory"),
                ));
            }
            let file = path.with_file_name(file);
            fs::read(&file).map_err(|error| named(&file, &error))
        }
        Content { base64: Some(base64), .. } => {
            STANDARD.decode(base64).map_err(|error| named(path, &error))
        }
        Content { text: Some(text), .. } => Ok(text.clone().into_bytes()),
        Content { json: Some(json), .. } => Ok(json.to_string().into_bytes()),
        Content { .. } => Ok(Vec::new()),
    };
    let answer = |Exchange { mut request, response }| {
        if request.body.file.is_some() {
            let base64 = Some(STANDARD.encode(bytes(&request.body)?));
            request.body = Content { base64, ..Content::default() };
        }
        let headers = response.headers.into_iter().filter_map(|(name, value)| match value {
            Value::String(value) => Some((name, value)),
            _ => None,
        });
        Ok(Answer {
            status: response.status,
            headers: headers.collect(),
            body: bytes(&response.body)?,
            breaks_off: false,
            expected: Some(request),
        })
    };
    recording.exchanges.into_iter().map(answer).collect()
}

impl Request {
    /// Returns how a request differs from the recorded one, apart from its headers.
    /// `line` is the request's first line.
    pub(super) fn difference(&self, line: &str, request: &http::Request) -> Option<String> {
        let recorded = super::line(&self.method, &self.path, &self.query);
        let body = Content::of(&request.body);
        let difference = if recorded != line {
            String::new()
        } else if self.body == body {
            return None;
        } else {
            match self.body.json.as_ref().zip(body.json.as_ref()) {
                Some((recorded, sent)) => match first_difference(recorded, sent) {
                    Some(place) if !place.is_empty() => {
                        format!(" with a different body: `{place}` differs")
                    }
                    _ => " with a different body".to_owned(),
                },
                None => " with a different body".to_owned(),
            }
        };
        Some(format!("the connector sent `{line}`, but the recording has `{recorded}`{difference}"))
    }
}

impl Content {
    /// Returns a body as the host records it: files are replaced by their size.
    fn of(body: &Body) -> Self {
        let file = |file: &crate::File| format!("<{} bytes>", file.size());
        match body {
            Body::None => Self::default(),
            Body::Json(json) => Self::of_bytes(json.clone().into_bytes()),
            Body::JsonWithFiles(pieces) => {
                let pieces = pieces.iter().map(|piece| match piece {
                    JsonPiece::Text(text) => text.clone(),
                    JsonPiece::File(content) => file(content),
                });
                Self::of_bytes(pieces.collect::<String>().into_bytes())
            }
            Body::Bytes { bytes, .. } => Self::of_bytes(bytes.clone()),
            Body::File(content) => Self { text: Some(file(content)), ..Self::default() },
            Body::Form(parts) => {
                let part = |(field, part): &(String, Part)| match part {
                    Part::Text(text) => json!([field, text]),
                    Part::File { file: content, name, .. } => {
                        let name = name.as_ref().unwrap_or(&content.entry().name);
                        json!([field, format!("{name} {}", file(content))])
                    }
                };
                Self { json: Some(parts.iter().map(part).collect()), ..Self::default() }
            }
        }
    }

    /// Classifies a body by its content: JSON, text or bytes.
    fn of_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() => Self::default(),
            Ok(text) => match serde_json::from_str(&text) {
                Ok(json @ (Value::Object(_) | Value::Array(_))) => {
                    Self { json: Some(json), ..Self::default() }
                }
                _ => Self { text: Some(text), ..Self::default() },
            },
            Err(error) => {
                let base64 = Some(STANDARD.encode(error.as_bytes()));
                Self { base64, ..Self::default() }
            }
        }
    }
}

/// Returns the path of the first value that differs, such as `messages[0].content`.
fn first_difference(recorded: &Value, sent: &Value) -> Option<String> {
    let join = |step: String, inner: String| match inner.as_str() {
        "" => step,
        rest if rest.starts_with('[') => step + rest,
        rest => format!("{step}.{rest}"),
    };
    match (recorded, sent) {
        (Value::Object(recorded), Value::Object(sent)) => {
            let mut names = recorded.keys().chain(sent.keys());
            names.find_map(|name| match (recorded.get(name), sent.get(name)) {
                (Some(recorded), Some(sent)) => {
                    Some(join(name.clone(), first_difference(recorded, sent)?))
                }
                _ => Some(name.clone()),
            })
        }
        (Value::Array(recorded), Value::Array(sent)) if recorded.len() == sent.len() => {
            recorded.iter().zip(sent).enumerate().find_map(|(index, (recorded, sent))| {
                Some(join(format!("[{index}]"), first_difference(recorded, sent)?))
            })
        }
        _ => (recorded != sent).then(String::new),
    }
}
