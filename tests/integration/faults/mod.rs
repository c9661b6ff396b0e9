//! Providers that fail or are malicious: every call that the connector can
//! make, under every fault. Each file covers one subject with tables of
//! expected results. A row is a fault, a column is a call, a cell is a run.
//!
//! After each cell the provider recovers, and the same call must succeed on the
//! same connection.

mod answers;
mod calls;
mod connections;
mod events;
mod framing;
mod matrix;
mod redirects;
mod repeated_token;
mod shapes;
mod stalls;
mod statuses;
mod tls;

use std::sync::LazyLock;
use std::time::Duration;

use connector_host::{Connector, Host, HostOptions, Limits, Retries};
use connector_tests::{component, target_dir};
use openai_sandbox::Sandbox;

/// One host and one provider for all cells, so every cell also shows that the
/// others did no lasting harm.
static OPENAI: LazyLock<Connector> = LazyLock::new(|| {
    // Waiting runs cost nothing, so allow many at the same time.
    let cache_dir = Some(target_dir().join("test-cache"));
    // Form queries do not use the limits of a run.
    let query_timeout = Duration::from_secs(10);
    let options =
        HostOptions { concurrent_runs: 256, cache_dir, query_timeout, ..HostOptions::default() };
    Host::new(options).unwrap().load_file(component()).unwrap()
});

static PROVIDER: LazyLock<Sandbox> = LazyLock::new(connector_tests::sandbox);

/// Small limits, so that endless responses soon exceed the size limit, and slow
/// ones soon time out.
fn limits() -> Limits {
    Limits {
        time: Duration::from_secs(20),
        first_byte: Duration::from_secs(10),
        silence: Duration::from_secs(10),
        response_bytes: 2 << 20,
        file_bytes: 4 << 20,
        ..Limits::default()
    }
}

/// Two attempts with almost no pause.
fn retries() -> Retries {
    let pause = Duration::from_millis(1);
    Retries { attempts: 2, pause, longest: pause, ..Retries::default() }
}
