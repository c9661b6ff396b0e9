//! Limits on the number and the idle time of sessions over HTTP.
//!
//! The `rmcp` crate keeps a session until its client ends it, and most clients
//! never do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

/// The header with the session id.
const HEADER: &str = "mcp-session-id";
/// The maximum number of sessions.
const MAX_SESSIONS: usize = 256;
/// The idle time after which a session ends.
const MAX_IDLE: Duration = Duration::from_secs(3600);
/// The idle time after which a session may be replaced by a new one.
const MIN_IDLE: Duration = Duration::from_secs(30);
/// The interval for ending idle sessions.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// The sessions, and the time when each was last used.
#[derive(Clone, Default)]
pub struct Sessions {
    pub manager: Arc<LocalSessionManager>,
    used: Arc<Mutex<HashMap<String, Instant>>>,
}

impl Sessions {
    fn used(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, headers: &HeaderMap) {
        if let Some(id) = headers.get(HEADER).and_then(|id| id.to_str().ok()) {
            self.used().insert(id.to_owned(), Instant::now());
        }
    }

    /// Regularly ends idle sessions.
    pub async fn expire(self) {
        loop {
            tokio::time::sleep(SWEEP_INTERVAL).await;
            self.expire_idle(MAX_IDLE).await;
        }
    }

    /// Ends the session that has been idle the longest, if its client has
    /// probably disconnected. A client that is still connected starts a new one.
    async fn end_longest_idle(&self) -> bool {
        let mut sessions = self.manager.sessions.write().await;
        let mut used = self.used();
        let longest = used.iter().min_by_key(|(_, last)| **last);
        let longest = longest.filter(|(_, last)| last.elapsed() > MIN_IDLE);
        let Some(id) = longest.map(|(id, _)| id.clone()) else { return false };
        used.remove(&id);
        sessions.retain(|other, _| **other != *id);
        true
    }

    async fn expire_idle(&self, max_idle: Duration) {
        let mut sessions = self.manager.sessions.write().await;
        let mut used = self.used();
        // A session whose id has not reached the client yet is not idle.
        used.retain(|id, _| sessions.contains_key(id.as_str()));
        sessions.retain(|id, _| {
            used.entry((**id).to_owned()).or_insert_with(Instant::now).elapsed() < max_idle
        });
    }
}

/// Records the use of sessions, and limits their number.
pub async fn count(State(sessions): State<Sessions>, request: Request, next: Next) -> Response {
    let is_new = request.method() == Method::POST && !request.headers().contains_key(HEADER);
    let is_full = is_new && sessions.manager.sessions.read().await.len() >= MAX_SESSIONS;
    if is_full && !sessions.end_longest_idle().await {
        let message = format!("too many sessions (at most {MAX_SESSIONS}); try again later\n");
        return (StatusCode::SERVICE_UNAVAILABLE, message).into_response();
    }
    // Ignores ids that this server did not issue.
    let id = request.headers().get(HEADER).and_then(|id| id.to_str().ok()).map(str::to_owned);
    if let Some(id) = id
        && let Some(used) = sessions.used().get_mut(&id)
    {
        *used = Instant::now();
    }
    let response = next.run(request).await;
    sessions.note(response.headers());
    response
}

#[cfg(test)]
mod tests {
    use rmcp::transport::streamable_http_server::session::SessionManager;

    use super::*;

    #[test]
    fn a_new_session_replaces_an_idle_one() {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let sessions = Sessions::default();
            let begin = async |idle| {
                let (id, _) = sessions.manager.create_session().await.unwrap();
                sessions.used().insert(id.to_string(), Instant::now().checked_sub(idle).unwrap());
                id
            };
            let recent = begin(MIN_IDLE / 2).await;
            let idle = begin(MIN_IDLE * 2).await;
            assert!(sessions.end_longest_idle().await);
            let left = sessions.manager.sessions.read().await;
            assert!(left.contains_key(&recent) && !left.contains_key(&idle));
            drop(left);
            assert!(!sessions.end_longest_idle().await);
        });
    }
}
