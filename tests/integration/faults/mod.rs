//! Providers that fail or mean harm: every call that the connector can make,
//! under every fault. Each file is one subject, and in each a table says what
//! becomes of a run: a row is a fault, a column is a call, a cell is a run.
//!
//! After each cell the provider recovers, and the same connection must serve
//! the same call.

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

/// One host and one provider for all cells: each shows that none of the others
/// did any harm.
static OPENAI: LazyLock<Connector> = LazyLock::new(|| {
    // Waiting runs cost nothing, so many wait at the same time.
    let cache_dir = Some(target_dir().join("test-cache"));
    // What a form asks has no limits of a run's.
    let ask_time = Duration::from_secs(10);
    let options =
        HostOptions { concurrent_runs: 256, cache_dir, ask_time, ..HostOptions::default() };
    Host::new(options).unwrap().load_file(component()).unwrap()
});

static PROVIDER: LazyLock<Sandbox> = LazyLock::new(connector_tests::sandbox);

/// Small enough that what never ends is soon too large, and that what is slow
/// is soon too slow.
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

/// Two attempts with hardly a pause.
fn retries() -> Retries {
    let pause = Duration::from_millis(1);
    Retries { attempts: 2, pause, longest: pause, ..Retries::default() }
}
