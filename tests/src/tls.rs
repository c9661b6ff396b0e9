//! TLS on this machine: a certificate authority, certificates signed by it, and
//! a server that adds TLS to a plain one.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate authority that no system trusts.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

/// The validity of a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Validity {
    /// Valid now.
    Current,
    /// Expired years ago.
    Expired,
}

/// How a server ends a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Close {
    /// With a close notification.
    Orderly,
    /// Without one, as if someone had cut the connection.
    Abrupt,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// Creates an authority.
    ///
    /// # Panics
    /// If no randomness is available.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The authority's own certificate, for clients that trust it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Signs a certificate for the server `name`.
    ///
    /// # Panics
    /// If that is not a valid name.
    pub fn sign(&self, name: &str, validity: Validity) -> Identity {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        if validity == Validity::Expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }
}

fn config(identity: Identity) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate], identity.key)
        .unwrap();
    Arc::new(config)
}

/// Listens on a free port with this identity, answers the first request of each
/// connection with these bytes, and closes the connection a millisecond later.
/// Returns the port. It serves until the process ends.
///
/// # Panics
/// If there is no free port.
pub fn answer_once(identity: Identity, answer: Vec<u8>) -> u16 {
    let config = config(identity);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (config, answer) = (Arc::clone(&config), answer.clone());
            thread::spawn(move || -> io::Result<()> {
                let connection = ServerConnection::new(config).map_err(io::Error::other)?;
                let mut client = StreamOwned::new(connection, client);
                if read_request(&mut client)?.is_some() {
                    client.write_all(&answer)?;
                    thread::sleep(Duration::from_millis(1));
                    client.conn.send_close_notify();
                    client.flush()?;
                }
                Ok(())
            });
        }
    });
    port
}

/// Listens on a free port with this identity, and forwards one request of each
/// connection to the server at `behind`. Returns the port. It serves until the
/// process ends.
///
/// # Panics
/// If there is no free port.
pub fn serve(identity: Identity, behind: SocketAddr, close: Close) -> u16 {
    let config = config(identity);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            // A client that rejects the certificate disconnects.
            thread::spawn(move || pass(client, config, behind, close));
        }
    });
    port
}

/// Listens on a free port with this identity, and forwards each connection to the
/// server at `behind` without regard to its content. Returns the port. It serves
/// until the process ends.
///
/// # Panics
/// If there is no free port.
pub fn wrap(identity: Identity, behind: SocketAddr) -> u16 {
    let config = config(identity);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || relay(client, config, behind));
        }
    });
    port
}

/// Forwards bytes in both directions, one at a time: a TLS connection cannot be
/// read and written by two threads.
fn relay(client: TcpStream, config: Arc<ServerConfig>, behind: SocketAddr) -> io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(5);
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    client.set_read_timeout(Some(PAUSE))?;
    let mut client = StreamOwned::new(connection, client);
    let mut server = TcpStream::connect(behind)?;
    server.set_read_timeout(Some(PAUSE))?;
    while copy_some(&mut client, &mut server)? && copy_some(&mut server, &mut client)? {}
    client.conn.send_close_notify();
    client.flush()
}

/// Copies what has arrived. Returns whether more may follow.
fn copy_some(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let mut chunk = [0; 4096];
    match from.read(&mut chunk) {
        Ok(0) => Ok(false),
        Ok(count) => {
            to.write_all(chunk.get(..count).unwrap_or_default())?;
            to.flush().map(|()| true)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

/// Forwards one request, and its response.
fn pass(
    client: TcpStream,
    config: Arc<ServerConfig>,
    behind: SocketAddr,
    close: Close,
) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut client = StreamOwned::new(connection, client);
    let Some(request) = read_request(&mut client)? else { return Ok(()) };
    let mut server = TcpStream::connect(behind)?;
    // The end of the response is then the end of the connection.
    let line = request.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (line, rest) = request.split_at(line);
    server.write_all(&[line, b"connection: close\r\n", rest].concat())?;
    io::copy(&mut server, &mut client)?;
    if close == Close::Orderly {
        client.conn.send_close_notify();
    }
    client.flush()?;
    client.sock.shutdown(Shutdown::Write)?;
    io::copy(&mut client.sock, &mut io::sink()).map(drop)
}

/// The next request; `None` if the client disconnects before it is complete.
fn read_request(client: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !is_whole(&request) {
        match client.read(&mut chunk)? {
            0 => return Ok(None),
            count => request.extend_from_slice(chunk.get(..count).unwrap_or_default()),
        }
    }
    Ok(Some(request))
}

/// Whether a request is complete with its body, whose length it announces.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0);
    end + 4 + length <= request.len()
}
