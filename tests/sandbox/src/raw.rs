//! A byte-level server. It can do what an HTTP server cannot, such as closing a
//! connection in the middle of a header.
//!
//! It runs in front of a sandbox. While it has no steps to play, it forwards
//! connections to the sandbox.

use std::future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::Sandbox;
use crate::locked;

/// How long a finished connection waits for the client to close it too: closing
/// it with unread bytes would cause a reset.
const LINGER: Duration = Duration::from_secs(2);
const CHUNK: usize = 64 * 1024;

/// One step of a connection. After the last step it is closed.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Reads at least this many bytes.
    Read(usize),
    /// Reads the head of a request.
    ReadHead,
    /// Reads a request: its head and the body it announces.
    ReadRequest,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Writes these bytes one by one, with a pause after each.
    Drip(Vec<u8>, Duration),
    /// Writes these bytes repeatedly until the client closes.
    Flood(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Keeps the connection open and sends nothing, for as long as the server runs.
    Hold,
}

/// A running server. It refuses connections until it has steps to play.
/// When dropped, it stops and closes its connections.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    socket: Mutex<Option<TcpSocket>>,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Shared {
    behind: SocketAddr,
    play: Mutex<Play>,
}

/// What the server plays, and how many connections it has had since.
#[derive(Debug, Default)]
struct Play {
    steps: Option<Arc<[Step]>>,
    connections: usize,
}

impl RawServer {
    /// Reserves a free port on 127.0.0.1 without accepting connections yet.
    ///
    /// # Errors
    ///
    /// If there is no free port or no thread.
    pub fn in_front_of(sandbox: &Sandbox) -> io::Result<RawServer> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(RawServer {
            address: socket.local_addr()?,
            socket: Mutex::new(Some(socket)),
            shared: Arc::new(Shared { behind: sandbox.shared.address(), play: Mutex::default() }),
            runtime: Some(runtime),
        })
    }

    /// Its address, whether or not it is listening.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Plays these steps on every connection from now on.
    ///
    /// # Errors
    ///
    /// If it cannot listen on the port.
    pub fn play(&self, steps: Vec<Step>) -> io::Result<()> {
        *locked(&self.shared.play) = Play { steps: Some(steps.into()), connections: 0 };
        self.listen()
    }

    /// Forwards every connection from now on.
    ///
    /// # Errors
    ///
    /// If it cannot listen on the port.
    pub fn forward(&self) -> io::Result<()> {
        *locked(&self.shared.play) = Play::default();
        self.listen()
    }

    /// The number of connections since the last call to `play` or `forward`.
    pub fn connections(&self) -> usize {
        locked(&self.shared.play).connections
    }

    /// Starts to listen, unless it already does.
    fn listen(&self) -> io::Result<()> {
        let (Some(runtime), Some(socket)) = (&self.runtime, locked(&self.socket).take()) else {
            return Ok(());
        };
        let _entered = runtime.enter();
        let listener = socket.listen(128)?;
        runtime.spawn(accept(listener, Arc::clone(&self.shared)));
        Ok(())
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        // This only affects speed; the connection works without it.
        let _ = stream.set_nodelay(true);
        let steps = {
            let mut play = locked(&shared.play);
            play.connections += 1;
            play.steps.clone()
        };
        let behind = shared.behind;
        tokio::spawn(async move {
            // The client may disconnect at any time.
            let _ = match steps {
                Some(steps) => play(stream, &steps).await,
                None => let_through(stream, behind).await,
            };
        });
    }
}

async fn play(mut stream: TcpStream, steps: &[Step]) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Read(count) => drop(read(&stream, |bytes| *count <= bytes.len()).await?),
            Step::ReadHead => drop(read(&stream, |bytes| end_of_head(bytes).is_some()).await?),
            Step::ReadRequest => drop(read(&stream, is_whole).await?),
            Step::Write(bytes) => write(&stream, bytes).await?,
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    write(&stream, &[*byte]).await?;
                    tokio::time::sleep(*pause).await;
                }
            }
            Step::Flood(bytes) => loop {
                write(&stream, bytes).await?;
            },
            Step::Reset => return stream.set_zero_linger(),
            Step::Hold => future::pending().await,
        }
    }
    finish(&mut stream).await?;
    let gone = read(&stream, |_| false);
    tokio::time::timeout(LINGER, gone).await?.map(drop)
}

/// Reads until `enough` is satisfied, or until the client has sent everything.
async fn read(stream: &TcpStream, enough: impl Fn(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !enough(&bytes) {
        let more = read_some(stream).await?;
        if more.is_empty() {
            break;
        }
        bytes.extend(more);
    }
    Ok(bytes)
}

/// The next bytes; empty at the end.
async fn read_some(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut chunk = vec![0; CHUNK];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut chunk) {
            Ok(count) => {
                chunk.truncate(count);
                return Ok(chunk);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Signals the end of the data.
async fn finish(stream: &mut TcpStream) -> io::Result<()> {
    future::poll_fn(|context| Pin::new(&mut *stream).poll_shutdown(context)).await
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Whether a request is complete with its body. Clients of the sandbox always
/// announce its length.
fn is_whole(bytes: &[u8]) -> bool {
    let Some((head, body)) = end_of_head(bytes).and_then(|end| bytes.split_at_checked(end)) else {
        return false;
    };
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.split_once("content-length:").and_then(|(_, rest)| {
        let (value, _) = rest.split_once("\r\n")?;
        value.trim().parse::<usize>().ok()
    });
    length.unwrap_or(0) <= body.len()
}

/// Forwards bytes in both directions until one side ends.
async fn let_through(client: TcpStream, behind: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(behind).await?;
    let _ = server.set_nodelay(true);
    tokio::select! {
        ended = pass(&client, &server) => ended,
        ended = pass(&server, &client) => ended,
    }
}

async fn pass(from: &TcpStream, to: &TcpStream) -> io::Result<()> {
    loop {
        let bytes = read_some(from).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        write(to, &bytes).await?;
    }
}
