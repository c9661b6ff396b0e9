//! Idle connections. At the connection limit, the service closes the one that
//! has been idle the longest.
//!
//! This is implemented here because hyper's graceful shutdown does not close a
//! connection that has not sent anything yet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::SetOnce;

/// The idle connections.
#[derive(Default)]
pub struct Idle(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// How many times a connection has become idle.
    count: u64,
    /// The signals that close the connections, longest idle first.
    connections: BTreeMap<u64, Arc<SetOnce<()>>>,
}

/// A connection.
pub struct Connection {
    idle: Arc<Idle>,
    close: Arc<SetOnce<()>>,
    /// Its key among the idle connections.
    at: AtomicU64,
}

/// A request, until its response has been sent.
pub struct Busy(Arc<Connection>);

impl Idle {
    /// Closes the connection that has been idle the longest, if any.
    pub fn close_longest(&self) {
        if let Some((_, close)) = self.waiting().connections.pop_first() {
            // Cannot fail: nothing else sets it.
            let _ = close.set(());
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Creates a connection that waits for its first request.
    pub fn new(idle: &Arc<Idle>) -> Arc<Self> {
        let (idle, close) = (Arc::clone(idle), Arc::default());
        let connection = Arc::new(Self { idle, close, at: AtomicU64::default() });
        connection.wait();
        connection
    }

    /// Begins a request. Returns `None` if the connection is being closed.
    pub fn begin(self: &Arc<Self>) -> Option<Busy> {
        self.leave();
        (!self.close.initialized()).then(|| Busy(Arc::clone(self)))
    }

    /// Completes when the connection must be closed.
    pub async fn closed(&self) {
        self.close.wait().await;
    }

    fn wait(&self) {
        let mut waiting = self.idle.waiting();
        waiting.count += 1;
        let at = waiting.count;
        self.at.store(at, Ordering::Relaxed);
        waiting.connections.insert(at, Arc::clone(&self.close));
    }

    fn leave(&self) {
        self.idle.waiting().connections.remove(&self.at.load(Ordering::Relaxed));
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closes_the_connection_that_has_been_idle_the_longest() {
        let idle = Arc::new(Idle::default());
        let [one, two, three] = [(); 3].map(|()| Connection::new(&idle));
        let closed = || [&one, &two, &three].map(|connection| connection.close.initialized());
        let busy = one.begin().unwrap();
        idle.close_longest();
        assert_eq!(closed(), [false, true, false]);
        assert!(two.begin().is_none());
        drop(busy);
        idle.close_longest();
        assert_eq!(closed(), [false, true, true]);
        let _busy = one.begin().unwrap();
        idle.close_longest();
        assert_eq!(closed(), [false, true, true]);
    }
}
