//! The only way out: every request to a provider, and every response, passes
//! through [`send`].
//!
//! A connector names only a path. The origin, the credential and the sockets
//! belong to the connection ([`Route`]). Connections share none of them.

mod authorities;
mod body;
mod buffers;
mod embedded;
mod event_stream;
#[cfg(test)]
mod fuzz;
mod headers;
mod idle;
mod needle;
mod progress;
mod proxy;
mod recording;
mod redact;
mod resolver;
mod response;
mod retry;
mod route;
mod secret;
mod socket;
mod target;
mod tcp;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ureq::http::{self, Method, Uri, header};
use ureq::{SendBody, Timeout};

use crate::budget::{Account, Cancellation, Stopped};
use crate::contract::base_url::UrlScheme;
use crate::contract::{Event, Failure, FailureKind, OnEvent};
use crate::files;

pub use authorities::{Authorities, AuthoritiesError};
pub(crate) use body::{FormPart, FormValue, JsonPiece};
pub(crate) use embedded::EmbeddedFiles;
pub(crate) use event_stream::ServerSentEvent;
pub(crate) use headers::is_header_of_connection;
pub(crate) use progress::Progress;
pub(crate) use recording::RecordMode;
pub use recording::{
    Exchange, Player, RecordedBody, RecordedRequest, RecordedResponse, Recorder, Recording,
    RecordingError,
};
pub(crate) use response::ParseLimit;
pub use response::Response;
pub use retry::Retries;
pub(crate) use route::{
    Credential, Destination, Header, Route, RouteOptions, header_name, header_value,
};
pub(crate) use secret::Secret;
pub(crate) use socket::{change_cancellation, enter};

use body::Body;
use idle::ClosedIdle;
pub(crate) use proxy::{Proxy, ProxyCredentials, ProxyError};
use resolver::{AddressRefused, NoThread, Unresolved};

/// A request as a connector makes it.
pub(crate) struct Request {
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub content: RequestContent,
}

/// The body of a request.
pub(crate) enum RequestContent {
    None,
    Bytes { mime_type: String, bytes: Vec<u8> },
    Json(Vec<JsonPiece>),
    Form(Vec<FormPart>),
    File { content: files::Content, mime_type: String },
}

/// The limits and policies that apply to the requests of a run.
pub(crate) struct Terms<'a> {
    /// The maximum size of a request body, in bytes.
    pub max_body: u64,
    /// When the run ends.
    pub deadline: Instant,
    /// The maximum wait for the first byte of a response.
    pub first_byte: Duration,
    /// The maximum pause between bytes of a response body.
    pub silence: Duration,
    pub retries: &'a Retries,
    /// What the run has used.
    pub account: &'a Arc<Account>,
    pub cancellation: &'a Cancellation,
    pub on_event: Option<&'a OnEvent>,
    pub record_mode: Option<&'a RecordMode>,
}

/// The outcome of a request, retries included.
pub(crate) struct Sent {
    pub result: Result<Response, Failure>,
    /// The number of attempts.
    pub attempts: u32,
    /// Whether any attempt may have reached the provider.
    pub request_sent: bool,
    /// Whether the provider may have processed the request. If not, it can be
    /// repeated without being billed twice.
    pub processed: bool,
    /// How long the provider asked to wait before a retry.
    pub requested_pause: Option<Duration>,
}

/// Sends a request and waits for the response head. Retries as [`Retries`]
/// allows.
///
/// # Errors
/// `invalid-input` for a request that is not allowed, before anything is
/// sent; then `network`, `timeout`, `cancelled`.
pub(crate) fn send(route: &Route, request: Request, terms: &Terms) -> Sent {
    let mut sent = Sent {
        result: Err(not_allowed("")),
        attempts: 0,
        request_sent: false,
        processed: false,
        requested_pause: None,
    };
    let recorded = terms.record_mode.map(|_| RecordedRequest::of(&request, route.redactor()));
    let request = match PreparedRequest::new(route, request, terms.max_body) {
        Ok(request) => request,
        Err(failure) => return Sent { result: Err(failure), ..sent },
    };
    if let (Some(RecordMode::Replay(player)), Some(recorded)) = (terms.record_mode, &recorded) {
        let answer = player.answer(recorded);
        sent.attempts = 1;
        sent.result = answer.and_then(|answer| request.answered(answer, terms));
        return sent;
    }
    send_with_retries(&request, &mut sent, terms);
    if let (Some(RecordMode::Record(recorder)), Some(recorded), Ok(response)) =
        (terms.record_mode, recorded, &mut sent.result)
    {
        response.record(recorder, recorded);
    }
    sent
}

