//! A proxy that forwards bytes unchanged and keeps the heads of responses.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy in front of one HTTP/1.1 server. It serves until the process ends.
pub(crate) struct Proxy {
    address: SocketAddr,
    heads: Heads,
}

/// The heads of responses, each from its status line to its last header.
type Heads = Arc<Mutex<Vec<String>>>;

impl Proxy {
    /// Starts a proxy in front of the server at `upstream`.
    pub(crate) fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let heads = Heads::default();
        let kept = Arc::clone(&heads);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                // The client sees any error here as a broken connection.
                thread::spawn(move || relay(client, upstream, &kept));
            }
        });
        Ok(Self { address, heads })
    }

    /// The address it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the responses since the last call. A head is recorded
    /// before the client receives it.
    pub(crate) fn take_heads(&self) -> Vec<String> {
        std::mem::take(&mut self.heads.lock().unwrap())
    }
}

/// Forwards requests without parsing them, and responses one by one.
fn relay(mut client: TcpStream, upstream: SocketAddr, heads: &Heads) -> io::Result<()> {
    let server = TcpStream::connect(upstream)?;
    let (mut requests, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let copied = io::copy(&mut requests, &mut to_server);
        to_server.shutdown(Shutdown::Write).and(copied)
    });
    let mut answers = BufReader::new(server);
    while let Some(head) = read_head(&mut answers)? {
        heads.lock().unwrap().push(head.clone());
        client.write_all(head.as_bytes())?;
        match Length::of(&head) {
            Length::Known(length) => copy(&mut answers, &mut client, length)?,
            Length::Chunked => while copy_chunk(&mut answers, &mut client)? > 0 {},
        }
    }
    client.shutdown(Shutdown::Both)
}

/// The next head; `None` if the server has closed the connection.
fn read_head(answers: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if answers.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(head))
}

/// How the end of a body is determined (RFC 9112 §6.3).
enum Length {
    Known(u64),
    Chunked,
}

impl Length {
    fn of(head: &str) -> Self {
        let head = head.to_ascii_lowercase();
        let known = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        match known.and_then(|length| length.trim().parse().ok()) {
            _ if head.contains("\r\ntransfer-encoding: chunked\r\n") => Self::Chunked,
            known => Self::Known(known.unwrap_or(0)),
        }
    }
}

fn copy(answers: &mut impl BufRead, client: &mut TcpStream, length: u64) -> io::Result<()> {
    io::copy(&mut answers.by_ref().take(length), client).map(drop)
}

/// Copies a chunk with its size and line breaks, and returns its size.
fn copy_chunk(answers: &mut impl BufRead, client: &mut TcpStream) -> io::Result<u64> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    client.write_all(line.as_bytes())?;
    let size = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
    copy(answers, client, size + 2)?;
    Ok(size)
}
