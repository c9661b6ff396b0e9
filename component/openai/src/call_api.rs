//! Call the API: any path, even one without an action of its own.
//!
//! [`headers`] checks those that the input adds to its request.

mod headers;

use std::collections::BTreeMap;

use connector_sdk::http::{Form, Method, Request, Response};
use connector_sdk::{
    Choices, Effects, Example, Failure, File, FileEntry, Outcome, Properties, Result, Run, Settings,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{errors, ids, parameters};

/// Sends a request to any path of the API, for operations that have no action of their own.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct CallApi {
    /// The method of the request.
    #[property(default = "GET")]
    method: Verb,
    /// The path below the base URL, without the version.
    #[property(placeholder = "/vector_stores")]
    path: String,
    /// The parameters of the query. A list is sent as name[], an object as name[key].
    query: Option<Map<String, Value>>,
    /// The body of the request: a JSON object.
    #[property(when(not method = "GET"), control = text_area)]
    #[property(media_type = "application/json", placeholder = "{\"name\": \"Handbook\"}")]
    body: Option<String>,
    /// The text fields of a form (multipart/form-data), which takes the place of Body. A list
    /// is sent as name[], an object as name[key].
    #[serde(default)]
    #[property(advanced, group = "Form", when(not method = "GET"), pattern = ".+")]
    form_fields: Map<String, Value>,
    /// The files of a form (multipart/form-data), which takes the place of Body.
    #[serde(default)]
    #[property(advanced, group = "Form", when(not method = "GET"))]
    form_files: Vec<FormFile>,
    /// Additional headers for this request, such as OpenAI-Beta. The connection sets the
    /// credential, and the body determines the content type.
    #[serde(default)]
    #[property(advanced, group = "Headers", max_items = 64, item(max_length = 8_192))]
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize, Properties)]
struct FormFile {
    /// The name of the form field.
    #[property(placeholder = "file")]
    name: String,
    /// The file to send.
    file: FileEntry,
}

#[derive(Clone, Copy, Deserialize, Choices)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    #[choice(label = "GET")]
    Get,
    #[choice(label = "POST")]
    Post,
    #[choice(label = "PUT")]
    Put,
    #[choice(label = "PATCH")]
    Patch,
    #[choice(label = "DELETE")]
    Delete,
}

impl From<Verb> for Method {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Get => Self::Get,
            Verb::Post => Self::Post,
            Verb::Put => Self::Put,
            Verb::Patch => Self::Patch,
            Verb::Delete => Self::Delete,
        }
    }
}

#[serde_with::skip_serializing_none]
#[derive(Serialize, Properties)]
#[property(output)]
pub struct Called {
    /// The status code of the response.
    status: u16,
    /// The JSON or the text of the response, if it has any.
    body: Option<Value>,
    /// The content of the response as a file, if it is neither JSON nor text.
    file: Option<FileEntry>,
}

