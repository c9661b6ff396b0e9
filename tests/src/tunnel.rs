//! A forward proxy that opens tunnels (`CONNECT`, RFC 9110, section 9.3.6) and
//! records the requests for them and the bytes sent through them to servers.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the proxy does with a request for a tunnel.
#[derive(Clone, Debug)]
pub enum Behavior {
    /// Opens it.
    Open,
    /// Opens it if the request has this `Proxy-Authorization`, otherwise responds
    /// with 407.
    Require(String),
    /// Responds with these bytes and closes the connection.
    Respond(&'static str),
}

/// A running proxy. It serves until the process ends.
pub struct ForwardProxy {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

/// What a proxy has seen.
#[derive(Default)]
struct Seen {
    /// The heads of the requests for tunnels.
    heads: Vec<String>,
    /// All bytes that went through the tunnels to servers.
    bytes: Vec<u8>,
}

impl ForwardProxy {
    /// Starts a proxy.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start(behavior: Behavior) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Seen>>::default();
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (behavior, seen) = (behavior.clone(), Arc::clone(&kept));
                // The client sees any error here as a broken connection.
                thread::spawn(move || serve(client, &behavior, &seen));
            }
        });
        Self { port, seen }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The heads of the requests for tunnels so far.
    ///
    /// # Panics
    /// If a thread of the proxy has panicked.
    pub fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().heads.clone()
    }

    /// All bytes that went through its tunnels to servers so far.
    ///
    /// # Panics
    /// If a thread of the proxy has panicked.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().unwrap().bytes.clone()
    }
}

fn serve(client: TcpStream, behavior: &Behavior, seen: &Arc<Mutex<Seen>>) -> io::Result<()> {
    let mut requests = BufReader::new(client.try_clone()?);
    let mut client = client;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if requests.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    seen.lock().unwrap().heads.push(head.clone());
    match behavior {
        Behavior::Respond(answer) => {
            client.write_all(answer.as_bytes())?;
            return client.shutdown(Shutdown::Both);
        }
        Behavior::Require(expected)
            if !head.contains(&format!("\r\nProxy-Authorization: {expected}\r\n")) =>
        {
            let answer = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            client.write_all(answer.as_bytes())?;
            return client.shutdown(Shutdown::Both);
        }
        Behavior::Open | Behavior::Require(_) => {}
    }
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    let target = target.ok_or_else(|| io::Error::other("not a request for a tunnel"))?;
    let port = target.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    // Only to this machine, whatever the name.
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port.unwrap_or_default()))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let copied = io::copy(&mut from_server, &mut to_client);
        to_client.shutdown(Shutdown::Write).and(copied)
    });
    loop {
        let bytes = requests.fill_buf()?;
        if bytes.is_empty() {
            return server.shutdown(Shutdown::Write);
        }
        seen.lock().unwrap().bytes.extend_from_slice(bytes);
        server.write_all(bytes)?;
        let count = bytes.len();
        requests.consume(count);
    }
}
