//! The page, embedded in the program: `host/ui`, bundled by its `build.sh`.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;
use super::problem::Problem;

/// The files of the page by name, listed by `build.rs`.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Allows nothing from other origins, nothing inline, no frames, and no text to become
/// HTML or a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; \
                      font-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(|| async { file("index.html", "no-cache") }))
        .route("/assets/{name}", get(asset))
}

/// Serves an asset, which never changes because its name contains its hash.
async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    file(&format!("assets/{name}"), "public, max-age=31536000, immutable")
}

fn file(name: &str, cache: &'static str) -> Result<Response, Problem> {
    let Some((_, content)) = FILES.iter().find(|(known, _)| *known == name) else {
        return Err(Problem::not_found(if FILES.is_empty() {
            "this program was built without the page; run `make build`"
        } else {
            "file not found"
        }));
    };
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let mut response = content.into_response();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, cache),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    Ok(response)
}