impl Run for CallApi {
    const TITLE: &str = "Call the API";
    const HELP: &str = include_str!("call_api.md");
    const GROUP: &str = "Other";
    const EFFECTS: Effects = Effects { destructive: true, billed: true, ..Effects::NONE };
    const EXAMPLES: &[Example] = &[
        Example {
            title: "List the vector stores",
            input: r#"{"path": "/vector_stores", "query": {"limit": 20}}"#,
        },
        Example {
            title: "Create a vector store",
            input: r#"{
                "method": "POST",
                "path": "/vector_stores",
                "body": "{\"name\": \"Handbook\", \"file_ids\": [\"file-abc123\"]}"
            }"#,
        },
        Example {
            title: "Put a file into a container, as a form",
            input: r#"{
                "method": "POST",
                "path": "/containers/cntr_abc123/files",
                "formFiles": [{"name": "file", "file": {"url": "sales.csv"}}]
            }"#,
        },
        Example {
            title: "Get the session of an agent, with the header that the beta requires",
            input: r#"{
                "path": "/agents/sessions/session_abc123",
                "headers": {"OpenAI-Beta": "agents=v1"}
            }"#,
        },
    ];

    type Output = Called;

    fn run(self, _: &Settings) -> Result<Outcome<Called>> {
        let path = path(&self.path)?;
        headers::check(&self.headers)?;
        let files = self.open_files()?;
        let mut request = Request::new(self.method.into(), &path);
        for (name, value) in self.query.iter().flatten() {
            for (name, value) in parameters::fields(name, value.clone()) {
                request = request.query(&name, value);
            }
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = match (&self.body, self.form_property()) {
            (Some(_), Some(property)) => return Err(two_bodies(property)),
            (Some(body), None) => request.json(&object(body)?),
            (None, Some(_)) => request.multipart(self.form(&files)),
            (None, None) => request,
        };
        let source = |param: &str| self.source(param);
        let response = request
            .errors(&|error| errors::of_call(error, &source))
            .send()
            .map_err(|failure| headers::blame(failure, &self.headers))?;
        let called = Called::read(&response, file_stem(&path))?;
        Outcome::new(called).with_metadata(&json!({ "requestId": response.request_id() }))
    }
}

impl CallApi {
    /// The first property of a form, if the input has any.
    fn form_property(&self) -> Option<&'static str> {
        match (self.form_fields.is_empty(), self.form_files.is_empty()) {
            (false, _) => Some("formFields"),
            (true, false) => Some("formFiles"),
            (true, true) => None,
        }
    }

    fn open_files(&self) -> Result<Vec<File>> {
        let open = |(index, part): (usize, &FormFile)| {
            let place = format!("formFiles[{index}]");
            part.file.open().map_err(|failure| failure.inside("file").inside(&place))
        };
        self.form_files.iter().enumerate().map(open).collect()
    }

    /// The form, with these files in the order of the input.
    fn form<'a>(&self, files: &'a [File]) -> Form<'a> {
        let mut form = Form::new();
        // Some servers ignore fields that follow a file.
        for (name, value) in &self.form_fields {
            for (name, value) in parameters::fields(name, value.clone()) {
                form = form.text(name, value);
            }
        }
        for (FormFile { name, .. }, file) in self.form_files.iter().zip(files) {
            form = form.file(name, file);
        }
        form
    }

    /// The property that contains a parameter of the request.
    fn source(&self, param: &str) -> &'static str {
        let is_file = || self.form_files.iter().any(|part| stem(&part.name) == stem(param));
        match (&self.body, self.form_property(), &self.query) {
            (Some(_), ..) => "body",
            (None, Some(_), _) if is_file() => "formFiles",
            (None, Some(_), _) => "formFields",
            (None, None, Some(_)) => "query",
            (None, None, None) => "path",
        }
    }
}

/// The name of a parameter without the path to one of its items or members.
fn stem(param: &str) -> &str {
    param.split(['[', '.']).next().unwrap_or(param)
}

/// The failure for an input with a body and a form.
fn two_bodies(property: &str) -> Failure {
    let message = format!("`{property}` makes the body a form: leave `body` empty");
    Failure::invalid_input(property, message)
}

/// The path of a request. The host checks it too, but cannot name the property.
fn path(given: &str) -> Result<String> {
    let given = given.trim();
    let relative = given.strip_prefix('/').unwrap_or(given);
    let reason = if relative.starts_with('/') || relative.contains("://") {
        "it must not name a server"
    } else if relative.contains('?') {
        "write the parameters in `query`"
    } else if relative == "v1" || relative.starts_with("v1/") {
        "the base URL already contains the version"
    } else if !relative.split('/').all(ids::is_segment) {
        "each segment may contain only letters, digits, `-`, `_`, `.` and `:`"
    } else {
        return Ok(format!("/{relative}"));
    };
    let message = format!(
        "`path` must be a path below the base URL, such as /vector_stores: {reason} (got `{}`)",
        given.escape_debug()
    );
    Err(Failure::invalid_input("path", message))
}

