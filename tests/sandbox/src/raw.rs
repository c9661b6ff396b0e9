//! A server of bytes: it does to a connection what no HTTP server can be made
//! to do, such as to break off inside a header.
//!
//! It stands in front of a sandbox. While it has no steps to play, connections
//! go through to that.

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

/// How long a connection that was played to its end waits for the client to
/// close it too: a close with unread bytes would be a reset.
const LINGER: Duration = Duration::from_secs(2);
const CHUNK: usize = 64 * 1024;

/// One step of what happens to a connection. Behind the last it is closed.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Reads so many bytes at least.
    Read(usize),
    /// Reads a request's head.
    ReadHead,
    /// Reads a request: its head, and as much as that says.
    ReadRequest,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Writes these bytes one by one, with a pause after each.
    Drip(Vec<u8>, Duration),
    /// Writes these bytes again and again, until the client has enough.
    Flood(Vec<u8>),
    /// Breaks the connection off: the client is told by a reset.
    Reset,
    /// Holds the connection without a word, as long as the server lives.
    Hold,
}

/// A running server. It refuses connections until it is told what to do.
/// Dropping it ends it and its connections.
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

/// What the server does, and what it has done since it was told so.
#[derive(Debug, Default)]
struct Play {
    steps: Option<Arc<[Step]>>,
    connections: usize,
}

impl RawServer {
    /// Takes a free port of 127.0.0.1 and lets nobody in yet.
    ///
    /// # Errors
    ///
    /// When there is no port or no thread.
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

    /// Where it is, whether it listens or not.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Plays these steps to every connection from now on.
    ///
    /// # Errors
    ///
    /// When the port cannot be listened on.
    pub fn play(&self, steps: Vec<Step>) -> io::Result<()> {
        *locked(&self.shared.play) = Play { steps: Some(steps.into()), connections: 0 };
        self.listen()
    }

    /// Lets every connection through from now on.
    ///
    /// # Errors
    ///
    /// When the port cannot be listened on.
    pub fn behave(&self) -> io::Result<()> {
        *locked(&self.shared.play) = Play::default();
        self.listen()
    }

    /// How many connections came since it was last told what to do.
    pub fn connections(&self) -> usize {
        locked(&self.shared.play).connections
    }

    /// Begins to listen, once.
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
        // Only a matter of speed; a connection without it works as well.
        let _ = stream.set_nodelay(true);
        let steps = {
            let mut play = locked(&shared.play);
            play.connections += 1;
            play.steps.clone()
        };
        let behind = shared.behind;
        tokio::spawn(async move {
            // That the client goes away in between is its right.
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

/// Reads until that is enough, or until the client has sent everything.
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

/// The next bytes, none at the end.
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

/// Says that nothing more comes.
async fn finish(stream: &mut TcpStream) -> io::Result<()> {
    future::poll_fn(|context| Pin::new(&mut *stream).poll_shutdown(context)).await
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Whether a request is there with its body. Clients of the sandbox announce
/// how long that is.
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

/// Passes bytes both ways until one side ends.
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
