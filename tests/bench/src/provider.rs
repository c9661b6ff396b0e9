//! A provider that responds immediately, so that only the client's own time
//! is measured.
//!
//! The base URL determines the responses: with `/TOKENS/PAUSE/BYTES/v1` it
//! streams TOKENS tokens, PAUSE microseconds apart, and its audio is BYTES bytes
//! long.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use futures_util::{Stream, StreamExt, stream};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use tokio::net::TcpSocket;

/// An answer of a few words in the format of OpenAI's API.
const COMPLETION: &str = r#"{"id":"chatcmpl-CVcXhAWkYTV3pzLMOGPRQqPBQ5tDz","object":"chat.completion","created":1795305600,"model":"gpt-5.4-2026-03-05","choices":[{"index":0,"message":{"role":"assistant","content":"2 + 2 = 4.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":14,"completion_tokens":10,"total_tokens":24,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":null}"#;
const PIECE: usize = 64 << 10;

/// The shape of the responses.
#[derive(Clone, Copy, Debug)]
pub struct Responses {
    /// The number of tokens in a streamed answer.
    pub tokens: u32,
    /// The pause between two tokens.
    pub pause: Duration,
    /// The size of the generated audio.
    pub bytes: u64,
}

impl Responses {
    /// The base URL that requests these responses.
    pub fn base_url(&self, origin: &str) -> String {
        format!("{origin}/{}/{}/{}/v1", self.tokens, self.pause.as_micros(), self.bytes)
    }
}

/// Listens on a free port, prints the address, and serves.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(8192).unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        let listener = listener.tap_io(|socket| socket.set_nodelay(true).unwrap());
        axum::serve(listener, router()).await.unwrap();
    });
}

fn router() -> Router {
    let api = "/{tokens}/{pause}/{bytes}/v1";
    Router::new()
        .route(&format!("{api}/chat/completions"), post(chat))
        .route(&format!("{api}/audio/speech"), post(speech))
        .route(&format!("{api}/audio/transcriptions"), post(transcription))
        .route(
            "/ceiling",
            get(|| async { answer(COMPLETION) }).post(|_: Bytes| async { answer(COMPLETION) }),
        )
}

fn answer(json: &'static str) -> Response {
    ([(CONTENT_TYPE, "application/json")], json).into_response()
}

async fn chat(Path((tokens, pause, _)): Path<(u32, u64, u64)>, body: Bytes) -> Response {
    let streamed = body.windows(13).any(|window| window == b"\"stream\":true");
    if !streamed {
        return answer(COMPLETION);
    }
    let body = Body::from_stream(completion(tokens, Duration::from_micros(pause)));
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}

/// The tokens that are due, each with the time it was sent.
fn completion(
    tokens: u32,
    pause: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let started = Instant::now();
    stream::unfold(0, move |sent| async move {
        if tokens < sent {
            return None;
        }
        tokio::time::sleep_until((started + pause * sent).into()).await;
        // A late wakeup sends all tokens that are due by then.
        let elapsed = started.elapsed().as_micros() / pause.as_micros().max(1);
        let due = u32::try_from(elapsed).unwrap_or(u32::MAX).max(sent) + 1;
        let due = due.min(tokens);
        let mut events: String =
            (sent..due).map(|_| chunk(json!({ "content": stamp() }), None)).collect();
        if due == tokens {
            events.push_str(&chunk(json!({}), Some("stop")));
            events.push_str("data: [DONE]\n\n");
            return Some((Ok(events.into()), tokens + 1));
        }
        Some((Ok(events.into()), due))
    })
}

fn chunk(delta: serde_json::Value, finish_reason: Option<&str>) -> String {
    let choice =
        json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason });
    let chunk = json!({
        "id": "chatcmpl-CVcXhAWkYTV3pzLMOGPRQqPBQ5tDz",
        "object": "chat.completion.chunk",
        "created": 1_795_305_600,
        "model": "gpt-5.4-2026-03-05",
        "service_tier": "default",
        "system_fingerprint": null,
        "choices": [choice],
    });
    format!("data: {chunk}\n\n")
}

/// The current time as a token, in nanoseconds of the clock that all processes
/// on a machine share.
fn stamp() -> String {
    format!("{} ", now())
}

/// The time since a token was sent.
///
/// # Panics
/// If the token is not from this provider.
pub fn age(token: &str) -> Duration {
    let sent: u64 = token.trim_end().parse().unwrap();
    Duration::from_nanos(now().saturating_sub(sent))
}

fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap()
}

async fn speech(Path((_, _, bytes)): Path<(u32, u64, u64)>, _: Bytes) -> Response {
    // The first bytes mark it as an MP3 file.
    static SPEECH: [u8; PIECE] = {
        let mut piece = [0; PIECE];
        (piece[0], piece[1], piece[2]) = (b'I', b'D', b'3');
        piece
    };
    let pieces = stream::unfold(bytes, |left| async move {
        let length = usize::try_from(left).unwrap().min(PIECE);
        let piece = Bytes::from_static(SPEECH.get(..length)?);
        (length > 0).then_some((Ok::<_, Infallible>(piece), left - length as u64))
    });
    let headers = [(CONTENT_TYPE, "audio/mpeg".to_owned()), (CONTENT_LENGTH, bytes.to_string())];
    (headers, Body::from_stream(pieces)).into_response()
}

async fn transcription(body: Body) -> Response {
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        piece.unwrap();
    }
    answer(r#"{"text":"Good morning.","usage":{"type":"duration","seconds":1}}"#)
}