/// Repeats a request until its outcome is final or no attempt is left.
fn send_with_retries(request: &PreparedRequest, sent: &mut Sent, terms: &Terms) {
    loop {
        if let Err(exceeded) = terms.account.request() {
            sent.result = Err(exceeded.into());
            return;
        }
        sent.attempts += 1;
        sent.result = request.make(terms);
        sent.request_sent |= match &sent.result {
            Ok(_) => true,
            Err(failure) => failure.request_sent,
        };
        let Some(reason) = request.reason_to_repeat(sent) else {
            sent.processed = sent.request_sent;
            return;
        };
        let pause = terms.retries.pause_after(sent.attempts, sent.requested_pause);
        let time_left = terms.deadline.saturating_duration_since(Instant::now());
        let hand_back =
            terms.retries.hand_back && !terms.account.processed() && sent.requested_pause.is_some();
        if hand_back || sent.attempts >= terms.retries.attempts || time_left <= pause {
            return;
        }
        tracing::debug!(
            request = request.what,
            attempt = sent.attempts,
            ?pause,
            reason,
            "retrying"
        );
        if let Some(on_event) = terms.on_event {
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            on_event(Event::Retry { attempt: sent.attempts, pause_ms, reason });
        }
        if terms.cancellation.wait(pause) {
            let cancelled = Failure::new(FailureKind::Cancelled, "the run was cancelled");
            sent.result = Err(cancelled.after_request(sent.request_sent));
            return;
        }
    }
}

/// A request that was checked and is ready to be sent.
struct PreparedRequest<'a> {
    route: &'a Route,
    method: Method,
    target: Uri,
    headers: http::HeaderMap,
    body: Body,
    /// The method and URL, without anything secret, for messages.
    what: String,
}

impl<'a> PreparedRequest<'a> {
    fn new(route: &'a Route, request: Request, max_body: u64) -> Result<Self, Failure> {
        let path = target::path(&request.path)?;
        let query = route.query(&request.query)?;
        let target = route.base().join(&path, query.as_deref());
        let target =
            Uri::try_from(target).map_err(|_| not_allowed("its path does not form a valid URL"))?;

        let mut headers = headers::checked(&request.headers, route.headers())?;
        headers.extend(route.headers().clone());

        let body = content(request.content)?;
        if body.length > max_body {
            let message =
                format!("the request body is {} bytes long; the limit is {max_body}", body.length);
            return Err(Failure::new(FailureKind::TooLarge, message));
        }

        route.authorize(&target, &mut headers)?;
        let what = format!("{} {}{path}", request.method, route.base());
        Ok(Self { route, method: request.method, target, headers, body, what })
    }

    fn make(&self, terms: &Terms) -> Result<Response, Failure> {
        socket::begin_request();
        let mut answer = exchange(self, terms, Connections::IdleOrNew);
        // The server did not read the request, so this is not a second attempt.
        if matches!(&answer, Err(ureq::Error::Other(error)) if error.is::<ClosedIdle>()) {
            tracing::debug!(request = self.what, "the idle connection was closed");
            answer = exchange(self, terms, Connections::New);
        }
        let answer = answer.map_err(|error| self.failure(&error, terms))?;
        tracing::debug!(request = self.what, status = answer.status().as_u16(), "responded");
        let mut response = self.answered(answer, terms)?;
        match self.route.base().scheme() {
            UrlScheme::Http if expects_tls(&mut response) => {
                let host = self.route.base().origin();
                let message = format!("the server at {host} expects TLS; use an https:// URL");
                Err(Failure::new(FailureKind::Network, message).after_request(true))
            }
            _ => Ok(response),
        }
    }

    fn answered(
        &self,
        answer: http::Response<ureq::Body>,
        terms: &Terms,
    ) -> Result<Response, Failure> {
        Response::new(answer, self.route.redactor().clone(), terms.silence, terms.account)
    }

    /// Translates an error of the HTTP library into a failure. Messages are
    /// built from the method and path, because ureq's may contain the whole URL.
    fn failure(&self, error: &ureq::Error, terms: &Terms) -> Failure {
        let mut failure = self.explain(error, terms);
        self.route.redactor().redact(&mut failure.message);
        failure
    }

