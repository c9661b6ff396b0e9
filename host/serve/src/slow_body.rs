//! How slowly a body may arrive.
//!
//! A caller that sends a byte a second would keep a connection, a half-written
//! file and what was read so far for hours. So a body may not pause for long,
//! and after a while must keep a minimum rate.
//!
//! This is written by hand because tower-http's `TimeoutBody` limits only pauses,
//! and its `DeadlineBody` the whole time, however much has arrived: a large file
//! may take long.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// How long a body may take at any rate.
const GRACE: Duration = Duration::from_secs(30);
/// What must have arrived for each further second, in bytes.
const MIN_RATE: u64 = 1024;

/// Why a body was rejected.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

/// The same request, whose body ends with an error if it is too slow.
pub async fn reject_slow_body(request: Request) -> Request {
    // Most have none.
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| {
        let begun = Instant::now();
        let arriving = Some((body.into_data_stream(), 0));
        let limited = stream::unfold(arriving, move |arriving| async move {
            let (mut chunks, so_far) = arriving?;
            match timeout_at(deadline(begun, Instant::now(), so_far), chunks.next()).await {
                Ok(None) => None,
                Ok(Some(Ok(chunk))) => {
                    let so_far = so_far + chunk.len() as u64;
                    Some((Ok(chunk), Some((chunks, so_far))))
                }
                Ok(Some(Err(error))) => Some((Err(error), None)),
                Err(_) => Some((Err(axum::Error::new(TooSlow)), None)),
            }
        });
        // It may be polled again after its end.
        Body::from_stream(limited.fuse())
    })
}

/// When the next chunk must have arrived.
fn deadline(begun: Instant, now: Instant, so_far: u64) -> Instant {
    (now + MAX_PAUSE).min(begun + GRACE + Duration::from_secs(so_far / MIN_RATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_and_trickles_have_an_end() {
        let begun = Instant::now();
        let after = |seconds: u64| begun + Duration::from_secs(seconds);
        assert_eq!(deadline(begun, begun, 0), after(30));
        assert_eq!(deadline(begun, after(29), 29), after(30));
        // Fast enough: only pauses count.
        assert_eq!(deadline(begun, after(3600), 1 << 30), after(3630));
        // It has sent 60 KiB in 80 seconds.
        assert_eq!(deadline(begun, after(80), 60 << 10), after(90));
    }
}
