//! How a host is set up.

use std::path::PathBuf;
use std::time::Duration;

use crate::contract::{AddressPolicy, BaseUrl};
use crate::egress::{Authorities, RouteOptions};
use crate::runtime::engine::EngineOptions;

/// How a host is set up.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The most runs at the same time. Actions that a run calls as functions
    /// do not count: each run has room for those. Default: 64.
    pub concurrent_runs: u32,
    /// Where compiled components are kept, a folder only this user may write
    /// to. `None` compiles at each load. Default: the user's cache folder.
    pub cache_dir: Option<PathBuf>,
    /// Which addresses connections may lead to. Default: any by `https`,
    /// loopback by `http`; [`AddressPolicy::PrivateHttp`] allows a server of
    /// one's own, such as Ollama on the local network.
    pub addresses: AddressPolicy,
    /// The base URLs whose origins alone connections may lead to, whatever
    /// connectors and connections say. Default: any origin.
    pub origins: Option<Vec<BaseUrl>>,
    /// The most linear memory of a run in bytes. Default: 64 MiB.
    pub max_memory: usize,
    /// The most stack of a guest in bytes. Default: 512 KiB.
    pub max_stack: usize,
    /// How long opening a connection may take. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long a connection test, a list of choices or an output's schema may
    /// take, which a person waits for. Default: 30 s.
    pub ask_time: Duration,
    /// Further certificate authorities that connections trust, for servers of
    /// one's own. Default: the public ones only.
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
            ask_time: Duration::from_secs(30),
            authorities: None,
        }
    }
}

impl HostOptions {
    /// What instances may have.
    pub(crate) fn engine(&self) -> EngineOptions {
        EngineOptions {
            concurrent_runs: self.concurrent_runs,
            max_memory: self.max_memory,
            max_stack: self.max_stack,
        }
    }

    /// What connections may reach, and whom they trust.
    pub(crate) fn route(&self) -> RouteOptions {
        RouteOptions {
            addresses: self.addresses,
            concurrent_runs: self.concurrent_runs,
            connect_timeout: self.connect_timeout,
            authorities: self.authorities.clone(),
        }
    }
}
