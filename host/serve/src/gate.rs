//! The bounded queue in front of runs and of queries.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// Admits a limited number of requests, queues a limited number of others, and
/// rejects the rest.
pub struct Gate {
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    runs: usize,
}

/// Counts a waiting request until it is dropped, which also happens when its
/// caller disconnects.
struct Waiting<'a>(&'a AtomicUsize);

impl Gate {
    /// Creates a gate that admits `runs` requests at a time and queues up to
    /// `queue` more.
    pub fn new(runs: usize, queue: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(runs)), waiting: AtomicUsize::new(0), queue, runs }
    }

    /// Waits for a slot. Dropping the permit frees it.
    ///
    /// # Errors
    /// 503 if the queue is full.
    pub async fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            return Ok(slot);
        }
        let waiting = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= self.queue {
            return Err(Problem::too_many());
        }
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        drop(waiting);
        slot.map_err(|_| Problem::too_many())
    }

    /// Whether the next request would be rejected.
    pub fn is_full(&self) -> bool {
        self.slots.available_permits() == 0 && self.waiting() >= self.queue
    }

    /// The number of waiting requests.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// The number of admitted requests.
    pub fn running(&self) -> usize {
        self.runs - self.slots.available_permits()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn the_queue_is_bounded() {
        block_on(async {
            let gate = Arc::new(Gate::new(1, 1));
            let slot = gate.enter().await.unwrap();
            let waiting = Arc::clone(&gate);
            let waiting = tokio::spawn(async move { waiting.enter().await.map(drop) });
            while gate.waiting() == 0 {
                tokio::task::yield_now().await;
            }
            assert!(gate.is_full());
            assert!(gate.enter().await.is_err());
            assert_eq!((gate.running(), gate.waiting()), (1, 1));
            drop(slot);
            waiting.await.unwrap().unwrap();
            assert_eq!((gate.running(), gate.waiting()), (0, 0));
        });
    }

    #[test]
    fn a_cancelled_request_leaves_the_queue() {
        block_on(async {
            let gate = Gate::new(1, 1);
            let _slot = gate.enter().await.unwrap();
            let gave_up = tokio::time::timeout(Duration::from_millis(5), gate.enter()).await;
            assert!(gave_up.is_err());
            assert_eq!(gate.waiting(), 0);
        });
    }
}
