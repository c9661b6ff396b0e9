//! The options of a host.

use std::path::PathBuf;
use std::time::Duration;

use crate::contract::{AddressPolicy, BaseUrl};
use crate::egress::{Authorities, RouteOptions};
use crate::runtime::engine::EngineOptions;

/// The options of a host.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The maximum number of concurrent runs. Actions that a run calls as
    /// functions do not count; each run has its own slots for them. Default: 64.
    pub concurrent_runs: u32,
    /// The folder for compiled components, which must be writable only by this
    /// user. If `None`, components are compiled each time they are loaded.
    /// Default: the user's cache folder.
    pub cache_dir: Option<PathBuf>,
    /// The addresses that connections may reach. Default: any over `https`,
    /// loopback over `http`. [`AddressPolicy::PrivateHttp`] allows self-hosted
    /// servers, such as Ollama on the local network.
    pub addresses: AddressPolicy,
    /// If set, connections may only reach the origins of these base URLs,
    /// whatever the connector or the connection asks for. Default: any origin.
    pub origins: Option<Vec<BaseUrl>>,
    /// The maximum linear memory of a run, in bytes. Default: 64 MiB.
    pub max_memory: usize,
    /// The maximum stack of a guest, in bytes. Default: 512 KiB.
    pub max_stack: usize,
    /// How long opening a connection may take. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long a connection test, a list of choices or an output schema may
    /// take while a person waits for it. Default: 30 s.
    pub query_timeout: Duration,
    /// Additional certificate authorities to trust, for self-hosted servers.
    /// Default: only the public ones.
    pub authorities: Option<Authorities>,
}

impl Default for HostOptions {
    fn default() -> Self {
        let cache_dir = directories::ProjectDirs::from("", "", "connector")
            .map(|dirs| dirs.cache_dir().join("compiled"));
        Self {
            concurrent_runs: 64,
            cache_dir,
            addresses: AddressPolicy::Any,
            origins: None,
            max_memory: 64 << 20,
            max_stack: 512 << 10,
            connect_timeout: Duration::from_secs(10),
            query_timeout: Duration::from_secs(30),
            authorities: None,
        }
    }
}

impl HostOptions {
    /// The limits on instances.
    pub(crate) fn engine(&self) -> EngineOptions {
        EngineOptions {
            concurrent_runs: self.concurrent_runs,
            max_memory: self.max_memory,
            max_stack: self.max_stack,
        }
    }

    /// The addresses that connections may reach, and the authorities they trust.
    pub(crate) fn route(&self) -> RouteOptions {
        RouteOptions {
            addresses: self.addresses,
            concurrent_runs: self.concurrent_runs,
            connect_timeout: self.connect_timeout,
            authorities: self.authorities.clone(),
            proxy: None,
        }
    }
}
