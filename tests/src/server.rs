//! Servers that tests start, each on a free port of 127.0.0.1. A test waits
//! until its server is ready. The server is stopped when the test ends, even if
//! the test fails or is killed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{HANG, target_dir};

/// Runs its arguments as a command, and kills the command when standard input
/// closes: when this process closes it or exits, even if this process is killed
/// or holds the server in a static. A line on standard input is the name of a
/// signal for the command. SIGXFSZ is ignored, so that exceeding a file size
/// limit is an error for the command, like a full disk, instead of killing it.
const KEEPER: &str = r#"
    trap '' XFSZ
    exec 3<&0
    "$@" 3<&- &
    server=$!
    {
        while read -r signal <&3; do kill -"$signal" "$server"; done
        kill -KILL "$server" 2>/dev/null
    } &
    watch=$!
    { wait "$server"; } 2>/dev/null
    kill "$watch" 2>/dev/null
"#;

/// A running server. It is stopped when dropped.
pub(crate) struct Server {
    keeper: Child,
    address: SocketAddr,
}

/// The response of a server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Server {
    /// Starts a program with an empty environment and waits until it answers `GET
    /// health` with 200.
    ///
    /// # Panics
    /// If it does not run or does not become ready.
    pub(crate) fn start(
        program: &Path,
        health: &str,
        arguments: impl Fn(&mut Command, SocketAddr),
    ) -> Self {
        // Another process may take the port before the server does.
        let attempt = || {
            let address = free_address();
            let mut command = kept(program);
            arguments(&mut command, address);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut server = Self { keeper: command.spawn().unwrap(), address };
            server.serves(program, health).then_some(server)
        };
        std::iter::repeat_with(attempt).take(3).flatten().next().unwrap_or_else(|| {
            panic!("{} exited before it was ready; run it by hand to see why", program.display())
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it is ready; `false` if it exits instead.
    fn serves(&mut self, program: &Path, health: &str) -> bool {
        let deadline = Instant::now() + HANG;
        let is_healthy = || exchange(self.address, "GET", health, &[], "");
        while !is_healthy().is_ok_and(|answer| answer.status == 200) {
            if self.keeper.try_wait().unwrap().is_some() {
                return false;
            }
            let seconds = HANG.as_secs();
            let name = program.display();
            assert!(Instant::now() < deadline, "{name} was not ready within {seconds} seconds");
            thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // It may have exited on its own.
        let _ = self.keeper.wait();
    }
}

/// A command that runs a program with an empty environment, and kills the program
/// when the command's standard input, a pipe, is closed.
pub(crate) fn kept(program: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", KEEPER, "sh"]).arg(program);
    command.env_clear().stdin(Stdio::piped());
    command
}

/// The path of a file in the target directory that a script installs.
///
/// # Panics
/// If it does not exist.
pub(crate) fn installed(folder: &str, file: &str) -> PathBuf {
    let path = target_dir().join(folder).join(file);
    assert!(
        path.is_file(),
        "{} is missing; `make test` installs it, or `tests/{folder}/install.sh {}`",
        path.display(),
        target_dir().display()
    );
    path
}

/// Makes a request on a new connection.
pub(crate) fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(HANG))?;
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         {headers}Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the answer is not HTTP"))?;
    // Some servers announce that they close the connection, but do not.
    let mut length = u64::MAX;
    let mut is_chunked = false;
    while !line.trim_end().is_empty() {
        line.clear();
        stream.read_line(&mut line)?;
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        is_chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.trim() == "chunked";
    }
    let mut body = Vec::new();
    if is_chunked {
        read_chunks(&mut stream, &mut body)?;
    } else {
        stream.take(length).read_to_end(&mut body)?;
    }
    let body = String::from_utf8(body).map_err(io::Error::other)?;
    Ok(Answer { status, body })
}

/// Reads chunks up to the empty one at the end.
fn read_chunks(stream: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
        if length == 0 {
            return Ok(());
        }
        stream.by_ref().take(length).read_to_end(body)?;
        stream.read_line(&mut line)?;
    }
}

/// An address that is currently free.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}
