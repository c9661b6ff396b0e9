//! Listening and graceful shutdown: the service accepts no new connections and
//! gives active requests some time to finish.
//!
//! The accept loop is implemented here because `axum::serve` has no timeout for
//! a request's head. It also supports HTTP/2, and to detect it waits for a
//! connection's first bytes without a timeout. This loop supports only HTTP/1.1.

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustix::fs::Mode;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutWriter;

use super::ServiceError;
use super::descriptors;
use super::idle::{Connection, Idle};

/// The timeout for a request's head, including on a connection that sends
/// nothing.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a caller may go without reading any of the data written to it. A caller that
/// never reads would keep a run active and its events in memory.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum size of a head, and the size of the body buffer in each
/// direction, per connection.
const BUFFER: usize = 64 << 10;
/// The number of connections that the operating system queues until they are
/// accepted.
const BACKLOG: u32 = 4096;
/// The pause after a failed accept, for example because too many files are open,
/// and between attempts to close an idle connection.
const PAUSE: Duration = Duration::from_millis(100);

/// An address to listen on.
#[derive(Clone, Debug, PartialEq)]
pub enum Listen {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Listen {
    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some("") => Err("expected a path after `unix:`".to_owned()),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| {
                "expected an IP address and a port such as 127.0.0.1:8080, or unix:PATH".to_owned()
            }),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// How a service stops.
#[derive(Clone, Copy, Debug)]
pub struct Shutdown {
    /// How long requests may continue after the signal to stop.
    pub drain: Duration,
    /// Whether the end of standard input stops it, like a signal.
    pub until_stdin_closes: bool,
}

/// Serves until a signal stops it, and then gives active requests up to
/// `shutdown.drain` to finish. `on_stop` ends tasks that would not end on
/// their own.
///
/// # Errors
/// If it cannot listen on the address.
pub async fn serve(
    listen: &Listen,
    shutdown: Shutdown,
    router: Router,
    on_stop: impl FnOnce(),
) -> Result<(), ServiceError> {
    let fail = |error| ServiceError::Listen { listen: listen.clone(), error };
    let connections = GracefulShutdown::new();
    let stop = || shutdown_signal(shutdown.until_stdin_closes);
    let limit = descriptors::connections();
    match listen {
        Listen::Tcp(address) => {
            let listener = bind(*address).map_err(fail)?;
            announce(&Listen::Tcp(listener.local_addr().map_err(fail)?));
            let accept = async || {
                let (stream, _) = listener.accept().await?;
                // Events are small and must not be delayed. A caller that has
                // already disconnected is noticed later.
                let _ = stream.set_nodelay(true);
                Ok(stream)
            };
            accept_all(accept, &router, &connections, stop().map_err(fail)?, limit).await;
        }
        Listen::Unix(path) => {
            remove_stale(path).await.map_err(fail)?;
            let listener = bind_private(path).map_err(fail)?;
            announce(listen);
            let accept = async || listener.accept().await.map(|(stream, _)| stream);
            accept_all(accept, &router, &connections, stop().map_err(fail)?, limit).await;
            // If this fails, the next service removes the socket.
            let _ = std::fs::remove_file(path);
        }
    }
    on_stop();
    if timeout(shutdown.drain, connections.shutdown()).await.is_err() {
        tracing::warn!("runs were still active after {:?}", shutdown.drain);
    }
    Ok(())
}

/// Creates a socket that only this user can open. Sets the mode on creation,
/// because others could connect before a later change.
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    // The umask is process-wide, but nothing else creates files yet.
    let before = rustix::process::umask(Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    listener
}

/// Like [`TcpListener::bind`], with a longer backlog.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restarted service can reuse its port immediately.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Prints the address, for people and for programs that start the service.
/// Ignores errors, because such a program may have closed standard output.
fn announce(listen: &Listen) {
    let _ = writeln!(io::stdout(), "listening on {listen}");
}

/// Serves connections until `stop` is ready. At the limit, it closes idle
/// connections to accept new ones.
async fn accept_all<S>(
    accept: impl AsyncFn() -> io::Result<S>,
    router: &Router,
    connections: &GracefulShutdown,
    stop: impl Future<Output = ()>,
    limit: usize,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(BUFFER);
    let slots = Arc::new(Semaphore::new(limit));
    let idle = Arc::new(Idle::default());
    let accept = async || {
        let slot = loop {
            if slots.available_permits() == 0 {
                idle.close_longest();
            }
            // If none is idle, wait for one to finish its request.
            if let Ok(slot) = timeout(PAUSE, Arc::clone(&slots).acquire_owned()).await {
                break slot;
            }
        };
        accept().await.map(|stream| (stream, slot))
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            accepted = accept() => match accepted {
                Ok((stream, slot)) => {
                    let open = Connection::new(&idle);
                    let counted = Arc::clone(&open);
                    let routes = TowerToHyperService::new(router.clone());
                    let service = service_fn(move |request| {
                        let started = counted.begin().map(|busy| (busy, routes.call(request)));
                        async move {
                            // The connection is being closed.
                            let Some((busy, response)) = started else { return pending().await };
                            let response = response.await?;
                            // The connection is busy until it has sent the whole
                            // response.
                            let until_sent = move |error| {
                                let _busy = &busy;
                                error
                            };
                            Ok::<_, Infallible>(response.map(|body| body.map_err(until_sent)))
                        }
                    });
                    let mut stream = TimeoutWriter::new(stream);
                    stream.set_timeout(Some(WRITE_TIMEOUT));
                    let stream = TokioIo::new(Box::pin(stream));
                    let connection = connections.watch(builder.serve_connection(stream, service));
                    tokio::spawn(async move {
                        tokio::select! {
                            ended = connection => if let Err(error) = ended {
                                tracing::debug!(%error, "a connection ended");
                            },
                            () = open.closed() => {}
                        }
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
}

/// Waits for Ctrl-C or SIGTERM, or for the end of standard input.
///
/// # Errors
/// If the signal handlers cannot be installed.
pub fn shutdown_signal(until_stdin_closes: bool) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = stdin_closed(), if until_stdin_closes => {}
        }
    })
}

/// Waits for the end of standard input on a separate thread. The read cannot be
/// cancelled, and the runtime's shutdown would wait for it on one of its own
/// threads.
async fn stdin_closed() {
    let (sender, closed) = oneshot::channel();
    let read = move || {
        // An error counts as the end.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = sender.send(());
    };
    match thread::Builder::new().spawn(read) {
        Ok(_) => drop(closed.await),
        Err(_) => pending().await,
    }
}

/// Removes the socket of a service that has ended. Fails if the file is not a
/// socket, or if the socket still accepts connections.
async fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is not a socket"));
        }
        _ => {}
    }
    match tokio::net::UnixStream::connect(path).await {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another service is listening")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;

    use super::*;

    #[test]
    fn at_the_limit_idle_connections_are_closed_and_busy_ones_continue() {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let [started, end] = [(); 2].map(|()| Arc::new(Notify::new()));
            let slow = get({
                let (started, end) = (Arc::clone(&started), Arc::clone(&end));
                async move || {
                    started.notify_one();
                    end.notified().await;
                }
            });
            let router = Router::new().route("/", get(async || ())).route("/slow", slow);
            let ask = async |path: &str| {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
                stream.write_all(request.as_bytes()).await.unwrap();
                stream
            };
            let assert_answered = async |mut stream: TcpStream| {
                let mut head = [0; 12];
                timeout(HEAD_TIMEOUT / 3, stream.read_exact(&mut head)).await.unwrap().unwrap();
                assert_eq!(&head, b"HTTP/1.1 200");
            };
            let callers = async {
                let busy = ask("/slow").await;
                started.notified().await;
                let mut idle = Vec::new();
                for _ in 0..20 {
                    idle.push(TcpStream::connect(address).await.unwrap());
                }
                assert_answered(ask("/").await).await;
                end.notify_one();
                assert_answered(busy).await;
            };
            let accept = async || listener.accept().await.map(|(stream, _)| stream);
            accept_all(accept, &router, &GracefulShutdown::new(), callers, 4).await;
        });
    }

    #[test]
    fn addresses_are_parsed() {
        let listen = |text: &str| text.parse::<Listen>();
        assert_eq!(listen("127.0.0.1:8080").unwrap().to_string(), "http://127.0.0.1:8080");
        assert_eq!(listen("[::1]:0").unwrap().to_string(), "http://[::1]:0");
        assert_eq!(listen("unix:/run/c.sock").unwrap().to_string(), "unix:/run/c.sock");
        for wrong in ["", "8080", "localhost:8080", "unix:", "127.0.0.1"] {
            assert!(listen(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_loopback_and_sockets_are_local() {
        let is_local = |text: &str| text.parse::<Listen>().unwrap().is_local();
        assert!(is_local("127.0.0.1:80") && is_local("[::1]:80") && is_local("unix:/x"));
        assert!(!is_local("0.0.0.0:80") && !is_local("192.168.0.2:80") && !is_local("[::]:80"));
    }
}