    fn explain(&self, error: &ureq::Error, terms: &Terms) -> Failure {
        use std::io::ErrorKind;
        let (host, what) = (self.route.base().origin(), &self.what);
        let proxy = self.route.proxy();
        // What the sockets are connected to.
        let server = proxy.map_or(host.clone(), |proxy| format!("the proxy {}", proxy.url()));
        let network = |message: String| Failure::new(FailureKind::Network, message);
        let began = socket::request_began();
        match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                Failure::new(FailureKind::Timeout, format!("connecting to {server} timed out"))
            }
            ureq::Error::Timeout(Timeout::RecvResponse) => {
                let message = format!("no response to {what} within {:?}", terms.first_byte);
                Failure::new(FailureKind::Timeout, message).after_request(began)
            }
            ureq::Error::Timeout(Timeout::Global) => {
                Failure::from(Stopped::Deadline).after_request(began)
            }
            ureq::Error::Timeout(_) => {
                Failure::new(FailureKind::Timeout, format!("{what} timed out")).after_request(began)
            }
            ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                network(format!("could not connect to {server}: connection refused"))
            }
            ureq::Error::Io(error) if is_tls_error(error, is_not_tls) && !began => {
                network(format!(
                    "could not establish a secure connection to {host}: the server does not \
                     support TLS; if it expects plain HTTP, use an http:// URL"
                ))
            }
            ureq::Error::Io(error) if is_tls_error(error, |_| true) && !began => {
                network(format!("could not establish a secure connection to {host}: {error}"))
            }
            ureq::Error::Io(error) if !began => {
                network(format!("could not connect to {server}: {error}"))
            }
            ureq::Error::Io(error) => {
                network(format!("the connection was lost during {what}: {error}"))
                    .after_request(true)
            }
            // The handshake precedes the request.
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => {
                network(format!("could not establish a secure connection to {host}: {error}"))
            }
            ureq::Error::LargeResponseHeader(..) => {
                let message = format!("the response headers of {what} are too large");
                Failure::new(FailureKind::TooLarge, message).after_request(true)
            }
            ureq::Error::Protocol(error) => {
                let hint = match self.route.base().scheme() {
                    UrlScheme::Http => "; if the server expects TLS, use an https:// URL",
                    UrlScheme::Https => "",
                };
                network(format!("the response to {what} is not valid HTTP ({error}){hint}"))
                    .after_request(began)
            }
            ureq::Error::Other(error) if error.is::<Unresolved>() => {
                let url = proxy.map_or(self.route.base(), Proxy::url);
                network(format!("could not resolve host {}", url.host()))
            }
            ureq::Error::ConnectProxyFailed(reason) => {
                let has_credentials = proxy.is_some_and(Proxy::has_credentials);
                refused_by_proxy(&server, &host, reason, has_credentials)
            }
            // Retrying would not help.
            ureq::Error::Other(error) if error.is::<AddressRefused>() => {
                Failure::new(FailureKind::InvalidInput, error.to_string())
            }
            ureq::Error::Other(error) if error.is::<NoThread>() => {
                Failure::new(FailureKind::Internal, error.to_string())
            }
            _ => network(format!("{what} failed: {}", short(error))).after_request(began),
        }
    }

    /// Returns why the request should be repeated, or `None` if it should not.
    fn reason_to_repeat(&self, sent: &mut Sent) -> Option<String> {
        let response = match &mut sent.result {
            Err(failure) => {
                sent.requested_pause = None;
                return retry::may_repeat(&self.method, failure).then(|| failure.message.clone());
            }
            Ok(response) => response,
        };
        sent.requested_pause =
            retry::requested_pause(|name| response.header(name), SystemTime::now());
        if !retry::may_succeed_later(response.status()) {
            return None;
        }
        let lasting = self.route.lasting_errors();
        let start = if lasting.is_empty() { Vec::new() } else { response.peek() };
        let lasts = |text: &String| memchr::memmem::find(&start, text.as_bytes()).is_some();
        if lasting.iter().any(lasts) {
            return None;
        }
        Some(format!("HTTP {}", response.status()))
    }
}

