//! How every request is handled: it is recorded, a scripted fault may apply, its
//! key is checked, and it is passed to an endpoint.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::DefaultBodyLimit;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::middleware;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;

use crate::Options;
use crate::batches;
use crate::batches::Batches;
use crate::call::Call;
use crate::chat;
use crate::conversations;
use crate::digest;
use crate::echo;
use crate::embeddings;
use crate::error::ApiError;
use crate::fault;
use crate::fault::Fault;
use crate::fault::Script;
use crate::files;
use crate::files::Files;
use crate::images;
use crate::line::HangUpHandle;
use crate::line::HangUpListener;
use crate::locked;
use crate::models;
use crate::moderations;
use crate::record::Journal;
use crate::responses;
use crate::responses::store::Store;
use crate::speech;
use crate::transcriptions;
use crate::translations;

/// The number of images kept for download, and of spoken inputs remembered.
const KEPT_ENTRIES: usize = 256;

/// The state shared by the requests of one sandbox.
#[derive(Debug)]
pub(crate) struct Shared {
    address: SocketAddr,
    token: Option<String>,
    requests: AtomicU64,
    pictures: Mutex<Recent<String, Bytes>>,
    spoken: Mutex<Recent<u64, String>>,
    pub(crate) files: Files,
    pub(crate) batches: Batches,
    pub(crate) store: Store,
    pub(crate) chunk_pause: Duration,
    pub(crate) journal: Journal,
    pub(crate) script: Script,
}

impl Shared {
    pub(crate) fn new(options: &Options, address: SocketAddr) -> Shared {
        Shared {
            address,
            token: options.token.clone(),
            requests: AtomicU64::new(0),
            pictures: Mutex::default(),
            spoken: Mutex::default(),
            files: Files::default(),
            batches: Batches::default(),
            store: Store::default(),
            chunk_pause: options.chunk_pause,
            journal: Journal::new(options.remembered),
            script: Script::default(),
        }
    }

    /// The address the sandbox listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Keeps an image for download and returns its URL.
    pub(crate) fn publish(&self, picture: Bytes) -> String {
        let name = format!("{:016x}.png", digest(&picture));
        let url = format!("{}/files/{name}", self.origin());
        locked(&self.pictures).push(name, picture);
        url
    }

    /// Remembers the text of an audio file.
    pub(crate) fn spoke(&self, audio: &[u8], text: &str) {
        locked(&self.spoken).push(digest(audio), text.to_owned());
    }

    /// The text of an audio file that this sandbox generated.
    pub(crate) fn spoken(&self, audio: &[u8]) -> Option<String> {
        locked(&self.spoken).latest(&digest(audio))
    }

    fn request_id(&self) -> HeaderValue {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = format!("req_sandbox{number:016x}");
        HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("req_sandbox"))
    }
}

/// A map that keeps only its latest entries, because the sandbox may run for a
/// long time.
#[derive(Debug)]
struct Recent<K, V>(VecDeque<(K, V)>);

impl<K: PartialEq, V: Clone> Recent<K, V> {
    fn push(&mut self, key: K, value: V) {
        if self.0.len() >= KEPT_ENTRIES {
            self.0.pop_front();
        }
        self.0.push_back((key, value));
    }

    /// The latest value of a key.
    fn latest(&self, key: &K) -> Option<V> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    }
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Recent<K, V> {
        Recent(VecDeque::new())
    }
}

/// Serves until it is dropped.
pub(crate) async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let listener = HangUpListener(tokio::net::TcpListener::from_std(listener)?);
    let service = router(shared).into_make_service_with_connect_info::<HangUpHandle>();
    axum::serve(listener, service).await
}

/// The path of the API at Azure, which also accepts the key in the header `api-key`.
const AZURE: &str = "/openai/v1";

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .nest("/v1", api())
        .nest(AZURE, api())
        .route("/files/{name}", get(picture))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), gate))
        // The gate enforces the limit and creates its error.
        .layer(DefaultBodyLimit::disable())
        .with_state(shared)
}

/// The API's endpoints, below its base URL.
fn api() -> Router<Arc<Shared>> {
    Router::new()
        .route("/models", get(models::list))
        .route("/chat/completions", post(chat::completions))
        .route("/responses", post(responses::create))
        .route("/responses/{id}", get(responses::get).delete(responses::delete))
        .route("/responses/{id}/cancel", post(responses::cancel))
        .route("/conversations", post(conversations::create))
        .route(
            "/conversations/{id}",
            get(conversations::get).post(conversations::update).delete(conversations::delete),
        )
        .route("/images/generations", post(images::generations))
        .route("/images/edits", post(images::edits))
        .route("/audio/speech", post(speech::speech))
        .route("/audio/transcriptions", post(transcriptions::transcriptions))
        .route("/audio/translations", post(translations::translations))
        .route("/embeddings", post(embeddings::embeddings))
        .route("/moderations", post(moderations::moderations))
        .route("/files", get(files::list).post(files::upload))
        .route("/files/{id}", get(files::retrieve).delete(files::delete))
        .route("/files/{id}/content", get(files::content))
        .route("/batches", get(batches::list).post(batches::create))
        .route("/batches/{id}", get(batches::retrieve))
        .route("/batches/{id}/cancel", post(batches::cancel))
        .route("/echo/{*path}", any(echo::echo))
}

