//! A stream that waits for its reader, but not forever.
//!
//! A caller that asks and never reads would keep a run in its place, and what
//! is written to it in memory, for as long as it likes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The longest wait for a caller to take anything of what is written to it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stream. A write for which the other side leaves no room ends with
/// `TimedOut`.
pub struct Patient<S> {
    stream: S,
    patience: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// The same stream with an end to its patience.
    pub fn new(stream: S) -> Self {
        Self { stream, patience: PATIENCE, waiting: None }
    }

    /// What a write came to, or that it has waited for too long.
    fn within<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        waiting.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.within(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.within(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn a_reader_that_takes_nothing_is_given_up() {
        block_on(async {
            let (ours, _theirs) = duplex(16);
            let patience = Duration::from_millis(20);
            let mut stream = Patient { stream: ours, patience, waiting: None };
            stream.write_all(&[0; 16]).await.unwrap();
            let error = stream.write_all(&[0; 16]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        });
    }

    #[test]
    fn a_reader_that_takes_its_time_gets_everything() {
        block_on(async {
            let (ours, mut theirs) = duplex(16);
            let mut stream = Patient::new(ours);
            let sent = tokio::spawn(async move { stream.write_all(&[7; 1000]).await });
            let mut taken = Vec::new();
            while taken.len() < 1000 {
                let mut piece = [0; 10];
                let count = theirs.read(&mut piece).await.unwrap();
                taken.extend_from_slice(&piece[..count]);
                tokio::task::yield_now().await;
            }
            sent.await.unwrap().unwrap();
            assert_eq!(taken, [7; 1000]);
        });
    }
}
