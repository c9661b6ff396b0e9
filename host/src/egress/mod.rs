//! The only way out: every byte that leaves the host, and every byte that
//! comes back, passes [`send`].
//!
//! A connector names a path. The origin, the credential and the sockets are
//! the connection's ([`Route`]), and a connection has its own of each.

mod base_url;
mod body;
mod embedded;
mod headers;
mod progress;
mod redact;
mod resolver;
mod response;
mod route;
mod secret;
mod socket;
mod target;

use std::time::{Duration, Instant};

use ureq::http::{self, Method, Uri, header};
use ureq::{SendBody, Timeout};

use crate::failure::{Failure, FailureKind};

pub use base_url::{BaseUrl, BaseUrlError};
pub(crate) use body::{FormPart, FormValue};
pub(crate) use embedded::EmbeddedFiles;
pub(crate) use progress::Progress;
pub use resolver::AddressPolicy;
pub use response::Response;
pub(crate) use route::{Credential, Route, RouteOptions, header_name, header_value};
pub(crate) use secret::Secret;
pub(crate) use socket::enter;

use body::Body;
use resolver::AddressRefused;

/// A request as a connector asks for it.
pub(crate) struct Request {
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub content: Content,
}

/// Its body.
pub(crate) enum Content {
    None,
    Bytes { mime_type: String, bytes: Vec<u8> },
    Form(Vec<FormPart>),
}

/// Sends a request and waits for the response's head.
///
/// # Errors
/// `invalid-input` for a request that is not allowed, before anything is
/// sent; then `network`, `timeout`.
pub(crate) fn send(
    route: &Route,
    request: Request,
    largest_body: u64,
    deadline: Instant,
    progress: Progress,
) -> Result<Response, Failure> {
    let path = target::path(&request.path)?;
    let query = target::query(&request.query);
    let target = route.base().join(&path, query.as_deref());
    let target = Uri::try_from(target).map_err(|_| not_allowed("its path makes no URL"))?;

    let mut headers = headers::checked(&request.headers, route.headers())?;
    headers.extend(route.headers().clone());

    let body = content(request.content)?;
    if largest_body < body.length {
        let message = format!(
            "the request is {} bytes long, and at most {largest_body} are allowed",
            body.length
        );
        return Err(Failure::new(FailureKind::TooLarge, message));
    }

    route.authorize(&target, &mut headers)?;

    socket::begin_request();
    let remaining = deadline.saturating_duration_since(Instant::now());
    let what = format!("{} {}{path}", request.method, route.base());
    let answer =
        exchange(route.agent(), request.method, target, headers, body, progress, remaining)
            .map_err(|error| failure(&error, route, &what))?;
    tracing::debug!(request = what, status = answer.status().as_u16(), "answered");

    Ok(Response::new(answer, route.redactor().clone()))
}

/// The one place that opens sockets: by ureq, whose resolver checks every
/// address ([`resolver`]) and which is told to follow and to unpack nothing
/// ([`route`]).
fn exchange(
    agent: &ureq::Agent,
    method: Method,
    target: Uri,
    headers: http::HeaderMap,
    body: Body,
    progress: Progress,
    remaining: Duration,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let mut request = http::Request::builder().method(method).uri(target);
    if let Some(all) = request.headers_mut() {
        *all = headers;
    }
    let content = match body.content_type {
        None => SendBody::none(),
        Some(ref content_type) => {
            request = request
                .header(header::CONTENT_TYPE, content_type.as_str())
                .header(header::CONTENT_LENGTH, body.length);
            SendBody::from_owned_reader(body.told(progress))
        }
    };
    // ureq takes a timeout of zero for none at all.
    let remaining = remaining.max(Duration::from_millis(1));
    let request =
        agent.configure_request(request.body(content)?).timeout_global(Some(remaining)).build();
    agent.run(request)
}

fn content(content: Content) -> Result<Body, Failure> {
    match content {
        Content::None => Ok(Body::none()),
        Content::Bytes { mime_type, bytes } => {
            let content_type = header_value(&mime_type)
                .ok_or_else(|| not_allowed("its body has no valid content type"))?;
            let content_type = content_type.to_str().unwrap_or("application/octet-stream");
            Ok(Body::bytes(content_type, bytes))
        }
        Content::Form(parts) => Body::form(parts),
    }
}

/// A request that a connector may not make.
fn not_allowed(why: impl std::fmt::Display) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        format!("the connector asked for a request that is not allowed: {why}"),
    )
}

/// What an error of the HTTP library means to a workflow. Texts are built
/// from the method and path; ureq's own may hold the whole URL.
fn failure(error: &ureq::Error, route: &Route, what: &str) -> Failure {
    use std::io::ErrorKind;
    let host = route.base().origin();
    let network = |message: String| Failure::new(FailureKind::Network, message);
    let began = socket::request_began();
    match error {
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            Failure::new(FailureKind::Timeout, format!("no connection to {host} in time"))
        }
        ureq::Error::Timeout(_) => {
            Failure::new(FailureKind::Timeout, format!("no answer to {what} in time"))
                .after_request(began)
        }
        ureq::Error::HostNotFound => network(format!("the host of {host} is not known")),
        ureq::Error::Io(error) if is_lookup(error) => {
            network(format!("the host of {host} cannot be looked up"))
        }
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
            network(format!("nothing answers at {host} (connection refused)"))
        }
        ureq::Error::Io(error) if !began => network(format!("no connection to {host}: {error}")),
        ureq::Error::Io(error) => {
            network(format!("the connection broke during {what}: {error}")).after_request(true)
        }
        // The handshake comes before the request.
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => {
            network(format!("no secure connection to {host}: {error}"))
        }
        ureq::Error::LargeResponseHeader(..) => {
            let message = format!("the head of the answer to {what} is too large");
            Failure::new(FailureKind::TooLarge, message).after_request(true)
        }
        ureq::Error::Other(error) if error.is::<AddressRefused>() => network(error.to_string()),
        _ => network(format!("the exchange {what} failed: {}", short(error))).after_request(began),
    }
}

fn is_lookup(error: &std::io::Error) -> bool {
    error.to_string().contains("lookup")
}

/// The variants that would print a URL are named instead.
fn short(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => "bad address".to_owned(),
        _ => error.to_string(),
    }
}
