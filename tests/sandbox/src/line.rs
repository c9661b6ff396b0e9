//! Connections that a request handler can hang up.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use axum::serve::Listener;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// A listener whose connections can be hung up.
pub(crate) struct HangUpListener(pub(crate) TcpListener);

impl Listener for HangUpListener {
    type Io = HangUpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (HangUpStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // This only affects speed; the connection works without it.
        let _ = stream.set_nodelay(true);
        (HangUpStream { stream, hung_up: Arc::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection. Once hung up, it refuses to write, which makes the HTTP server
/// close it. HTTP itself has no way to leave a request unanswered.
pub(crate) struct HangUpStream {
    stream: TcpStream,
    hung_up: Arc<AtomicBool>,
}

/// The handle that ends a connection; each of its requests gets one.
#[derive(Debug, Clone)]
pub(crate) struct HangUpHandle {
    hung_up: Arc<AtomicBool>,
    /// The client's address.
    pub(crate) peer: SocketAddr,
}

impl HangUpHandle {
    pub(crate) fn hang_up(&self) {
        self.hung_up.store(true, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, HangUpListener>> for HangUpHandle {
    fn connect_info(stream: IncomingStream<'_, HangUpListener>) -> HangUpHandle {
        HangUpHandle { hung_up: Arc::clone(&stream.io().hung_up), peer: *stream.remote_addr() }
    }
}

impl HangUpStream {
    /// The stream, unless it was hung up.
    fn open(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        if self.hung_up.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(Pin::new(&mut self.stream))
    }
}

impl AsyncRead for HangUpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for HangUpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.open()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.open()?.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
