//! The functions of the host. In a component they call the host, elsewhere the
//! stand-in of [`testing`](crate::testing).

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

    pub fn send(request: Request) -> Result<Response, contract::types::Failure> {
        let Request { method, path, query, headers, body, .. } = request;
        let body = self::body(body);
        contract::http::send(&contract::http::Request { method, path, query, headers, body })
    }

    fn body(body: Body<'_>) -> contract::http::Body<'_> {
        use contract::http::{self, Body as Contract};

        match body {
            Body::None => Contract::None,
            Body::Json(json) => Contract::Json(json),
            Body::JsonWithFiles(pieces) => {
                let pieces = pieces.into_iter().map(|piece| match piece {
                    JsonPiece::Text(text) => http::JsonPiece::Text(text),
                    JsonPiece::File(file) => http::JsonPiece::File(&file.file),
                });
                Contract::JsonWithFiles(pieces.collect())
            }
            Body::Bytes { mime_type, bytes } => {
                Contract::Content(http::Content { mime_type, bytes })
            }
            Body::File(file) => {
                Contract::File(http::FileContent { file: &file.file, mime_type: None })
            }
            Body::Form(parts) => {
                let parts = parts.into_iter().map(|(name, part)| {
                    let value = match part {
                        Part::Text(text) => http::PartValue::Text(text),
                        Part::File { file, name, mime_type } => {
                            let file = &file.file;
                            http::PartValue::File(http::FilePart { file, name, mime_type })
                        }
                    };
                    http::Part { name, value }
                });
                Contract::Multipart(parts.collect())
            }
        }
    }
}
