//! Sessions of clients over HTTP: no more than so many, and none for ever.
//!
//! The `rmcp` crate keeps a session until its client ends it, which most do
//! not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

/// The header that names a session.
const HEADER: &str = "mcp-session-id";
/// The most sessions at the same time.
const MAX_SESSIONS: usize = 256;
/// How long a session is kept that nobody uses.
const MAX_IDLE: Duration = Duration::from_secs(3600);
/// How long a session is kept that another one could take the place of.
const MIN_IDLE: Duration = Duration::from_secs(30);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(60);

/// The sessions, and when each was used for the last time.
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

    /// Ends sessions that nobody uses, again and again.
    pub async fn expire(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.expire_idle(MAX_IDLE).await;
        }
    }

    /// Ends the session that was not used for the longest time, if that is long
    /// enough for its client to have gone: it begins another one if it has not.
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
        // One whose client has not got its id yet is in use.
        used.retain(|id, _| sessions.contains_key(id.as_str()));
        sessions.retain(|id, _| {
            used.entry((**id).to_owned()).or_insert_with(Instant::now).elapsed() < max_idle
        });
    }
}

/// Notes which session is used, and begins no more than there may be.
pub async fn count(State(sessions): State<Sessions>, request: Request, next: Next) -> Response {
    let is_new = request.method() == Method::POST && !request.headers().contains_key(HEADER);
    let is_full = is_new && sessions.manager.sessions.read().await.len() >= MAX_SESSIONS;
    if is_full && !sessions.end_longest_idle().await {
        let message = format!("there are {MAX_SESSIONS} sessions already; try again later\n");
        return (StatusCode::SERVICE_UNAVAILABLE, message).into_response();
    }
    // Ids that nobody was given are not noted.
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
    fn a_new_session_takes_the_place_of_one_that_nobody_uses() {
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
