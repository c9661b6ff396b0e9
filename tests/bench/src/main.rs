//! One measurement per process. Prints JSON.
//!
//! `tests/bench/bench.py` calls it.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot continue should panic at once")]

use std::time::Duration;
use std::{io, process, thread};

use clap::Parser;
use connector_bench::provider::{self, Responses};
use connector_bench::transfers::{self, Direction};
use connector_bench::{flight, hello, turns};

/// Measures the library and, for comparison, ureq alone.
#[derive(Parser)]
enum Args {
    /// A provider that responds immediately, until standard input closes.
    Provider,
    /// A server like `wasmtime serve`.
    Hello,
    /// Sequential Asks, alternating between the clients.
    Turns { base_url: String, asks: usize, messages: usize },
    /// Concurrent Asks.
    AtOnce { client: String, base_url: String, asks: u32, at_once: u32 },
    /// Concurrent streamed Asks.
    Flight { client: String, origin: String, asks: u32, tokens: u32, pause_ms: u64 },
    /// Concurrent transfers of audio files.
    Transfers { client: String, base_url: String, direction: Direction, count: u32, bytes: u64 },
}

fn main() {
    let figures = match Args::parse() {
        Args::Provider => return until_stdin_closes(provider::serve),
        Args::Hello => return until_stdin_closes(hello::serve),
        Args::Turns { base_url, asks, messages } => {
            turns::one_after_another(&base_url, asks, messages)
        }
        Args::AtOnce { client, base_url, asks, at_once } => {
            turns::at_once(&client, &base_url, asks, at_once)
        }
        Args::Flight { client, origin, asks, tokens, pause_ms } => {
            let responses = Responses { tokens, pause: Duration::from_millis(pause_ms), bytes: 0 };
            flight::flight(&client, &origin, asks, responses)
        }
        Args::Transfers { client, base_url, direction, count, bytes } => {
            transfers::transfers(&client, &base_url, direction, count, bytes)
        }
    };
    println!("{figures}");
}

/// Runs a server until standard input closes, which ends it with its parent
/// process.
fn until_stdin_closes(serve: fn()) {
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    serve();
}
