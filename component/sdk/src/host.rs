//! The host's functions. Everything that a connector does outside itself goes
//! through here: in a component to the host, elsewhere to the stand-in of
//! [`testing`](crate::testing).

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::host::*;
#[cfg(target_arch = "wasm32")]
pub(crate) use component::*;

#[cfg(target_arch = "wasm32")]
mod component {
    use crate::FileEntry;
    use crate::bindings::workflow::connector as contract;
    use crate::http::{Body, JsonPiece, Part, Request};

    pub use contract::events::{emit, streaming};
    pub use contract::files::File;
    pub use contract::functions::{call as call_functions, describe as describe_functions};
    pub use contract::http::Response;
    pub use contract::json_schema::validate;
    pub use contract::lifecycle::{clean_up, wait};
    pub use contract::log::write as log;

    pub fn open_file(entry: FileEntry) -> Result<File, contract::types::Failure> {
        contract::files::open(&entry.into())
    }

    pub use contract::files::create as create_file;

    pub fn send(request: &Request) -> Result<Response, contract::types::Failure> {
        contract::http::send(&contract::http::Request {
            method: request.method,
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: body(&request.body),
        })
    }

    fn body<'a>(body: &'a Body) -> contract::http::Body<'a> {
        use contract::http::{self, Body as Contract};

        match body {
            Body::None => Contract::None,
            Body::Json(json) => Contract::Json(json.clone()),
            Body::JsonWithFiles(pieces) => {
                let piece = |piece: &'a JsonPiece| match piece {
                    JsonPiece::Text(text) => http::JsonPiece::Text(text.clone()),
                    JsonPiece::File(file) => http::JsonPiece::File(&file.file),
                };
                Contract::JsonWithFiles(pieces.iter().map(piece).collect())
            }
            Body::Bytes { mime_type, bytes } => Contract::Content(http::Content {
                mime_type: mime_type.clone(),
                bytes: bytes.clone(),
            }),
            Body::File(file) => {
                Contract::File(http::FileContent { file: &file.file, mime_type: None })
            }
            Body::Form(form) => {
                let part = |(name, value): &'a (String, Part)| http::Part {
                    name: name.clone(),
                    value: match value {
                        Part::Text(text) => http::PartValue::Text(text.clone()),
                        Part::File { file, name, mime_type } => {
                            http::PartValue::File(http::FilePart {
                                file: &file.file,
                                name: name.clone(),
                                mime_type: mime_type.clone(),
                            })
                        }
                    },
                };
                Contract::Multipart(form.parts.iter().map(part).collect())
            }
        }
    }
}