/// The body of a request.
fn object(text: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(text).map_err(|error| {
        Failure::invalid_input("body", format!("`body` must be a JSON object: {error}"))
    })
}

/// What to call the content at this path: `file-abc123` for
/// `/files/file-abc123/content`.
fn file_stem(path: &str) -> &str {
    let path = path.strip_suffix("/content").unwrap_or(path);
    path.rsplit('/').next().unwrap_or(path)
}

impl Called {
    fn read(response: &Response, stem: &str) -> Result<Self> {
        let status = response.status();
        let label = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let media_type = label.split(';').next().unwrap_or_default().trim();
        if !is_text(media_type) {
            let name = format!("{stem}.{}", extension(media_type));
            let file = Some(response.save(&name, media_type)?);
            return Ok(Self { status, body: None, file });
        }
        let text = response.text()?;
        let json = is_json(media_type).then(|| connector_sdk::json::from_str(&text).ok()).flatten();
        let body = json.or_else(|| (!text.is_empty()).then(|| text.into()));
        Ok(Self { status, body, file: None })
    }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json")
}

/// Whether content of this type is text. Content without a type is, too.
fn is_text(media_type: &str) -> bool {
    const TEXT: &[&str] = &["", "application/jsonl", "application/x-ndjson", "application/xml"];
    is_json(media_type) || media_type.starts_with("text/") || TEXT.contains(&media_type)
}

/// The extension to use for a media type until the host has detected the actual
/// type.
fn extension(media_type: &str) -> &str {
    let subtype = media_type.split('/').nth(1).unwrap_or_default();
    let subtype = subtype.strip_prefix("x-").unwrap_or(subtype);
    let is_plain = subtype.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain && (1..=5).contains(&subtype.len()) { subtype } else { "bin" }
}

#[cfg(test)]
mod tests {
    use connector_sdk::FailureKind;
    use connector_sdk::testing::{self, Answer, Host};

    use super::*;
    use crate::CONNECTOR;

    fn run(host: &Host, input: Value) -> Result<testing::Outcome> {
        host.run("callApi", input)
    }

