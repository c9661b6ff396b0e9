//! A minimum rate for request bodies.
//!
//! A caller that sends one byte per second would occupy a connection, a
//! half-written file and memory for hours. A body must therefore not pause for
//! too long, and after a grace period must arrive at a minimum rate.
//!
//! This is implemented here because tower-http's `TimeoutBody` limits only
//! pauses, and its `DeadlineBody` limits the total time regardless of size, but a
//! large file takes longer.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// The maximum pause.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// How long a body may take regardless of its rate.
const GRACE: Duration = Duration::from_secs(30);
/// The minimum rate after that, in bytes per second.
const MIN_RATE: u64 = 1024;

/// The error for a body that is too slow.
#[derive(Debug, thiserror::Error)]
#[error("the body arrived too slowly")]
struct TooSlow;

/// Makes the body of a request end with an error if it is too slow.
pub async fn reject_slow_body(request: Request) -> Request {
    // Most requests have no body.
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| {
        let start = Instant::now();
        let arriving = Some((body.into_data_stream(), 0));
        let limited = stream::unfold(arriving, move |arriving| async move {
            let (mut chunks, so_far) = arriving?;
            match timeout_at(deadline(start, Instant::now(), so_far), chunks.next()).await {
                Ok(None) => None,
                Ok(Some(Ok(chunk))) => {
                    let so_far = so_far + chunk.len() as u64;
                    Some((Ok(chunk), Some((chunks, so_far))))
                }
                Ok(Some(Err(error))) => Some((Err(error), None)),
                Err(_) => Some((Err(axum::Error::new(TooSlow)), None)),
            }
        });
        // Fused, because it may be polled again after its end.
        Body::from_stream(limited.fuse())
    })
}

/// Returns the deadline for the next chunk.
fn deadline(start: Instant, now: Instant, so_far: u64) -> Instant {
    (now + MAX_PAUSE).min(start + GRACE + Duration::from_secs(so_far / MIN_RATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_pauses_and_slow_bodies() {
        let start = Instant::now();
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        assert_eq!(deadline(start, start, 0), after(30));
        assert_eq!(deadline(start, after(29), 29), after(30));
        // Fast enough: only pauses count.
        assert_eq!(deadline(start, after(3600), 1 << 30), after(3630));
        // It has sent 60 KiB in 80 seconds.
        assert_eq!(deadline(start, after(80), 60 << 10), after(90));
    }
}