/// Records a request and its response, applies its fault and adds the response's
/// headers.
async fn gate(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<HangUpHandle>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let call = Call::read(&parts, body).await;
    let recorded = call.as_ref().map_or(&crate::Body::Empty, |call| &call.body);
    let entry = shared.journal.open(line.peer, &parts, recorded);
    let headers = parts.headers.clone();

    let serve = async {
        let served = match authorize(&shared, &parts.uri, &parts.headers).and(call) {
            Ok(call) => {
                let mut request = Request::from_parts(parts, axum::body::Body::empty());
                request.extensions_mut().insert(Arc::new(call));
                next.run(request).await
            }
            Err(error) => error.into_response(),
        };
        sign(served, &shared, started)
    };
    let scripted = |response| sign(response, &shared, started);

    let response = match shared.script.next() {
        None => serve.await,
        Some(Fault::Delay(pause)) => {
            tokio::time::sleep(pause).await;
            serve.await
        }
        Some(Fault::CutBody { after }) => fault::cut(serve.await, after).await,
        Some(Fault::Stall { after, pause }) => fault::stall(serve.await, after, pause).await,
        Some(Fault::Pieces { size, pause }) => fault::shred(serve.await, size, pause).await,
        Some(Fault::HangUp) => {
            line.hang_up();
            return fault::nothing();
        }
        Some(Fault::Status { status, headers, body }) => {
            scripted(fault::status(status, &headers, body))
        }
        Some(Fault::EchoAuthorization { status }) => {
            scripted(fault::echo_authorization(status, &headers))
        }
    };
    shared.journal.answered(entry, response.status().as_u16());
    response
}

/// Adds the headers that every response has.
fn sign(mut response: Response, shared: &Shared, started: Instant) -> Response {
    let elapsed = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let headers = response.headers_mut();
    headers.insert("x-sandbox", HeaderValue::from_static("openai-sandbox"));
    headers.insert("openai-version", HeaderValue::from_static("2020-10-01"));
    headers.insert("openai-processing-ms", HeaderValue::from(elapsed));
    // A scripted response may set its own.
    headers.entry("x-request-id").or_insert_with(|| shared.request_id());
    response
}

/// Accepts requests with a valid key. Files need no key: their URLs are the secret,
/// as in the real API.
fn authorize(shared: &Shared, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    if uri.path().starts_with("/files/") {
        return Ok(());
    }
    let is_expected =
        |token: &str| shared.token.as_deref().is_none_or(|expected| token == expected);
    if uri.path().starts_with(AZURE) {
        check_version(uri)?;
        if let Some(key) = headers.get("api-key") {
            let is_valid = key.to_str().is_ok_and(is_expected);
            let refused = "Access denied due to invalid subscription key.";
            return is_valid.then_some(()).ok_or_else(|| ApiError::unauthorized(refused));
        }
    }
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else {
        return Err(ApiError::unauthorized(
            "You didn't provide an API key. You need to provide your API key in an Authorization \
             header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        ));
    };
    let token = value.to_str().ok().and_then(bearer_token).filter(|token| is_expected(token));
    token.map(|_| ()).ok_or_else(|| {
        ApiError::unauthorized(
            "Incorrect API key provided. You can find your API key at \
             https://platform.openai.com/account/api-keys.",
        )
    })
}

/// Accepts the versions of Azure's API that have this path, and none at all.
fn check_version(uri: &Uri) -> Result<(), ApiError> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let mut versions = pairs.filter_map(|pair| pair.strip_prefix("api-version="));
    if versions.all(|version| ["v1", "preview"].contains(&version)) {
        return Ok(());
    }
    Err(ApiError::invalid("API version not supported"))
}

/// The token of `Bearer TOKEN`.
fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && is_token).then_some(token)
}

/// An image whose URL was part of a response.
async fn picture(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let picture = locked(&shared.pictures).latest(&name);
    let picture = picture
        .ok_or_else(|| ApiError::invalid("There is no such file.").status(StatusCode::NOT_FOUND))?;
    Ok(([(header::CONTENT_TYPE, "image/png")], picture).into_response())
}

async fn no_such_path(method: Method, uri: Uri) -> ApiError {
    ApiError::invalid(format!("Invalid URL ({method} {})", uri.path()))
        .status(StatusCode::NOT_FOUND)
}

async fn no_such_method(method: Method, uri: Uri) -> ApiError {
    ApiError::invalid(format!("Not allowed to {method} on {}.", uri.path()))
        .status(StatusCode::METHOD_NOT_ALLOWED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_recent_entries_are_kept() {
        let mut recent = Recent::default();
        recent.push(0, "old");
        recent.push(1, "replaced");
        recent.push(1, "latest");
        assert_eq!((recent.latest(&0), recent.latest(&1)), (Some("old"), Some("latest")));
        (2..KEPT_ENTRIES).for_each(|key| recent.push(key, "more"));
        assert_eq!((recent.latest(&0), recent.latest(&1)), (None, Some("latest")));
    }

    #[test]
    fn reads_bearer_tokens() {
        for (value, token) in [
            ("Bearer sk-1", Some("sk-1")),
            ("bearer sk-1", Some("sk-1")),
            ("Bearer ", None),
            ("Bearer", None),
            ("Bearer  sk-1", None),
            ("Bearer a b", None),
            ("Basic sk-1", None),
            ("sk-1", None),
        ] {
            assert_eq!(bearer_token(value), token, "{value:?}");
        }
    }
}
