//! The connection to the NATS server.

use std::path::PathBuf;
use std::str::FromStr;

use async_nats::{Client, ConnectOptions, Event};
use url::Url;
use zeroize::Zeroizing;

/// The addresses of the servers of one cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Servers(Vec<String>);

/// A user of the server.
pub enum User {
    /// No authentication.
    Anonymous,
    /// A credentials file, as created by `nsc`.
    Credentials(PathBuf),
    /// A name and a password.
    Password(String, Zeroizing<String>),
}

/// The settings of the connection.
pub struct NatsAccess {
    /// The addresses of the server.
    pub servers: Servers,
    /// The user.
    pub user: User,
    /// A file of certificate authorities to trust instead of the system's.
    pub authorities: Option<PathBuf>,
}

/// Why connecting failed.
#[derive(Debug, thiserror::Error)]
pub enum NatsAccessError {
    /// The credentials cannot be used.
    #[error("cannot use the credentials in {}: {error}", path.display())]
    Credentials {
        /// Their file.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
    /// The server cannot be reached.
    #[error("could not connect to NATS at {servers}: {error}")]
    Connect {
        /// The addresses.
        servers: String,
        /// The reason.
        error: async_nats::ConnectError,
    },
}

impl FromStr for Servers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let servers = text.split(',').map(|one| server(one.trim()));
        servers.collect::<Result<_, _>>().map(Self)
    }
}

impl std::fmt::Display for Servers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

fn server(text: &str) -> Result<String, String> {
    let form = || "expected an address such as nats://127.0.0.1:4222, or tls://…".to_owned();
    let url = Url::parse(text).map_err(|_| form())?;
    // Other users can see arguments in the process list.
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address must not contain a user name or password".to_owned());
    }
    match (url.scheme(), url.host_str()) {
        ("nats" | "tls", Some(host)) if !host.is_empty() => Ok(text.to_owned()),
        _ => Err(form()),
    }
}

impl NatsAccess {
    /// Connects. The client reconnects automatically.
    ///
    /// # Errors
    /// See [`NatsAccessError`].
    pub async fn connect(&self, name: &str) -> Result<Client, NatsAccessError> {
        let mut options = ConnectOptions::new().name(name).event_callback(log_event);
        options = match &self.user {
            User::Anonymous => options,
            User::Credentials(path) => options
                .credentials_file(path)
                .await
                .map_err(|error| NatsAccessError::Credentials { path: path.clone(), error })?,
            User::Password(user, password) => {
                options.user_and_password(user.clone(), password.to_string())
            }
        };
        if let Some(authorities) = &self.authorities {
            options = options.add_root_certificates(authorities.clone());
        }
        let connected = options.connect(&self.servers.0).await;
        connected
            .map_err(|error| NatsAccessError::Connect { servers: self.servers.to_string(), error })
    }
}

async fn log_event(event: Event) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("disconnected from NATS"),
        Event::Closed | Event::Draining => {}
        event => tracing::warn!(%event, "NATS"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_validated_and_contain_no_credentials() {
        for valid in ["nats://127.0.0.1:4222", "tls://nats.example", "nats://a:1, nats://b:2"] {
            assert!(valid.parse::<Servers>().is_ok(), "{valid}");
        }
        for invalid in ["", "127.0.0.1:4222", "http://a", "nats://", "ws://a", "nats://a,"] {
            assert!(invalid.parse::<Servers>().is_err(), "{invalid}");
        }
        let refused = "nats://user:sk-secret@a:4222".parse::<Servers>().unwrap_err();
        assert_eq!(refused, "the address must not contain a user name or password");
    }
}
