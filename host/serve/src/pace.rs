//! How slowly a body may arrive.
//!
//! A caller that sends a byte a second would keep a connection, a half-written
//! file and what was read so far for hours. So a body may not be silent for
//! long, and after a while must have come at some pace.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

/// The longest silence.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a body may take, whatever it has sent.
const GRACE: Duration = Duration::from_secs(30);
/// What it must have sent for each further second, in bytes.
const SLOWEST: u64 = 1024;

/// Why a body was given up.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

/// The same request, whose body ends with an error if it is too slow.
pub async fn paced(request: Request) -> Request {
    // Most have none.
    if request.body().is_end_stream() {
        return request;
    }
    request.map(|body| {
        let begun = Instant::now();
        let arriving = Some((body.into_data_stream(), 0));
        let paced = stream::unfold(arriving, move |arriving| async move {
            let (mut chunks, so_far) = arriving?;
            match timeout_at(latest(begun, Instant::now(), so_far), chunks.next()).await {
                Ok(None) => None,
                Ok(Some(Ok(chunk))) => {
                    let so_far = so_far + chunk.len() as u64;
                    Some((Ok(chunk), Some((chunks, so_far))))
                }
                Ok(Some(Err(error))) => Some((Err(error), None)),
                Err(_) => Some((Err(axum::Error::new(TooSlow)), None)),
            }
        });
        // Whoever asks again behind the end is told that it is the end.
        Body::from_stream(paced.fuse())
    })
}

/// When the next piece must be there.
fn latest(begun: Instant, now: Instant, so_far: u64) -> Instant {
    (now + SILENCE).min(begun + GRACE + Duration::from_secs(so_far / SLOWEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_a_trickle_have_an_end() {
        let begun = Instant::now();
        let after = |seconds: u64| begun + Duration::from_secs(seconds);
        assert_eq!(latest(begun, begun, 0), after(30));
        assert_eq!(latest(begun, after(29), 29), after(30));
        // At pace: only silence counts.
        assert_eq!(latest(begun, after(3600), 1 << 30), after(3630));
        // It has sent 60 KiB in 80 seconds.
        assert_eq!(latest(begun, after(80), 60 << 10), after(90));
    }
}