    #[test]
    fn sends_the_request_of_the_input() {
        for (input, line, body) in [
            (json!({ "path": "/models" }), "GET /models", json!(null)),
            (json!({ "path": " models\n" }), "GET /models", json!(null)),
            (
                json!({
                    "path": "/responses/resp_1",
                    "query": {
                        "include": ["a.b", "c"], "limit": 2, "stream": false, "after": "x&y",
                        "metadata": { "k": "v" }, "none": null,
                    },
                }),
                "GET /responses/resp_1?include[]=a.b&include[]=c&limit=2&stream=false&after=x&y\
                 &metadata[k]=v",
                json!(null),
            ),
            (
                json!({ "method": "POST", "path": "/batches/batch_1/cancel" }),
                "POST /batches/batch_1/cancel",
                json!(null),
            ),
            (
                json!({ "method": "POST", "path": "/a", "body": "{\"b\": [1, 0.5, null]}" }),
                "POST /a",
                json!({ "b": [1, 0.5, null] }),
            ),
            (json!({ "method": "PUT", "path": "/a", "body": "{}" }), "PUT /a", json!({})),
            (json!({ "method": "PATCH", "path": "/a", "body": " {}" }), "PATCH /a", json!({})),
            (
                json!({ "method": "DELETE", "path": "/models/ft:gpt-4o:org::1" }),
                "DELETE /models/ft:gpt-4o:org::1",
                json!(null),
            ),
        ] {
            let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({})));
            run(&host, input).unwrap();
            let request = host.requests().remove(0);
            assert_eq!((request.to_string().as_str(), request.body), (line, body));
        }
    }

    #[test]
    fn rejects_paths_that_could_leave_the_base_url() {
        for (path, words) in [
            ("", "each segment may contain only"),
            ("/", "each segment may contain only"),
            ("/a/", "each segment may contain only"),
            ("/a//b", "each segment may contain only"),
            ("..", "each segment may contain only"),
            ("/../models", "each segment may contain only"),
            ("/a/./b", "each segment may contain only"),
            ("/a/%2e%2e/b", "each segment may contain only"),
            ("/a%2fb", "each segment may contain only"),
            ("/a%252fb", "each segment may contain only"),
            ("/a%00", "each segment may contain only"),
            ("/a\\b", "each segment may contain only"),
            ("\\\\evil.test\\a", "each segment may contain only"),
            ("/a#b", "each segment may contain only"),
            ("/a\r\nHost: evil.test", "each segment may contain only"),
            ("/a/..;/b", "each segment may contain only"),
            ("/a b", "each segment may contain only"),
            ("/\u{ff0e}\u{ff0e}/a", "each segment may contain only"),
            ("@evil.test", "each segment may contain only"),
            ("/a?b=c", "write the parameters in `query`"),
            ("//evil.test/a", "must not name a server"),
            ("https://evil.test/a", "must not name a server"),
            ("HTTP://127.0.0.1/a", "must not name a server"),
            ("/v1/models", "already contains the version"),
            ("v1", "already contains the version"),
        ] {
            let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({})));
            let failure = run(&host, json!({ "path": path })).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{path:?}");
            assert_eq!(failure.property.as_deref(), Some("path"), "{path:?}");
            assert!(failure.message.contains(words), "{path:?}: {failure}");
            assert!(!failure.message.contains(char::is_control), "{path:?}");
            assert!(host.requests().is_empty(), "{path:?}");
        }
    }

    #[test]
    fn the_body_must_be_an_object() {
        for body in ["", "{", "[]", "1", "null", "\"a\"", "{} {}", "a=b"] {
            let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({})));
            let input = json!({ "method": "POST", "path": "/a", "body": body });
            let failure = run(&host, input).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some("body"), "{body}");
            assert!(failure.message.starts_with("`body` must be a JSON object"), "{failure}");
            assert!(host.requests().is_empty(), "{body}");
        }
    }

    /// A `POST` with these properties.
    fn post(members: &Value) -> Value {
        let mut input = json!({ "method": "POST", "path": "/a" });
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        input
    }

    #[test]
    fn sends_a_form() {
        let host = Host::new(&CONNECTOR);
        let file = |name: &str| host.file(name, "text/csv", b"a,b");
        let (first, second) = (file("a.csv"), file("b.csv"));
        let host = host.provider(|_| Answer::json(200, json!({})));
        for (members, expected) in [
            (
                json!({ "formFields": {
                    "purpose": "user_data", "n": 2, "on": true, "none": null, "tags": ["x", "y"],
                    "expires_after": { "anchor": "created_at", "seconds": 3600 },
                } }),
                json!([
                    ["purpose", "user_data"],
                    ["n", "2"],
                    ["on", "true"],
                    ["tags[]", "x"],
                    ["tags[]", "y"],
                    ["expires_after[anchor]", "created_at"],
                    ["expires_after[seconds]", "3600"],
                ]),
            ),
            (
                json!({ "formFiles": [{ "name": "file", "file": first }] }),
                json!([["file", "<a.csv>"]]),
            ),
            (
                json!({
                    "formFiles": [
                        { "name": "image[]", "file": second }, { "name": "image[]", "file": first },
                    ],
                    "formFields": { "prompt": "A \"cat\"\r\n" },
                }),
                json!([
                    ["prompt", "A \"cat\"\r\n"],
                    ["image[]", "<b.csv>"],
                    ["image[]", "<a.csv>"],
                ]),
            ),
            (json!({ "formFields": {}, "formFiles": [] }), json!(null)),
        ] {
            run(&host, post(&members)).unwrap();
            assert_eq!(host.requests().remove(0).body, expected, "{members}");
        }
    }

    #[test]
    fn rejects_two_bodies_missing_files_and_reserved_headers() {
        let host = Host::new(&CONNECTOR);
        let part = json!({ "name": "file", "file": host.file("a.csv", "text/csv", b"a,b") });
        let mut missing = part.clone();
        missing["file"]["url"] = "file:99".into();
        for (members, property, message) in [
            (
                json!({ "body": "{}", "formFields": { "a": 1 } }),
                "formFields",
                "`formFields` makes the body a form: leave `body` empty",
            ),
            (
                json!({ "body": "{}", "formFiles": [part] }),
                "formFiles",
                "`formFiles` makes the body a form: leave `body` empty",
            ),
            (
                json!({ "formFiles": [part, missing] }),
                "formFiles[1].file",
                "file `file:99` not found",
            ),
            (
                json!({ "headers": { "Authorization": "Bearer x" } }),
                "headers.Authorization",
                "`headers.Authorization` is reserved: the connection sets the credential",
            ),
        ] {
            let failure = run(&host, post(&members)).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some(property), "{members}");
            assert_eq!(failure.message, message, "{members}");
            assert!(host.requests().is_empty(), "{members}");
        }
    }

    #[test]
    fn sends_the_headers_of_the_input() {
        let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!({})));
        let headers = json!({ "OpenAI-Beta": "agents=v1", "x-trace": "ü; a=\"b\"" });
        run(&host, json!({ "path": "/a", "headers": headers })).unwrap();
        let sent: BTreeMap<_, _> = host.requests().remove(0).headers.into_iter().collect();
        assert_eq!(json!(sent), headers);
    }

    #[test]
    fn an_error_about_a_form_names_the_fields_or_the_files() {
        for (status, param, property) in [
            (400, "purpose", "formFields"),
            (400, "expires_after[seconds]", "formFields"),
            (400, "image[0]", "formFiles"),
            (400, "image", "formFiles"),
            (404, "model", "formFields"),
        ] {
            let error = json!({ "error": { "message": "No", "param": param } });
            let host = Host::new(&CONNECTOR).answer(Answer::json(status, error));
            let part =
                json!({ "name": "image[]", "file": host.file("a.png", "image/png", b"image") });
            let members = json!({ "formFields": { "purpose": "x" }, "formFiles": [part] });
            let failure = run(&host, post(&members)).unwrap_err();
            assert_eq!(failure.property.as_deref(), Some(property), "{param}");
            assert_eq!(failure.message, format!("`{param}`: No"));
        }
    }

    #[test]
    fn returns_json_and_text() {
        let json_ = "application/json; charset=utf-8";
        for (status, mime_type, content, body) in [
            (200, json_, r#"{"id": 1, "error": null}"#, Some(json!({ "id": 1, "error": null }))),
            // Objects such as a failed batch have an error of their own.
            (200, json_, r#"{"error": {"code": "x"}}"#, Some(json!({ "error": { "code": "x" } }))),
            (201, "application/problem+json", "[1]", Some(json!([1]))),
            (200, json_, r#""cut \ud83d""#, Some(json!("cut \u{fffd}"))),
            (200, json_, "<html>", Some(json!("<html>"))),
            (200, json_, "", None),
            (204, "", "", None),
            (200, "text/plain", "1", Some(json!("1"))),
            (200, "TEXT/event-stream", "data: {}\n\n", Some(json!("data: {}\n\n"))),
            (200, "application/jsonl", "{}\n{}\n", Some(json!("{}\n{}\n"))),
            (200, "", "no type", Some(json!("no type"))),
        ] {
            let answer = Answer::content(status, mime_type, content).header("x-request-id", "r");
            let host = Host::new(&CONNECTOR).answer(answer);
            let outcome = run(&host, json!({ "path": "/a" })).unwrap();
            let mut expected = json!({ "status": status });
            if let Some(body) = body {
                expected["body"] = body;
            }
            assert_eq!(outcome.output, expected, "{mime_type} {content}");
            assert_eq!(json!(outcome.metadata), json!({ "requestId": "r" }));
        }
    }

    #[test]
    fn stores_other_content() {
        for (path, mime_type, name) in [
            ("/audio/speech", "audio/mpeg", "speech.mpeg"),
            ("/files/file-abc123/content", "application/octet-stream", "file-abc123.bin"),
            ("/files/file-abc123/content", "application/pdf", "file-abc123.pdf"),
            ("/a", "application/x-zip; x=y", "a.zip"),
            ("/a", "nonsense", "a.bin"),
            ("/a", "application/../x", "a.bin"),
        ] {
            let answer = Answer::content(200, mime_type, b"\0\xff");
            let host = Host::new(&CONNECTOR).answer(answer);
            let output = run(&host, json!({ "path": path })).unwrap().output;
            let file: FileEntry = serde_json::from_value(output["file"].clone()).unwrap();
            assert_eq!(file.name, name);
            assert_eq!(output, json!({ "status": 200, "file": file }));
            assert_eq!(host.content(&file).unwrap(), b"\0\xff");
        }
    }

    #[test]
    fn an_error_status_is_a_failure() {
        let post = json!({ "method": "POST", "path": "/a", "body": "{}" });
        let get = json!({ "path": "/a" });
        let query = json!({ "path": "/a", "query": { "limit": 1 } });
        let error = |message: &str, param: Value| json!({ "error": { "message": message, "param": param } });
        for (input, status, answer, kind, property, message) in [
            (
                &post,
                400,
                error("Too long", json!("name")),
                FailureKind::Refused,
                Some("body"),
                "`name`: Too long",
            ),
            (
                &post,
                400,
                error("Unknown parameter: 'path'.", json!("path")),
                FailureKind::Refused,
                Some("body"),
                "Unknown parameter: 'path'",
            ),
            (
                &query,
                400,
                error("Too many", json!("limit")),
                FailureKind::Refused,
                Some("query"),
                "`limit`: Too many",
            ),
            (
                &post,
                404,
                error("No such model", json!("model")),
                FailureKind::NotFound,
                Some("body"),
                "No such model",
            ),
            (
                &query,
                404,
                error("No such File object: a", json!("id")),
                FailureKind::NotFound,
                Some("path"),
                "`id`: No such File object: a",
            ),
            (
                &get,
                400,
                error("Invalid ID", json!("response_id")),
                FailureKind::Refused,
                Some("path"),
                "`response_id`: Invalid ID",
            ),
            (
                &get,
                404,
                error("Not here", json!(null)),
                FailureKind::NotFound,
                Some("path"),
                "Not here",
            ),
            (&get, 405, json!({}), FailureKind::Refused, Some("path"), "without an explanation"),
            (
                &post,
                429,
                json!({ "error": { "message": "No", "code": "insufficient_quota" } }),
                FailureKind::QuotaExceeded,
                None,
                "No",
            ),
            (&get, 302, json!({}), FailureKind::Refused, None, "redirects are not followed"),
            (&get, 500, json!(null), FailureKind::Unavailable, None, "without an explanation"),
        ] {
            let host = Host::new(&CONNECTOR).answer(Answer::json(status, answer.clone()));
            let failure = run(&host, input.clone()).unwrap_err();
            assert_eq!(failure.kind, kind, "{answer}");
            assert_eq!(failure.property.as_deref(), property, "{answer}");
            assert!(failure.message.contains(message), "{answer}: {failure}");
            assert_eq!(failure.status, Some(status), "{answer}");
        }
    }

    #[test]
    fn a_broken_connection_is_a_failure() {
        for mime_type in ["application/json", "audio/mpeg"] {
            let answer = Answer::content(200, mime_type, "{}").breaks_off();
            let host = Host::new(&CONNECTOR).answer(answer);
            let failure = run(&host, json!({ "path": "/a" })).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Network, "{mime_type}");
        }
    }
}