/// The one place that opens sockets. ureq does so with a resolver that checks
/// every address ([`resolver`]) and a configuration that follows no redirects
/// and decompresses nothing ([`route`]).
fn exchange(
    prepared: &PreparedRequest,
    terms: &Terms,
    connections: Connections,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let mut request =
        http::Request::builder().method(prepared.method.clone()).uri(prepared.target.clone());
    if let Some(headers) = request.headers_mut() {
        headers.clone_from(&prepared.headers);
    }
    let body = match &prepared.body.content_type {
        None => {
            // Otherwise, ureq announces a body in chunks, which some servers reject.
            if [Method::POST, Method::PUT, Method::PATCH].contains(&prepared.method) {
                request = request.header(header::CONTENT_LENGTH, 0);
            }
            SendBody::none()
        }
        Some(content_type) => {
            request = request
                .header(header::CONTENT_TYPE, content_type)
                .header(header::CONTENT_LENGTH, prepared.body.length);
            let progress = Progress::new(terms.on_event.cloned());
            SendBody::from_owned_reader(prepared.body.reader(progress))
        }
    };
    // ureq treats a timeout of zero as no timeout.
    let shortest = Duration::from_millis(1);
    let remaining = terms.deadline.saturating_duration_since(Instant::now()).max(shortest);
    let first_byte = Some(terms.first_byte.max(shortest)).filter(|time| *time < remaining);
    let agent = prepared.route.agent();
    let mut request = agent
        .configure_request(request.body(body)?)
        .timeout_global(Some(remaining))
        .timeout_recv_response(first_byte);
    if let Connections::New = connections {
        request = request.max_idle_age(Duration::ZERO);
    }
    agent.run(request.build())
}

/// The connections that a request may use.
enum Connections {
    IdleOrNew,
    New,
}

fn content(content: RequestContent) -> Result<Body, Failure> {
    match content {
        RequestContent::None => Ok(Body::none()),
        RequestContent::Bytes { mime_type, bytes } => {
            let content_type = header_value(&mime_type)
                .ok_or_else(|| not_allowed("its body has an invalid content type"))?;
            let content_type = content_type.to_str().unwrap_or("application/octet-stream");
            Ok(Body::bytes(content_type, bytes))
        }
        RequestContent::Json(pieces) => Ok(Body::json(pieces)),
        RequestContent::File { content, mime_type } => {
            header_value(&mime_type)
                .ok_or_else(|| not_allowed("its body has an invalid content type"))?;
            Ok(Body::file(mime_type, content))
        }
        RequestContent::Form(parts) => Body::form(parts),
    }
}

/// The failure of a request that a connector may not make.
fn not_allowed(why: impl std::fmt::Display) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        format!("the connector's request is not allowed: {why}"),
    )
}

/// Whether the TLS handshake failed because of what the server sent, such as
/// its certificate, with an error that `of` accepts.
fn is_tls_error(error: &std::io::Error, of: impl FnOnce(&rustls::Error) -> bool) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref()).is_some_and(of)
}

/// Whether the server sent something other than TLS.
fn is_not_tls(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType))
}

/// Whether a plain HTTP request reached a server that expects TLS. nginx, Apache
/// and Go then return an error page, and only its text identifies the error.
fn expects_tls(response: &mut Response) -> bool {
    const WORDS: [&[u8]; 3] = [b"HTTPS port", b"HTTPS scheme", b"HTTPS server"];
    if response.status() != 400
        || response.header("content-type").is_some_and(|of| of.contains("json"))
    {
        return false;
    }
    let start = response.peek();
    WORDS.iter().any(|words| memchr::memmem::find(&start, words).is_some())
}

/// The failure of a tunnel, for ureq's reason, such as `proxy server responded
/// 407/407`. Only a failure of the proxy's own may be temporary.
fn refused_by_proxy(proxy: &str, host: &str, reason: &str, has_credentials: bool) -> Failure {
    let status = reason.rsplit(['/', ' ']).next().and_then(|word| word.parse::<u16>().ok());
    let (kind, why) = match status {
        Some(407) if has_credentials => {
            (FailureKind::Unauthorized, "it rejected the user name or password".to_owned())
        }
        Some(407) => {
            (FailureKind::Unauthorized, "it requires a user name and a password".to_owned())
        }
        Some(status @ 400..500) => {
            (FailureKind::Forbidden, format!("it responded with HTTP {status}"))
        }
        Some(status) => (FailureKind::Network, format!("it responded with HTTP {status}")),
        None => (FailureKind::Network, reason.to_owned()),
    };
    Failure::new(kind, format!("{proxy} did not connect to {host}: {why}"))
}

/// The text of an error. Variants that would print a URL get a fixed text.
fn short(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => "bad address".to_owned(),
        _ => error.to_string(),
    }
}
