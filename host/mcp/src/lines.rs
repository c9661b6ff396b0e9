//! The protocol on standard input and output, one message per line.
//!
//! The `rmcp` crate's transport silently drops a line that is not JSON or is too
//! long, so a client would wait forever for the response.

use std::io;
use std::sync::Arc;

use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde::Serialize;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Stdin, Stdout, stdin,
    stdout,
};
use tokio::sync::{Mutex, mpsc};

use super::MAX_MESSAGE;
use super::message::{Read, read, readable, too_long};

/// The number of bytes to read at a time from a line that is too long.
const SKIP_CHUNK: u64 = 64 << 10;

/// Standard input and output.
pub struct Lines {
    messages: mpsc::Receiver<RxJsonRpcMessage<RoleServer>>,
    output: Output,
}

#[derive(Clone)]
struct Output(Arc<Mutex<Stdout>>);

impl Lines {
    /// Starts reading.
    pub fn start() -> Self {
        let output = Output(Arc::new(Mutex::new(stdout())));
        let (sender, messages) = mpsc::channel(1);
        tokio::spawn(forward(BufReader::new(stdin()), sender, output.clone()));
        Self { messages, output }
    }
}

impl Transport<RoleServer> for Lines {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let output = self.output.clone();
        async move { output.write(&message).await }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    async fn write(&self, message: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let mut output = self.0.lock().await;
        output.write_all(&line).await?;
        output.flush().await
    }
}

/// Forwards messages until the input ends or the receiver is dropped, and
/// responds to lines that are not messages.
async fn forward(
    mut input: BufReader<Stdin>,
    messages: mpsc::Sender<RxJsonRpcMessage<RoleServer>>,
    output: Output,
) {
    while let Some(line) = line(&mut input).await {
        let taken = match line {
            Line::TooLong => Read::Refused(too_long()),
            Line::Whole(line) if line.trim_ascii().is_empty() => continue,
            Line::Whole(line) => read(&readable(line.into())),
        };
        let sent = match taken {
            Read::Message(message) => messages.send(*message).await.is_ok(),
            Read::Refused(answer) => output.write(&answer).await.is_ok(),
            Read::Unknown => true,
        };
        if !sent {
            return;
        }
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// Reads the next line. Returns `None` at the end of the input.
async fn line(input: &mut (impl AsyncBufRead + Unpin)) -> Option<Line> {
    let mut line = Vec::new();
    let limit = MAX_MESSAGE as u64 + 1;
    input.take(limit).read_until(b'\n', &mut line).await.ok()?;
    if line.is_empty() {
        return None;
    }
    if line.len() <= MAX_MESSAGE || line.ends_with(b"\n") {
        return Some(Line::Whole(line));
    }
    loop {
        let mut skipped = Vec::new();
        input.take(SKIP_CHUNK).read_until(b'\n', &mut skipped).await.ok()?;
        if skipped.is_empty() || skipped.ends_with(b"\n") {
            return Some(Line::TooLong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_is_too_long_is_skipped() {
        let long = vec![b'x'; MAX_MESSAGE + 1 + 2 * SKIP_CHUNK as usize];
        let input = [&long, b"\nshort\n\nlast".as_slice()].concat();
        let mut input = input.as_slice();
        assert!(matches!(line(&mut input).await, Some(Line::TooLong)));
        for expected in ["short\n", "\n", "last"] {
            let Some(Line::Whole(line)) = line(&mut input).await else { panic!("{expected}") };
            assert_eq!(line, expected.as_bytes());
        }
        assert!(line(&mut input).await.is_none());
    }
}
