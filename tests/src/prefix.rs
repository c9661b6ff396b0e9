//! A reverse proxy that serves a server under a path prefix.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running proxy. It serves until the process ends.
pub struct PrefixProxy {
    url: String,
    outside: Arc<Mutex<Vec<String>>>,
}

impl PrefixProxy {
    /// Serves the server at `upstream`, an address and a port, under `prefix`,
    /// such as `/connectors`.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start(upstream: &str, prefix: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}{prefix}/", listener.local_addr().unwrap());
        let outside = Arc::new(Mutex::new(Vec::new()));
        let (upstream, kept) = (upstream.to_owned(), Arc::clone(&outside));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, kept) = (upstream.clone(), Arc::clone(&kept));
                // The client sees any error here as a broken connection.
                thread::spawn(move || relay(client, &upstream, prefix, &kept));
            }
        });
        Self { url, outside }
    }

    /// The URL of the server, with a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The request lines of requests outside the prefix.
    ///
    /// # Panics
    /// If a thread of the proxy has panicked.
    pub fn outside(&self) -> Vec<String> {
        self.outside.lock().unwrap().clone()
    }
}

/// Forwards one request, and its response.
fn relay(
    mut client: TcpStream,
    upstream: &str,
    prefix: &str,
    outside: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut request = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    request.read_line(&mut line)?;
    let Some((method, path)) = line.split_once(' ') else { return Ok(()) };
    let Some(path) = path.strip_prefix(prefix).filter(|path| path.starts_with('/')) else {
        outside.lock().unwrap().push(line);
        return client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    };
    let mut server = TcpStream::connect(upstream)?;
    // The next request uses another connection, because its path must be
    // changed too.
    write!(server, "{method} {path}Connection: close\r\n")?;
    loop {
        let mut header = String::new();
        request.read_line(&mut header)?;
        if !header.to_ascii_lowercase().starts_with("connection:") {
            server.write_all(header.as_bytes())?;
        }
        if header.trim_end().is_empty() {
            break;
        }
    }
    let mut to_server = server.try_clone()?;
    thread::spawn(move || io::copy(&mut request, &mut to_server));
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
