//! Reads recordings made by `connector run --record`.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Answer;

#[derive(Deserialize)]
struct Recording {
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Exchange {
    request: Request,
    response: Response,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    query: Vec<(String, String)>,
    json: Option<Value>,
}

#[derive(Deserialize)]
struct Response {
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
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
    let answer = |Exchange { request, response }| {
        let body = match (&response.file, &response.base64, &response.text, &response.json) {
            (Some(file), ..) => {
                if Path::new(file).file_name() != Some(file.as_ref()) {
                    return Err(named(
                        path,
                        &format!("`{file}` must be the name of a file in the same directory"),
                    ));
                }
                let file = path.with_file_name(file);
                fs::read(&file).map_err(|error| named(&file, &error))?
            }
            (_, Some(base64), ..) => {
                STANDARD.decode(base64).map_err(|error| named(path, &error))?
            }
            (.., Some(text), _) => text.clone().into_bytes(),
            (.., Some(json)) => json.to_string().into_bytes(),
            _ => Vec::new(),
        };
        let headers = response.headers.into_iter().filter_map(|(name, value)| match value {
            Value::String(value) => Some((name, value)),
            _ => None,
        });
        Ok(Answer {
            status: response.status,
            headers: headers.collect(),
            body,
            breaks_off: false,
            expected: Some(super::Request {
                method: request.method,
                path: request.path,
                query: request.query,
                headers: Vec::new(),
                body: request.json.unwrap_or_default(),
            }),
        })
    };
    recording.exchanges.into_iter().map(answer).collect()
}
